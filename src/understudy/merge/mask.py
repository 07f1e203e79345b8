"""Where the swapped face is put: on the target's own skin, softly, and steadily from frame to frame."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..faces.align import FACE_SHARE, invert
from ..faces.mesh import BROW_LEFT, BROW_RIGHT, EYE_LEFT, EYE_RIGHT, LIPS_OUTER, canonical
from ..types import F32, U8
from .place import trimmed

_STEADY = (1.0, 2.0, 3.0, 2.0, 1.0)
"""Weights over neighbouring frames of the target's skin mask; crops are steady on the face, so nothing smears."""
_RIM = 0.05
"""Where the mask counts as begun: the soft seam is laid inwards from there."""

_AT_JAW = 0.4
_SMOOTH = 0.15
"""Smoothing of the seam, as a share of its width."""
_UNDER_NOSE, _UNDER_LIP = 2, 17


def steady_own(masks: U8, frame_index: NDArray[np.int32], position: int) -> F32:
    """(T, M, M) masks of a performance -> (M, M) in 0..1: frame `position`'s, averaged with its neighbours in time on both sides."""
    reach = len(_STEADY) // 2
    total, weights = np.zeros(masks.shape[1:], np.float32), 0.0
    for other in range(max(0, position - reach), min(len(masks), position + reach + 1)):
        away = int(frame_index[other] - frame_index[position])
        if abs(away) <= reach:
            total += np.float32(_STEADY[reach + away]) * masks[other]
            weights += _STEADY[reach + away]
    return total / np.float32(255 * weights)


def face_width(size: int) -> float:
    """Width of a frontal face in a standard crop of `size` pixels, in pixels."""
    return FACE_SHARE * size * float(np.ptp(canonical()[:, 0]) / np.ptp(canonical()[:, 1]))


def seam_mask(
    alpha: F32, own: F32, *, crop_from_frame: F32, frame_wh: tuple[int, int], feather: float, mesh: F32 | None = None, erode: float = 0.0
) -> F32:
    """The share of the swapped face in every pixel of the crop, (S, S) in 0..1.

    `alpha` (S, S): what the swapper covers; `own` (M, M): where the target's own face shows. It rises from 0 at the rim of both to 1 over
    `feather` (a share of the face's width), inwards only: hair, hands and background stay as they are. Where the frame's border cuts
    the face there is no seam. With the target's `mesh` (478, 3) the seam narrows along the jaw: there the face ends anyway, and a wide seam would
    leave a beard standing as a ring. `erode` (a share of the face's width) draws the whole in; below 0 it grows over what is not the target's own
    face, as far as the swapper covers.
    """
    size = alpha.shape[0]
    out = np.zeros_like(alpha)
    width = feather * face_width(size)
    found = trimmed(alpha)
    if found is None:
        return out
    # beside the swapper's face there is nothing; the margin is what the smoothing reaches
    reach = int(4 * _SMOOTH * width) + 4
    rows, columns = (slice(max(0, at.start - reach), min(size, at.stop + reach)) if erode >= 0 else slice(0, size) for at in found)
    shown = np.asarray(cv2.resize(own, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)[rows, columns]
    outside = _outside_frame(crop_from_frame, frame_wh, rows, columns)
    if outside is not None:
        shown[outside] = 1
    alpha, shown = alpha[rows, columns], shown if erode >= 0 else _grown(shown, -erode * face_width(size))
    share = np.clip(alpha * shown, 0, 1)
    if erode > 0:
        share = _drawn_in(share, erode * face_width(size))
    if width < 0.5:
        out[rows, columns] = share
        return out
    narrow = np.ones((size, 1), np.float32) if mesh is None else _narrowing(mesh, size)
    inside = cv2.copyMakeBorder((share > _RIM).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    ramp = np.clip((depth - 0.5) / (width * narrow[rows]), 0, 1)
    # the distance has a ridge wherever two borders are equally near: smooth it, and start and end without a kink
    ramp = cv2.GaussianBlur(ramp, (0, 0), max(0.5, _SMOOTH * width * float(narrow.min())))
    # the lesser, not the product: a rim that the swapper made soft already is not moved further in
    out[rows, columns] = np.minimum(share, ramp * ramp * (3 - 2 * ramp)) * (depth > 0)
    return out


def _drawn_in(share: F32, pixels: float) -> F32:
    """The mask with its rim moved inwards."""
    inside = cv2.copyMakeBorder((share > _RIM).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    return np.asarray(share * np.clip(depth - pixels, 0, 1), np.float32)


def _grown(shown: F32, pixels: float) -> F32:
    """What counts as the target's own face, moved outwards."""
    away = cv2.distanceTransform((shown < 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(np.maximum(shown, np.clip(pixels - away + 0.5, 0, 1)), np.float32)


def _narrowing(mesh: F32, size: int) -> F32:
    """(S, 1): the seam's width in each row of the crop, as a share: 1 down to the nose, `_AT_JAW` from the lower lip on."""
    nose, lip = float(mesh[_UNDER_NOSE, 1]), float(mesh[_UNDER_LIP, 1])
    down = np.clip((np.arange(size, dtype=np.float32) - nose) / max(lip - nose, 1.0), 0, 1)
    return (1 - (1 - _AT_JAW) * down * down * (3 - 2 * down))[:, None].astype(np.float32)


def _outside_frame(crop_from_frame: F32, frame_wh: tuple[int, int], rows: slice, columns: slice) -> NDArray[np.bool_] | None:
    """(h, w) True where this part of the crop shows nothing of the frame; None where all of it lies inside."""
    matrix = invert(crop_from_frame)
    square = np.array([[x, y] for y in (rows.start, rows.stop - 1) for x in (columns.start, columns.stop - 1)], np.float32)
    corners = square @ matrix[:, :2].T + matrix[:, 2]
    last = np.array(frame_wh, np.float32) - 1
    if (corners >= 0).all() and (corners <= last).all():
        return None
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :]
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
    fx = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
    fy = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
    return (fx < 0) | (fy < 0) | (fx > last[0]) | (fy > last[1])


def plain_skin(mesh: F32, *, size: int, side: int) -> F32:
    """(side, side) 0..1: 0 at the eyes, brows and mouth of `mesh` (478, 3; pixels of a crop of `size`), which have colours of their own."""
    points = (mesh[:, :2] + 0.5) * (side / size) - 0.5
    out = np.full((side, side), 255, np.uint8)
    for ring in (EYE_RIGHT, EYE_LEFT, LIPS_OUTER, BROW_RIGHT, BROW_LEFT):
        cv2.fillPoly(out, [np.rint(cv2.convexHull(points[list(ring)])).astype(np.int32)], 0)
    wide = cv2.erode(out, np.ones((5, 5), np.uint8))
    return (cv2.GaussianBlur(wide, (0, 0), 1.0) / 255).astype(np.float32)
