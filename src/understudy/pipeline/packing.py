"""A project's faceset as one file and back, bound to the consent record that it stands on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import StepMissing
from ..faceset.pack import pack, read_list, unpack
from ..faceset.trash import KINDS
from ..provenance import keys
from ..store import StageRow
from .consents import face_permit
from .extract import collect, faceset_key, find_person
from .job import Job
from .media import footage
from .outside import note_pack


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came out of a pack."""

    faces: int
    folder: Path
    fits: bool
    """True where the project's source, settings and the user's word about faces are those of the pack, so that the set is used."""


def pack_faces(job: Job, file: Path) -> int:
    """Collect the source's faces and write them to `file`; returns how many. Raises the ConsentErrors, and what extraction raises."""
    permit = face_permit(job.project, "train")
    source = footage(job.project, "source")
    person = find_person(job, source)
    faceset, key = collect(job, source, person), faceset_key(job, person)
    about = {
        "consent": {"record_id": permit.record_id, "record_sha256": permit.record_sha256},
        "key": key,
        "source_sha256": source.sha256,
        "said": _said(job, source.media_id),
        "made_with": f"Understudy {__version__}",
    }
    pack(job.project.faceset_folder(key), file, about=about, sign=_sign)
    note_pack(job.project, file)
    return len(faceset)


def unpack_faces(job: Job, file: Path) -> Unpacked:
    """Put a packed set into the project, with the user's word about its faces where the project has none of its own.

    The project must hold the consent record that the pack stands on, and it must hold today. Raises PackBroken, the ConsentErrors.
    """
    listed = read_list(file, holds=_holds)
    face_permit(job.project, "train", record_id=listed["consent"]["record_id"], record_sha256=listed["consent"]["record_sha256"])
    folder = job.project.faceset_folder(listed["key"])
    faces = unpack(file, folder, listed)
    row = StageRow(listed["key"], "faceset", f"unpacked from {file.name}", 0.0, _report(folder))
    job.project.store.stage_done(row)
    return Unpacked(faces, folder, _fits(job, listed))


def _fits(job: Job, listed: Mapping[str, Any]) -> bool:
    try:
        source = footage(job.project, "source")
    except StepMissing:
        return False
    if source.sha256 != listed["source_sha256"]:
        return False
    if not _said(job, source.media_id):
        for kind, body in listed["said"]:
            job.project.store.decide(kind, body)
    return faceset_key(job, find_person(job, source)) == listed["key"]


def _said(job: Job, media_id: str) -> list[list[Any]]:
    return [[decision.kind, decision.body] for decision in job.project.store.decisions(*KINDS) if decision.body["media"] == media_id]


def _report(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def _sign(data: bytes) -> dict[str, str]:
    return {"algorithm": "Ed25519", "public_key": keys.public_key(), "value": keys.sign(data).hex()}


def _holds(data: bytes, signature: Mapping[str, str]) -> bool:
    return keys.signature_holds(data, signature["value"], signature["public_key"])
