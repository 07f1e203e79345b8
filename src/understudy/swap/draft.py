"""The draft: the source's own pictures, chosen, warped onto the driving mesh and lit like the target. No training.

Earlier work: Garrido et al., "Automatic Face Reenactment", CVPR 2014; Dale et al., "Video Face Replacement", SIGGRAPH Asia 2011.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache, partial

import cv2
import numpy as np

from ..config import SwapSettings
from ..permits import Action, require
from ..types import F32, Drive, FaceCrop, Faceset, Permit, SwappedFace
from .irises import moved
from .light import lit, own_detail, skin_colours
from .mouth import inside, shortfall
from .planner import DraftDrive, DraftPlanner, Layer, Region
from .regions import brow_hair_weight, cover_weight, eye_weight, filled_weight, mouth_weight, plain_skin
from .strands import strands
from .warp import Raster, continued, draw, enlarge, sample, with_rim

_STEP = 2
_ALL_OWN = 0.98
_SHRINK_FROM = 1.5
_FOLD_SHARE = 0.005
"""Softening of the warp, as a share of the picture's side."""
_CLEAR_OF_HAIR = 0.012
_MASK_SOFT, _MASK_FROM = 2.2, 0.55


class DraftSwapper(DraftPlanner):
    """See `Swapper`."""

    def __init__(self, faceset: Faceset, *, settings: SwapSettings, permit: Permit, action: Action = "render") -> None:
        """Take the source's set in. `permit` must cover what the swapper is made for, `action`, with this face."""
        require(permit, role="face", action=action)
        super().__init__(faceset, settings=settings)
        self._picture = lru_cache(maxsize=48)(self._load_picture)
        self._mask = lru_cache(maxsize=256)(self._load_mask)
        self._skin_colours = lru_cache(maxsize=1024)(partial(skin_colours, self._light))

    @classmethod
    def fit(cls, faceset: Faceset, *, settings: SwapSettings, permit: Permit, action: Action = "render") -> DraftSwapper:
        """As the constructor: what other swappers take minutes for is done at once."""
        return cls(faceset, settings=settings, permit=permit, action=action)

    @property
    def model_id(self) -> str:
        """A hash of the set and of the settings that count."""
        digest = hashlib.sha256(b"draft 4")
        for array in (self._set.landmarks, self._set.vertex_rgb, self._set.frame_index):
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(self._settings.model_dump_json(include={"light"}).encode())
        return f"draft-{digest.hexdigest()[:16]}"

    def swap(self, crop: FaceCrop, drive: Drive) -> SwappedFace:
        """Warp, light and mix the drive's pictures, where the face is. Needs a drive of this swapper's own `plan`."""
        return self._made(crop, drive, whole=False)

    def whole(self, crop: FaceCrop, drive: Drive) -> SwappedFace:
        """As `swap`, and the same where the face is; beside it the pictures go on, for whoever looks at the surroundings too."""
        return self._made(crop, drive, whole=True)

    def _made(self, crop: FaceCrop, drive: Drive, *, whole: bool) -> SwappedFace:
        if not isinstance(drive, DraftDrive):
            raise TypeError("a draft is driven by its own plan")
        size = crop.size
        raster = draw(with_rim(drive.mesh), size=size, step=_STEP if size % _STEP == 0 else 1)
        weights = np.stack([cover_weight(), mouth_weight(), eye_weight(), filled_weight(), brow_hair_weight(), plain_skin()], 1)
        alpha, mouth, eyes, filled, brow_hair, plain = np.moveaxis(raster.carry(continued(weights)), -1, 0)
        coarse = [(layer, self._coarse(layer, raster, drive)) for layer in drive.layers if layer.region == "skin"]
        # a brow that reaches the hair at the temple is taken for hair; it is the face's own
        cover = np.maximum(self._cover(coarse, size), brow_hair)
        near = None
        if float(((1 - cover) * filled * alpha).max()) > 0.05:
            # next to the hair the picture is half hair, or in its shade: filled up to clean skin, and from clean skin
            clear = np.clip(8 * _drawn_in(cover, size) - 7, 0, 1)
            cover = cover + filled * (np.maximum(clear, brow_hair) - cover)
            near = plain * clear
        box = (0, 0, size, size) if whole else _box_of(alpha if near is None else np.maximum(alpha, near), above=0.0)
        rgb = np.zeros((size, size, 3), np.float32)
        if box is not None:
            x0, y0, x1, y1 = box
            for layer, found in coarse:
                rgb[y0:y1, x0:x1] += layer.share * self._warped(layer, found, raster, box=box, drive=drive)
        if near is not None:
            rgb += (1 - cover)[..., None] * (_filled(rgb, near) - rgb)
            cover = cover + (1 - cover) * filled
        confidence = np.full((size, size), _confidence(drive.layers, "skin"), np.float32)
        regions: tuple[tuple[Region, np.ndarray], ...] = (("mouth", mouth), ("eyes", eyes))
        for region, weight in regions:
            part = _box_of(weight)
            if part is not None:
                self._paste(rgb, confidence, drive, raster, region=region, weight=weight, box=part)
        alpha = np.clip(alpha, 0, 1) * np.clip(cover, 0, 1)
        return SwappedFace(rgb=np.clip(rgb, 0, 255), alpha=alpha.astype(np.float32), confidence=confidence)

    def _cover(self, skin: Sequence[tuple[Layer, F32]], size: int) -> F32:
        """(S, S) how far the skin pictures show skin (not hair) there."""
        cover = np.zeros((size, size), np.float32)
        for layer, coarse in skin:
            mask = self._mask(layer.row)
            place = (coarse[..., :2] + 0.5) * (mask.shape[0] / self._set.size) - 0.5
            cover += layer.share * enlarge(sample(mask, place), size)[..., 0]
        return cover

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
        """(s, s, 5 or 11) on the coarse picture: where in the source's picture each pixel lies (x, y), the factors on its colour, and, where a
        channel is too dark to be raised, the smooth skin colour and how far its own detail counts (see `light.lit`)."""
        columns = [with_rim(self._set.landmarks[layer.row])[:, :2], continued(layer.gain)]
        outside = [*self._set.landmarks[layer.row][:, :2].mean(0), 1, 1, 1]
        skin = self._skin_colours(layer.row)
        own = own_detail(skin, layer.gain)
        if own.min() < _ALL_OWN:
            columns += [continued(skin), continued(own)]
            outside += [128, 128, 128, 1, 1, 1]
        found = raster.carry(np.concatenate(columns, 1), outside=np.asarray(outside, np.float32), coarse=True)
        # where the mesh folds (a nostril's wing) neighbouring pixels would come from far apart
        return np.asarray(cv2.GaussianBlur(found, (0, 0), max(0.6, _FOLD_SHARE * len(found))), np.float32)

    def _warped(self, layer: Layer, coarse: F32, raster: Raster, *, box: tuple[int, int, int, int], drive: DraftDrive) -> F32:
        """The layer's picture under the drive, lit, within `box`."""
        x0, y0, x1, y1 = box
        fine = enlarge(coarse, raster.size)[y0:y1, x0:x1]
        factor, image = self._picture(layer.row, self._shrink(drive, layer.row))
        places = fine[..., :2]
        if layer.region == "eyes":
            places = moved(places, drive=drive.mesh, picture=self._set.landmarks[layer.row], box=box)
        rgb = sample(image, (places + 0.5) * factor - 0.5)
        if layer.region == "mouth":
            lacking = shortfall(self._set.landmarks[layer.row], drive.mesh)
            if lacking > 0:
                mesh = self._set.landmarks[layer.row].copy()
                mesh[:, :2] = (mesh[:, :2] + 0.5) * factor - 0.5
                deep, alpha = inside(image, mesh, drive.mesh, box=box)
                rgb += (lacking * alpha)[..., None] * (deep - rgb)
        if fine.shape[-1] == 5:
            return rgb * fine[..., 2:]
        return lit(rgb, gain=fine[..., 2:5], skin=fine[..., 5:8], own=fine[..., 8:])

    def _shrink(self, drive: DraftDrive, row: int) -> int:
        """By how much the source's picture is reduced first, so that a small target does not alias."""
        own = np.ptp(self._set.landmarks[row][:, :2], axis=0).max()
        wanted = np.ptp(drive.mesh[:, :2], axis=0).max()
        return max(1, int(own / max(float(wanted), 1.0) / _SHRINK_FROM + 0.5))

    def _load_mask(self, row: int) -> F32:
        """(M, M) 0..1: surely the source's own skin. Drawn in a little, because a single strand of hair shows on a forehead."""
        own = np.asarray(self._set.masks[row]).astype(np.float32) / 255
        hair = strands(np.asarray(self._set.crops[row]), self._set.landmarks[row])
        own *= 1 - cv2.resize(hair, own.shape[::-1], interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(own, (0, 0), _MASK_SOFT)
        return np.clip((soft - _MASK_FROM) / (1 - _MASK_FROM) * 1.1, 0, 1).astype(np.float32)

    def _load_picture(self, row: int, shrink: int) -> tuple[float, np.ndarray]:
        picture = np.asarray(self._set.crops[row])
        if shrink > 1:
            side = max(16, self._set.size // shrink)
            picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        return picture.shape[0] / self._set.size, picture


def _drawn_in(cover: np.ndarray, size: int) -> np.ndarray:
    """(S, S) a mask made smaller by a share of the picture's side."""
    reach = int(2 * _CLEAR_OF_HAIR * size) | 1
    return cv2.GaussianBlur(cv2.erode(cover, np.ones((reach, reach), np.uint8)), (0, 0), 0.5 * _CLEAR_OF_HAIR * size)


def _filled(rgb: F32, weight: np.ndarray) -> F32:
    """(S, S, 3) smooth skin, spread from where there is some (`weight` (S, S)): put where the source's hair hides what the target shows."""
    side = max(16, rgb.shape[0] // 4)
    small = cv2.resize(np.dstack([rgb * weight[..., None], weight]), (side, side), interpolation=cv2.INTER_AREA)
    spread = np.asarray(cv2.GaussianBlur(small, (0, 0), 0.05 * side) + 0.05 * cv2.GaussianBlur(small, (0, 0), 0.15 * side))
    return enlarge(spread[..., :3] / np.maximum(spread[..., 3:], 1e-6), rgb.shape[0])


def _confidence(layers: Sequence[Layer], region: Region) -> float:
    mine = [layer for layer in layers if layer.region == region]
    return float(np.exp(-0.25 * sum(layer.share * layer.cost for layer in mine)))


def _box_of(weight: np.ndarray, *, above: float = 0.004) -> tuple[int, int, int, int] | None:
    """x0, y0, x1, y1 round the pixels with a weight; None where there are none."""
    some = weight > above
    rows, columns = np.flatnonzero(some.any(1)), np.flatnonzero(some.any(0))
    if not len(rows) or not len(columns):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
