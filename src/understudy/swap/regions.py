"""Parts of the face as weights on the mesh: how near a point is to the border, to the mouth, to the eyes."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from ..faces.mesh import BROW_LEFT, BROW_RIGHT, EYE_LEFT, EYE_RIGHT, FACE_OVAL, LIPS_INNER, LIPS_OUTER, N_SKIN, canonical
from ..types import F32, N_LANDMARKS

_FOREHEAD_SOFT_CM, _JAW_SOFT_CM = 0.9, 0.4
_JAW_FROM_CM = 4.0
"""Below the middle of the mean face: about the mouth."""


def ramp(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """Smooth step: 0 up to `low`, 1 from `high` on (or the other way round where high < low)."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _outside(points: np.ndarray, ring: tuple[int, ...]) -> np.ndarray:
    """(N,) distance in centimetres from a ring's area, 0 inside, seen from the front."""
    polygon = canonical()[list(ring), :2].astype(np.float32).reshape(-1, 1, 2)
    return np.asarray([max(0.0, -cv2.pointPolygonTest(polygon, (float(x), float(y)), True)) for x, y in points[:, :2]])


@cache
def border_distance() -> F32:
    """(478,) centimetres to the mesh's border along the surface, about; 0 on it. Irises count as far inside."""
    points = canonical()
    ring = points[list(FACE_OVAL)]
    gap = np.linalg.norm(points[:, None] - ring[None], axis=-1).min(1)
    return np.concatenate([gap, np.full(N_LANDMARKS - N_SKIN, 9.0)]).astype(np.float32)


@cache
def inner_weight(low: float, high: float) -> F32:
    """(478,) 0 within `low` centimetres of the border, 1 from `high` on."""
    return ramp(border_distance(), low, high).astype(np.float32)


@cache
def cover_weight() -> F32:
    """(478,) 1 inside, 0 on the mesh's border: softly over the forehead and temples, where the border crosses skin; quickly along the jaw, where the
    face ends and a beard would be left standing as a ring."""
    below = ramp(canonical()[:, 1], 0.0, _JAW_FROM_CM)
    soft = _FOREHEAD_SOFT_CM + below * (_JAW_SOFT_CM - _FOREHEAD_SOFT_CM)
    soft = np.concatenate([soft, np.ones(N_LANDMARKS - N_SKIN)])
    return ramp(border_distance() / soft, 0.0, 1.0).astype(np.float32)


@cache
def mouth_weight() -> F32:
    """(478,) 1 on and round the lips, reaching down to the chin (which the jaw carries along)."""
    points = canonical().copy()
    lips = points[list(LIPS_OUTER)]
    below = np.maximum(points[:, 1] - lips[:, 1].max(), 0)
    points[:, 1] -= 0.6 * below
    return _padded(ramp(_outside(points, LIPS_OUTER), 1.7, 0.5))


@cache
def eye_weight() -> F32:
    """(478,) 1 on and round the eyes, 0 at the brows."""
    points = canonical()
    gap = np.minimum(_outside(points, EYE_RIGHT), _outside(points, EYE_LEFT))
    return _padded(ramp(gap, 1.2, 0.35))


@cache
def white_weight() -> F32:
    """(478,) 1 between the lids and between the lips, where white is not shine."""
    weight = np.zeros(N_LANDMARKS, np.float32)
    weight[[*EYE_RIGHT, *EYE_LEFT, *LIPS_INNER]] = 1
    return weight


@cache
def side_weight(side: int) -> F32:
    """(478,) 1 on the half of the face where that eye is (0: the subject's right, the picture's left)."""
    x = np.concatenate([canonical()[:, 0], np.zeros(N_LANDMARKS - N_SKIN)])
    return ((x < 0) if side == 0 else (x > 0)).astype(np.float32)


@cache
def lid_weight() -> F32:
    """(478,) 1 on the lids: what opens and closes with the eye."""
    points = canonical()
    gap = np.minimum(_outside(points, EYE_RIGHT), _outside(points, EYE_LEFT))
    return _padded(ramp(gap, 0.8, 0.25))


@cache
def brow_weight() -> F32:
    """(478,) 1 on and round the brows and eyes: what the target has there must not stay beside the source's."""
    points = canonical()
    features = points[[*BROW_RIGHT, *BROW_LEFT, *EYE_RIGHT, *EYE_LEFT]]
    gap = np.linalg.norm(points[:, None] - features[None], axis=-1).min(1)
    return _padded(ramp(gap, 1.6, 0.6))


@cache
def brow_hair_weight() -> F32:
    """(478,) 1 on the brows themselves, along their whole length."""
    points = canonical()
    gap = np.linalg.norm(points[:, None] - points[[*BROW_RIGHT, *BROW_LEFT]][None], axis=-1).min(1)
    return _padded(ramp(gap, 0.45, 0.1))


@cache
def filled_weight() -> F32:
    """(478,) 1 where smooth skin is put if the source's hair lies there: round brows and eyes, and on cheeks and jaw, where the target may have a
    beard."""
    cheeks = ramp(canonical()[:, 1], -2.0, 0.0) * ramp(border_distance()[:N_SKIN], 0.2, 1.0)
    return np.maximum(brow_weight(), _padded(cheeks))


@cache
def frown_weight() -> F32:
    """(478,) 1 on the brows and between them: what is drawn together and raised."""
    points = canonical()
    features = np.concatenate([points[[*BROW_RIGHT, *BROW_LEFT]], points[[8, 9, 168]]])
    gap = np.linalg.norm(points[:, None] - features[None], axis=-1).min(1)
    return _padded(ramp(gap, 0.9, 0.3) * (1 - eye_weight()[:N_SKIN]))


@cache
def plain_skin() -> F32:
    """(478,) 1 where the colour is skin lit from outside, 0 on eyes, brows, lips and the very border: there light is not measured."""
    points = canonical()
    gap = np.minimum(_outside(points, EYE_RIGHT), _outside(points, EYE_LEFT))
    clear = (gap > 0.25) & (_outside(points, LIPS_OUTER) > 0.2)
    clear[[*BROW_RIGHT, *BROW_LEFT, *LIPS_INNER]] = False
    return _padded(clear * ramp(border_distance()[:N_SKIN], -0.01, 0.6))


def _padded(weight: np.ndarray) -> F32:
    """Irises take no part."""
    return np.concatenate([weight, np.zeros(N_LANDMARKS - N_SKIN)]).astype(np.float32)
