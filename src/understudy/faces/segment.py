"""What lies where on a head: skin, hair, hands, clothes (MediaPipe selfie multiclass)."""

from __future__ import annotations

import cv2
import numpy as np

from ..types import F32, U8
from ..weights.sessions import lite
from .align import crop_matrices
from .warp import Picture, cut

SIDE = 128
"""Side of the map of classes: the standard crop at this size."""
BACKGROUND, HAIR, BODY_SKIN, FACE_SKIN, CLOTHES, OTHER = range(6)
_NET_SIDE = 256
_WIDER = 1.2
"""The network wants a head with surroundings: this much more than the standard crop."""


def head_of(picture: Picture, landmarks: F32) -> U8:
    """(256, 256, 3): what the network looks at, for the mesh (478, 3) in the frame."""
    matrix = crop_matrices(landmarks, size=_NET_SIDE).astype(np.float64) / _WIDER
    matrix[:, 2] += (_NET_SIDE - 1) / 2 * (1 - 1 / _WIDER)
    return cut(picture, matrix, size=_NET_SIDE)


def class_scores(head: U8) -> F32:
    """(128, 128, 6) float32, a score (logit) for each class, in the standard crop of the mesh that `head_of` was given."""
    (scores,) = lite("multiclass")((head * np.float32(1 / 255))[None]).values()
    return np.asarray(in_crop(scores[0]), np.float32)


def in_crop(head: np.ndarray) -> np.ndarray:
    """(256, 256, C) of what `head_of` cut, or of scores on it -> (128, 128, C) in the standard crop."""
    inner = np.asarray([[1, 0, 0], [0, 1, 0]], np.float64) * (_WIDER * SIDE / _NET_SIDE)
    inner[:, 2] = (SIDE - 1) / 2 - inner[0, 0] * (_NET_SIDE - 1) / 2
    return cv2.warpAffine(head, inner, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
