"""Which checkpoints of a folder are kept, which there are, and going back to one of them. Reads no tensors, so it is quick.

A checkpoint is a folder `step-00000048`. Going back puts all others aside (`aside-…`), where they stay, are listed, and can be gone back to in turn:
nothing is lost by it, and the folder then looks as if training had only come so far.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CheckpointMissing
from ..files import sync_folder, translate

FACTS = "facts.json"
_STEP, _ASIDE = "step-", "aside-"
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Kept:
    """One checkpoint, as it is listed."""

    name: str
    """By which it is named when going back: the step it stands at and when it was written."""
    path: Path
    step: int
    rounds: int
    seconds: float
    """Of training until then."""
    written: float
    """Seconds since 1970."""
    measured: bool
    """False for one that was saved in the middle of a round."""
    better: bool
    """Whether it was measured to be better than the draft."""
    gain: float
    """By how much (mean logarithm of the errors' ratios); 0 where it was not measured."""
    aside: bool
    """True where training stands elsewhere now."""
    facts: Mapping[str, Any]
    """Its counters and figures."""


def facts_of(folder: Path) -> dict[str, Any] | None:
    """The counters and figures of a checkpoint; None where they cannot be read."""
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) else None


def gain_in(facts: Mapping[str, Any] | None) -> float:
    """By how much a checkpoint was measured to be better than the draft; minus infinity where it was not measured or is not better."""
    return float(facts["gain"]) if facts and facts.get("beats_draft") else float("-inf")


def names(folder: Path) -> list[str]:
    """The checkpoints that training stands on, oldest first."""
    return sorted(path.name for path in folder.glob(f"{_STEP}*")) if folder.is_dir() else []


def listed(folder: Path) -> list[Kept]:
    """All that can be gone back to, oldest first; those whose facts cannot be read are left out."""
    found = []
    for path in [*folder.glob(f"{_STEP}*"), *folder.glob(f"{_ASIDE}*")]:
        facts = facts_of(path)
        if facts is not None and "rounds" in facts:
            found.append(_kept(path, facts))
    return sorted(found, key=lambda kept: (kept.written, kept.step))


def to_keep(facts: Mapping[str, Mapping[str, Any]], *, newest: int) -> set[str]:
    """Of checkpoints (name -> facts, oldest first): the `newest` last ones, the best, and the first of every hour of training."""
    order = sorted(facts)
    kept = set(order[-newest:])
    best = max(order, key=lambda name: (gain_in(facts[name]), name), default=None)
    if best is not None and gain_in(facts[best]) > float("-inf"):
        kept.add(best)
    hours: set[int] = set()
    for name in order:
        hour = int(float(facts[name].get("seconds", 0.0)) // _HOUR)
        if hour not in hours and hour > 0:
            kept.add(name)
        hours.add(hour)
    return kept


def go_back(folder: Path, name: str) -> Kept:
    """Let training stand at the checkpoint `name`; all others are put aside. Killed in the middle, it is done by doing it again.

    Raises CheckpointMissing, DiskFull, OutputNotWritable.
    """
    known = {kept.name: kept for kept in listed(folder)}
    if name not in known:
        there = ", ".join(known) or "none"
        raise CheckpointMissing(
            f"There is no checkpoint '{name}'.",
            why=f"Those that there are: {there}.",
            remedy="name one of them; see: understudy train --go-back",
        )
    wanted = known[name]
    standing = folder / f"{_STEP}{wanted.step:08d}"
    try:
        # the newest first: broken off anywhere, training stands at a checkpoint that was there
        for other in sorted((kept for kept in known.values() if not kept.aside and kept != wanted), key=lambda kept: -kept.step):
            other.path.rename(_free(folder / f"{_ASIDE}{other.name}"))
        if wanted.aside:
            wanted.path.rename(standing)
        sync_folder(folder)
    except OSError as error:
        raise translate(error, standing) from error
    facts = facts_of(standing)
    assert facts is not None
    return _kept(standing, facts)


def remove(folder: Path, gone: Sequence[str]) -> None:
    for name in gone:
        shutil.rmtree(folder / name, ignore_errors=True)


def _kept(path: Path, facts: Mapping[str, Any]) -> Kept:
    step, written = int(facts["step"]), float(facts.get("written", 0.0))
    return Kept(
        name=path.name.removeprefix(_ASIDE) if path.name.startswith(_ASIDE) else f"{step:08d}-{int(written)}",
        path=path,
        step=step,
        rounds=int(facts["rounds"]),
        seconds=float(facts.get("seconds", 0.0)),
        written=written,
        measured=facts.get("gain") is not None,
        better=bool(facts.get("beats_draft")),
        gain=float(facts.get("gain") or 0.0),
        aside=path.name.startswith(_ASIDE),
        facts=facts,
    )


def _free(path: Path) -> Path:
    """`path`, or with a number where that is taken."""
    number, found = 1, path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.name}-{number}")
    return found
