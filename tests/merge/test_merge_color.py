"""Colour: brought to the target's by light, not by paint; beards and hands do not count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_merge_mask import disc

from understudy.merge.color import SIDE, correction, measure, seam_map

SIZE = 192
SHARE = np.clip(1.3 * disc(SIZE, 70) * np.clip((70 - np.hypot(*np.mgrid[-96:96, -96:96])) / 14, 0, 1), 0, 1).astype(np.float32)
SKIN = np.ones((SIDE, SIDE), np.float32)


def face(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE]
    shade = 1 - 0.2 * x / SIZE - 0.1 * y / SIZE
    return np.clip(np.stack([190 * shade, 140 * shade, 115 * shade], -1) + rng.normal(0, 4, (SIZE, SIZE, 1)), 0, 255).astype(np.float32)


def corrected(ours: np.ndarray, theirs: np.ndarray, degree: float = 1.0) -> np.ndarray:
    found = measure(ours, np.clip(np.rint(theirs), 0, 255).astype(np.uint8), share=SHARE, skin=SKIN)
    assert found is not None
    matrix = correction(found, found.spreads, degree=degree)
    return ours @ matrix[:, :3].T + matrix[:, 3]


def test_what_is_equal_stays() -> None:
    found = measure(face(), np.rint(face()).astype(np.uint8), share=SHARE, skin=SKIN)
    assert found is not None
    assert np.abs(corrected(face(), face()) - face()).max() < 1
    np.testing.assert_allclose(seam_map(found.residual, degree=1), 1, atol=0.01)


@settings(deadline=None, max_examples=25)
@given(light=st.tuples(*[st.floats(0.75, 1.3)] * 3), degree=st.floats(0, 1))
def test_the_mean_follows_the_target_by_the_degree(light: tuple[float, float, float], degree: float) -> None:
    ours, theirs = face(1) / np.float32(light), face(2)
    where = SHARE > 0.9
    out = corrected(ours, theirs, degree)
    start, end, got = (picture[where].mean(0) for picture in (ours, theirs, out))
    wanted = start * (end / start) ** degree
    assert np.abs(got - wanted).max() < 3


def test_black_stays_black_in_brighter_light() -> None:
    ours = face() * 0.7
    ours[110:130, 80:110] = 6  # a moustache
    out = corrected(ours, face())
    assert out[120, 95].max() < 18 and abs(out[60, 96].mean() - face()[60, 96].mean()) < 12


def test_a_beard_of_the_target_does_not_darken_the_face() -> None:
    bearded = face()
    bearded[115:] *= 0.3
    out = corrected(face(1), bearded)
    assert np.abs(out - face(1))[SHARE > 0.9].mean() < 6


def test_the_border_is_met_and_never_overdone() -> None:
    y, _ = np.mgrid[:SIZE, :SIZE]
    lit = face() * np.where(y < 96, 1.08, 0.93)[..., None]
    found = measure(face(), np.clip(lit, 0, 255).astype(np.uint8), share=SHARE, skin=SKIN)
    assert found is not None
    factors = seam_map(found.residual, degree=1)
    assert factors[6, 16].mean() > 1.02 and factors[26, 16].mean() < 0.985
    assert abs(factors[16, 16].mean() - 1) < 0.03, "it fades out inwards"
    found = measure(face(), np.zeros((SIZE, SIZE, 3), np.uint8), share=SHARE, skin=SKIN)
    assert found is not None and np.abs(np.log(seam_map(found.residual, degree=1))).max() <= 0.151


def test_too_little_skin_says_nothing() -> None:
    assert measure(face(), face().astype(np.uint8), share=np.zeros_like(SHARE), skin=SKIN) is None
    assert measure(face(), face().astype(np.uint8), share=SHARE, skin=0 * SKIN) is None


def test_contrast_is_changed_gently() -> None:
    flat = face().mean((0, 1)) + 0.2 * (face() - face().mean((0, 1)))
    out = corrected(flat.astype(np.float32), face())
    gain = out[SHARE > 0.9].mean(-1).std() / flat[SHARE > 0.9].mean(-1).std()
    assert gain == pytest.approx(1.25**0.3, abs=0.03)
