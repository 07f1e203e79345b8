"""The verification desk: every way in which credentials and mark can stand beside each other gives exactly the words that it should.

One published video serves all cases; every other file is made from it or from an unmarked one, as somebody would who wants to deceive.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import cv2
import numpy as np
import pytest
from actors import clip
from publishing import publish_clip
from strangers import stranger
from synthetic import cut_clip
from test_verify_mark import pictures, write
from test_verify_report import flip, remux

from understudy import api, verifier
from understudy.cli import main
from understudy.paper.words import Language
from understudy.provenance import credentials, keys, papers
from understudy.verify import said as words
from understudy.verify.folder import verify, verify_all
from understudy.verify.page import report_page
from understudy.verify.report import Report


@dataclass
class Bench:
    """A home, a published video, the same picture without a mark, and one of something else that carries the lifted mark."""

    folder: Path
    home: Path
    published: Path
    plain: Path
    forged: Path

    def at(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Bench:
    folder = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_HOME", str(folder / "home"))
        target = cut_clip(clip("B_eval"), folder / "in.mp4", n=40, size=(720, 720))
        published = publish_clip(target, folder / "published.mp4", frames=range(40), run_key="a work").path
        plain = write(folder / "plain.mp4", pictures(cut_clip(clip("A_eval"), folder / "a.mp4", n=40, size=(720, 720))), 20)
        forged = write(folder / "forged.mp4", _forged(pictures(published)), 18)
    return Bench(folder, folder / "home", published, plain, forged)


def _forged(marked: list[np.ndarray]) -> list[np.ndarray]:
    """Another picture with the mark of this one: averaging what a blur leaves of the frames brings it out."""
    lifted = np.clip(np.mean([rgb.astype(np.float32) - cv2.GaussianBlur(rgb, (0, 0), 6) for rgb in marked], axis=0), -8, 8)
    street = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 255, (720, 720, 3), np.uint8).astype(np.float32), (0, 0), 40) * 1.2
    street[200:260, :] += 60
    return [np.clip(np.roll(street, 2 * i, axis=1) + 1.6 * lifted, 0, 255).astype(np.uint8) for i in range(30)]


@pytest.fixture(autouse=True)
def _own_home(bench, monkeypatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(bench.home))


def signed_by(home: Path, path: Path, out: Path, *, production: bool, parent: Path | None = None) -> Path:
    """`path` signed with the key of `home`, as a published video or as anything else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_HOME", str(home))
        keys.make_keys()
        statement = [{"label": credentials.PRODUCTION, "data": {"label": "AI MODIFIED"}}] if production else []
        opened = [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["it"]}}]
        manifest = {
            "claim_generator_info": [{"name": "A camera", "version": "2"}],
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": opened}}, *statement],
        }
        with credentials.reading_context() as context, path.open("rb") as file, (parent or path).open("rb") as origin, out.open("w+b") as to:
            builder = credentials.c2pa.Builder(manifest, context)
            builder.add_ingredient({"title": "it", "label": "it", "relationship": "parentOf"}, "video/mp4", origin)
            info = credentials.c2pa.C2paSignerInfo(alg=b"es256", sign_cert=keys.credentials_chain(), private_key=keys.credentials_key(), ta_url=None)
            builder.sign(credentials.c2pa.Signer.from_info(info), "video/mp4", file, to)
    return out


def ours(bench: Bench, path: Path, name: str) -> Path:
    """Signed with this machine's own key as a published video: somebody had the machine."""
    return signed_by(bench.home, path, bench.at(name), production=True)


def theirs(bench: Bench, path: Path, name: str, *, production: bool = False) -> Path:
    return signed_by(bench.folder / "another home", path, bench.at(name), production=production)


def broken(path: Path, name: str) -> Path:
    """One bit of the last pictures is another one; all others can be seen as before."""
    made = path.with_name(name)
    shutil.copy(path, made)
    data = made.read_bytes()
    begin = data.index(b"mdat") - 4
    flip(made, begin + int.from_bytes(data[begin : begin + 4], "big") - 40)
    return made


def copy_of(bench: Bench) -> Path:
    return write(bench.at("copy.mp4"), pictures(bench.published), 23)


def laundered(bench: Bench) -> Path:
    """Altered, then signed again by us over the altered parent: the overall state of such credentials reads trusted."""
    altered = broken(bench.published, "altered.mp4")
    return signed_by(bench.home, remux(altered, bench.at("bare.mp4")), bench.at("laundered.mp4"), production=True, parent=altered)


CREDENTIALS, MARK, LIKE = "credentials", "watermark", "fingerprint"
# how the file is made; the sentence; the exit code; verdicts of credentials, mark, fingerprint; conflicts (keys)
CASES: dict[str, tuple[Callable[[Bench], Path], str, int, tuple[str, str, str], tuple[str, ...]]] = {
    "credentials ours, mark ours": (lambda b: b.published, "proved", 0, ("found valid", "found valid", "found valid"), ()),
    "credentials absent, mark ours": (copy_of, "not_proved", 3, ("not found", "found valid", "found valid"), ()),
    "credentials invalid, mark ours": (
        lambda b: broken(b.published, "bit.mp4"),
        "not_proved",
        1,
        ("found invalid", "found valid", "found valid"),
        ("conflict_mark_broken",),
    ),
    "credentials ours, mark absent": (
        lambda b: ours(b, b.plain, "ours-plain.mp4"),
        "proved",
        0,
        ("found valid", "not found", "not found"),
        ("conflict_ledger_silent", "conflict_no_mark"),
    ),
    "credentials absent, mark absent": (lambda b: b.plain, "nothing", 3, ("not found", "not found", "not found"), ()),
    "credentials invalid, mark absent": (
        lambda b: broken(ours(b, b.plain, "ours-plain-2.mp4"), "ours-plain-bit.mp4"),
        "not_proved",
        1,
        ("found invalid", "not found", "not found"),
        (),
    ),
    "credentials ours, mark copied": (
        lambda b: ours(b, b.forged, "ours-forged.mp4"),
        "proved",
        1,
        ("found valid", "found invalid", "not found"),
        ("conflict_ledger_silent", "conflict_copied"),
    ),
    "credentials absent, mark copied": (lambda b: b.forged, "manipulated", 1, ("not found", "found invalid", "not found"), ("conflict_copied",)),
    "credentials invalid, mark copied": (
        lambda b: broken(theirs(b, b.forged, "theirs-forged.mp4"), "theirs-forged-bit.mp4"),
        "manipulated",
        1,
        ("found invalid", "found invalid", "not found"),
        ("conflict_copied",),
    ),
    "credentials a stranger's, mark ours": (
        lambda b: theirs(b, copy_of(b), "signed-over.mp4"),
        "not_proved",
        3,
        ("found valid", "found valid", "found valid"),
        ("conflict_signed_over",),
    ),
    "credentials a stranger's, mark absent": (
        lambda b: theirs(b, b.plain, "theirs.mp4"),
        "nothing",
        3,
        ("found valid", "not found", "not found"),
        (),
    ),
    "credentials another studio's, mark absent": (
        lambda b: theirs(b, b.plain, "other-studio.mp4", production=True),
        "not_proved",
        3,
        ("found valid", "not found", "not found"),
        ("conflict_no_mark",),
    ),
    "an altered parent signed again": (
        laundered,
        "proved",
        1,
        ("found valid", "found valid", "found valid"),
        ("conflict_ledger_silent", "conflict_origins"),
    ),
}


SENTENCES = {
    "proved": ("Made with this studio (proved).", "Gemaakt met deze studio (bewezen)."),
    "not_proved": ("Carries our mark, not proved.", "Draagt ons merk, niet bewezen."),
    "manipulated": ("Signs of manipulation.", "Tekenen van manipulatie."),
    "inconclusive": ("Inconclusive.", "Niet vast te stellen."),
    "nothing": ("No signs found, which does not mean authentic.", "Geen tekenen gevonden, wat niet betekent dat hij echt is."),
}
CONFLICTS = {
    "conflict_ledger_silent": (
        "the credentials are this machine's, but its ledger does not know the file.",
        "de herkomstgegevens zijn van deze computer, maar het register kent het bestand niet.",
    ),
    "conflict_origins": (
        "this file's own credentials hold, but not those of a video that it was made from.",
        "de herkomstgegevens van dit bestand zelf kloppen, maar niet die van een video waaruit het is gemaakt.",
    ),
    "conflict_copied": (
        "the invisible mark belongs to a video of this machine, but the picture is not the one of that video.",
        "het onzichtbare merk hoort bij een video van deze computer, maar het beeld is niet dat van die video.",
    ),
    "conflict_signed_over": (
        "the invisible mark is this machine's, but somebody else signed the file and does not say so.",
        "het onzichtbare merk is van deze computer, maar iemand anders heeft het bestand ondertekend en zegt dat niet.",
    ),
    "conflict_mark_broken": (
        "the invisible mark leads to a record of this machine, but the credentials in the file do not hold: it was changed after it was published.",
        "het onzichtbare merk leidt naar een gegeven van deze computer, maar de herkomstgegevens in het bestand kloppen niet: "
        "het is na publicatie veranderd.",
    ),
    "conflict_no_mark": (
        "the credentials are those of a published video, which carries an invisible mark, but there is none in the picture.",
        "de herkomstgegevens zijn die van een gepubliceerde video, en die draagt een onzichtbaar merk, maar het beeld heeft er geen.",
    ),
}


def shown(report: Report, language: Language) -> list[str]:
    """The text of the printable page, part by part."""
    html = report_page(report, report.paper(time="2026-01-01T00:00:00+00:00"), language).split("<main>", 1)[1]
    return [unescape(part).strip() for part in re.sub(r"<[^>]+>", "\n", html).splitlines() if part.strip()]


@pytest.mark.parametrize("case", CASES)
def test_every_combination_has_its_own_words(bench: Bench, case: str) -> None:
    make, conclusion, code, verdicts, conflicts = CASES[case]
    report = verify(make(bench))
    first = {found.check: found for found in reversed(report.findings)}
    assert (report.conclusion, report.exit_code) == (conclusion, code), report.text()
    assert tuple(first[check].verdict for check in (CREDENTIALS, MARK, LIKE)) == verdicts, report.text()
    assert tuple(said.key for said in report.conflicting) == conflicts, report.text()
    english, dutch = SENTENCES[conclusion]
    assert report.sentence == english and report.text().startswith(f"{report.name}: {english}") and "%" not in report.text()
    assert report.conflicts == tuple(CONFLICTS[key][0] for key in conflicts)
    for language, sentence, of in (("en", english, 0), ("nl", dutch, 1)):
        page = shown(report, language)
        assert [part for part in page if part in {said[of] for said in SENTENCES.values()}] == [sentence]
        assert [part for part in page if part in {said[of] for said in CONFLICTS.values()}] == [CONFLICTS[key][of] for key in conflicts]
        assert not any("%" in part for part in page)


def test_an_altered_parent_is_shown_though_all_else_reads_trusted(bench: Bench) -> None:
    report = verify(laundered(bench))
    own, origin = [found for found in report.findings if found.check == "credentials"]
    assert own.verdict == "found valid" and origin.verdict == "found invalid" and "signing it again does not mend that" in origin.headline


def test_elsewhere_the_same_files_prove_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another studio's number, known credentials or none: on a machine that knows neither."""
    monkeypatch.setenv("UNDERSTUDY_HOME", str(bench.folder / "third home"))
    for path, credentials_verdict in ((bench.published, "found valid"), (copy_of(bench), "not found")):
        report = verify(path)
        first = {found.check: found for found in reversed(report.findings)}
        assert (report.conclusion, report.exit_code) == ("not_proved", 3)
        assert (first["credentials"].verdict, first["watermark"].verdict) == (credentials_verdict, "inconclusive")
        assert "not in this machine's ledger" in first["watermark"].headline
    assert not (bench.folder / "third home" / "keys").exists()


def test_what_cannot_be_judged_is_inconclusive(bench: Bench) -> None:
    frames = pictures(bench.plain)
    small = [cv2.resize(rgb, (100, 100), interpolation=cv2.INTER_AREA) for rgb in frames]
    cases = {"face_small": write(bench.at("small.mp4"), small, 12), "squeezed": write(bench.at("squeezed.mp4"), frames, 48)}
    blank = [np.full_like(frames[0], 90 + n) for n in range(40)]
    cases["face_short"] = write(bench.at("short.mp4"), [*frames[:6], *blank], 12)
    for key, path in cases.items():
        report = verify(path)
        (traces,) = [found for found in report.findings if found.check == "forensics"]
        assert report.conclusion == "inconclusive" and report.exit_code == 3, (key, report.text())
        assert traces.verdict == "inconclusive" and key in {name for name, _ in traces.said}, (key, report.text())


def test_the_report_is_signed_and_the_same_each_time(bench: Bench, tmp_path: Path) -> None:
    first, again = (verify(bench.published).paper(time=time) for time in ("2026-01-01T00:00:00+00:00", "2026-02-02T00:00:00+00:00"))
    assert {**first, "made_on": None} == {**again, "made_on": None} and first["made_on"] != again["made_on"]
    file = papers.write(tmp_path / "report.json", first)
    code, said = stranger(file)
    assert code == 0 and "2026-01-01" in said and papers.check(file).ours
    content = first["report"]
    assert content["file"]["sha256"] and content["made_with"]["networks"][0]["sha256"] and content["made_with"]["c2pa-python"]
    for change in (
        lambda whole: whole["report"].update(sentence=words.NOTHING),
        lambda whole: whole["report"]["findings"][0].update(verdict="found invalid"),
        lambda whole: whole["made_on"].update(time="2020-01-01T00:00:00+00:00"),
        lambda whole: whole.update(signature=None),
    ):
        whole = json.loads(json.dumps(first))
        change(whole)
        file.write_text(json.dumps(whole))
        assert stranger(file)[0] == 1


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_page_says_the_same_and_nothing_leaves_its_place(bench: Bench, language) -> None:
    hostile = bench.at("<img src=x onerror=alert(1)>&{{7*7}}.mp4")
    shutil.copy(copy_of(bench), hostile)
    report = verify(hostile)
    html = report_page(report, report.paper(time="2026-01-01T00:00:00+00:00"), language)
    assert "<img" not in html and "&lt;img src=x onerror=alert(1)&gt;" in html and "<script" not in html
    for found in report.findings:
        for key, values in found.said:
            assert str(words.Said(key, values).text(language)).split("&")[0].split("'")[0] in html
    assert ("Draagt ons merk" in html) == (language == "nl") and "{" not in html.split("</style>")[1].replace("{{7*7}}", "")


def test_a_folder_is_looked_at_file_by_file(bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    shutil.copy(bench.published, folder / "a.mp4")
    shutil.copy(bench.plain, folder / "sub" / "b.mp4")
    (folder / "broken.mp4").write_text("no film")
    (folder / "notes.txt").write_text("nothing")
    reports, failed = verify_all(folder)
    assert [report.name for report in reports] == ["a.mp4", "b.mp4"] and [path.name for path, _ in failed] == ["broken.mp4"]
    out = tmp_path / "out"
    assert main(["verify", str(folder), "--json", str(out), "--html", str(out), "--language", "nl"]) == 3
    assert len(list(out.glob("*.json"))) == len(list(out.glob("*.html"))) == 2
    assert "broken.mp4: not looked at" in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "empty")]) == 1


def test_the_commands(bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, report = tmp_path / "r.html", tmp_path / "r.json"
    assert main(["verify", str(bench.published), "--html", str(page), "--json", str(report)]) == 0
    assert words.PROVED in page.read_text() and stranger(report)[0] == 0
    assert main(["verify", str(bench.published), "--json", str(report)]) == 1 and main(["verify", str(bench.plain), "--json", "x.txt"]) == 2
    capsys.readouterr()
    assert verifier.main([str(bench.plain), "--json", "-"]) == 3
    assert json.loads(capsys.readouterr().out)["report"]["conclusion"] == "nothing"
    assert verifier.main([str(bench.at("absent.mp4"))]) == 1
    assert api.verify_paper(api.verify(bench.plain))["format"] == "understudy.report/2"


@pytest.mark.parametrize("command", ["verify", "trace", "understudy-verify"])
def test_looking_leaves_nothing_on_a_machine_without_a_studio(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "data" / "understudy"))
    before = sorted(bench.folder.rglob("*"))
    file = str(bench.published)
    assert (verifier.main([file]) if command == "understudy-verify" else main([command, file])) in (1, 3)
    assert not list(tmp_path.iterdir()) and sorted(bench.folder.rglob("*")) == before


NOT_NEEDED = ("torch", "onnxruntime", "ai_edge_litert", "scenedetect", "fastapi", "cyclopts", "rich", "opentimelineio", "OpenEXR", "safetensors")


def test_the_verifier_needs_little_and_no_network(bench: Bench) -> None:
    """Neither torch nor anything else that makes pictures, nor a connection: a stranger can install it."""
    script = f"""
import sys, socket
for name in {NOT_NEEDED!r}: sys.modules[name] = None
def refuse(*_, **__): raise OSError("no network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from understudy.verifier import main
sys.exit(main([{str(bench.published)!r}]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and words.PROVED in done.stdout, done.stderr
    listed = (Path(__file__).parents[2] / "requirements-verify.txt").read_text()
    assert not any(name in listed for name in NOT_NEEDED)
    whole = "import sys; from understudy.cli import main; main(['verify', sys.argv[1]]); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", whole, str(bench.published)], capture_output=True, check=False).returncode == 0
