"""The inside of a mouth that opens wider than the picture shows: teeth do not stretch.

Upper teeth ride on the skull, lower ones on the jaw, and what neither reaches is dark.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..faces.mesh import LIPS_INNER, mouth_opening
from ..types import F32
from .regions import ramp
from .warp import sample

_SKULL = (1, 2, 98, 327, 164, 33, 263, 133, 362)
"""Points that go with the upper teeth: nose and eye corners."""
_JAW = (17, 18, 200, 199, 84, 314)
_ENOUGH = 0.9
"""From this share of the wanted opening on the picture's own inside, warped, is right."""
_LACKING = 0.6
_DARK_QUANTILE = 5
_NO_TEETH = (0.06, 0.025)
"""A mouth open as wide as the first (see `mouth_opening`) shows its teeth, one as little as the second shows nothing."""


def shortfall(picture: np.ndarray, drive: np.ndarray) -> float:
    """0..1: how far the mouth in the picture (478, 3) falls short of the driven one (478, 3); 0 for a mouth that hardly opens."""
    wanted, shown = float(mouth_opening(drive)), float(mouth_opening(picture))
    if wanted < 0.04:
        return 0.0
    return float(np.clip((_ENOUGH - shown / wanted) / (_ENOUGH - _LACKING), 0, 1) * np.clip((wanted - 0.04) / 0.04, 0, 1))


def unseen(picture: np.ndarray, drive: np.ndarray) -> float:
    """0..1: how far the driven mouth shows an inside of which the picture shows nothing at all."""
    return shortfall(picture, drive) * float(ramp(mouth_opening(picture), *_NO_TEETH))


def opening(drive: F32, *, box: tuple[int, int, int, int], soft: float) -> F32:
    """(h, w) 0..1, 1 between the inner lips of the mesh (478, 3); `box` x0, y0, x1, y1 in its pixels, `soft` the edge's width in pixels."""
    x0, y0, x1, y1 = box
    area = np.zeros((y1 - y0, x1 - x0), np.uint8)
    ring = drive[list(LIPS_INNER), :2]
    cv2.fillPoly(area, [np.rint((ring - (x0, y0)) * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    return np.asarray(cv2.GaussianBlur(area.astype(np.float32) / 255, (0, 0), max(0.8, soft)), np.float32)


def inside(image: np.ndarray, picture: F32, drive: F32, *, box: tuple[int, int, int, int]) -> tuple[F32, F32]:
    """The open mouth made of a picture whose own is less open.

    `image` (S, S, 3) uint8 the source's picture, `picture` (478, 3) its mesh, `drive` (478, 3) the wanted mesh; `box` x0, y0, x1, y1 in the drive's
    pixels. Returns rgb (h, w, 3) and alpha (h, w) in 0..1: the area between the inner lips.
    """
    x0, y0, x1, y1 = box
    ring = drive[list(LIPS_INNER), :2]
    skull = _similarity(drive[list(_SKULL), :2], picture[list(_SKULL), :2])
    jaw = skull.copy()
    jaw[:, 2] += (picture[list(_JAW), :2] - _move(skull, drive[list(_JAW), :2])).mean(0)
    own = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(own, [np.rint(picture[list(LIPS_INNER), :2] * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    own = cv2.GaussianBlur(own.astype(np.float32) / 255, (0, 0), 1.0)
    grid = np.stack(np.meshgrid(np.arange(x0, x1), np.arange(y0, y1)), -1).astype(np.float32)
    layers = []
    for matrix in (skull, jaw):
        place = _move(matrix, grid.reshape(-1, 2)).reshape(grid.shape)
        layers.append((sample(image, place), sample(own, place)))
    (upper, upper_ok), (lower, lower_ok) = layers
    down = _down(ring, grid)
    upper_ok, lower_ok = upper_ok * np.clip(1.4 - 1.4 * down, 0, 1), lower_ok * np.clip(1.4 * down, 0, 1)
    total = upper_ok + lower_ok
    over = np.maximum(total, 1.0)[..., None]
    dark = (np.maximum(0, 1 - total))[..., None] * _dark(image, own)
    rgb = (upper * upper_ok[..., None] + lower * lower_ok[..., None]) / over + dark
    return rgb.astype(np.float32), opening(drive, box=box, soft=0.006 * image.shape[0])


def _down(ring: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """0 at the upper inner lip, 1 at the lower, for every place of the grid."""
    upper, lower = ring[1:10].mean(0), ring[19:10:-1].mean(0)
    axis = lower - upper
    return np.clip(((grid - upper) @ axis) / max(float(axis @ axis), 1e-6), 0, 1)


def _dark(image: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The colour of the depth of this mouth: the darkest that is seen in it, and never brighter than a shadow."""
    seen = image[own > 0.5]
    darkest = np.percentile(seen, _DARK_QUANTILE, axis=0) if len(seen) > 20 else np.asarray([40.0, 18.0, 16.0])
    return np.minimum(darkest, (60.0, 34.0, 32.0)).astype(np.float32)


def _similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(2, 3) least-squares turn, scale and shift in the plane that lays `source` on `target`."""
    mean_s, mean_t = source.mean(0), target.mean(0)
    a, b = source - mean_s, target - mean_t
    z = (np.conj(a[:, 0] + 1j * a[:, 1]) * (b[:, 0] + 1j * b[:, 1])).sum() / max(float((a**2).sum()), 1e-9)
    linear = np.asarray([[z.real, -z.imag], [z.imag, z.real]], np.float64)
    return np.concatenate([linear, (mean_t - linear @ mean_s)[:, None]], 1)


def _move(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]
