"""How much of a face can be seen: what lies outside the picture, and what is covered."""

from __future__ import annotations

import numpy as np

from ..types import F32, U8
from .align import apply, crop_matrices
from .masks import hull, own_share
from .mesh import FACE_OVAL, N_SKIN
from .segment import SIDE

_POINTS = sorted({*FACE_OVAL, *range(N_SKIN)})


def outside_share(landmarks: F32, *, size_wh: tuple[int, int]) -> F32:
    """(N, 478, 3) -> (N,): share of the face's outline and skin points outside the picture."""
    xy = landmarks[:, _POINTS, :2]
    inside = ((xy >= -0.5) & (xy <= np.asarray(size_wh, np.float32) - 0.5)).all(-1)
    return (1 - inside.mean(-1)).astype(np.float32)


def occluded_share(landmarks: F32, key_index: np.ndarray, key_classes: U8, *, size_wh: tuple[int, int]) -> F32:
    """(T,): share of the face's area inside the picture that is not its own skin, eyes or lips; on a line between the parsed frames.

    `landmarks` (T, 478, 3) in frame pixels; `key_index`, `key_classes` as in `Track`.
    """
    meshes = landmarks[key_index]
    matrices = crop_matrices(meshes, size=SIDE)
    small = apply(matrices, meshes)
    shares = [_covered(classes, mesh, matrix, size_wh) for classes, mesh, matrix in zip(key_classes, small, matrices, strict=True)]
    return np.interp(np.arange(len(landmarks)), key_index, shares).astype(np.float32)


def _covered(classes: U8, mesh: F32, crop_from_frame: F32, size_wh: tuple[int, int]) -> float:
    face = (hull(mesh) > 127) & _in_picture(crop_from_frame, size_wh)
    own = own_share(classes, mesh)[face]
    return float(1 - own.mean()) if own.size else 0.0


def _in_picture(crop_from_frame: F32, size_wh: tuple[int, int]) -> np.ndarray:
    """(128, 128) bool: which pixels of a crop lie in the frame."""
    linear = np.linalg.inv(crop_from_frame[:, :2].astype(np.float64))
    xy = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), -1) - crop_from_frame[:, 2]
    frame = xy @ linear.T
    return np.asarray(((frame >= -0.5) & (frame <= np.asarray(size_wh) - 0.5)).all(-1))
