"""The training, from top to bottom: drafts to learn from, then rounds until the minutes or rounds of the settings are full.

It starts exactly where the draft stands. Stop it, kill it, fill its disk: it goes on from the last checkpoint. A stop saves in
the middle of a round and goes on there; after a kill the running round is done again. Either way, with `rounds` set, the result is the same to the
bit as without the break (same number of threads and processes).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from ..config import Settings, TrainSettings
from ..events import Context, Event
from ..model.checkpoint import Checkpoints, State, key_of
from ..permits import require
from ..swap.draft import DraftSwapper
from ..types import Faceset, Permit
from .batches import Material
from .drafts import Base, make_drafts
from .gradient import help_with
from .history import History
from .rounds import Rounds
from .target import Scene, find_target
from .team import gathered
from .trainer import Trainer

FEWEST = 24
"""With fewer pictures there is nothing to hold out and little to learn: the draft stands."""


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What a training came to."""

    rounds: int
    steps: int
    faces: int
    seconds: float
    """Of training in all, over all its sittings."""
    beats_draft: bool
    draft: dict[str, float]
    """Figures of the draft on the held-out pictures (see `train.meter.Figures`); empty where there were too few pictures to train."""
    trained: dict[str, float]
    """The same of the best checkpoint."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def train(
    faceset: Faceset, *, folder: Path, settings: Settings, permit: Permit, context: Context, previews: Path, scene: Scene | None = None
) -> TrainReport:
    """Train the network of one person in `folder`, going on where an earlier training stopped, until the minutes or rounds of the settings are full.

    `permit` must cover training with this face. Every round's picture and figures go into `previews` (see `history`); with a `scene` they show and
    judge the target as well. Raises Interrupted (after saving), DiskFull, TrainingDiverged, CheckpointBroken.
    """
    require(permit, role="face", action="train")
    base = DraftSwapper.fit(faceset, settings=settings.swap, permit=permit, action="train")
    return learn(faceset, base, folder=folder, settings=settings.train, context=context, previews=previews, scene=scene)


def learn(
    faceset: Faceset, base: Base, *, folder: Path, settings: TrainSettings, context: Context, previews: Path, scene: Scene | None = None
) -> TrainReport:
    """As `train`, from any draft."""
    if len(faceset) < FEWEST:
        context.report(Event("train", "note", f"{len(faceset)} pictures are too few to learn from ({FEWEST} are needed); the draft is used."))
        return TrainReport(0, 0, 0, 0.0, False, {}, {})
    key = key_of(faceset, settings, draft_id=base.model_id)
    checkpoints = Checkpoints(folder, key=key, keep=settings.keep)
    state = checkpoints.newest()
    for name in checkpoints.passed_over:
        context.report(Event("train", "warning", f"The checkpoint {name} is damaged; an earlier one is used."))
    threads = _threads(settings, state)
    drafts_folder = folder / f"drafts-{key[:16]}"
    for old in set(folder.glob("drafts-*")) - {drafts_folder}:
        shutil.rmtree(old, ignore_errors=True)
    drafts = make_drafts(faceset, base, size=settings.size, folder=drafts_folder, threads=threads, context=context)
    target = find_target(scene, base, size=settings.size, context=context) if scene is not None else None
    processes = min(settings.processes, settings.batch)
    each = max(1, threads // processes)
    with gathered(help_with, faceset, drafts, settings, each, size=processes) as team, _exactly(each):
        if team.size < processes:
            context.report(Event("train", "warning", "The helper processes could not be started; the training goes on in one process."))
        trainer = Trainer(Material(faceset, drafts), settings, team)
        rounds = Rounds(trainer, checkpoints, history=History(previews), target=target, context=context, threads=threads)
        rounds.resume(state)
        while not rounds.finished():
            rounds.round()
    rounds.tell_end()
    best, facts = checkpoints.best(), rounds.facts
    return TrainReport(
        rounds=facts["rounds"],
        steps=rounds.trainer.step,
        faces=rounds.trainer.step * settings.batch,
        seconds=facts["seconds"],
        beats_draft=best is not None,
        draft=facts["draft"],
        trained=best.facts["trained"] if best else facts["trained"],
    )


def _threads(settings: TrainSettings, state: State | None) -> int:
    """As the settings say; else as the training was begun, as far as this machine has them, because the sums differ in their last bits otherwise."""
    have = len(os.sched_getaffinity(0))
    if settings.threads:
        return settings.threads
    return min(int(state.facts["threads"]), have) if state else have


@contextmanager
def _exactly(threads: int) -> Iterator[None]:
    """Torch with so many threads and only with algorithms that give the same bits each time; as before afterwards."""
    before, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(strict)
        torch.set_num_threads(before)
