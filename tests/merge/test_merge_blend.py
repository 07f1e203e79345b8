"""Texture: as sharp and as grainy as the target, never much sharpened, the same on every run."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from understudy.merge.blend import Finish, Window, apply, finish_for, texture

SHARE = np.zeros((240, 240), np.float32)
SHARE[20:220, 20:220] = 1


def detailed(*, blur: float = 0.0, grain: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(5)
    out = 128 + sum(cv2.GaussianBlur(rng.normal(0, 1, (240, 240)), (0, 0), s) * 45 * s for s in (0.7, 1.5, 4))
    out = cv2.GaussianBlur(out, (0, 0), blur) if blur else out
    out = out + np.random.default_rng(seed).normal(0, grain, out.shape)
    return np.rint(out).astype(np.float32)


def finish(face: np.ndarray, target: np.ndarray) -> Finish:
    found = texture(face, target, SHARE)
    assert found is not None
    return finish_for(found)


def test_the_same_needs_nothing() -> None:
    found = finish(detailed(), detailed())
    assert abs(found.softness) < 0.05 and found.grain == 0


@pytest.mark.parametrize("blur", [0.6, 1.0, 1.6])
def test_a_softer_target_softens_by_as_much(blur: float) -> None:
    assert finish(detailed(), detailed(blur=blur)).softness == pytest.approx(blur, abs=0.3)


def test_contrast_is_not_mistaken_for_sharpness() -> None:
    flat = 128 + 0.5 * (detailed() - 128)
    assert -0.4 < finish(flat, detailed()).softness < 0.1
    assert -0.1 < finish(detailed(), flat).softness < 0.6
    assert finish(flat, detailed()).grain < 3


def test_sharpening_is_mild_and_bounded() -> None:
    assert -0.91 < finish(detailed(blur=2), detailed()).softness < -0.5


def test_grain_is_added_and_does_not_sharpen() -> None:
    soft = detailed(blur=1.2)
    found = finish(soft, detailed(blur=1.2, grain=4))
    assert found.grain == pytest.approx(4, abs=0.8) and abs(found.softness) < 0.35


def test_grain_is_decided_by_its_seed() -> None:
    rgb = np.full((50, 700, 3), 100, np.float32)
    a, b, c = (apply(rgb, Finish(grain=3), seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).mean() > 1 and a.std() == pytest.approx(3, rel=0.25) and a.dtype == np.float32
    assert apply(rgb, Finish(), seed=1) is rgb


def test_too_little_to_see_says_nothing() -> None:
    assert texture(detailed(), detailed(), 0 * SHARE) is None


def test_a_window_looks_both_ways_and_forgets() -> None:
    window = Window(4)
    assert window.mean(0) is None
    for index in range(40):
        window.add(index, np.array([float(index)]))
        if index >= 8:
            middle = window.mean(index - 4)
            assert middle is not None and middle[0] == pytest.approx(index - 4)
    assert len(window._kept) <= 9
    assert window.mean(80) is None
