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

from ..types import U8, Patch, VideoInfo

LETTERS = 0.045
"""Height of the capitals as a share of the picture's height; 0.04 is the least that is allowed, the rest is for codecs and rounding."""
LEAST_LETTERS = 9
"""Pixels below which capitals cannot be read, however small the picture."""
BRIDGE = Fraction(2)
"""Seconds: a shorter gap between altered stretches keeps the label, which would flicker otherwise."""
CROPS = (("1:1", Fraction(1)), ("4:5", Fraction(4, 5)), ("9:16", Fraction(9, 16)))
_PLATE = 0.04
_WHITE = {"smpte2084": 0.58, "arib-std-b67": 0.75}
"""Signal of white text in HDR (ITU-R BT.2408: graphics white, 203 cd/m²); 1 elsewhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """The label of one video, drawn once."""

    patch: Patch
    text: str
    letter_height: int
    """Pixels of the picture."""
    lost_in: tuple[str, ...]
    """The usual centre crops (1:1, 4:5, 9:16) in which it would no longer be whole."""


def label_text(language: Literal["en", "nl"]) -> str:
    return "AI MODIFIED" + ("\nGEMANIPULEERD" if language == "nl" else "")


def make_label(info: VideoInfo, language: Literal["en", "nl"]) -> Label:
    """Draw the label for a video of this size, pixel shape and transfer curve."""
    width, height = info.size_wh
    text = label_text(language)
    letters = max(math.ceil(LETTERS * height), LEAST_LETTERS)
    plate = _plate(text.split("\n"), letters, info.sample_aspect)
    if plate.shape[1] > 0.55 * width:
        plate = _plate(text.split(), letters, info.sample_aspect)
    fits = min(1.0, (width - 2) / plate.shape[1], (height - 2) / plate.shape[0])
    if fits < 1:
        plate = cv2.resize(plate, [max(2, int(side * fits) // 2 * 2) for side in plate.shape[::-1]], interpolation=cv2.INTER_AREA)
    margin = min(max(2, round(0.03 * height)), (width - plate.shape[1]) // 2, (height - plate.shape[0]) // 2)
    # on whole colour samples, so that no colour of the picture mixes into the plate's edge
    x, y = (width - plate.shape[1] - margin) // 2 * 2, margin // 2 * 2
    white = _WHITE.get(info.color.transfer, 1.0)
    value = _PLATE * white + plate.astype(np.float32) / 255 * (1 - _PLATE) * white
    rgb = np.repeat(np.rint(value * 65535).astype(np.uint16)[:, :, None], 3, axis=2)
    patch = Patch((x, y), rgb, np.full(plate.shape, 255, np.uint8))
    lost = tuple(name for name, ratio in CROPS if not _inside(patch, info, ratio))
    return Label(patch, text, int(letters * fits), lost)


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


def _plate(lines: Sequence[str], letters: int, aspect: Fraction) -> U8:
    """The lines under each other on a plate: coverage of the white letters, even sides; narrowed where pixels are shown wider than high."""
    drawn = [_line(line, letters, aspect) for line in lines]
    gap, edge = round(0.5 * letters), max(2, round(0.5 * letters))
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


def _line(text: str, letters: int, aspect: Fraction) -> U8:
    """One line of capitals, `letters` pixels high, cut to its ink: drawn large with OpenCV's own font and averaged down."""
    size = max(160, 3 * letters)
    canvas = np.zeros((2 * size, size * (len(text) + 2)), np.uint8)
    cv2.putText(canvas, text, (size // 2, size + size // 2), (255,), cv2.FontFace("sans"), size, 650)
    rows, columns = np.flatnonzero(canvas.any(axis=1)), np.flatnonzero(canvas.any(axis=0))
    ink = canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    width = max(1, round(ink.shape[1] * letters / ink.shape[0] / float(aspect)))
    return np.asarray(cv2.resize(ink, (width, letters), interpolation=cv2.INTER_AREA), np.uint8)


def _inside(patch: Patch, info: VideoInfo, ratio: Fraction) -> bool:
    """Whether the patch is whole in the largest centred cut of this ratio (width : height, as shown)."""
    width, height = info.size_wh
    shown = width * info.sample_aspect
    cut_width = min(shown, height * ratio) / info.sample_aspect
    cut_height = min(Fraction(height), shown / ratio)
    left, top = (width - cut_width) / 2, (height - cut_height) / 2
    (x, y), (h, w) = patch.xy, patch.alpha.shape
    return left <= x and x + w <= left + cut_width and top <= y and y + h <= top + cut_height
