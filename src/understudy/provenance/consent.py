"""Consent records: who agreed to what, for which purpose, until when, on which ground; signed, and checked before any work.

A record is a small JSON file, meant to be read by people too. Its signature covers every field. `issue_permit` is the only place that
makes a `Permit`, which fitting, training, rendering and publishing require.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from ..errors import (
    ConsentAltered,
    ConsentError,
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
from .consent_record import ConsentRecord, check_ground
from .consent_scan import check_scan, keep_scan, scan_beside
from .ledger_store import canonical

FORMAT = "understudy.consent/1"
_ID = re.compile(r"consent-[0-9a-f]{16}")
_NEW = "make a new record: understudy consent new"


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
        check_ground(record)
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
    entered, written = ledger.find_revocation(record_id), _revocation(record_id).exists()
    content = (
        entered.body if entered else {"record_id": record_id, "reason": reason.strip(), "revoked_on": datetime.now(UTC).isoformat(timespec="seconds")}
    )
    # a crash may have left one without the other
    if not written:
        signed = {**content, "signature": keys.sign(canonical(content)).hex()}
        write_bytes(_revocation(record_id), canonical(signed) + b"\n")
    if entered is None:
        ledger.append("revocation", content)
    return ledger.exports_with(record_id)


def _revocation(record_id: str) -> Path:
    return home() / "revocations" / f"{record_id}.json"


def revocation_of(record_id: str) -> dict[str, Any] | None:
    """The signed revocation of a record as it was written, or, where its file is gone or damaged, what the ledger has of it; else None."""
    try:
        return json.loads(_revocation(record_id).read_bytes())
    except (OSError, ValueError):
        row = ledger.find_revocation(record_id)
        return row.body if row else None


def is_revoked(record_id: str) -> bool:
    """Whether the consent was taken back: by its file, whatever is in it, or by the ledger's row. Removing one of them gives nothing back."""
    return _revocation(record_id).exists() or ledger.find_revocation(record_id) is not None


def _check_not_revoked(record_id: str, subject: str) -> None:
    if is_revoked(record_id):
        raise ConsentRevoked(
            f"{subject} has taken the consent back ({record_id}).",
            why="Nothing more may be made with it.",
            remedy=f"if the person agrees again, {_NEW}",
        )
