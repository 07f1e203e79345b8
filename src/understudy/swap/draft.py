"""The draft: the source's own pictures, chosen, warped onto the driving mesh and lit like the target. No training.

Earlier work: Garrido et al., "Automatic Face Reenactment", CVPR 2014; Dale et al., "Video Face Replacement", SIGGRAPH Asia 2011.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ..config import SwapSettings
from ..faces.mesh import eye_opening
from ..permits import require
from ..types import F32, Drive, FaceCrop, Faceset, Performance, Permit, SwappedFace
from .light import Lit, gains, measure_light
from .mouth import inside, shortfall
from .person import gaze, measure
from .regions import brow_weight, eye_weight, inner_weight, mouth_weight, plain_skin
from .retarget import Retarget
from .retrieve import Choice, cheapest_path, cross_faded
from .warp import Raster, continued, draw, enlarge, sample, with_rim

Region = Literal["skin", "mouth", "eyes"]
_JUMP: dict[Region, float] = {"skin": 2.5, "mouth": 0.6, "eyes": 0.5}
_FADE: dict[Region, int] = {"skin": 4, "mouth": 1, "eyes": 1}
_STEP = 2
_ALPHA_CM = 0.9
_SHARP_ENOUGH = 0.85
_SHRINK_FROM = 1.5
_FOLD_SHARE = 0.005
"""Softening of the warp, as a share of the picture's side."""
_MASK_SOFT, _MASK_FROM = 2.2, 0.55


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One picture of the source, for one region of one frame."""

    region: Region
    row: int
    share: float
    gain: F32
    """(478, 3) factors on its colours."""
    cost: float
    """How far it is from what is wanted; 0 is the very thing."""


@dataclass(frozen=True, slots=True, eq=False)
class DraftDrive(Drive):
    """A drive together with the source's pictures that will serve it."""

    layers: tuple[Layer, ...] = ()


class DraftSwapper:
    """See `Swapper`. Make one with `fit`."""

    def __init__(self, faceset: Faceset, *, settings: SwapSettings) -> None:
        self._set = faceset
        self._settings = settings
        self._person = measure(faceset.landmarks)
        self._retarget = Retarget(self._person)
        track, frame = faceset.track_number, faceset.frame_index
        self._follows = np.concatenate([[False], (np.diff(track) == 0) & (np.diff(frame) <= 3)])
        self._steps = (frame + 10_000_000 * track.astype(np.int64)).astype(np.int64)
        self._light = measure_light(faceset.vertex_rgb, faceset.masks, faceset.landmarks, size=faceset.size, steps=self._steps)
        self._gaze = gaze(self._person.shapes)
        self._openings = eye_opening(self._person.shapes)
        best = np.quantile(faceset.sharpness, 0.8)
        self._blur = np.clip(_SHARP_ENOUGH - faceset.sharpness / max(float(best), 1e-6), 0, 1)
        self._picture = lru_cache(maxsize=48)(self._load_picture)
        self._mask = lru_cache(maxsize=256)(self._load_mask)

    @classmethod
    def fit(cls, faceset: Faceset, *, settings: SwapSettings, permit: Permit) -> DraftSwapper:
        """Take the source's set in. `permit` must cover rendering with this face."""
        require(permit, role="face", action="render")
        return cls(faceset, settings=settings)

    @property
    def model_id(self) -> str:
        """A hash of the set and of the settings that count."""
        digest = hashlib.sha256(b"draft 1")
        for array in (self._set.landmarks, self._set.vertex_rgb, self._set.frame_index):
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(self._settings.model_dump_json(include={"light"}).encode())
        return f"draft-{digest.hexdigest()[:16]}"

    # ------------------------------------------------------------------------------------------------ plan

    def plan(self, performance: Performance, *, apart: int = 0) -> list[DraftDrive]:
        """One drive for each frame, with the source's pictures chosen over the whole performance.

        With `apart`, the performance is the faceset's own and no picture within `apart` places of a frame serves it: what the draft
        can do for pictures that it has not seen.
        """
        meshes, shapes = self._retarget.meshes(performance)
        if apart:
            meshes, shapes = performance.landmarks, self._person.shapes
        lit = measure_light(
            performance.vertex_rgb, performance.masks, performance.landmarks, size=performance.size, steps=performance.frame_index.astype(np.int64)
        )
        barred = self._barred(len(performance), apart)
        layers: list[list[Layer]] = [[] for _ in range(len(performance))]
        for region, cost in self._costs(performance, shapes, lit).items():
            cost[barred] += 1e4
            path = cheapest_path(cost, jump=_JUMP[region], follows=self._follows)
            faded = cross_faded(path, reach=_FADE[region], follows=self._follows)
            self._add_layers(layers, region, [_allowed(choices, barred[t]) for t, choices in enumerate(faded)], cost, lit)
        return [
            DraftDrive(
                mesh=meshes[t],
                target_mesh=performance.landmarks[t],
                pose_deg=performance.pose_deg[t],
                blendshapes=performance.blendshapes[t],
                target_vertex_rgb=performance.vertex_rgb[t],
                layers=tuple(layers[t]),
            )
            for t in range(len(performance))
        ]

    def _barred(self, n: int, apart: int) -> NDArray[np.bool_]:
        if not apart:
            return np.zeros((n, len(self._set)), bool)
        places = np.arange(len(self._set))
        return np.abs(places[:n, None] - places[None]) <= apart

    def _costs(self, performance: Performance, shapes: F32, lit: Lit) -> dict[Region, np.ndarray]:
        """(T, N) for each region: squared distances in units of what is just seen, so 1 is a clear difference."""
        source = self._person.shapes
        upper_face = inner_weight(0.2, 1.0) * (1 - mouth_weight()) * (1 - eye_weight())
        pose = _squared(performance.pose_deg[:, :2] / 9, self._set.pose_deg[:, :2] / 9)
        brows = _squared(_rows(shapes, upper_face, 0.22), _rows(source, upper_face, 0.22))
        lips = _squared(_rows(shapes, mouth_weight(), 0.10), _rows(source, mouth_weight(), 0.10))
        lids = _squared(eye_opening(shapes) / 0.035, self._openings / 0.035)
        look = _squared(gaze(shapes) / 0.06, self._gaze / 0.06)
        shade = _squared(_shade(lit.changing) / 0.10, _shade(self._light.changing) / 0.10)
        blur = (6 * self._blur)[None]
        return {
            "skin": pose + brows + 0.15 * lips + shade + 2 * blur,
            "mouth": 0.5 * pose + lips + 0.4 * shade + blur,
            "eyes": 0.5 * pose + lids + look + 0.3 * shade + blur,
        }

    def _add_layers(self, layers: list[list[Layer]], region: Region, faded: Sequence[Sequence[Choice]], cost: np.ndarray, lit: Lit) -> None:
        frames = np.asarray([t for t, choices in enumerate(faded) for _ in choices], np.intp)
        chosen = [choice for choices in faded for choice in choices]
        rows = np.asarray([choice.row for choice in chosen], np.intp)
        factors = gains(lit, frames, self._light, rows, degree=self._settings.light)
        for t, choice, gain in zip(frames, chosen, factors, strict=True):
            layers[t].append(Layer(region, choice.row, choice.share, gain, float(cost[t, choice.row])))

    # ------------------------------------------------------------------------------------------------ swap

    def swap(self, crop: FaceCrop, drive: Drive) -> SwappedFace:
        """Warp, light and mix the drive's pictures. Needs a drive of this swapper's own `plan`."""
        if not isinstance(drive, DraftDrive):
            raise TypeError("a draft is driven by its own plan")
        size = crop.size
        raster = draw(with_rim(drive.mesh), size=size, step=_STEP if size % _STEP == 0 else 1)
        weights = np.stack([inner_weight(0.0, _ALPHA_CM), mouth_weight(), eye_weight(), brow_weight(), plain_skin()], 1)
        alpha, mouth, eyes, brows, plain = np.moveaxis(raster.carry(continued(weights)), -1, 0)
        rgb, cover = self._skin(drive, raster)
        if float(((1 - cover) * brows * alpha).max()) > 0.05:
            rgb += (1 - cover)[..., None] * (_filled(rgb, plain * np.clip(8 * cover - 7, 0, 1)) - rgb)
            cover = cover + (1 - cover) * brows
        confidence = np.full((size, size), _confidence(drive.layers, "skin"), np.float32)
        regions: tuple[tuple[Region, np.ndarray], ...] = (("mouth", mouth), ("eyes", eyes))
        for region, weight in regions:
            box = _box_of(weight)
            if box is not None:
                self._paste(rgb, confidence, drive, raster, region=region, weight=weight, box=box)
        alpha = np.clip(alpha, 0, 1) * cover
        return SwappedFace(rgb=np.clip(rgb, 0, 255), alpha=alpha.astype(np.float32), confidence=confidence)

    def _skin(self, drive: DraftDrive, raster: Raster) -> tuple[F32, F32]:
        """The whole face from the skin pictures, and how far they show skin (not hair) there."""
        rgb, cover = np.zeros((raster.size, raster.size, 3), np.float32), np.zeros((raster.size, raster.size), np.float32)
        for layer in (entry for entry in drive.layers if entry.region == "skin"):
            coarse = self._coarse(layer, raster, drive)
            rgb += layer.share * self._warped(layer, coarse, raster, box=(0, 0, raster.size, raster.size), drive=drive)
            mask = self._mask(layer.row)
            place = (coarse[..., :2] + 0.5) * (mask.shape[0] / self._set.size) - 0.5
            cover += layer.share * enlarge(sample(mask, place), raster.size)[..., 0]
        return rgb, cover

    def _paste(
        self, rgb: F32, confidence: F32, drive: DraftDrive, raster: Raster, *, region: Region, weight: np.ndarray, box: tuple[int, int, int, int]
    ) -> None:
        """Mix a region's own pictures in, by its weight, within `box`."""
        x0, y0, x1, y1 = box
        made = np.zeros((y1 - y0, x1 - x0, 3), np.float32)
        for layer in (entry for entry in drive.layers if entry.region == region):
            made += layer.share * self._warped(layer, self._coarse(layer, raster, drive), raster, box=box, drive=drive)
        part = np.clip(weight[y0:y1, x0:x1], 0, 1)
        rgb[y0:y1, x0:x1] += part[..., None] * (made - rgb[y0:y1, x0:x1])
        confidence[y0:y1, x0:x1] += part * (_confidence(drive.layers, region) - confidence[y0:y1, x0:x1])

    def _coarse(self, layer: Layer, raster: Raster, drive: DraftDrive) -> F32:
        """(s, s, 5) on the coarse picture: where in the source's picture each pixel lies (x, y), and the factors on its colour."""
        values = np.concatenate([with_rim(self._set.landmarks[layer.row])[:, :2], continued(layer.gain)], 1)
        middle = self._set.landmarks[layer.row][:, :2].mean(0)
        found = raster.carry(values, outside=np.asarray([*middle, 1, 1, 1], np.float32), coarse=True)
        # where the mesh folds (a nostril's wing) neighbouring pixels would come from far apart
        return np.asarray(cv2.GaussianBlur(found, (0, 0), max(0.6, _FOLD_SHARE * len(found))), np.float32)

    def _warped(self, layer: Layer, coarse: F32, raster: Raster, *, box: tuple[int, int, int, int], drive: DraftDrive) -> F32:
        """The layer's picture under the drive, lit, within `box`."""
        x0, y0, x1, y1 = box
        fine = enlarge(coarse, raster.size)[y0:y1, x0:x1]
        factor, image = self._picture(layer.row, self._shrink(drive, layer.row))
        rgb = sample(image, (fine[..., :2] + 0.5) * factor - 0.5)
        if layer.region == "mouth":
            lacking = shortfall(self._set.landmarks[layer.row], drive.mesh)
            if lacking > 0:
                mesh = self._set.landmarks[layer.row].copy()
                mesh[:, :2] = (mesh[:, :2] + 0.5) * factor - 0.5
                deep, alpha = inside(image, mesh, drive.mesh, box=box)
                rgb += (lacking * alpha)[..., None] * (deep - rgb)
        return rgb * fine[..., 2:]

    def _shrink(self, drive: DraftDrive, row: int) -> int:
        """By how much the source's picture is reduced first, so that a small target does not alias."""
        own = np.ptp(self._set.landmarks[row][:, :2], axis=0).max()
        wanted = np.ptp(drive.mesh[:, :2], axis=0).max()
        return max(1, int(own / max(float(wanted), 1.0) / _SHRINK_FROM + 0.5))

    def _load_mask(self, row: int) -> F32:
        """(M, M) 0..1: surely the source's own skin. Drawn in a little, because a single strand of hair shows on a forehead."""
        soft = cv2.GaussianBlur(np.asarray(self._set.masks[row]).astype(np.float32) / 255, (0, 0), _MASK_SOFT)
        return np.clip((soft - _MASK_FROM) / (1 - _MASK_FROM) * 1.1, 0, 1).astype(np.float32)

    def _load_picture(self, row: int, shrink: int) -> tuple[float, np.ndarray]:
        picture = np.asarray(self._set.crops[row])
        if shrink > 1:
            side = max(16, self._set.size // shrink)
            picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        return picture.shape[0] / self._set.size, picture


def _squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(T, D), (N, D) -> (T, N) squared distances."""
    return np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T, 0)


def _rows(shapes: F32, weight: np.ndarray, unit_cm: float) -> np.ndarray:
    """Shapes (T, 478, 3) -> (T, D): weighted so that squared distances are means over the region, in units of `unit_cm`."""
    chosen = np.flatnonzero(weight > 0.05)
    share = np.sqrt(weight[chosen] / weight[chosen].sum()) / unit_cm
    return (shapes[:, chosen] * share[:, None]).reshape(len(shapes), -1)


def _shade(changing: F32) -> np.ndarray:
    """(N, 478, 3) -> (N, D): brightness of the changing light at points spread over the face, squared distances being means."""
    points = np.flatnonzero(inner_weight(0.3, 0.6) > 0.5)[::6]
    return changing[:, points].mean(-1) / np.sqrt(len(points))


def _filled(rgb: F32, weight: np.ndarray) -> F32:
    """(S, S, 3) smooth skin, spread from where there is some (`weight` (S, S)): put where the source's hair hides what the target shows."""
    side = max(16, rgb.shape[0] // 4)
    small = cv2.resize(np.dstack([rgb * weight[..., None], weight]), (side, side), interpolation=cv2.INTER_AREA)
    spread = np.asarray(cv2.GaussianBlur(small, (0, 0), 0.05 * side) + 0.05 * cv2.GaussianBlur(small, (0, 0), 0.15 * side))
    return enlarge(spread[..., :3] / np.maximum(spread[..., 3:], 1e-6), rgb.shape[0])


def _allowed(choices: Sequence[Choice], barred: NDArray[np.bool_]) -> tuple[Choice, ...]:
    """Cross-fading may bring a barred picture in: leave it out unless nothing else is there."""
    kept = [choice for choice in choices if not barred[choice.row]] or list(choices)
    total = sum(choice.share for choice in kept)
    return tuple(Choice(choice.row, choice.share / total) for choice in kept)


def _confidence(layers: Sequence[Layer], region: Region) -> float:
    mine = [layer for layer in layers if layer.region == region]
    return float(np.exp(-0.25 * sum(layer.share * layer.cost for layer in mine)))


def _box_of(weight: np.ndarray) -> tuple[int, int, int, int] | None:
    """x0, y0, x1, y1 round the pixels with a weight; None where there are none."""
    rows, columns = np.flatnonzero((weight > 0.004).any(1)), np.flatnonzero((weight > 0.004).any(0))
    if not len(rows) or not len(columns):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
