"""Between the pixels of a crop and those of the frame: which part of the frame a face lies in, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..faces.align import invert
from ..types import F32, Planes
from ..video.color import rgb_from_planes


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """The part of a frame around a face, its top left pixel at (x, y): converting all of a large frame to RGB would cost more than the swap."""

    x: int
    y: int
    planes: Planes

    @classmethod
    def around(cls, planes: Planes, crop_from_frame: F32, *, size: int) -> Region | None:
        """The frame's part under a crop, with room for kernels; None where the crop lies beside the frame."""
        height, width = planes.y.shape
        # two pixels of the crop more on every side: `box_of` reaches one further than the mask
        x0, y0, x1, y1 = _corners(crop_from_frame, (-2, -2, size + 1, size + 1))
        # even, so that colour samples are not split
        left, top = max(0, int(x0) - 6) // 2 * 2, max(0, int(y0) - 6) // 2 * 2
        right, bottom = min(width, int(x1) + 8), min(height, int(y1) + 8)
        if left >= right or top >= bottom:
            return None
        chroma = planes.color.chroma
        sx, sy = (1 if chroma == "444" else 2), (2 if chroma == "420" else 1)
        half = slice(top // sy, -(-bottom // sy)), slice(left // sx, -(-right // sx))
        return cls(left, top, Planes(planes.y[top:bottom, left:right], planes.u[half], planes.v[half], planes.color))

    def rgb8(self) -> np.ndarray:
        return rgb_from_planes(self.planes, depth=8)

    def shifted(self, crop_from_frame: F32) -> F32:
        return moved(crop_from_frame, self.x, self.y)


def moved(matrix: F32, x: int, y: int) -> F32:
    """The similarity for pictures that begin at frame pixel (x, y)."""
    out = np.array(matrix, np.float64)
    out[:, 2] += out[:, :2] @ (x, y)
    return out.astype(np.float32)


def scaled(matrix: F32, factor: float) -> F32:
    """The similarity into the same picture made `factor` times as large; pixel centres are at integers."""
    out = np.array(matrix, np.float64) * factor
    out[:, 2] += (factor - 1) / 2
    return out.astype(np.float32)


def _corners(crop_from_frame: F32, box: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
    """The frame's bounds (x0, y0, x1, y1) of a box in the crop."""
    x0, y0, x1, y1 = box
    matrix = invert(crop_from_frame)
    points = np.array([[x0, y0], [x1, y0], [x0, y1], [x1, y1]], np.float32) @ matrix[:, :2].T + matrix[:, 2]
    (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
    return left, top, right, bottom


def box_of(share: F32, crop_from_frame: F32, frame_wh: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Bounds (x0, y0, x1, y1; the last two excluded) in the frame of where the mask is above 0; None where that is nowhere."""
    kept = trimmed(share)
    if kept is None:
        return None
    rows, columns = kept
    x0, y0, x1, y1 = _corners(crop_from_frame, (columns.start - 1, rows.start - 1, columns.stop, rows.stop))
    left, top = max(0, int(np.floor(x0))), max(0, int(np.floor(y0)))
    right, bottom = min(frame_wh[0], int(np.ceil(x1)) + 1), min(frame_wh[1], int(np.ceil(y1)) + 1)
    return (left, top, right, bottom) if left < right and top < bottom else None


def trimmed(mask: np.ndarray) -> tuple[slice, slice] | None:
    """The bounds of what is above 0, as rows and columns."""
    some = mask > 0
    rows, columns = np.flatnonzero(some.any(1)), np.flatnonzero(some.any(0))
    if not len(rows):
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def unwarp(picture: F32, crop_from_patch: F32, size_wh: tuple[int, int], *, border: int, smooth: bool = False) -> F32:
    """A picture in the crop's pixels brought into the patch's: masks and what is `smooth` anyway by linear, others by cubic interpolation where they
    are enlarged; averaged where they are reduced."""
    factor = float(np.sqrt(abs(np.linalg.det(crop_from_patch[:, :2]))))
    times = int(np.ceil(factor)) if factor > 1.15 else 1
    width, height = size_wh
    matrix = np.array(crop_from_patch, np.float64)
    matrix[:, 2] -= matrix[:, :2].sum(1) * ((times - 1) / 2 / times)
    matrix[:, :2] /= times
    way = cv2.INTER_LINEAR if smooth or picture.ndim == 2 else cv2.INTER_CUBIC
    out = cv2.warpAffine(picture, matrix, (width * times, height * times), flags=way | cv2.WARP_INVERSE_MAP, borderMode=border)
    return np.asarray(cv2.resize(out, size_wh, interpolation=cv2.INTER_AREA) if times > 1 else out, np.float32)
