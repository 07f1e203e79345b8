"""The stage contract: a piece of work has a key, is done once, and leaves either its whole result or nothing.

A stage's key is the hash of everything that its result depends on. The engine that runs stages (`run.local`) knows only this file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CODE_VERSION = 4
"""Raised when a change of the code changes what stages produce, so that old results are made anew."""


def stage_key(*parts: Any) -> str:
    """SHA-256 in hex over the JSON of the parts (numbers, strings, lists, dicts) and the code's version."""
    text = json.dumps([CODE_VERSION, *parts], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of work, usually one shot: `work` writes `output` whole (by way of a `.part`) and returns a small report."""

    key: str
    subject: str
    output: Path
    work: Callable[[], dict[str, Any]]
