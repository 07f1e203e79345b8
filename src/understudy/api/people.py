"""Who is seen in a project's videos, and the user's decisions about who is who. All of it but `people_find` is quick; nothing is looked for anew.

>>> [(person.title, round(person.seconds, 2)) for person in api.people(film)]
[('person-1', 0.96), ('person-2', 0.32)]
>>> api.person_name(film, "person-1", "Anna").name
'Anna'
>>> api.people_undo(film)
'name'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from ..events import Context
from ..pipeline import people as steps
from ..pipeline.job import in_words, open_job
from ..pipeline.people import ProjectPerson
from ..project import Project
from ..types import Role

T = TypeVar("T")


def people(project: Path) -> tuple[ProjectPerson, ...]:
    """Everybody found so far over all videos, by number, with names, pictures, time on screen and pieces (tracks)."""
    return _with(project, steps.list_people)


def people_find(project: Path, *, context: Context | None = None) -> tuple[ProjectPerson, ...]:
    """Follow every face in all videos, without deciding who is meant; returns everybody. Raises what `extract` raises of looking."""
    with open_job(project, flags={}, context=context or Context()) as job:
        steps.find_everybody(job)
        return steps.list_people(job.project)


def person_choose(project: Path, role: Role, person: str) -> ProjectPerson:
    """Say who lends the face (source) or is replaced (target). What follows heeds it; a new run of `extract` keeps to it."""
    return _with(project, lambda opened: steps.choose_for(opened, role, person))


def person_name(project: Path, person: str, name: str) -> ProjectPerson:
    """Call a person (`person-1` or the name so far) by a name, which `--face` and `--source-face` then know; an empty one takes it away."""
    return _with(project, lambda opened: steps.name_person(opened, person, name))


def people_merge(project: Path, persons: Sequence[str]) -> ProjectPerson:
    """Two or more people are one. A new run of `extract` keeps to it."""
    return _with(project, lambda opened: steps.merge_people(opened, persons))


def person_split(project: Path, person: str, track_ids: Sequence[str]) -> ProjectPerson:
    """Some pieces of a person are somebody else, who is returned. A new run of `extract` keeps to it."""
    return _with(project, lambda opened: steps.split_person(opened, person, track_ids))


def people_undo(project: Path) -> str | None:
    """Take back the last of these decisions; returns `name`, `merge` or `split`, or None where there is none."""
    return _with(project, steps.undo_people)


def people_can_undo(project: Path) -> bool:
    """Whether there is a decision that `people_undo` would take back."""
    return _with(project, steps.can_undo_people)


def _with(project: Path, work: Callable[[Project], T]) -> T:
    with in_words(project), Project(project) as opened:
        return work(opened)
