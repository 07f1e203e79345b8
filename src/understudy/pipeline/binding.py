"""A set of face pictures belongs to the consent record that it was first used under: to its person by name, and to that person's face.

So a record cannot be put under somebody else's pictures: neither by adding another person's record to a project, nor by putting another person's
video in the place of the source. What is remembered lies beside the face pictures and goes with them when the person is forgotten.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np

from ..errors import ConsentPerson
from ..files import write_bytes
from ..project import Project
from ..types import F32, Permit

OTHER_PERSON = 0.3
"""Cosine of two people's mean vectors below which they are taken for different people. SFace's makers give 0.363 for single pictures; the means of
whole videos are surer, and refusing the right person (older, in a mask of make-up) would be worse than asking who it is."""
_NAME = "consent.json"


def bind(project: Project, key: str, permit: Permit, face: F32, *, remember: bool = True) -> None:
    """Bind the set `key`, of the person with the mean vector `face` (128,), to the permit's record, or check that it is bound to that person.

    With `remember` off nothing is written. Raises ConsentPerson.
    """
    folder = project.faceset_folder(key)
    bound = _bound(folder)
    if bound is not None and _same_name(bound["subject"], permit.subject):
        known = _face_of(project, permit.record_id)
    elif bound is not None:
        raise ConsentPerson(
            f"The face pictures were collected under the consent of {bound['subject']} ({bound['record_id']}), "
            f"and the newest record is of {permit.subject}.",
            why="One person's consent does not cover another person's face.",
            remedy="make a project of its own for this person; under another name but the same person: understudy consent add RECORD --same-person",
        )
    else:
        known = _face_of(project, permit.record_id)
    if known is not None and float(known @ face) < OTHER_PERSON:
        raise ConsentPerson(
            f"The face in the source is not the one for which the consent of {permit.subject} ({permit.record_id}) was used before.",
            why="The numbers of the two faces are far apart.",
            remedy="name the right person with --source-face, or make a project of its own, with a record of its own, for this one",
        )
    if remember and bound is None:
        _write(project, folder, permit)
    if remember and known is None:
        buffer = io.BytesIO()
        np.save(buffer, np.asarray(face, np.float32), allow_pickle=False)
        write_bytes(_face_file(project, permit.record_id), buffer.getvalue())


def bind_again(project: Project, *, subject: str, record_id: str, record_sha256: str) -> None:
    """The record is of the person whose pictures are there, under another name."""
    for folder in (project.folder / "faceset").iterdir():
        if _bound(folder) is not None:
            _put(folder, subject=subject, record_id=record_id, record_sha256=record_sha256)


def _write(project: Project, folder: Path, permit: Permit) -> None:
    if folder.is_dir():
        _put(folder, subject=permit.subject, record_id=permit.record_id, record_sha256=permit.record_sha256)


def _put(folder: Path, **content: str) -> None:
    write_bytes(folder / _NAME, json.dumps(content, indent=1, ensure_ascii=False).encode("utf-8") + b"\n")


def _bound(folder: Path) -> dict[str, str] | None:
    """What a set is bound to. A file that cannot be read is none: the next use writes it anew."""
    try:
        content = json.loads((folder / _NAME).read_bytes())
        return {name: str(content[name]) for name in ("subject", "record_id", "record_sha256")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _face_file(project: Project, record_id: str) -> Path:
    return project.folder / "faceset" / f"{record_id}.face.npy"


def _face_of(project: Project, record_id: str) -> F32 | None:
    try:
        found = np.load(_face_file(project, record_id), allow_pickle=False)
    except (OSError, ValueError):
        return None
    return found.astype(np.float32) if found.ndim == 1 else None


def _same_name(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())
