"""Several faces as one: sources among each other (a morph), and the source with the target's own face (strength below 1).

Shapes are mixed first, as meshes; then every face is drawn on the mixed mesh, so that eyes lie on eyes; then the pictures are mixed. A
cross-fade of unlike faces would show both (Beier and Neely, "Feature-Based Image Metamorphosis", SIGGRAPH 1992).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..types import F32, Drive, FaceCrop, SwappedFace
from .planner import DraftDrive
from .swapper import Swapper
from .warp import N_POINTS, draw, sample, with_rim

_STEP = 2
_NEGLIGIBLE = 0.004
"""A share that no 8-bit picture shows."""
FADES_BELOW = 0.1
"""Strength under which the mixed face is also faded out as a whole: the picture begins without a step."""


def relit(drive: Drive, share: float) -> Drive:
    """The drive with its light taken over by `share` (0 or more) of what was planned. Drives without pictures of their own stay as they are."""
    if share == 1 or not isinstance(drive, DraftDrive):
        return drive
    return replace(drive, layers=tuple(replace(layer, gain=layer.gain ** np.float32(share)) for layer in drive.layers))


def mixed(crop: FaceCrop, looks: Sequence[tuple[Swapper, Drive, float]], *, strength: float) -> tuple[SwappedFace, F32]:
    """The face of `looks` (each with its drive of this frame and its share; shares above 0 in sum) at `strength` 0..1 of the target's own.

    Returns the face and the mesh (478, 3) on which it is drawn. One look at full strength is exactly that swapper's own work.
    """
    total = sum(share for *_, share in looks)
    seen = [(swapper, drive, share / total) for swapper, drive, share in looks if share / total > _NEGLIGIBLE]
    if len(seen) == 1 and strength >= 1:
        swapper, drive, _ = seen[0]
        return swapper.swap(crop, drive), drive.mesh
    own = seen[0][1].target_mesh
    shape = np.sum([share * drive.mesh for _, drive, share in seen], axis=0) / sum(share for *_, share in seen)
    mesh = (own + strength * (shape - own)).astype(np.float32)
    faces = [(swapper.swap(crop, replace(drive, mesh=mesh)), share) for swapper, drive, share in seen]
    face = faces[0][0] if len(faces) == 1 else _together(faces)
    if strength >= 1:
        return face, mesh
    rgb = strength * face.rgb + (1 - strength) * _reshaped(crop.rgb, own, mesh)
    alpha = face.alpha * np.float32(min(1.0, strength / FADES_BELOW))
    return SwappedFace(rgb=rgb.astype(np.float32), alpha=alpha, confidence=face.confidence), mesh


def _together(faces: Sequence[tuple[SwappedFace, float]]) -> SwappedFace:
    """Faces on one mesh as one: each counts by its share where it covers."""
    cover = np.sum([share * face.alpha for face, share in faces], axis=0)
    whole = np.maximum(cover, 1e-6)
    rgb = np.sum([(share * face.alpha)[..., None] * face.rgb for face, share in faces], axis=0) / whole[..., None]
    plain = np.sum([share * face.rgb for face, share in faces], axis=0)
    sure = np.sum([share * face.confidence for face, share in faces], axis=0)
    shares = sum(share for _, share in faces)
    return SwappedFace(
        rgb=np.where(cover[..., None] > 1e-3, rgb, plain / shares).astype(np.float32),
        alpha=np.clip(cover / shares, 0, 1).astype(np.float32),
        confidence=np.clip(sure / shares, 0, 1).astype(np.float32),
    )


def _reshaped(rgb: np.ndarray, own: F32, mesh: F32) -> F32:
    """The target's picture (S, S, 3) with its face moved from the mesh `own` onto `mesh`; what lies outside stays where it is."""
    size = rgb.shape[0]
    away = np.zeros((N_POINTS, 2), np.float32)
    away[: len(own)] = own[:, :2] - mesh[:, :2]
    raster = draw(with_rim(mesh), size=size, step=_STEP if size % _STEP == 0 else 1)
    moved = raster.carry(away)
    grid = np.stack(np.meshgrid(np.arange(size, dtype=np.float32), np.arange(size, dtype=np.float32)), -1)
    return sample(rgb, grid + moved)
