"""How the label is set and where it stands: of what the rules allow, that which leaves the face free and survives the usual crops.

Allowed are one line or several, capitals of full width or narrower, and every place in the chosen corner's quarter that touches the edge of the
picture or of a usual centre crop. First counts how much of the altered heads it hides, then in how many crops it is lost, then how it looks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np

from ..types import Patch, VideoInfo

CROPS = (("1:1", Fraction(1)), ("4:5", Fraction(4, 5)), ("9:16", Fraction(9, 16)))
SQUEEZES = (1.0, 0.85, 0.72)
"""Widths that the capitals may have, as shares of the font's own."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""
_SAMPLES = 60
_BROW, _SIDE = 0.4, 0.1
"""How far a head reaches over its altered part: up, as a share of that part's height, and to each side, of its width."""
_USUAL = (0.38, 0.25, 0.62, 0.75)
"""Where a head is taken to be while none is known: left, top, right, bottom as shares of the picture."""
_HAIR = 0.3
"""What hiding hair and forehead counts, where hiding the altered part counts 1."""
_NEGLIGIBLE = 0.025
"""Steps in which hiding is counted: a strand of hair is worth a crop."""
_MARGIN = 0.025
_WIDE, _BANNER = 0.4, 3.0
"""Share of the picture's width from which a plate looks like a banner, and what each further share counts against narrower capitals."""


class Patched(Protocol):
    """The altered frames, as `publish` gets them."""

    def frames(self) -> list[int]: ...

    def at(self, index: int) -> list[Patch]: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """One allowed way to set the label."""

    lines: tuple[str, ...]
    squeeze: float
    box: tuple[int, int, int, int]
    """Left, top, right, bottom of the plate."""
    fits: float
    """1, or the share of its size that the picture has room for."""


def layouts(text: str) -> tuple[tuple[str, ...], ...]:
    """The ways to break the label into lines."""
    return tuple(text.split("\n")), tuple(text.split())


def heads_of(patches: Patched) -> list[Box]:
    """The altered part of the picture in frames spread over the whole: one box for each face in each."""
    frames = patches.frames()
    picked = [frames[at] for at in np.linspace(0, len(frames) - 1, min(_SAMPLES, len(frames))).round().astype(int)] if frames else []
    boxes = []
    for patch in (patch for index in picked for patch in patches.at(index)):
        rows, columns = np.flatnonzero(patch.alpha.any(axis=1)), np.flatnonzero(patch.alpha.any(axis=0))
        if len(rows):
            x, y = patch.xy
            boxes.append((float(x + columns[0]), float(y + rows[0]), float(x + columns[-1] + 1), float(y + rows[-1] + 1)))
    return boxes


def best_choice(sizes: Mapping[tuple[tuple[str, ...], float], tuple[int, ...]], info: VideoInfo, *, place: str, heads: Sequence[Box]) -> Choice:
    """Of all layouts, widths and places the one that serves best. `sizes`: (height, width) of the plate, for each (lines, squeeze)."""
    allowed = [
        Choice(lines, squeeze, box, room(high, wide, info))
        for (lines, squeeze), (high, wide) in sizes.items()
        for box in _boxes(high, wide, info, place=place)
    ]
    width, height = info.size_wh
    left, top, right, bottom = _USUAL
    known = heads or [(left * width, top * height, right * width, bottom * height)]
    return min(allowed, key=lambda choice: _faults(choice, info, known))


def lost_in(box: Sequence[int], info: VideoInfo) -> tuple[str, ...]:
    """The crops in which a plate in this box (left, top, right, bottom) is not whole."""
    return tuple(name for name, ratio in CROPS if not _inside(box, _crop(info, ratio)))


def room(height: int, width: int, info: VideoInfo) -> float:
    """1 where a plate of this size finds room in the picture, else the share of its size that does."""
    return min(1.0, (info.size_wh[0] - 2) / width, (info.size_wh[1] - 2) / height)


def _faults(choice: Choice, info: VideoInfo, heads: Sequence[Box]) -> tuple[float, int, int, float, int]:
    """What speaks against a choice, the weightiest first: letters too small, heads hidden, crops in which it is lost, looks."""
    left, _, right, _ = choice.box
    wide = (right - left) / info.size_wh[0]
    looks = (1 - choice.squeeze) + _BANNER * max(0.0, wide - _WIDE)
    return 1 - choice.fits, round(_hidden(choice.box, heads) / _NEGLIGIBLE), len(lost_in(choice.box, info)), round(looks, 2), len(choice.lines)


def _hidden(box: Sequence[float], heads: Sequence[Box]) -> float:
    """The mean share of the heads that the box hides."""
    shares = []
    for left, top, right, bottom in heads:
        high, wide = bottom - top, right - left
        head = (left - _SIDE * wide, top - _BROW * high, right + _SIDE * wide, bottom)
        inner = _overlap(box, (left, top, right, bottom)) / (high * wide)
        shares.append(inner + _HAIR * _overlap(box, head) / ((head[2] - head[0]) * (head[3] - head[1])))
    return float(np.mean(shares)) if shares else 0.0


def _overlap(one: Sequence[float], other: Sequence[float]) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, wide) * max(0.0, high)


def _boxes(height: int, width: int, info: VideoInfo, *, place: str) -> Iterator[tuple[int, int, int, int]]:
    """Where a plate of this size may stand: the corner, and as far inwards as each crop asks, within the corner's half of the picture."""
    whole_w, whole_h = info.size_wh
    fits = room(height, width, info)
    if fits < 1:
        width, height = max(2, int(width * fits) // 2 * 2), max(2, int(height * fits) // 2 * 2)
    margin_x, margin_y = (min(max(2, round(_MARGIN * whole_h)), spare // 2) for spare in (whole_w - width, whole_h - height))
    right_side, top_side = place.endswith("right"), place.startswith("top")
    # on whole colour samples, so that no colour of the picture mixes into the plate's edge
    y = (margin_y if top_side else whole_h - height - margin_y) // 2 * 2
    edges = [(Fraction(0), Fraction(whole_w)), *((left, right) for left, _, right, _ in (_crop(info, ratio) for _, ratio in CROPS))]
    for corner, (left, right) in enumerate(edges):
        x = (int(right) - width - margin_x if right_side else math.ceil(left) + margin_x) // 2 * 2
        if corner == 0 or (x >= whole_w / 2 if right_side else x >= 0 and x + width <= whole_w / 2):
            yield x, y, x + width, y + height


def _crop(info: VideoInfo, ratio: Fraction) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """The largest centred cut of this ratio (width : height, as shown): left, top, right, bottom in pixels."""
    width, height = info.size_wh
    shown = width * info.sample_aspect
    cut_width = min(shown, height * ratio) / info.sample_aspect
    cut_height = min(Fraction(height), shown / ratio)
    left, top = (width - cut_width) / 2, (height - cut_height) / 2
    return left, top, left + cut_width, top + cut_height


def _inside(box: Sequence[int], crop: Sequence[Fraction]) -> bool:
    return crop[0] <= box[0] and box[2] <= crop[2] and crop[1] <= box[1] and box[3] <= crop[3]
