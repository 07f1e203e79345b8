"""Drawing with the mesh: which triangle covers which pixel, and carrying values from its corners to its pixels.

The mesh is continued outside its border by a rim (the border moved away from the face's middle), so that everything round the face is defined.
Triangles are drawn far to near, so a nose hides the cheek behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ..faces.mesh import FACE_OVAL, N_SKIN, triangles
from ..types import F32, N_LANDMARKS

_RIM = 1.3
_SUBPIXEL_BITS = 4
N_POINTS = N_LANDMARKS + len(FACE_OVAL)


@cache
def all_triangles() -> NDArray[np.int32]:
    """(M, 3): the face's triangles, then those of the rim, whose points are numbered from 478 on."""
    n = len(FACE_OVAL)
    rim = []
    for i in range(n):
        a, b = FACE_OVAL[i], FACE_OVAL[(i + 1) % n]
        c, d = N_LANDMARKS + i, N_LANDMARKS + (i + 1) % n
        rim += [(a, b, c), (b, d, c)]
    return np.concatenate([triangles(), np.asarray(rim, np.int32)]).astype(np.int32)


def with_rim(mesh: np.ndarray) -> F32:
    """(..., 478, C) -> (..., 514, C): the mesh and its rim. Works on meshes and on values at the points (which the rim continues)."""
    mesh = np.asarray(mesh, np.float32)
    oval = mesh[..., FACE_OVAL, :]
    middle = mesh[..., :N_SKIN, :].mean(-2, keepdims=True)
    return np.concatenate([mesh, middle + _RIM * (oval - middle)], -2)


def continued(values: np.ndarray) -> F32:
    """(..., 478, C) -> (..., 514, C): values at the points; the rim has those of the border."""
    values = np.asarray(values, np.float32)
    return np.concatenate([values, values[..., FACE_OVAL, :]], -2)


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """A drawn mesh: for every pixel of a (size, size) picture its triangle, and how corner values mix there."""

    size: int
    step: int
    """Drawn at every `step`-th pixel; values between are interpolated."""
    pixels: NDArray[np.intp]
    """(n,) flat positions that are covered, in the coarse picture."""
    ids: NDArray[np.int32]
    """(n,) their triangles."""
    mix: F32
    """(n, 3): weights of the triangle's corners."""

    def carry(self, values: np.ndarray, *, outside: float | np.ndarray = 0.0, coarse: bool = False) -> F32:
        """Values at the points (514, C) -> (size, size, C); pixels outside the mesh and its rim get `outside`.

        `coarse`: give the picture as drawn, (size / step, …), not enlarged.
        """
        side = self.size // self.step
        corners = np.asarray(values, np.float32)[all_triangles()]  # (M, 3, C)
        inside = np.einsum("nk,nkc->nc", self.mix, corners[self.ids])
        out = np.empty((side * side, corners.shape[-1]), np.float32)
        out[:] = outside
        out[self.pixels] = inside
        picture = out.reshape(side, side, -1)
        if self.step == 1 or coarse:
            return picture
        return enlarge(picture, self.size)


def enlarge(picture: np.ndarray, size: int) -> F32:
    """A coarse picture (s, s, C) whose samples stand at the middles of their blocks -> (size, size, C)."""
    big = cv2.resize(np.asarray(picture, np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(big, np.float32).reshape(size, size, -1)


def sample(picture: np.ndarray, places: np.ndarray) -> F32:
    """A picture (h, w, C) uint8 or (h, w) float32 at places (H, W, 2) in its pixels: float32; colours by cubic, masks by linear interpolation.

    Outside the picture its edge goes on.
    """
    places = np.ascontiguousarray(places, np.float32)
    how = cv2.INTER_CUBIC if picture.ndim == 3 else cv2.INTER_LINEAR
    found = cv2.remap(picture, places[..., 0], places[..., 1], how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)


def draw(mesh: np.ndarray, *, size: int, step: int = 1) -> Raster:
    """Draw a mesh with its rim (514, 3), in the pixels of a (size, size) picture; smaller z is nearer. `size` must divide by `step`."""
    side = size // step
    # the middle of coarse pixel i is fine pixel i * step + (step - 1) / 2
    points = (np.asarray(mesh, np.float32)[:, :2] - (step - 1) / 2) / step
    tris = all_triangles()
    corners = points[tris]  # (M, 3, 2)
    depth = np.asarray(mesh, np.float32)[:, 2][tris].mean(1)
    fixed = np.rint(corners * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    ids = np.full((side, side), -1, np.int32)
    low, high = corners.min(1), corners.max(1)
    seen = ((high >= -1) & (low <= side)).all(1)
    # the rim lies behind everything
    depth[len(triangles()) :] += 1e6
    for t in np.argsort(-depth, kind="stable"):
        if seen[t]:
            cv2.fillConvexPoly(ids, fixed[t], int(t), lineType=cv2.LINE_8, shift=_SUBPIXEL_BITS)
    pixels = np.flatnonzero(ids.ravel() >= 0)
    flat = ids.ravel()[pixels]
    x, y = (pixels % side).astype(np.float32), (pixels // side).astype(np.float32)
    return Raster(size=size, step=step, pixels=pixels, ids=flat, mix=_barycentric(corners, flat, x, y))


def _barycentric(corners: np.ndarray, ids: np.ndarray, x: np.ndarray, y: np.ndarray) -> F32:
    """Weights of the corners at the pixels, kept within the triangle: its drawn edge may reach half a pixel too far, which is far in a thin one."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    flat = np.abs(area) < 1e-3
    area = np.where(flat, 1.0, area)
    rows = np.stack(
        [
            (c[:, 1] - a[:, 1]) / area, -(c[:, 0] - a[:, 0]) / area, a[:, 0], a[:, 1],
            -(b[:, 1] - a[:, 1]) / area, (b[:, 0] - a[:, 0]) / area,
        ],
        1,
    ).astype(np.float32)  # fmt: skip
    row = rows[ids]
    dx, dy = x - row[:, 2], y - row[:, 3]
    v, w = row[:, 0] * dx + row[:, 1] * dy, row[:, 4] * dx + row[:, 5] * dy
    mix = np.clip(np.stack([1 - v - w, v, w], 1), -0.08, None)
    mix /= mix.sum(1, keepdims=True)
    mix[flat[ids]] = 1 / 3
    return mix.astype(np.float32)
