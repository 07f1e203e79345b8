"""The whole state of a training in one folder for each checkpoint: written beside, flushed, checksummed, renamed. Kill it at any moment.

`tensors.safetensors` holds the network, its running mean and the optimiser; `facts.json` the counters and figures; `sums.json` the SHA-256 of
both. Nothing is pickled. A checkpoint that is torn or altered is recognised and passed over.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from safetensors.torch import load, save
from torch import Tensor

from ..config import TrainSettings
from ..errors import CheckpointBroken
from ..files import sync_folder, translate
from ..types import Faceset
from . import shelf
from .shelf import FACTS as _FACTS

VERSION = 6
"""Raised when a change of the network or its inputs makes older checkpoints useless."""
_TENSORS, _SUMS = "tensors.safetensors", "sums.json"
_PART = ".part-"
_OLD = ".part-old-"


@dataclass(frozen=True, slots=True)
class State:
    """Everything that a training needs to go on exactly. `facts` is JSON: `key` (what it belongs to), `step`, and what the loop puts in."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]

    @property
    def step(self) -> int:
        return int(self.facts["step"])

    @property
    def gain(self) -> float:
        """By how much it was measured to be better than the draft; minus infinity where it was not measured or is not better."""
        return shelf.gain_in(self.facts)


def key_of(faceset: Faceset, settings: TrainSettings, *, draft_id: str) -> str:
    """What a checkpoint belongs to: this set, this draft, this size of picture and this seed."""
    digest = hashlib.sha256(f"{VERSION} {draft_id} {settings.size} {settings.seed} {len(faceset)} {faceset.size}".encode())
    for array in (faceset.landmarks, faceset.vertex_rgb, faceset.frame_index):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


class Checkpoints:
    """The checkpoints in one folder that belong to `key`; of them the `keep` newest are kept, the best, and one for every hour of training."""

    def __init__(self, folder: Path, *, key: str, keep: int = 2) -> None:
        self.folder, self.key, self.keep = folder, key, keep
        self.passed_over: list[str] = []
        """Names of checkpoints that turned out to be damaged."""

    def save(self, state: State) -> Path:
        """Add one and remove those that are not kept any more. Raises DiskFull; what was there before stays."""
        tensors = save({name: value.detach().contiguous() for name, value in state.tensors.items()})
        facts = json.dumps({**state.facts, "key": self.key, "written": time.time()}, indent=1).encode()
        sums = json.dumps({_TENSORS: hashlib.sha256(tensors).hexdigest(), _FACTS: hashlib.sha256(facts).hexdigest()}).encode()
        name = f"step-{state.step:08d}"
        part, done = self.folder / f"{_PART}{name}", self.folder / name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            part.mkdir()
            for file, data in ((_TENSORS, tensors), (_FACTS, facts), (_SUMS, sums)):
                with (part / file).open("wb") as out:
                    out.write(data)
                    out.flush()
                    os.fsync(out.fileno())
            sync_folder(part)
            if done.exists():  # the same step again, measured this time
                done.rename(self.folder / f"{_OLD}{name}")
            part.rename(done)
            sync_folder(self.folder)
        except OSError as error:
            shutil.rmtree(part, ignore_errors=True)
            raise translate(error, done) from error
        self._sweep()
        self._prune()
        return done

    def newest(self) -> State | None:
        """The last whole one, or None where none was ever written. Raises CheckpointBroken where there are some but all are damaged."""
        self._sweep()
        return self._first(self._names()[::-1])

    def best(self) -> State | None:
        """The one that beats the draft by most, or None where none does. Damaged ones are passed over; raises CheckpointBroken where all are."""
        ranked = sorted(self._names(), key=lambda name: (self._gain(name), name), reverse=True)
        state = self._first(ranked)
        return state if state is not None and state.gain > float("-inf") else None

    def sum_of(self, state: State) -> str:
        """SHA-256 of a checkpoint's tensors: names the model."""
        return json.loads((self.folder / f"step-{state.step:08d}" / _SUMS).read_text(encoding="utf-8"))[_TENSORS]

    def _first(self, names: list[str]) -> State | None:
        damaged = []
        for name in names:
            state = _read(self.folder / name)
            if state is None:
                damaged.append(name)
            elif state.facts["key"] == self.key:
                self.passed_over = damaged
                return state
        if damaged:
            raise CheckpointBroken(
                f"None of the {len(damaged)} checkpoints in {self.folder} can be read.",
                why="Their checksums are off: the files were altered or the disk lost them.",
                remedy="delete that folder and train again",
            )
        return None

    def _names(self) -> list[str]:
        return shelf.names(self.folder)

    def _gain(self, name: str) -> float:
        return shelf.gain_in(shelf.facts_of(self.folder / name))

    def _sweep(self) -> None:
        """Remove what a killed run left half written; one that was about to be replaced takes its place again."""
        for path in self.folder.glob(f"{_PART}*"):
            name = path.name.removeprefix(_OLD)
            if path.name.startswith(_OLD) and not (self.folder / name).exists():
                path.rename(self.folder / name)
            else:
                shutil.rmtree(path, ignore_errors=True)

    def _prune(self) -> None:
        found = {name: shelf.facts_of(self.folder / name) for name in self._names()}
        mine = {name: facts for name, facts in found.items() if facts is not None and facts.get("key") == self.key}
        kept = shelf.to_keep(mine, newest=self.keep)
        shelf.remove(self.folder, [name for name in found if name not in kept])


def _read(folder: Path) -> State | None:
    """The checkpoint, or None where anything about it is off."""
    try:
        sums = json.loads((folder / _SUMS).read_text(encoding="utf-8"))
        tensors, facts = (folder / _TENSORS).read_bytes(), (folder / _FACTS).read_bytes()
        if sums != {_TENSORS: hashlib.sha256(tensors).hexdigest(), _FACTS: hashlib.sha256(facts).hexdigest()}:
            return None
        return State(load(tensors), json.loads(facts))
    except (OSError, ValueError, safetensors.SafetensorError):
        return None
