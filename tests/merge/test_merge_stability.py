"""The numbers of the report: right for what is known to be wrong, and at rest where nothing is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from stillface import mesh_at, performance, picture

from understudy.merge.stability import SIDE, Figures, Observer
from understudy.types import ColorInfo, Patch, Planes
from understudy.video.color import planes_from_rgb

FULL = ColorInfo("bt709", "bt709", "bt709", False, 8, "444", True)
SIZE, N = (300, 260), 9


def figures(change, *, soft: float = 6.0) -> Figures:
    """Of a face that moves, with a mask over most of it; `change` makes the painted picture from (rgb float32, number)."""
    meshes = [mesh_at((140 + 2 * n, 130 + n), 170, roll_deg=0.7 * n) for n in range(N)]
    observer = Observer(performance(meshes, size=SIDE))
    for n, mesh in enumerate(meshes):
        rgb = picture(SIZE, mesh, grain=1.0, seed=n)
        planes: Planes = planes_from_rgb(rgb.astype(np.float32) / 255, FULL)
        mask = np.zeros(SIZE[::-1], np.uint8)
        outline = cv2.convexHull(np.ascontiguousarray(mesh[:468, :2]))
        middle = outline.mean(0)
        cv2.fillPoly(mask, [np.rint(middle + 0.9 * (outline - middle)).astype(np.int32)], 255)
        alpha = cv2.GaussianBlur(mask, (0, 0), soft) if soft else mask
        painted = np.clip(np.rint(change(rgb.astype(np.float32), n)), 0, 255).astype(np.uint8)
        observer.see(n, planes, [Patch((0, 0), painted, np.asarray(alpha, np.uint8))])
    return observer.figures()


@pytest.fixture(scope="module")
def untouched() -> Figures:
    return figures(lambda rgb, n: rgb)


def test_the_target_itself_is_steady(untouched: Figures) -> None:
    assert untouched.frames == N and len(untouched.moments) == N
    assert untouched.flicker == pytest.approx(1, abs=0.03) and untouched.colour is not None and untouched.colour < 0.3
    assert untouched.seam is not None and untouched.seam_of_target is not None
    assert untouched.seam == pytest.approx(untouched.seam_of_target, abs=0.05)


def test_flicker_is_seen(untouched: Figures) -> None:
    wavering = figures(lambda rgb, n: rgb + 6 * (n % 2))
    assert wavering.flicker is not None and wavering.flicker > 1.8
    worst = figures(lambda rgb, n: rgb + 20 * (n == 5)).worst("flicker")
    assert worst is not None and worst.index == 5


def test_a_seam_is_seen(untouched: Figures) -> None:
    hard = figures(lambda rgb, n: rgb + 40, soft=1.0)
    assert hard.seam is not None and untouched.seam is not None and hard.seam > 1.5 * untouched.seam
    assert hard.seam_of_target is not None and hard.seam_of_target < 1.3


def test_another_colour_is_seen(untouched: Figures) -> None:
    darker = figures(lambda rgb, n: rgb * 0.8)
    redder = figures(lambda rgb, n: rgb + np.float32([12, 0, -12]))
    assert darker.colour is not None and redder.colour is not None
    assert darker.colour > 6 and redder.colour > 6


def test_a_beard_is_no_colour(untouched: Figures) -> None:
    def bearded(rgb: np.ndarray, n: int) -> np.ndarray:
        chin = np.zeros((*rgb.shape[:2], 1), np.float32)
        chin[165 + n :] = 1
        return rgb * (1 - 0.6 * chin)

    found = figures(bearded)
    assert found.colour is not None and untouched.colour is not None and found.colour < untouched.colour + 1


def test_nothing_painted_says_nothing() -> None:
    mesh = mesh_at((140, 130), 170)
    observer = Observer(performance([mesh], size=SIDE))
    observer.see(0, planes_from_rgb(picture(SIZE, mesh).astype(np.float32) / 255, FULL), [])
    found = observer.figures()
    assert found.frames == 0 and found.flicker is None and found.worst("seam") is None
