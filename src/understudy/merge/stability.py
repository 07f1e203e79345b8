"""How steadily a swapped face sits in a shot, in numbers: flicker, seam, colour beside the neck, and whether it still moves as the target does.

All of it is measured on the merged picture before label and mark, against the target's own picture at the same places.

- flicker: mean absolute second difference in time of the face's luma, unrolled onto the mean face (so that movement is taken out), and the
  same of the target; their ratio is the number.
- seam: how steep the picture is across the mask's border, over how steep it is in the same direction on both sides of it.
- colour: CIE 1976 distance of the mean colour of the lower cheeks and jaw between result and target: the neck beside them is the target's own,
  so this is by how much the step from face to neck has changed. A beard that only one of them wears is no skin, and is left out.
- agreement: correlation over time of mouth and eye opening with the target's, and the mean distance of the meshes in percent of the face's height.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np

from ..faces.align import apply, face_height_px, invert, take_crop
from ..faces.landmark import from_mesh
from ..faces.mesh import N_SKIN, canonical, eye_opening, mouth_opening, triangles
from ..swap.regions import border_distance, mouth_weight
from ..swap.warp import Raster, continued, draw, sample, with_rim
from ..types import F32, U8, Patch, Performance, Planes
from ..video.color import paint
from .mask import plain_skin
from .place import Region, moved

SIDE = 256
"""Side of the crops in which everything is measured."""
_FLAT = 128
"""Side of the unrolled face."""
_SOLID = 250
_FEWEST = 60
_SOFT = 6.0
"""Blur (px of SIDE) of the mask from which the direction across the border is taken."""
_TOWARDS = 0.3
"""A triangle counts where it is seen at this share of its frontal size or more."""
_BEARD, _STUBBLE = 8.0, 2.0
"""Difference in L*, beside the cheeks, from which one of two pictures shows a beard; blur (px of SIDE) under which single hairs do not count."""
_MOSTLY = 0.5
_STILL = 1e-3
"""Deviation of an opening below which its correlation says nothing."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What one frame says of one face. None where it cannot be told there."""

    index: int
    flicker: tuple[float, float] | None
    """Of the result and of the target, in grey levels."""
    seam: tuple[float, float] | None
    """Of the result, and of the target at the same places: 1 where the border is no steeper than its surroundings."""
    colour: float | None
    apart: float | None
    """Distance of the meshes, percent of the face's height."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One face through one shot. None where it cannot be told."""

    frames: int
    flicker: float | None
    seam: float | None
    seam_of_target: float | None
    colour: float | None
    mouth: float | None
    eyes: float | None
    apart: float | None
    moments: tuple[Moment, ...] = field(repr=False)

    def worst(self, name: str) -> Moment | None:
        """The frame that is worst in `flicker`, `seam`, `colour` or `apart`."""
        known = [(value, moment) for moment in self.moments if (value := badness(moment, name)) is not None]
        return max(known, key=lambda found: found[0])[1] if known else None


def badness(moment: Moment, name: str) -> float | None:
    """How bad a frame is in one respect: more is worse."""
    if name == "flicker":
        return None if moment.flicker is None else moment.flicker[0] - moment.flicker[1]
    if name == "seam":
        return None if moment.seam is None else moment.seam[0]
    return moment.colour if name == "colour" else moment.apart


class Observer:
    """One face on its way through the merged frames of a shot."""

    def __init__(self, performance: Performance, *, landmark_every: int = 1) -> None:
        """`performance` in crops of SIDE pixels. The mesh of the result is measured in every `landmark_every`th frame."""
        if performance.size != SIDE:
            raise ValueError(f"crops of {SIDE} pixels are needed, not {performance.size}")
        self._p = performance
        self._every = landmark_every
        self._position = {int(index): t for t, index in enumerate(performance.frame_index)}
        self._flat: list[tuple[int, F32, F32, U8]] = []
        """(frame, result, target, solid) of the last three."""
        self._rows: dict[int, dict[str, object]] = {}
        self._openings: list[tuple[float, float, float, float]] = []

    def see(self, index: int, planes: Planes, patches: list[Patch]) -> None:
        """The next frame, and what the merge paints on it."""
        t = self._position.get(index)
        if t is None or not patches:
            self._flat.clear()
            return
        matrix = self._p.crop_from_frame[t]
        painted = paint(planes, patches)
        before, after = (Region.around(picture, matrix, size=SIDE) for picture in (planes, painted))
        if before is None or after is None:
            return
        target, result = (take_crop(np.asarray(part.rgb8(), np.uint8), part.shifted(matrix), size=SIDE).rgb for part in (before, after))
        matte = _matte(patches, matrix)
        if (matte > _SOLID).sum() < _FEWEST:
            self._flat.clear()
            return
        mesh = self._p.landmarks[t]
        row: dict[str, object] = {"seam": seam(result, target, matte), "colour": colour_step(result, target, matte, mesh)}
        self._rows[index] = row
        self._unroll(index, result, target, matte, mesh)
        if t % self._every == 0:
            row["apart"] = self._compare(painted, t)

    def _unroll(self, index: int, result: U8, target: U8, matte: U8, mesh: F32) -> None:
        raster = _raster()
        places = raster.carry(with_rim(mesh)[:, :2], outside=-1)
        luma = [cv2.GaussianBlur(sample(_gray(picture), places), (0, 0), 0.7) for picture in (result, target)]
        solid = (sample(matte.astype(np.float32), places) > _SOLID) & _seen(mesh)
        self._flat = [*self._flat[-2:], (index, np.asarray(luma[0], np.float32), np.asarray(luma[1], np.float32), solid.astype(np.uint8))]
        if len(self._flat) == 3 and self._flat[2][0] - self._flat[0][0] == 2:
            shared = (self._flat[0][3] & self._flat[1][3] & self._flat[2][3]) > 0
            if shared.sum() >= _FEWEST:
                ours, theirs = (np.abs(self._flat[1][k] - (self._flat[0][k] + self._flat[2][k]) / 2)[shared].mean() for k in (1, 2))
                self._rows[self._flat[1][0]]["flicker"] = (float(ours), float(theirs))

    def _compare(self, painted: Planes, t: int) -> float:
        """The result's mesh beside the target's, in percent of the face's height."""
        own = apply(invert(self._p.crop_from_frame[t]), self._p.landmarks[t])
        found = from_mesh(painted, own).landmarks
        pairs = [float(opening(mesh).mean()) for opening in (mouth_opening, eye_opening) for mesh in (found, own)]
        self._openings.append((pairs[0], pairs[1], pairs[2], pairs[3]))
        gap = np.linalg.norm(found[:N_SKIN, :2] - own[:N_SKIN, :2], axis=1).mean()
        return float(100 * gap / max(float(face_height_px(own)), 1.0))

    def figures(self) -> Figures:
        """What the frames seen so far give."""
        moments = tuple(
            Moment(index, row.get("flicker"), row.get("seam"), row.get("colour"), row.get("apart"))  # type: ignore[arg-type]
            for index, row in sorted(self._rows.items())
        )
        flickers = np.array([m.flicker for m in moments if m.flicker is not None])
        seams = np.array([m.seam for m in moments if m.seam is not None])
        colours, apart = ([v for m in moments if (v := getattr(m, name)) is not None] for name in ("colour", "apart"))
        openings = np.array(self._openings).reshape(-1, 4)
        return Figures(
            frames=len(moments),
            flicker=float(flickers[:, 0].mean() / max(flickers[:, 1].mean(), 1e-6)) if len(flickers) else None,
            seam=float(seams[:, 0].mean()) if len(seams) else None,
            seam_of_target=float(seams[:, 1].mean()) if len(seams) else None,
            colour=float(np.mean(colours)) if colours else None,
            mouth=_correlation(openings[:, 0], openings[:, 1]),
            eyes=_correlation(openings[:, 2], openings[:, 3]),
            apart=float(np.mean(apart)) if apart else None,
            moments=moments,
        )


def seam(result: U8, target: U8, matte: U8) -> tuple[float, float] | None:
    """(of the result, of the target at the same places): steepness across the mask's border over that beside it."""
    share = matte.astype(np.float32) / 255
    wide = cv2.GaussianBlur(share, (0, 0), _SOFT)
    across = np.dstack([cv2.Sobel(wide, cv2.CV_32F, 1, 0), cv2.Sobel(wide, cv2.CV_32F, 0, 1)])
    length = np.linalg.norm(across, axis=2)
    across /= np.maximum(length, 1e-6)[..., None]
    border = ((share > 0.04) & (share < 0.96) & (length > 1e-3)).astype(np.uint8)
    reach = np.ones((9, 9), np.uint8)
    beside = (cv2.dilate(border, reach) > 0) & (border == 0) & (length > 1e-3)
    band = border > 0
    if min(band.sum(), beside.sum()) < _FEWEST:
        return None

    def steepness(picture: U8) -> float:
        gray = cv2.GaussianBlur(_gray(picture), (0, 0), 1.0)
        slope = np.dstack([cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)])
        steep = np.abs((slope * across).sum(2))
        return float(steep[band].mean() / max(float(steep[beside].mean()), 0.5))

    return steepness(result), steepness(target)


def colour_step(result: U8, target: U8, matte: U8, mesh: F32) -> float | None:
    """By how much the colour of the lower cheeks and jaw differs, CIE 1976 (L*, a*, b*) distance of the means; None where too little is seen.

    What is much darker than its own cheeks in one of the pictures only is a beard, and does not count; where most of it is beard the rest is
    stubble, and the upper cheeks tell.
    """
    lower, cheeks = _lower_face(mesh)
    seen = plain_skin(mesh, size=SIDE, side=SIDE) * (matte > _SOLID)
    ours, theirs = (cv2.cvtColor(cv2.GaussianBlur(x, (0, 0), _STUBBLE).astype(np.float32) / 255, cv2.COLOR_RGB2Lab) for x in (result, target))
    weight = lower * seen
    upper = (cheeks * seen) > 0.5
    if upper.sum() >= _FEWEST:
        below = [lab[..., 0] - np.median(lab[..., 0][upper]) for lab in (ours, theirs)]
        bare = weight * (np.abs(below[0] - below[1]) < _BEARD)
        weight = bare if bare.sum() > _MOSTLY * weight.sum() else cheeks * seen
    if weight.sum() < _FEWEST:
        return None
    means = [lab.reshape(-1, 3).T @ weight.ravel() for lab in (ours, theirs)]
    return float(np.linalg.norm((means[0] - means[1]) / weight.sum()))


def _matte(patches: list[Patch], crop_from_frame: F32) -> U8:
    """(SIDE, SIDE): where the frame is painted, in the crop."""
    out = np.zeros((SIDE, SIDE), np.uint8)
    for patch in patches:
        matrix = moved(crop_from_frame, *patch.xy)
        out = np.maximum(out, np.asarray(cv2.warpAffine(patch.alpha, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR), np.uint8))
    return out


def _gray(picture: U8) -> F32:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


@cache
def _flat_mesh() -> F32:
    mesh = np.concatenate([canonical(), np.zeros((10, 3), np.float32)])
    mesh[:, :2] = mesh[:, :2] * (0.86 * _FLAT / np.ptp(canonical()[:, 1])) + _FLAT / 2 - 0.5
    return mesh.astype(np.float32)


@cache
def _raster() -> Raster:
    """The mean face seen from the front."""
    return draw(with_rim(_flat_mesh()), size=_FLAT)


@cache
def _ids() -> np.ndarray:
    """(FLAT, FLAT) the face's triangle at each pixel; -1 beside the face."""
    ids = _raster().ids
    return np.where(ids < len(triangles()), ids, -1)


def _seen(mesh: F32) -> np.ndarray:
    """(FLAT, FLAT) True where the face's surface is turned to the camera."""

    def areas(points: F32) -> np.ndarray:
        a, b, c = (points[triangles()[:, k], :2] for k in range(3))
        return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])

    flat, now = areas(_flat_mesh()), areas(mesh)
    scale = np.median(np.abs(now)) / max(float(np.median(np.abs(flat))), 1e-6)
    towards = now * np.sign(flat) > _TOWARDS * scale * np.abs(flat)
    return np.where(_ids() >= 0, towards[np.maximum(_ids(), 0)], False)


@cache
def _face_weights() -> F32:
    """(478, 2): 1 on the lower cheeks and the jaw, 0 at the very border, on the lips, and above the nose; and 1 on the upper cheeks, where no beard
    grows."""
    distance = border_distance()
    points = np.concatenate([canonical(), np.full((10, 3), -9.0, np.float32)])
    near = (distance > 0.4) & (distance < 2.6) & (points[:, 1] > 1.0)
    upper = (distance > 0.8) & (np.abs(points[:, 0]) > 2.5) & (points[:, 1] > -1.5) & (points[:, 1] < 1.0)
    return np.stack([near * (1 - mouth_weight()), upper], 1).astype(np.float32)


def _lower_face(mesh: F32) -> tuple[F32, F32]:
    """Both of `_face_weights` in the crop, (SIDE, SIDE) 0..1."""
    found = draw(with_rim(mesh), size=SIDE, step=2).carry(continued(_face_weights()))
    lower, cheeks = np.moveaxis(np.clip(found, 0, 1), -1, 0)
    return lower, cheeks


def _correlation(ours: np.ndarray, theirs: np.ndarray) -> float | None:
    if len(ours) < 8 or min(ours.std(), theirs.std()) < _STILL:
        return None
    return float(np.corrcoef(ours, theirs)[0, 1])
