"""The consent form, the scan of the signed paper, and the records on their way out."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publishing import record, signed
from strangers import stranger

from understudy import api
from understudy.cli import main
from understudy.errors import ConsentAltered, ConsentInvalid, ConsentMissing, OutputExists, PaperBroken, UsageError
from understudy.provenance import keys, papers
from understudy.provenance.consent import load_record, revoke
from understudy.provenance.consent_form import GROUNDS, FormFields, consent_form, fields_of
from understudy.provenance.consent_record import ROLES, ConsentRecord

SCAN = b"%PDF-1.7\n" + b"signed by hand\n" * 20
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}&amp;</style>"


def fields_for(made: ConsentRecord) -> dict[str, Any]:
    """What a new record is made from."""
    names = ("subject", "role", "purpose", "production", "channels", "actions", "expires", "basis", "recorded_by")
    return {name: getattr(made, name) for name in names}


class Seen(HTMLParser):
    """Which elements and attributes a browser would see, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data) -> None:
        self.text += data


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("basis", GROUNDS)
def test_every_form_names_what_the_law_asks_for(language, role, basis) -> None:
    fields = FormFields(
        role=role,
        basis=basis,
        subject="Anna de Vries",
        purpose="a documentary about the harbour",
        production="Harbour",
        channels=("television", "web"),
        expires="2030-12-31",
        house="Broadcaster",
        contact="ombudsman@example.org",
        reason="a reason that is long enough",
    )
    seen = Seen(consent_form(fields, language))
    for part in (
        "Harbour",
        "a documentary about the harbour",
        "television, web",
        "2030",
        "ombudsman@example.org",
        "28",
        "Autoriteit Persoonsgegevens",
    ):
        assert part in seen.text
    free = {"en": "You may withdraw at any time", "nl": "U mag uw toestemming altijd intrekken"}[language]
    assert (free in seen.text) == (basis != "public interest or satire")
    assert ("a reason that is long enough" in seen.text) == (basis == "public interest or satire")
    assert "script" not in seen.tags and not any(name.startswith("on") for name in seen.attributes)

    assert not re.search(r"(?:src|href)=\"(?!data:)", consent_form(fields, language))


def test_what_is_not_known_is_a_line_to_write_on() -> None:
    empty, full = consent_form(FormFields("face"), "en"), consent_form(FormFields("face", subject="A", production="B", house="C"), "en")
    assert empty.count('class="blank') == full.count('class="blank') + 3


@given(st.text(max_size=60), st.sampled_from(["subject", "purpose", "production", "expires", "house", "contact", "recorded_by", "guardian"]))
def test_no_field_can_leave_its_place(text: str, field: str) -> None:
    plain = Seen(consent_form(FormFields("face", basis="guardian", **{field: "x"}), "nl"))
    hostile = Seen(consent_form(FormFields("face", basis="guardian", **{field: HOSTILE + text}), "nl"))
    assert (hostile.tags, hostile.attributes) == (plain.tags, plain.attributes)
    assert HOSTILE in hostile.text, "letter by letter: nothing of it was taken for code"


def test_a_form_of_a_record_says_what_was_ticked(isolated_home, tmp_path) -> None:
    path = signed(tmp_path, named=True)
    html = api.consent_form(record=path, language="en")
    assert html.count('class="on"') == 1 and "(agreed)" in html and "(not agreed)" in html and load_record(path).record_id in html
    with pytest.raises(ConsentInvalid):
        fields_of(record(person_exists=False))
    with pytest.raises(ConsentInvalid):
        consent_form(FormFields("actor"), "en")
    with pytest.raises(UsageError):
        api.consent_form()


def test_a_form_knows_its_project(isolated_home, tmp_path) -> None:
    project = api.new(tmp_path / "p", settings={"house.name": "The Broadcaster", "house.contact": "desk@example.org"})
    api.consent_add(project, signed(tmp_path))
    seen = Seen(api.consent_form(project=project, role="performer", purpose="another purpose"))
    for part in ("The Broadcaster", "desk@example.org", "Harbour", "another purpose", "television, web", "31 December 2099"):
        assert part in seen.text
    assert "Anna" not in seen.text and "documentary" not in seen.text


def test_a_scan_is_bound_to_its_record(isolated_home, tmp_path) -> None:
    keys.make_keys()
    scan = tmp_path / "paper"
    scan.write_bytes(SCAN)
    path = tmp_path / "face.consent.json"
    fields = fields_for(record())
    made = api.consent_new(path, scan=scan, **fields)
    beside = tmp_path / "face.scan.pdf"
    assert made.scan and beside.read_bytes() == SCAN and load_record(path) == made and made.scan.sha256 in api.consent_show(path)
    project = api.new(tmp_path / "p")
    api.consent_add(project, path)
    kept = api.consent_file(project, made.record_id)
    in_project = kept.with_name(f"{made.record_id}.scan.pdf")
    assert in_project.read_bytes() == SCAN
    assert (tmp_path / "p" / "consents").is_dir() and not api.consents(project)["face"].problem
    in_project.write_bytes(SCAN + b"x")
    assert isinstance(api.consents(project)["face"].problem, ConsentAltered)
    in_project.write_bytes(SCAN)
    api.forget(project, made.record_id)
    assert not in_project.exists() and not kept.exists()
    beside.unlink()
    assert load_record(path) == made
    for bad in (b"no scan", b""):
        scan.write_bytes(bad)
        with pytest.raises(ConsentInvalid):
            api.consent_new(tmp_path / "other.json", scan=scan, **fields)
    with pytest.raises(ConsentInvalid):
        api.consent_new(tmp_path / "other.json", scan=tmp_path / "absent", **fields)
    assert not (tmp_path / "other.json").exists()


def test_a_record_of_before_keeps_its_signature_and_hash(isolated_home, tmp_path) -> None:
    """The fields that came later are not in what is signed where they say nothing."""
    path = signed(tmp_path)
    content = json.loads(path.read_text())["record"]
    assert not {"named", "show_original", "scan"} & set(content)
    made = load_record(path)
    assert (made.sha256 == papers.check(path).content and False) or made.content == content


def test_records_leave_as_one_signed_file_or_a_folder(isolated_home, tmp_path) -> None:
    project = api.new(tmp_path / "p")
    scan = tmp_path / "scan.png"
    scan.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    keys.make_keys()
    for role in ("face", "performer"):
        made = record(role)
        fields = fields_for(made)
        api.consent_new(tmp_path / f"{role}.json", scan=scan if role == "face" else None, **fields)
        api.consent_add(project, tmp_path / f"{role}.json")
    face = load_record(tmp_path / "face.json")
    revoke(face.record_id, reason="asked")
    done = api.consent_export(tmp_path / "bundle.json", project=project)
    assert {r.role for r in done.records} == {"face", "performer"} and done.scans == 0
    code, said = stranger(done.file)
    assert code == 0 and said.count("holds, until") == 2 and "taken back on" in said and "it is not here" in said
    whole = papers.check(done.file)
    assert whole.ours and whole.content["productions"] == ["Harbour"]
    folder = api.consent_export(tmp_path / "handed out", project=project)
    assert folder.scans == 1 and stranger(folder.file)[0] == 0 and "is the scan that was signed for" in stranger(folder.file)[1]
    (copied,) = folder.file.parent.glob("*.scan.png")
    copied.write_bytes(copied.read_bytes() + b"x")
    assert stranger(folder.file)[0] == 1
    with pytest.raises(OutputExists):
        api.consent_export(tmp_path / "bundle.json", project=project)
    with pytest.raises(ConsentMissing):
        api.consent_export(tmp_path / "none.json")


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry["paper"]["record"].update(purpose="anything"),
        lambda entry: entry["revocation"].update(reason="never mind"),
        lambda entry: entry["revocation"].pop("signature"),
        lambda entry: entry.pop("paper"),
    ],
)
@pytest.mark.parametrize("resign", [False, True])
def test_nothing_in_a_bundle_can_be_changed(isolated_home, tmp_path, change, resign) -> None:
    """Not even by whoever signs the whole again: what is inside is signed by itself."""
    path = signed(tmp_path)
    revoke(load_record(path).record_id, reason="asked")
    out = api.consent_export(tmp_path / "b.json", records=[path]).file
    whole = json.loads(out.read_text())
    change(whole["bundle"]["papers"][0])
    if resign:
        whole = papers.seal(whole["format"], whole["bundle"])
    out.write_text(json.dumps(whole))
    code, said = stranger(out)
    assert code == 1 and said.startswith("DOES NOT HOLD")
    with pytest.raises(PaperBroken):
        papers.check(out)


def test_the_commands(isolated_home, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    keys.make_keys()
    Path("s.pdf").write_bytes(SCAN)
    assert main(["consent", "form", "--role", "face", "--language", "nl", "--production", "De haven"]) == 0
    assert "De haven" in Path("face.consent.html").read_text()
    assert main(["consent", "form", "--role", "face"]) == 1 and main(["consent", "form", "--role", "face", "-o", "x.pdf"]) == 2
    words = ["--subject", "Ada", "--purpose", "p", "--production", "P", "--channel", "web", "--expires", "2090-01-01", "--recorded-by", "me"]
    assert main(["consent", "new", "f.json", "--role", "face", *words, "--scan", "s.pdf", "--original-may-be-shown"]) == 0
    assert main(["consent", "form", "f.json", "-o", "f.html"]) == 0 and "Ada" in Path("f.html").read_text()
    assert main(["consent", "export", "f.json", "-o", "out"]) == 0 and Path("out/consents.json").is_file()
    assert main(["consent", "export", "-o", "none.json"]) == 4
    assert "unaltered pictures" in capsys.readouterr().out
