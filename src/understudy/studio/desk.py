"""What all pages of a running studio share: the memory, the queue, and the care that a worker is there for waiting jobs."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from .. import api
from ..home import home
from ..run.jobs import LANES, Job, Jobs, Lane
from .memory import Memory, Place, folder_name
from .portraits import Portraits
from .safety import MOST_STREAMS
from .uploads import Limits
from .worker import is_working, start_worker

_LOOK_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """Something that a page shows is not as it was. `what` is the name of a screen; `place` is '' where it concerns the whole studio."""

    number: int
    place: str
    what: str


@dataclass(slots=True)
class Desk:
    """One studio."""

    memory: Memory
    jobs: Jobs
    root: Path
    """Where new projects are made."""
    limits: Limits = field(default_factory=Limits)
    most_streams: int = MOST_STREAMS
    open_streams: int = 0
    portraits: Portraits = field(default_factory=Portraits)
    changes: deque[Change] = field(default_factory=lambda: deque(maxlen=256))
    """What pages changed at once, without a job, so that other windows look again. In this process alone: a new studio begins with new pages."""

    @classmethod
    def open(cls, *, root: Path | None = None, limits: Limits | None = None) -> Desk:
        return cls(Memory(), Jobs(), root or home() / "projects", limits or Limits())

    def close(self) -> None:
        self.memory.close()
        self.jobs.close()

    def new_place(self, name: str) -> Place:
        """A new, empty project of this name."""
        name = name.strip()[:80] or "Project"
        base, number = self.root / folder_name(name), 2
        while base.exists():
            base = self.root / f"{folder_name(name)}-{number}"
            number += 1
        base.mkdir(parents=True, mode=0o700)
        return self.memory.know(api.new(base / "film.understudy"), name=name)

    def work(self, kind: str, *, place: Place | None, args: dict[str, Any], lane: Lane = "work") -> Job:
        """Put a job into the queue. Raises ProjectBusy."""
        return self.jobs.add(kind, project=place.folder if place else None, args=args, lane=lane)

    def job_of(self, place: Place, *kinds: str) -> Job | None:
        """The newest job of a project, of these kinds where any are named; else of all that somebody asked for (nobody asks for small copies)."""
        return next((job for job in self.jobs.of(place.folder) if (job.kind in kinds if kinds else job.kind != "proxies")), None)

    def tell(self, what: str, place: Place | None = None) -> None:
        """Let all windows know that a screen of a project (or of the studio) has changed."""
        self.changes.append(Change(self.last_change + 1, place.place if place else "", what))

    @property
    def last_change(self) -> int:
        return self.changes[-1].number if self.changes else 0

    async def keep_workers(self) -> None:
        """As long as the studio runs: where work waits and nobody is at it, a worker is started."""
        while True:
            with contextlib.suppress(OSError):
                await run_in_threadpool(self._start_where_needed)
            await asyncio.sleep(_LOOK_EVERY)

    def _start_where_needed(self) -> None:
        for lane in LANES:
            if self.jobs.waiting(lane) and not is_working(lane):
                start_worker(lane)


def desk_of(request: Request) -> Desk:
    return request.app.state.desk


def place_of(request: Request, place: str) -> Place:
    """The project that an address names. Raises ProjectNotFound."""
    return desk_of(request).memory.place(place)
