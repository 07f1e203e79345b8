"""STEP 4 over a project: the draft swapper, the training, and the swapper that renders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .. import config
from ..events import guarded
from ..permits import Action
from ..project import Project
from ..run.stage import Unit, stage_key
from ..swap.draft import DraftSwapper
from ..swap.swapper import Swapper
from ..types import Faceset
from .consents import Permits
from .extract import Person
from .job import Job
from .media import Footage

_HOW_LONG = {"minutes", "rounds", "until", "threads", "processes", "keep"}
"""Settings that say how long or how quickly to train, not what: training goes on in the same folder when they change."""


def wants_training(job: Job) -> bool:
    return config.wants_training(job.settings)


def model_folder(job: Job, faceset_key: str) -> Path:
    """Where the checkpoints of this person under these settings live."""
    what = job.settings.train.model_dump(exclude=_HOW_LONG)
    return job.project.model_folder(stage_key("model", faceset_key, job.settings.swap.model_dump(exclude={"swapper"}), what))


def rounds_folder(project: Project, model: str) -> Path:
    """Where the rounds of a model are kept: they show both people, and so are no part of the model."""
    return project.folder / "previews" / "training" / model


def learn(job: Job, faceset: Faceset, *, key: str, permits: Permits, target: tuple[Footage, Person] | None = None) -> None:
    """Train as long as the settings say; what was trained before counts. Rounds are shown and judged on the `target` as well, where it is given."""
    folder = model_folder(job, key)
    how_long = job.settings.train.model_dump(include={"minutes", "rounds", "until"})

    def work() -> dict[str, Any]:
        # torch takes seconds to load, and most commands do not need it
        from ..train.loop import train
        from ..train.target import Scene

        scene = None
        if target is not None:
            footage, person = target
            scene = Scene(footage.path, footage.info, person.own_tracks, permits.performer)
        return train(
            faceset,
            folder=folder,
            settings=job.settings,
            permit=permits.face,
            context=guarded(job.context, lambda: permits.check("train")),
            previews=rounds_folder(job.project, folder.name),
            scene=scene,
        ).as_dict()

    job.run("train", [Unit(stage_key("train", folder.name, how_long), "the network", folder, work)])


def draft_swapper(job: Job, faceset: Faceset, permits: Permits, *, action: Action = "render") -> Swapper:
    """`action`: what it is made for; making it is no act of its own."""
    return DraftSwapper.fit(faceset, settings=job.settings.swap, permit=permits.face, action=action)


def swapper_for(job: Job, faceset: Faceset, *, key: str, permits: Permits, action: Action = "render") -> Swapper:
    """What the settings ask for: the draft, or the best that training gave."""
    if not wants_training(job):
        return draft_swapper(job, faceset, permits, action=action)
    from ..swap.trained import TrainedSwapper

    return TrainedSwapper.open(model_folder(job, key), faceset, settings=job.settings, permit=permits.face, action=action)
