"""Putting the mark into frames.

Informed embedding (after Miller, Cox and Bloom, 2000): every few frames a poor copy of the marked picture is made and read as the reader will read
it. Parts of the mark that the picture or the coding weakens there get more of the energy, others less; the whole stays the same.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from ...types import F32
from .code import SYMBOLS, symbols_of
from .copy import Copyist
from .grid import CELL, Grid, grid_for, symbol_chips, sync_chips
from .whiten import cells, even, is_upright, small_luma, spread, whiten

_LEAST, _SLOPE, _RMS = (0.7, 2.6), (0.55, 0.1), (1.95, 2.4)
"""Strength in 8-bit levels in flat places and by the root of the activity (smooth walls and skin show a pattern that hair hides), and the root
mean square of the change that no frame goes beyond; each for pictures of MANY lines, and of FEW. In small pictures coding leaves little else
than what is strong, and flat places are the ones that it leaves."""
_MANY, _FEW = 480, 270
_MOST = 4.5
_LARGE = 640
"""From this many lines on a cell is so many pixels that less strength carries it as far, and would show more."""
_DARK = (16, 70), (0.45, 1.0)
"""From black to this brightness (8-bit levels) the strength rises from this share: on a dark ground a level is a larger step to the eye."""
_SPREAD = 0.8
"""Root mean square of the pattern after interpolation."""
_EVERY, _FIRST_ROUNDS = 8, 10
"""A copy is looked at for every so many frames; for the first frame of a scene so many times in a row."""
_MEMORY = 0.6
"""Share of what was known of the copies that the next look keeps: the reader averages over time, too."""
_STEP = 0.15
"""How far one look moves the energy: weights that jump would flicker."""
_SYNC_SHARE = 0.45
"""Share of the energy that goes to the pattern by which the mark is found, before anything is known of the picture."""
_SYNC_FOR_SYMBOL = 12.0
"""How sure the sync pattern should be, where a symbol should be sure by 1."""
_SYNC_RANGE, _SYMBOL_RANGE = (0.4, 0.85), (0.01, 0.25)
"""Amplitudes that the parts can have; the sum of all squares is 1."""
_LEAST_GAIN = 5.0
_NEW_SCENE = 0.5
"""Correlation of two looks below which another scene has begun."""


class Marker:
    """Marks the frames of one video, in their order, with a 32-bit number."""

    def __init__(self, number: int) -> None:
        self._signs = np.concatenate([[1], symbols_of(number)]).astype(np.float32)
        self._parts = np.concatenate([[_SYNC_SHARE**0.5], np.full(SYMBOLS, ((1 - _SYNC_SHARE) / SYMBOLS) ** 0.5)]).astype(np.float32)
        self._copyist = Copyist()
        self._known: F32 | None = None
        self._last: F32 | None = None
        self._count = 0

    def mark(self, y: np.ndarray, bit_depth: int) -> np.ndarray:
        """A marked copy of a luma plane (uint8, or uint16 with values below 2**bit_depth), (H, W) of any size."""
        if is_upright(y):
            return np.ascontiguousarray(self.mark(np.ascontiguousarray(y.T), bit_depth).T)
        grid = grid_for(y.shape[0])
        luma = small_luma(y, bit_depth, grid)
        high, activity = _details(luma)
        strength = _strength(activity, luma - high, lines=y.shape[0])
        new_scene = self._last is None or _alike(self._last, high) < _NEW_SCENE
        if new_scene or self._count % _EVERY == 0:
            for look in range(_FIRST_ROUNDS if new_scene else 1):
                self._look(self._put(y, grid, strength, bit_depth), grid, bit_depth, afresh=new_scene and look == 0)
        self._last = high
        self._count += 1
        return self._put(y, grid, strength, bit_depth)

    def _put(self, y: np.ndarray, grid: Grid, strength: F32, bit_depth: int) -> np.ndarray:
        pattern = ((self._parts * self._signs) @ _chips(grid)).reshape(grid.rows, grid.columns)
        change = spread(np.asarray(pattern, np.float32), grid) * strength
        if bit_depth > 8:
            change *= 1 << (bit_depth - 8)
        height, width = y.shape
        whole = cv2.resize(change, (width, height), interpolation=cv2.INTER_LINEAR)
        # adds, rounds and keeps within the type in one pass
        marked = cv2.add(y, whole, dtype=cv2.CV_8U if y.dtype == np.uint8 else cv2.CV_16U)
        return np.minimum(marked, (1 << bit_depth) - 1) if bit_depth > 8 else np.asarray(marked)

    def _look(self, marked: np.ndarray, grid: Grid, bit_depth: int, *, afresh: bool) -> None:
        """Read a copy of a marked frame, and move the energy to where it is missing."""
        copy = self._copyist.copy(marked if bit_depth == 8 else (marked >> (bit_depth - 8)).astype(np.uint8))
        view = whiten(small_luma(copy, 8, grid))
        self._known = view if self._known is None or afresh else np.asarray(_MEMORY * self._known + (1 - _MEMORY) * view, np.float32)
        values = cells(even(self._known), grid).ravel()
        sure = self._signs * (_chips(grid) @ values) / (np.linalg.norm(values) + 1e-9)
        gain = max(float(sure @ self._parts), _LEAST_GAIN)
        moved = self._parts + _STEP * (_shared_out(np.asarray(sure - gain * self._parts, np.float32), gain) - self._parts)
        self._parts = np.asarray(moved / np.linalg.norm(moved), np.float32)


@cache
def _chips(grid: Grid) -> F32:
    """(1 + SYMBOLS, cells): the sync pattern, then those of the symbols."""
    return np.concatenate([sync_chips(grid).reshape(1, -1), symbol_chips(grid)])


def _strength(activity: F32, brightness: F32, *, lines: int) -> F32:
    """(height, width): amplitude of the pattern in 8-bit levels, for a picture of so many lines; activity and brightness of its places."""
    few = min(1.0, max(0.0, (_MANY - lines) / (_MANY - _FEW)))
    least, slope, rms = (many + few * (small - many) for many, small in (_LEAST, _SLOPE, _RMS))
    strength = np.minimum(least + slope * cv2.sqrt(activity), _MOST)
    strength *= np.interp(brightness, *_DARK).astype(np.float32)
    strength *= min(1.0, rms / (_SPREAD * float(np.sqrt((strength * strength).mean()))))
    return np.asarray(strength * min(1.0, (_LARGE / lines) ** 0.5), np.float32)


def _details(luma: F32) -> tuple[F32, F32]:
    """(what differs from the surroundings, local activity): both of the view's shape, float32 in 8-bit levels."""
    high = luma - cv2.GaussianBlur(luma, (0, 0), 1.5 * CELL)
    activity = cv2.sqrt(cv2.GaussianBlur(high * high, (0, 0), 2.5 * CELL))
    return np.asarray(high, np.float32), np.asarray(activity, np.float32)


def _alike(one: F32, other: F32) -> float:
    return float((one * other).sum() / (np.linalg.norm(one) * np.linalg.norm(other) + 1e-9))


def _shared_out(host: F32, gain: float) -> F32:
    """(1 + SYMBOLS,) amplitudes, sum of squares 1, by which all parts are equally sure in spite of what the picture adds (`host`) to each."""
    low, high = -20.0, 40.0
    for _ in range(30):
        level = (low + high) / 2
        low, high = (level, high) if float(np.square(_amplitudes(level, host, gain)).sum()) < 1 else (low, level)
    found = _amplitudes(low, host, gain)
    return np.asarray(found / np.linalg.norm(found), np.float32)


def _amplitudes(level: float, host: F32, gain: float) -> F32:
    sync = np.clip((_SYNC_FOR_SYMBOL * level - host[:1]) / gain, *_SYNC_RANGE)
    return np.concatenate([sync, np.clip((level - host[1:]) / gain, *_SYMBOL_RANGE)])
