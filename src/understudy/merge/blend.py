"""Texture: the face made as sharp and as grainy as the target's picture around it, in the pixels of the frame."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from ..types import F32

_TRIALS = (-0.9, -0.4, 0.0, 0.5, 0.8, 1.2, 1.8, 2.7)
"""Softnesses that are tried on the face (see `Finish`); the first is the most that is ever sharpened, and it is mild."""
_FINE, _COARSE = 0.8, (0.7, 1.48)
"""The finest detail is what a blur of 0.8 px takes away; the coarser band, between blurs of 1.5 and 3 px (of half as many on a picture reduced to
a half), tells how much contrast there is."""
_EVERY = 4
"""Of so many pixels one is asked for its noise."""
_MEASURED_SIDE = 512
"""Texture is measured in the middle of the face, in at most this many pixels a side."""
_SHARE_OF_MORE, _SHARE_OF_LESS = 0.5, 0.75
"""How far (as a power) a face of more, or of less, contrast than the target may have more, or shall have less, fine detail: make-up is the
person's own, and yet beside a soft picture it looks pasted."""
_MOST_SHARPENED, _MOST_SOFTENED = 1.5, 3.0
"""What is done to the face at a `sharpen` of 1, and of -1 (see `Finish`)."""
_FEWEST = 200
_LEAST_GRAIN, _MOST_GRAIN = 0.5, 6.0
_TILE = 512
_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)
_ONLY_NOISE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Blind to ramps and straight edges (Immerkær, "Fast Noise Variance Estimation", 1996): what it leaves on plain skin is noise, times 6."""


class Window:
    """Averages of measurements over neighbouring frames on both sides, with Gaussian weights; forgets what is out of reach."""

    def __init__(self, reach: int) -> None:
        self.reach = reach
        self._kept: deque[tuple[int, np.ndarray]] = deque()

    def add(self, index: int, value: np.ndarray) -> None:
        """Keep the measurement of frame `index` (rising)."""
        self._kept.append((index, np.asarray(value, np.float64)))

    def near(self, index: int) -> list[np.ndarray]:
        """All that was added within reach of frame `index`, unaveraged; forgets nothing."""
        return [value for i, value in self._kept if abs(i - index) <= self.reach]

    def mean(self, index: int) -> np.ndarray | None:
        """The average around frame `index` of all that was added; forgets what lies before its reach. None where nothing is near."""
        while self._kept and self._kept[0][0] < index - self.reach:
            self._kept.popleft()
        near = [(np.exp(-0.5 * ((i - index) / (0.5 * self.reach)) ** 2), value) for i, value in self._kept if i <= index + self.reach]
        if not near:
            return None
        return np.average([value for _, value in near], axis=0, weights=[weight for weight, _ in near])


@dataclass(frozen=True, slots=True)
class Finish:
    """What is done to the face's texture."""

    softness: float = 0.0
    """Above 0: blur of this sigma in pixels. Below 0: sharpening by this much."""
    grain: float = 0.0
    """Deviation of the noise to add, in code values."""


def luma(rgb: np.ndarray) -> F32:
    """(H, W, 3) -> (H, W) float32."""
    return np.asarray(cv2.transform(np.asarray(rgb, np.float32), _LUMA), np.float32)


def texture(face: F32, target: F32, share: F32) -> np.ndarray | None:
    """Of the target, and of the face at each of `_TRIALS`: (1 + len(_TRIALS), 3) mean fine detail, mean coarse detail, deviation of the noise.

    The noise is measured of the target and of the unchanged face only, and 0 elsewhere. `face`, `target`: luma (h, w) in code values; `share`:
    the seam mask there. None where too little of the face is seen.
    """
    window = _middle(share)
    inner = (share[window] > 0.95).astype(np.uint8)
    if cv2.countNonZero(inner) < _FEWEST:
        return None
    rows = [_levels(target[window], inner, noise=True)]
    # rounded, because the target is: in a very soft picture the rounding is most of what is fine
    rows += [_levels(np.rint(_softened(face[window], softness)), inner, noise=softness == 0) for softness in _TRIALS]
    return np.array(rows)


def finish_for(levels: np.ndarray) -> Finish:
    """What brings the face's texture to the target's, from averaged `texture` levels.

    Fine detail is judged beside coarse, so a face of little contrast is not taken for a blurred one. What the face lacks in fine detail is
    filled with grain first, as far as the target has more noise on plain skin, and sharpened for the rest; it never gets grain in place of
    detail that it has.
    """
    fine, coarse, noise = levels.T
    coarse = np.maximum(coarse, 1e-3)
    plain = 1 + _TRIALS.index(0.0)
    power = _SHARE_OF_MORE if coarse[plain] > coarse[0] else _SHARE_OF_LESS
    # sharpening lifts the coarse band a little too, which must not count against it; all in the face's own contrast
    ours = fine[1:] / (np.minimum(coarse[1:], coarse[plain]) / coarse[plain]) ** power
    wanted = fine[0] / (coarse[0] / coarse[plain]) ** power
    lacking = max(0.0, wanted**2 - fine[plain] ** 2)
    missing = max(0.0, noise[0] ** 2 - noise[plain] ** 2)
    grain = float(min(np.sqrt(lacking) / _noise_in_fine(), np.sqrt(missing), _MOST_GRAIN))
    grain = grain if grain > _LEAST_GRAIN else 0.0
    rest = np.sqrt(wanted**2 - (_noise_in_fine() * grain) ** 2)
    return Finish(softness=float(np.interp(-rest, -np.minimum.accumulate(ours), _TRIALS)), grain=grain)


def apply(face: F32, finish: Finish, *, seed: int, sharpen: float = 0.0) -> F32:
    """`face` (h, w, 3) code values, blurred or sharpened, with grain that `seed` decides (the same seed, the same grain).

    `sharpen` -1..1 comes on top: softer or sharper than asked for by `finish`.
    """
    face = _softened(face, finish.softness)
    if sharpen:
        face = _softened(face, -_MOST_SHARPENED * sharpen if sharpen > 0 else -_MOST_SOFTENED * sharpen)
    if finish.grain > 0:
        face = np.asarray(face + finish.grain * _grain(face.shape[0], face.shape[1], seed)[..., None], np.float32)
    return face


def _softened(picture: F32, softness: float) -> F32:
    if softness > 0.2:
        return _blurred(picture, softness)
    if softness < -0.02:
        return np.asarray(picture - softness * (picture - _blurred(picture, 1.0)), np.float32)
    return picture


def _middle(share: F32) -> tuple[slice, slice]:
    """The part of the picture in which the mask lies, at most _MEASURED_SIDE a side around its middle."""
    out = []
    for axis in (1, 0):
        filled = np.flatnonzero(share.max(axis) > 0.95)
        if not len(filled):
            return slice(0, 0), slice(0, 0)
        first, last = int(filled[0]), int(filled[-1]) + 1
        spare = max(0, last - first - _MEASURED_SIDE) // 2
        out.append(slice(first + spare, last - spare))
    return out[0], out[1]


def _levels(picture: F32, inner: np.ndarray, *, noise: bool) -> tuple[float, float, float]:
    fine = picture - _blurred(picture, _FINE)
    # the coarse band has nothing that half the pixels could not tell
    half = inner.shape[1] // 2, inner.shape[0] // 2
    less = np.asarray(cv2.resize(picture, half, interpolation=cv2.INTER_AREA), np.float32)
    coarse = _blurred(less, _COARSE[0]) - _blurred(less, _COARSE[1])
    within = cv2.resize(inner, half, interpolation=cv2.INTER_NEAREST)
    deviation = float(np.median(np.abs(cv2.filter2D(picture, cv2.CV_32F, _ONLY_NOISE)[inner > 0][::_EVERY]))) / 0.6745 / 6 if noise else 0.0
    return _mean_size(fine, inner), _mean_size(coarse, within), deviation


def _mean_size(values: F32, inner: np.ndarray) -> float:
    return cv2.norm(values, cv2.NORM_L1, inner) / max(1, cv2.countNonZero(inner))


def _blurred(picture: F32, sigma: float) -> F32:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)


@cache
def _noise_in_fine() -> float:
    """Mean fine detail of white noise of unit deviation."""
    kernel = cv2.getGaussianKernel(9, _FINE)
    spot = np.zeros((9, 9))
    spot[4, 4] = 1
    return float(np.sqrt(((spot - kernel @ kernel.T) ** 2).sum() * 2 / np.pi))


@cache
def _tile() -> F32:
    """Noise of unit deviation, a little softer than white, as a decoded video's grain is; it repeats without a seam."""
    white = np.random.default_rng(20240521).standard_normal((_TILE, _TILE)).astype(np.float32)
    soft = _blurred(np.pad(white, 4, mode="wrap"), 0.5)[4:-4, 4:-4]
    return (soft / soft.std()).astype(np.float32)


def _grain(height: int, width: int, seed: int) -> F32:
    rng = np.random.default_rng(seed)
    rows = (np.arange(height) + rng.integers(_TILE)) % _TILE
    columns = (np.arange(width) + rng.integers(_TILE)) % _TILE
    return _tile()[np.ix_(rows, columns)]
