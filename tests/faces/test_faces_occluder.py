"""What lies before a face: the network's doubt between a hand and the face is settled by the picture's edges."""

from __future__ import annotations

import numpy as np

from understudy.faces.mesh import canonical
from understudy.faces.occluder import comes_before, refined
from understudy.faces.segment import BACKGROUND, BODY_SKIN, FACE_SKIN, OTHER, SIDE


def a_face() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, picture and mesh of a face that nothing covers."""
    mesh = np.concatenate([canonical(), np.zeros((10, 3), np.float32)]) * np.asarray([4, -4, 4], np.float32)
    mesh[:, :2] += SIDE / 2
    scores = np.zeros((SIDE, SIDE, 6), np.float32)
    scores[..., FACE_SKIN] = 4
    scores[:, :16, BACKGROUND] = scores[:, -16:, BACKGROUND] = 8
    noise = np.random.default_rng(1).normal(0, 2, (SIDE, SIDE, 3))
    skin = np.full((SIDE, SIDE, 3), (170, 120, 95))
    skin[:, :16] = skin[:, -16:] = (40, 60, 90)
    rgb = np.clip(skin + noise, 0, 255).astype(np.uint8)
    return scores, rgb, mesh


def with_a_hand() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A lighter hand over the lower half, of which the network is sure in the left part only."""
    scores, rgb, mesh = a_face()
    rgb[80:110, 30:70] += np.uint8(40)
    scores[80:110, 30:60, BODY_SKIN] = 7
    scores[76:112, 60:76, BODY_SKIN] = 2.5
    return scores, rgb, mesh


def test_a_bare_face_stays_as_it_was_parsed() -> None:
    scores, rgb, mesh = a_face()
    classes = refined(scores, rgb, mesh)
    assert np.array_equal(classes, scores.argmax(-1))
    assert not comes_before(classes, mesh)


def test_the_rest_of_a_hand_is_found_by_its_edge() -> None:
    scores, rgb, mesh = with_a_hand()
    assert (scores[84:106, 62:70].argmax(-1) == FACE_SKIN).all(), "the network alone takes it for the face"
    classes = refined(scores, rgb, mesh)
    assert comes_before(classes, mesh)
    assert (classes[84:106, 62:69] == BODY_SKIN).mean() > 0.95
    assert (classes[84:106, 73:90] == FACE_SKIN).mean() > 0.95
    assert (classes[30:75, 40:90] == FACE_SKIN).all(), "what nobody doubted stays"


def test_a_single_finger_that_the_network_half_sees_stays_before_the_face() -> None:
    scores, rgb, mesh = a_face()
    scores[80:110, 30:60, BODY_SKIN] = 7
    scores[84:106, 63:70, BODY_SKIN] = 3
    assert (scores[84:106, 63:70].argmax(-1) == FACE_SKIN).all()
    assert (refined(scores, rgb, mesh)[85:105, 64:69] == BODY_SKIN).all(), "of the same colour as the face"


def test_the_same_picture_gives_the_same_classes() -> None:
    given = with_a_hand()
    assert np.array_equal(refined(*given), refined(*given))


def test_glasses_are_not_a_thing_that_comes_before() -> None:
    scores, rgb, mesh = a_face()
    y, x = (int(v) for v in mesh[[168]][0, 1::-1])
    scores[y - 2 : y + 6, x - 20 : x + 20, OTHER] = 9
    assert not comes_before(refined(scores, rgb, mesh), mesh)
