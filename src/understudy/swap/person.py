"""A person's own shape, taken apart from pose and expression: neutral face, pose of each picture, movement away from neutral."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..faces.mesh import BLENDSHAPE_NAMES, EYE_LEFT, EYE_RIGHT, IRIS_LEFT, IRIS_RIGHT, N_SKIN, eye_opening, fit_rigid
from ..types import F32
from .expression import movement

_ROUNDS = 3
_FEWEST_NEUTRAL = 5
_QUIET, _OPEN = 0.35, 0.35
"""Shares of the pictures: those that move least count for the neutral face, unless the eyes are among those most closed."""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """N measured meshes of one person = scale * rotation @ (neutral + deltas) + shift. Shapes are in centimetres of the canonical face."""

    neutral: F32
    """(478, 3) at rest, eyes open."""
    deltas: F32
    """(N, 478, 3)"""
    scale: F32
    rotation: F32
    shift: F32
    blinks: F32
    """(N, 2) how far the right and the left eye are read as shut, 0..1."""

    @property
    def shapes(self) -> F32:
        """(N, 478, 3) neutral + deltas: the face of each picture without its pose."""
        return self.neutral + self.deltas


def measure(landmarks: F32, blendshapes: F32) -> Person:
    """Take the meshes (N, 478, 3) of one person apart, helped by the expression numbers (N, 52) read from them.

    The neutral face is the median of the quietest pictures, less the movement that their expression tells: somebody who smiles all the time has no
    wide mouth. Scale of the neutral face follows the canonical one, so people can be exchanged.
    """
    neutral: F32 | None = None
    scale, rotation, shift = fit_rigid(landmarks)
    told = movement(blendshapes)
    rows = _quiet_rows(landmarks, told)
    for _ in range(_ROUNDS):
        middle = np.median(_unposed(landmarks[rows], scale[rows], rotation[rows], shift[rows]) - told[rows], axis=0)
        # the person's mean must not drift in size, place or turn: lay the mean face on it and take that off
        s, r, t = fit_rigid(middle)
        neutral = (((middle - t) @ r) / s).astype(np.float32)
        scale, rotation, shift = fit_rigid(landmarks, neutral[:N_SKIN])
    assert neutral is not None
    deltas = _unposed(landmarks, scale, rotation, shift) - neutral
    blinks = np.asarray(blendshapes, np.float32)[:, [BLENDSHAPE_NAMES.index(name) for name in ("eyeBlinkRight", "eyeBlinkLeft")]]
    return Person(neutral=neutral, deltas=deltas.astype(np.float32), scale=scale, rotation=rotation, shift=shift, blinks=blinks)


def pose(shapes: np.ndarray, scale: F32, rotation: F32, shift: F32) -> F32:
    """Put shapes (N, 478, 3) into pictures: the inverse of taking the pose away."""
    return (scale[:, None, None] * (shapes @ np.swapaxes(rotation, -1, -2)) + shift[:, None]).astype(np.float32)


def gaze(shapes: np.ndarray) -> F32:
    """(..., 478, 3) -> (..., 4): each iris' place between its eye corners, right x, y, left x, y, in eye widths from the middle."""
    shapes = np.asarray(shapes, np.float32)
    out = []
    for ring, iris in ((EYE_RIGHT, IRIS_RIGHT), (EYE_LEFT, IRIS_LEFT)):
        a, b = shapes[..., ring[0], :2], shapes[..., ring[8], :2]
        width = np.linalg.norm(b - a, axis=-1, keepdims=True)
        out.append((shapes[..., iris[0], :2] - (a + b) / 2) / np.maximum(width, 1e-6))
    return np.concatenate(out, -1)


def _unposed(landmarks: F32, scale: F32, rotation: F32, shift: F32) -> np.ndarray:
    return ((landmarks - shift[:, None]) @ rotation) / scale[:, None, None]


def _quiet_rows(landmarks: F32, told: F32) -> np.ndarray:
    """Pictures in which little is moved and the eyes are rather open, from which the neutral face is taken."""
    moved, eyes = (told**2).sum((1, 2)), eye_opening(landmarks).mean(-1)
    quiet = (moved <= np.quantile(moved, _QUIET)) & (eyes >= np.quantile(eyes, _OPEN))
    if quiet.sum() >= _FEWEST_NEUTRAL:
        return np.flatnonzero(quiet)
    return np.argsort(moved, kind="stable")[: max(1, min(_FEWEST_NEUTRAL, len(moved)))]
