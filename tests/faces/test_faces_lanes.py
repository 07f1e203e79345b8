"""The threads that follow a shot: the same results as one after the other, errors where they belong, nothing left running."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from understudy.config import FaceSettings
from understudy.faces.detect import Detector
from understudy.faces.landmark import blendshapes, from_box, from_mesh
from understudy.faces.lanes import Lanes, ahead
from understudy.video.read import read_frames

ACTORS = Path(__file__).parents[2] / "assets" / "actors"


def test_several_faces_are_measured_at_once_as_they_are_one_by_one() -> None:
    (frame,) = read_frames(ACTORS / "synthetic_actor_A_eval.mp4", end_index=1)
    assert frame.rgb is not None
    mesh = from_box(frame.rgb, Detector(FaceSettings()).find(frame.rgb)[0]).landmarks
    near = [mesh + np.float32(shift) for shift in (0, 2, -3, 5, 1)]
    with Lanes() as lanes:
        together = lanes.measure(frame.rgb, near)
        assert lanes.measure(frame.rgb, []) == []
        expressions = lanes.expressions(np.stack(near))
    for start, measured in zip(near, together, strict=True):
        np.testing.assert_array_equal(measured.landmarks, from_mesh(frame.rgb, start).landmarks)
    np.testing.assert_array_equal(expressions, blendshapes(np.stack(near)))


def test_threads_of_opencv_are_given_back_also_after_an_error() -> None:
    before = cv2.getNumThreads()
    with pytest.raises(ValueError, match="broken"), Lanes():
        assert cv2.getNumThreads() == 1
        raise ValueError("broken")
    assert cv2.getNumThreads() == before


def test_what_is_made_ahead_comes_in_order_and_its_error_too() -> None:
    def items() -> Iterator[int]:
        yield from range(10)
        raise ValueError("broken after ten")

    seen: list[int] = []
    with pytest.raises(ValueError, match="broken after ten"):
        seen.extend(ahead(items()))
    assert seen == list(range(10))
    assert list(ahead([])) == []


def test_leaving_early_stops_the_thread_that_makes_ahead() -> None:
    with closing(ahead(iter(range(10**9)))) as numbers:
        assert next(numbers) == 0
    assert not any(thread.name == "faces-ahead" for thread in threading.enumerate())
