"""STEP 5 over a project: every shot of the target in which the person is seen becomes one file of merged face patches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..events import Meter
from ..faces.align import face_height_px
from ..faceset.extract import deserved_size
from ..merge.render import render_shot
from ..run.local import pending
from ..run.stage import Unit, stage_key
from ..swap.drive import performance_of
from ..swap.swapper import Swapper
from ..types import Shot, Track
from .consents import Permits
from .extract import Person
from .job import Job
from .media import Footage


@dataclass(frozen=True, slots=True)
class Rendered:
    """The merged patches of a whole target."""

    files: tuple[Path, ...]
    key: str
    model_id: str


def render_key(job: Job, target: Person, model_id: str) -> str:
    return stage_key("render", target.key, model_id, job.settings.swap.model_dump(exclude={"swapper"}), job.settings.merge.model_dump())


def render(job: Job, footage: Footage, person: Person, *, shots: list[Shot], swapper: Swapper, permits: Permits) -> Rendered:
    """Merge every shot that is not merged yet. Faces of other people are left as they are."""
    key = render_key(job, person, swapper.model_id)
    heights = np.concatenate([face_height_px(track.landmarks) for track in person.own_tracks])
    size = deserved_size(heights)
    meter = Meter(job.context, "render", f"putting the face into {footage.path.name}")

    def unit(shot: Shot, tracks: list[Track], file: Path) -> Unit:
        def work() -> dict[str, Any]:
            return render_shot(
                footage.path,
                footage.info,
                performances=[performance_of(track, size=size) for track in tracks],
                swapper=swapper,
                settings=job.settings.merge,
                permits=permits.both,
                out=file,
                context=job.context,
                meter=meter,
            )

        return Unit(stage_key(key, shot.shot_id), f"{footage.path.name}, frames {shot.start_index} to {shot.end_index - 1}", file, work)

    by_shot = {shot.shot_id: [track for track in person.own_tracks if track.shot_id == shot.shot_id] for shot in shots}
    seen = [shot for shot in shots if by_shot[shot.shot_id]]
    units = [unit(shot, by_shot[shot.shot_id], job.project.render_file(key, shot.shot_id)) for shot in seen]
    left = {u.key for u in pending(units, job.project.store)}
    if left:
        meter.total = sum(len(t) for shot, u in zip(seen, units, strict=True) if u.key in left for t in by_shot[shot.shot_id])
        with meter:
            job.run("render", units)
    else:
        job.run("render", units)
    return Rendered(tuple(u.output for u in units), key, swapper.model_id)
