"""What every call over a project begins with: the machine is ready, both people are found, the source's pictures are there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..permits import Action
from ..pipeline.binding import bind
from ..pipeline.castfile import Given, read_cast
from ..pipeline.casting import alone, resolve
from ..pipeline.consents import Permits
from ..pipeline.extract import Person, collect, faceset_key, find_person
from ..pipeline.job import Job
from ..pipeline.learn import draft_swapper, swapper_for
from ..pipeline.media import Footage, same_file
from ..pipeline.render import Rendered
from ..pipeline.render import render as render_target
from ..pipeline.scene import Scene
from ..provenance import keys
from ..types import Faceset
from ..video.probe import media_id, probe
from ..weights.registry import WEIGHTS
from ..weights.registry import path as weight_path

NO_SETTINGS: Mapping[str, Any] = {}


def check_videos(source: Path, target: Path) -> None:
    """Both are videos, and not the same one."""
    probe(source)
    probe(target)
    if source.stat().st_size == target.stat().st_size and media_id(source) == media_id(target):
        raise same_file(source, target)


def check_machine() -> None:
    """Everything that the set-up puts on a machine is there and unaltered."""
    for weight in WEIGHTS:
        weight_path(weight.name)
    keys.public_key()


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """Both people, found, and the source's pictures; and what the project's cast says of others."""

    source: Footage
    target: Footage
    source_person: Person
    target_person: Person
    faceset: Faceset
    key: str
    """The faceset's."""
    given: tuple[Given, ...]
    """() where one person gets one face."""


def find_cast(job: Job, source: Footage, target: Footage) -> Cast:
    lender = find_person(job, source)
    performer = find_performer(job, target)
    return Cast(source, target, lender, performer, collect(job, source, lender), faceset_key(job, lender), read_cast(job.project))


def find_performer(job: Job, target: Footage) -> Person:
    """The person of the target who is meant. Nobody need be the main person where the cast says who gets which face."""
    given = read_cast(job.project)
    if given and target.row.face is None:
        target = dataclasses.replace(target, row=dataclasses.replace(target.row, face=given[0].person))
    return find_person(job, target, alone=not given)


def scene_of(job: Job, cast: Cast, *, permits: Permits, draft: bool, action: Action = "render", remember: bool = True) -> Scene:
    """Who gets which face in the target, with the models as they are now, for `action`. `permits`: the project's own."""
    bind(job.project, cast.key, permits.face, cast.source_person.identity.embedding, remember=remember)
    if cast.given:
        ensemble = resolve(job, cast.target, cast.target_person, cast=cast.given, draft=draft, action=action)
    else:
        if draft:
            swapper = draft_swapper(job, cast.faceset, permits, action=action)
        else:
            swapper = swapper_for(job, cast.faceset, key=cast.key, permits=permits, action=action)
        ensemble = alone(cast.target_person.identity, swapper, source=cast.source, faceset=cast.faceset, permits=permits)
    return Scene(job, cast.target, cast.target_person, ensemble)


def render_cast(job: Job, cast: Cast, *, permits: Permits, draft: bool, action: Action = "render", shots: Sequence[int] = ()) -> Rendered:
    """What is rendered, for `action`; what is not rendered yet needs permits for that as well. `shots`: only those of these numbers; none: all."""
    return render_target(job, scene_of(job, cast, permits=permits, draft=draft, action=action), shots=shots)
