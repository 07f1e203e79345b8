"""The standard crop: a square, upright picture of one face whose scale does not change when the head turns.

Scale, roll and centre come from the rigid 3-D fit of the canonical face, not from 2-D distances, so that a turned head is not enlarged.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..types import F32, FaceCrop
from .mesh import angles_deg, canonical, fit_rigid

FACE_SHARE = 0.62
"""Height of the neutral face (hair line to chin) as a share of the crop's side."""
CENTRE = (0.5, 0.5)
"""Where the middle of the mesh lies in the crop, as a share of its side."""


def crop_matrices(landmarks: np.ndarray, *, size: int) -> F32:
    """(..., 478, 3) meshes in frame pixels -> (..., 2, 3) similarities `crop_from_frame` into a crop of `size` pixels."""
    scale, rotation, shift = fit_rigid(landmarks)
    model = canonical()
    centre = scale[..., None] * (rotation @ model.mean(0)) + shift
    roll = np.radians(angles_deg(rotation)[..., 2])
    height_cm = float(np.ptp(model[:, 1]))
    factor = FACE_SHARE * size / (height_cm * scale)
    cos, sin = factor * np.cos(roll), factor * np.sin(roll)
    matrix = np.empty((*scale.shape, 2, 3), np.float32)
    matrix[..., 0, 0], matrix[..., 0, 1] = cos, sin
    matrix[..., 1, 0], matrix[..., 1, 1] = -sin, cos
    # Pixel centres are at integers: the middle of a crop of S pixels is (S - 1) / 2.
    for axis in (0, 1):
        turned = matrix[..., axis, 0] * centre[..., 0] + matrix[..., axis, 1] * centre[..., 1]
        matrix[..., axis, 2] = CENTRE[axis] * size - 0.5 - turned
    return matrix


def face_height_px(landmarks: np.ndarray) -> F32:
    """(..., 478, 3) -> (...): height of the neutral face in pixels, whatever the pose and expression."""
    return (fit_rigid(landmarks)[0] * np.ptp(canonical()[:, 1])).astype(np.float32)


def apply(matrix: np.ndarray, points: np.ndarray) -> F32:
    """Move points (..., N, 2 or 3) by (..., 2, 3) similarities; a third coordinate is scaled alike (and not shifted)."""
    matrix = np.asarray(matrix, np.float32)
    moved = np.asarray(points, np.float32)[..., :2] @ np.swapaxes(matrix[..., :2], -1, -2) + matrix[..., None, :, 2]
    if points.shape[-1] == 2:
        return moved
    scale = np.sqrt(np.abs(np.linalg.det(matrix[..., :2])))[..., None, None]
    return np.concatenate([moved, points[..., 2:] * scale], -1).astype(np.float32)


def invert(matrix: np.ndarray) -> F32:
    """(..., 2, 3) -> the similarity that undoes it."""
    linear = np.linalg.inv(np.asarray(matrix, np.float64)[..., :2])
    shift = -(linear @ np.asarray(matrix, np.float64)[..., 2:])
    return np.concatenate([linear, shift], -1).astype(np.float32)


def take_crop(rgb: np.ndarray, crop_from_frame: np.ndarray, *, size: int) -> FaceCrop:
    """Cut a crop out of a frame (H, W, 3) uint8. Shrinking is filtered against aliasing; outside the frame the border repeats."""
    matrix = np.asarray(crop_from_frame, np.float64)
    factor = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    flags = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    if factor < 0.6:  # warpAffine has no area filter: shrink by warping large and then reducing
        times = int(np.ceil(1 / factor / 1.2))
        large = matrix * times
        large[:, 2] = matrix[:, 2] * times + (times - 1) / 2
        big = cv2.warpAffine(rgb, large, (size * times, size * times), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        crop = cv2.resize(big, (size, size), interpolation=cv2.INTER_AREA)
    else:
        crop = cv2.warpAffine(
            rgb, matrix, (size, size), flags=cv2.INTER_LINEAR if flags == cv2.INTER_AREA else flags, borderMode=cv2.BORDER_REPLICATE
        )
    return FaceCrop(rgb=np.ascontiguousarray(crop, np.uint8), crop_from_frame=np.asarray(crop_from_frame, np.float32))
