"""How far round a source's pictures reach, and where a performance turns further than they can be bent.

A picture of a face from the front holds nothing of a profile: bent that far, the source's nose would stand beside the performer's own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..types import F32
from .regions import ramp

_BEYOND_DEG = (22.0, 34.0)
"""Turn beyond the source's furthest at which a face begins to fade, and at which nothing of it is left ..."""
_TURNED_DEG = (44.0, 53.0)
"""... if the head is turned that far aside at all: up to there even a source who only looks ahead can be bent."""
_EARLY, _SOFT = 4, 4
"""Frames by which it fades early, and over which the fading is spread on either side."""


def shown(yaw_deg: F32, frame_index: NDArray[np.int32], source_yaw_deg: F32) -> F32:
    """(T,) 0..1 how far the source's face may be shown in each frame: 1 where its pictures serve, 0 where it never turns that far.

    `yaw_deg` (T,) of the performance in frames `frame_index`; `source_yaw_deg` (N,) of the source's pictures. It changes over some frames, never
    at once.
    """
    beyond = np.maximum(yaw_deg - source_yaw_deg.max(), source_yaw_deg.min() - yaw_deg)
    lost = np.minimum(ramp(beyond, *_BEYOND_DEG), ramp(np.abs(yaw_deg), *_TURNED_DEG))
    if not lost.any():
        return np.ones(len(yaw_deg), np.float32)
    frames = np.arange(frame_index[0], frame_index[-1] + 1)
    every = lost[np.rint(np.interp(frames, frame_index, np.arange(len(frame_index)))).astype(np.intp)]
    early = np.lib.stride_tricks.sliding_window_view(np.pad(every, _EARLY + _SOFT, mode="edge"), 2 * _EARLY + 1).max(-1)
    soft = np.convolve(early, np.full(2 * _SOFT + 1, 1 / (2 * _SOFT + 1)), mode="valid")
    return np.asarray(1 - soft[frame_index - frame_index[0]], np.float32).clip(0, 1)
