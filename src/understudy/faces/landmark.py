"""The face mesh of one face in one picture, and its expression (MediaPipe FaceLandmarker v2, run without mediapipe)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import F32, N_LANDMARKS, U8, Face
from ..weights.sessions import lite
from .align import apply, invert
from .warp import Picture, cut, square_matrix

SIDE = 256
"""Side of the picture that the network sees."""
_MARGIN = 1.5
_EXPRESSION_POINTS = np.asarray(
    [
        0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91,
        93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163,
        168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295,
        296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379,
        380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475,
        476, 477,
    ], np.int32)  # fmt: skip
"""The points that the expression network was trained on, in its order (an interface of the network)."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One measured mesh and the crop that it was measured in."""

    landmarks: F32
    """(478, 3) in frame pixels; z has the scale of x."""
    presence: float
    crop: U8
    """(256, 256, 3): the face with margin, eyes level."""
    crop_landmarks: F32
    """(478, 3) in crop pixels."""


def from_box(picture: Picture, face: Face, *, lane: int = 0) -> Measured:
    """The mesh of a face that the detector found."""
    right, left = face.points5[0], face.points5[1]
    angle = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
    box = face.box_xyxy
    side = _MARGIN * float(max(box[2] - box[0], box[3] - box[1]))
    return _measure(picture, square_matrix((box[:2] + box[2:]) / 2, side, angle, size=SIDE), lane)


def from_mesh(picture: Picture, landmarks: F32, *, lane: int = 0) -> Measured:
    """The mesh of a face from its mesh (478, 3) in the frame before (or the same frame, to refine it)."""
    return _measure(picture, _around(landmarks), lane)


def as_given(picture: Picture, landmarks: F32) -> Measured:
    """A mesh (478, 3) that is known otherwise, with the network's belief that a face is there and the crop around it."""
    matrix = _around(landmarks)
    measured = _measure(picture, matrix, 0)
    return Measured(landmarks=landmarks, presence=measured.presence, crop=measured.crop, crop_landmarks=apply(matrix, landmarks))


def _around(landmarks: F32) -> F32:
    """(2, 3) `crop_from_frame`: the mesh with margin, eyes level."""
    points = landmarks[:, :2]
    angle = float(np.arctan2(*(points[263] - points[33])[::-1]))
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.asarray([[cos, -sin], [sin, cos]], np.float32)
    level = points @ turn
    low, high = level.min(0), level.max(0)
    return square_matrix(turn @ ((low + high) / 2), _MARGIN * float((high - low).max()), angle, size=SIDE)


def _measure(picture: Picture, matrix: F32, lane: int) -> Measured:
    crop = cut(picture, matrix, size=SIDE)
    net = lite("landmarker", "face_landmarks_detector.tflite", lane=lane)
    out = net((crop * np.float32(1 / 255))[None])
    inside = out["Identity"].reshape(N_LANDMARKS, 3)
    presence = float(1 / (1 + np.exp(-np.clip(out["Identity_1"].item(), -30, 30))))
    # the network's positions count from the corner of the first pixel, ours from its centre
    inside = inside - np.asarray([0.5, 0.5, 0], np.float32)
    return Measured(landmarks=apply(invert(matrix), inside), presence=presence, crop=crop, crop_landmarks=inside)


def blendshapes(landmarks: np.ndarray, *, lane: int = 0) -> F32:
    """(T, 478, 3) -> (T, 52) in 0..1, in the order of `mesh.BLENDSHAPE_NAMES`. Scale and place of the mesh do not matter."""
    net = lite("landmarker", "face_blendshapes.tflite", lane=lane)
    out = np.empty((len(landmarks), 52), np.float32)
    for i, mesh in enumerate(np.asarray(landmarks, np.float32)):
        (out[i],) = net(np.ascontiguousarray(mesh[_EXPRESSION_POINTS, :2])[None]).values()
    return out
