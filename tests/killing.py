"""Work in a process of its own that is killed in the middle, without a chance to tidy up."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable


def in_child(work: Callable[[], object]) -> int:
    """Run `work` in a process of its own; returns its exit code."""
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join(600)
    assert child.exitcode is not None
    return child.exitcode


def die(*_: object, **__: object) -> None:
    """SIGKILL to the process itself: put in the place of a function, it ends the work there."""
    os.kill(os.getpid(), signal.SIGKILL)
