"""Training from beginning to end: it starts at the draft, gets better, and is not lost by anything."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from actors import FACE, PERFORMER
from nearest import Nearest

from understudy.config import Settings, TrainSettings
from understudy.errors import ConsentMissing, ConsentScope, DiskFull, Interrupted, TrainingDiverged
from understudy.events import Context, Event
from understudy.model.checkpoint import Checkpoints, State, key_of
from understudy.train.batches import Batch, Material, split
from understudy.train.drafts import apart_for, make_drafts
from understudy.train.loop import learn, train
from understudy.train.trainer import Trainer
from understudy.types import Faceset

SMALL = TrainSettings(rounds=3, faces_per_round=16, batch=4, size=128, threads=1)


def go(faceset: Faceset, folder: Path, *, settings: TrainSettings = SMALL, report: Callable[[Event], None] = lambda e: None, stop=None):
    context = Context(report=report, stop=stop or threading.Event())
    return learn(faceset, Nearest(faceset), folder=folder, settings=settings, context=context, previews=folder / "previews")


def last(faceset: Faceset, folder: Path, settings: TrainSettings = SMALL) -> State:
    state = Checkpoints(folder, key=key_of(faceset, settings, draft_id="nearest")).newest()
    assert state is not None
    return state


def same(a: State, b: State) -> bool:
    """To the bit; times differ."""
    facts = [{k: v for k, v in s.facts.items() if k not in ("seconds", "written")} for s in (a, b)]
    return facts[0] == facts[1] and a.tensors.keys() == b.tensors.keys() and all(torch.equal(a.tensors[k], b.tensors[k]) for k in a.tensors)


def steps(faceset: Faceset, folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("step-*"))


@pytest.fixture(scope="module")
def finished(faceset: Faceset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training that nothing disturbed."""
    folder = tmp_path_factory.mktemp("finished")
    go(faceset, folder)
    return folder


def trainer_for(faceset: Faceset, folder: Path, **settings: object) -> Trainer:
    drafts = make_drafts(faceset, Nearest(faceset), size=128, folder=folder, threads=1, context=Context())
    return Trainer(Material(faceset, drafts), SMALL.model_copy(update=settings))


def test_it_starts_at_the_draft_and_the_error_falls(faceset: Faceset, tmp_path: Path) -> None:
    trainer = trainer_for(faceset, tmp_path)
    draft, trained = trainer.measured()
    assert trained.l1 == pytest.approx(draft.l1, rel=0.01) and trained.ssim == pytest.approx(draft.ssim, rel=0.01)
    losses = [trainer.learn(0.0)["loss"] for _ in range(32)]
    assert np.mean(losses[-8:]) < 0.9 * np.mean(losses[:8])
    draft, trained = trainer.measured()
    assert trained.l1 < draft.l1 and trained.ssim > draft.ssim


def test_a_round_leaves_a_checkpoint_a_preview_and_an_event(faceset: Faceset, tmp_path: Path) -> None:
    events: list[Event] = []
    report = go(faceset, tmp_path, report=events.append)
    assert report.rounds == 3 and report.faces == 48 and report.steps == 12
    assert steps(faceset, tmp_path) == ["step-00000004", "step-00000008", "step-00000012"]
    previews = [event for event in events if event.kind == "preview"]
    assert len(previews) == 3 and all(event.preview is not None and event.preview.stat().st_size > 5_000 for event in previews)
    assert {"l1", "draft_l1", "ssim", "sharpness", "gain", "faces_per_second"} <= previews[-1].figures.keys()
    assert all(event.stage == "train" for event in events) and events[-1].kind == "end"
    assert report.as_dict()["draft"]["l1"] > 0
    again = go(faceset, tmp_path)
    assert again.steps == 12, "what is done is not done again"


def test_held_out_pictures_are_never_trained_on(faceset: Faceset, tmp_path: Path) -> None:
    material = trainer_for(faceset, tmp_path).material
    assert set(material.measured()) <= set(material.held)
    assert not set(material.held) & set(material.train) and not set(material.textures.rows) & set(material.held)
    for n in (24, 48, 500, 4000):
        held, rest = split(n)
        assert 0.05 * n <= len(held) <= 0.16 * n and len(rest) >= 0.7 * n
        assert np.abs(held[:, None] - rest[None]).min() > min(4, n // 20)


def test_no_texture_gives_the_answer_away(faceset: Faceset, tmp_path: Path) -> None:
    material = trainer_for(faceset, tmp_path).material
    row = int(material.textures.rows[0])
    assert material.allowed[row, 0] == 0 and material.allowed[max(0, row - apart_for(len(faceset))), 0] == 0
    assert material.allowed[(row + 20) % len(faceset), 0] == 1


def test_a_stop_saves_in_the_middle_of_a_round_and_goes_on_there_exactly(
    faceset: Faceset, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, real = threading.Event(), Trainer.learn

    def asked_to_stop(self: Trainer, progress: float) -> dict[str, float]:
        if self.step in (1, 6, 7):  # a round has four
            stop.set()
        return real(self, progress)

    monkeypatch.setattr(Trainer, "learn", asked_to_stop)
    for step in (2, 7, 8):
        with pytest.raises(Interrupted):
            go(faceset, tmp_path, stop=stop)
        stop.clear()
        assert last(faceset, tmp_path).facts["step"] == step
    go(faceset, tmp_path, stop=stop)
    assert same(last(faceset, tmp_path), last(faceset, finished))


def test_a_kill_loses_no_more_than_the_running_round(faceset: Faceset, finished: Path, tmp_path: Path) -> None:
    """Killed three times at different places, in a process of its own; then finished."""
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "import test_train_loop as t; from nearest import small_set\n"
        "t.go(small_set(Path(sys.argv[2])), Path(sys.argv[3]))"
    )
    here, set_folder = Path(__file__).parent, Path(faceset.crops.filename).parent  # type: ignore[attr-defined]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here.parent), os.environ.get("PYTHONPATH", "")])}
    for wait_for in ("drafts-*/checks.npy", "step-*", "step-00000008"):
        process = subprocess.Popen([sys.executable, "-c", script, str(here), str(set_folder), str(tmp_path)], env=environment)
        deadline = time.monotonic() + 240
        while not list(tmp_path.glob(wait_for)) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    go(faceset, tmp_path)
    assert same(last(faceset, tmp_path), last(faceset, finished))


def test_damaged_drafts_and_a_torn_checkpoint_are_made_again(faceset: Faceset, finished: Path, tmp_path: Path) -> None:
    go(faceset, tmp_path)
    newest = tmp_path / "step-00000012" / "tensors.safetensors"
    newest.write_bytes(newest.read_bytes()[:1000])
    (rgb,) = tmp_path.glob("drafts-*/rgb.npy")
    with rgb.open("rb+") as file:
        file.seek(200_000)
        file.write(bytes(5_000))
    events: list[Event] = []
    go(faceset, tmp_path, report=events.append)
    assert any(event.kind == "warning" and "step-00000012" in event.message for event in events)
    assert same(last(faceset, tmp_path), last(faceset, finished))


def test_a_full_disk_is_told_and_costs_nothing(faceset: Faceset, finished: Path, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(DiskFull):
            go(faceset, tmp_path / "at-once")
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, limits[1]))  # enough for the drafts
        with pytest.raises(DiskFull):
            go(faceset, tmp_path / "later")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    for folder in ("at-once", "later"):
        go(faceset, tmp_path / folder)
        assert same(last(faceset, tmp_path / folder), last(faceset, finished))


def test_a_lost_error_goes_back_at_half_the_rate(faceset: Faceset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, spoiled = Trainer.learn, []

    def once(self: Trainer, progress: float) -> dict[str, float]:
        if self.step == 6 and not spoiled:
            spoiled.append(1)
            with torch.no_grad():
                self.net.stem.weight.fill_(float("nan"))
        return real(self, progress)

    monkeypatch.setattr(Trainer, "learn", once)
    events: list[Event] = []
    report = go(faceset, tmp_path, report=events.append)
    assert report.rounds == 3
    assert any(event.kind == "warning" and "0.5" in event.message for event in events)
    state = last(faceset, tmp_path)
    assert state.facts["rate_scale"] == 0.5 and state.facts["attempt"] == 1
    assert all(torch.isfinite(tensor).all() for tensor in state.tensors.values())


def test_a_collapse_is_noticed_within_the_round_and_goes_on_more_slowly(faceset: Faceset, tmp_path: Path) -> None:
    """Hundreds of times the usual learning rate: every number stays finite, and the faces are ruined."""
    events: list[Event] = []
    report = go(faceset, tmp_path, settings=SMALL.model_copy(update={"learning_rate": 0.7, "faces_per_round": 64}), report=events.append)
    told = [event.message for event in events if event.kind == "warning"]
    assert any("fell apart" in words or "ran away" in words for words in told)
    assert report.rounds == 3 and report.trained["l1"] < 1.35 * report.draft["l1"]


def test_an_error_that_stays_lost_is_given_up(faceset: Faceset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Trainer.learn

    def spoiled(self: Trainer, progress: float) -> dict[str, float]:
        return real(self, progress) if self.step < 5 else {"loss": float("nan")}

    monkeypatch.setattr(Trainer, "learn", spoiled)
    with pytest.raises(TrainingDiverged):
        go(faceset, tmp_path)
    assert last(faceset, tmp_path).facts["rounds"] == 1


def test_two_processes_learn_what_one_learns_and_a_lost_helper_costs_nothing(
    faceset: Faceset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, drawn, events = Trainer.learn, Material.batch, list[Event]()
    losses: dict[int, list[float]] = {1: [], 2: []}
    shares: set[tuple[int, int]] = set()
    processes = 1

    def watched(self: Trainer, progress: float) -> dict[str, float]:
        if processes == 2 and self.step == 9:
            (helper,) = multiprocessing.active_children()
            helper.kill()
            helper.join()
        figures = real(self, progress)
        losses[processes].append(figures["loss"])
        return figures

    def counted(self: Material, rows: np.ndarray) -> Batch:
        if len(rows) > 1:  # pictures that are measured come one by one
            shares.add((processes, len(rows)))
        return drawn(self, rows)

    monkeypatch.setattr(Trainer, "learn", watched)
    monkeypatch.setattr(Material, "batch", counted)
    for processes in (1, 2):
        go(faceset, tmp_path / str(processes), settings=SMALL.model_copy(update={"processes": processes}), report=events.append)
    assert len(losses[1]) == 12 and losses[2] == pytest.approx(losses[1], rel=1e-3)
    assert shares == {(1, 4), (2, 2), (2, 4)}, "half of each step, and the whole when the helper is gone"
    assert [event.message for event in events if event.kind == "warning"] == [
        "A helper process has ended; the training goes on in one process, more slowly. Nothing is lost."
    ]
    assert not multiprocessing.active_children()
    assert last(faceset, tmp_path / "2").facts["rounds"] == 3


def test_minutes_are_kept_and_progress_has_its_time(faceset: Faceset, tmp_path: Path) -> None:
    events: list[Event] = []
    settings = SMALL.model_copy(update={"rounds": 0, "minutes": 0.05})
    report = go(faceset, tmp_path, settings=settings, report=events.append)
    assert report.seconds >= 3 and report.rounds >= 1
    lefts = [event.seconds_left for event in events if event.kind == "progress"]
    assert lefts and all(left is not None and 0 <= left <= 3 for left in lefts)
    more = go(faceset, tmp_path, settings=settings.model_copy(update={"minutes": (report.seconds + 1) / 60}))
    assert more.steps > report.steps


def test_without_a_permit_nothing_is_learnt(faceset: Faceset, tmp_path: Path) -> None:
    for permit, error in ((None, ConsentMissing), (PERFORMER, ConsentScope)):
        with pytest.raises(error):
            train(faceset, folder=tmp_path / "m", settings=Settings(), permit=permit, context=Context(), previews=tmp_path)  # type: ignore[arg-type]
    assert not (tmp_path / "m").exists()


def test_a_very_small_set_is_left_to_the_draft(faceset: Faceset, tmp_path: Path) -> None:
    few = dataclasses.replace(
        faceset, **{f.name: getattr(faceset, f.name)[:10] for f in dataclasses.fields(faceset) if f.name not in ("identity_id", "glasses")}
    )
    report = train(few, folder=tmp_path, settings=Settings(train=SMALL), permit=FACE, context=Context(), previews=tmp_path)
    assert not report.beats_draft and report.steps == 0
