"""Reads capitals off a picture, as a viewer would: knows nothing of how the label was drawn but that it is light on dark."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

LETTERS = "ADEFGILMNOPRU"
"""The letters of the labels; every shape is taken for the likest of them."""
_BOX = 32


@cache
def _shapes() -> dict[str, np.ndarray]:
    """Each letter's ink, stretched to a box."""
    shapes = {}
    for letter in LETTERS:
        canvas = np.zeros((300, 300), np.uint8)
        cv2.putText(canvas, letter, (60, 220), (255,), cv2.FontFace("sans"), 160, 600)
        x, y, w, h = cv2.boundingRect(canvas)
        shapes[letter] = cv2.resize(canvas[y : y + h, x : x + w], (_BOX, _BOX), interpolation=cv2.INTER_AREA) / 255
    return shapes


def read_capitals(rgb: np.ndarray) -> list[str]:
    """The lines of text in a part of a picture (uint8 (h, w, 3)) that holds nothing else, spaces left out; what is no letter is '?'."""
    scale = max(1.0, 160 / rgb.shape[0])
    gray = cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    ink = (gray > 0.5 * (float(gray.max()) + float(np.median(gray)))).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    tallest = max((int(row[3]) for row in stats[1:]), default=0)
    boxes = sorted((tuple(int(v) for v in row[:4]) for row in stats[1:] if row[3] > 0.6 * tallest), key=lambda box: box[1])
    lines: list[list[tuple[int, ...]]] = []
    for box in boxes:
        if lines and box[1] < lines[-1][0][1] + 0.5 * lines[-1][0][3]:
            lines[-1].append(box)
        else:
            lines.append([box])
    return ["".join(_letter(ink, box) for box in sorted(line)) for line in lines]


def _letter(ink: np.ndarray, box: tuple[int, ...]) -> str:
    x, y, w, h = box
    part = cv2.resize(ink[y : y + h, x : x + w].astype(np.float32), (_BOX, _BOX), interpolation=cv2.INTER_AREA)
    if w < 0.55 * h and part.mean() > 0.7:
        # a solid bar is an I, however it is stretched to the box
        return "I"
    likeness = {letter: float(np.corrcoef(part.ravel(), shape.ravel())[0, 1]) for letter, shape in _shapes().items() if letter != "I"}
    best = max(likeness, key=lambda letter: likeness[letter])
    return best if likeness[best] > 0.6 else "?"
