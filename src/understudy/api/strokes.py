"""Strokes: what is painted on a frame of the target, to keep the swapped face away from a place or to bring it there.

>>> number = api.add_stroke(film, 3, "exclude", polygons=[[(200, 200), (300, 200), (300, 300)]])
>>> [(row.frame, row.kind) for row in api.list_strokes(film)]
[(3, 'exclude')]
>>> api.undo_stroke(film).stroke_id == number
True
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import UsageError
from ..events import Context
from ..merge.strokes import Kind
from ..pipeline.extract import shots_key
from ..pipeline.job import Job, in_words, open_job
from ..pipeline.media import footage
from ..pipeline.strokes import checked
from ..project import Project
from ..store import StrokeRow
from ..types import Shot


def add_stroke(
    project: Path,
    frame: int,
    kind: Kind,
    *,
    polygons: Sequence[Sequence[tuple[float, float]]] = (),
    brush: bytes | None = None,
) -> int:
    """Paint on frame `frame` of the target; returns the stroke's number. Only its shot is rendered anew.

    `exclude`: the target stays as it is there. `include`: the face shows there too, where the swapper covers it, even if the mask thought
    that something lies in front. `clear`: from this frame on nothing is painted any more. `polygons`: corners in frame pixels; `brush`: a PNG
    of the frame's size. The strokes of one frame hold from there, carried by the face, until the next painted frame of the shot; those of
    the first painted frame hold before it as well. Raises UsageError, StepMissing before `extract`, ProjectBusy.
    """
    with open_job(project, flags={}, context=Context()) as job:
        shot = _shot_at(job, frame)
        target = footage(job.project, "target")
        kept = checked(kind, polygons, brush, frame_wh=target.info.size_wh)
        return job.project.store.put_stroke(shot.shot_id, frame, kind, kept, brush if kind != "clear" else None)


def list_strokes(project: Path) -> list[StrokeRow]:
    """All strokes in the order in which they were made."""
    with in_words(project), Project(project) as opened:
        return opened.store.strokes()


def remove_stroke(project: Path, stroke_id: int) -> None:
    """Take one stroke away. Raises UsageError where there is none of this number."""
    with open_job(project, flags={}, context=Context()) as job:
        if stroke_id not in [row.stroke_id for row in job.project.store.strokes()]:
            raise UsageError(f"There is no stroke {stroke_id}.", remedy="api.list_strokes names those that there are")
        job.project.store.drop_stroke(stroke_id)


def undo_stroke(project: Path) -> StrokeRow | None:
    """Take the newest stroke away and return it; None where there is none."""
    with open_job(project, flags={}, context=Context()) as job:
        rows = job.project.store.strokes()
        if not rows:
            return None
        job.project.store.drop_stroke(rows[-1].stroke_id)
        return rows[-1]


def _shot_at(job: Job, frame: int) -> Shot:
    target = footage(job.project, "target")
    shots = job.project.store.shots(target.media_id, shots_key(job, target.sha256))
    found = next((shot for shot in shots if shot.start_index <= frame < shot.end_index), None)
    if found is None:
        raise UsageError(f"Frame {frame} is in no shot of the target that is known.", remedy="run first: understudy extract; frames count from 0")
    return found
