"""What a video looks like, in 63 bytes for each second: enough to know a copy again, far too little to see a face.

Each sample is the luma at 32x32, its lowest 8x8 cosine coefficients without the first (which is the brightness), scaled to the same
energy: as in pHash, but with sizes kept, so that a cropped or mirrored copy can be compared with the same crop of the sample.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cache

import cv2
import numpy as np

from ...types import F32

SIDE, KEPT = 32, 8
LENGTH = KEPT * KEPT - 1
MOST_SAMPLES = 1200
"""Samples of one video; a longer one has every second, third … second only."""
LIKE = 0.88
"""Correlation from which two samples show the same picture."""
_SCALE = 28.0
"""int8 steps to a coefficient of root mean square size."""
_CROPS = (1.0, 0.95, 0.9, 0.85, 0.8)

Crop = tuple[float, float, float, float, bool]
"""Left, top, right, bottom as shares of the whole picture, and whether it is mirrored then."""


def sample(y: np.ndarray) -> F32:
    """(LENGTH,) float32 of mean square 1 (0 for a picture of one colour), of a luma plane uint8 or uint16 (H, W)."""
    small = cv2.resize(y, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    return _normal(cv2.dct(small)[:KEPT, :KEPT].reshape(1, -1)[:, 1:])[0]


class Sampler:
    """Takes the samples of one video while its frames go by."""

    def __init__(self, duration: Fraction) -> None:
        self._step = max(1, math.ceil(duration / MOST_SAMPLES))
        self._next: Fraction | None = None
        self.samples: list[F32] = []

    def see(self, y: np.ndarray, time: Fraction) -> None:
        """One frame's luma (uint8 or uint16, (H, W)) and its time in seconds; frames come in their order."""
        if self._next is None or time >= self._next:
            self.samples.append(sample(y))
            self._next = time + self._step


def _normal(values: np.ndarray) -> F32:
    """Rows scaled to mean square 1; the coefficients weigh as in a picture whose low frequencies do not drown the others."""
    size = np.sqrt((values * values).mean(axis=1, keepdims=True))
    return np.where(size > 1e-3, values / np.maximum(size, 1e-3), 0).astype(np.float32)


def pack(samples: Sequence[F32]) -> str:
    """Samples as text for the ledger: int8 on a root scale, so that large coefficients do not lose the small ones; base64."""
    whole = np.stack(samples) if len(samples) else np.zeros((0, LENGTH), np.float32)
    rooted = np.sign(whole) * np.sqrt(np.abs(whole))
    return base64.b64encode(np.clip(np.rint(rooted * _SCALE), -127, 127).astype(np.int8).tobytes()).decode()


def unpack(text: str) -> F32:
    """(n, LENGTH) float32: what `pack` kept."""
    whole = np.frombuffer(base64.b64decode(text), np.int8).astype(np.float32).reshape(-1, LENGTH) / _SCALE
    return _normal(np.sign(whole) * whole * whole)


def crops() -> list[Crop]:
    """The whole picture, and what people cut from one: centred or towards a corner, mirrored or not."""
    found: list[Crop] = []
    for share in _CROPS:
        places = ((0.5, 0.5),) if share == 1 else ((0.5, 0.5), (0, 0), (1, 0), (0, 1), (1, 1))
        for x, y in places:
            left, top = x * (1 - share), y * (1 - share)
            found += [(left, top, left + share, top + share, mirrored) for mirrored in (False, True)]
    return found


def cropped(samples: F32, crop: Crop) -> F32:
    """What `sample` would give for that part of the sampled pictures, as far as the kept coefficients say: (n, LENGTH)."""
    return _normal(samples @ _crop_matrix(crop))


@cache
def _crop_matrix(crop: Crop) -> F32:
    """(LENGTH, LENGTH): cropping is linear in the coefficients, so it is done to each of them once."""
    left, top, right, bottom, mirrored = crop
    scale = np.array([[(right - left), 0, left * SIDE + (right - left) / 2 - 0.5], [0, (bottom - top), top * SIDE + (bottom - top) / 2 - 0.5]])
    if mirrored:
        scale[0, 0], scale[0, 2] = -scale[0, 0], right * SIDE - (right - left) / 2 - 0.5
    rows = []
    for number in range(1, LENGTH + 1):
        spectrum = np.zeros((SIDE, SIDE), np.float32)
        spectrum[number // KEPT, number % KEPT] = 1
        part = cv2.warpAffine(cv2.idct(spectrum), scale, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
        rows.append(cv2.dct(part)[:KEPT, :KEPT].ravel()[1:])
    return np.asarray(np.stack(rows), np.float32)


def turns(samples: F32) -> tuple[F32, F32, F32]:
    """What `sample` would give for the pictures turned by one, two and three quarters, each (n, LENGTH)."""
    whole = np.concatenate([np.zeros((len(samples), 1), np.float32), samples], axis=1).reshape(-1, KEPT, KEPT)
    # a flip changes the sign of the odd coefficients along its side
    signs = np.where(np.arange(KEPT) % 2, -1, 1).astype(np.float32)
    across = whole.transpose(0, 2, 1)
    made = across * signs[None, None], whole * signs[None, None] * signs[None, :, None], across * signs[None, :, None]
    one, two, three = (np.asarray(turn.reshape(len(samples), -1)[:, 1:], np.float32) for turn in made)
    return one, two, three


def likeness_turned(seen: F32, known: F32) -> float:
    """As `likeness`, where `seen` may have been turned by quarters: to be asked where that found nothing."""
    return max(likeness(turn, known) for turn in turns(seen))


def likeness(seen: F32, known: F32, *, only: Sequence[Crop] | None = None) -> float:
    """How far the pictures `seen` (m, LENGTH) are among the `known` (n, LENGTH): -1 .. 1, the median over `seen` of the best likeness.

    `only` names the crops to try (default: `crops()`). One crop must serve for all of `seen`.
    """
    plain = seen[np.abs(seen).max(axis=1) > 0] if len(seen) else seen
    if not len(plain) or not len(known):
        return -1.0
    best = -1.0
    for crop in only if only is not None else crops():
        alike = plain @ cropped(known, crop).T / LENGTH
        best = max(best, float(np.median(alike.max(axis=1))))
    return best
