"""How far round a source's pictures reach: beyond, its face fades out, and never at once."""

from __future__ import annotations

import numpy as np

from understudy.swap.reach import shown

AHEAD = np.linspace(-10, 10, 21).astype(np.float32)


def test_a_head_turned_as_usual_keeps_its_face() -> None:
    yaw = np.linspace(-40, 40, 81).astype(np.float32)
    assert (shown(yaw, np.arange(81, dtype=np.int32), AHEAD) == 1).all()


def test_a_profile_that_the_source_never_shows_gets_none() -> None:
    yaw = np.full(9, -58, np.float32)
    frames = np.arange(240, 249, dtype=np.int32)
    assert (shown(yaw, frames, AHEAD) == 0).all()
    assert (shown(yaw, frames, np.asarray([-60, 5], np.float32)) == 1).all(), "a source who does turn that far is shown"
    assert (shown(yaw, frames, np.asarray([-5, 60], np.float32)) == 0).all(), "the other profile does not help"


def test_the_face_fades_smoothly_and_early() -> None:
    yaw = np.r_[np.zeros(40), np.full(30, 70), np.zeros(40)].astype(np.float32)
    share = shown(yaw, np.arange(110, dtype=np.int32), AHEAD)
    assert (share[40:70] == 0).all(), "not a frame of the profile"
    assert share[0] == share[-1] == 1
    assert np.abs(np.diff(share)).max() < 0.15
    assert np.allclose(share, share[::-1])


def test_frames_in_which_the_person_is_absent_count_as_time() -> None:
    frames = np.asarray([0, 1, 2, 60, 61, 62], np.int32)
    share = shown(np.asarray([0, 0, 0, 80, 80, 80], np.float32), frames, AHEAD)
    assert (share[:3] == 1).all() and (share[3:] == 0).all()
