"""The face mesh: its triangles, its regions, and the rigid pose of a measured mesh.

Points 0-467 are skin and lips, 468-472 the subject's right iris (centre first), 473-477 the left. The canonical mesh (centimetres;
x to the subject's left, y up, z to the front) is MediaPipe's, Apache-2.0. "Right" and "left" are the subject's.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..types import F32

I32 = NDArray[np.int32]

FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The mesh's border as a loop, clockwise in the picture from the middle of the forehead."""
LIPS_OUTER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
LIPS_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
"""Loops, clockwise in the picture from the subject's right corner."""
EYE_RIGHT = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
EYE_LEFT = (362, 398, 384, 385, 386, 387, 388, 466, 263, 249, 390, 373, 374, 380, 381, 382)
BROW_RIGHT = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
BROW_LEFT = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
IRIS_RIGHT = (468, 469, 470, 471, 472)
IRIS_LEFT = (473, 474, 475, 476, 477)
N_SKIN = 468

BLENDSHAPE_NAMES = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft",
    "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight",
    "mouthFrownLeft", "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft",
    "mouthPressRight", "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip


@cache
def _file() -> dict[str, np.ndarray]:
    with np.load(Path(__file__).with_name("canonical_mesh.npz"), allow_pickle=False) as data:
        return {name: data[name] for name in data.files}


def triangles() -> I32:
    """(898, 3) indices of skin points; eyes and mouth are closed by triangles, the border is FACE_OVAL."""
    return _file()["triangles"]


@cache
def canonical() -> F32:
    """(468, 3) the neutral mean face, centimetres, turned into picture axes: x right, y down, z away from the camera."""
    return (_file()["vertices"] * np.asarray([1, -1, -1], np.float32)).astype(np.float32)


@cache
def stable_points() -> I32:
    """Indices that hardly move with expression: the upper face and nose without lids and brows."""
    moving = {*EYE_RIGHT, *EYE_LEFT, *BROW_RIGHT, *BROW_LEFT}
    return np.asarray([i for i in range(N_SKIN) if canonical()[i, 1] < 1.6 and i not in moving], np.int32)


def fit_rigid(landmarks: np.ndarray, shape: np.ndarray | None = None) -> tuple[F32, F32, F32]:
    """The similarity that lays a neutral face on measured ones (Umeyama 1991, on the stable points).

    `landmarks`: (..., 478 or 468, 3). `shape`: (468 or 478, 3) a person's own neutral face in the axes and unit of `canonical()`;
    None: the mean face. Returns scale (...), rotation (..., 3, 3), shift (..., 3) with measured ≈ scale * rotation @ shape + shift.
    Scale is picture pixels a centimetre of face.
    """
    points = np.asarray(landmarks, np.float64)[..., stable_points(), :]
    model = (canonical() if shape is None else np.asarray(shape))[stable_points()].astype(np.float64)
    mean_p, mean_m = points.mean(-2, keepdims=True), model.mean(0)
    covariance = np.swapaxes(points - mean_p, -1, -2) @ (model - mean_m) / len(model)
    u, d, vt = np.linalg.svd(covariance)
    sign = np.ones_like(d)
    sign[..., 2] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    rotation = (u * sign[..., None, :]) @ vt
    scale = (d * sign).sum(-1) / ((model - mean_m) ** 2).sum() * len(model)
    shift = mean_p[..., 0, :] - scale[..., None] * (rotation @ mean_m)
    return scale.astype(np.float32), rotation.astype(np.float32), shift.astype(np.float32)


def angles_deg(rotation: np.ndarray) -> F32:
    """(..., 3, 3) -> (..., 3): yaw (> 0 turns to the picture's right), pitch (> 0 up), roll (> 0 clockwise); R = Rz(roll) Ry(yaw) Rx(pitch)."""
    yaw = np.arcsin(np.clip(rotation[..., 2, 0], -1, 1))
    pitch = -np.arctan2(rotation[..., 2, 1], rotation[..., 2, 2])
    roll = np.arctan2(rotation[..., 1, 0], rotation[..., 0, 0])
    return np.degrees(np.stack([yaw, pitch, roll], -1)).astype(np.float32)


def pose_deg(landmarks: np.ndarray) -> F32:
    """(..., 478, 3) -> (..., 3): yaw, pitch, roll of measured meshes in degrees."""
    return angles_deg(fit_rigid(landmarks)[1])


def turn_deg(landmarks: np.ndarray) -> tuple[float, float]:
    """(478, 3) -> yaw and pitch within a few degrees, from four points at the border: for every frame, where the fit would take too long."""
    top, chin, right, left = landmarks[[10, 152, 234, 454]].tolist()
    across, down = [b - a for a, b in zip(right, left, strict=True)], [b - a for a, b in zip(top, chin, strict=True)]
    return math.degrees(math.atan2(across[2], math.hypot(*across[:2]))), -math.degrees(math.atan2(down[2], math.hypot(*down[:2])))


def eye_opening(landmarks: np.ndarray) -> F32:
    """(..., 478, 3) -> (..., 2): distance of the lids over the eye's width, right and left; about 0 closed, 0.3 open."""
    points = np.asarray(landmarks, np.float32)

    def ratio(upper: tuple[int, ...], lower: tuple[int, ...], corners: tuple[int, int]) -> np.ndarray:
        gap = np.linalg.norm(points[..., upper, :2] - points[..., lower, :2], axis=-1).mean(-1)
        return gap / np.maximum(np.linalg.norm(points[..., corners[0], :] - points[..., corners[1], :], axis=-1), 1e-6)

    right = ratio((160, 159, 158), (144, 145, 153), (33, 133))
    left = ratio((385, 386, 387), (380, 374, 373), (362, 263))
    return np.stack([right, left], -1).astype(np.float32)


def mouth_opening(landmarks: np.ndarray) -> F32:
    """(..., 478, 3) -> (...): distance of the inner lips over the distance of the outer eye corners (which does not move)."""
    points = np.asarray(landmarks, np.float32)
    gap = np.linalg.norm(points[..., (82, 13, 312), :] - points[..., (87, 14, 317), :], axis=-1).mean(-1)
    return (gap / np.maximum(np.linalg.norm(points[..., 33, :] - points[..., 263, :], axis=-1), 1e-6)).astype(np.float32)
