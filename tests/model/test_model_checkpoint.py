"""Checkpoints: whole or not at all, the right ones kept, damaged ones recognised."""

from __future__ import annotations

import errno
import json
import os
import resource
from pathlib import Path

import pytest
import torch

from understudy.errors import CheckpointBroken, DiskFull
from understudy.model.checkpoint import Checkpoints, State


def state(step: int, gain: float | None = None, *, beats: bool = True) -> State:
    return State({"net.a": torch.full((50, 50), float(step))}, {"step": step, "gain": gain, "beats_draft": beats and gain is not None})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    store = Checkpoints(tmp_path / "model", key="k")
    assert store.newest() is None and store.best() is None
    store.save(state(3, 0.1))
    back = Checkpoints(tmp_path / "model", key="k").newest()
    assert back is not None and back.step == 3 and back.facts["gain"] == 0.1
    assert torch.equal(back.tensors["net.a"], torch.full((50, 50), 3.0))
    assert Checkpoints(tmp_path / "model", key="other").newest() is None


def test_the_newest_and_the_best_are_kept(tmp_path: Path) -> None:
    store = Checkpoints(tmp_path, key="k", keep=2)
    for step, gain in ((1, 0.1), (2, 0.5), (3, 0.2), (4, 0.9), (5, None), (6, 0.3)):
        store.save(state(step, gain, beats=step != 4))
    assert names(tmp_path) == ["step-00000002", "step-00000005", "step-00000006"]
    best = store.best()
    assert best is not None and best.step == 2


def test_none_is_best_where_none_beats_the_draft(tmp_path: Path) -> None:
    store = Checkpoints(tmp_path, key="k")
    store.save(state(1, 0.5, beats=False))
    assert store.best() is None


def test_those_of_another_set_are_neither_used_nor_kept(tmp_path: Path) -> None:
    Checkpoints(tmp_path, key="old").save(state(9, 0.9))
    store = Checkpoints(tmp_path, key="new")
    assert store.newest() is None
    store.save(state(1, 0.1))
    assert names(tmp_path) == ["step-00000001"]


@pytest.mark.parametrize("damage", ["cut", "flip", "gone", "facts", "sums"])
def test_a_damaged_one_is_passed_over(tmp_path: Path, damage: str) -> None:
    store = Checkpoints(tmp_path, key="k")
    store.save(state(1, 0.1))
    torn = store.save(state(2, 0.2))
    tensors = torn / "tensors.safetensors"
    data = tensors.read_bytes()
    if damage == "cut":
        tensors.write_bytes(data[:-100])
    elif damage == "flip":
        tensors.write_bytes(data[:-100] + bytes([data[-100] ^ 1]) + data[-99:])
    elif damage == "gone":
        tensors.unlink()
    elif damage == "facts":
        facts = json.loads((torn / "facts.json").read_text())
        (torn / "facts.json").write_text(json.dumps({**facts, "gain": 5.0}))
    else:
        (torn / "sums.json").write_text("{")
    for found in (store.newest(), store.best()):
        assert found is not None and found.step == 1
    assert store.passed_over == ["step-00000002"]


def test_all_damaged_is_said(tmp_path: Path) -> None:
    store = Checkpoints(tmp_path, key="k")
    (store.save(state(1)) / "tensors.safetensors").write_bytes(b"x")
    with pytest.raises(CheckpointBroken):
        store.newest()


@pytest.mark.parametrize("fault", ["limit", "fsync"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    store = Checkpoints(tmp_path, key="k")
    store.save(state(1, 0.1))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    if fault == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, limits[1]))
    else:

        def full(handle: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
    try:
        with pytest.raises(DiskFull):
            store.save(state(2, 0.2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert names(tmp_path) == ["step-00000001"]
    newest = store.newest()
    assert newest is not None and newest.step == 1


def test_what_a_killed_run_left_half_written_goes_away(tmp_path: Path) -> None:
    (tmp_path / ".part-step-00000001").mkdir()
    (tmp_path / ".part-step-00000001" / "tensors.safetensors").write_bytes(b"x")
    store = Checkpoints(tmp_path, key="k")
    assert store.newest() is None
    store.save(state(2))
    assert names(tmp_path) == ["step-00000002"]
