"""Whose skin it is: the face's own, with its small dark spots, but not what lies over it."""

from __future__ import annotations

import numpy as np

from understudy.faces.masks import carried, own_share
from understudy.faces.mesh import canonical
from understudy.faces.segment import BODY_SKIN, FACE_SKIN, HAIR, OTHER, SIDE


def parsed() -> tuple[np.ndarray, np.ndarray]:
    mesh = np.concatenate([canonical(), np.zeros((10, 3), np.float32)]) * np.float32(4)
    mesh[:, :2] += SIDE / 2
    classes = np.full((SIDE, SIDE), FACE_SKIN, np.uint8)
    classes[:, :10] = classes[:, -10:] = 0
    return classes, mesh


def test_a_nostril_and_a_nose_ring_are_the_faces_own() -> None:
    classes, mesh = parsed()
    classes[60:68, 60:70] = OTHER
    assert own_share(classes, mesh)[64, 64] == 1


def test_a_hand_and_a_strand_of_hair_are_not() -> None:
    classes, mesh = parsed()
    classes[70:, 40:70] = BODY_SKIN
    classes[:50, 80:88] = HAIR
    own = own_share(classes, mesh)
    assert own[100, 55] == 0 and own[30, 84] == 0
    assert own[45, 50] == 1


def test_a_mask_is_carried_to_where_the_mesh_has_gone() -> None:
    _, mesh = parsed()
    own = np.zeros((SIDE, SIDE), np.float32)
    own[40:70, 50:75] = 1
    np.testing.assert_allclose(carried(own, mesh, mesh), own, atol=0.02)
    moved = mesh + np.float32([5, -3, 0])
    away = np.abs(carried(own, mesh, moved) - np.roll(own, (-3, 5), (0, 1)))
    assert away[30:80, 40:90].mean() < 0.01
    turned = mesh * np.float32([0.8, 1, 1]) + np.float32([0.1 * SIDE, 0, 0])
    assert 0.75 < carried(own, mesh, turned).sum() / own.sum() < 0.85, "a head that turns away shows it narrower"
