"""What every call over a project begins with: the machine is ready, both people are found, the source's pictures are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    """Both people, found, and the source's pictures."""

    source: Footage
    target: Footage
    target_person: Person
    faceset: Faceset
    key: str
    """The faceset's."""


def find_cast(job: Job, source: Footage, target: Footage) -> Cast:
    lender = find_person(job, source)
    performer = find_person(job, target)
    return Cast(source, target, performer, collect(job, source, lender), faceset_key(job, lender))


def render_cast(job: Job, cast: Cast, *, permits: Permits, draft: bool) -> Rendered:
    swapper = draft_swapper(job, cast.faceset, permits) if draft else swapper_for(job, cast.faceset, key=cast.key, permits=permits)
    return render_target(job, Scene(job, cast.target, cast.target_person, swapper=swapper), permits=permits)
