"""Real-time threads made usual ones again.

The AV1 encoder, run by the administrator (as in a container), puts its threads and the one that called it on the real-time schedule, before
everything else on the machine; programs started later inherit that, and the machine stands still.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_TASKS = Path("/proc/self/task")


def leave_real_time() -> None:
    """Put every thread of this process that is on a real-time schedule back on the usual one. Does nothing where the system has no such thing."""
    if not _TASKS.is_dir():
        return
    for task in _TASKS.iterdir():
        # a thread may end while it is looked at
        with suppress(OSError):
            if os.sched_getscheduler(int(task.name)) in (os.SCHED_FIFO, os.SCHED_RR):
                os.sched_setscheduler(int(task.name), os.SCHED_OTHER, os.sched_param(0))
