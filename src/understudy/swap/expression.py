"""What a face's expression numbers tell about its shape: the movement away from the neutral face, for any person.

A linear basis, fitted by `tools/make_expression_basis.py` on rendered people who do not exist. With it a face is known to smile even where the
person is never seen without a smile, so that a steady smile is not taken for the shape of the mouth.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ..faces.mesh import N_SKIN, canonical
from ..types import F32, N_LANDMARKS
from ..weights.registry import path
from .regions import ramp

_BROWS, _CHEEKS = -3.0, -1.0
"""Centimetres below the middle of the mean face: above the first the numbers are half believed (readings of brows depend on the head's turn and on
who it is), below the second in full."""
_LEAST_REST = 0.02
"""Readings at rest are taken to be at least this, so that noise is never a movement."""


def movement(blendshapes: np.ndarray) -> F32:
    """(N, 52) expression numbers 0..1 -> (N, 478, 3) centimetres of the canonical face. What a face at rest reads is no movement; irises do not
    move."""
    basis, rest = _basis()
    b = np.asarray(blendshapes, np.float32)
    rest = np.maximum(rest, _LEAST_REST)
    sure = b * np.clip((b - rest) / rest, 0, 1)
    return (sure @ basis.reshape(len(basis), -1)).reshape(len(b), -1, 3).astype(np.float32)


@cache
def _basis() -> tuple[F32, F32]:
    """(52, 478, 3) movement for each number, and (52,) what faces at rest read."""
    with np.load(path("expression"), allow_pickle=False) as file:
        basis, rest = file["basis"].astype(np.float32), file["rest"].astype(np.float32)
    believed = np.ones(N_LANDMARKS, np.float32)
    believed[:N_SKIN] = 0.5 + 0.5 * ramp(canonical()[:, 1], _BROWS, _CHEEKS)
    return basis * believed[:, None], rest
