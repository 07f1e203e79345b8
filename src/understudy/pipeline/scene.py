"""What the target will show: for each shot, who gets which face under which settings, and the key that names all of it. Rendering, previews and
the list of shots go by the same scene."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..config import MergeSettings
from ..faces.align import face_height_px
from ..faceset.extract import deserved_size
from ..merge.course import Course
from ..merge.passage import Act, Look
from ..merge.strokes import Strokes
from ..run.stage import stage_key
from ..store import StrokeRow
from ..swap.drive import performance_of
from ..swap.swapper import Swapper
from ..types import Curve, Shot, Track
from .extract import Person
from .job import Job
from .media import Footage
from .shotsettings import ShotSettings, course_of, settings_of
from .strokes import stroke_of, stroke_words


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """One shot of the scene."""

    shot: Shot
    tracks: tuple[Track, ...]
    """Of the people who get a face here; none: nobody does."""
    own: ShotSettings
    course: Course
    light: Curve | None
    strokes: tuple[StrokeRow, ...]
    key: str
    """Names everything that the shot's merged frames depend on."""
    file: Path
    """Where they are, once they are made."""

    @property
    def subject(self) -> str:
        return f"frames {self.shot.start_index} to {self.shot.end_index - 1}"


class Scene:
    """The target with one person given the face of one swapper."""

    def __init__(self, job: Job, footage: Footage, person: Person, *, swapper: Swapper) -> None:
        self.job, self.footage, self.person, self.swapper = job, footage, person, swapper
        self.size = crop_size(person)
        self.takes: tuple[Take, ...] = tuple(self._take(shot) for shot in person.shots)

    @property
    def model_id(self) -> str:
        return self.swapper.model_id

    @property
    def key(self) -> str:
        """Names the whole scene."""
        plain = self._render_key(self.job.settings.merge)
        if not any(take.own or take.strokes for take in self.takes):
            return plain
        return stage_key(plain, [take.key for take in self.takes])

    def take_at(self, index: int) -> Take | None:
        """The shot that holds frame `index`."""
        return next((take for take in self.takes if take.shot.start_index <= index < take.shot.end_index), None)

    def acts(self, take: Take) -> list[Act]:
        """What is played in a shot. Takes a moment: the performances are put together here."""
        painted = [stroke_of(row) for row in take.strokes]
        acts: list[Act] = []
        for track in take.tracks:
            performance = performance_of(track, size=self.size)
            strokes = Strokes(painted, performance) if painted else None
            acts.append(Act(performance, (Look(self.swapper),), light=take.light, strokes=strokes))
        return acts

    def _take(self, shot: Shot) -> Take:
        own = settings_of(self.job.project, shot)
        course, light = course_of(self.job.settings, own)
        key = self._render_key(course.settings)
        moving = {**own.keys, **({"light": light.keys} if light else {})}
        strokes = tuple(self.job.project.store.strokes(shot.shot_id))
        key = stage_key(key, moving) if moving else key
        key = stage_key(key, [stroke_words(row) for row in strokes]) if strokes else key
        return Take(
            shot=shot,
            tracks=tuple(track for track in self.person.own_tracks if track.shot_id == shot.shot_id),
            own=own,
            course=course,
            light=light,
            strokes=strokes,
            key=stage_key(key, shot.shot_id),
            file=self.job.project.render_file(key, shot.shot_id),
        )

    def _render_key(self, merge: MergeSettings) -> str:
        swap = self.job.settings.swap.model_dump(exclude={"swapper"})
        return stage_key("render", self.person.key, self.swapper.model_id, swap, merge.model_dump())


def crop_size(person: Person) -> int:
    """Side of the crops that the person's face deserves in this video."""
    return deserved_size(np.concatenate([face_height_px(track.landmarks) for track in person.own_tracks]))
