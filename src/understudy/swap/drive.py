"""What drives a swap: a tracked person in the pixels of the standard crops."""

from __future__ import annotations

import numpy as np

from ..faces.align import apply, crop_matrices
from ..faces.beard import face_masks
from ..faces.masks import track_masks
from ..faces.segment import SIDE as MASK_SIDE
from ..types import Faceset, Performance, Track


def performance_of(track: Track, *, size: int, part: slice = slice(None), without_glasses: bool = False, to_the_jaw: bool = False) -> Performance:
    """A track, or the `part` of its frames, as a performance in crops of `size` pixels; `without_glasses`: its masks leave out the frame of the
    person's glasses, which stays before the new face; `to_the_jaw`: the face beside the mesh is told too, down to the edge of the jaw."""
    landmarks = track.landmarks[part]
    matrices = crop_matrices(landmarks, size=size)
    small = apply(crop_matrices(track.landmarks, size=MASK_SIDE), track.landmarks)
    positions = np.arange(len(track))[part]
    masks = track_masks(track, positions, small, without_glasses=without_glasses)
    return Performance(
        size=size,
        frame_index=track.frame_index[part],
        landmarks=apply(matrices, landmarks),
        pose_deg=track.pose_deg[part],
        blendshapes=track.blendshapes[part],
        vertex_rgb=track.vertex_rgb[part],
        masks=masks,
        crop_from_frame=matrices,
        whole=face_masks(track, positions, small, own=masks) if to_the_jaw else None,
    )


def performance_of_faceset(faceset: Faceset) -> Performance:
    """A source's own pictures as a performance: position i of it is picture i of the set. For training and measuring."""
    return Performance(
        size=faceset.size,
        frame_index=np.arange(len(faceset), dtype=np.int32),
        landmarks=faceset.landmarks,
        pose_deg=faceset.pose_deg,
        blendshapes=faceset.blendshapes,
        vertex_rgb=faceset.vertex_rgb,
        masks=np.asarray(faceset.masks),
        crop_from_frame=faceset.crop_from_frame,
    )
