"""Whether a person has a dark beard, told from colours on the mesh; and how far the face goes beside the mesh."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from actors import followed

from understudy.faces.align import apply, crop_matrices
from understudy.faces.beard import face_masks, has_dark_beard
from understudy.faces.masks import track_masks
from understudy.faces.mesh import FACE_OVAL, canonical
from understudy.faces.segment import BODY_SKIN, FACE_SKIN
from understudy.types import Track


def painted(track: Track, jaw: tuple[int, int, int]) -> Track:
    """The same with skin of one colour and the lower face of another."""
    colours = np.full_like(track.vertex_rgb, 0)
    colours[:] = (190, 140, 110)
    colours[:, :468][:, canonical()[:, 1] > 1.0] = jaw
    return replace(track, vertex_rgb=colours)


@pytest.fixture(scope="module")
def track() -> Track:
    return followed("A_eval", 8)


@pytest.mark.parametrize(
    ("jaw", "beard"),
    [((70, 60, 55), True), ((190, 140, 110), False), ((130, 90, 66), False), ((185, 150, 130), False)],
    ids=["dark hair", "skin", "the same skin in shadow", "pale stubble"],
)
def test_a_dark_grey_jaw_is_a_beard(track: Track, jaw: tuple[int, int, int], beard: bool) -> None:
    assert has_dark_beard([painted(track, jaw)]) is beard


@pytest.mark.parametrize("name", ["A_eval", "B_eval"])
def test_actors_without_a_beard_have_none(name: str) -> None:
    assert not has_dark_beard([followed(name, 8)])


def test_the_face_reaches_over_the_jaw_and_not_down_the_neck(track: Track) -> None:
    small = apply(crop_matrices(track.landmarks, size=128), track.landmarks)
    masks = face_masks(track, np.arange(len(track)), small, own=track_masks(track, np.arange(len(track)), small))
    assert masks.shape == (len(track), 128, 128) and masks.dtype == np.uint8
    for mask, mesh, classes in zip(masks[track.key_index], small[track.key_index], track.key_classes, strict=True):
        x, y = np.clip(np.rint(mesh[list(FACE_OVAL)[16:21], :2]), 0, 127).astype(int).T
        assert mask[y, x].min() > 100
        assert mask[classes == FACE_SKIN].mean() > 240
        neck = np.flatnonzero((classes == BODY_SKIN).any(1))
        assert mask[min(127, int(neck.max())), :][classes[min(127, int(neck.max()))] == BODY_SKIN].max() < 10


def test_a_hand_at_the_chin_is_no_part_of_the_face(track: Track) -> None:
    small = apply(crop_matrices(track.landmarks, size=128), track.landmarks)
    own = track_masks(track, np.arange(len(track)), small)
    x, y = np.rint(small[0, 200, :2]).astype(int)
    own[:, y - 6 : y + 6, x - 6 : x + 6] = 0
    assert face_masks(track, np.arange(len(track)), small, own=own)[:, y - 5 : y + 5, x - 5 : x + 5].max() == 0
