"""What a consent record says, and what it must say to be complete: who agreed to what, for which purpose, until when, on which ground."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from ..errors import ConsentEditors, ConsentGuardian, ConsentInvalid
from ..permits import Action
from .consent_scan import Scan, scan_of
from .ledger_store import canonical

ConsentRole = Literal["face", "performer", "voice"]
Basis = Literal["consent", "next of kin", "guardian", "public interest or satire", "person does not exist"]
ACTIONS: tuple[str, ...] = get_args(Action)
ROLES: tuple[str, ...] = get_args(ConsentRole)
BASES: tuple[str, ...] = get_args(Basis)
MIN_REASON = 20
"""Letters that a written reason has at least: enough for a sentence."""


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
    check_ground(record)


def check_ground(record: ConsentRecord) -> None:
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
