"""The register of complaints: deadlines, decisions that stay, and a ledger that notices what is changed or taken out."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime, timedelta

import pytest
from publishing import publish_clip

from understudy import api
from understudy.cli import main
from understudy.errors import ComplaintInvalid, ComplaintUnknown, KeysMissing, LedgerBroken
from understudy.provenance import keys, ledger, papers
from understudy.provenance.complaints import DAYS, KINDS

SAYS = {"about": "a video on the square", "kind": "not agreed", "words": "That is my face.", "taken_by": "Editor One"}
WHO = {"name": "Ada Example", "contact": "ada@example.org"}


@pytest.fixture
def register(isolated_home):
    keys.make_keys()
    return isolated_home / "complaints" / "register.sqlite"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_deadline(register, kind):
    made = api.complaint_new(**{**SAYS, "kind": kind}, received="2026-03-30")
    assert made.received == "2026-03-30" and made.due == (date(2026, 3, 30) + timedelta(days=DAYS[kind])).isoformat()
    assert made.overdue(date.fromisoformat(made.due) + timedelta(days=1)) and not made.overdue(date.fromisoformat(made.due))
    assert DAYS["sexual"] == 2 and max(DAYS.values()) <= 28, "the GDPR gives a month"
    sooner = api.complaint_new(**{**SAYS, "kind": kind}, received="2026-03-30", due="2026-03-31")
    later = api.complaint_new(**{**SAYS, "kind": kind}, received="2026-03-30", due="2030-01-01")
    assert sooner.due == "2026-03-31" and later.due == made.due, "never later than the kind allows"


def test_a_complaint_goes_its_way(register):
    today = datetime.now(UTC).date().isoformat()
    first = api.complaint_new(**SAYS, **WHO)
    urgent = api.complaint_new(**{**SAYS, "kind": "sexual"})
    assert [c.complaint_id for c in api.complaint_list()] == [urgent.complaint_id, first.complaint_id], "what is due first"
    assert first.received in (today, datetime.now(UTC).date().isoformat()) and first.open and first.intact
    closed = api.complaint_close(first.complaint_id, outcome="upheld", statement="She had not agreed; we took it down.", closed_by="Editor Two")
    assert (closed.outcome, closed.closed_by, closed.open, closed.intact) == ("upheld", "Editor Two", False, True)
    assert [c.complaint_id for c in api.complaint_list(open_only=True)] == [urgent.complaint_id]
    assert not closed.overdue(date(2099, 1, 1))
    with pytest.raises(ComplaintUnknown, match="was closed"):
        api.complaint_close(first.complaint_id, outcome="not upheld", statement="We have changed our minds about it.", closed_by="Editor Two")
    statement = papers.check(api.complaint_statement(first.complaint_id)).content
    assert statement["outcome"] == "upheld" and statement["statement"].startswith("She had not agreed")
    for text in (json.dumps(statement), json.dumps([row.body for row in ledger.rows()])):
        assert WHO["name"] not in text and "example.org" not in text and "my face" not in text, "names and words stay in the register"
    events = [(row.kind, row.body["event"], row.body["complaint_id"]) for row in ledger.rows()]
    assert events == [
        ("complaint", "opened", first.complaint_id),
        ("complaint", "opened", urgent.complaint_id),
        ("complaint", "closed", first.complaint_id),
    ]
    assert ledger.verify_chain() == 3


@pytest.mark.parametrize(
    "changes",
    [{"about": " "}, {"kind": "angry"}, {"words": ""}, {"taken_by": ""}, {"received": "2099-01-01"}, {"received": "yesterday"}, {"due": "soon"}],
)
def test_what_is_missing_is_told(register, changes):
    with pytest.raises(ComplaintInvalid) as caught:
        api.complaint_new(**{**SAYS, **changes})
    assert caught.value.remedy and api.complaint_list() == [] and ledger.rows() == []


@pytest.mark.parametrize("changes", [{"outcome": "maybe"}, {"statement": "no"}, {"closed_by": ""}])
def test_a_decision_says_what_and_why_and_who(register, changes):
    made = api.complaint_new(**SAYS)
    with pytest.raises(ComplaintInvalid):
        api.complaint_close(made.complaint_id, **{"outcome": "upheld", "statement": "x" * 30, "closed_by": "Editor", **changes})
    assert api.complaint_show(made.complaint_id).open


def test_an_unknown_number(register):
    for call in (api.complaint_show, lambda number: api.complaint_close(number, outcome="upheld", statement="x" * 30, closed_by="E")):
        with pytest.raises(ComplaintUnknown):
            call("complaint-0")


@pytest.mark.parametrize("statement", ["UPDATE complaints SET opening=replace(opening, 'my face', 'my dog')", "UPDATE complaints SET closing=NULL"])
def test_what_is_changed_behind_its_back_is_shown(register, statement):
    made = api.complaint_new(**SAYS)
    api.complaint_close(made.complaint_id, outcome="upheld", statement="She had not agreed to it.", closed_by="Editor")
    with sqlite3.connect(register) as db:
        db.execute(statement)
    db.close()
    assert api.complaint_show(made.complaint_id).intact is False


def test_what_is_taken_out_is_missed(register):
    made = api.complaint_new(**SAYS)
    with sqlite3.connect(register) as db:
        db.execute("DELETE FROM complaints")
    db.close()
    assert api.complaint_list() == [] and api.complaint_missing() == [made.complaint_id]


def test_what_a_crash_kept_from_the_ledger_is_entered_next_time(register):
    made = api.complaint_new(**SAYS)
    with sqlite3.connect(register) as db:
        db.execute("UPDATE complaints SET complaint_id='complaint-2', opening=replace(opening, ?, 'complaint-2')", (made.complaint_id,))
    db.close()
    api.complaint_new(**SAYS)
    assert "complaint-2" in {row.body["complaint_id"] for row in ledger.rows()}


def test_without_keys_or_with_a_broken_ledger_nothing_is_taken(isolated_home):
    with pytest.raises(KeysMissing):
        api.complaint_new(**SAYS)
    keys.make_keys()
    api.complaint_new(**SAYS)
    file = isolated_home / "ledger" / "ledger.sqlite"
    file.write_bytes(b"SQLite format 3\0" + bytes(4096))
    with pytest.raises(LedgerBroken):
        api.complaint_new(**SAYS)
    file.unlink()
    assert len(api.complaint_list()) == 1


def test_a_complaint_about_a_published_file_names_its_record(isolated_home, make_clip, tmp_path, capsys):
    made = publish_clip(make_clip("in.mp4"), tmp_path / "out.mp4")
    words = ["--kind", "misleading", "--words", "It looks real.", "--taken-by", "Editor One"]
    assert main(["complaint", "new", "--about", str(made.path), *words]) == 0
    (one,) = api.complaint_list()
    assert one.record_id == ledger.rows()[0].body["record_id"]
    assert api.complaint_new(**{**SAYS, "about": one.record_id}).record_id == one.record_id
    assert ledger.find_file(made.sha256).kind == "export", "a complaint is no export"
    assert main(["complaint", "list", "--open"]) == 0 and main(["complaint", "show", one.complaint_id]) == 0
    closing = ["--outcome", "not upheld", "--statement", "The label is seen throughout.", "--closed-by", "Editor Two"]
    assert main(["complaint", "close", one.complaint_id, *closing]) == 0
    said = capsys.readouterr().out
    assert one.record_id in said and f"due {one.due}" in said and "Closed: not upheld" in said
    assert main(["complaint", "list", "--json"]) == 0
    assert {c["outcome"] for c in json.loads(capsys.readouterr().out)} == {"", "not upheld"}
    assert main(["complaint", "show", "complaint-x"]) == 1 and "understudy complaint list" in capsys.readouterr().err.replace("\n", " ")
