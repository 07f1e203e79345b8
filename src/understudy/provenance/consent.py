"""Consent records: who agreed to what, for which purpose, until when, on which ground; signed, and checked before any work.

A record is a small JSON file, meant to be read by people too. Its signature covers every field. `issue_permit` is the only place that
makes a `Permit`, which fitting, training, rendering and publishing require.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import (
    ConsentAltered,
    ConsentEditors,
    ConsentError,
    ConsentGuardian,
    ConsentInvalid,
    ConsentMissing,
    ConsentRevoked,
    ConsentScope,
    OutputExists,
)
from ..files import write_bytes
from ..home import home
from ..permits import Action, require
from ..types import Permit
from . import keys, ledger
from .consent_scan import Scan, check_scan, keep_scan, scan_beside, scan_of
from .ledger import canonical

FORMAT = "understudy.consent/1"
ConsentRole = Literal["face", "performer", "voice"]
Basis = Literal["consent", "next of kin", "guardian", "public interest or satire", "person does not exist"]
ACTIONS: tuple[str, ...] = get_args(Action)
ROLES: tuple[str, ...] = get_args(ConsentRole)
BASES: tuple[str, ...] = get_args(Basis)
MIN_REASON = 20
"""Letters that a written reason has at least: enough for a sentence."""
_ID = re.compile(r"consent-[0-9a-f]{16}")
_NEW = "make a new record: understudy consent new"


class ConsentRecord(BaseModel):
    """One person's consent (or the ground that stands in its place) for one role."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    record_id: str
    subject: str
    role: ConsentRole
    purpose: str
    production: str
    channels: tuple[str, ...]
    actions: tuple[str, ...]
    expires: str | None
    """ISO date: the last day on which it holds. None only for a person who does not exist."""
    basis: Basis
    recorded_by: str
    recorded_on: str
    """ISO date, UTC."""
    person_exists: bool = True
    next_of_kin: str | None = None
    guardian: str | None = None
    minor: bool = False
    deceased: bool = False
    editors: tuple[str, ...] = ()
    reason: str | None = None
    named: bool = False
    """Agrees to be named in what is said about the production. The name is never in the video."""
    show_original: bool = False
    """Agrees that unaltered pictures of them are shown beside the result."""
    scan: Scan | None = None
    """The signed paper, if there is one."""

    @property
    def content(self) -> dict[str, Any]:
        """What is signed. Fields that came later are left out where they say nothing, so that older records keep their signature and hash."""
        whole = self.model_dump(mode="json")
        return {name: value for name, value in whole.items() if name not in _LATER or value}

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of the record's canonical JSON: the signed bytes."""
        return sha256(canonical(self.content)).hexdigest()


_LATER = frozenset({"named", "show_original", "scan"})


def new_record(
    *,
    subject: str,
    role: str,
    purpose: str,
    production: str,
    channels: Sequence[str],
    actions: Sequence[str],
    expires: date | str | None,
    basis: str,
    recorded_by: str,
    person_exists: bool = True,
    next_of_kin: str | None = None,
    guardian: str | None = None,
    minor: bool = False,
    deceased: bool = False,
    editors: Sequence[str] = (),
    reason: str | None = None,
    named: bool = False,
    show_original: bool = False,
    scan: Path | None = None,
) -> ConsentRecord:
    """A new, complete record, not yet written. Raises ConsentInvalid with what is missing or does not fit together.

    `expires` is the last day on which it holds. For a person who does not exist (`person_exists` False) the basis says so, and there need
    be no end. Of `scan`, a picture or PDF of the signed paper, the record holds the hash; `save_record` puts the file beside the record.
    """
    values: dict[str, Any] = {
        "record_id": f"consent-{secrets.token_hex(8)}",
        "subject": subject.strip(),
        "role": role,
        "purpose": purpose.strip(),
        "production": production.strip(),
        "channels": _words(channels),
        "actions": _words(actions),
        "expires": _day(expires),
        "basis": basis if person_exists else "person does not exist",
        "recorded_by": recorded_by.strip(),
        "recorded_on": _today().isoformat(),
        "person_exists": person_exists,
        "next_of_kin": _name(next_of_kin),
        "guardian": _name(guardian),
        "minor": minor,
        "deceased": deceased,
        "editors": _words(editors),
        "reason": _name(reason),
        "named": named,
        "show_original": show_original,
        "scan": scan_of(scan) if scan else None,
    }
    for name, choices in (("role", ROLES), ("basis", BASES)):
        if values[name] not in choices:
            raise ConsentInvalid(f"'{values[name]}' is not a {name} that a record can have.", remedy=f"choose one of: {', '.join(choices)}")
    record = ConsentRecord.model_validate(values)
    _check_complete(record)
    return record


def _check_complete(record: ConsentRecord) -> None:
    texts = {
        "subject": (record.subject, "who it is about"),
        "purpose": (record.purpose, "what it is for"),
        "production": (record.production, "in which production"),
        "recorded_by": (record.recorded_by, "who wrote it down"),
        "channels": (record.channels, "where it may be shown"),
        "actions": (record.actions, "what may be done"),
    }
    for name, (value, meaning) in texts.items():
        if not value:
            raise ConsentInvalid(f"The record does not say {meaning}.", remedy=f"give '{name}'")
    unknown = [action for action in record.actions if action not in ACTIONS]
    if unknown:
        raise ConsentInvalid(f"'{unknown[0]}' is not something that can be agreed to.", remedy=f"choose from: {', '.join(ACTIONS)}")
    if not record.person_exists:
        return
    if record.expires is None:
        raise ConsentInvalid("The record does not say until when it holds.", remedy="give the last day, for example 2030-12-31")
    if record.expires < record.recorded_on:
        raise ConsentInvalid(f"The record would have ended already, on {record.expires}.", remedy="give a day to come")
    _check_ground(record)


def _check_ground(record: ConsentRecord) -> None:
    """Whether the ground is one that a person of this kind can have, and says what it must."""
    if record.basis == "person does not exist":
        raise ConsentInvalid("The ground says that the person does not exist, the record that they do.", remedy="correct one of the two")
    if record.minor and record.basis != "guardian":
        raise ConsentGuardian("For a minor only a guardian can agree.", remedy="give the ground 'guardian' and the guardian's name")
    if record.basis == "guardian" and not record.guardian:
        raise ConsentGuardian("The record does not name the guardian who agreed.", remedy="give the guardian's name")
    if record.deceased and record.basis not in ("next of kin", "public interest or satire"):
        raise ConsentInvalid("Somebody who has died cannot agree.", remedy="give the ground 'next of kin' and the name of the one who agreed")
    if record.basis == "next of kin":
        if not record.deceased:
            raise ConsentInvalid("The next of kin can agree only for somebody who has died.", remedy="ask the person")
        if not record.next_of_kin:
            raise ConsentInvalid("The record does not name the next of kin who agreed.", remedy="give the name")
    if record.basis == "public interest or satire":
        if len({editor.casefold() for editor in record.editors}) < 2:
            raise ConsentEditors("Public interest or satire needs two editors who answer for it.", remedy="name two different editors")
        if len(record.reason or "") < MIN_REASON:
            raise ConsentEditors(
                "Public interest or satire needs a written reason.", remedy=f"write why, in a sentence ({MIN_REASON} letters at least)"
            )


def _words(values: Sequence[str]) -> tuple[str, ...]:
    values = (values,) if isinstance(values, str) else values
    return tuple(dict.fromkeys(value.strip() for value in values if value.strip()))


def _name(value: str | None) -> str | None:
    return value.strip() or None if value else None


def _day(value: date | str | None) -> str | None:
    if value is None or isinstance(value, date):
        return value.isoformat() if value else None
    try:
        return date.fromisoformat(value.strip()).isoformat()
    except ValueError:
        raise ConsentInvalid(f"'{value}' is not a day.", remedy="write it as year-month-day, for example 2030-12-31") from None


def _today() -> date:
    return datetime.now(UTC).date()


def save_record(record: ConsentRecord, path: Path, *, scan: Path | None = None) -> None:
    """Sign the record with this machine's key and write it, whole or not at all. Raises OutputExists, KeysMissing, DiskFull …

    `scan` is the file that the record was made with; a copy is put beside the record.
    """
    if path.exists():
        raise OutputExists(f"{path} is already there.", why="A consent record is never overwritten.", remedy="choose another name")
    if record.scan is not None and scan is not None:
        keep_scan(record.scan, scan, scan_beside(path, record.scan))
    content = record.content
    signature = {"algorithm": "Ed25519", "public_key": keys.public_key(), "value": keys.sign(canonical(content)).hex()}
    text = json.dumps({"format": FORMAT, "record": content, "signature": signature}, indent=2, ensure_ascii=False)
    write_bytes(path, text.encode("utf-8") + b"\n")


def load_record(path: Path) -> ConsentRecord:
    """Read a record whose signature holds and was made on this machine. Raises ConsentMissing, ConsentAltered."""
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise ConsentMissing(f"There is no consent record {path}.", remedy=f"check the name, or {_NEW}") from None
    except OSError as error:
        raise ConsentError(f"The consent record {path} cannot be read.", why=error.strerror or "", remedy="check its permissions") from None
    try:
        whole = json.loads(data)
        content, signature = whole["record"], whole["signature"]
        public, value = signature["public_key"], signature["value"]
        known = whole["format"] == FORMAT and signature["algorithm"] == "Ed25519" and set(whole) == {"format", "record", "signature"}
    except (ValueError, KeyError, TypeError):
        raise ConsentAltered(f"{path} is not a consent record, or it is damaged.", remedy=f"restore it from a copy, or {_NEW}") from None
    if not known:
        raise ConsentAltered(f"{path} is a record of a kind that this version does not know.", remedy=f"update Understudy, or {_NEW}")
    if not keys.signature_holds(canonical(content), value, public):
        raise ConsentAltered(
            f"The consent record {path} was changed after it was signed.",
            why="Its signature does not fit what it says now.",
            remedy=f"restore the original from a copy, or {_NEW}",
        )
    if public != keys.public_key():
        raise ConsentAltered(
            f"The consent record {path} was not signed on this machine.",
            why="Only records signed with this machine's own key count here.",
            remedy=f"check it with whoever recorded it, then {_NEW}",
        )
    try:
        # from JSON, so that lists may stand for tuples in the strict model
        record = ConsentRecord.model_validate_json(canonical(content))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConsentInvalid(
            f"The consent record {path} is not complete.", why=f"{'.'.join(map(str, first['loc']))}: {first['msg']}", remedy=_NEW
        ) from None
    if record.scan is not None:
        check_scan(record.scan, scan_beside(path, record.scan))
    return record


def issue_permit(
    path: Path,
    *,
    role: str,
    actions: Sequence[str],
    production: str | None = None,
    channel: str | None = None,
    today: date | None = None,
) -> Permit:
    """The permit that the record at `path` gives for `role` and all of `actions` (in `production` and on `channel`, where these are named).

    What the record must say is asked again here, not only when it is made: the signature says who wrote it, not that it is enough.
    Raises ConsentMissing, ConsentAltered, ConsentRevoked, ConsentGuardian, ConsentEditors, ConsentInvalid, ConsentRole, ConsentExpired, ConsentScope.
    """
    record = load_record(path)
    _check_not_revoked(record.record_id, record.subject)
    if record.person_exists:
        _check_ground(record)
    permit = Permit(
        record_id=record.record_id,
        record_sha256=record.sha256,
        subject=record.subject,
        role=record.role,
        actions=frozenset(record.actions),
        purpose=record.purpose,
        valid_until=record.expires,
        person_exists=record.person_exists,
    )
    for action in actions:
        require(permit, role=role, action=action, today=today)  # pyright: ignore[reportArgumentType] (any word is checked there)
    for asked, given, meaning in (
        (production, (record.production,), "the production"),
        (channel, record.channels, "showing it on"),
    ):
        if asked is not None and asked.casefold() not in {value.casefold() for value in given}:
            raise ConsentScope(
                f"The consent record of {record.subject} does not cover {meaning} '{asked}'.",
                why=f"It covers: {', '.join(given)}.",
                remedy=f"ask the person, then {_NEW}",
            )
    return permit


def check_permit(permit: Permit | None, *, role: Literal["face", "performer", "voice"], action: Action) -> Permit:
    """`permits.require`, and that the consent was not taken back since the permit was issued. Raises the same, and ConsentRevoked."""
    permit = require(permit, role=role, action=action)
    _check_not_revoked(permit.record_id, permit.subject)
    return permit


def revoke(record_id: str, *, reason: str) -> list[ledger.Row]:
    """Take a consent back, for good: kept in home and entered in the ledger. Returns the exports that stand on it, to be looked after."""
    if not _ID.fullmatch(record_id):
        raise ConsentInvalid(f"'{record_id}' is not the number of a consent record.", remedy="it stands in the record, as 'record_id'")
    if not reason.strip():
        raise ConsentInvalid("The revocation does not say why.", remedy="give the reason")
    if not _revocation(record_id).exists():
        content = {"record_id": record_id, "reason": reason.strip(), "revoked_on": datetime.now(UTC).isoformat(timespec="seconds")}
        signed = {**content, "signature": keys.sign(canonical(content)).hex()}
        write_bytes(_revocation(record_id), canonical(signed) + b"\n")
        ledger.append("revocation", content)
    return ledger.exports_with(record_id)


def _revocation(record_id: str) -> Path:
    return home() / "revocations" / f"{record_id}.json"


def revocation_of(record_id: str) -> dict[str, Any] | None:
    """The signed revocation of a record as it was written; None where the consent was not taken back, or its file is damaged."""
    try:
        return json.loads(_revocation(record_id).read_bytes())
    except (OSError, ValueError):
        return None


def _check_not_revoked(record_id: str, subject: str) -> None:
    """The file alone decides, whatever is in it: a damaged revocation is still one."""
    if _revocation(record_id).exists():
        raise ConsentRevoked(
            f"{subject} has taken the consent back ({record_id}).",
            why="Nothing more may be made with it.",
            remedy=f"if the person agrees again, {_NEW}",
        )
