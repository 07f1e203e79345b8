"""Measuring what a project's two videos show, for the data doctor: from tracks and face pictures that are there already."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from ..config import SwapSettings
from ..faces.align import face_height_px
from ..faces.glasses import wears_glasses
from ..faces.masks import hull
from ..faces.mesh import eye_opening, mouth_opening, triangles
from ..faceset.material import Clip, Fit, Material
from ..swap.drive import performance_of
from ..swap.light import measure_light
from ..swap.planner import DraftDrive, DraftPlanner, Region
from ..swap.regions import inner_weight
from ..types import F32, Faceset, Performance, Track
from ..video.index import frame_index
from .extract import Person
from .media import Footage

_SIZE = 256
"""Side of the crops in which things are measured."""
_REGIONS: tuple[Region, ...] = ("skin", "mouth", "right eye", "left eye")
_USUAL = 0.25
"""The quarter of a person's frames in which least is hidden says what always is: a fringe, a beard."""


def material_of(footage: Footage, person: Person, *, left_out: dict[str, int] | None = None) -> Material:
    """What the video shows of its person, in the order of time."""
    tracks = sorted(person.own_tracks, key=lambda track: int(track.frame_index[0]))
    # a mask of every frame is large: one track's at a time
    seen = [seen_of(track) for track in tracks]
    light, covered = (np.concatenate(parts) for parts in zip(*seen, strict=True))
    frames = np.concatenate([track.frame_index for track in tracks])
    opening = np.concatenate([eye_opening(track.landmarks).mean(1) for track in tracks])
    index = frame_index(footage.path)
    pts = np.asarray(index.pts, np.float64) - index.pts[0]
    return Material(
        clip=_clip(footage, person, left_out or {}, n_frames=len(index.pts)),
        frame_index=frames,
        seconds=(pts[frames] * float(index.time_base)).astype(np.float32),
        pose_deg=np.concatenate([track.pose_deg for track in tracks]),
        mouth=np.concatenate([mouth_opening(track.landmarks) for track in tracks]),
        eyes=(opening / max(float(np.quantile(opening, 0.6)), 1e-6)).astype(np.float32),
        blendshapes=np.concatenate([track.blendshapes for track in tracks]),
        height_px=np.concatenate([face_height_px(track.landmarks) for track in tracks]),
        sharpness=np.concatenate([track.sharpness for track in tracks]),
        level=light[:, 0],
        side=light[:, 1],
        hidden=np.clip(covered - np.quantile(covered, _USUAL), 0, 1).astype(np.float32),
        outside=np.concatenate([track.outside for track in tracks]),
    ).take(np.argsort(frames, kind="stable"))


def seen_of(track: Track) -> tuple[F32, F32]:
    """(T, 2) brightness of plain skin and its log change with the sideways turn; (T,) share of the face that is covered."""
    performance = performance_of(track, size=_SIZE)
    return _light(performance), _covered(performance)


def usable(material: Material, faceset: Faceset) -> tuple[Material, np.ndarray]:
    """The source's material, only the frames whose pictures serve, and (N,) where each picture of the set lies in it."""
    rows = np.flatnonzero(np.isin(material.frame_index, faceset.frame_index))
    kept = material.take(rows)
    return kept, np.searchsorted(kept.frame_index, faceset.frame_index)


def fit_of(tracks: Sequence[Track], faceset: Faceset, places: np.ndarray, *, settings: SwapSettings) -> Fit:
    """What the draft would choose for every frame of the target's tracks. Nothing is warped or shown."""
    draft = DraftPlanner(faceset, settings=settings)
    # plans are large too: one track's at a time
    found = [[_chosen(drive) for drive in draft.plan(performance_of(track, size=_SIZE))] for track in tracks]
    order = np.argsort(np.concatenate([track.frame_index for track in tracks]), kind="stable")
    costs = np.asarray([cost for chosen in found for cost, _ in chosen], np.float32)[order]
    best = np.asarray([row for chosen in found for _, row in chosen], np.intp)[order]
    skin, mouth, right_eye, left_eye = costs.T
    return Fit(row=places[best], skin=skin, mouth=mouth, eyes=np.maximum(right_eye, left_eye))


def _chosen(drive: DraftDrive) -> tuple[list[float], int]:
    """What the best picture for each of `_REGIONS` costs, and the row of the one that shows most of the skin.

    The best of those that are mixed: a cross-fade of a quick movement has a bad one for a frame, which nobody sees.
    """
    costs = [min(layer.cost for layer in drive.layers if layer.region == region) for region in _REGIONS]
    return costs, max((layer for layer in drive.layers if layer.region == "skin"), key=lambda layer: layer.share).row


def _clip(footage: Footage, person: Person, left_out: dict[str, int], *, n_frames: int) -> Clip:
    width, height = footage.info.size_wh
    seconds = float(footage.info.duration)
    rate = float(footage.info.frame_rate)
    return Clip(
        name=footage.path.name,
        seconds=seconds,
        n_frames=n_frames,
        size_wh=(width, height),
        bits_per_pixel=8 * footage.path.stat().st_size / max(n_frames * width * height, 1),
        n_shots=len(person.shots),
        person=person.identity.identity_id,
        people_s={who.identity_id: who.n_frames / rate for who in person.everybody},
        left_out=left_out,
        glasses=wears_glasses(person.own_tracks),
    )


def _covered(performance: Performance) -> F32:
    """(T,) share of the face's area that is not its own skin, eyes or lips."""
    side = performance.masks.shape[-1]
    small = performance.landmarks.copy()
    small[..., :2] = (small[..., :2] + 0.5) * (side / performance.size) - 0.5
    areas = [(float((hull(mesh) > 127).sum()), float((mask > 127).sum())) for mesh, mask in zip(small, performance.masks, strict=True)]
    return np.asarray([1 - own / max(area, 1.0) for area, own in areas], np.float32)


def _light(performance: Performance) -> F32:
    """(T, 2): mean brightness of plain skin, and how log brightness changes with the sideways turn of the skin (least squares over the points).

    Skin is alike on both sides of a face, so what differs is light; up and down it is not (beard, lips), so that is not measured.
    """
    steps = performance.frame_index.astype(np.int64)
    seen = measure_light(performance.vertex_rgb, performance.masks, performance.landmarks, size=performance.size, steps=steps).seen
    luma = performance.vertex_rgb.astype(np.float32) @ np.asarray([0.2126, 0.7152, 0.0722], np.float32)
    return np.stack([_light_of(n, w, y) for n, w, y in zip(_normals(performance.landmarks), seen * _inner(), luma, strict=True)])


def _light_of(normals: np.ndarray, weight: np.ndarray, luma: np.ndarray) -> F32:
    total = max(float(weight.sum()), 1e-6)
    level = float((weight * luma).sum() / total)
    logs = np.log(luma + 12.0)
    basis = np.column_stack([np.ones(len(normals)), normals[:, 0], normals[:, 1]])
    pull = np.diag([1e-6, 0.02 * total, 0.02 * total])
    found = np.linalg.solve(basis.T @ (weight[:, None] * basis) + pull, basis.T @ (weight * logs))
    return np.asarray([level, found[1]], np.float32)


@cache
def _inner() -> F32:
    return inner_weight(0.5, 1.5)


def _normals(landmarks: F32) -> F32:
    """(T, 478, 3) unit normals of the mesh's points in picture axes; 0 for the irises."""
    corners = landmarks[:, triangles()]
    faces = np.cross(corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0])
    sums = np.zeros((landmarks.shape[1], len(landmarks), 3), np.float32)
    for k in range(3):
        np.add.at(sums, triangles()[:, k], faces.swapaxes(0, 1))
    out = sums.swapaxes(0, 1)
    return (out / np.maximum(np.linalg.norm(out, axis=-1, keepdims=True), 1e-9)).astype(np.float32)
