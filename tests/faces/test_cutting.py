"""A crop cut out of the stored samples is the crop cut out of the picture."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
import pytest

from understudy.faces.warp import cut, reduced, square_matrix
from understudy.types import ColorInfo, Planes
from understudy.video.color import rgb_from_planes

HEIGHT, WIDTH = 240, 320


def smooth_planes(chroma: Literal["420", "422", "444", "gray"], bit_depth: int, full_range: bool) -> Planes:
    rng = np.random.default_rng(5)
    top = (1 << bit_depth) - 1

    def plane(height: int, width: int, low: float, high: float) -> np.ndarray:
        rough = rng.uniform(low, high, (8, 10)).astype(np.float32)
        return (
            np.rint(cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC) * top).clip(0, top).astype(np.uint8 if top < 256 else np.uint16)
        )

    color = ColorInfo("bt709", "bt709", "bt709", full_range, bit_depth, chroma, True)
    rows, columns = HEIGHT // (2 if chroma == "420" else 1), WIDTH // (1 if chroma == "444" else 2)
    empty = np.zeros((0, 0), np.uint8)
    u, v = (empty, empty) if chroma == "gray" else (plane(rows, columns, 0.4, 0.6), plane(rows, columns, 0.4, 0.6))
    return Planes(plane(HEIGHT, WIDTH, 0.2, 0.8), u, v, color)


@pytest.mark.parametrize(
    ("chroma", "bit_depth", "full_range"), [("420", 8, False), ("420", 10, False), ("422", 8, True), ("444", 8, False), ("gray", 8, True)]
)
@pytest.mark.parametrize(("side", "angle", "centre"), [(90.0, 0.3, (150.0, 120.0)), (230.0, -2.0, (160.0, 118.0)), (150.0, 0.0, (10.0, 230.0))])
@pytest.mark.parametrize("size", [64, 256])
def test_both_ways_agree(
    chroma: Literal["420", "422", "444", "gray"], bit_depth: int, full_range: bool, side: float, angle: float, centre: tuple[float, float], size: int
) -> None:
    planes = smooth_planes(chroma, bit_depth, full_range)
    matrix = square_matrix(np.asarray(centre), side, angle, size=size)
    direct = cut(planes, matrix, size=size).astype(int)
    by_picture = cut(np.asarray(rgb_from_planes(planes, depth=8), np.uint8), matrix, size=size).astype(int)
    inside = cv2.erode((by_picture.max(-1) > 8).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert np.abs(direct - by_picture)[inside].max() <= 4
    assert np.abs(direct - by_picture)[inside].mean() < 0.8
    assert np.abs(direct - by_picture).mean() < 2, "black outside the frame, both ways"


def test_the_reduced_picture_agrees() -> None:
    planes = smooth_planes("420", 8, False)
    rgb = np.asarray(rgb_from_planes(planes, depth=8), np.uint8)
    small = reduced(planes, 160)
    assert small.shape == (120, 160, 3) == reduced(rgb, 160).shape
    assert np.abs(small.astype(int) - reduced(rgb, 160)).mean() < 2
    assert reduced(rgb, 1000) is rgb
    np.testing.assert_array_equal(reduced(planes, 1000), rgb)
