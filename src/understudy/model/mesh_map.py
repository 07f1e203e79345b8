"""Where every place of a crop lies on the face mesh: the bridge by which a pixel of one picture finds its twin in another.

The mesh is widened by two rings around the face's outline, so that every place of the crop lies on some triangle and what is
carried over runs on smoothly outside the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from ..faces.mesh import EYE_LEFT, EYE_RIGHT, FACE_OVAL, LIPS_INNER, LIPS_OUTER, N_SKIN, canonical, triangles
from ..types import F32

SIDE = 128
"""The map's side: fine enough for lids and lips, and four times cheaper than the picture."""
_RINGS = (1.3, 5.0)
"""Size of the added rings, in sizes of the outline."""
N_POINTS = N_SKIN + len(_RINGS) * len(FACE_OVAL)
SHARE_UNIT = 8192
_SUBPIXEL_BITS = 4
_BEYOND = 0.4
_EYE_REACH_CM, _MOUTH_REACH_CM = 1.4, 2.2
"""How far around the lids and the lips a place still counts as eye or mouth."""


@dataclass(frozen=True, slots=True, eq=False)
class MeshMap:
    """For each place of a 128 x 128 grid over the crop: the triangle under it, and where in that triangle it lies."""

    triangle: NDArray[np.int16]
    """(128, 128) rows of `topology()`."""
    share: NDArray[np.int16]
    """(128, 128, 2): how much of the triangle's second and third corner, in 1/8192; the first has the rest."""


@cache
def topology() -> NDArray[np.int32]:
    """(T, 3) corners in the order in which they are drawn if all were equally far: rings from outside, then the mesh."""
    n = len(FACE_OVAL)
    loops = [np.asarray(FACE_OVAL), *(N_SKIN + ring * n + np.arange(n) for ring in range(len(_RINGS)))]
    quads = []
    for inner, outer in pairwise(loops):
        after_in, after_out = np.roll(inner, -1), np.roll(outer, -1)
        quads[:0] = [np.stack([inner, after_in, after_out], 1), np.stack([inner, after_out, outer], 1)]
    return np.concatenate([*quads, triangles()]).astype(np.int32)


def widened(mesh: F32, *, size: int) -> F32:
    """(478, 3) in pixels of a crop of `size` -> (N_POINTS, 2) with the rings, as shares of the crop's side (0..1 inside it)."""
    skin = (mesh[:N_SKIN, :2] + 0.5) / size
    oval = skin[list(FACE_OVAL)]
    centre = oval.mean(0)
    return np.concatenate([skin, *(centre + ring * (oval - centre) for ring in _RINGS)]).astype(np.float32)


def draw(mesh: F32, *, size: int) -> MeshMap:
    """The map of a mesh (478, 3) in pixels of a crop of `size`; where the mesh overlaps itself, the nearer part counts."""
    points = widened(mesh, size=size)
    corners = topology()
    n_ring = len(corners) - len(triangles())
    depth = mesh[triangles(), 2].mean(1)
    order = np.concatenate([np.arange(n_ring), n_ring + np.argsort(-depth, kind="stable")])
    pixels = np.rint((points * SIDE - 0.5) * (1 << _SUBPIXEL_BITS)).astype(np.int32)[corners]
    ids = np.zeros((SIDE, SIDE), np.int16)
    for row in order.tolist():
        cv2.fillConvexPoly(ids, pixels[row], row, lineType=cv2.LINE_8, shift=_SUBPIXEL_BITS)
    return MeshMap(ids, _shares(ids, points[corners] * SIDE - 0.5))


def _shares(ids: NDArray[np.int16], corners: F32) -> NDArray[np.int16]:
    """Barycentric shares of the pixel centres. A drawn edge covers pixels just outside its triangle: there the triangle is continued a little."""
    a, b, c = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    area = np.where(np.abs(area) < 1e-4, 1e-4, area)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    px, py = x - a[ids, 0], y - a[ids, 1]
    second = (px * c[ids, 1] - py * c[ids, 0]) / area[ids]
    third = (py * b[ids, 0] - px * b[ids, 1]) / area[ids]
    two = np.clip(np.stack([second, third], -1), -_BEYOND, 1 + _BEYOND)
    return np.rint(two * SHARE_UNIT).astype(np.int16)


@cache
def attributes() -> F32:
    """(N_POINTS, 6) of each point: its place on the neutral face (x, y, z, about -1..1), and how much it belongs to the face, an eye, the mouth."""
    model = canonical()
    place = np.concatenate([model, *(model[list(FACE_OVAL)] for _ in _RINGS)]) / np.float32(9)
    face = np.zeros(N_POINTS, np.float32)
    face[:N_SKIN] = 1
    near_eye = _near(model, (*EYE_RIGHT, *EYE_LEFT), _EYE_REACH_CM)
    near_mouth = _near(model, (*LIPS_OUTER, *LIPS_INNER), _MOUTH_REACH_CM)
    outside = np.zeros(N_POINTS - N_SKIN, np.float32)
    columns = [face, np.concatenate([near_eye, outside]), np.concatenate([near_mouth, outside])]
    return np.concatenate([place, np.stack(columns, 1)], 1).astype(np.float32)


def _near(model: F32, points: tuple[int, ...], reach: float) -> F32:
    gap = np.linalg.norm(model[:, None] - model[None, list(points)], axis=-1).min(1)
    return np.clip(1.5 * (1 - gap / reach), 0, 1).astype(np.float32)
