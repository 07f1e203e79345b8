"""The wall of the source's faces: looking, sorting, throwing out and bringing back, packing.

>>> wall = api.faces(film, sort="yaw")      # the first time it makes the thumbnails
>>> wall.total == len(wall.faces) > 10
True
>>> api.faces_drop(film, [wall.faces[0].number]), api.faces_undo(film)
(1, 1)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ..events import Context
from ..faceset.sorting import SORTS
from ..faceset.wall import PROPERTIES
from ..pipeline import faces as steps
from ..pipeline.faces import FaceWall
from ..pipeline.job import Job, in_words, open_job
from ..pipeline.packing import Unpacked, pack_faces, unpack_faces
from ..project import Project

FACE_PROPERTIES, FACE_SORTS = PROPERTIES, SORTS
Shown = Literal["all", "kept", "left-out", "trash"]


def faces(
    project: Path,
    *,
    sort: str = "time",
    reverse: bool = False,
    where: Sequence[str] = (),
    shown: Shown = "all",
    context: Context | None = None,
) -> FaceWall:
    """Every face of the source's person that fits, with its properties, its thumbnail's place on a sheet, and why it is left out.

    `sort`: one of FACE_SORTS; `where`: conditions on FACE_PROPERTIES, such as "yaw>40" (all must hold). The first call finds the faces where
    they are not found yet and makes the thumbnails (one pass over the video); later ones are quick and work beside a running job (see
    `faces_made`). Raises what `extract` raises, and UsageError.
    """
    asked = {"sort": sort, "reverse": reverse, "where": where, "shown": shown}
    with in_words(project), Project(project) as opened:
        found = steps.list_faces(_job(opened), **asked)
    if found is None:
        with open_job(project, flags={}, context=context or Context()) as job:
            steps.make_wall(job)
            found = steps.list_faces(job, **asked)
    assert found is not None, "it was made"
    return found


def faces_made(project: Path) -> bool:
    """Whether `faces` can answer at once."""
    with in_words(project), Project(project) as opened:
        return steps.is_made(_job(opened))


def faces_sheet(project: Path, wall: str, numbers: Sequence[int]) -> bytes:
    """JPEG of the thumbnails (96 px) of 1 to 100 faces in rows of ten, in the order given; `wall` is `FaceWall.wall`. Raises UsageError."""
    with in_words(project), Project(project) as opened:
        return steps.thumbnails(opened, wall, numbers)


def face_picture(project: Path, number: int, *, size: int = 640) -> bytes:
    """JPEG of `size` x `size` around one face, as it is in the video. Raises UsageError, MediaErrors."""
    with in_words(project), Project(project) as opened:
        return steps.picture_of(_job(opened), number, size=size)


def faces_drop(project: Path, numbers: Sequence[int]) -> int:
    """Throw faces (`WallFace.number`) out of the set, into the trash; returns how many were not there. The next `extract` and training heed it."""
    with in_words(project), Project(project) as opened:
        return steps.drop_faces(_job(opened), numbers)


def faces_restore(project: Path, numbers: Sequence[int]) -> int:
    """Bring faces back: from the trash, or although the rules leave them out; returns how many that changed."""
    with in_words(project), Project(project) as opened:
        return steps.restore_faces(_job(opened), numbers)


def faces_undo(project: Path) -> int:
    """Take back the last `faces_drop` or `faces_restore`; returns how many faces that was, 0 where there was none."""
    with in_words(project), Project(project) as opened:
        return steps.undo_faces(opened.store)


def faces_pack(project: Path, file: Path, *, context: Context | None = None) -> int:
    """Write the source's set to one file (a zip with checksums, bound to the consent record); returns the number of faces. Raises ConsentMissing …"""
    with open_job(project, flags={}, context=context or Context()) as job:
        return pack_faces(job, file)


def faces_unpack(project: Path, file: Path, *, context: Context | None = None) -> Unpacked:
    """Put a packed set into a project that holds its consent record. Raises PackBroken, ConsentMissing …"""
    with open_job(project, flags={}, context=context or Context()) as job:
        return unpack_faces(job, file)


def _job(project: Project) -> Job:
    return Job(project, project.settings(), Context())
