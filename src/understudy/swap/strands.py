"""Single strands of hair on a forehead: too thin for the network that parses pictures, and seen at once on somebody else's forehead."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from ..faces.mesh import BROW_LEFT, BROW_RIGHT, FACE_OVAL, canonical
from ..types import F32, U8

_SIDE = 256
_WIDEST_CM, _ABOVE_BROWS_CM = 1.4, 0.45
_WRINKLE, _HAIR = 0.16, 0.34
"""How much darker than the skin round it (natural logarithm) a line may be as a wrinkle, and is surely as hair."""


def strands(crop: U8, landmarks: F32) -> F32:
    """(256, 256) float32 0..1: how surely hair lies on the forehead of a standard crop (S, S, 3) RGB with the mesh (478, 3) in its pixels.

    Dark lines and locks narrower than 1.4 cm are found by what a morphological closing fills (the black hat: Serra, "Image Analysis and Mathematical
    Morphology", 1982).
    """
    mesh = (landmarks[:, :2] + 0.5) * (_SIDE / crop.shape[0]) - 0.5
    centimetre = float(np.linalg.norm(mesh[10] - mesh[152])) / _face_cm()
    forehead = _forehead(mesh, centimetre)
    if not forehead.any():
        return np.zeros((_SIDE, _SIDE), np.float32)
    grey = cv2.cvtColor(cv2.resize(crop, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    logs = np.log(grey.astype(np.float32) + 12)
    reach = int(_WIDEST_CM * centimetre) | 1
    dark = cv2.morphologyEx(logs, cv2.MORPH_BLACKHAT, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)), borderType=cv2.BORDER_REPLICATE)
    sure = np.clip((dark - _WRINKLE) / (_HAIR - _WRINKLE), 0, 1) * forehead
    grown = max(3, int(0.25 * centimetre) | 1)
    return np.asarray(cv2.GaussianBlur(cv2.dilate(sure, np.ones((grown, grown), np.uint8)), (0, 0), 0.1 * centimetre + 0.5), np.float32)


def _forehead(mesh: np.ndarray, centimetre: float) -> F32:
    """1 between the mesh's upper border and a line above the brows."""
    brows = np.concatenate([mesh[list(BROW_RIGHT)], mesh[list(BROW_LEFT)]])
    up = mesh[10] - mesh[152]
    up /= max(float(np.linalg.norm(up)), 1e-6)
    oval = mesh[list(FACE_OVAL)]
    height = oval @ up
    border = oval[height > float((brows @ up).min())]
    out = np.zeros((_SIDE, _SIDE), np.uint8)
    cv2.fillPoly(out, [cv2.convexHull(np.rint(border).astype(np.int32))], 1)
    # the brows themselves, and what lies under them, are dark for other reasons
    below = cv2.convexHull(np.rint(np.concatenate([brows + _ABOVE_BROWS_CM * centimetre * up, brows - 9 * centimetre * up])).astype(np.int32))
    cv2.fillPoly(out, [below], 0)
    return out.astype(np.float32)


@cache
def _face_cm() -> float:
    """Height of the mean face's mesh, forehead to chin."""
    points = canonical()
    return float(np.linalg.norm(points[10] - points[152]))
