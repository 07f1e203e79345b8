"""Consent records: what they must say, that no letter of them can be changed, and every way in which they refuse."""

from __future__ import annotations

import json
import shutil
from datetime import date

import pytest
from publishing import record, signed

from understudy.errors import (
    ConsentAltered,
    ConsentError,
    ConsentExpired,
    ConsentInvalid,
    ConsentMissing,
    ConsentRevoked,
    ConsentScope,
    KeysMissing,
    OutputExists,
)
from understudy.permits import require
from understudy.provenance import ledger
from understudy.provenance.consent import check_permit, is_revoked, issue_permit, load_record, revocation_of, revoke, save_record
from understudy.provenance.consent_words import describe
from understudy.provenance.keys import make_keys

pytestmark = pytest.mark.usefixtures("isolated_home")


def test_a_record_comes_back_as_it_was_written(tmp_path):
    make_keys()
    made = record(basis="public interest or satire", editors=["Ann", "Bo"], reason="The minister said this in public.", subject="José Åkerman")
    save_record(made, tmp_path / "met spatie é.json")
    read = load_record(tmp_path / "met spatie é.json")
    assert read == made and read.sha256 == made.sha256


def test_a_permit_says_what_the_record_says(tmp_path):
    path = signed(tmp_path)
    permit = issue_permit(path, role="face", actions=["train", "render", "publish"])
    made = load_record(path)
    assert (permit.record_id, permit.record_sha256, permit.subject, permit.valid_until) == (made.record_id, made.sha256, made.subject, "2099-12-31")
    assert permit.actions == {"train", "render", "publish"} and permit.person_exists
    assert require(permit, role="face", action="train") is permit


INCOMPLETE = {
    "nobody": {"subject": " "},
    "no purpose": {"purpose": ""},
    "no production": {"production": ""},
    "no channel": {"channels": []},
    "no action": {"actions": []},
    "unknown action": {"actions": ["sell"]},
    "unknown role": {"role": "director"},
    "unknown ground": {"basis": "because"},
    "no recorder": {"recorded_by": ""},
    "no end": {"expires": None},
    "no day": {"expires": "next summer"},
    "ended": {"expires": "2020-01-01"},
    "minor on their own": {"minor": True},
    "minor in the public interest": {"minor": True, "basis": "public interest or satire", "editors": ["A", "B"], "reason": "x" * 40},
    "guardian unnamed": {"minor": True, "basis": "guardian", "guardian": " "},
    "dead and agreeing": {"deceased": True},
    "kin unnamed": {"deceased": True, "basis": "next of kin"},
    "kin of the living": {"basis": "next of kin", "next_of_kin": "Bo"},
    "one editor": {"basis": "public interest or satire", "editors": ["Ann", "ann"], "reason": "x" * 40},
    "no reason": {"basis": "public interest or satire", "editors": ["Ann", "Bo"], "reason": "fun"},
    "exists and does not": {"basis": "person does not exist"},
}


@pytest.mark.parametrize("case", INCOMPLETE)
def test_an_incomplete_record_is_refused_with_what_is_missing(case):
    changes = dict(INCOMPLETE[case])
    with pytest.raises(ConsentInvalid) as caught:
        record(changes.pop("role", "face"), **changes)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "changes",
    [
        {"minor": True, "basis": "guardian", "guardian": "Bo"},
        {"deceased": True, "basis": "next of kin", "next_of_kin": "Bo"},
        {"deceased": True, "basis": "public interest or satire", "editors": ["Ann", "Bo"], "reason": "A historical figure, clearly satire."},
        {"expires": date(2099, 1, 1)},
        {"person_exists": False, "expires": None},
    ],
)
def test_every_ground_can_be_recorded(changes, tmp_path):
    path = signed(tmp_path, **changes)
    assert issue_permit(path, role="face", actions=["publish"]).person_exists == changes.get("person_exists", True)


def test_the_description_says_it_all():
    words = describe(record(basis="guardian", minor=True, guardian="Bo de Vries"))
    said = ("Anna de Vries", "lends the face", "harbour", "Harbour", "television, web", "publish", "2099-12-31", "Bo de Vries", "minor", "Editor One")
    for part in said:
        assert part in words
    assert "does not exist" in describe(record("performer", person_exists=False, expires=None))


@pytest.mark.parametrize(
    "field", ["subject", "purpose", "production", "channels", "actions", "expires", "basis", "role", "record_id", "person_exists"]
)
def test_any_change_breaks_the_signature(tmp_path, field):
    path = signed(tmp_path)
    whole = json.loads(path.read_text())
    value = whole["record"][field]
    whole["record"][field] = (not value) if isinstance(value, bool) else [*value, "publish"] if isinstance(value, list) else f"{value}x"
    path.write_text(json.dumps(whole))
    with pytest.raises(ConsentAltered, match="changed after it was signed"):
        issue_permit(path, role="face", actions=["publish"])


def test_layout_is_not_content(tmp_path):
    path = signed(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()), indent=8))
    assert issue_permit(path, role="face", actions=["publish"])


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"not json",
        b"[]",
        b'{"record": 1, "signature": 2}',
        b'{"format": "understudy.consent/1", "record": {}, "signature": {"algorithm": "Ed25519", "public_key": 7, "value": null}}',
        b"\xff\xfe\x00",
    ],
)
def test_damage_is_told_in_words(tmp_path, damage):
    path = signed(tmp_path)
    path.write_bytes(damage)
    with pytest.raises(ConsentAltered):
        load_record(path)


def test_fields_that_are_not_signed_are_refused(tmp_path):
    path = signed(tmp_path)
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({**whole, "note": "also good for everything else"}))
    with pytest.raises(ConsentAltered):
        load_record(path)


def test_a_record_of_another_machine_does_not_count(tmp_path, monkeypatch):
    path = signed(tmp_path)
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "other"))
    make_keys()
    with pytest.raises(ConsentAltered, match="not signed on this machine"):
        issue_permit(path, role="face", actions=["publish"])


def test_without_keys_the_set_up_is_named(tmp_path, isolated_home):
    path = signed(tmp_path)
    shutil.rmtree(isolated_home / "keys")
    with pytest.raises(KeysMissing) as caught:
        load_record(path)
    assert "understudy setup" in caught.value.remedy


def test_a_missing_record_is_told(tmp_path):
    make_keys()
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ConsentMissing):
            issue_permit(path, role="face", actions=["publish"])


def test_each_refusal_has_its_own_name(tmp_path):
    path = signed(tmp_path, expires="2098-05-01", actions=["train"])
    assert issue_permit(path, role="face", actions=["train"], today=date(2098, 5, 1))
    with pytest.raises(ConsentExpired):
        issue_permit(path, role="face", actions=["train"], today=date(2098, 5, 2))
    with pytest.raises(ConsentScope, match="role"):
        issue_permit(path, role="performer", actions=["train"])
    with pytest.raises(ConsentScope, match="publish"):
        issue_permit(path, role="face", actions=["train", "publish"])
    with pytest.raises(ConsentScope, match="production"):
        issue_permit(path, role="face", actions=["train"], production="Another film")
    with pytest.raises(ConsentScope, match="showing"):
        issue_permit(path, role="face", actions=["train"], channel="cinema")
    assert issue_permit(path, role="face", actions=["train"], production="harbour", channel="Web")
    codes = {kind.code for kind in (ConsentMissing, ConsentExpired, ConsentRevoked, ConsentScope, ConsentAltered, ConsentInvalid)}
    assert len(codes) == 6 and all(issubclass(kind, ConsentError) for kind in (ConsentExpired, ConsentRevoked))


def test_revocation_stops_new_and_old_permits(tmp_path):
    path = signed(tmp_path)
    permit = issue_permit(path, role="face", actions=["publish"])
    assert check_permit(permit, role="face", action="publish") is permit
    assert revoke(permit.record_id, reason="She asked for it.") == []
    assert revoke(permit.record_id, reason="Again.") == []
    with pytest.raises(ConsentRevoked):
        issue_permit(path, role="face", actions=["publish"])
    with pytest.raises(ConsentRevoked):
        check_permit(permit, role="face", action="publish")
    assert [row.body["record_id"] for row in ledger.rows() if row.kind == "revocation"] == [permit.record_id]
    assert ledger.verify_chain() == 1


@pytest.mark.parametrize("ledger_too", [False, True])
def test_removing_what_says_that_it_was_taken_back_gives_nothing_back(tmp_path, isolated_home, ledger_too):
    """Either of the two places decides; saying it again puts back the one that is gone."""
    path = signed(tmp_path)
    permit = issue_permit(path, role="face", actions=["publish"])
    revoke(permit.record_id, reason="She asked for it.")
    (file,) = (isolated_home / "revocations").iterdir()
    gone = isolated_home / "ledger" if ledger_too else file
    gone.rename(tmp_path / "moved away")
    for ask in (lambda: issue_permit(path, role="face", actions=["train"]), lambda: check_permit(permit, role="face", action="publish")):
        with pytest.raises(ConsentRevoked):
            ask()
    revoke(permit.record_id, reason="Again.")
    assert file.is_file() and len(ledger.rows()) == 1 and is_revoked(permit.record_id)
    assert (revocation_of(permit.record_id) or {})["reason"] == "She asked for it."


@pytest.mark.parametrize("record_id", ["../../etc/passwd", "", "consent-1", "consent-0123456789abcdeg"])
def test_only_a_records_number_can_be_revoked(record_id):
    make_keys()
    with pytest.raises(ConsentInvalid):
        revoke(record_id, reason="x")
    with pytest.raises(ConsentInvalid):
        revoke("consent-0123456789abcdef", reason=" ")


def test_a_record_is_never_overwritten(tmp_path):
    path = signed(tmp_path)
    before = path.read_bytes()
    with pytest.raises(OutputExists):
        save_record(record(), path)
    assert path.read_bytes() == before
