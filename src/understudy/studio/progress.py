"""From a job's events to what a person wants to know: which steps there are, which is being done, how far it is and how long it still takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from ..run.jobs import Job, Jobs, Seen

StepState = Literal["waiting", "running", "done", "stopped"]
_LOOK = ("shots", "gate", "extract", "faceset")
STEPS: dict[str, tuple[str, ...]] = {
    "make": ("look", "first", "learn", "final"),
    "make-draft": ("look", "final"),
    "check": ("look",),
    "people": ("look",),
    "faces": ("look",),
    "pack": ("look",),
    "unpack": ("look",),
    "layers": ("look", "final"),
    "extract": ("look",),
    "train": ("look", "learn"),
    "render": ("look", "final"),
    "publish": ("look", "final"),
    "verify": ("verify",),
    "proxies": ("copies",),
}
"""What each kind of job goes through, in words of the catalogue (`step.…`)."""


@dataclass(slots=True)
class Step:
    """One line of the list. `share` is of the pass `stage` that is running, 0..1; None: not known."""

    name: str
    state: StepState = "waiting"
    stage: str = ""
    done: int = 0
    total: int | None = None
    left: float | None = None
    seconds: float = 0.0

    @property
    def share(self) -> float | None:
        return min(1.0, self.done / self.total) if self.total else None


@dataclass(slots=True)
class Progress:
    """Where a job is."""

    job: Job
    steps: list[Step]
    notes: list[str] = field(default_factory=list)
    """What the program remarked, in its own words."""
    figures: dict[str, float] = field(default_factory=dict)
    """The newest numbers of the training."""
    began: float = 0.0

    @property
    def now(self) -> Step | None:
        return next((step for step in self.steps if step.state in ("running", "stopped")), None)


def steps_of(job: Job) -> tuple[str, ...]:
    if job.kind == "make" and not job.args.get("trains", True):
        return STEPS["make-draft"]
    return STEPS[job.kind]


def progress_of(jobs: Jobs, job: Job) -> Progress:
    """Read the newest try of a job."""
    events = jobs.events(number=job.job, limit=100_000)
    begun = max((i for i, seen in enumerate(events) if seen.stage == "job" and seen.kind == "running"), default=0)
    return _fold(job, events[begun:])


def _fold(job: Job, events: Iterable[Seen]) -> Progress:
    progress = Progress(job, [Step(name) for name in steps_of(job)])
    at, trained, merged = 0, False, False
    last: float | None = None
    for seen in events:
        progress.began = progress.began or seen.at
        if seen.stage == "job":
            continue
        if seen.kind in ("note", "warning") and seen.stage != "train":
            if seen.kind == "warning":
                progress.notes.append(str(seen.body["message"]))
            continue
        trained = trained or seen.stage == "train"
        merged = merged or seen.stage in ("render", "publish")
        now = _place(progress.steps, seen.stage, trained=trained, merged=merged, at=at)
        for step in progress.steps[at:now]:
            step.state = "done"
            step.seconds += seen.at - (last or seen.at)
            last = seen.at
        at = now
        _note(progress, progress.steps[at], seen.stage, seen.kind, seen.body)
        last = last or seen.at
        progress.steps[at].seconds = seen.at - last
    _close(progress, at)
    return progress


def _place(steps: list[Step], stage: str, *, trained: bool, merged: bool, at: int) -> int:
    """Which step a pass belongs to; never an earlier one."""
    names = [step.name for step in steps]
    wanted = "look" if stage in _LOOK and not merged and not trained else None
    if stage == "train":
        wanted = "learn"
    elif stage in ("render", "publish"):
        wanted = "final" if trained or "first" not in names else "first"
    elif stage == "verify":
        wanted = "verify"
    elif "copies" in names:
        wanted = "copies"
    return max(at, names.index(wanted)) if wanted in names else at


def _note(progress: Progress, step: Step, stage: str, kind: str, body: dict[str, Any]) -> None:
    step.state = "running"
    if kind in ("start", "progress", "end", "preview"):
        step.stage, step.done, step.total, step.left = stage, body["done"], body["total"], body["seconds_left"]
    if kind == "end":
        step.left = 0.0
    if kind == "preview":
        progress.figures = body["figures"]


def _close(progress: Progress, at: int) -> None:
    """The job's own state says how the steps stand."""
    job, steps = progress.job, progress.steps
    if job.state == "done":
        for step in steps:
            step.state = "done"
    elif job.state in ("stopped", "failed"):
        steps[at].state = "stopped"
    elif job.state == "running" and steps[at].state == "waiting":
        steps[at].state = "running"
    elif job.state == "queued":
        for step in steps:
            step.state = "waiting"
