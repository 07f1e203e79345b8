"""Cutting a turned square out of a frame for a network, without aliasing and without touching the rest of the frame."""

from __future__ import annotations

import cv2
import numpy as np

from ..types import F32, U8, Planes
from ..video.color import black_levels, rgb_from_planes, rgb_from_yuv444
from ..video.read import small_rgb

Picture = U8 | Planes
"""A frame as RGB (H, W, 3) uint8, or as its stored samples: then only what a network looks at is turned into RGB."""


def size_hw(picture: Picture) -> tuple[int, int]:
    """Height and width in pixels."""
    return (picture.y if isinstance(picture, Planes) else picture).shape[:2]


def bytes_of(picture: Picture) -> int:
    """How much memory it takes."""
    return sum(part.nbytes for part in (picture.y, picture.u, picture.v)) if isinstance(picture, Planes) else picture.nbytes


def reduced(picture: Picture, long_side: int) -> U8:
    """The whole picture in RGB, its longer side at most `long_side`."""
    if isinstance(picture, Planes):
        small = max(size_hw(picture)) > long_side
        return np.asarray(small_rgb(picture, long_side, 8) if small else rgb_from_planes(picture, depth=8), np.uint8)
    height, width = size_hw(picture)
    scale = min(1.0, long_side / max(height, width))
    if scale == 1:
        return picture
    return np.asarray(cv2.resize(picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA), np.uint8)


def square_matrix(centre: np.ndarray, side: float, angle: float, *, size: int) -> F32:
    """(2, 3) `crop_from_frame`: the square around `centre` (x, y) of `side` frame pixels, turned by `angle` radians (> 0: clockwise)."""
    factor = size / max(side, 1e-3)
    cos, sin = factor * np.cos(angle), factor * np.sin(angle)
    linear = np.asarray([[cos, sin], [-sin, cos]], np.float64)
    shift = (size - 1) / 2 - linear @ np.asarray(centre, np.float64)
    return np.concatenate([linear, shift[:, None]], 1).astype(np.float32)


def cut(picture: Picture, matrix: np.ndarray, *, size: int) -> U8:
    """The crop (size, size, 3) in RGB; outside the frame it is black. Large faces are first reduced so that nothing aliases."""
    matrix = np.asarray(matrix, np.float64)
    if not isinstance(picture, Planes):
        return np.asarray(_cut(picture, matrix, size=size, border=0), np.uint8)
    color = picture.color
    black, grey = black_levels(color)
    y = _cut(picture.y, matrix, size=size, border=black)
    if color.chroma == "gray":
        u = v = np.full_like(y, grey)
    else:
        inner = _chroma_matrix(matrix, color.chroma)
        u, v = (_cut(samples, inner, size=size, border=grey) for samples in (picture.u, picture.v))
    return np.asarray(rgb_from_yuv444(cv2.merge([y, u, v]), color=color, depth=8), np.uint8)


def _chroma_matrix(matrix: np.ndarray, layout: str) -> np.ndarray:
    """`crop_from_frame` -> crop from colour samples, which sit at the left of their pair of pixels and between their two rows."""
    steps = np.asarray([1 if layout == "444" else 2, 2 if layout == "420" else 1], np.float64)
    first = np.asarray([0, 0.5 if layout == "420" else 0], np.float64)
    return np.concatenate([matrix[:, :2] * steps, (matrix[:, :2] @ first + matrix[:, 2])[:, None]], 1)


def _cut(samples: np.ndarray, matrix: np.ndarray, *, size: int, border: int) -> np.ndarray:
    factor = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    times = int(0.75 / factor) if factor > 0 else 1
    if times >= 2:
        samples, matrix = _reduced(samples, matrix, times=times, size=size)
    return cv2.warpAffine(samples, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=border)


def _reduced(samples: np.ndarray, matrix: np.ndarray, *, times: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Only the part of the frame under the crop, made `times` smaller, and the matrix that fits it."""
    height, width = samples.shape[:2]
    # a pixel more on each side: the crop's outer pixels are mixed with their neighbours
    corners = (np.asarray([[-1, -1], [size, -1], [size, size], [-1, size]], np.float64) - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    x0, y0 = np.clip(np.floor(corners.min(0)) - times, 0, (width - 1, height - 1)).astype(int)
    x1, y1 = np.clip(np.ceil(corners.max(0)) + times, (x0 + 1, y0 + 1), (width, height)).astype(int)
    columns, rows = max(1, (x1 - x0) // times), max(1, (y1 - y0) // times)
    part = samples[y0 : y0 + max(rows * times, 1), x0 : x0 + max(columns * times, 1)]
    sx, sy = part.shape[1] / columns, part.shape[0] / rows
    small = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
    # frame = (x0, y0) + s * small + (s - 1) / 2
    grown = matrix[:, :2] * np.asarray([sx, sy], np.float64)
    origin = np.asarray([x0 + (sx - 1) / 2, y0 + (sy - 1) / 2], np.float64)
    return small, np.concatenate([grown, (matrix[:, :2] @ origin + matrix[:, 2])[:, None]], 1)
