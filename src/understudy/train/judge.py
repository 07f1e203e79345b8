"""Faults of the network's faces that only the target shows: places that nothing in the source's own pictures asked for."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..faces.mesh import BROW_LEFT, BROW_RIGHT, EYE_LEFT, EYE_RIGHT, LIPS_OUTER
from ..types import F32, SwappedFace
from .target import Look, Target

STAIN_MOST = 12.0
"""A patch of skin that differs from the draft's by more (of 255) is a stain: the light is the draft's already, so skin has little reason to change.
The violet shadows that a long-haired source once had at the temples came to 30; faces without fault to 7 and 8."""
_BROAD = 0.02
"""Width of the smallest patch that counts, as a share of the crop's side: pores and lashes are meant to change."""
_QUANTILE = 0.995


def stain(target: Target, faces: Sequence[SwappedFace]) -> float:
    """How far the worst patch of plain skin in any look has moved away from the draft's colour, of 255."""
    return max(_stain(look, face) for look, face in zip(target.looks, faces, strict=True))


def _stain(look: Look, face: SwappedFace) -> float:
    share = (face.alpha * look.own * plain_skin(look)).astype(np.float32)
    width = _BROAD * look.crop.size
    moved = cv2.GaussianBlur(share[..., None] * (face.rgb - look.draft.rgb), (0, 0), width)
    weight = cv2.GaussianBlur(share, (0, 0), width)
    seen = weight > 0.3
    if not seen.any():
        return 0.0
    return float(np.quantile(np.abs(moved[seen] / weight[seen][:, None]).mean(-1), _QUANTILE))


def plain_skin(look: Look) -> F32:
    """(S, S) 0 on eyes, brows and mouth of the driven mesh, which training is there to change."""
    out = np.ones((look.crop.size, look.crop.size), np.uint8)
    for ring in (EYE_RIGHT, EYE_LEFT, LIPS_OUTER, BROW_RIGHT, BROW_LEFT):
        cv2.fillPoly(out, [np.rint(cv2.convexHull(look.drive.mesh[list(ring), :2])).astype(np.int32)], 0)
    reach = 2 * round(0.02 * look.crop.size) + 1
    return cv2.erode(out, np.ones((reach, reach), np.uint8)).astype(np.float32)
