"""Colour transfers that users of DeepFaceLab expect, made steady: what they rest on is gathered over the frames around, not in one frame.

- rct: mean and deviation of each channel of CIE L*a*b* (Reinhard et al., "Color Transfer between Images", 2001).
- lct: mean and covariance of RGB, by principal axes.
- mkl: the same by the least movement of colours (Pitié and Kokaram, "The Linear Monge-Kantorovitch Linear Colour Mapping", 2007).
- idt: the whole distribution, by one-dimensional matches along turned axes (Pitié et al., "N-Dimensional Probability Density Function
  Transfer", 2005).
- sot: the whole distribution, by averages of one-dimensional matches along random lines (Rabin et al., "Wasserstein Barycenter", 2011).
- hist-match: each channel of RGB on its own.

Samples are (N, 3) code values 0..255 of the face and of the target at the same places on skin; they need not be of the same number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

import cv2
import numpy as np

from ..config import MergeSettings
from ..types import F32

Transfer = Literal["rct", "lct", "mkl", "idt", "sot", "hist"]
SAMPLES = 400
"""Of one frame."""
_LEVELS = np.linspace(0, 1, 33)
_IDT_TURNS, _SOT_ROUNDS, _SOT_LINES = 8, 6, 4
_LEAST_VARIANCE = 4.0
"""Added to variances: noise must not be spread into contrast."""
_GAIN = (0.5, 2.0)
"""Contrast is changed by no more than this."""
Change = Callable[[F32], F32]
"""From code values (..., 3) to code values, before the degree is counted."""


def transfer_of(settings: MergeSettings) -> Transfer | None:
    """Which of them the settings ask for; None: none of them."""
    if settings.mode == "hist-match":
        return "hist"
    if settings.mode == "raw" or settings.transfer in ("own", "none"):
        return None
    return settings.transfer


def samples_of(face: F32, target: F32, weight: F32) -> np.ndarray | None:
    """(2, SAMPLES, 3) of both (S, S, 3) where `weight` (S, S) is above a half, evenly spread; None where too little is seen."""
    rows = np.flatnonzero(weight.ravel() > 0.5)
    if len(rows) < SAMPLES // 8:
        return None
    chosen = rows[np.linspace(0, len(rows) - 1, SAMPLES).astype(int)]
    return np.stack([face.reshape(-1, 3)[chosen], target.reshape(-1, 3)[chosen]]).astype(np.float32)


def change_for(kind: Transfer, face: np.ndarray, target: np.ndarray) -> Change:
    """The change that brings the colours `face` to those of `target`, each (N, 3)."""
    if kind == "rct":
        return _reinhard(face, target)
    if kind in ("lct", "mkl"):
        return _linear(face, target, least=kind == "mkl")
    if kind == "hist":
        return _matched([(np.eye(3), face, target)])
    steps: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    now = face.astype(np.float64)
    for axes in _turns() if kind == "idt" else _lines():
        steps.append((axes, now.copy(), target))
        now = _step(now, axes, now, target)
    return _matched(steps)


def transferred(rgb: F32, change: Change, *, degree: float) -> F32:
    """`rgb` (h, w, 3) changed by `degree` 0..1 of the change."""
    return np.asarray(rgb + np.float32(degree) * (change(rgb) - rgb), np.float32)


def _reinhard(face: np.ndarray, target: np.ndarray) -> Change:
    ours, theirs = _lab(face.astype(np.float32)), _lab(target.astype(np.float32))
    gain = np.clip(np.sqrt((theirs.var(0) + 0.5) / (ours.var(0) + 0.5)), *_GAIN).astype(np.float32)
    mean, goal = ours.mean(0), theirs.mean(0)

    def change(rgb: F32) -> F32:
        return _rgb((_lab(rgb) - mean) * gain + goal)

    return change


def _linear(face: np.ndarray, target: np.ndarray, *, least: bool) -> Change:
    ours, theirs = (np.cov(x.T.astype(np.float64)) + _LEAST_VARIANCE * np.eye(3) for x in (face, target))
    if least:
        root = _power(ours, 0.5)
        back = _power(ours, -0.5)
        matrix = back @ _power(root @ theirs @ root, 0.5) @ back
    else:
        matrix = _power(theirs, 0.5) @ _power(ours, -0.5)
    u, s, vt = np.linalg.svd(matrix)
    matrix = u @ np.diag(np.clip(s, *_GAIN)) @ vt
    shift = target.mean(0) - matrix @ face.mean(0)
    turn, away = matrix.T.astype(np.float32), shift.astype(np.float32)
    return lambda rgb: np.asarray(rgb @ turn + away, np.float32)


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """Of a symmetric, positive matrix."""
    values, axes = np.linalg.eigh(matrix)
    return axes @ np.diag(np.maximum(values, 1e-6) ** exponent) @ axes.T


def _matched(steps: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Change:
    """One-dimensional matches, one after the other: (axes (K, 3), face then, target)."""

    def change(rgb: F32) -> F32:
        flat = rgb.reshape(-1, 3).astype(np.float32)
        for axes, face, target in steps:
            flat = _step(flat, axes, face, target)
        return np.asarray(flat.reshape(rgb.shape), np.float32)

    return change


def _step(colours: np.ndarray, axes: np.ndarray, face: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Colours moved along each axis so that the distribution of `face` there becomes that of `target`."""
    moved = np.zeros_like(colours)
    for axis in axes:
        x = np.quantile(face @ axis, _LEVELS)
        away = np.quantile(target @ axis, _LEVELS) - x
        # equal values would make the curve a step
        x = np.maximum.accumulate(x + np.arange(len(x)) * 1e-3)
        moved += np.interp(colours @ axis.astype(colours.dtype), x, away).astype(colours.dtype)[:, None] * axis.astype(colours.dtype)
    return colours + moved * colours.dtype.type(3 / len(axes))


@cache
def _turns() -> tuple[np.ndarray, ...]:
    """Orthogonal axes, always the same: the first are the channels."""
    rng = np.random.default_rng(11)
    return (np.eye(3), *(np.linalg.qr(rng.standard_normal((3, 3)))[0] for _ in range(_IDT_TURNS - 1)))


@cache
def _lines() -> tuple[np.ndarray, ...]:
    """Unit vectors, always the same."""
    rng = np.random.default_rng(12)
    rounds = [rng.standard_normal((_SOT_LINES, 3)) for _ in range(_SOT_ROUNDS)]
    return tuple(lines / np.linalg.norm(lines, axis=1, keepdims=True) for lines in rounds)


def _lab(rgb: F32) -> F32:
    flat = np.clip(rgb, 0, 255).astype(np.float32).reshape(1, -1, 3) / 255
    return np.asarray(cv2.cvtColor(flat, cv2.COLOR_RGB2Lab), np.float32).reshape(rgb.shape)


def _rgb(lab: F32) -> F32:
    flat = np.asarray(lab, np.float32).reshape(1, -1, 3)
    return np.asarray(cv2.cvtColor(flat, cv2.COLOR_Lab2RGB), np.float32).reshape(lab.shape) * 255
