"""Flat bars around a picture: a copy that was fitted into another shape of frame, or filmed off a window, carries the mark inside of them only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_FLAT = 12
"""8-bit levels within which a row or column is of one colour: coding leaves little noise there."""
_LEAST_SHARE = 0.04
"""Of a side that must be bars; less is found as a crop is."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What lies inside of the bars, in pixels; the right and lower ends are not in it."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, y: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(y[self.top : self.bottom, self.left : self.right])


def inside_bars(y: np.ndarray, bit_depth: int, *, least: int) -> Inside | None:
    """What flat bars surround in a luma plane (H, W); None where there are none worth a look, or less than `least` pixels of a side are left."""
    flat = _FLAT << (bit_depth - 8)
    rows = _busy(y, flat)
    if rows is None:
        return None
    # the bars above and below are flat in every column, so columns are judged between them
    columns = _busy(y[rows[0] : rows[1]].T, flat)
    if columns is None:
        return None
    (top, bottom), (left, right) = rows, columns
    height, width = y.shape
    taken = 1 - (bottom - top) / height, 1 - (right - left) / width
    return Inside(left, top, right, bottom) if max(taken) >= _LEAST_SHARE and min(bottom - top, right - left) >= least else None


def _busy(lines: np.ndarray, flat: int) -> tuple[int, int] | None:
    """From the first to behind the last line that is not of one colour."""
    busy = np.flatnonzero(lines.max(axis=1).astype(int) - lines.min(axis=1) > flat)
    return (int(busy[0]), int(busy[-1]) + 1) if len(busy) else None
