"""STEP 5 over a project: every shot of the target in which the person is seen becomes one file of merged face patches."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..events import Event, Meter, guarded
from ..faces.choose import called
from ..merge.patchfile import Patches
from ..merge.render import render_shot
from ..merge.sheet import before_after
from ..run.local import pending
from ..run.stage import Unit, stage_key
from ..swap.drive import performance_of
from ..types import Track
from .casting import Ensemble
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
    ensemble: Ensemble
    """Who is seen in them, and on whose consent they stand."""

    @property
    def model_id(self) -> str:
        return self.ensemble.model_id


def render(job: Job, scene: Scene, *, shots: Collection[int] = ()) -> Rendered:
    """Merge every shot that is not merged yet, or only those of the numbers `shots`; where there is one, the permits must cover that. Faces of
    people who are given none are left as they are.

    Raises UsageError where there is no shot of a number.
    """
    for number in shots:
        find_shot([take.shot for take in scene.takes], number)
    footage = scene.footage
    context = guarded(job.context, lambda: scene.ensemble.permits.check("render"))
    meter = Meter(context, "render", f"putting the face into {footage.path.name}")

    def unit(take: Take) -> Unit:
        def work() -> dict[str, Any]:
            return render_shot(
                footage.path,
                footage.info,
                acts=scene.acts(take),
                settings=take.course,
                permits=scene.ensemble.permits.every,
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
    _tell_of_gaps(job, scene, units)
    return Rendered(tuple(u.output for u in units), scene.key, scene.ensemble)


def _tell_of_gaps(job: Job, scene: Scene, units: Sequence[Unit]) -> None:
    """Say whose face came to nothing, and where the target itself has holes: what is silently left out is found too late."""
    for unit in units:
        row = job.project.store.stage(unit.key)
        damaged = row.report.get("damaged", 0) if row else 0
        if damaged:
            what = "one frame is" if damaged == 1 else f"{damaged} frames are"
            why = "too damaged to be decoded, and left out of the result; everything around is kept in time"
            job.context.report(Event("render", "warning", f"{scene.footage.path.name}, {unit.subject}: {what} {why}"))
        for number in row.report.get("untouched", []) if row else []:
            who, track = _played(scene, unit, number)
            what = "is too dark, too blurred or too much covered to be told from its surroundings"
            job.context.report(Event("render", "warning", f"{who}, {unit.subject}: the face {what}, and stays as it is in {len(track)} frames"))
        for number, frames in (row.report.get("turned_away", {}) if row else {}).items():
            who, track = _played(scene, unit, int(number))
            furthest = np.abs(track.pose_deg[:, 0]).max()
            what = f"the head turns {furthest:.0f}° aside, and the source never turns that far: the new face fades out there"
            job.context.report(Event("render", "warning", f"{who}, {unit.subject}: {what}, in {frames} of {len(track)} frames"))


def _played(scene: Scene, unit: Unit, number: int) -> tuple[str, Track]:
    """Whom act `number` of a rendered shot is about, and where."""
    take = next(take for take in scene.takes if take.key == unit.key)
    track = take.tracks[number]
    return next(called(one) for one in scene.person.everybody if track.track_id in one.track_ids), track


def sheet(job: Job, footage: Footage, person: Person, rendered: Rendered) -> Path:
    """The picture of before and after, in the project's previews."""
    path = job.project.preview_file("before-after.png")

    def work() -> dict[str, Any]:
        played = []
        for part in rendered.ensemble.parts:
            tracks = person.tracks_of(part.person)
            played.append((part.faceset, [performance_of(track, size=crop_size(tracks)) for track in tracks]))
        before_after(path, played, video=footage.path, info=footage.info, patches=Patches(rendered.files))
        return {}

    # one name for all versions of it, so an older version must not count as this one
    unit = Unit(stage_key("sheet", rendered.key), "picture of before and after", path, work)
    newest = [row.key for row in job.project.store.stages() if row.subject == unit.subject][-1:]
    if newest != [unit.key]:
        path.unlink(missing_ok=True)
    job.run("render", [unit])
    return path
