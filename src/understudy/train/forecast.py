"""How training will go on: a curve through the rounds so far, which says when a value will be reached, and when more will not help.

The curve is `end - rise * exp(-t / pace)`, an approach to an end. Its pace is tried over a wide range; end and rise follow by least squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 4
"""Rounds below which a curve means nothing."""
_PACES = np.geomspace(0.15, 12.0, 48)
"""Tried, in shares of the time so far."""
_WORTH = 0.01
"""Of the mean logarithm of the errors' ratios: one per cent less error cannot be seen."""
_PATIENCE = 4
"""Rounds without a better one after which nothing better is expected, whatever the curve says."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Values over seconds of training."""

    end: float
    rise: float
    pace: float
    error: float
    """Root of the mean squared distance of the rounds from the curve."""

    def at(self, seconds: float) -> float:
        return float(self.end - self.rise * np.exp(-seconds / self.pace))

    def when(self, value: float) -> float | None:
        """Seconds of training in all until `value` is reached; None where the curve ends before it."""
        if self.rise <= 0 or value >= self.end:
            return None
        return max(0.0, float(-self.pace * np.log((self.end - value) / self.rise)))


def fitted(seconds: Sequence[float], values: Sequence[float]) -> Curve | None:
    """The curve through the rounds; None where there are fewer than four."""
    if len(seconds) < FEWEST:
        return None
    t, y = np.asarray(seconds, np.float64), np.asarray(values, np.float64)
    best: Curve | None = None
    for pace in _PACES * t[-1]:
        columns = np.column_stack([np.ones_like(t), -np.exp(-t / pace)])
        (end, rise), *_ = np.linalg.lstsq(columns, y, rcond=None)
        error = float(np.sqrt(np.mean((columns @ (end, rise) - y) ** 2)))
        if best is None or error < best.error:
            best = Curve(float(end), float(rise), float(pace), error)
    return best


def exhausted(seconds: Sequence[float], gains: Sequence[float]) -> bool:
    """Whether more training will not make a difference that can be seen: `gains` of the rounds as `meter.gain_over` has them."""
    if len(gains) < FEWEST:
        return False
    best = int(np.argmax(gains))
    if len(gains) - 1 - best >= _PATIENCE:
        return True
    curve = fitted(seconds, gains)
    return curve is not None and (curve.rise <= 0 or curve.end - max(gains) < _WORTH)
