"""The irises where the performance has them: the mesh's triangles carry lids, but what lies between the lids moves by itself."""

from __future__ import annotations

import cv2
import numpy as np

from ..faces.mesh import EYE_LEFT, EYE_RIGHT, IRIS_LEFT, IRIS_RIGHT, eye_opening
from ..types import F32
from .regions import ramp
from .warp import sample

_MOST_ALONG, _MOST_ACROSS = 0.18, 0.06
"""How far an iris is moved at most, in eye widths, from corner to corner and up or down: beyond, the white of the eye would tear."""
_WHOLE, _NONE = 1.15, 3.0
"""Iris radii within which everything moves along, and from which on nothing does."""
_OPEN = (0.08, 0.17)
"""Opening of an eye under which its iris is hidden, and from which on it is moved in full."""


def moved(places: F32, *, drive: F32, picture: F32, box: tuple[int, int, int, int]) -> F32:
    """Where each pixel of `box` (x0, y0, x1, y1; drive's pixels) lies in the source's picture, the irises of the picture now under the drive's.

    `places` (h, w, 2) in the source's pixels, as the mesh carries them; `drive`, `picture` (478, 3) the two meshes.
    """
    x0, y0, _, _ = box
    height, width = places.shape[:2]
    opening = eye_opening(drive)
    out = places.copy()
    for side, (ring, iris) in enumerate(((EYE_RIGHT, IRIS_RIGHT), (EYE_LEFT, IRIS_LEFT))):
        strength = float(ramp(opening[side], *_OPEN))
        centre = drive[iris[0], :2] - (x0, y0)
        if strength == 0 or not (0 <= centre[0] < width - 1 and 0 <= centre[1] < height - 1):
            continue
        now = sample(places[..., 0], centre[None, None])[0, 0], sample(places[..., 1], centre[None, None])[0, 0]
        away = _limited(picture[iris[0], :2] - np.asarray(now), along=picture[ring[8], :2] - picture[ring[0], :2])
        radius = float(np.linalg.norm(drive[list(iris[1:]), :2] - drive[iris[0], :2], axis=1).mean())
        reach = int(_NONE * radius) + 1
        left, top = max(0, int(centre[0]) - reach), max(0, int(centre[1]) - reach)
        right, bottom = min(width, int(centre[0]) + reach + 2), min(height, int(centre[1]) + reach + 2)
        across = np.arange(left, right, dtype=np.float32)[None, :] - np.float32(centre[0])
        down = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(centre[1])
        share = ramp(np.sqrt(across**2 + down**2), _NONE * radius, _WHOLE * radius)
        lids = _between_lids(drive[list(ring), :2] - (x0 + left, y0 + top), share.shape, soft=0.2 * radius)
        out[top:bottom, left:right] += np.float32(strength) * (share * lids)[..., None] * away.astype(np.float32)
    return out


def _limited(away: np.ndarray, *, along: np.ndarray) -> np.ndarray:
    """A movement (2,), cut to what an eye with corners `along` (2,) apart bears."""
    width = max(float(np.linalg.norm(along)), 1e-6)
    x = along / width
    y = np.asarray([-x[1], x[0]])
    return np.clip(away @ x, -_MOST_ALONG * width, _MOST_ALONG * width) * x + np.clip(away @ y, -_MOST_ACROSS * width, _MOST_ACROSS * width) * y


def _between_lids(ring: np.ndarray, size_hw: tuple[int, int], *, soft: float) -> F32:
    """(h, w) 1 between the lids, softly 0 on them."""
    area = np.zeros(size_hw, np.uint8)
    cv2.fillPoly(area, [np.rint(ring * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    return np.asarray(cv2.GaussianBlur(area.astype(np.float32) / 255, (0, 0), max(0.6, soft)), np.float32)
