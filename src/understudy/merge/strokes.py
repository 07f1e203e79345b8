"""Strokes: what a person painted on single frames, carried over the shot by the face's mesh, and taken into the mask.

A painting (all strokes of one frame, in their order) holds from its frame until the next one; the first of a shot also holds before its
own frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from ..swap.warp import continued, draw, with_rim
from ..types import F32, U8, Performance

Kind = Literal["include", "exclude", "clear"]
_STEP = 2


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """One stroke on one frame. `clear` undoes what earlier strokes and paintings said from its frame on, and has no shape."""

    frame: int
    kind: Kind
    polygons: tuple[F32, ...] = ()
    """Each (N, 2), in frame pixels."""
    brush: U8 | None = None
    """(H, W) of the frame: painted where 128 or more."""


class Strokes:
    """The strokes on one person's face in one shot."""

    def __init__(self, strokes: Sequence[Stroke], performance: Performance) -> None:
        """`strokes` in the order in which they were made. Those on frames in which the person is not seen count from the next that is."""
        self._performance = performance
        frames = sorted({stroke.frame for stroke in strokes})
        self._paintings: list[tuple[int, int, U8, U8]] = []
        """(frame, position, include, exclude), the pictures 0 or 255 in the crop of that position."""
        for frame in frames:
            position = int(np.searchsorted(performance.frame_index, frame))
            if position < len(performance):
                mine = [stroke for stroke in strokes if stroke.frame == frame]
                self._paintings.append((frame, position, *_painted(mine, performance, position)))

    def at(self, position: int) -> tuple[F32, F32] | None:
        """(include, exclude), each (S, S) 0..1 in the crop of `position`; None where nothing is painted."""
        index = int(self._performance.frame_index[position])
        holding = [painting for painting in self._paintings if painting[0] <= index] or self._paintings
        if not holding:
            return None
        _, origin, include, exclude = holding[-1] if holding[0][0] <= index else holding[0]
        if not include.any() and not exclude.any():
            return None
        place = _carried(self._performance, origin, position) if origin != position else None
        first, second = (_moved(picture, place) for picture in (include, exclude))
        return first, second


def _painted(strokes: Sequence[Stroke], p: Performance, position: int) -> tuple[U8, U8]:
    """What the strokes of one frame say, in the crop of `position`: a later stroke wins over an earlier one."""
    include, exclude = (np.zeros((p.size, p.size), np.uint8) for _ in range(2))
    matrix = p.crop_from_frame[position].astype(np.float64)
    for stroke in strokes:
        if stroke.kind == "clear":
            include[:], exclude[:] = 0, 0
            continue
        shape = np.zeros((p.size, p.size), np.uint8)
        for polygon in stroke.polygons:
            corners = polygon @ matrix[:, :2].T + matrix[:, 2]
            cv2.fillPoly(shape, [np.rint(corners * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
        if stroke.brush is not None:
            shape |= np.where(cv2.warpAffine(stroke.brush, matrix, (p.size, p.size), flags=cv2.INTER_LINEAR) >= 64, 255, 0).astype(np.uint8)
        won, lost = (include, exclude) if stroke.kind == "include" else (exclude, include)
        won |= shape
        lost[shape > 0] = 0
    return include, exclude


def _carried(p: Performance, origin: int, position: int) -> F32:
    """(S, S, 2): for each pixel of the crop of `position`, the place in the crop of `origin` that lies on the same spot of the face.

    Beside the mesh's rim the two crops lie on each other as they are: both stand still on the head.
    """
    size = p.size
    away = continued((p.landmarks[origin] - p.landmarks[position])[:, :2])
    raster = draw(with_rim(p.landmarks[position]), size=size, step=_STEP if size % _STEP == 0 else 1)
    moved = raster.carry(away)
    grid = np.stack(np.meshgrid(np.arange(size, dtype=np.float32), np.arange(size, dtype=np.float32)), -1)
    return np.asarray(grid + moved, np.float32)


def _moved(picture: U8, place: F32 | None) -> F32:
    if place is not None:
        picture = np.asarray(cv2.remap(picture, place[..., 0], place[..., 1], cv2.INTER_LINEAR), np.uint8)
    return np.asarray(picture, np.float32) / np.float32(255)


def without(share: F32, exclude: F32, *, crop_from_frame: F32) -> F32:
    """The mask (S, S) with nothing left where `exclude` is above 0, nor so near that the way into the frame's pixels would reach in."""
    # a pixel of the frame mixes its neighbours in the crop; so many of the crop's pixels are one of the frame
    pixels = float(np.sqrt(abs(np.linalg.det(crop_from_frame[:, :2]))))
    reach = 2 * int(np.ceil(1 + pixels)) + 1
    wide = cv2.dilate((exclude > 0).astype(np.uint8), np.ones((reach, reach), np.uint8))
    return np.where(wide > 0, np.float32(0), share)
