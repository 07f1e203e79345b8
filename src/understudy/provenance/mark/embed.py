"""Putting the mark into frames.

Informed embedding (after Miller, Cox and Bloom, 2000): what the picture itself adds to each bit is measured as the reader will measure it,
and the bits that it weakens get more of the energy; the whole stays the same.
"""

from __future__ import annotations

import cv2
import numpy as np

from ...types import F32
from .code import BITS, SYNC_SHARE, bit_chips, bits_of, sync_chips
from .whiten import FLOOR, HEIGHT, WIDTH, cells, details, is_upright, small_luma, whiten

_LEAST, _MOST, _SLOPE = 0.7, 4.5, 0.55
"""Strength in 8-bit levels: in flat places, at most, and by the root of the activity: smooth walls and skin show a pattern that hair hides."""
_MOST_RMS = 1.95
"""Root mean square of the change, in 8-bit levels, that no frame goes beyond (42.3 dB)."""
_LARGE = 640
"""From this many lines on a cell is so many pixels that less strength carries it as far, and would show more."""
_SPREAD = 0.8
"""Root mean square of the pattern after interpolation."""
_MEMORY = 0.85
"""Share of what was known of the picture that the next frame keeps: weights that jump would flicker."""
_LEAST_WEIGHT, _MOST_WEIGHT = 0.25, 3.0
"""Amplitudes that a bit can have, before the energy is made the same again."""
_REACH = 0.5
"""Share of a chip's amplitude that is left in the mean of its cell after interpolation and whitening."""


class Marker:
    """Marks the frames of one video, in their order, with a 32-bit number."""

    def __init__(self, number: int) -> None:
        self._bits = bits_of(number)
        self._host: F32 | None = None

    def mark(self, y: np.ndarray, bit_depth: int) -> np.ndarray:
        """A marked copy of a luma plane (uint8, or uint16 with values below 2**bit_depth), (H, W) of any size."""
        if is_upright(y):
            return np.ascontiguousarray(self.mark(np.ascontiguousarray(y.T), bit_depth).T)
        high, activity = details(small_luma(y, bit_depth))
        strength = np.minimum(_LEAST + _SLOPE * cv2.sqrt(activity), _MOST)
        strength *= min(1.0, _MOST_RMS / (_SPREAD * float(np.sqrt((strength * strength).mean()))))
        strength *= min(1.0, (_LARGE / y.shape[0]) ** 0.5)
        weights = self._weights(whiten(high, activity), strength, activity)
        spread = np.sqrt((1 - SYNC_SHARE) / BITS) * ((weights * self._bits) @ bit_chips())
        pattern = np.sqrt(SYNC_SHARE) * sync_chips() + spread.reshape(sync_chips().shape)
        change = cv2.resize(pattern.astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) * strength
        if bit_depth > 8:
            change *= 1 << (bit_depth - 8)
        height, width = y.shape
        whole = cv2.resize(change, (width, height), interpolation=cv2.INTER_LINEAR)
        # adds, rounds and keeps within the type in one pass
        marked = cv2.add(y, whole, dtype=cv2.CV_8U if y.dtype == np.uint8 else cv2.CV_16U)
        return np.minimum(marked, (1 << bit_depth) - 1) if bit_depth > 8 else np.asarray(marked)

    def _weights(self, view: F32, strength: F32, activity: F32) -> F32:
        """(BITS,): amplitude of each bit, mean square 1, so that the least certain bit is as certain as can be."""
        host = bit_chips() @ cells(view).ravel()
        self._host = host if self._host is None else _MEMORY * self._host + (1 - _MEMORY) * host
        helps = self._host * self._bits
        # what a bit of weight 1 will add to its own sum
        gain = _REACH * np.sqrt((1 - SYNC_SHARE) / BITS) * bit_chips().shape[1] * float((strength / (activity + FLOOR)).mean())
        low, high = helps.min() - 4 * gain, helps.max() + 4 * gain
        for _ in range(24):
            middle = (low + high) / 2
            too_little = float(np.square(np.clip((middle - helps) / gain, _LEAST_WEIGHT, _MOST_WEIGHT)).mean()) < 1
            low, high = (middle, high) if too_little else (low, middle)
        weights = np.clip((low - helps) / gain, _LEAST_WEIGHT, _MOST_WEIGHT)
        return np.asarray(weights / np.sqrt((weights * weights).mean()), np.float32)
