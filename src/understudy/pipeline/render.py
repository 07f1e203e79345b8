"""STEP 5 over a project: every shot of the target in which the person is seen becomes one file of merged face patches."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..events import Meter, guarded
from ..merge.patchfile import Patches
from ..merge.render import render_shot
from ..merge.sheet import before_after
from ..run.local import pending
from ..run.stage import Unit, stage_key
from ..swap.drive import performance_of
from ..types import Faceset
from .consents import Permits
from .extract import Person
from .job import Job
from .media import Footage
from .scene import Scene, Take, crop_size
from .shotsettings import find_shot


@dataclass(frozen=True, slots=True)
class Rendered:
    """The merged patches of a whole target."""

    files: tuple[Path, ...]
    key: str
    model_id: str


def render(job: Job, scene: Scene, *, permits: Permits, shots: Collection[int] = ()) -> Rendered:
    """Merge every shot that is not merged yet, or only those of the numbers `shots`; where there is one, the permits must cover that. Faces of
    other people are left as they are.

    Raises UsageError where there is no shot of a number.
    """
    for number in shots:
        find_shot([take.shot for take in scene.takes], number)
    footage = scene.footage
    context = guarded(job.context, lambda: permits.check("render"))
    meter = Meter(context, "render", f"putting the face into {footage.path.name}")

    def unit(take: Take) -> Unit:
        def work() -> dict[str, Any]:
            return render_shot(
                footage.path,
                footage.info,
                acts=scene.acts(take),
                settings=take.course,
                permits=permits.both,
                out=take.file,
                context=context,
                meter=meter,
            )

        return Unit(take.key, f"{footage.path.name}, {take.subject}", take.file, work)

    seen = [take for number, take in enumerate(scene.takes, start=1) if take.tracks and (not shots or number in shots)]
    units = [unit(take) for take in seen]
    left = {u.key for u in pending(units, job.project.store)}
    if left:
        meter.total = sum(len(track) for take in seen if take.key in left for track in take.tracks)
        with meter:
            job.run("render", units)
    else:
        job.run("render", units)
    return Rendered(tuple(u.output for u in units), scene.key, scene.model_id)


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
