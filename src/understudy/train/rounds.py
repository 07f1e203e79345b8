"""The training in progress, round by round: steps, then a measurement, a checkpoint, a picture and an event."""

from __future__ import annotations

import math
import time
from typing import Any

from ..errors import Interrupted, TrainingDiverged
from ..events import Context, Event
from ..model.checkpoint import Checkpoints, State
from ..types import SwappedFace
from .aspects import Judge
from .history import History
from .judge import STAIN_MOST, stain
from .meter import beats, gain_over
from .show import Show
from .target import Target
from .trainer import Trainer
from .verdict import Verdict, limits_of, verdict

_MOST_RETURNS = 3
_RUN_AWAY = 5.0
_COLLAPSED = -0.3
"""Gain over the draft below which a round has made a ruin of the face: a third more error, in the mean of all."""
_SLACK = 20
"""Steps before a running mean of the loss means anything."""
_SLOWER, _MUCH_SLOWER = 0.5, 0.1
"""What the learning rate is multiplied by after going back: after one bad moment, and after a whole round that went wrong or going back again."""
_STEADY = 0.3
"""Where on the half cosine the learning rate stands while nobody knows when training ends; the running mean of the weights does the calming."""
_LONGEST = 8 * 3600.0
"""Seconds after which a training without an end of its own ends."""


class Rounds:
    """See the module."""

    def __init__(
        self, trainer: Trainer, checkpoints: Checkpoints, *, history: History, target: Target | None, context: Context, threads: int
    ) -> None:
        self.trainer, self.checkpoints, self.history, self.target, self.context = trainer, checkpoints, history, target, context
        self.settings = trainer.settings
        self.steps_a_round = max(1, self.settings.faces_per_round // self.settings.batch)
        self.facts: dict[str, Any] = {"threads": threads, "rounds": 0, "seconds": 0.0, "returns": 0, "sums": {}}
        self.began, self._told = time.monotonic(), 0.0
        self._show = Show(trainer.material.faceset, target)
        faceset = trainer.material.faceset
        self._judge = Judge(faceset, target, held=trainer.material.measured()) if target is not None else None
        self._limits = limits_of(faceset, target) if target is not None else ()
        self._verdict: Verdict | None = None

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
            self._catch_up(state)
        self._tell("start", "training")

    def _catch_up(self, state: State) -> None:
        """Show the round that was saved last, where a kill came before its picture was written."""
        if state.facts.get("gain") is None:
            return
        faces = self._faces()
        if self.history.holds(state.facts):
            self._verdict = self._judged()
            self._show.remember(self.trainer, faces, number=self.facts["rounds"])
        else:
            self._add_to_history(faces)

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
        usual, together = self.trainer.usual_loss, self.trainer.team.size
        figures = self.trainer.learn(self._progress())
        if self.trainer.team.size < together:
            self._tell("warning", "A helper process has ended; the training goes on in one process, more slowly. Nothing is lost.")
        self.facts["seconds"] += time.monotonic() - began
        lost = not math.isfinite(figures["loss"]) or (usual is not None and self.trainer.step > _SLACK and figures["loss"] > _RUN_AWAY * usual)
        if not lost:
            self._add_up(figures)
            if time.monotonic() - self._told > 0.2:
                self._tell("progress", f"round {self.facts['rounds'] + 1}", figures=figures)
        return not lost

    def _add_up(self, figures: dict[str, float]) -> None:
        """For the means over the round."""
        sums = self.facts["sums"]
        for name, value in [*figures.items(), ("steps", 1.0)]:
            sums[name] = sums.get(name, 0.0) + value

    def _end_round(self) -> None:
        began = time.monotonic()
        draft, trained = self.trainer.measured()
        if not gain_over(trained, draft) >= _COLLAPSED:
            self._go_back(why=f"The faces fell apart ({trained.l1:.0f} of 255 off, the draft {draft.l1:.0f})", slower=_MUCH_SLOWER)
            return
        faces = self._faces()
        steps = max(self.facts["sums"].get("steps", 0.0), 1.0)
        judged = {"stain": stain(self.target, faces)} if self.target is not None else {}
        if self._judge is not None:
            judged |= {name: value for name, value in self._judge(faces).as_dict().items() if math.isfinite(value)}
        self.facts |= {
            "rounds": self.facts["rounds"] + 1,
            "round_ends": self.trainer.step + self.steps_a_round,
            "returns": 0,
            "losses": {name: value / steps for name, value in self.facts["sums"].items() if name != "steps"},
            "sums": {},
            "draft": draft.as_dict(),
            "trained": trained.as_dict(),
            "gain": gain_over(trained, draft),
            "target": judged,
            "beats_draft": beats(trained, draft) and judged.get("stain", 0.0) <= STAIN_MOST,
        }
        self.checkpoints.save(self.trainer.state(self.facts))
        self._add_to_history(faces)
        self.facts["seconds"] += time.monotonic() - began

    def _add_to_history(self, faces: list[SwappedFace]) -> None:
        """The round's picture, figures and words, kept and told."""
        number = self.facts["rounds"]
        words = _in_words(self.facts)
        found = self._verdict = self._judged()
        made = self.history.add(
            self.trainer.facts(self.facts),
            batch=self.settings.batch,
            words=(words, *found.sentences()),
            verdict=found,
            picture=lambda path: self._show.write(path, self.trainer, faces, number=number),
        )
        figures = {**made.losses, **made.figures, "gain": made.gain, "beats_draft": float(made.better)}
        figures |= {"good": float(found.good), "enough": float(found.enough)}
        self._tell("preview", f"round {number}: {words}", preview=made.preview, figures=figures)
        self._tell("note", "; ".join(sentence.rstrip(".") for sentence in found.sentences()))

    def _judged(self) -> Verdict:
        """What is to be said of the last round, from it and those before it."""
        now = float(self.facts["seconds"])
        before = {made.number: made for made in self.history.rounds() if made.number < self.facts["rounds"] and made.seconds < now}
        rows = [before[number] for number in sorted(before)]
        detail = float(self.facts["trained"]["ssim"])
        return verdict(
            {name: value for name, value in self.facts["target"].items() if name != "stain"} | {"detail": detail},
            limits=self._limits,
            seconds=[*(made.seconds for made in rows), now],
            details=[*(made.figures["ssim"] for made in rows), detail],
            gains=[*(made.gain for made in rows), float(self.facts["gain"])],
        )

    def _faces(self) -> list[SwappedFace]:
        return self.trainer.faces(self.target) if self.target is not None else []

    def _go_back(self, *, why: str = "The error ran away", slower: float = _SLOWER) -> None:
        """To the last checkpoint (or the very start) at a lower rate, with other batches. Gives up after three times without a round between."""
        returns, seconds = self.facts["returns"] + 1, self.facts["seconds"]
        if returns > _MOST_RETURNS:
            raise TrainingDiverged(
                "The training does not hold: what it has learnt falls apart again and again.",
                why=f"It went back {_MOST_RETURNS} times at a lower rate, in vain. The last good checkpoint is kept.",
                remedy="set a lower train.learning_rate, or use the draft",
            )
        attempt, scale = self.trainer.attempt + 1, self.trainer.rate_scale * (slower if returns == 1 else _MUCH_SLOWER)
        state = self.checkpoints.newest()
        if state is not None:
            self.trainer.restore(state)
            self.facts = {**state.facts, "threads": self.facts["threads"]}
        else:
            self.trainer = Trainer(self.trainer.material, self.settings, self.trainer.team)
            self.facts["sums"] = {}
        self.facts |= {"returns": returns, "seconds": seconds}
        self.trainer.attempt, self.trainer.rate_scale = attempt, scale
        self._tell("warning", f"{why}: back to round {self.facts['rounds']}, on at {scale:g} of the learning rate")

    # -------------------------------------------------------------------------------------------------- how far it is

    def finished(self) -> bool:
        if self.settings.until != "time" and self._verdict is not None and self.facts["rounds"] > 0:
            return self._verdict.enough or (self.settings.until == "good" and self._verdict.good) or self._time_is_up()
        if self.settings.rounds:
            return self.facts["rounds"] >= self.settings.rounds
        return self._time_is_up() and self.facts["rounds"] > 0

    def _time_is_up(self) -> bool:
        if self.settings.until != "time":
            return self.facts["seconds"] >= _LONGEST
        return not self.settings.rounds and self.facts["seconds"] >= 60 * self.settings.minutes

    def _progress(self) -> float:
        if self.settings.until != "time":
            return _STEADY
        if self.settings.rounds:
            return self.trainer.step / (self.settings.rounds * self.steps_a_round)
        return self.facts["seconds"] / (60 * self.settings.minutes)

    def tell_end(self) -> None:
        self._tell("end", "training")

    def _tell(self, kind: Any, message: str, *, preview: Any = None, figures: dict[str, float] | None = None) -> None:
        self._told = time.monotonic()
        seconds, total = self.facts["seconds"], 60 * self.settings.minutes
        if self.settings.until != "time":
            left = self._verdict.seconds if self._verdict is not None else None
            done, whole = int(seconds), None if left is None else math.ceil(seconds + left)
        elif self.settings.rounds:
            done, whole = self.trainer.step, self.settings.rounds * self.steps_a_round
            left = seconds / done * (whole - done) if done and whole >= done else None
        else:
            done, whole, left = int(seconds), math.ceil(total), max(0.0, total - seconds)
        faces = self.trainer.step * self.settings.batch
        figures = {"round": float(self.facts["rounds"]), "faces": float(faces), "faces_per_second": faces / max(seconds, 1e-6), **(figures or {})}
        self.context.report(Event("train", kind, message, done, whole, left, self._told - self.began, preview, figures))


def _in_words(facts: dict[str, Any]) -> str:
    draft, trained, spot = facts["draft"], facts["trained"], facts["target"].get("stain", 0.0)
    if facts["beats_draft"]:
        verdict = f"{100 * (1 - math.exp(-facts['gain'])):.0f} % less error than the draft"
    elif spot > STAIN_MOST:
        verdict = f"not used: a stain on the target's face, {spot:.0f} of 255 off the draft's skin ({STAIN_MOST:.0f} are allowed)"
    else:
        verdict = "not yet better than the draft"
    return f"{verdict} (held-out pictures: {draft['l1']:.1f} -> {trained['l1']:.1f} of 255, sharpness {trained['sharpness']:.2f})"
