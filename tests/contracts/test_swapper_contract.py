"""What every swapper must do, whatever it is made of. A new implementation is added to `SWAPPERS`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from actors import FACE, PERFORMER, clip, faceset_of, performance_from

from understudy.config import Settings
from understudy.errors import ConsentMissing, ConsentScope
from understudy.events import Context
from understudy.faces.align import take_crop
from understudy.swap.draft import DraftSwapper
from understudy.swap.swapper import Swapper
from understudy.swap.trained import TrainedSwapper
from understudy.train.loop import train
from understudy.types import FaceCrop, Faceset, Performance
from understudy.video.read import read_frames

SMALL = Settings.model_validate({"train": {"rounds": 1, "faces_per_round": 16, "size": 128, "batch": 4, "threads": 1}})


def _draft(faceset: Faceset, folder: Path) -> Swapper:
    return DraftSwapper.fit(faceset, settings=SMALL.swap, permit=FACE)


def _trained(faceset: Faceset, folder: Path) -> Swapper:
    train(faceset, folder=folder, settings=SMALL, permit=FACE, context=Context(), previews=folder / "previews")
    return TrainedSwapper.open(folder, faceset, settings=SMALL, permit=FACE)


SWAPPERS: dict[str, Callable[[Faceset, Path], Swapper]] = {"draft": _draft, "trained": _trained}


@pytest.fixture(scope="module")
def faceset(tmp_path_factory: pytest.TempPathFactory) -> Faceset:
    return faceset_of("A_eval", 60, tmp_path_factory.mktemp("contract") / "set", size=192)


@pytest.fixture(scope="module")
def performance() -> Performance:
    return performance_from("B_eval", 12, size=160)


@pytest.fixture(scope="module", params=sorted(SWAPPERS))
def swapper(request: pytest.FixtureRequest, faceset: Faceset, tmp_path_factory: pytest.TempPathFactory) -> Swapper:
    return SWAPPERS[request.param](faceset, tmp_path_factory.mktemp(request.param))


def crop_at(performance: Performance, t: int) -> FaceCrop:
    index = int(performance.frame_index[t])
    frame = next(iter(read_frames(clip("B_eval"), start_index=index, end_index=index + 1)))
    assert frame.rgb is not None
    return take_crop(frame.rgb, performance.crop_from_frame[t], size=performance.size)


def test_one_drive_for_each_frame(swapper: Swapper, performance: Performance) -> None:
    drives = swapper.plan(performance)
    assert len(drives) == len(performance)
    for t, drive in enumerate(drives):
        np.testing.assert_array_equal(drive.target_mesh, performance.landmarks[t])
        assert np.isfinite(drive.mesh).all()


def test_the_face_is_where_the_target_is(swapper: Swapper, performance: Performance) -> None:
    drives = swapper.plan(performance)
    face = swapper.swap(crop_at(performance, 5), drives[5])
    assert face.rgb.shape == (160, 160, 3)
    for picture, low, high in ((face.rgb, 0, 255), (face.alpha, 0, 1), (face.confidence, 0, 1)):
        assert np.isfinite(picture).all() and picture.min() >= low and picture.max() <= high
    nose = np.rint(performance.landmarks[5, 1, :2]).astype(int)
    assert face.alpha[nose[1], nose[0]] > 0.95
    assert face.alpha[0].max() == face.alpha[:, 0].max() == face.alpha[-1].max() == 0


def test_the_same_twice_and_in_any_order(swapper: Swapper, performance: Performance) -> None:
    drives = swapper.plan(performance)
    crops = [crop_at(performance, t) for t in (2, 7)]
    first = [swapper.swap(crop, drives[t]) for crop, t in zip(crops, (2, 7), strict=True)]
    again = [swapper.swap(crop, drive) for crop, drive in reversed(list(zip(crops, [swapper.plan(performance)[t] for t in (2, 7)], strict=True)))]
    np.testing.assert_array_equal(first[0].rgb, again[1].rgb)
    np.testing.assert_array_equal(first[1].alpha, again[0].alpha)


def test_the_name_says_what_made_it(swapper: Swapper) -> None:
    assert isinstance(swapper, Swapper)
    assert swapper.model_id and swapper.model_id == swapper.model_id


@pytest.mark.parametrize("name", sorted(SWAPPERS))
def test_without_a_permit_nothing_is_made(name: str, faceset: Faceset, tmp_path: Path) -> None:
    with pytest.raises(ConsentMissing):
        if name == "draft":
            DraftSwapper.fit(faceset, settings=SMALL.swap, permit=None)  # pyright: ignore[reportArgumentType]
        else:
            TrainedSwapper.open(tmp_path, faceset, settings=SMALL, permit=None)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConsentScope):
        DraftSwapper.fit(faceset, settings=SMALL.swap, permit=PERFORMER)
