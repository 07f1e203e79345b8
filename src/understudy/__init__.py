"""Understudy: consented, labelled face replacement. Start reading at `types.py`; programs import `understudy.api`."""

__version__ = "0.1.0"

import os as _os

# Threads of a network that wait for each other by spinning make it several times slower as soon as anything else runs on the machine.
_os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
