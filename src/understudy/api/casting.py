"""The cast of a project: several people of the target in one pass, each with a face of their own; and morphs between faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UnderstudyError, UsageError
from ..events import Context
from ..faces.choose import called
from ..pipeline.castfile import Given, Moment, given, read_cast, write_cast
from ..pipeline.casting import find, frame_of, resolve
from ..pipeline.consents import performer_permit
from ..pipeline.extract import Person
from ..pipeline.job import in_words, open_job
from ..pipeline.lenders import borrow, folder_of
from ..pipeline.looking import LookingJob
from ..pipeline.media import footage
from ..project import Project
from ..video.index import frame_index
from .cast import find_cast, find_performer


@dataclass(frozen=True, slots=True)
class CastFace:
    """One part of the cast, and what stands in its way."""

    number: int
    """1, 2 …"""
    given: Given
    seen_as: str
    """`p2`, or `p2 Anna`; empty where nobody in the target is called so."""
    frames: int
    """Frames of the target in which the person is followed."""
    model_id: str
    """Empty where there is none."""
    face_record: str
    """The consent record of whoever lends the face; empty where there is none."""
    performer_record: str
    problem: str
    """Why it cannot be played as it is; empty where it can."""


def cast_show(project: Path) -> tuple[CastFace, ...]:
    """What the project's cast says, part by part; () where it has none. Raises StepMissing before `extract`, BadSetting, UsageError."""
    with in_words(project), Project(project) as opened:
        cast = read_cast(opened)
        if not cast:
            return ()
        job = LookingJob(opened, opened.settings(), Context())
        person = find_performer(job, footage(opened, "target"))
        alone = len({face.person for face in cast}) == 1
        return tuple(_shown(job, person, face, number, alone=alone) for number, face in enumerate(cast, start=1))


def _shown(job: LookingJob, person: Person, face: Given, number: int, *, alone: bool) -> CastFace:
    seen_as = model_id = face_record = performer_record = problem = ""
    frames = 0
    try:
        identity = find(face.person, person, job)
        seen_as, frames = called(identity), identity.n_frames
        performer = performer_permit(job.project, face.performer, "render", person=seen_as, alone=alone)
        performer_record = performer.record_id
        lender = borrow(job, face.source, of=face.of, model=face.model, performer=performer, action="render")
        model_id, face_record = lender.swapper.model_id, lender.permit.record_id
    except UnderstudyError as error:
        problem = str(error)
    return CastFace(number, face, seen_as, frames, model_id, face_record, performer_record, problem)


def cast_check(project: Path, *, context: Context | None = None) -> tuple[str, ...]:
    """Make sure that the cast can be played: who is meant, every model, every consent. Returns the ids of the consent records it stands on.

    What lenders' projects still lack (their faces, their pictures) is made there. Raises the first thing that stands in the way.
    """
    with open_job(project, flags={}, context=context or Context()) as job:
        cast = find_cast(job, footage(job.project, "source"), footage(job.project, "target"))
        if not cast.given:
            raise UsageError("The project has no cast.", remedy="understudy cast PROJECT set PERSON --source OTHER_PROJECT")
        ensemble = resolve(job, cast.target, cast.target_person, cast=cast.given)
        return tuple(permit.record_id for permit in ensemble.permits.every)


def cast_set(
    project: Path,
    person: str,
    *,
    source: str = ".",
    of: str | None = None,
    model: str | None = None,
    performer: str | None = None,
    strength: float | Sequence[tuple[Moment, float]] = 1.0,
    share: float | Sequence[tuple[Moment, float]] = 1.0,
    begin: Moment | None = None,
    end: Moment | None = None,
    add: bool = False,
) -> tuple[Given, ...]:
    """Give a person of the target a face: the source's of the project `source`, a path relative to this project's folder. Returns the whole cast.

    It takes the place of what the person had before, unless `add` puts it beside (another stretch of time, or a part of a morph). See `cast.toml`
    for the rest. Raises PersonAbsent, UsageError, BadSetting, StepMissing before `extract`, ProjectBusy.
    """
    given_share = share if isinstance(share, (int, float)) else [tuple(key) for key in share]
    given_strength = strength if isinstance(strength, (int, float)) else [tuple(key) for key in strength]
    words = {"person": person, "source": source, "of": of, "model": model, "performer": performer, "from": begin, "to": end}
    new = given(**words, strength=given_strength, share=given_share)
    with open_job(project, flags={}, context=Context()) as job:
        looking = LookingJob(job.project, job.settings, job.context)
        target = footage(job.project, "target")
        cast = read_cast(job.project)
        kept = tuple(face for face in cast if add or face.person.lower() != person.lower())
        write_cast(job.project, (*kept, new))
        try:
            find(person, find_performer(looking, target), looking)
            for moment in (begin, end):
                if moment is not None:
                    frame_of(moment, frame_index(target.path))
            folder_of(job.project, source)
        except BaseException:
            write_cast(job.project, cast)
            raise
        return (*kept, new)


def cast_change(
    project: Path,
    number: int,
    *,
    strength: float | Sequence[tuple[Moment, float]] | None = None,
    share: float | Sequence[tuple[Moment, float]] | None = None,
    span: tuple[Moment | None, Moment | None] | None = None,
) -> tuple[Given, ...]:
    """Change one part of the cast (1, 2 …): how strongly, its share, over which time. Returns the whole cast. Raises UsageError, BadSetting."""
    changes: dict[str, Any] = {}
    for name, curve in (("strength", strength), ("share", share)):
        if curve is not None:
            changes[name] = curve if isinstance(curve, (int, float)) else [tuple(key) for key in curve]
    if span is not None:
        changes["begin"], changes["end"] = span
    with open_job(project, flags={}, context=Context()) as job:
        cast = read_cast(job.project)
        if not 1 <= number <= len(cast):
            raise UsageError(f"The cast has no part {number}.", remedy="see it with: understudy cast PROJECT")
        new = given(**{**cast[number - 1].model_dump(by_alias=False), **changes})
        changed = (*cast[: number - 1], new, *cast[number:])
        write_cast(job.project, changed)
        return changed


def cast_morph(project: Path, person: str, *, sources: tuple[str, str], begin: Moment, end: Moment) -> tuple[Given, ...]:
    """Let the person have the face of the first source until `begin`, of the second from `end` on, and change from one to the other between."""
    cast_set(project, person, source=sources[0], share=[(begin, 1.0), (end, 0.0)])
    return cast_set(project, person, source=sources[1], share=[(begin, 0.0), (end, 1.0)], add=True)


def cast_remove(project: Path, person: str | None = None) -> tuple[Given, ...]:
    """Take a person out of the cast, or (None) everybody: then the project is again for one source and one person. Returns what is left."""
    with open_job(project, flags={}, context=Context()) as job:
        # everybody can be taken out of a file that cannot be read, too
        cast = () if person is None else read_cast(job.project)
        left = tuple(face for face in cast if person is not None and face.person.lower() != person.lower())
        if person is not None and len(left) == len(cast):
            names = ", ".join(face.person for face in cast) or "nobody"
            raise UsageError(f"'{person}' is not in the cast.", why=f"In it are: {names}.", remedy="see it with: understudy cast PROJECT")
        write_cast(job.project, left)
        return left
