"""The same picture in another layout of samples: for codecs that hold fewer or more colour samples, or more bits, than the target has.

Colour samples sit where `color` says. What has only to be moved (more bits in video range) is exact.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from ..types import ColorInfo, Planes
from .color import chroma_at_full, chroma_at_half, sample_scales


def relaid(planes: Planes, color: ColorInfo) -> Planes:
    """`planes` in the layout, bit depth and range of `color`; matrix, primaries and curve must be the same. Itself where nothing differs."""
    have = planes.color
    if (have.chroma, have.bit_depth, have.full_range) == (color.chroma, color.bit_depth, color.full_range):
        return planes
    height, width = planes.y.shape
    u, v = planes.u, planes.v
    if have.chroma == "gray":
        neutral = np.full((height, width), 1 << (have.bit_depth - 1), planes.y.dtype)
        u = v = chroma_at_half(neutral, color.chroma)
    elif have.chroma != color.chroma:
        u, v = (_resampled(c, have.chroma, color.chroma, height, width) for c in (u, v))
    y, u, v = (_requantized(c, have, color, luma=number == 0) for number, c in enumerate((planes.y, u, v)))
    return Planes(y, u, v, color)


def _resampled(chroma: np.ndarray, have: str, wanted: str, height: int, width: int) -> np.ndarray:
    if have == "420" and wanted == "422":
        return cv2.resize(chroma, (chroma.shape[1], 2 * chroma.shape[0]), interpolation=cv2.INTER_LINEAR)[:height]
    if have == "422" and wanted == "420":
        return cv2.resize(chroma, (chroma.shape[1], (height + 1) // 2), interpolation=cv2.INTER_AREA)
    return chroma_at_half(chroma_at_full(chroma, height, width, have), wanted)


def _requantized(samples: np.ndarray, have: ColorInfo, wanted: ColorInfo, *, luma: bool) -> np.ndarray:
    if (have.bit_depth, have.full_range) == (wanted.bit_depth, wanted.full_range):
        return samples
    dtype = np.uint8 if wanted.bit_depth == 8 else np.uint16
    if not have.full_range and not wanted.full_range and wanted.bit_depth > have.bit_depth:
        return samples.astype(dtype) << (wanted.bit_depth - have.bit_depth)
    old, new = sample_scales(have), sample_scales(wanted)
    at = 0 if luma else 2
    moved = (samples.astype(np.float32) - old[at]) * (new[at + 1] / old[at + 1]) + new[at]
    return cast(np.ndarray, np.clip(np.rint(moved), 0, (1 << wanted.bit_depth) - 1).astype(dtype))
