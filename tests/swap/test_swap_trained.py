"""The draft and the network joined: only what beats the draft is used."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from actors import FACE, PERFORMER
from nearest import Nearest, small_set

from understudy.config import Settings, TrainSettings
from understudy.errors import CheckpointBroken, ConsentMissing, ConsentScope
from understudy.events import Context
from understudy.faces.align import take_crop
from understudy.faces.mesh import mouth_opening
from understudy.model.checkpoint import Checkpoints, State, key_of
from understudy.swap.draft import DraftSwapper
from understudy.swap.drive import performance_of_faceset
from understudy.swap.mouth import opening
from understudy.swap.planner import DraftDrive
from understudy.swap.swapper import Swapper
from understudy.swap.trained import TrainedSwapper, corrected
from understudy.train.loop import learn
from understudy.types import FaceCrop, Faceset, Performance
from understudy.video.read import read_frames

SETTINGS = Settings(train=TrainSettings(rounds=2, faces_per_round=48, batch=4, size=128, threads=1))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Faceset:
    return small_set(tmp_path_factory.getbasetemp() / "small-set")


@pytest.fixture(scope="module")
def folder(small: Faceset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training too short to be better everywhere, with a checkpoint that says it is."""
    folder = tmp_path_factory.mktemp("trained")
    report = learn(small, Nearest(small), folder=folder, settings=SETTINGS.train, context=Context(), previews=folder)
    assert report.trained["ssim"] > report.draft["ssim"]
    return copy_with(folder, tmp_path_factory.mktemp("best"), small, beats_draft=True, gain=0.1)


def opened(small: Faceset, folder: Path) -> Swapper:
    return corrected(Nearest(small), folder, small, settings=SETTINGS)


def copy_with(folder: Path, to: Path, small: Faceset, *, change_net: float = 0.0, **facts: object) -> Path:
    """The newest checkpoint with its tensors scaled up or facts changed, alone in a folder."""
    key = key_of(small, SETTINGS.train, draft_id="nearest")
    state = Checkpoints(folder, key=key).newest()
    assert state is not None
    tensors = {name: value + change_net * torch.randn(value.shape) if value.is_floating_point() else value for name, value in state.tensors.items()}
    Checkpoints(to, key=key).save(State(tensors, {**state.facts, **facts}))
    return to


def test_it_changes_the_face_and_nothing_else(small: Faceset, folder: Path) -> None:
    base, trained = Nearest(small), opened(small, folder)
    performance = performance_of_faceset(small)
    crop = FaceCrop(np.asarray(small.crops[20]), small.crop_from_frame[20])
    before, after = (s.swap(crop, base.plan(performance, apart=4)[20]) for s in (base, trained))
    changed = np.abs(after.rgb - before.rgb).max(-1)
    assert changed.max() > 2 and changed[before.alpha == 0].max() == 0
    np.testing.assert_array_equal(after.alpha, before.alpha)
    assert after.rgb.dtype == np.float32 and after.rgb.min() >= 0 and after.rgb.max() <= 255
    truth = np.asarray(small.crops[20], np.float32)
    errors = [(np.abs(face.rgb - truth).mean(-1) * before.alpha).sum() for face in (before, after)]
    assert errors[1] < errors[0]


@pytest.mark.parametrize("size", [128, 160, 192, 320])
def test_any_size_shows_the_same_correction(small: Faceset, folder: Path, size: int) -> None:
    base, trained = Nearest(small), opened(small, folder)
    performance = performance_of_faceset(small)
    drive = base.plan(performance, apart=4)[20]
    factor = size / small.size
    mesh = drive.mesh * np.float32(factor)
    mesh[:, :2] += factor / 2 - 0.5
    large = replace(drive, mesh=mesh)
    crop = FaceCrop(np.zeros((size, size, 3), np.uint8), np.eye(2, 3, dtype=np.float32))
    face, draft = trained.swap(crop, large), base.swap(crop, large)
    assert face.rgb.shape == (size, size, 3) and np.isfinite(face.rgb).all()
    small_crop = FaceCrop(np.asarray(small.crops[20]), small.crop_from_frame[20])
    reference = trained.swap(small_crop, drive).rgb - base.swap(small_crop, drive).rgb
    change = face.rgb - draft.rgb
    means = [d[d.shape[0] // 4 : 3 * d.shape[0] // 4, d.shape[0] // 4 : 3 * d.shape[0] // 4].mean((0, 1)) for d in (reference, change)]
    np.testing.assert_allclose(means[1], means[0], atol=0.6)


def test_a_borrowed_mouth_is_left_alone(small: Faceset, folder: Path) -> None:
    base, trained = Nearest(small), opened(small, folder)
    wide = int(mouth_opening(small.landmarks).argmax())
    drive = base.plan(performance_of_faceset(small), apart=4)[wide]
    named = {field.name: getattr(drive, field.name) for field in fields(drive)}
    crop = FaceCrop(np.asarray(small.crops[wide]), small.crop_from_frame[wide])
    own, borrowed = (np.abs(trained.swap(crop, DraftDrive(**named, borrowed=b)).rgb - base.swap(crop, drive).rgb) for b in (0.0, 1.0))
    between = opening(drive.mesh, box=(0, 0, crop.size, crop.size), soft=0.006 * crop.size)
    changed, kept = (change[between > 0.98].mean() for change in (own, borrowed))
    assert changed > 0.5 and kept < 0.1 * changed
    np.testing.assert_array_equal(own[between == 0], borrowed[between == 0])


def test_a_wild_network_still_gives_a_picture(small: Faceset, folder: Path, tmp_path: Path) -> None:
    trained = opened(small, copy_with(folder, tmp_path, small, change_net=1.0))
    performance = performance_of_faceset(small)
    crop = FaceCrop(np.asarray(small.crops[0]), small.crop_from_frame[0])
    face = trained.swap(crop, trained.plan(performance)[0])
    assert np.isfinite(face.rgb).all() and face.rgb.min() >= 0 and face.rgb.max() <= 255


def test_the_draft_is_given_where_nothing_beats_it(small: Faceset, folder: Path, tmp_path: Path) -> None:
    assert isinstance(opened(small, folder), TrainedSwapper)
    assert isinstance(opened(small, tmp_path / "nothing"), Nearest)
    assert isinstance(opened(small, copy_with(folder, tmp_path / "worse", small, beats_draft=False)), Nearest)
    empty = TrainedSwapper.open(tmp_path / "nothing", small, settings=SETTINGS, permit=FACE)
    assert isinstance(empty, DraftSwapper)


def test_its_name_tells_which_checkpoint_it_is(small: Faceset, folder: Path, tmp_path: Path) -> None:
    first, again = opened(small, folder), opened(small, folder)
    other = opened(small, copy_with(folder, tmp_path, small, change_net=1e-3))
    assert first.model_id == again.model_id != other.model_id
    assert first.model_id.startswith("trained-")


def test_a_damaged_model_is_told(small: Faceset, folder: Path, tmp_path: Path) -> None:
    broken = copy_with(folder, tmp_path, small)
    (facts,) = broken.glob("step-*/facts.json")
    facts.write_text(json.dumps({**json.loads(facts.read_text()), "step": 1}))
    with pytest.raises(CheckpointBroken):
        opened(small, broken)


def test_without_a_permit_it_stays_shut(small: Faceset, folder: Path) -> None:
    for permit, error in ((None, ConsentMissing), (PERFORMER, ConsentScope)):
        with pytest.raises(error):
            TrainedSwapper.open(folder, small, settings=SETTINGS, permit=permit)  # type: ignore[arg-type]


def test_the_correction_is_calm(small: Faceset, folder: Path, performance: Performance, target_clip: Path) -> None:
    """Under a stranger's performance what the network adds moves hardly more from frame to frame than the draft does."""
    base, trained = Nearest(small), opened(small, folder)
    frames = list(read_frames(target_clip, start_index=0, end_index=12, want="rgb"))
    drives = trained.plan(performance)
    drafts, faces = [], []
    for t in range(12):
        rgb = frames[t].rgb
        assert rgb is not None
        crop = take_crop(rgb, performance.crop_from_frame[t], size=performance.size)
        drafts.append(base.swap(crop, drives[t]).rgb[48:144, 48:144])
        faces.append(trained.swap(crop, drives[t]).rgb[48:144, 48:144])
    jitter = [np.abs(np.diff(np.stack(pictures), n=2, axis=0)).mean() for pictures in (drafts, faces)]
    assert jitter[1] < 1.2 * jitter[0]
