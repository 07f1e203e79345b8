"""The picture within a screenshot: what a phone or a browser shows around a video is a ground of one colour with words on it; the video is not."""

from __future__ import annotations

import cv2
import numpy as np

from ...types import U8
from .bars import Inside

_SMALL = 360
"""Pixels of the longer side at which it is looked for."""
_SAME = 10
"""8-bit levels from the ground's within which a pixel belongs to it."""
_COMMON = 0.12
"""Share of all pixels that the ground must have."""
_GROUND = 0.55
"""Share of a line from which it is ground with something written on it."""
_SHORT, _GAP = 0.06, 0.03
"""Of the side: a line of words, which is no picture, and a calm stretch within one."""
_LEAST_SHARE = 0.04


def window_in(y: U8, *, least: int) -> Inside | None:
    """The largest part of a luma plane (H, W) uint8 that looks like a picture, not like a page; None where that is nearly all, or `least` pixels
    of a side are not reached."""
    scale = min(1.0, _SMALL / max(y.shape))
    small = np.asarray(cv2.resize(y, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else y, np.uint8)
    levels = np.bincount(small.ravel(), minlength=256)
    near = np.convolve(levels, np.ones(2 * _SAME + 1, int), "same")
    ground = np.abs(small.astype(np.int16) - int(near.argmax())) <= _SAME
    rows = _longest(ground.mean(axis=1) < _GROUND) if ground.mean() >= _COMMON else None
    columns = _longest(ground[rows[0] : rows[1]].mean(axis=0) < _GROUND) if rows is not None else None
    if rows is None or columns is None:
        return None
    height, width = y.shape
    top, bottom = (_edge(y, round(row / scale), axis=0, across=columns, scale=scale) for row in rows)
    left, right = (_edge(y, round(column / scale), axis=1, across=rows, scale=scale) for column in columns)
    taken = 1 - (bottom - top) / height, 1 - (right - left) / width
    return Inside(left, top, right, bottom) if max(taken) >= _LEAST_SHARE and min(bottom - top, right - left) >= least else None


def _longest(pictured: np.ndarray) -> tuple[int, int] | None:
    """First and end of the longest run, over short gaps, of those that are not short."""
    edges = np.flatnonzero(np.diff(np.pad(pictured, 1).astype(np.int8))).tolist()
    runs = list[tuple[int, int]]()
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin < _SHORT * len(pictured):
            continue
        joined = bool(runs) and begin - runs[-1][1] <= _GAP * len(pictured)
        runs[-1:] = [(runs[-1][0], end)] if joined else [*runs[-1:], (begin, end)]
    return max(runs, key=lambda run: run[1] - run[0], default=None)


def _edge(y: U8, at: int, *, axis: int, across: tuple[int, int], scale: float) -> int:
    """The line near `at` where the picture changes most: the small picture told the border to a few pixels only."""
    begin, end = (round(side / scale) for side in across)
    part = y[:, begin:end] if axis == 0 else y[begin:end].T
    reach = round(2 / scale) + 1
    first, last = max(0, at - reach), min(len(part), at + reach + 1)
    if at <= reach or at >= len(part) - reach:
        return 0 if at <= reach else len(part)
    step = np.abs(np.diff(part[first:last].astype(np.int16), axis=0)).mean(axis=1)
    return first + 1 + int(step.argmax())
