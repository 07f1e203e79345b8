"""Where the face is put: never beyond the target's own skin, softly, steadily."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stillface import mesh_at, performance

from understudy.merge.mask import face_width, plain_skin, seam_mask, steady_own

IDENTITY = np.array([[1, 0, 0], [0, 1, 0]], np.float32)


def disc(size: int, radius: float, *, centre: float | None = None) -> np.ndarray:
    y, x = np.mgrid[:size, :size].astype(np.float32)
    middle = (size - 1) / 2
    return np.clip(radius + 0.5 - np.hypot(x - (middle if centre is None else centre), y - middle), 0, 1).astype(np.float32)


@settings(deadline=None, max_examples=30)
@given(size=st.sampled_from([128, 192, 320]), radius=st.floats(0.1, 0.45), feather=st.floats(0, 0.2), hand=st.floats(0, 1))
def test_the_seam_lies_inside_and_has_no_step(size: int, radius: float, feather: float, hand: float) -> None:
    alpha = disc(size, radius * size)
    own = np.ones((128, 128), np.float32)
    own[:, : int(40 + 30 * hand)] = 0  # a hand over the left side
    share = seam_mask(alpha, own, crop_from_frame=IDENTITY, frame_wh=(size, size), feather=feather)
    assert share.dtype == np.float32 and share.min() >= 0 and share.max() <= 1
    assert (share <= alpha + 1e-6).all() and not share[:, : int((39 + 30 * hand) * size / 128) - 1].any()
    width = feather * face_width(size)
    if width > 3:
        steps = max(np.abs(np.diff(share, axis=0)).max(), np.abs(np.diff(share, axis=1)).max())
        assert steps < 2.2 / width + 0.02


def test_the_middle_is_the_source_alone() -> None:
    share = seam_mask(disc(256, 90), np.ones((128, 128), np.float32), crop_from_frame=IDENTITY, frame_wh=(256, 256), feather=0.08)
    assert share[128, 128] == pytest.approx(1, abs=1e-6)
    assert share[128, 128 + 89 - int(1.5 * 0.08 * face_width(256))] > 0.95


def test_the_frames_border_is_no_seam() -> None:
    own = np.ones((128, 128), np.float32)
    own[:, :64] = 0  # nothing is known of what lies outside the frame
    half = np.array([[1, 0, 128], [0, 1, 0]], np.float32)  # the frame begins in the middle of the crop
    share = seam_mask(disc(256, 90), own, crop_from_frame=half, frame_wh=(400, 256), feather=0.1)
    assert share[128, 129] > 0.99


def test_a_mask_that_jumps_for_one_frame_is_damped_and_gaps_are_not_crossed() -> None:
    masks = np.full((7, 128, 128), 255, np.uint8)
    masks[3] = 0
    steady = [steady_own(masks, np.arange(7, dtype=np.int32), t)[64, 64] for t in range(7)]
    assert 0.5 < steady[3] < 0.8 and np.abs(np.diff(steady)).max() < 0.35
    apart = np.array([0, 1, 2, 50, 90, 91, 92], np.int32)
    assert [steady_own(masks, apart, t)[64, 64] for t in (2, 3, 4)] == [1, 0, 1]


def test_eyes_and_mouth_have_colours_of_their_own() -> None:
    p = performance([mesh_at((100, 100), 120)], size=256)
    skin = plain_skin(p.landmarks[0], size=256, side=128)
    for name, point, value in (("lips", 13, 0), ("right eye", 159, 0), ("left brow", 334, 0), ("nose", 4, 1), ("cheek", 50, 1)):
        x, y = np.rint(p.landmarks[0, point, :2] / 2).astype(int)
        assert skin[y, x] == pytest.approx(value, abs=0.05), name
