"""Shape: a person taken apart and put together again, and the source's face making the target's expression."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.faces.mesh import BLENDSHAPE_NAMES, EYE_RIGHT, FACE_OVAL, IRIS_RIGHT, N_SKIN, canonical, eye_opening, mouth_opening, pose_deg
from understudy.swap.drive import performance_of_faceset
from understudy.swap.irises import moved
from understudy.swap.person import gaze, measure, pose
from understudy.swap.regions import mouth_weight
from understudy.swap.retarget import Retarget
from understudy.types import Faceset, Performance


def test_taking_apart_loses_nothing(performance: Performance) -> None:
    person = measure(performance.landmarks, performance.blendshapes)
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
    still = np.zeros((6, 52), np.float32)
    np.testing.assert_allclose(measure(moved, still).shapes, measure((20 * base).astype(np.float32), still).shapes, atol=2e-2)


def test_a_steady_smile_is_not_taken_for_the_mouths_shape(source: Faceset) -> None:
    smile = source.blendshapes[:, [BLENDSHAPE_NAMES.index("mouthSmileLeft"), BLENDSHAPE_NAMES.index("mouthSmileRight")]].mean(1)
    serious, smiling = smile <= np.quantile(smile, 0.3), smile >= np.quantile(smile, 0.8)

    def apart(blendshapes: np.ndarray) -> float:
        """Centimetres between the mouths of the two neutral faces."""
        a, b = (measure(source.landmarks[rows], blendshapes[rows]).neutral for rows in (serious, smiling))
        return float(np.sqrt((mouth_weight() * ((a - b) ** 2).sum(-1)).sum() / mouth_weight().sum()))

    assert apart(source.blendshapes) < 0.5 * apart(np.zeros_like(source.blendshapes))


def shut(performance: Performance) -> np.ndarray:
    blinks = [BLENDSHAPE_NAMES.index("eyeBlinkRight"), BLENDSHAPE_NAMES.index("eyeBlinkLeft")]
    return performance.blendshapes[:, blinks].mean(1)


def part(performance: Performance, rows: np.ndarray) -> Performance:
    names = ("frame_index", "landmarks", "pose_deg", "blendshapes", "vertex_rgb", "masks", "crop_from_frame")
    return replace(performance, **{name: np.asarray(getattr(performance, name))[rows] for name in names})


def test_eyes_that_are_never_open_are_not_taken_for_open_ones(source: Faceset) -> None:
    person = measure(source.landmarks, source.blendshapes)
    whole = performance_of_faceset(source)
    rows = np.flatnonzero(shut(whole) > 0.5)
    assert len(rows) >= 2
    meshes, _ = Retarget(person).meshes(part(whole, rows))
    assert eye_opening(meshes).mean() < 0.4 * np.median(eye_opening(source.landmarks)), "a target who looks down all the time"


def test_a_source_who_blinks_in_most_pictures_opens_the_eyes(source: Faceset) -> None:
    whole = performance_of_faceset(source)
    closed = np.flatnonzero(shut(whole) > 0.5)
    opened = np.flatnonzero(shut(whole) < 0.3)[:40]
    rows = np.concatenate([np.resize(closed, 3 * len(opened)), opened])
    sleepy = measure(source.landmarks[rows], source.blendshapes[rows])
    meshes, _ = Retarget(sleepy).meshes(part(whole, opened))
    assert np.median(eye_opening(meshes)) > 0.8 * np.median(eye_opening(source.landmarks[opened]))


@settings(max_examples=20, deadline=None)
@given(x=st.floats(-0.15, 0.15), y=st.floats(-0.04, 0.04))
def test_irises_lie_where_the_performance_has_them(source: Faceset, x: float, y: float) -> None:
    picture = source.landmarks[int(eye_opening(source.landmarks).mean(1).argmax())]
    width = float(np.linalg.norm(picture[EYE_RIGHT[8], :2] - picture[EYE_RIGHT[0], :2]))
    drive = picture.copy()
    drive[list(IRIS_RIGHT), :2] += (x * width, y * width)
    side = source.size
    places = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).astype(np.float32)
    found = moved(places, drive=drive, picture=picture, box=(0, 0, side, side))
    at = np.rint(drive[IRIS_RIGHT[0], :2]).astype(int)
    assert np.abs(found[at[1], at[0]] - at - (picture[IRIS_RIGHT[0], :2] - drive[IRIS_RIGHT[0], :2])).max() < 0.3, "pixels"
    elsewhere = np.linalg.norm(places - picture[list(EYE_RIGHT), :2].mean(0), axis=-1) > 0.75 * width
    np.testing.assert_allclose(found[elsewhere], places[elsewhere], atol=0.1, err_msg="only this eye moves")


def test_the_driven_face_moves_like_the_target(source: Faceset, performance: Performance) -> None:
    meshes, _ = Retarget(measure(source.landmarks, source.blendshapes)).meshes(performance)
    target = performance.landmarks
    assert np.corrcoef(eye_opening(meshes).mean(1), eye_opening(target).mean(1))[0, 1] > 0.97
    assert np.corrcoef(mouth_opening(meshes), mouth_opening(target))[0, 1] > 0.97
    assert np.abs(pose_deg(meshes) - pose_deg(target)).mean() < 3
    np.testing.assert_allclose(meshes[:, FACE_OVAL], target[:, FACE_OVAL], atol=1e-3, err_msg="the border is the target's own")


def test_the_driven_face_has_the_sources_shape(source: Faceset, performance: Performance) -> None:
    retarget = Retarget(measure(source.landmarks, source.blendshapes))
    _, shapes = retarget.meshes(performance)
    target = measure(performance.landmarks, performance.blendshapes)
    inner = [1, 4, 5, 6, 33, 263, 133, 362, 61, 291, 0, 17]
    made = np.median(shapes - target.deltas, 0)[inner]  # this performance smiles all the time
    to_source, to_target = (np.abs(made - neutral[inner]).mean() for neutral in (retarget.source.neutral, target.neutral))
    assert to_source < 0.6 * to_target


def test_a_person_drives_themselves(source: Faceset) -> None:
    person = measure(source.landmarks, source.blendshapes)
    shapes = Retarget(person).shapes(person)
    assert np.abs(shapes - person.shapes).mean() < 0.03, "half a millimetre, lids' table included"
    assert np.abs(gaze(shapes) - gaze(person.shapes)).mean() < 0.03


def test_a_closed_mouth_stays_closed(source: Faceset, performance: Performance) -> None:
    _, shapes = Retarget(measure(source.landmarks, source.blendshapes)).meshes(performance)
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
    meshes, _ = Retarget(measure(source.landmarks, source.blendshapes)).meshes(short)
    assert meshes.shape == (n, 478, 3) and np.isfinite(meshes).all()
