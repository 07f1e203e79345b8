"""Whether a person wears glasses: told from the parsed frames, in which a frame around the eyes is neither skin nor hair."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..types import F32, U8, Track
from .align import apply, crop_matrices
from .masks import around_eyes
from .segment import OTHER, SIDE

GLASSES_SHARE = 0.015
"""Share of the region around the eyes from which it is glasses. Measured on 451 faces that were looked at: 0.020 to 0.119 with glasses (14
pictures of four people), at most 0.011 without (nearly all 0)."""
_TURNED_DEG = 35
"""Of a head turned further one lens is hardly seen."""


def glasses_share(classes: U8, landmarks: F32) -> float:
    """0..1: share of the region around the eyes that is a thing. Both as in the standard crop at 128 px: classes (128, 128), mesh (478, 3)."""
    inside = classes[around_eyes(landmarks) > 0]
    return float((inside == OTHER).mean()) if inside.size else 0.0


def glasses_score(tracks: Iterable[Track]) -> float | None:
    """The median of `glasses_share` over the parsed frames of one person's tracks in which the face looks ahead and was really seen.

    None where there is no such frame. A hand or a microphone that passes does not move the median.
    """
    shares = [share for track in tracks for share in _shares(track)]
    return float(np.median(shares)) if shares else None


def wears_glasses(tracks: Iterable[Track]) -> bool | None:
    """Whether the person of these tracks wears glasses for most of the time; None where it cannot be told."""
    score = glasses_score(tracks)
    return None if score is None else score >= GLASSES_SHARE


def _shares(track: Track) -> list[float]:
    ahead = (np.abs(track.pose_deg[track.key_index, 0]) <= _TURNED_DEG) & ~track.bridged[track.key_index]
    meshes = track.landmarks[track.key_index[ahead]]
    small = apply(crop_matrices(meshes, size=SIDE), meshes) if len(meshes) else meshes
    return [glasses_share(classes, mesh) for classes, mesh in zip(track.key_classes[ahead], small, strict=True)]
