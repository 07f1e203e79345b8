"""Strokes as they are kept in the project, checked when they come in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from ..errors import UsageError
from ..merge.strokes import Kind, Stroke
from ..store import StrokeRow
from ..types import U8

MOST_CORNERS = 5000


def checked(
    kind: Kind, polygons: Sequence[Sequence[tuple[float, float]]], brush: bytes | None, *, frame_wh: tuple[int, int]
) -> list[list[list[float]]]:
    """The polygons as they are kept. Raises UsageError where the stroke says nothing or cannot be read."""
    if kind not in ("include", "exclude", "clear"):
        raise UsageError(f"'{kind}' is no kind of stroke.", remedy="give include, exclude or clear")
    if kind == "clear":
        return []
    if not polygons and brush is None:
        raise UsageError("The stroke has no shape.", remedy="give polygons, or a picture of the brush")
    corners = [[[float(x), float(y)] for x, y in polygon] for polygon in polygons]
    if any(len(polygon) < 3 for polygon in corners) or sum(map(len, corners)) > MOST_CORNERS:
        raise UsageError("A polygon of the stroke cannot be used.", remedy=f"give three corners at least, and {MOST_CORNERS} in all at most")
    if not all(np.isfinite(polygon).all() and np.abs(polygon).max() < 100_000 for polygon in map(np.array, corners)):
        raise UsageError("A corner of the stroke lies nowhere.", remedy="give corners in pixels of the frame")
    if brush is not None and _brush(brush).shape != frame_wh[::-1]:
        raise UsageError("The picture of the brush is not as large as the frame.", remedy=f"give a PNG of {frame_wh[0]} x {frame_wh[1]} pixels")
    return corners


def stroke_of(row: StrokeRow) -> Stroke:
    """A kept stroke, ready for the merge."""
    kind: Any = row.kind
    polygons = tuple(np.array(polygon, np.float32) for polygon in row.polygons)
    return Stroke(row.frame, kind, polygons, _brush(row.brush) if row.brush is not None else None)


def stroke_words(row: StrokeRow) -> list[Any]:
    """What a stroke adds to a key."""
    return [row.frame, row.kind, row.polygons, hashlib.sha256(row.brush).hexdigest() if row.brush is not None else None]


def _brush(png: bytes) -> U8:
    """(H, W): the alpha channel where there is one, else how light it is."""
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED) if png[:8] == b"\x89PNG\r\n\x1a\n" else None
    if picture is None or picture.dtype != np.uint8:
        raise UsageError("The picture of the brush cannot be read.", remedy="give a PNG of 8 bits")
    if picture.ndim == 2:
        return np.asarray(picture, np.uint8)
    return np.ascontiguousarray(picture[..., 3] if picture.shape[2] == 4 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
