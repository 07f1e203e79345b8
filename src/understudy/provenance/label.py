"""The visible label: AI MODIFIED, top right, white on a black plate, wherever the picture is altered. It cannot be turned off.

The plate is opaque, so the contrast is the same before every background (about 19 : 1; at least 4.5 : 1 is asked for).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import cv2
import numpy as np

from ..config import LabelSettings
from ..types import U8, Patch, VideoInfo
from .label_place import SQUEEZES, Box, Choice, Patched, best_choice, heads_of, layouts, lost_in

LETTERS = 0.042
"""Height of the capitals as a share of the picture's height; 0.04 is the least that is allowed, the rest is for codecs and rounding."""
LEAST_LETTERS = 9
"""Pixels below which capitals cannot be read, however small the picture."""
BRIDGE = Fraction(2)
"""Seconds: a shorter gap between altered stretches keeps the label, which would flicker otherwise."""
_EDGE = 0.4
"""Width of the plate's rim and of the gap between lines, in heights of a capital."""
_PLATE = 0.04
_WHITE = {"smpte2084": 0.58, "arib-std-b67": 0.75}
"""Signal of white text in HDR (ITU-R BT.2408: graphics white, 203 cd/m²); 1 elsewhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """The label of one video, drawn once."""

    patch: Patch
    text: str
    lines: tuple[str, ...]
    """As it is set."""
    letter_height: int
    """Pixels of the picture."""
    lost_in: tuple[str, ...]
    """The usual centre crops (1:1, 4:5, 9:16) in which it would no longer be whole."""
    place: str = "top-right"
    reason: str = "none"
    """Why it does not stand at the top right; "none" where it does."""

    @property
    def box_xywh(self) -> tuple[int, int, int, int]:
        """Left, top, width, height of the plate in the picture, in pixels."""
        height, width = self.patch.alpha.shape
        return (*self.patch.xy, width, height)


def label_text(language: Literal["en", "nl"]) -> str:
    return "AI MODIFIED" + ("\nGEMANIPULEERD" if language == "nl" else "")


def label_for(info: VideoInfo, settings: LabelSettings, patches: Patched) -> Label:
    """The label of a video with these altered frames: where and how it is set leaves their faces as free as the rules allow."""
    reason = settings.reason if settings.place != "top-right" else "none"
    return make_label(info, settings.language, heads=heads_of(patches), place=settings.place, reason=reason)


def make_label(info: VideoInfo, language: Literal["en", "nl"], *, heads: Sequence[Box] = (), place: str = "top-right", reason: str = "none") -> Label:
    """Draw the label for a video of this size, pixel shape and transfer curve, off the `heads` (boxes in pixels) where that is possible."""
    height = info.size_wh[1]
    text = label_text(language)
    letters = max(math.ceil(LETTERS * height), LEAST_LETTERS)
    aspect = info.sample_aspect
    drawn = {(lines, squeeze): draw_plate(lines, letters, aspect, squeeze) for lines in layouts(text) for squeeze in SQUEEZES}
    choice = best_choice({key: plate.shape for key, plate in drawn.items()}, info, place=place, heads=heads)
    plate = _fitted(drawn[choice.lines, choice.squeeze], choice)
    white = _WHITE.get(info.color.transfer, 1.0)
    value = _PLATE * white + plate.astype(np.float32) / 255 * (1 - _PLATE) * white
    rgb = np.repeat(np.rint(value * 65535).astype(np.uint16)[:, :, None], 3, axis=2)
    patch = Patch((choice.box[0], choice.box[1]), rgb, np.full(plate.shape, 255, np.uint8))
    return Label(patch, text, choice.lines, int(letters * choice.fits), lost_in(choice.box, info), place, reason)


def label_spans(times: Sequence[Fraction], altered: Sequence[int]) -> list[tuple[int, int]]:
    """(first, last) frame of each stretch that carries the label: all `altered` frames (rising), gaps below BRIDGE seconds filled.

    `times` holds the time of every frame of the video, in seconds.
    """
    spans: list[tuple[int, int]] = []
    for index in altered:
        if spans and (index == spans[-1][1] + 1 or times[index] - times[spans[-1][1]] < BRIDGE):
            spans[-1] = (spans[-1][0], index)
        else:
            spans.append((index, index))
    return spans


def _fitted(plate: U8, choice: Choice) -> U8:
    """The plate at the size that was chosen for it: smaller than drawn only in pictures that have no room."""
    left, top, right, bottom = choice.box
    if (bottom - top, right - left) == plate.shape:
        return plate
    return np.asarray(cv2.resize(plate, (right - left, bottom - top), interpolation=cv2.INTER_AREA), np.uint8)


def draw_plate(lines: Sequence[str], letters: int, aspect: Fraction | int, squeeze: float) -> U8:
    """The lines under each other on a plate: coverage of the white letters, even sides; narrowed where pixels are shown wider than high."""
    drawn = [_line(line, letters, float(aspect) / squeeze) for line in lines]
    gap = edge = max(2, round(_EDGE * letters))
    edge_x = max(2, round(edge / aspect))
    width = max(line.shape[1] for line in drawn) + 2 * edge_x
    height = sum(line.shape[0] for line in drawn) + gap * (len(drawn) - 1) + 2 * edge
    plate = np.zeros((height + height % 2, width + width % 2), np.uint8)
    y = edge
    for line in drawn:
        x = plate.shape[1] - edge_x - line.shape[1]
        plate[y : y + line.shape[0], x : x + line.shape[1]] = line
        y += line.shape[0] + gap
    return plate


def _line(text: str, letters: int, narrower: float) -> U8:
    """One line of capitals, `letters` pixels high, cut to its ink: drawn large with OpenCV's own font and averaged down."""
    size = max(160, 3 * letters)
    canvas = np.zeros((2 * size, size * (len(text) + 2)), np.uint8)
    cv2.putText(canvas, text, (size // 2, size + size // 2), (255,), cv2.FontFace("sans"), size, 650)
    rows, columns = np.flatnonzero(canvas.any(axis=1)), np.flatnonzero(canvas.any(axis=0))
    ink = canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    width = max(1, round(ink.shape[1] * letters / ink.shape[0] / narrower))
    return np.asarray(cv2.resize(ink, (width, letters), interpolation=cv2.INTER_AREA), np.uint8)
