"""What the two ways out, a published video and an export of layers, share: whose agreement they stand on, what is looked at, what is said of them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from getpass import getuser
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from .. import __version__
from ..config import Settings
from ..events import Context
from ..files import sha256_file
from ..types import Patch, Permit, VideoInfo
from ..video.probe import probe
from . import gate, ledger
from .consent import check_permit
from .credentials import Statement, Terms, without_names
from .label import Label
from .signer import Signer

NO_TIME = "The time server did not answer: the result has no trusted time of signing. Publish again to try once more."


class AlteredFrames(Protocol):
    """What publish needs of rendered faces (`merge.patchfile.Patches`)."""

    def frames(self) -> list[int]:
        """Indices of the altered frames, rising."""
        ...

    def at(self, index: int) -> list[Patch]: ...


def new_number(run_key: str) -> int:
    """A number for the invisible mark that no other work has. The same work gets the same one, and so the very same picture, each time."""
    seed = run_key or secrets.token_hex(16)
    for attempt in count():
        number = int.from_bytes(sha256(f"{seed} {attempt}".encode()).digest()[:4], "big")
        known = ledger.find_mark(number)
        if known is None or (run_key and known.body.get("run_key") == run_key):
            return number
    raise AssertionError


def agreements(permits: Sequence[Permit]) -> tuple[Permit, ...]:
    """The permits, each checked for publishing today: at least one of a face and one of a performer. Raises the ConsentErrors."""
    known = [permit for permit in permits if isinstance(permit, Permit)]
    for role in ("face", "performer"):
        for permit in [permit for permit in known if permit.role == role] or [None]:
            check_permit(permit, role=role, action="publish")
    return tuple(known)


def admitted(sources: Sequence[Path], target: Path, info: VideoInfo, context: Context) -> dict[str, gate.Verdict]:
    """The refusal check's verdicts on everything that goes in. Raises RefusedMaterial."""
    names = ["source" if number == 1 else f"source {number}" for number in range(1, len(sources) + 1)]
    looked = {
        name: gate.admit(source, probe(source), what=f"the source {source.name}", context=context)
        for name, source in zip(names, sources, strict=True)
    }
    return {**looked, "target": gate.admit(target, info, what=f"the target {target.name}", context=context)}


def inputs_of(target: Path, sources: Sequence[Path]) -> dict[str, Any]:
    """Hashes of what goes in."""
    hashes = [sha256_file(source) for source in sources]
    several = {"sources_sha256": hashes} if len(hashes) > 1 else {}
    return {"target_sha256": sha256_file(target), "source_sha256": hashes[0], **several}


def about(permits: Sequence[Permit], label: Label, model_id: str) -> dict[str, Any]:
    return {
        "purposes": list(purposes(permits)),
        "record_id": f"production-{secrets.token_hex(8)}",
        "label": label.text.replace("\n", " "),
        "label_set": {
            "lines": list(label.lines),
            "place": label.place,
            "reason": label.reason,
            "box_xywh": list(label.box_xywh),
            "lost_in_crops": list(label.lost_in),
        },
        "consent_ids": list(dict.fromkeys(permit.record_id for permit in permits)),
        "consents": {permit.record_id: permit.record_sha256 for permit in permits},
        "model_id": model_id,
        "made_on": datetime.now(UTC).isoformat(timespec="seconds"),
        "made_by": _user(),
        "made_with": f"Understudy {__version__}",
    }


def purposes(permits: Sequence[Permit]) -> tuple[str, ...]:
    """What all of them agreed to, without the names of people who exist."""
    names = [permit.subject for permit in permits if permit.person_exists]
    return tuple(dict.fromkeys(without_names(permit.purpose, names) for permit in permits))


def _user() -> str:
    try:
        return getuser()
    except (OSError, KeyError):
        return "unknown"


def statement_of(body: dict[str, Any], permits: Sequence[Permit], settings: Settings) -> Statement:
    """What the credentials say of an export; `body` is its row in the ledger, which gets the record's hash."""
    body["record_sha256"] = ledger.record_hash(body)
    return Statement(
        record_id=body["record_id"],
        record_sha256=body["record_sha256"],
        label=body["label"],
        purposes=tuple(body["purposes"]),
        consent_ids=tuple(body["consent_ids"]),
        model_id=body["model_id"],
        watermark=body.get("watermark", ""),
        made_on=body["made_on"],
        person_exists=any(permit.person_exists for permit in permits if permit.role == "face"),
        contact=settings.house.contact.strip(),
    )


def terms_of(permits: Sequence[Permit], settings: Settings, signer: Signer | None) -> Terms:
    """How an export is signed."""
    return Terms(
        signer=signer,
        time_server=settings.credentials.time_server,
        private=tuple(permit.subject for permit in permits if permit.person_exists),
        keep_origins=settings.credentials.origins == "keep",
    )
