"""The cast resolved: every person of the target who is given a face, the faces with their parts over time, and whose consent it stands on."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ConsentScope, PersonAbsent, UsageError
from ..faces.choose import called
from ..merge.passage import Look
from ..permits import Action
from ..swap.swapper import Swapper
from ..types import Curve, Faceset, Identity, Permit, Timed
from ..video.index import FrameIndex, frame_index
from .castfile import Given, Moment, seconds_in
from .consents import Permits, performer_permit
from .decisions import numbers_of
from .extract import Person
from .job import Job
from .lenders import Lender, borrow
from .media import Footage


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One person of the target, and the faces that this person is given."""

    person: Identity
    looks: tuple[Look, ...]
    strength: Timed | None
    """None: 1 throughout."""
    faceset: Faceset
    """Of the first look's source: to be shown beside the result."""
    words: tuple[Any, ...]
    """Names all of it, in a key."""


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """Everybody who gets a face."""

    parts: tuple[Part, ...]
    permits: Permits
    sources: tuple[Footage, ...]
    """Every video that lends a face, each once."""

    @property
    def model_id(self) -> str:
        """The models' ids, each once."""
        return " + ".join(dict.fromkeys(look.swapper.model_id for part in self.parts for look in part.looks))


def alone(person: Identity, swapper: Swapper, *, source: Footage, faceset: Faceset, permits: Permits) -> Ensemble:
    """One person gets one face, throughout."""
    return Ensemble((Part(person, (Look(swapper),), None, faceset, (swapper.model_id,)),), permits, (source,))


@dataclass(frozen=True, slots=True)
class Stretch:
    """1 from `first` to `last` (both included), 0 elsewhere, times a curve."""

    first: int
    last: int
    curve: Curve

    def at(self, index: int) -> float:
        return self.curve.at(index) if self.first <= index <= self.last else 0.0

    def words(self) -> list[Any]:
        return [self.first, self.last, self.curve.keys]


@dataclass(frozen=True, slots=True)
class Joint:
    """The strength of a person whose faces have strengths of their own: their mean by the faces' parts."""

    faces: tuple[tuple[Stretch, Curve], ...]
    """(part, strength)"""

    def at(self, index: int) -> float:
        parts = [(part.at(index), strength.at(index)) for part, strength in self.faces]
        total = sum(part for part, _ in parts)
        return sum(part * strength for part, strength in parts) / total if total > 0 else 0.0


def resolve(job: Job, footage: Footage, person: Person, *, cast: Sequence[Given], draft: bool = False, action: Action = "render") -> Ensemble:
    """The cast as it can be played in this target. `draft`: every model as its draft. `action`: what everybody must have agreed to.

    Raises PersonAbsent for somebody who is not in the target, UsageError where two faces meet without parts, and what borrowing and the
    consents raise.
    """
    index = frame_index(footage.path)
    by_person: dict[str, list[Given]] = {}
    people = {face.person: find(face.person, person, job) for face in cast}
    for face in cast:
        by_person.setdefault(people[face.person].identity_id, []).append(face)
    performers = _performers(job, by_person, people, action)
    lenders: dict[tuple[Any, ...], Lender] = {}
    parts: list[Part] = []
    for who, faces in by_person.items():
        identity = people[faces[0].person]
        played = [_played(face, index) for face in faces]
        _refuse_meetings(faces, played, called(identity))
        looks: list[Look] = []
        words: list[Any] = [identity.track_ids]
        for face, (share, strength) in zip(faces, played, strict=True):
            model = "draft" if draft else face.model
            which = (face.source, face.of, model)
            if which not in lenders:
                lenders[which] = borrow(job, face.source, of=face.of, model=model, performer=performers[who], action=action)
            looks.append(Look(lenders[which].swapper, share))
            words.append([lenders[which].swapper.model_id, share.words(), strength.keys])
        first = lenders[faces[0].source, faces[0].of, "draft" if draft else faces[0].model]
        parts.append(Part(identity, tuple(looks), Joint(tuple(played)), first.faceset, tuple(words)))
    permits = {lender.permit.record_id: lender.permit for lender in lenders.values()}
    sources = {lender.footage.sha256: lender.footage for lender in lenders.values()}
    return Ensemble(tuple(parts), Permits(tuple(permits.values()), tuple(performers.values())), tuple(sources.values()))


def find(word: str, person: Person, job: Job) -> Identity:
    """Who of the target is called so: p1, person-2 or a name. Raises PersonAbsent with the nearest name."""
    numbers = numbers_of(job.project.store, person.everybody, person.heads)
    names: dict[str, Identity] = {}
    for identity in person.everybody:
        names[identity.identity_id] = identity
        if identity.name:
            names[identity.name.lower()] = identity
        if identity.identity_id in numbers:
            names[f"person-{numbers[identity.identity_id]}"] = identity
    found = names.get(word.strip().lower())
    if found is None:
        near = difflib.get_close_matches(word.strip().lower(), list(names), n=1, cutoff=0.5)
        seen = ", ".join(called(identity) for identity in person.everybody)
        raise PersonAbsent(
            f"The cast gives a face to '{word}', and nobody in the target is called so.",
            why=f"Seen are: {seen}.",
            remedy=f"did you mean '{near[0]}'?" if near else "see who is there: understudy people PROJECT",
        )
    return found


def _performers(job: Job, by_person: Mapping[str, Sequence[Given]], people: Mapping[str, Identity], action: Action) -> dict[str, Permit]:
    """A permit for every person of the target who gets a face: one record stands for one person."""
    permits: dict[str, Permit] = {}
    for who, faces in by_person.items():
        named = next((face.performer for face in faces if face.performer is not None), None)
        identity = next(identity for identity in people.values() if identity.identity_id == who)
        permit = performer_permit(job.project, named, action, rather=("render",), person=called(identity), alone=len(by_person) == 1)
        taken = next((other for other, known in permits.items() if known.record_id == permit.record_id), None)
        if taken is not None:
            raise ConsentScope(
                f"The consent record of {permit.subject} stands for two people of the target, {taken} and {who}.",
                remedy='give each their own record: performer = "NAME" in cast.toml, or understudy cast PROJECT set PERSON --performer NAME',
            )
        permits[who] = permit
    return permits


def _played(face: Given, index: FrameIndex) -> tuple[Stretch, Curve]:
    first = 0 if face.begin is None else frame_of(face.begin, index)
    last = len(index.pts) - 1 if face.end is None else frame_of(face.end, index)
    if last < first:
        raise UsageError(f"The cast gives {face.person} a face that ends before it begins.", remedy=f"'to' must not lie before 'from' ({first})")
    return Stretch(first, last, _curve(face.share, index)), _curve(face.strength, index)


def _curve(value: float | Sequence[tuple[Moment, float]], index: FrameIndex) -> Curve:
    if isinstance(value, (int, float)):
        return Curve(((0, float(value)),))
    keys = sorted((frame_of(moment, index), float(number)) for moment, number in value)
    if len({frame for frame, _ in keys}) != len(keys):
        raise UsageError("Two key-frames of the cast lie on one frame.", remedy="give each key-frame a frame of its own")
    return Curve(tuple(keys))


def frame_of(moment: Moment, index: FrameIndex) -> int:
    """The frame that is shown then. Raises UsageError where the video is over."""
    last = len(index.pts) - 1
    if isinstance(moment, str):
        ticks = seconds_in(moment) / float(index.time_base) + index.pts[0]
        end = index.pts[-1] + index.last_duration
        frame = last + 1 if ticks > end else max(0, sum(pts <= ticks for pts in index.pts) - 1)
    else:
        frame = moment
    if frame > last:
        raise UsageError(f"The cast speaks of {moment}, where the target is over.", remedy=f"the target has the frames 0 to {last}")
    return frame


def _refuse_meetings(faces: Sequence[Given], played: Sequence[tuple[Stretch, Curve]], who: str) -> None:
    """Two faces at once need to be told how they share: else it is a slip."""
    for i, (one, _) in enumerate(played):
        for j, (other, _) in enumerate(played[:i]):
            meet = one.first <= other.last and other.first <= one.last
            if meet and faces[i].share == 1.0 and faces[j].share == 1.0:
                first, last = max(one.first, other.first), min(one.last, other.last)
                raise UsageError(
                    f"The cast gives {who} two faces from frame {first} to {last}.",
                    remedy="let one end before the other begins ('from', 'to'), or say how they share ('share'), for example for a morph",
                )
