"""Cutting a turned square out of a frame for a network, without aliasing and without touching the rest of the frame."""

from __future__ import annotations

import cv2
import numpy as np

from ..types import F32, U8


def square_matrix(centre: np.ndarray, side: float, angle: float, *, size: int) -> F32:
    """(2, 3) `crop_from_frame`: the square around `centre` (x, y) of `side` frame pixels, turned by `angle` radians (> 0: clockwise)."""
    factor = size / max(side, 1e-3)
    cos, sin = factor * np.cos(angle), factor * np.sin(angle)
    linear = np.asarray([[cos, sin], [-sin, cos]], np.float64)
    shift = (size - 1) / 2 - linear @ np.asarray(centre, np.float64)
    return np.concatenate([linear, shift[:, None]], 1).astype(np.float32)


def cut(rgb: U8, matrix: np.ndarray, *, size: int) -> U8:
    """The crop (size, size, 3); outside the frame it is black. Large faces are first reduced so that nothing aliases."""
    matrix = np.asarray(matrix, np.float64)
    factor = float(np.hypot(matrix[0, 0], matrix[0, 1]))
    times = int(0.75 / factor) if factor > 0 else 1
    if times >= 2:
        rgb, matrix = _reduced(rgb, matrix, times=times, size=size)
    return np.asarray(cv2.warpAffine(rgb, matrix, (size, size), flags=cv2.INTER_LINEAR), np.uint8)


def _reduced(rgb: U8, matrix: np.ndarray, *, times: int, size: int) -> tuple[U8, np.ndarray]:
    """Only the part of the frame under the crop, made `times` smaller, and the matrix that fits it."""
    height, width = rgb.shape[:2]
    corners = (np.asarray([[0, 0], [size, 0], [size, size], [0, size]], np.float64) - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    x0, y0 = np.clip(np.floor(corners.min(0)) - times, 0, (width - 1, height - 1)).astype(int)
    x1, y1 = np.clip(np.ceil(corners.max(0)) + times, (x0 + 1, y0 + 1), (width, height)).astype(int)
    columns, rows = max(1, (x1 - x0) // times), max(1, (y1 - y0) // times)
    part = rgb[y0 : y0 + max(rows * times, 1), x0 : x0 + max(columns * times, 1)]
    sx, sy = part.shape[1] / columns, part.shape[0] / rows
    small = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
    # frame = (x0, y0) + s * small + (s - 1) / 2
    grown = matrix[:, :2] * np.asarray([sx, sy], np.float64)
    origin = np.asarray([x0 + (sx - 1) / 2, y0 + (sy - 1) / 2], np.float64)
    return np.asarray(small, np.uint8), np.concatenate([grown, (matrix[:, :2] @ origin + matrix[:, 2])[:, None]], 1)
