"""A swapped face made larger or smaller around its middle, or softer by way of fewer pixels."""

from __future__ import annotations

import cv2
import numpy as np

from ..faces.mesh import N_SKIN
from ..types import F32, SwappedFace


def rescaled(face: SwappedFace, mesh: F32, *, factor: float, output: float) -> SwappedFace:
    """`factor` around the middle of `mesh` (478, 3; crop pixels); `output` below 1: reduced to that share of its pixels and enlarged again."""
    size = face.rgb.shape[0]
    rgb, alpha, confidence = face.rgb, face.alpha, face.confidence
    if output < 1:
        small = max(8, round(output * size))
        less = cv2.resize(rgb, (small, small), interpolation=cv2.INTER_AREA)
        rgb = np.asarray(cv2.resize(less, (size, size), interpolation=cv2.INTER_CUBIC), np.float32)
    if factor != 1:
        x, y = mesh[:N_SKIN, :2].mean(0).astype(float)
        matrix = np.array([[factor, 0, x - factor * x], [0, factor, y - factor * y]])

        def moved(picture: F32, way: int) -> F32:
            return np.asarray(cv2.warpAffine(picture, matrix, (size, size), flags=way, borderMode=cv2.BORDER_REPLICATE), np.float32)

        rgb = moved(rgb, cv2.INTER_CUBIC)
        alpha, confidence = np.clip(moved(alpha, cv2.INTER_LINEAR), 0, 1), np.clip(moved(confidence, cv2.INTER_LINEAR), 0, 1)
    return SwappedFace(rgb=rgb, alpha=alpha, confidence=confidence)
