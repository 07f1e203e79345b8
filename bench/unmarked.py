"""Windows of unmarked pictures that must not be taken for marked: clips and photos, cut out anywhere, scaled and coded again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np
from treatments import Picture, load, luma, x264

from understudy.provenance.mark.detect import Mark, find
from understudy.provenance.mark.gather import Gatherer

_LENGTHS = (1, 8, 25)
_MOST_PIXELS = 640 * 360
"""Larger cuts are made smaller: a window is coded again, and that takes time."""


def windows(files: Sequence[Path], count: int, seed: int) -> list[Mark]:
    """What the reader says of `count` windows, the files taken in turn."""
    rng, found = random.Random(seed), list[Mark]()
    loaded: dict[Path, list[Picture]] = {}
    for number in range(count):
        path = files[number % len(files)]
        if path not in loaded:
            loaded = {path: _pictures(path)}
        if loaded[path]:
            found.append(_window(loaded[path], rng))
    return found


def in_turn(files: Sequence[Path], count: int) -> list[tuple[Path, int]]:
    """How many windows each file gives, as evenly as can be."""
    each, rest = divmod(count, len(files))
    return [(path, each + (number < rest)) for number, path in enumerate(files)]


def _pictures(path: Path) -> list[Picture]:
    if path.suffix.lower() not in (".jpg", ".jpeg", ".png"):
        return load(path, 200)
    bgr = np.asarray(cv2.imread(str(path)), np.uint8)
    height, width = (side // 2 * 2 for side in bgr.shape[:2])
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(bgr[:height, :width]), format="bgr24")
    return [frame.to_ndarray(format="yuv420p")]


def _window(pictures: list[Picture], rng: random.Random) -> Mark:
    length = rng.choice(_LENGTHS)
    start = rng.randrange(max(1, len(pictures) - length))
    height, width = luma(pictures[0]).shape
    share, x, y = rng.uniform(0.5, 1), rng.random(), rng.random()
    left, top = int(x * (1 - share) * width), int(y * (1 - share) * height)
    cuts = [luma(picture)[top : top + int(share * height), left : left + int(share * width)] for picture in pictures[start : start + length]]
    scale = rng.uniform(0.5, 1.0) * min(1.0, (_MOST_PIXELS / cuts[0].size) ** 0.5)
    w, h = (max(32, int(side * scale) // 2 * 2) for side in cuts[0].shape[::-1])
    small = []
    for cut in cuts:
        whole = np.full((h * 3 // 2, w), 128, np.uint8)
        whole[:h] = cv2.resize(np.ascontiguousarray(cut), (w, h), interpolation=cv2.INTER_AREA)
        small.append(whole)
    gathered = Gatherer()
    for luma_ in x264(rng.choice((18, 23, 28, 33)))(small):
        gathered.add(luma_, 8)
    return find(gathered)
