"""The expression as a few numbers: lids, lips, brows, gaze and pose of a mesh, freed from where the head is."""

from __future__ import annotations

import numpy as np

from ..faces.mesh import (
    BROW_LEFT,
    BROW_RIGHT,
    EYE_LEFT,
    EYE_RIGHT,
    IRIS_LEFT,
    IRIS_RIGHT,
    LIPS_INNER,
    LIPS_OUTER,
    angles_deg,
    eye_opening,
    fit_rigid,
    mouth_opening,
)
from ..types import F32

_POINTS = (
    *EYE_RIGHT,
    *EYE_LEFT,
    *LIPS_OUTER,
    *LIPS_INNER,
    *BROW_RIGHT,
    *BROW_LEFT,
    IRIS_RIGHT[0],
    IRIS_LEFT[0],
    152,
    205,
    425,
)
N_FEATURES = len(_POINTS) * 3 + 2 + 1 + 3
LEAST_SPREAD = np.asarray([0.05] * (3 * len(_POINTS)) + [0.3] * 6, np.float32)
"""(N_FEATURES,) differences below these are measuring noise."""


def features(meshes: F32) -> F32:
    """(N, 478, 3) meshes in any pixels -> (N, N_FEATURES): points in centimetres of the face, openings, and pose (yaw, pitch, roll / 20)."""
    scale, rotation, shift = fit_rigid(meshes)
    points = (meshes[:, list(_POINTS)] - shift[:, None]) @ rotation / scale[:, None, None]
    pose = angles_deg(rotation) / 20
    opening = np.concatenate([10 * eye_opening(meshes), 10 * mouth_opening(meshes)[:, None]], 1)
    return np.concatenate([points.reshape(len(meshes), -1), opening, pose], 1).astype(np.float32)
