"""Whose skin it is: the face's own, with its small dark spots, but not what lies over it."""

from __future__ import annotations

import numpy as np

from understudy.faces.masks import own_share
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
