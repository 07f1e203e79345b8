"""A beard of the target beyond the swapped face: painted over with the skin beside it, and nothing else is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from stillface import mesh_at, performance

from understudy.faces.mesh import FACE_OVAL
from understudy.merge.shave import shaved
from understudy.types import F32, U8

SIZE = 256
SKIN, BEARD, NECK = 170.0, 40.0, 150.0


def outline(mesh: F32, *, grown: float) -> np.ndarray:
    """(S, S) True inside the mesh's border, moved outwards by so many pixels."""
    out = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(out, [np.rint(mesh[list(FACE_OVAL), :2]).astype(np.int32)], 1)
    return cv2.distanceTransform(1 - out, cv2.DIST_L2, 5) <= grown


@pytest.fixture(scope="module")
def scene() -> tuple[F32, U8, F32, U8]:
    """mesh, target with a beard from the nose to five pixels beyond the mesh, mask of the swapped face, where the target's face is."""
    mesh = performance([mesh_at((200, 200), 200)], size=SIZE).landmarks[0]
    target = np.full((SIZE, SIZE, 3), NECK, np.uint8)
    head = outline(mesh, grown=5)
    target[head] = int(SKIN)
    rows = np.arange(SIZE)[:, None] > mesh[2, 1]
    target[head & rows] = int(BEARD)
    share = cv2.GaussianBlur(outline(mesh, grown=0).astype(np.float32), (0, 0), 4)
    shown = cv2.resize(head.astype(np.uint8) * 255, (128, 128), interpolation=cv2.INTER_AREA)
    return mesh, target, np.minimum(share, outline(mesh, grown=0)).astype(np.float32), np.asarray(shown, np.uint8)


def composed(face: F32, share: F32, target: U8) -> F32:
    return np.asarray(share[..., None] * face + (1 - share[..., None]) * target, np.float32)


def test_the_ring_is_gone(scene: tuple[F32, U8, F32, U8]) -> None:
    mesh, target, share, shown = scene
    face = np.full((SIZE, SIZE, 3), SKIN, np.float32)
    before = composed(face, share, target)
    after = composed(*shaved(face, target, share, shown=shown, mesh=mesh), target)
    chin = mesh[152, :2].astype(int)
    assert before[chin[1] + 2, chin[0]].mean() < 80
    below = np.arange(SIZE)[:, None] > mesh[17, 1]
    ring = outline(mesh, grown=4) & below
    assert after[ring].min() > 0.8 * SKIN


def test_what_lies_beside_the_face_and_above_the_nose_stays(scene: tuple[F32, U8, F32, U8]) -> None:
    mesh, target, share, shown = scene
    face = np.full((SIZE, SIZE, 3), SKIN, np.float32)
    _, grown = shaved(face, target, share, shown=shown, mesh=mesh)
    above = np.broadcast_to(np.arange(SIZE)[:, None] < mesh[2, 1] - 2, grown.shape)
    np.testing.assert_array_equal(grown[above], share[above])
    assert grown[~outline(mesh, grown=14)].max() == 0
    assert (grown >= share).all()


@pytest.mark.parametrize("own", [SKIN, 30.0])
def test_without_a_beard_that_only_the_target_has_nothing_changes(scene: tuple[F32, U8, F32, U8], own: float) -> None:
    """Skin on skin; and a source whose own beard is as dark."""
    mesh, bearded, share, shown = scene
    target = np.full_like(bearded, int(SKIN)) if own == SKIN else bearded
    face = np.full((SIZE, SIZE, 3), own, np.float32)
    same, mask = shaved(face, target, share, shown=shown, mesh=mesh)
    assert same is face and mask is share


def test_the_given_pictures_are_left_alone(scene: tuple[F32, U8, F32, U8]) -> None:
    mesh, target, share, shown = scene
    face = np.full((SIZE, SIZE, 3), SKIN, np.float32)
    kept = face.copy(), share.copy()
    shaved(face, target, share, shown=shown, mesh=mesh)
    np.testing.assert_array_equal(face, kept[0])
    np.testing.assert_array_equal(share, kept[1])
