"""How good it is, in words with the figures beside them, what stands in the way, and how much longer is worth waiting."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..faces.mesh import eye_opening, mouth_opening
from ..types import Faceset
from .forecast import exhausted, fitted
from .target import Target

WORDS = ("rough", "fair", "good", "very good")
_GOOD = WORDS.index("good")
_OFF = {"sharpness": (math.log(1.5), math.log(1.18), math.log(1.08)), "flicker": (1.6, 1.25, 1.08), "light": (0.2, 0.12, 0.07)}
"""Most that is fair, good, very good; of sharpness the distance from 1 as a logarithm."""
_LIKE = {"likeness": (0.4, 0.7, 0.9), "mouth": (0.8, 0.9, 0.96), "eyes": (0.8, 0.9, 0.96), "detail": (0.8, 0.87, 0.92)}
"""Least that is fair, good, very good. `detail`: SSIM with the source's pictures that were held out."""
_MEANS = {
    "likeness": "likeness {:.2f} of what this target allows",
    "mouth": "the mouth follows the target by {:.2f} of 1",
    "eyes": "the eyes follow the target by {:.2f} of 1",
    "sharpness": "sharpness {:.2f} of the source's",
    "flicker": "flicker {:.2f} times the target's",
    "light": "the light is off by {:.2f} of 1",
    "detail": "held-out pictures met by {:.2f} of 1",
}
_WIDER, _CLOSER, _OPEN = 1.15, 0.6, 0.08


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said after a round."""

    word: str
    """One of `WORDS`: that of the weakest aspect."""
    aspects: tuple[tuple[str, float, str], ...]
    """Name, figure, word."""
    limits: tuple[str, ...]
    """What no training can give: the source never shows it."""
    enough: bool
    """More training will not make a difference that can be seen."""
    next_word: str | None
    seconds: float | None
    """Of training until the next word, or, where the words stay, until nothing more is to be gained; None where that cannot be told."""

    @property
    def good(self) -> bool:
        return WORDS.index(self.word) >= _GOOD

    def sentences(self) -> tuple[str, ...]:
        """For a person: the word, each aspect, what stands in the way, how much longer."""
        weakest = min(self.aspects, key=lambda aspect: WORDS.index(aspect[2]), default=None)
        because = f" (weakest: {weakest[0]})" if weakest is not None and self.word != WORDS[-1] else ""
        told = [f"{_MEANS[name].format(value)}: {word}" for name, value, word in self.aspects]
        return (f"All in all: {self.word}{because}", *told, *self.limits, self._forecast())

    def _forecast(self) -> str:
        if self.enough:
            return "More training will not make a difference that can be seen."
        if self.seconds is None:
            return "How much longer is worth waiting cannot be told yet."
        time = f"{max(1, round(self.seconds / 60))} min" if self.seconds >= 45 else f"{max(5, 5 * round(self.seconds / 5))} s"
        if self.next_word is not None:
            return f"In about {time} of training: {self.next_word}."
        return f"After about {time} more of training nothing more can be seen to change."


def verdict(
    figures: Mapping[str, float], *, limits: Sequence[str], seconds: Sequence[float], details: Sequence[float], gains: Sequence[float]
) -> Verdict:
    """Of the last round. `figures`: `Aspects` and `detail`; NaN is left out. The rest are of all rounds so far, oldest first: seconds of training
    since the start, `detail`, and gain over the draft."""
    aspects = tuple((name, value, WORDS[level(name, value)]) for name, value in figures.items() if not math.isnan(value))
    levels = {name: WORDS.index(word) for name, _, word in aspects}
    lowest = min(levels.values(), default=0)
    enough = exhausted(seconds, gains)
    next_word, left = None, None
    if not enough:
        curve = fitted(seconds, gains)
        if curve is not None:
            end = curve.when(curve.end - 0.01)
            left = None if end is None else max(0.0, end - seconds[-1])
        others = [value for name, value in levels.items() if name != "detail"]
        if levels.get("detail") == lowest < len(WORDS) - 1 and all(value > lowest for value in others):
            curve = fitted(seconds, details)
            when = curve.when(_LIKE["detail"][lowest]) if curve is not None else None
            if when is not None:
                next_word, left = WORDS[lowest + 1], max(0.0, when - seconds[-1])
    return Verdict(WORDS[lowest], aspects, tuple(limits), enough, next_word, left)


def level(name: str, value: float) -> int:
    """0 (rough) to 3 (very good)."""
    if name in _LIKE:
        return sum(value >= step for step in _LIKE[name])
    off = abs(math.log(max(value, 1e-3))) if name == "sharpness" else value
    return sum(off <= step for step in _OFF[name])


def limits_of(faceset: Faceset, target: Target) -> tuple[str, ...]:
    """What the target does and the source never shows, in words."""
    widest = float(np.quantile(mouth_opening(faceset.landmarks), 0.995))
    closest = float(np.quantile(eye_opening(faceset.landmarks).mean(-1), 0.005))
    n = len(target.wanted_mouth)
    wide = sum(float(np.quantile(opening, 0.98)) > max(_OPEN, _WIDER * widest) for opening in target.wanted_mouth)
    closed = sum(float(np.quantile(opening, 0.02)) < _CLOSER * closest for opening in target.wanted_eyes)
    found = []
    if wide:
        found.append(f"The mouth may open too little in {_shots(wide, n)}: the source never opens it that wide.")
    if closed:
        found.append(f"The eyes may close too little in {_shots(closed, n)}: the source never closes them that far.")
    return tuple(found)


def _shots(some: int, n: int) -> str:
    return "the only shot" if n == 1 else f"all {n} shots" if some == n else f"{some} of {n} shots"
