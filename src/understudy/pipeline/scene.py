"""What the target will show: for each shot, who gets which face under which settings, and the key that names all of it. Rendering, previews and
the list of shots go by the same scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..config import MergeSettings
from ..faces.align import face_height_px
from ..faces.beard import has_dark_beard
from ..faces.glasses import wears_glasses
from ..faceset.extract import deserved_size
from ..merge.course import Course
from ..merge.depth import places
from ..merge.passage import Act
from ..merge.strokes import Strokes
from ..run.stage import stage_key
from ..store import StrokeRow
from ..swap.drive import performance_of
from ..types import Curve, Shot, Track
from .casting import Ensemble, Part
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
    """Of the people who get a face here, in the order of the ensemble; none: nobody does."""
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
    """The target with the people of an ensemble given their faces."""

    def __init__(self, job: Job, footage: Footage, person: Person, ensemble: Ensemble) -> None:
        self.job, self.footage, self.person, self.ensemble = job, footage, person, ensemble
        self._tracks = {part.person.identity_id: person.tracks_of(part.person) for part in ensemble.parts}
        self._plain = len(ensemble.parts) == 1 and ensemble.parts[0].strength is None
        """One person with one face throughout: the usual case, whose keys stay what they always were."""
        self.takes: tuple[Take, ...] = tuple(self._take(shot) for shot in person.shots)

    @property
    def model_id(self) -> str:
        return self.ensemble.model_id

    @property
    def plan_key(self) -> str:
        """Names what the shots' plans depend on."""
        return stage_key("plan", self.person.key, [part.words for part in self.ensemble.parts])

    @property
    def key(self) -> str:
        """Names the whole scene."""
        plain = self._render_key(self.job.settings.merge, self.ensemble.parts)
        if self._plain and not any(take.own or take.strokes for take in self.takes):
            return plain
        return stage_key(plain, [take.key for take in self.takes])

    def take_at(self, index: int) -> Take | None:
        """The shot that holds frame `index`."""
        return next((take for take in self.takes if take.shot.start_index <= index < take.shot.end_index), None)

    def acts(self, take: Take) -> list[Act]:
        """What is played in a shot. Takes a moment: the performances are put together here."""
        painted = [stroke_of(row) for row in take.strokes]
        around = places(self.person.tracks_in(take.shot)) if len(self.person.everybody) > 1 else {}
        acts: list[Act] = []
        for part in self.ensemble.parts:
            own = self._tracks[part.person.identity_id]
            size = crop_size(own)
            # two pairs of glasses would lie one over the other
            keep = bool(wears_glasses(own)) and not part.faceset.glasses
            bearded = has_dark_beard(own)
            for track in take.tracks:
                if track.track_id not in part.person.track_ids:
                    continue
                performance = performance_of(track, size=size, without_glasses=keep, to_the_jaw=bearded)
                strokes = Strokes(painted, performance) if painted else None
                acts.append(Act(performance, part.looks, strength=part.strength, light=take.light, strokes=strokes, place=around.get(track.track_id)))
        return acts

    def _take(self, shot: Shot) -> Take:
        own = settings_of(self.job.project, shot)
        course, light = course_of(self.job.settings, own)
        parts = [part for part in self.ensemble.parts if _plays(part, shot)]
        key = self._render_key(course.settings, parts)
        moving = {**own.keys, **({"light": light.keys} if light else {})}
        strokes = tuple(self.job.project.store.strokes(shot.shot_id))
        key = stage_key(key, moving) if moving else key
        key = stage_key(key, [stroke_words(row) for row in strokes]) if strokes else key
        return Take(
            shot=shot,
            tracks=tuple(track for part in parts for track in self._tracks[part.person.identity_id] if track.shot_id == shot.shot_id),
            own=own,
            course=course,
            light=light,
            strokes=strokes,
            key=stage_key(key, shot.shot_id),
            file=self.job.project.render_file(key, shot.shot_id),
        )

    def _render_key(self, merge: MergeSettings, parts: Sequence[Part]) -> str:
        swap = self.job.settings.swap.model_dump(exclude={"swapper"})
        if self._plain:
            return stage_key("render", self.person.key, self.ensemble.model_id, swap, merge.model_dump())
        return stage_key("render", "cast", self.person.key, [part.words for part in parts], swap, merge.model_dump())


def _plays(part: Part, shot: Shot) -> bool:
    """Whether the part is seen in any frame of the shot."""
    return part.strength is None or any(part.strength.at(index) > 0 for index in range(shot.start_index, shot.end_index))


def crop_size(tracks: Sequence[Track]) -> int:
    """Side of the crops that one person's face deserves in this video, by all of the person's tracks."""
    return deserved_size(np.concatenate([face_height_px(track.landmarks) for track in tracks]))
