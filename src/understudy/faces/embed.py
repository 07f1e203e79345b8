"""Who it is, as a vector (SFace: Zhong, Deng, Hu, Zhao, Li, Tao, "SFace: Sigmoid-constrained hypersphere loss", 2021)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..types import F32, U8
from ..weights.sessions import onnx
from .warp import Picture, cut

SIDE = 112
_TEMPLATE = np.asarray([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float64)
"""Where eyes, nose tip and mouth corners lie in the picture that the network was trained on."""


def points5(landmarks: np.ndarray) -> F32:
    """(478, 3) -> (5, 2): right eye, left eye, nose tip, right and left mouth corner (the subject's)."""
    xy = np.asarray(landmarks, np.float32)[:, :2]
    return np.stack([(xy[33] + xy[133]) / 2, (xy[362] + xy[263]) / 2, xy[1], xy[61], xy[291]])


def aligned(picture: Picture, landmarks: np.ndarray) -> U8:
    """The face as the network wants it: (112, 112, 3) RGB."""
    source = points5(landmarks).astype(np.float64)
    mean_s, mean_t = source.mean(0), _TEMPLATE.mean(0)
    a, b = source - mean_s, _TEMPLATE - mean_t
    # least-squares similarity in the plane, by complex numbers
    z = (np.conj(a[:, 0] + 1j * a[:, 1]) * (b[:, 0] + 1j * b[:, 1])).sum() / max((a**2).sum(), 1e-9)
    linear = np.asarray([[z.real, -z.imag], [z.imag, z.real]], np.float64)
    matrix = np.concatenate([linear, (mean_t - linear @ mean_s)[:, None]], 1)
    return cut(picture, matrix, size=SIDE)


def embed(pictures: list[U8], weights: Sequence[float] | None = None) -> F32:
    """Aligned pictures of one person -> (128,) unit length: the mean of their unit vectors by `weights` (None: alike); zeros for no picture."""
    net = onnx("sface", single=True)
    total = np.zeros(128, np.float64)
    shares = np.ones(len(pictures)) if weights is None or not any(weights) else np.asarray(weights, np.float64)
    for picture, share in zip(pictures, shares, strict=True):
        vector = net.run(None, {"data": picture.transpose(2, 0, 1)[None].astype(np.float32)})[0][0].astype(np.float64)
        total += share * vector / max(float(np.linalg.norm(vector)), 1e-9)
    return (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)
