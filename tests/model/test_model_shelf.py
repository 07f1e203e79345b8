"""Which checkpoints are kept, and going back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from understudy.errors import CheckpointMissing
from understudy.model import shelf
from understudy.model.checkpoint import Checkpoints, State


def saved(folder: Path, steps: range, *, keep: int = 10) -> Checkpoints:
    store = Checkpoints(folder, key="k", keep=keep)
    for step in steps:
        facts = {"step": step, "rounds": step, "seconds": 1500.0 * step, "gain": 0.1 * step, "beats_draft": True}
        store.save(State({"net.w": torch.full((2,), float(step))}, facts))
    return store


def standing(store: Checkpoints) -> int:
    state = store.newest()
    assert state is not None and state.tensors["net.w"][0] == state.step
    return state.step


def test_the_newest_the_best_and_one_an_hour_are_kept(tmp_path: Path) -> None:
    store = saved(tmp_path, range(1, 11), keep=2)
    worse = {"step": 11, "rounds": 11, "seconds": 16_500.0, "gain": 0.0, "beats_draft": False}
    store.save(State({"net.w": torch.zeros(2)}, worse))
    kept = [found.step for found in shelf.listed(tmp_path)]
    # 1500 s each: the hours begin with 3, 5, 8, 10; 10 is the best; 10 and 11 are the newest
    assert kept == [3, 5, 8, 10, 11]


def test_going_back_loses_nothing_and_goes_forward_again(tmp_path: Path) -> None:
    store = saved(tmp_path, range(1, 5))
    names = {found.step: found.name for found in shelf.listed(tmp_path)}
    back = shelf.go_back(tmp_path, names[2])
    assert back.step == 2 and standing(store) == 2
    best = store.best()
    assert best is not None and best.step == 2, "it renders, although others were better"
    assert {found.step: found.name for found in shelf.listed(tmp_path)} == names
    saved(tmp_path, range(3, 4))
    assert standing(store) == 3
    assert shelf.go_back(tmp_path, names[4]).step == 4 and standing(store) == 4
    assert sorted(found.step for found in shelf.listed(tmp_path)) == [1, 2, 3, 3, 4], "both of step 3 are there"


def test_broken_off_anywhere_it_is_finished_by_doing_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.rename
    for calls in range(4):
        folder = tmp_path / str(calls)
        store = saved(folder, range(1, 5))
        name = next(found.name for found in shelf.listed(folder) if found.step == 2)
        left = [calls]

        def rename(self: Path, to: Path, left: list[int] = left) -> Path:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return real(self, to)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", rename)
            with pytest.raises(KeyboardInterrupt) if calls < 3 else monkeypatch.context():
                shelf.go_back(folder, name)
        assert len(shelf.listed(folder)) == 4 and standing(store) >= 2
        assert shelf.go_back(folder, name).step == 2 and standing(store) == 2


def test_one_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    saved(tmp_path, range(1, 3))
    with pytest.raises(CheckpointMissing) as told:
        shelf.go_back(tmp_path, "00000009-1")
    assert all(found.name in told.value.why for found in shelf.listed(tmp_path))


def test_one_that_was_being_replaced_when_killed_takes_its_place_again(tmp_path: Path) -> None:
    store = saved(tmp_path, range(1, 3))
    (tmp_path / "step-00000002").rename(tmp_path / ".part-old-step-00000002")
    assert standing(store) == 2
