"""A picture of how far training is: source, target, draft, the last round and this one, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..files import write_bytes
from ..types import U8

_TITLE, _GAP = 26, 4
_SIDE = 288
_BACK, _INK = (24, 24, 27), (235, 235, 235)
_MARK = "AI MODIFIED"


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """One picture (h, w, 3) of a row."""

    title: str
    picture: U8
    made: bool = False
    """Whether a face was put into it: then it says so."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """Pictures of one moment beside each other."""

    caption: str
    tiles: Sequence[Tile]


def write_preview(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows below each other, with titles wherever these change. Whole or not at all; raises DiskFull."""
    parts: list[U8] = []
    titles: list[str] = []
    for row in rows:
        pictures = [_shown(tile) for tile in row.tiles]
        cv2.putText(pictures[0], row.caption, (9, _SIDE - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
        cv2.putText(pictures[0], row.caption, (8, _SIDE - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
        if [tile.title for tile in row.tiles] != titles:
            titles = [tile.title for tile in row.tiles]
            parts.append(_titles(titles, [picture.shape[1] for picture in pictures]))
        parts.append(np.concatenate([piece for picture in pictures for piece in (picture, _empty(_SIDE, _GAP))][:-1], 1))
        parts.append(_empty(_GAP, parts[-1].shape[1]))
    width = max(part.shape[1] for part in parts)
    sheet = np.concatenate([np.concatenate([part, _empty(part.shape[0], width - part.shape[1])], 1) for part in parts])
    good, data = cv2.imencode(path.suffix, sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    if not good:
        raise ValueError(f"{path.suffix} is not a picture's ending")
    write_bytes(path, data.tobytes())


def _shown(tile: Tile) -> U8:
    height, width = tile.picture.shape[:2]
    way = cv2.INTER_AREA if height > _SIDE else cv2.INTER_CUBIC
    out = np.ascontiguousarray(cv2.resize(tile.picture, (round(width * _SIDE / height), _SIDE), interpolation=way), np.uint8)
    if tile.made:
        (width, height), _ = cv2.getTextSize(_MARK, cv2.FONT_HERSHEY_SIMPLEX, 0.38, 1)
        right = out.shape[1] - 5
        cv2.rectangle(out, (right - width - 8, 5), (right, 5 + height + 8), (0, 0, 0), -1)
        cv2.putText(out, _MARK, (right - width - 4, 5 + height + 3), cv2.FONT_HERSHEY_SIMPLEX, 0.38, _INK, 1, cv2.LINE_AA)
    return out


def _titles(names: Sequence[str], widths: Sequence[int]) -> U8:
    strip = _empty(_TITLE, sum(widths) + _GAP * (len(widths) - 1))
    x = 0
    for name, width in zip(names, widths, strict=True):
        cv2.putText(strip, name, (x + 6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
        x += width + _GAP
    return strip


def _empty(height: int, width: int) -> U8:
    return np.full((max(height, 0), max(width, 0), 3), _BACK, np.uint8)
