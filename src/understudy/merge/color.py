"""The face's overall colour brought to the target's, on skin that both show, so that it neither stands out nor flickers.

The swapper has already put the face into the target's light; what is left is a small factor, a slight difference in contrast, and
a difference along the border that the eye finds at once. All three are measured on small pictures in the standard crop, where the
face holds still: the factor anew in every frame (the face is then as bright as the target's, even in a flash, and a swapper that
wavers is held), the others averaged over time. Factors, not offsets: a black beard stays black in brighter light.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..types import F32, U8
from .membrane import membranes
from .place import trimmed
from .transfer import samples_of

SIDE = 128
"""Side of the pictures on which colour is measured."""
SEAM_SIDE = 32
"""Side of the map of what is left along the border."""
_UNIT = SIDE // SEAM_SIDE
_FEWEST = 40.0
"""Pixels of skin (of SIDE x SIDE) below which nothing is concluded."""
_DOUBT = 18.0
"""Code values from the median beyond which a pixel's difference is something else than light: a beard, a shadow of a hand."""
_LIGHT = (0.6, 1.6)
"""Factors of light that are believed."""
_CONTRAST = (0.8, 1.25)
_GENTLE = 0.3
"""Power of the contrast's ratio that is applied: it is measured across two different faces."""
_SEAM_MOST = 0.15
"""The border is made brighter or darker by at most about this share."""
_DARK = 12.0
"""Code values that are added before ratios are taken, so that black does not count."""
_OPPONENT = np.array([[0.299, 0.587, 0.114], [0.5, -0.4187, -0.0813], [-0.1687, -0.3313, 0.5]])
"""Luma, red minus luma, blue minus luma, of the coded values."""


@dataclass(frozen=True, slots=True, eq=False)
class ColorMeasure:
    """What one frame says about colour; rgb code values 0..255."""

    face_mean: np.ndarray
    """(3,)"""
    target_mean: np.ndarray
    spreads: np.ndarray
    """(2, 2): variance of luma and of both chromas, of the face and of the target. To be averaged over time."""
    residual: np.ndarray
    """(SEAM_SIDE, SEAM_SIDE, 4): along the border, log of target over lit face, times weight; the weight. To be averaged over time."""
    samples: np.ndarray | None = None
    """(2, N, 3) colours of the face and of the target at the same places on skin, for transfers; gathered over time. None: not asked for."""
    membranes: np.ndarray | None = None
    """See `membrane.membranes`; to be averaged over time. None: not asked for."""


def small(rgb: np.ndarray) -> F32:
    """A crop (S, S, 3) in the size in which colour is measured, float32."""
    way = cv2.INTER_AREA if rgb.shape[0] >= SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rgb, (SIDE, SIDE), interpolation=way), np.float32)


def measure(face: F32, target: U8, *, share: F32, skin: F32, samples: bool = False, seamless: bool = False) -> ColorMeasure | None:
    """Compare the swapped face and the target, both (S, S, 3); None where too little skin is seen.

    `share` (S, S): the seam mask; `skin` (SIDE, SIDE): 1 where neither eyes, brows nor mouth are. `samples`, `seamless`: what modes need besides.
    """
    mask = np.asarray(cv2.resize(share, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32)
    part = _part(mask)
    mask, skin = mask[part], skin[part]
    weight = mask * skin
    if weight.sum() < _FEWEST:
        return None
    ours, theirs = small(face)[part], small(target)[part]
    away = theirs - ours
    certain = away[weight > 0.5] if (weight > 0.5).sum() > _FEWEST else away[weight > 0]
    doubt = ((cv2.GaussianBlur(away - np.median(certain, axis=0), (0, 0), 2.0) / np.float32(_DOUBT)) ** 2).sum(-1)
    trusted = weight / (1 + doubt)
    face_mean, face_spread = _moments(ours, trusted)
    target_mean, target_spread = _moments(theirs, trusted)
    left = np.log((theirs + np.float32(_DARK)) / (ours * _light(face_mean, target_mean).astype(np.float32) + np.float32(_DARK)))
    rim = 4 * mask * (1 - mask) * skin / (1 + doubt)
    residual = np.dstack([np.clip(left, -2 * _SEAM_MOST, 2 * _SEAM_MOST) * rim[..., None], rim])
    seam = np.zeros((SEAM_SIDE, SEAM_SIDE, 4), np.float32)
    seam[tuple(slice(at.start // _UNIT, at.stop // _UNIT) for at in part)] = cv2.resize(
        residual, (residual.shape[1] // _UNIT, residual.shape[0] // _UNIT), interpolation=cv2.INTER_AREA
    )
    return ColorMeasure(
        face_mean=face_mean,
        target_mean=target_mean,
        spreads=np.stack([face_spread, target_spread]),
        residual=seam,
        samples=samples_of(ours, theirs, np.asarray(weight, np.float32)) if samples else None,
        membranes=membranes(face, np.asarray(target, np.float32), share) if seamless else None,
    )


def _part(mask: F32) -> tuple[slice, slice]:
    """Where there is any of the mask, with room for smoothing, in whole units of the map of the border."""
    found = trimmed(mask) or (slice(0, _UNIT), slice(0, _UNIT))
    reach = 2 * _UNIT
    rows, columns = (slice(max(0, at.start - reach) // _UNIT * _UNIT, min(SIDE, -(-(at.stop + reach) // _UNIT) * _UNIT)) for at in found)
    return rows, columns


def _moments(rgb: F32, weight: F32) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean (3,), and variances of luma and of the chromas together (2,)."""
    flat, w = rgb.reshape(-1, 3).astype(np.float64), weight.reshape(-1).astype(np.float64)
    w = w / w.sum()
    mean = w @ flat
    opponent = (flat - mean) @ _OPPONENT.T
    variance = w @ opponent**2
    return mean, np.array([variance[0], variance[1:].sum()])


def _light(face_mean: np.ndarray, target_mean: np.ndarray) -> np.ndarray:
    """(3,) factors that bring the face's mean to the target's."""
    return np.clip((target_mean + 1) / (face_mean + 1), *_LIGHT)


def correction(now: ColorMeasure, spreads: np.ndarray, *, degree: float) -> F32:
    """(3, 4): corrected rgb = matrix @ (r, g, b, 1). Light of this frame; gentle gains of contrast and colour from averaged `spreads`."""
    light = _light(now.face_mean, now.target_mean) ** degree
    ratio = np.sqrt((spreads[1] + 1.0) / (spreads[0] * light.mean() ** 2 + 1.0))
    gain = np.clip(ratio, *_CONTRAST) ** (_GENTLE * degree)
    contrast = np.linalg.inv(_OPPONENT) @ np.diag([gain[0], gain[1], gain[1]]) @ _OPPONENT
    lit = light * now.face_mean
    return np.column_stack([contrast @ np.diag(light), lit - contrast @ lit]).astype(np.float32)


def seam_map(residual: np.ndarray, *, degree: float) -> F32:
    """(SEAM_SIDE, SEAM_SIDE, 3) factors, from the averaged residual: what differs along the border, fading out inwards."""
    sigma = SEAM_SIDE * 0.07
    spread = cv2.GaussianBlur(residual.astype(np.float32), (0, 0), sigma)
    weight = spread[..., 3:]
    near = weight / (weight + 0.06)
    left = degree * spread[..., :3] / np.maximum(weight, 1e-4) * near
    return np.exp(_SEAM_MOST * np.tanh(left / _SEAM_MOST)).astype(np.float32)
