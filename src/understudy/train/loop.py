"""The training, from top to bottom: rounds of steps, each ended by a measurement, a checkpoint and a preview.

It starts exactly where the draft stands. Stop it, kill it, fill its disk: it goes on from the last checkpoint. A stop saves in the middle of a
round and goes on there; after a kill the running round is done again. Either way, with `rounds` set, the result is the same to the bit as
without the break (same number of threads).
"""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from ..config import Settings, TrainSettings
from ..errors import Interrupted, TrainingDiverged
from ..events import Context, Event
from ..model.checkpoint import Checkpoints, State, key_of
from ..permits import require
from ..swap.draft import DraftSwapper
from ..types import Faceset, Permit
from .batches import Material
from .drafts import Base, make_drafts
from .meter import Figures, beats, gain_over
from .preview import write_preview
from .trainer import Trainer

FEWEST = 24
"""With fewer pictures there is nothing to hold out and little to learn: the draft stands."""
_MOST_RETURNS = 3
_RUN_AWAY = 5.0
_SLACK = 20
"""Steps before a running mean of the loss means anything."""


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


def train(faceset: Faceset, *, folder: Path, settings: Settings, permit: Permit, context: Context, previews: Path) -> TrainReport:
    """Train the network of one person in `folder`, going on where an earlier training stopped, until the minutes or rounds of the settings are full.

    `permit` must cover training with this face. Raises Interrupted (after saving), DiskFull, TrainingDiverged, CheckpointBroken.
    """
    require(permit, role="face", action="train")
    base = DraftSwapper.fit(faceset, settings=settings.swap, permit=permit)
    return learn(faceset, base, folder=folder, settings=settings.train, context=context, previews=previews)


def learn(faceset: Faceset, base: Base, *, folder: Path, settings: TrainSettings, context: Context, previews: Path) -> TrainReport:
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
    with _exactly(threads):
        run = _Run(Trainer(Material(faceset, drafts), settings), checkpoints, context=context, previews=previews, threads=threads)
        run.resume(state)
        while not run.finished():
            run.round()
    return run.report()


class _Run:
    """The training in progress."""

    def __init__(self, trainer: Trainer, checkpoints: Checkpoints, *, context: Context, previews: Path, threads: int) -> None:
        self.trainer, self.checkpoints, self.context, self.previews = trainer, checkpoints, context, previews
        self.settings = trainer.settings
        self.steps_a_round = max(1, self.settings.faces_per_round // self.settings.batch)
        self.facts: dict[str, Any] = {"threads": threads, "rounds": 0, "seconds": 0.0, "returns": 0}
        self.began, self._told = time.monotonic(), 0.0
        self._shown: list[int] = []

    # --------------------------------------------------------------------------------------------------- one round

    def resume(self, state: State | None) -> None:
        """Stand where `state` stood, or at the draft."""
        if state is None:
            draft, _ = self.trainer.measured()
            self.facts |= {"draft": draft.as_dict(), "beats_draft": False, "round_ends": self.steps_a_round}
        else:
            self.trainer.restore(state)
            self.facts = {**state.facts, "threads": self.facts["threads"]}
            self._tell("note", f"going on after round {self.facts['rounds']}")
        self._tell("start", "training")

    def round(self) -> None:
        """Steps until the round is full or the time is up, then measure, save, show. Saves before it lets Interrupted through."""
        while self.trainer.step < self.facts["round_ends"] and not self._time_is_up():
            if self.context.stop.is_set():
                self.checkpoints.save(self.trainer.state({**self.facts, "gain": None, "beats_draft": False}))
                raise Interrupted("Stopped.", why="The training so far is saved.", remedy="run the same command again to go on")
            if not self._step():
                return self._go_back()
        return self._end_round()

    def _step(self) -> bool:
        """One step; False where the loss is lost."""
        began = time.monotonic()
        usual = self.trainer.usual_loss
        figures = self.trainer.learn(self._progress())
        self.facts["seconds"] += time.monotonic() - began
        lost = not math.isfinite(figures["loss"]) or (usual is not None and self.trainer.step > _SLACK and figures["loss"] > _RUN_AWAY * usual)
        if not lost and time.monotonic() - self._told > 0.2:
            self._tell("progress", f"round {self.facts['rounds'] + 1}", figures=figures)
        return not lost

    def _end_round(self) -> None:
        began = time.monotonic()
        draft, trained = self.trainer.measured()
        self.facts |= {
            "rounds": self.facts["rounds"] + 1,
            "round_ends": self.trainer.step + self.steps_a_round,
            "returns": 0,
            "draft": draft.as_dict(),
            "trained": trained.as_dict(),
            "gain": gain_over(trained, draft),
            "beats_draft": beats(trained, draft),
        }
        self.checkpoints.save(self.trainer.state(self.facts))
        preview = self.previews / f"training-{self.facts['rounds']:05d}.jpg"
        write_preview(preview, [self.trainer.shown(row) for row in self._worst_and_typical()])
        self.facts["seconds"] += time.monotonic() - began
        self._tell("preview", _in_words(self.facts["rounds"], draft, trained), preview=preview, figures=self._round_figures(draft, trained))

    def _go_back(self) -> None:
        """To the last checkpoint (or the very start) at half the rate, with other batches. Gives up after three times without a round between."""
        returns, seconds = self.facts["returns"] + 1, self.facts["seconds"]
        if returns > _MOST_RETURNS:
            raise TrainingDiverged(
                "The training does not hold: its error is not a number any more.",
                why=f"It went back {_MOST_RETURNS} times at a lower rate, in vain. The last good checkpoint is kept.",
                remedy="set a lower train.learning_rate, or use the draft",
            )
        attempt, scale = self.trainer.attempt + 1, self.trainer.rate_scale / 2
        state = self.checkpoints.newest()
        if state is not None:
            self.trainer.restore(state)
            self.facts = {**state.facts, "threads": self.facts["threads"]}
        else:
            self.trainer = Trainer(self.trainer.material, self.settings)
        self.facts |= {"returns": returns, "seconds": seconds}
        self.trainer.attempt, self.trainer.rate_scale = attempt, scale
        self._tell("warning", f"The error ran away: back to round {self.facts['rounds']}, on at {scale:g} of the learning rate")

    def _worst_and_typical(self) -> list[int]:
        """The held-out pictures where the draft is furthest from the truth, and one in the middle: the same in every round."""
        if not self._shown:
            self._shown = self.trainer.worst_and_typical()
        return self._shown

    # -------------------------------------------------------------------------------------------------- how far it is

    def finished(self) -> bool:
        if self.settings.rounds:
            return self.facts["rounds"] >= self.settings.rounds
        return self._time_is_up() and self.facts["rounds"] > 0

    def _time_is_up(self) -> bool:
        return not self.settings.rounds and self.facts["seconds"] >= 60 * self.settings.minutes

    def _progress(self) -> float:
        if self.settings.rounds:
            return self.trainer.step / (self.settings.rounds * self.steps_a_round)
        return self.facts["seconds"] / (60 * self.settings.minutes)

    def report(self) -> TrainReport:
        self._tell("end", "training")
        best = self.checkpoints.best()
        return TrainReport(
            rounds=self.facts["rounds"],
            steps=self.trainer.step,
            faces=self.trainer.step * self.settings.batch,
            seconds=self.facts["seconds"],
            beats_draft=best is not None,
            draft=self.facts["draft"],
            trained=best.facts["trained"] if best else self.facts["trained"],
        )

    def _tell(self, kind: Any, message: str, *, preview: Path | None = None, figures: dict[str, float] | None = None) -> None:
        self._told = time.monotonic()
        seconds, total = self.facts["seconds"], 60 * self.settings.minutes
        if self.settings.rounds:
            done, whole = self.trainer.step, self.settings.rounds * self.steps_a_round
            left = seconds / done * (whole - done) if done and whole >= done else None
        else:
            done, whole, left = int(seconds), math.ceil(total), max(0.0, total - seconds)
        faces = self.trainer.step * self.settings.batch
        figures = {"round": float(self.facts["rounds"]), "faces": float(faces), "faces_per_second": faces / max(seconds, 1e-6), **(figures or {})}
        self.context.report(Event("train", kind, message, done, whole, left, self._told - self.began, preview, figures))

    def _round_figures(self, draft: Figures, trained: Figures) -> dict[str, float]:
        return {**trained.as_dict(), **draft.as_dict("draft_"), "gain": self.facts["gain"], "beats_draft": float(self.facts["beats_draft"])}


def _in_words(number: int, draft: Figures, trained: Figures) -> str:
    change = 100 * (1 - math.exp(-gain_over(trained, draft)))
    verdict = f"{change:.0f} % less error than the draft" if beats(trained, draft) else "not yet better than the draft"
    return f"round {number}: {verdict} (held-out pictures: {draft.l1:.1f} -> {trained.l1:.1f} of 255, sharpness {trained.sharpness:.2f})"


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
