"""From the crop back into the frame: on the pixel, at any scale and turn."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.faces.align import invert, take_crop
from understudy.merge.place import Region, box_of, moved, scaled, trimmed, unwarp
from understudy.types import ColorInfo, Planes
from understudy.video.color import rgb_from_planes

SMOOTH = np.stack([*np.meshgrid(np.linspace(20, 230, 160), np.linspace(220, 40, 120)), np.full((120, 160), 90.0)], -1)
SMOOTH[..., 2] += 60 * np.sin(np.arange(160) / 14)[None] * np.cos(np.arange(120) / 11)[:, None]

similarities = st.tuples(st.floats(0.25, 3.0), st.floats(-np.pi, np.pi), st.floats(50, 110), st.floats(40, 80))


def matrix_of(values: tuple[float, float, float, float], size: int) -> np.ndarray:
    """Around frame point (cx, cy), turned and scaled, into the middle of the crop."""
    factor, angle, cx, cy = values
    linear = factor * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([linear, (size - 1) / 2 - linear @ (cx, cy)]).astype(np.float32)


@settings(deadline=None, max_examples=60)
@given(values=similarities, x=st.integers(0, 30), y=st.integers(0, 30))
def test_there_and_back_is_the_same_picture(values: tuple[float, float, float, float], x: int, y: int) -> None:
    size = 64
    matrix = matrix_of(values, size)
    frame = SMOOTH.astype(np.uint8)
    crop = take_crop(frame, matrix, size=size).rgb.astype(np.float32)
    back = unwarp(crop, moved(matrix, x, y), (160 - x, 120 - y), border=cv2.BORDER_REPLICATE)
    inside = np.zeros((size, size), np.float32)
    inside[8:-8, 8:-8] = 1
    covered = unwarp(inside, moved(matrix, x, y), (160 - x, 120 - y), border=cv2.BORDER_CONSTANT) > 0.99
    if covered.any():
        away = np.abs(back - frame[y:, x:])[covered]
        assert away.mean() < 2.5 and np.percentile(away, 99) < 8


@settings(deadline=None, max_examples=60)
@given(values=similarities, box=st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 14), st.integers(1, 14)))
def test_the_bounds_hold_all_of_the_mask(values: tuple[float, float, float, float], box: tuple[int, int, int, int]) -> None:
    size, (left, top, width, height) = 64, box
    matrix = matrix_of(values, size)
    share = np.zeros((size, size), np.float32)
    share[top : top + height, left : left + width] = 1
    whole = unwarp(share, matrix, (160, 120), border=cv2.BORDER_CONSTANT) > 0
    bounds = box_of(share, matrix, (160, 120))
    if bounds is None:
        assert not whole.any()
        return
    x0, y0, x1, y1 = bounds
    assert whole.sum() == whole[y0:y1, x0:x1].sum()
    assert 0 <= x0 < x1 <= 160 and 0 <= y0 < y1 <= 120


@settings(deadline=None, max_examples=40)
@given(values=similarities, layout=st.sampled_from(["420", "422", "444", "gray"]))
def test_a_region_has_the_very_colours_of_the_frame(values: tuple[float, float, float, float], layout: str) -> None:
    rng = np.random.default_rng(0)
    height, width = 121, 161
    shape = {"420": (61, 81), "422": (121, 81), "444": (121, 161), "gray": (0, 0)}[layout]
    y, u, v = (rng.integers(16, 235, s).astype(np.uint8) for s in ((height, width), shape, shape))
    planes = Planes(y, u, v, ColorInfo("bt709", "bt709", "bt709", False, 8, layout, True))  # pyright: ignore
    matrix = matrix_of(values, 64)
    region = Region.around(planes, matrix, size=64)
    assert region is not None
    whole = take_crop(rgb_from_planes(planes, depth=8), matrix, size=64).rgb
    part = take_crop(region.rgb8(), region.shifted(matrix), size=64).rgb
    # a subpixel position is kept to 1/32 pixel, differently from another origin
    assert np.abs(whole.astype(int) - part).mean() < 3


@settings(deadline=None, max_examples=60)
@given(factor=st.floats(0.03, 3.0), angle=st.floats(-np.pi, np.pi), x=st.floats(-60, 220), y=st.floats(-60, 180))
def test_a_region_holds_the_bounds_of_any_mask(factor: float, angle: float, x: float, y: float) -> None:
    planes = Planes(np.zeros((121, 161), np.uint8), *[np.zeros((61, 81), np.uint8)] * 2, ColorInfo("bt709", "bt709", "bt709", False, 8, "420", True))
    matrix = matrix_of((factor, angle, x, y), 64)
    box = box_of(np.ones((64, 64), np.float32), matrix, (161, 121))
    region = Region.around(planes, matrix, size=64)
    if box is not None:
        assert region is not None
        height, width = region.planes.y.shape
        assert region.x <= box[0] and region.y <= box[1] and box[2] <= region.x + width and box[3] <= region.y + height


def test_beside_the_frame_there_is_no_region() -> None:
    planes = Planes(np.zeros((40, 40), np.uint8), *[np.zeros((20, 20), np.uint8)] * 2, ColorInfo("bt709", "bt709", "bt709", False, 8, "420", True))
    assert Region.around(planes, np.float32([[1, 0, 500], [0, 1, 0]]), size=32) is None


def test_scaling_keeps_the_centres_of_pixels() -> None:
    matrix = matrix_of((1.3, 0.4, 70, 60), 64)
    middle = invert(scaled(matrix, 0.5)) @ (15.5, 15.5, 1)
    np.testing.assert_allclose(middle, (70, 60), atol=1e-3)


def test_trimming() -> None:
    mask = np.zeros((9, 7))
    assert trimmed(mask) is None
    mask[2:5, 3] = 1
    assert trimmed(mask) == (slice(2, 5), slice(3, 4))
