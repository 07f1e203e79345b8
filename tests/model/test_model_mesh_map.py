"""Finding the twin of a pixel by way of the mesh."""

from __future__ import annotations

import numpy as np
import torch

from understudy.faces.mesh import LIPS_INNER, N_SKIN
from understudy.model.mesh_map import N_POINTS, SIDE, attributes, draw, topology, widened
from understudy.model.textures import Textures, choose_textures, sample
from understudy.types import Faceset


def test_every_place_of_the_crop_lies_on_the_mesh_or_its_rings(faceset: Faceset) -> None:
    drawn = draw(faceset.landmarks[0], size=faceset.size)
    assert drawn.triangle.shape == (SIDE, SIDE)
    assert topology().max() == N_POINTS - 1
    face = attributes()[topology()[drawn.triangle], 3].mean(-1)
    assert face[SIDE // 2, SIDE // 2] == 1 and face[:6].max() == face[:, :6].max() == 0


def test_a_picture_looked_up_by_its_own_mesh_is_itself(faceset: Faceset) -> None:
    """The way through the mesh leads back to where it began, to within a tenth of a pixel."""
    textures = Textures(faceset, np.asarray([3]), side=128)
    places, _, _ = textures.places([draw(faceset.landmarks[3], size=faceset.size)])
    y, x = np.mgrid[:SIDE, :SIDE]
    straight = np.stack([x + 0.5, y + 0.5]) / SIDE
    off = np.abs(places[0].numpy() - straight).max(0) * SIDE
    assert np.quantile(off, 0.95) < 0.1


def test_mesh_points_are_carried_to_their_twins(faceset: Faceset) -> None:
    a, b = 0, len(faceset) - 1
    textures = Textures(faceset, np.asarray([b]), side=128)
    places, _, _ = textures.places([draw(faceset.landmarks[a], size=faceset.size)])
    at = np.rint(widened(faceset.landmarks[a], size=faceset.size) * SIDE - 0.5).astype(int)[list(LIPS_INNER)]
    found = places[0, :, at[:, 1], at[:, 0]].numpy().T
    wanted = widened(faceset.landmarks[b], size=faceset.size)[list(LIPS_INNER)]
    assert np.abs(found - wanted).max() * SIDE < 1.5


def test_textures_are_different_and_have_the_widest_mouth(faceset: Faceset) -> None:
    rows = np.arange(len(faceset))
    chosen = choose_textures(faceset, rows, faceset.pose_deg / 9, 5)
    assert len(set(chosen.tolist())) == 5
    assert set(choose_textures(faceset, rows[:2], faceset.pose_deg / 9, 5)) <= {0, 1}


def test_sampling_shares_the_pictures_over_the_batch(faceset: Faceset) -> None:
    textures = Textures(faceset, np.asarray([0, 5]), side=128)
    y, x = torch.meshgrid(torch.arange(128), torch.arange(128), indexing="ij")
    straight = ((torch.stack([x, y], -1) + 0.5) / 128).expand(3, 2, -1, -1, -1)
    out = sample(textures.picture_KCHW, straight)
    assert out.shape == (3, 2, 3, 128, 128)
    for batch in range(3):
        torch.testing.assert_close(out[batch], textures.picture_KCHW, atol=1e-4, rtol=0)


def test_rings_lie_round_the_face(faceset: Faceset) -> None:
    points = widened(faceset.landmarks[0], size=faceset.size)
    assert points.shape == (N_POINTS, 2)
    low, high = points[:N_SKIN].min(0), points[:N_SKIN].max(0)
    assert (points[N_SKIN:].min(0) < low).all() and (points[N_SKIN:].max(0) > high).all()
