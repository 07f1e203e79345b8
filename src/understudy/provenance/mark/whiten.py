"""The frame as the mark's reader sees it, in one size for each grid: the picture suppressed, what is left of the same strength everywhere."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from ...types import F32
from .grid import CELL, Grid

_FLOOR = 0.8
"""8-bit levels of activity below which a place counts as flat."""
_CLIP = 2.5
_FLAT_FIRST = 0.5
"""Power of the activity by which flat places count more: the embedder puts more of the mark there for what the picture has."""
_STILL = 0.05
"""Activity of a mean below which nothing was left there."""
_SURROUNDINGS, _NEAR, _WIDE = 0.65 * CELL, 0.75 * CELL, 1.5 * CELL
"""Pixels of the view (standard deviations): what a pixel is compared with; over what activity is taken in a frame, and in a mean."""


def is_upright(y: np.ndarray) -> bool:
    """Whether a luma plane (H, W) is higher than wide: then the grid lies on its side, so that its cells stay nearly square, not stripes."""
    return y.shape[0] > y.shape[1]


def small_luma(y: np.ndarray, bit_depth: int, grid: Grid) -> F32:
    """(grid.height, grid.width) float32 in 8-bit levels, of a luma plane uint8 or uint16 (H, W)."""
    small = cv2.resize(y, (grid.width, grid.height), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(small if bit_depth == 8 else small / (1 << (bit_depth - 8)), np.float32)


def whiten(luma: F32) -> F32:
    """Of the view's shape, float32: what differs from the surroundings over the activity there, without outliers, flat places first."""
    high = luma - cv2.GaussianBlur(luma, (0, 0), _SURROUNDINGS)
    activity = _activity(high, _NEAR) + _FLOOR
    return np.asarray(np.clip(high / activity, -_CLIP, _CLIP) * activity**-_FLAT_FIRST, np.float32)


def even(mean: F32) -> F32:
    """The mean of whitened frames as the reader takes it: as strong in every place and frequency, so what the picture has much of counts less."""
    return _flatten_spectrum(np.asarray(mean / (_activity(mean, _WIDE) + _STILL), np.float32))


def _activity(high: F32, reach: float) -> F32:
    return np.asarray(cv2.sqrt(cv2.GaussianBlur(high * high, (0, 0), reach)), np.float32)


@cache
def _spreading(grid: Grid) -> tuple[F32, F32]:
    """(columns, width) and (rows, height): how the embedder's interpolation spreads one cell over the view, along each side."""
    across = cv2.resize(np.eye(grid.columns, dtype=np.float32), (grid.width, grid.columns), interpolation=cv2.INTER_CUBIC)
    down = cv2.resize(np.eye(grid.rows, dtype=np.float32), (grid.height, grid.rows), interpolation=cv2.INTER_CUBIC)
    return np.asarray(across, np.float32), np.asarray(down, np.float32)


def spread(pattern: F32, grid: Grid) -> F32:
    """(height, width): the view in which every cell of a (rows, columns) pattern has its value, smoothly."""
    across, down = _spreading(grid)
    return np.asarray(down.T @ pattern @ across, np.float32)


def cells(view: F32, grid: Grid) -> F32:
    """(rows, columns): what each cell has of a (height, width) view, weighted as `spread` spreads it (a matched filter)."""
    across, down = _spreading(grid)
    return np.asarray(down @ view @ across.T, np.float32)


def _flatten_spectrum(view: F32) -> F32:
    """Divide by the smoothed magnitude of the spectrum."""
    spectrum = np.fft.rfft2(view)
    size = np.abs(spectrum).astype(np.float32)
    smooth = cv2.blur(size, (9, 9), borderType=cv2.BORDER_REFLECT)
    flat = np.fft.irfft2(spectrum / (smooth + 0.05 * float(smooth.mean()) + 1e-9), s=view.shape)
    return np.asarray(flat / (flat.std() + 1e-9), np.float32)
