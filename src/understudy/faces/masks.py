"""Which part of a standard crop shows the face's own skin, lips and eyes."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from ..types import F32, U8, Track
from .mesh import EYE_LEFT, EYE_RIGHT, LIPS_OUTER, N_SKIN
from .segment import BODY_SKIN, FACE_SKIN, OTHER
from .segment import SIDE as CLASSES_SIDE

_OWN_EVEN_IF_UNSURE = (EYE_RIGHT, EYE_LEFT, LIPS_OUTER)
"""Eyes and lips often get another class than skin; they are the face's own unless a hand lies there."""

_NO_FACE = 0.1
"""Share of skin inside the mesh below which no face is seen there (something is wholly before it, or the picture is another one)."""
_CLEAR_OF_HAIR = 7
"""Pixels of a mask: skin within half of it from hair is not trusted."""
_HOLE_PX = 110
"""About 3 % of the face in a crop of 128 px."""
_AROUND_EYES = (127, 356, 34, 264, 116, 345, 70, 300, 105, 334, 50, 280, 168, 6, 197, 118, 347)
"""Mesh points whose hull holds a pair of glasses: temples, brows, the bridge of the nose, the upper cheeks."""
_RIM_SOFT, _RIM_GAIN = 0.7, 1.6
"""A rim is one or two pixels wide here: softened, then strengthened, so that its middle is wholly cut out."""


def own_share(classes: U8, landmarks: F32) -> F32:
    """(128, 128) classes and (478, 3) mesh, both in the crop at 128 px -> (128, 128) float32, 1 where the face itself shows."""
    own = (classes == FACE_SKIN).astype(np.uint8)
    if own[hull(landmarks) > 127].mean() < _NO_FACE:
        return np.zeros(own.shape, np.float32)
    for ring in _OWN_EVEN_IF_UNSURE:
        region = np.zeros_like(own)
        cv2.fillPoly(region, [pixels(landmarks[list(ring)])], 1)
        own |= region & (classes != BODY_SKIN)
    own = cv2.morphologyEx(own, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return _without_holes(np.asarray(own, np.uint8)).astype(np.float32)


def _without_holes(own: U8) -> U8:
    """Small islands inside the face (a nostril in the shade, a ring in the nose) are the face's own; what lies over it comes from outside."""
    n, islands, stats, _ = cv2.connectedComponentsWithStats(1 - own, connectivity=4)
    small = [i for i in range(1, n) if stats[i, cv2.CC_STAT_AREA] <= _HOLE_PX]
    own[np.isin(islands, small)] = 1
    return own


def hull(landmarks: F32) -> U8:
    """(128, 128), 255 inside the outline of the mesh (478, 3) in the crop at 128 px."""
    out = np.zeros((CLASSES_SIDE, CLASSES_SIDE), np.uint8)
    outline = cv2.convexHull(landmarks[:N_SKIN, :2].astype(np.float32)).reshape(-1, 2)
    cv2.fillPoly(out, [pixels(outline)], 255, lineType=cv2.LINE_AA)
    return out


def clear_of_hair(masks: U8, landmarks: F32, *, size: int) -> U8:
    """Masks (N, M, M) of crops of `size` pixels with the meshes (N, 478, 3), without skin next to what lies over the face (hair, a hand): there are
    shadows, and colours that are half of each. Along the outline of the face nothing is taken away."""
    side = masks.shape[-1]
    out = np.empty(masks.shape, np.uint8)
    kernel = np.ones((_CLEAR_OF_HAIR, _CLEAR_OF_HAIR), np.uint8)
    for n, mask in enumerate(masks):
        outline = hull((landmarks[n] + 0.5) * (side / size) - 0.5)
        over = cv2.dilate(np.where(outline > 127, 255 - np.asarray(mask), 0).astype(np.uint8), kernel)
        out[n] = np.minimum(mask, 255 - over)
    return out


def track_masks(track: Track, positions: np.ndarray, landmarks: F32, *, without_glasses: bool = False) -> U8:
    """Masks (N, 128, 128) for frames of a track: inside the mesh, and own by the two parsed frames around (nearer counts more).

    What was parsed is carried to the wanted frame by the motion of the mesh. `positions`: (N,) places 0..T-1 in the track; `landmarks`:
    (T, 478, 3) the whole track's meshes in their standard crops at 128 px. `without_glasses`: the frame of the person's glasses is cut out.
    """
    rims = [_rim(classes, landmarks[k]) for k, classes in zip(track.key_index, track.key_classes, strict=True)] if without_glasses else []
    keys = [own_share(classes, landmarks[k]) for k, classes in zip(track.key_index, track.key_classes, strict=True)]
    out = np.empty((len(positions), CLASSES_SIDE, CLASSES_SIDE), np.uint8)
    for i, position in enumerate(positions):
        a, b, share = parsed_around(track, int(position))
        start, end = landmarks[track.key_index[[a, b]]]
        own = _between(keys[a], keys[b], share, start=start, end=end, at=landmarks[position])
        own = np.clip((cv2.GaussianBlur(own, (0, 0), 1.2) - 0.35) / 0.3, 0, 1)
        if rims:
            lies = _between(rims[a], rims[b], share, start=start, end=end, at=landmarks[position])
            own *= 1 - np.clip(_RIM_GAIN * cv2.GaussianBlur(lies, (0, 0), _RIM_SOFT), 0, 1)
        out[i] = own * hull(landmarks[position])
    return out


def parsed_around(track: Track, position: int) -> tuple[int, int, float]:
    """The numbers of the parsed frames before and after a position in the track, and how much (0..1) the second counts there."""
    after = int(np.searchsorted(track.key_index, position))
    b, a = min(after, len(track.key_index) - 1), max(after - 1, 0)
    gap = int(track.key_index[b] - track.key_index[a])
    return a, b, float(np.clip((position - track.key_index[a]) / gap, 0, 1)) if gap > 0 else 0.0


def _between(before: F32, after: F32, share: float, *, start: F32, end: F32, at: F32) -> F32:
    """Two maps, parsed on the meshes `start` and `end`, carried to the mesh `at`; the second counts by `share`."""
    return np.asarray((1 - share) * carried(before, start, at) + share * carried(after, end, at), np.float32)


def around_eyes(landmarks: F32) -> U8:
    """(128, 128) 1 where a pair of glasses may lie on the mesh (478, 3), in the crop at 128 px."""
    region = np.zeros((CLASSES_SIDE, CLASSES_SIDE), np.uint8)
    cv2.fillConvexPoly(region, pixels(cv2.convexHull(landmarks[list(_AROUND_EYES), :2].astype(np.float32)).reshape(-1, 2)), 1)
    return region


def _rim(classes: U8, landmarks: F32) -> F32:
    """(128, 128) 1 where the frame of a pair of glasses lies."""
    return (around_eyes(landmarks) * (classes == OTHER)).astype(np.float32)


def carried(own: F32, start: F32, end: F32) -> F32:
    """A map (128, 128) of the crop in which the mesh is `start` (478, 3), moved to where it is `end`: a cubic in x and y fitted to the skin's
    points takes every pixel back. Good inside the mesh; beyond it the map's edge may be stretched."""
    if own.min() == own.max():
        return own
    terms = _cubic(end[:N_SKIN, :2])
    # the weak pull towards "nothing moves" holds what the points say little about
    pull = 1e-5 * len(terms) * np.eye(terms.shape[1])
    moved = np.linalg.solve(terms.T @ terms + pull, terms.T @ (start[:N_SKIN, :2] - end[:N_SKIN, :2]).astype(np.float64))
    back = (_grid() + _grid_cubic() @ moved).astype(np.float32).reshape(CLASSES_SIDE, CLASSES_SIDE, 2)
    return np.asarray(cv2.remap(own, back[..., 0], back[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _cubic(points: np.ndarray) -> np.ndarray:
    """(N, 2) crop pixels -> (N, 10): 1, x, y and their products up to the third degree."""
    x, y = (np.asarray(points, np.float64).T - (CLASSES_SIDE - 1) / 2) / (CLASSES_SIDE / 2)
    return np.stack([x**i * y**j for i in range(4) for j in range(4 - i)], 1)


@cache
def _grid() -> np.ndarray:
    return np.stack(np.meshgrid(np.arange(CLASSES_SIDE), np.arange(CLASSES_SIDE)), -1).reshape(-1, 2).astype(np.float64)


@cache
def _grid_cubic() -> np.ndarray:
    return _cubic(_grid())


def pixels(points: np.ndarray) -> np.ndarray:
    """Polygon corners for cv2.fillPoly."""
    return np.rint(points[:, :2]).astype(np.int32)
