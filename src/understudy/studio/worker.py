"""The process that does the long work: `python -m understudy.studio.worker work`. It belongs to no server, so a server that ends does not end it.

It takes jobs of its lane until there have been none for a while. Only one lives at a time for each lane: it holds a lock, which the system lets
go of when it dies, however it dies.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from ..crash import write_crash
from ..errors import Interrupted, UnderstudyError
from ..events import Context, Event
from ..files import private_folder
from ..home import home
from ..run.jobs import LANES, Job, Jobs, Lane, error_dict
from .work import KINDS

IDLE_SECONDS = 10.0
"""How long a worker waits for more before it goes."""
_PROGRESS_EVERY = 0.25


class Lock:
    """A lane's lock; `held` is False where another worker has it."""

    def __init__(self, lane: Lane) -> None:
        path = home() / "studio" / f"worker-{lane}.lock"
        private_folder(path.parent)
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.held = True
        except BlockingIOError:
            self.held = False

    def close(self) -> None:
        os.close(self._handle)


def is_working(lane: Lane) -> bool:
    """Whether a worker of this lane is alive."""
    lock = Lock(lane)
    lock.close()
    return not lock.held


def start_worker(lane: Lane) -> None:
    """Start a worker of its own that outlives whoever starts it. What it prints goes into a log in the user's home."""
    log = home() / "studio" / f"worker-{lane}.log"
    private_folder(log.parent)
    if log.is_file() and log.stat().st_size > 1 << 20:
        log.unlink()
    with log.open("ab") as out:
        subprocess.Popen(
            [sys.executable, "-m", "understudy.studio.worker", lane],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            close_fds=True,
        )


def main(lane: Lane) -> int:
    lock = Lock(lane)
    if not lock.held:
        return 0
    leave = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: leave.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs = Jobs()
    jobs.recover(lane)
    last = time.monotonic()
    while not leave.is_set() and time.monotonic() - last < IDLE_SECONDS:
        job = jobs.claim(lane)
        if job is None:
            leave.wait(0.3)
            continue
        _do(jobs, job, leave)
        last = time.monotonic()
    jobs.close()
    lock.close()
    return 0


def _do(jobs: Jobs, job: Job, leave: threading.Event) -> None:
    """One job, from beginning to end; how it ends is told to the queue."""
    context = Context(report=_Reporter(jobs, job.job))
    done = threading.Event()
    watch = threading.Thread(target=_watch, args=(jobs, job.job, context, leave, done), daemon=True)
    watch.start()
    try:
        result = KINDS[job.kind](Path(job.project), job.args, context)
    except Interrupted:
        if leave.is_set() and not jobs.wants_stop(job.job):
            jobs.back(job.job)
        else:
            jobs.end(job.job, "stopped")
    except UnderstudyError as error:
        jobs.end(job.job, "failed", error=error_dict(error))
    except Exception as error:
        report = write_crash(error, ["studio", job.kind])
        jobs.end(job.job, "failed", error={"code": "crash", "what": str(error) or type(error).__name__, "why": "", "remedy": str(report)})
    else:
        jobs.end(job.job, "done", result=result)
    finally:
        done.set()
        watch.join()


def _watch(jobs: Jobs, number: int, context: Context, leave: threading.Event, done: threading.Event) -> None:
    while not done.wait(0.3):
        if leave.is_set() or jobs.wants_stop(number):
            context.stop.set()
            return


class _Reporter:
    """Puts events into the queue; progress not more often than a person sees."""

    def __init__(self, jobs: Jobs, number: int) -> None:
        self._jobs, self._number = jobs, number
        self._told: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        now = time.monotonic()
        if event.kind == "progress" and now - self._told.get(event.stage, 0.0) < _PROGRESS_EVERY:
            return
        self._told[event.stage] = now
        self._jobs.report(self._number, event)


def _lane(words: list[str]) -> Any:
    if len(words) != 1 or words[0] not in LANES:
        raise SystemExit(f"usage: python -m understudy.studio.worker {'|'.join(LANES)}")
    return words[0]


if __name__ == "__main__":
    sys.exit(main(_lane(sys.argv[1:])))
