"""The frame as the mark's reader sees it, in one size for all: the picture suppressed, what is left of the same strength everywhere."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from ...types import F32
from .code import COLUMNS, ROWS

CELL = 2
"""Pixels of a cell's side in this view."""
WIDTH, HEIGHT = COLUMNS * CELL, ROWS * CELL
FLOOR = 0.8
"""8-bit levels of activity below which a place counts as flat."""
_CLIP = 2.5


def is_upright(y: np.ndarray) -> bool:
    """Whether a luma plane (H, W) is higher than wide: then the grid lies on its side, so that its cells stay nearly square, not stripes."""
    return y.shape[0] > y.shape[1]


def small_luma(y: np.ndarray, bit_depth: int) -> F32:
    """(HEIGHT, WIDTH) float32 in 8-bit levels, of a luma plane uint8 or uint16 (H, W)."""
    small = cv2.resize(y, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(small if bit_depth == 8 else small / (1 << (bit_depth - 8)), np.float32)


def details(luma: F32) -> tuple[F32, F32]:
    """(what differs from the surroundings, local activity): both (HEIGHT, WIDTH) float32 in 8-bit levels."""
    high = luma - cv2.GaussianBlur(luma, (0, 0), 1.5 * CELL)
    activity = cv2.sqrt(cv2.GaussianBlur(high * high, (0, 0), 2.5 * CELL))
    return np.asarray(high, np.float32), np.asarray(activity, np.float32)


def whiten(high: F32, activity: F32) -> F32:
    """(HEIGHT, WIDTH) float32: details over activity, without outliers."""
    return np.asarray(np.clip(high / (activity + FLOOR), -_CLIP, _CLIP), np.float32)


@cache
def _spreading() -> tuple[F32, F32]:
    """(COLUMNS, WIDTH) and (ROWS, HEIGHT): how the embedder's interpolation spreads one cell over the view, along each side."""
    across = cv2.resize(np.eye(COLUMNS, dtype=np.float32), (WIDTH, COLUMNS), interpolation=cv2.INTER_CUBIC)
    down = cv2.resize(np.eye(ROWS, dtype=np.float32), (HEIGHT, ROWS), interpolation=cv2.INTER_CUBIC)
    return np.asarray(across, np.float32), np.asarray(down, np.float32)


def spread(grid: F32) -> F32:
    """(HEIGHT, WIDTH): the view in which every cell of a (ROWS, COLUMNS) grid has its value, smoothly."""
    across, down = _spreading()
    return np.asarray(down.T @ grid @ across, np.float32)


def cells(view: F32) -> F32:
    """(ROWS, COLUMNS): what each cell has of a (HEIGHT, WIDTH) view, weighted as `spread` spreads it (a matched filter)."""
    across, down = _spreading()
    return np.asarray(down @ view @ across.T, np.float32)


def flatten_spectrum(view: F32) -> F32:
    """Divide by the smoothed magnitude of the spectrum: what the picture has much of counts less."""
    spectrum = np.fft.rfft2(view)
    size = np.abs(spectrum).astype(np.float32)
    smooth = cv2.blur(size, (9, 9), borderType=cv2.BORDER_REFLECT)
    flat = np.fft.irfft2(spectrum / (smooth + 0.05 * float(smooth.mean())), s=view.shape)
    return np.asarray(flat / (flat.std() + 1e-9), np.float32)
