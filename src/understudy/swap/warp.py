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
    """A drawn mesh: for every pixel of a picture its triangle, and how corner values mix there.

    Drawn at every `step`-th pixel (the coarse picture, (h, w)); values between are interpolated.
    """

    step: int
    ids: NDArray[np.intp]
    """(h, w) triangles; `len(all_triangles())` where none is."""
    mix: F32
    """(3, h, w): weights of the triangle's corners."""

    @property
    def covered(self) -> NDArray[np.bool_]:
        """(h, w) True where a triangle lies."""
        return self.ids < len(all_triangles())

    def part(self, box: tuple[int, int, int, int], *, every: int = 1) -> Raster:
        """What lies in a box of the coarse picture (x0, y0, x1, y1), or every so many pixels of it."""
        x0, y0, x1, y1 = box
        there = slice(y0, y1, every), slice(x0, x1, every)
        return Raster(self.step * every, self.ids[there], self.mix[:, *there])

    def carry(self, values: np.ndarray, *, outside: float | np.ndarray = 0.0, coarse: bool = False) -> F32:
        """Values at the points (514, C) -> (H, W, C); pixels outside the mesh and its rim get `outside`.

        `coarse`: give the picture as drawn, (h, w, C), not enlarged.
        """
        values = np.asarray(values, np.float32)
        beside = np.broadcast_to(np.asarray(outside, np.float32), values.shape[1:])
        planes = []
        for channel, other in zip(values.T, beside, strict=True):
            # table by table: small ones stay in the processor's cache
            tables = np.full((3, len(all_triangles()) + 1), other, np.float32)
            tables[:, :-1] = channel[_corners()]
            plane = self.mix[0] * tables[0].take(self.ids)
            plane += self.mix[1] * tables[1].take(self.ids)
            plane += self.mix[2] * tables[2].take(self.ids)
            planes.append(plane)
        picture = np.asarray(cv2.merge(planes), np.float32).reshape(*self.ids.shape, -1)
        return picture if self.step == 1 or coarse else enlarge(picture, self.step)


@cache
def _corners() -> NDArray[np.intp]:
    """(3, M) the triangles' points."""
    return np.ascontiguousarray(all_triangles().T).astype(np.intp)


def enlarge(picture: np.ndarray, times: int) -> F32:
    """A coarse picture (h, w) or (h, w, C) whose samples stand at the middles of their blocks -> one that many times as large."""
    height, width = picture.shape[:2]
    big = cv2.resize(np.asarray(picture, np.float32), (width * times, height * times), interpolation=cv2.INTER_LINEAR)
    return np.asarray(big, np.float32).reshape(height * times, width * times, *picture.shape[2:])


def sample(picture: np.ndarray, places: np.ndarray) -> F32:
    """A picture (h, w, C) uint8 or float32, or (h, w) float32, at places (H, W, 2) in its pixels: float32; colours by cubic, masks by linear
    interpolation.

    Outside the picture its edge goes on.
    """
    places = np.ascontiguousarray(places, np.float32)
    how = cv2.INTER_CUBIC if picture.ndim == 3 else cv2.INTER_LINEAR
    found = cv2.remap(picture, places, None, how, borderMode=cv2.BORDER_REPLICATE)  # pyright: ignore[reportCallIssue, reportArgumentType]
    return np.asarray(found, np.float32)


def draw(mesh: np.ndarray, *, size: int | tuple[int, int], step: int = 1) -> Raster:
    """Draw a mesh with its rim (514, 3), in the pixels of a picture of `size` (a side, or width and height); smaller z is nearer. `size` must
    divide by `step`."""
    width, height = (size, size) if isinstance(size, int) else size
    width, height = width // step, height // step
    # the middle of coarse pixel i is fine pixel i * step + (step - 1) / 2
    points = (np.asarray(mesh, np.float32)[:, :2] - (step - 1) / 2) / step
    tris = all_triangles()
    corners = points[tris]  # (M, 3, 2)
    depth = np.asarray(mesh, np.float32)[:, 2][tris].mean(1)
    fixed = np.rint(corners * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    ids = np.full((height, width), len(tris), np.int32)
    low, high = corners.min(1), corners.max(1)
    seen = ((high >= -1) & (low <= (width, height))).all(1)
    # the rim lies behind everything
    depth[len(triangles()) :] += 1e6
    order = np.argsort(-depth, kind="stable")
    order = order[seen[order]]
    for number, triangle in zip(order.tolist(), fixed[order], strict=True):
        cv2.fillConvexPoly(ids, triangle, number, cv2.LINE_8, _SUBPIXEL_BITS)
    whole = ids.astype(np.intp)
    return Raster(step=step, ids=whole, mix=_barycentric(corners, whole))


def _barycentric(corners: np.ndarray, ids: NDArray[np.intp]) -> F32:
    """(3, h, w) weights of the corners at the pixels, kept within the triangle: its drawn edge may reach half a pixel too far, which is far in a
    thin one."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    flat = np.abs(area) < 1e-3
    area = np.where(flat, 1.0, area)
    columns = [
        (c[:, 1] - a[:, 1]) / area, -(c[:, 0] - a[:, 0]) / area, a[:, 0], a[:, 1],
        -(b[:, 1] - a[:, 1]) / area, (b[:, 0] - a[:, 0]) / area,
    ]  # fmt: skip
    # beside the mesh: its first corner alone
    vx, vy, ax, ay, wx, wy = (np.append(column, 0).astype(np.float32).take(ids) for column in columns)
    height, width = ids.shape
    dx = np.arange(width, dtype=np.float32)[None, :] - ax
    dy = np.arange(height, dtype=np.float32)[:, None] - ay
    mix = np.empty((3, height, width), np.float32)
    np.add(vx * dx, vy * dy, out=mix[1])
    np.add(wx * dx, wy * dy, out=mix[2])
    np.subtract(1 - mix[1], mix[2], out=mix[0])
    np.maximum(mix, -0.08, out=mix)
    mix /= mix.sum(0)
    if flat.any():
        mix[:, np.append(flat, False).take(ids)] = 1 / 3
    return mix
