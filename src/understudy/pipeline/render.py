"""STEP 5 over a project: every shot of the target in which the person is seen becomes one file of merged face patches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..events import Meter
from ..faces.align import face_height_px
from ..faceset.extract import deserved_size
from ..merge.patchfile import Patches
from ..merge.render import render_shot
from ..merge.sheet import before_after
from ..run.local import pending
from ..run.stage import Unit, stage_key
from ..swap.drive import performance_of
from ..swap.swapper import Swapper
from ..types import Faceset, Shot, Track
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


def crop_size(person: Person) -> int:
    """Side of the crops that the person's face deserves in this video."""
    return deserved_size(np.concatenate([face_height_px(track.landmarks) for track in person.own_tracks]))


def render(job: Job, footage: Footage, person: Person, *, swapper: Swapper, permits: Permits) -> Rendered:
    """Merge every shot that is not merged yet. Faces of other people are left as they are."""
    key = render_key(job, person, swapper.model_id)
    size = crop_size(person)
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

    by_shot = {shot.shot_id: [track for track in person.own_tracks if track.shot_id == shot.shot_id] for shot in person.shots}
    seen = [shot for shot in person.shots if by_shot[shot.shot_id]]
    units = [unit(shot, by_shot[shot.shot_id], job.project.render_file(key, shot.shot_id)) for shot in seen]
    left = {u.key for u in pending(units, job.project.store)}
    if left:
        meter.total = sum(len(t) for shot, u in zip(seen, units, strict=True) if u.key in left for t in by_shot[shot.shot_id])
        with meter:
            job.run("render", units)
    else:
        job.run("render", units)
    return Rendered(tuple(u.output for u in units), key, swapper.model_id)


def sheet(job: Job, footage: Footage, person: Person, rendered: Rendered, *, faceset: Faceset) -> Path:
    """The picture of before and after, in the project's previews."""
    path = job.project.preview_file("before-after.png")

    def work() -> dict[str, Any]:
        size = crop_size(person)
        performances = [performance_of(track, size=size) for track in person.own_tracks]
        before_after(path, faceset=faceset, video=footage.path, info=footage.info, performances=performances, patches=Patches(rendered.files))
        return {}

    # one name for all versions of it, so an older version must not count as this one
    unit = Unit(stage_key("sheet", rendered.key), "picture of before and after", path, work)
    newest = [row.key for row in job.project.store.stages() if row.subject == unit.subject][-1:]
    if newest != [unit.key]:
        path.unlink(missing_ok=True)
    job.run("render", [unit])
    return path
