"""Seamless placing: what differs along the mask's border is spread smoothly over the whole face, so that the face meets the target there exactly.

This is Poisson image editing (Pérez et al., 2003) in the form of its correction: the smooth picture whose second derivative is 0 inside and which
equals target minus face on the border. It is smooth, so it is solved on a small picture in the standard crop. Solving is linear, so it is done for
target and face apart, and averaged over the frames around: solved frame by frame it would flicker with every hair that crosses the border.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..types import F32

SIDE = 64
_INNER = 0.7
_SHOWN = 0.02
_ROUNDS = (100, 50, 30)
"""Relaxations from coarse to fine."""
_MOST = 90.0
"""Code values; more than that at the border is no light but something else."""


def membranes(face: F32, target: F32, share: F32) -> np.ndarray:
    """(2, SIDE, SIDE, 3): the smooth continuation inwards of what the face, and the target, (S, S, 3) show on the border of the mask (S, S)."""
    mask = cv2.resize(share, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    # only what the mask shows counts: beside it the face is anything
    counts = (share > _SHOWN).astype(np.float32)[..., None]
    both = np.concatenate([face * counts, target * counts, counts], axis=2).astype(np.float32)
    # slightly blurred, for a single strand of hair should not count as much as the skin around it
    small = cv2.GaussianBlur(cv2.resize(both, (SIDE, SIDE), interpolation=cv2.INTER_AREA), (0, 0), 0.7)
    shown = small[..., :6] / np.maximum(small[..., 6:], 1e-3)
    out: F32 | None = None
    for level, rounds in zip((2, 1, 0), _ROUNDS, strict=True):
        side = SIDE >> level
        inside = cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA) > _INNER
        fixed = np.asarray(cv2.resize(shown, (side, side), interpolation=cv2.INTER_AREA), np.float32)
        begun = fixed if out is None else cv2.resize(out, (side, side), interpolation=cv2.INTER_LINEAR)
        out = _relaxed(np.where(inside[..., None], begun, fixed).astype(np.float32), fixed, inside, rounds)
    assert out is not None
    return np.stack([out[..., :3], out[..., 3:]])


def difference(face: F32, target: F32) -> F32:
    """What is to be added to the face, from the two membranes (the face's already changed as the face is)."""
    return np.clip(target - face, -_MOST, _MOST).astype(np.float32)


def _relaxed(values: F32, fixed: F32, inside: np.ndarray, rounds: int) -> F32:
    """Each inner place the mean of its four neighbours, again and again (Jacobi)."""
    where = inside[..., None]
    for _ in range(rounds):
        padded = np.pad(values, ((1, 1), (1, 1), (0, 0)), mode="edge")
        mean = (padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]) * np.float32(0.25)
        values = np.where(where, mean, fixed)
    return np.asarray(values, np.float32)
