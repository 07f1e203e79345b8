"""The screen of the ledger: what was published, complaints, consents that are taken back, and people who are forgotten."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from serving import RECORD, Studio
from studio import A
from synthetic import cut_clip

from understudy import api
from understudy.provenance import ledger


@pytest.fixture(autouse=True)
def same_home(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test asks of the program is asked in the studio's home."""
    monkeypatch.setenv("UNDERSTUDY_HOME", str(studio.home))


@pytest.fixture(scope="module")
def place(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A project with a source and both consents, and an entry of something that was published with them."""
    made = studio.new_project("The Witness")
    clip = cut_clip(A, tmp_path_factory.mktemp("clips") / "her.mp4", n=4)
    assert studio.upload(f"/api/projects/{made}/upload/source", clip, name="her.mp4").status == 200
    ids = []
    for role in ("face", "performer"):
        reply = studio.post_json(f"/api/projects/{made}/consents", {**RECORD, "subject": f"Nobody <b>{role}</b>", "role": role})
        ids.append(reply.json["record_id"])
    body = {
        "record_id": "production-0123456789abcdef",
        "out": str(studio.home / "gone" / "news & <i>more</i>.mp4"),
        "file_sha256": "ab" * 32,
        "label": "AI MODIFIED",
        "watermark": "00c0ffee",
        "manifest_id": "urn:c2pa:1",
        "purposes": ["a test"],
        "consent_ids": ids,
        "n_altered": 5,
        "n_frames": 9,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_HOME", str(studio.home))
        ledger.append("export", body)
    return made


def test_an_entry_says_what_is_known_and_is_no_markup(studio: Studio, place: str) -> None:
    page = studio.ask("GET", "/ledger").text
    for said in (
        "news &amp; &lt;i&gt;more&lt;/i&gt;.mp4",
        "AI MODIFIED",
        "00c0ffee",
        "Credentials signed",
        "moved or removed",
        "The ledger holds: 1 entry",
    ):
        assert said in page
    assert "<i>more" not in page
    book = studio.ask("GET", "/ledger/book.json")
    assert book.status == 200 and "attachment" in book.headers["content-disposition"] and json.loads(book.body)["format"] == "understudy.ledger/1"
    checked = check(studio, book.body)
    assert checked.status == 200 and "this computer&#39;s key" in checked.text
    for wrong in (book.body.replace(b"AI MODIFIED", b"AI IMPROVED"), b"{}", b"", b"\xff\xfe", b"[" * 5000):
        refused = check(studio, wrong)
        assert refused.status == 400 and "trouble" in refused.text, wrong[:20]


def check(studio: Studio, data: bytes):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="ledger.json"\r\nContent-Type: application/json\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x", "HX-Request": "true", "Origin": studio.origin}
    return studio.ask("POST", "/ledger/check", body=head + data + b"\r\n--x--\r\n", headers=headers)


def test_a_complaint_is_written_down_and_decided(studio: Studio, place: str) -> None:
    fields = {"about": "production-0123456789abcdef", "kind": "not agreed", "words": "That is <script>my</script> face.", "taken_by": "The desk"}
    page = studio.post("/ledger/complaints", **fields).text
    number = re.search(r'id="(complaint-[0-9a-f]{12})"', page)
    assert number is not None and "<script>my" not in page and "Complaint is open" in studio.ask("GET", "/ledger").text
    assert studio.ask("GET", f"/ledger/complaints/{number[1]}/statement.json").status == 400
    assert studio.post(f"/ledger/complaints/{number[1]}/close", outcome="upheld", statement="short", closed_by="me").status == 400
    closed = studio.post(
        f"/ledger/complaints/{number[1]}/close", outcome="upheld", statement="She had not agreed; it was taken down.", closed_by="me"
    )
    assert closed.status == 200 and "Upheld" in closed.text and not api.complaint_show(number[1]).open
    assert "signature" in studio.ask("GET", f"/ledger/complaints/{number[1]}/statement.json").json
    assert (
        studio.post(f"/ledger/complaints/{number[1]}/close", outcome="upheld", statement="And once more, a decision.", closed_by="me").status == 400
    )


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("complaints", {"about": "x", "kind": "rude", "words": "x", "taken_by": "x"}, 422),
        ("complaints", {"about": " ", "kind": "other", "words": "x", "taken_by": "x"}, 400),
        ("complaints", {"about": "x", "kind": "other", "words": "x", "taken_by": "x", "received": "2999-01-01"}, 400),
        ("complaints", {"about": "x", "kind": "other", "words": "x", "taken_by": "x", "received": "soon"}, 400),
        ("complaints", {"about": "x", "kind": "other", "words": "x" * 9000, "taken_by": "x"}, 422),
        ("complaints/complaint-000000000000/close", {"outcome": "upheld", "statement": "x" * 30, "closed_by": "me"}, 400),
        ("consents/consent-xyz/revoke", {"reason": "x"}, 400),
        ("consents/..%2f..%2fkeys/revoke", {"reason": "x"}, 404),
        ("forget", {"place": "nowhere", "person": "source", "typed": "x"}, 404),
        ("forget", {"place": "PLACE", "person": "everybody", "typed": "The Witness"}, 422),
        ("forget", {"place": "PLACE", "person": "source", "typed": "The Wit"}, 400),
        ("forget", {"place": "PLACE", "person": "source"}, 400),
    ],
)
def test_what_is_not_whole_changes_nothing(studio: Studio, place: str, path: str, fields: dict, status: int) -> None:
    before, rows = studio.files(), len(api.ledger_list())
    reply = studio.post(f"/ledger/{path}", **{name: place if value == "PLACE" else value for name, value in fields.items()})
    assert reply.status == status and "Traceback" not in reply.text
    assert (studio.files(), len(api.ledger_list())) == (before, rows)


def test_a_complaint_cannot_point_at_a_file_of_this_computer(studio: Studio, place: str) -> None:
    secret = studio.home / "keys"
    page = studio.post("/ledger/complaints", about=f"{secret}/private.pem", kind="other", words="x", taken_by="x").text
    assert "private.pem" in page and str(secret) not in page


def test_a_consent_is_taken_back_and_what_stands_on_it_is_named(studio: Studio, place: str) -> None:
    page = studio.ask("GET", "/ledger/consents").text
    assert "Nobody &lt;b&gt;performer&lt;/b&gt;" in page and "1 video stands on it" in page
    number = api.consents(Path(studio.ask("GET", f"/api/projects/{place}").json["folder"]))["performer"].record.record_id  # type: ignore[union-attr]
    assert studio.post(f"/ledger/consents/{number}/revoke", reason=" ").status == 400
    taken = studio.post(f"/ledger/consents/{number}/revoke", reason="she asked us to").text
    assert "is taken back, for good" in taken and "news &amp; &lt;i&gt;more&lt;/i&gt;.mp4" in taken
    assert "Stands on a consent that was taken back" in studio.ask("GET", "/ledger").text


def test_a_person_is_forgotten_with_a_receipt(studio: Studio, place: str) -> None:
    done = studio.post("/ledger/forget", place=place, person="source", typed=" the  witness ")
    assert done.status == 200 and "were removed" in done.text
    (receipt,) = api.receipts()
    assert studio.ask("GET", f"/ledger/receipts/{receipt.name}").json["receipt"]["found_afterwards"] == 0
    for name in ("..%2f..%2fkeys%2fprivate.pem", "forgotten-0.json", "%2e%2e"):
        assert studio.ask("GET", f"/ledger/receipts/{name}").status in (400, 404)
