"""Between the samples that a video stores (Y'CbCr, often with coarser colour) and RGB, and painting RGB into the samples.

Matrices and ranges are those of ITU-T H.273 (bt601, bt709, bt2020 non-constant luminance; limited and full range).
4:2:0 and 4:2:2 colour samples sit at the left of their pair of pixels and, for 4:2:0, between its two rows: the default of
MPEG-2, H.264 and HEVC.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import cv2
import numpy as np

from ..types import ColorInfo, Patch, Planes

_KR_KB = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}


def sample_scales(color: ColorInfo) -> tuple[float, float, float, float]:
    """(black, span of luma, middle of chroma, span of chroma) in samples of the picture's bit depth."""
    unit = 1 << (color.bit_depth - 8)
    if color.full_range:
        top = float((1 << color.bit_depth) - 1)
        return 0.0, top, 128.0 * unit, top
    return 16.0 * unit, 219.0 * unit, 128.0 * unit, 224.0 * unit


@cache
def _yuv_from_rgb_matrix(color: ColorInfo) -> np.ndarray:
    """(3, 4) float64: samples = matrix @ (r, g, b, 1) for r, g, b in 0..1."""
    kr, kb = _KR_KB[color.matrix]
    luma = np.array([kr, 1 - kr - kb, kb])
    black, luma_span, middle, chroma_span = sample_scales(color)
    u = (np.array([0.0, 0.0, 1.0]) - luma) / (2 * (1 - kb)) * chroma_span
    v = (np.array([1.0, 0.0, 0.0]) - luma) / (2 * (1 - kr)) * chroma_span
    return np.column_stack([np.stack([luma * luma_span, u, v]), [black, middle, middle]])


@cache
def _rgb_from_yuv_matrix(color: ColorInfo) -> np.ndarray:
    """(3, 4) float64, the inverse of `_yuv_from_rgb_matrix`."""
    forward = _yuv_from_rgb_matrix(color)
    inverse = np.linalg.inv(forward[:, :3])
    return np.column_stack([inverse, -inverse @ forward[:, 3]])


def planes_from_rgb(rgb: np.ndarray, color: ColorInfo) -> Planes:
    """Samples of a picture, float32 (H, W, 3) in 0..1, in the 4:4:4 layout `color`; what lies beyond the range is cut off."""
    top = float((1 << color.bit_depth) - 1)
    exact = cv2.transform(np.asarray(rgb, np.float32), _yuv_from_rgb_matrix(color).astype(np.float32))
    y, u, v = (np.clip(np.rint(exact[..., n]), 0, top).astype(np.uint8 if color.bit_depth == 8 else np.uint16) for n in range(3))
    return Planes(y, u, v, color)


def luma_weights(color: ColorInfo) -> tuple[float, float, float]:
    """The shares of red, green and blue in luma."""
    kr, kb = _KR_KB[color.matrix]
    return kr, 1 - kr - kb, kb


def rgb_from_planes(planes: Planes, *, depth: Literal["native", 8] = "native") -> np.ndarray:
    """The picture in RGB (H, W, 3): uint8, or for `native` and more than 8 bits uint16 on the full 16-bit scale.

    Transfer curve and primaries stay as they are: only matrix, range and colour resolution are undone.
    """
    height, width = planes.y.shape
    if planes.color.chroma == "gray":
        neutral = np.full_like(planes.y, 1 << (planes.color.bit_depth - 1))
        u = v = neutral
    else:
        u, v = (chroma_at_full(c, height, width, planes.color.chroma) for c in (planes.u, planes.v))
    yuv = cv2.merge([planes.y, u, v])
    return rgb_from_yuv444(yuv, color=planes.color, depth=depth)


def black_levels(color: ColorInfo) -> tuple[int, int]:
    """(luma, chroma) of black, in samples of the picture's bit depth."""
    black, _, middle, _ = sample_scales(color)
    return int(black), int(middle)


def rgb_from_yuv444(yuv: np.ndarray, *, color: ColorInfo, depth: Literal["native", 8]) -> np.ndarray:
    """RGB from samples that already have one colour each: `yuv` (H, W, 3) uint8 or uint16, bit depth of `color`."""
    wide = depth == "native" and color.bit_depth > 8
    matrix = _rgb_from_yuv_matrix(color) * (65535.0 if wide else 255.0)
    rgb = cv2.transform(yuv, matrix.astype(np.float32))
    if rgb.dtype == np.uint16 and not wide:
        return np.minimum(rgb, 255).astype(np.uint8)
    return rgb


def chroma_at_full(chroma: np.ndarray, height: int, width: int, layout: str) -> np.ndarray:
    """One colour sample for each pixel, (height, width), by linear interpolation from where the samples sit."""
    if layout == "444":
        return chroma
    if layout == "420":
        chroma = cv2.resize(chroma, (chroma.shape[1], 2 * chroma.shape[0]), interpolation=cv2.INTER_LINEAR)[:height]
    right = np.concatenate([chroma[:, 1:], chroma[:, -1:]], axis=1)
    full = np.empty((height, 2 * chroma.shape[1]), chroma.dtype)
    full[:, 0::2] = chroma
    full[:, 1::2] = cv2.addWeighted(chroma, 0.5, right, 0.5, 0)
    return np.ascontiguousarray(full[:, :width])


def paint(planes: Planes, patches: Sequence[Patch]) -> Planes:
    """A copy of `planes` with each patch's rgb (uint8 or uint16 (h, w, 3)) blended in by its alpha, later patches on top.

    The blend happens in the stored samples, in the patch's area only. A luma sample under alpha 0, and a colour sample whose
    pixels all have alpha 0, keep their exact bits. Patches may reach over the picture's edge.
    """
    y, u, v = planes.y.copy(), planes.u.copy(), planes.v.copy()
    color = planes.color
    for patch in patches:
        placed = _place(patch, width=y.shape[1], height=y.shape[0], chroma=color.chroma)
        if placed is None:
            continue
        x0, y0, rgb, alpha = placed
        yuv = cv2.transform(rgb, _yuv_from_rgb_matrix(color).astype(np.float32))
        height, width = min(alpha.shape[0], y.shape[0] - y0), min(alpha.shape[1], y.shape[1] - x0)
        _blend(y[y0 : y0 + height, x0 : x0 + width], yuv[:height, :width, 0], alpha[:height, :width], color.bit_depth)
        if color.chroma != "gray":
            _paint_chroma(u, v, yuv, alpha, x0, y0, color)
    return Planes(y, u, v, color)


def _place(patch: Patch, *, width: int, height: int, chroma: str) -> tuple[int, int, np.ndarray, np.ndarray] | None:
    """Cut the patch at the picture's edges and widen it (alpha 0) to whole colour samples: (x0, y0, rgb 0..1 f32, alpha 0..1 f32)."""
    px, py = patch.xy
    h, w = patch.alpha.shape
    left, top, right, bottom = max(px, 0), max(py, 0), min(px + w, width), min(py + h, height)
    if left >= right or top >= bottom or not patch.alpha.any():
        return None
    step_x = 1 if chroma in ("444", "gray") else 2
    step_y = 2 if chroma == "420" else 1
    x0, y0 = left - left % step_x, top - top % step_y
    x1, y1 = right + -right % step_x, bottom + -bottom % step_y
    top_value = 65535.0 if patch.rgb.dtype == np.uint16 else 255.0
    inside = slice(top - py, bottom - py), slice(left - px, right - px)
    pad = (top - y0, y1 - bottom, left - x0, x1 - right)
    rgb = cv2.copyMakeBorder(patch.rgb[inside].astype(np.float32) / top_value, *pad, cv2.BORDER_REPLICATE)
    alpha = cv2.copyMakeBorder(patch.alpha[inside].astype(np.float32) / 255.0, *pad, cv2.BORDER_CONSTANT, value=0.0)
    return x0, y0, rgb, alpha


def _blend(samples: np.ndarray, new: np.ndarray, alpha: np.ndarray, bit_depth: int) -> None:
    """Blend in place; where alpha is 0 the rounding gives back the very sample (its value is exact in float32)."""
    old = samples.astype(np.float32)
    change = np.subtract(new, old)
    change *= alpha
    # adds, rounds and keeps within the type in one pass
    mixed = np.asarray(cv2.add(old, change, dtype=cv2.CV_8U if samples.dtype == np.uint8 else cv2.CV_16U))
    samples[:] = np.minimum(mixed, (1 << bit_depth) - 1) if bit_depth > 8 else mixed


def _paint_chroma(u: np.ndarray, v: np.ndarray, yuv: np.ndarray, alpha: np.ndarray, x0: int, y0: int, color: ColorInfo) -> None:
    """Blend the patch's colours, averaged over each colour sample with the weight of alpha so that nothing seeps in from alpha 0."""
    layout = color.chroma
    weight = chroma_at_half(alpha, layout)
    share = np.where(weight > 0, weight, 1)
    coverage = alpha if layout == "444" else _block_mean(alpha, layout)
    cx, cy = (x0, y0) if layout == "444" else (x0 // 2, y0 // 2 if layout == "420" else y0)
    for plane, channel in ((u, 1), (v, 2)):
        new = chroma_at_half(yuv[:, :, channel] * alpha, layout) / share
        height, width = min(new.shape[0], plane.shape[0] - cy), min(new.shape[1], plane.shape[1] - cx)
        _blend(plane[cy : cy + height, cx : cx + width], new[:height, :width], coverage[:height, :width], color.bit_depth)


def _block_mean(full: np.ndarray, layout: str) -> np.ndarray:
    """Mean over the pixels of each colour sample (2x2 or 2x1)."""
    pairs = (full[:, 0::2] + full[:, 1::2]) / 2
    return (pairs[0::2] + pairs[1::2]) / 2 if layout == "420" else pairs


def chroma_at_half(full: np.ndarray, layout: str) -> np.ndarray:
    """Colour samples at their place from one for each pixel: 1-2-1 across (the sample sits on the left pixel), mean of two rows for 4:2:0.

    float32 or whole numbers (rounded to the nearest); odd sides give the samples of the next even ones.
    """
    if layout == "444":
        return full
    exact = full if full.dtype == np.float32 else full.astype(np.float32)
    odd = (exact.shape[0] % 2 if layout == "420" else 0), exact.shape[1] % 2
    exact = np.pad(exact, ((0, odd[0]), (0, odd[1])), mode="edge") if any(odd) else exact
    out = _halved(exact, layout)
    return out if full.dtype == np.float32 else np.rint(out).astype(full.dtype)


def _halved(full: np.ndarray, layout: str) -> np.ndarray:
    if layout == "420":
        full = (full[0::2] + full[1::2]) * np.float32(0.5)
    odd = full[:, 1::2]
    across = np.float32(0.5) * full[:, 0::2]
    across[:, 1:] += np.float32(0.25) * (odd[:, :-1] + odd[:, 1:])
    across[:, 0] += np.float32(0.25) * (full[:, 0] + odd[:, 0])
    return across
