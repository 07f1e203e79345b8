"""Steadying a mesh over time without lag: two-sided, and only where the movement is not larger than the measurement's noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..types import F32
from .mesh import EYE_LEFT, EYE_RIGHT, IRIS_LEFT, IRIS_RIGHT, LIPS_INNER, LIPS_OUTER

_REACH = 5
_SIGMA = 2.2
_QUICK_SHARE = 0.6
"""Lids and lips count as moving from this share of the usual threshold on: a blink lasts four frames."""


def smooth_landmarks(landmarks: F32, frame_index: NDArray[np.int32]) -> F32:
    """(T, 478, 3) measured -> (T, 478, 3) steadied; runs of neighbouring frames are treated apart.

    A local line is fitted around every frame (Gaussian weights, so a steady movement passes unchanged and without lag). Where
    the measurement leaves that line by more than its own noise (estimated from third differences), the measurement is kept.
    """
    out = np.array(landmarks, np.float32)
    breaks = np.flatnonzero(np.diff(frame_index) != 1) + 1
    for start, end in zip([0, *breaks], [*breaks, len(out)], strict=True):
        if end - start >= 4:
            out[start:end] = _steady(out[start:end])
    return out


def _steady(x: F32) -> F32:
    line = _local_line(x)
    noise = np.median(np.abs(np.diff(x, n=3, axis=0)), axis=0) / (0.6745 * np.sqrt(20))
    noise = np.maximum(noise, 1e-3)
    # a movement of the whole face, or of a region, moves neighbours alike: judge by the distance in the picture, and over three frames
    away = np.linalg.norm((x - line)[..., :2], axis=-1) / np.linalg.norm(noise[..., :2], axis=-1)
    near = np.pad(away, ((1, 1), (0, 0)), mode="edge")
    away = np.maximum(away, 0.5 * (near[:-2] + near[2:]))
    away[:, _quick()] /= _QUICK_SHARE
    keep = np.clip((away - 1.8) / 1.6, 0, 1)[..., None]
    return (line + keep * (x - line)).astype(np.float32)


def _local_line(x: F32) -> F32:
    """The weighted straight-line fit around every frame, at that frame. At the ends the curve is continued by point reflection."""
    reach = min(_REACH, len(x) - 1)
    head, tail = 2 * x[:1] - x[reach:0:-1], 2 * x[-1:] - x[-2 : -reach - 2 : -1]
    padded = np.concatenate([head, x, tail])
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _SIGMA) ** 2)
    weights /= weights.sum()
    out = np.zeros_like(x)
    for offset, weight in enumerate(weights):
        out += np.asarray(weight, np.float32) * padded[offset : offset + len(x)]
    return out


def _quick() -> list[int]:
    return sorted({*EYE_RIGHT, *EYE_LEFT, *IRIS_RIGHT, *IRIS_LEFT, *LIPS_OUTER, *LIPS_INNER})
