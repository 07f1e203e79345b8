"""A picture of how far training is: truth, draft and trained, side by side."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ..files import write_bytes
from ..types import U8

_TITLE = 26
_SIDE = 320


def write_preview(path: Path, rows: list[dict[str, U8]]) -> None:
    """One line for each row, its pictures (h, w, 3) beside each other under their names. Written whole or not at all; raises DiskFull."""
    lines = []
    for row in rows:
        pictures = [_enlarged(picture) for picture in row.values()]
        lines.append(np.concatenate(pictures, 1))
    sheet = np.concatenate([_titles(list(rows[0]), lines[0].shape[1]), *lines])
    good, data = cv2.imencode(path.suffix, sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 93])
    if not good:
        raise ValueError(f"{path.suffix} is not a picture's ending")
    write_bytes(path, data.tobytes())


def _enlarged(picture: U8) -> U8:
    height, width = picture.shape[:2]
    return np.asarray(cv2.resize(picture, (round(width * _SIDE / height), _SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)


def _titles(names: list[str], width: int) -> U8:
    strip = np.full((_TITLE, width, 3), 24, np.uint8)
    for i, name in enumerate(names):
        cv2.putText(strip, name, (8 + i * width // len(names), 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (235, 235, 235), 1, cv2.LINE_AA)
    return strip
