"""Shape: a person taken apart and put together again, and the source's face making the target's expression."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.faces.mesh import FACE_OVAL, N_SKIN, canonical, eye_opening, mouth_opening, pose_deg
from understudy.swap.person import gaze, measure, pose
from understudy.swap.retarget import Retarget
from understudy.types import Faceset, Performance


def test_taking_apart_loses_nothing(performance: Performance) -> None:
    person = measure(performance.landmarks)
    again = pose(person.shapes, person.scale, person.rotation, person.shift)
    np.testing.assert_allclose(again, performance.landmarks, atol=0.05)
    assert np.abs(person.neutral[:N_SKIN] - canonical()).mean() < 1.0, "centimetres, in the canonical face's place"


@settings(max_examples=25, deadline=None)
@given(angle=st.floats(-40, 40), scale=st.floats(0.3, 4), x=st.floats(-300, 300), y=st.floats(-300, 300))
def test_shape_does_not_depend_on_the_place_in_the_picture(angle: float, scale: float, x: float, y: float) -> None:
    rng = np.random.default_rng(3)
    base = np.concatenate([canonical(), np.zeros((10, 3), np.float32)]) + rng.normal(0, 0.2, (6, 478, 3)).astype(np.float32)
    turn = np.radians(angle)
    rotation = np.asarray([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]], np.float32)
    moved = (scale * 20 * base @ rotation.T + np.asarray([x, y, 0])).astype(np.float32)
    np.testing.assert_allclose(measure(moved).shapes, measure((20 * base).astype(np.float32)).shapes, atol=2e-2)


def test_the_driven_face_moves_like_the_target(source: Faceset, performance: Performance) -> None:
    meshes, _ = Retarget(measure(source.landmarks)).meshes(performance)
    target = performance.landmarks
    assert np.corrcoef(eye_opening(meshes).mean(1), eye_opening(target).mean(1))[0, 1] > 0.97
    assert np.corrcoef(mouth_opening(meshes), mouth_opening(target))[0, 1] > 0.97
    assert np.abs(pose_deg(meshes) - pose_deg(target)).mean() < 3
    np.testing.assert_allclose(meshes[:, FACE_OVAL], target[:, FACE_OVAL], atol=1e-3, err_msg="the border is the target's own")


def test_the_driven_face_has_the_sources_shape(source: Faceset, performance: Performance) -> None:
    retarget = Retarget(measure(source.landmarks))
    _, shapes = retarget.meshes(performance)
    target = measure(performance.landmarks)
    inner = [1, 4, 5, 6, 33, 263, 133, 362, 61, 291, 0, 17]
    to_source = np.abs(np.median(shapes, 0)[inner] - retarget.source.neutral[inner]).mean()
    to_target = np.abs(np.median(shapes, 0)[inner] - target.neutral[inner]).mean()
    assert to_source < 0.6 * to_target


def test_a_person_drives_themselves(source: Faceset) -> None:
    person = measure(source.landmarks)
    shapes = Retarget(person).shapes(person)
    assert np.abs(shapes - person.shapes).mean() < 0.03, "half a millimetre, lids' table included"
    assert np.abs(gaze(shapes) - gaze(person.shapes)).mean() < 0.03


def test_a_closed_mouth_stays_closed(source: Faceset, performance: Performance) -> None:
    _, shapes = Retarget(measure(source.landmarks)).meshes(performance)
    target = mouth_opening(performance.landmarks)
    closed = target < np.quantile(target, 0.2)
    assert mouth_opening(shapes)[closed].max() < target[closed].max() + 0.03


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_very_short_performance_can_be_measured(source: Faceset, performance: Performance, n: int) -> None:
    short = Performance(
        size=performance.size,
        frame_index=performance.frame_index[:n],
        landmarks=performance.landmarks[:n],
        pose_deg=performance.pose_deg[:n],
        blendshapes=performance.blendshapes[:n],
        vertex_rgb=performance.vertex_rgb[:n],
        masks=performance.masks[:n],
        crop_from_frame=performance.crop_from_frame[:n],
    )
    meshes, _ = Retarget(measure(source.landmarks)).meshes(short)
    assert meshes.shape == (n, 478, 3) and np.isfinite(meshes).all()
