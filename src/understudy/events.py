"""One stream of events: what a stage is doing, how far it is and how long it will take. The terminal draws it; so will the browser.

Nothing below the command line prints; it reports.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .errors import Interrupted

StageName = Literal["weights", "probe", "shots", "gate", "extract", "faceset", "train", "render", "publish", "verify"]

TITLES: dict[StageName, str] = {
    "weights": "Networks",
    "probe": "Reading",
    "shots": "Cuts",
    "gate": "Refusal check",
    "extract": "Faces",
    "faceset": "Face pictures",
    "train": "Training",
    "render": "Merging",
    "publish": "Publishing",
    "verify": "Checking",
}
"""What each stage is called for a person."""
_GUARD_EVERY = 2.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Event:
    """One moment of one stage. `done` and `total` count the stage's own unit (frames, rounds …); total None = not known."""

    stage: StageName
    kind: Literal["start", "progress", "note", "warning", "preview", "skip", "end"]
    message: str
    done: int = 0
    total: int | None = None
    seconds_left: float | None = None
    seconds: float = 0.0
    """Since the stage began."""
    preview: Path | None = None
    figures: dict[str, float] = field(default_factory=dict)
    """Numbers of this moment, e.g. the loss."""


@dataclass(slots=True)
class Context:
    """What a running step may use of the world outside: somewhere to report, and a flag that asks it to stop."""

    report: Callable[[Event], None] = lambda event: None
    stop: threading.Event = field(default_factory=threading.Event)
    guard: Callable[[], None] = lambda: None
    """Asked every few seconds of long work; raises where the work may not go on."""
    _asked: float = field(default=0.0, repr=False)

    def check(self) -> None:
        """Raise Interrupted if somebody asked to stop, or what the guard raises. Call it at least ten times a second in long work."""
        if self.stop.is_set():
            raise Interrupted("Stopped.", why="Everything that was finished is kept.", remedy="run the same command again to go on")
        now = time.monotonic()
        if now - self._asked > _GUARD_EVERY:
            self._asked = now
            self.guard()


def guarded(context: Context, guard: Callable[[], None]) -> Context:
    """The same context, which also asks `guard` now and then."""
    return Context(context.report, context.stop, guard)


def duration(seconds: float) -> str:
    """Time in words: 4.2 s, 1 min 5 s, 2 h 3 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


class Meter:
    """Reports one stage's progress at most ten times a second, with the time left from the rate so far.

    Use as a context manager: it sends `start`, and `end` when the block succeeds.
    """

    def __init__(self, context: Context, stage: StageName, message: str, total: int | None = None) -> None:
        self.context, self.message, self.total = context, message, total
        self.stage: StageName = stage
        self.done = 0
        self._began = self._last = time.monotonic()
        self._first_done_at: float | None = None

    def __enter__(self) -> Meter:
        self._send("start")
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._send("end")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def step(self, n: int = 1, *, message: str | None = None, **figures: float) -> None:
        """Count n more done; report if a tenth of a second has passed; raise Interrupted if asked to stop."""
        self.context.check()
        self.done += n
        self.message = message or self.message
        now = time.monotonic()
        if now - self._last >= 0.1:
            self._last = now
            self._send("progress", figures)

    def note(self, message: str, *, warning: bool = False, preview: Path | None = None) -> None:
        self.context.report(
            Event(self.stage, "preview" if preview else "warning" if warning else "note", message, self.done, self.total, None, self.seconds, preview)
        )

    def _left(self) -> float | None:
        if not self.total or not self.done or self.done > self.total:
            return None
        return self.seconds / self.done * (self.total - self.done)

    def _send(self, kind: Literal["start", "progress", "end"], figures: dict[str, float] | None = None) -> None:
        self.context.report(Event(self.stage, kind, self.message, self.done, self.total, self._left(), self.seconds, None, figures or {}))
