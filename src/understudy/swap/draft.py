"""The draft: the source's own pictures, chosen, warped onto the driving mesh and lit like the target. No training.

Earlier work: Garrido et al., "Automatic Face Reenactment", CVPR 2014; Dale et al., "Video Face Replacement", SIGGRAPH Asia 2011.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial

import cv2
import numpy as np

from ..config import SwapSettings
from ..faces.mesh import LIPS_INNER, N_SKIN
from ..permits import Action, require
from ..types import F32, N_LANDMARKS, Drive, FaceCrop, Faceset, Permit, SwappedFace
from .irises import moved
from .light import LUMA, drain, light_of, lit, skin_colours
from .mouth import inside, opening, shortfall
from .planner import DraftDrive, DraftPlanner, Layer, Region
from .regions import brow_hair_weight, cover_weight, eye_weight, filled_weight, mouth_weight, plain_skin, ramp, side_weight, white_weight
from .strands import strands
from .warp import Raster, continued, draw, enlarge, sample, with_rim

_STEP = 2
_MARGIN = 6
"""Pixels round the mesh that are made too, for what reaches over the border."""
_LEAST_BLUR = 0.5
_SHRINK_FROM = 1.5
_FOLD_SHARE = 0.005
"""Softening of the warp, as a share of the picture's side."""
_CLEAR_OF_HAIR = 0.012
"""Share of the picture's side within which skin beside hair is not trusted."""
_WHITER = 0.95
"""How bright teeth and eyes may be beside the performer's brightest skin, where they are raised with the skin."""
_OTHER_COLOUR, _WHITISH, _TO_WHITE = (1.25, 1.6), (0.35, 0.6), 0.7
"""Factors between the channels' gains from which the lamps differ in colour, and surely do; shares of the brightest skin from which something may be
white, and surely is; how far it is brought there."""
_RAISED, _SHINE, _TEXTURE = (1.2, 1.6), 0.9, 1.05
"""Factors from which skin counts as raised, and surely is; how much of the raising (as its exponent) shine is spared; from which factor over the
smooth skin on it is shine."""
_ABOUT_BROW = 0.025
_HAIR_ABOUT, _SKIN_ABOUT = 0.25, 0.55
"""Share of skin about a brow's place (within a few hundredths of the picture's side) from which on dark hair there is the brow's, and surely is."""
_DULLED = 0.7
"""How much of what skin is brighter than the performer's brightest is taken back."""
_MASK_SOFT, _MASK_FROM = 2.2, 0.55


class DraftSwapper(DraftPlanner):
    """See `Swapper`."""

    def __init__(self, faceset: Faceset, *, settings: SwapSettings, permit: Permit, action: Action = "render") -> None:
        """Take the source's set in. `permit` must cover what the swapper is made for, `action`, with this face."""
        require(permit, role="face", action=action)
        super().__init__(faceset, settings=settings)
        self._picture = lru_cache(maxsize=16)(self._load_picture)
        self._mask = lru_cache(maxsize=256)(self._load_mask)
        self._skin_colours = lru_cache(maxsize=1024)(partial(skin_colours, self._light))

    @classmethod
    def fit(cls, faceset: Faceset, *, settings: SwapSettings, permit: Permit, action: Action = "render") -> DraftSwapper:
        """As the constructor: what other swappers take minutes for is done at once."""
        return cls(faceset, settings=settings, permit=permit, action=action)

    @property
    def model_id(self) -> str:
        """A hash of the set and of the settings that count."""
        digest = hashlib.sha256(b"draft 9")
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
        step = _STEP if size % (2 * _STEP) == 0 else 1
        window = (0, 0, size, size) if whole else _box_of(drive.mesh[:N_SKIN, :2], size=size)
        face = SwappedFace(*(np.zeros((size, size, *more), np.float32) for more in ((3,), (), ())))
        if window is None:
            return face
        x0, y0, x1, y1 = window
        # from here on all is in the window's pixels, and whatever changes slowly on every second of them
        drive = replace(drive, mesh=(drive.mesh - np.asarray([x0, y0, 0])).astype(np.float32))
        raster = draw(with_rim(drive.mesh), size=(x1 - x0, y1 - y0), step=step)
        eyes = (eye_weight() * side_weight(side) for side in (0, 1))
        weights = np.stack([cover_weight(), mouth_weight(), *eyes, filled_weight(), brow_hair_weight(), plain_skin(), white_weight()], 1)
        alpha, mouth, right_eye, left_eye, filled, brow_hair, plain, white = cv2.split(raster.carry(continued(weights), coarse=True))
        unit = size / step
        skin = [(layer, self._places(layer, raster, unit=unit)) for layer in drive.layers if layer.region == "skin"]
        cover = self._cover(skin, alpha.shape)
        # a brow is taken for hair where it nears the temple; it is the face's own, as far as there is skin about it
        about = cv2.GaussianBlur(cover, (0, 0), _ABOUT_BROW * unit)
        brow_hair = brow_hair * np.clip((about - _HAIR_ABOUT) / (_SKIN_ABOUT - _HAIR_ABOUT), 0, 1)
        cover = np.maximum(cover, brow_hair)
        near = None
        if float(((1 - cover) * filled * alpha).max()) > 0.05:
            # next to the hair the picture is half hair, or in its shade: filled up to clean skin, and from clean skin
            clear = np.clip(8 * _drawn_in(cover, unit) - 7, 0, 1)
            cover = cover + filled * (np.maximum(clear, brow_hair) - cover)
            near = plain * clear
        rgb = self._painted(skin, raster, drive, corner=(0, 0), unit=unit)
        if near is not None:
            _mix(rgb, _filled(rgb, near, side=size // 4), enlarge(1 - cover, step))
            cover = cover + (1 - cover) * filled
        confidence = np.full(alpha.shape, _confidence(drive.layers, "skin"), np.float32)
        regions: tuple[tuple[Region, np.ndarray], ...] = (("mouth", mouth), ("right eye", right_eye), ("left eye", left_eye))
        for region, weight in regions:
            part = _seen(weight)
            if part is not None:
                self._paste(rgb, drive, raster.part(part), region=region, weight=weight, part=part, unit=unit)
                confidence += np.clip(weight, 0, 1) * (_confidence(drive.layers, region) - confidence)
        if drive.brightest is not None:
            white = np.clip(white, 0, 1)
            _dull(rgb, drive.brightest, _DULLED * (1 - white), step=step)
            gain = np.median(np.mean([layer.gain for layer in drive.layers if layer.region == "skin"], axis=0), axis=0)
            _dull(rgb, _WHITER * drive.brightest, white * ramp(gain @ LUMA, *_RAISED), step=step)
            _neutral(rgb, drive.brightest, white * ramp(gain.max() / gain.min(), *_OTHER_COLOUR), step=step)
            drain(rgb, drive.brightest, drive.colour_left)
        self._borrow(rgb, crop, drive, raster)
        alpha = np.clip(alpha, 0, 1) * np.clip(cover, 0, 1)
        np.clip(rgb, 0, 255, out=face.rgb[y0:y1, x0:x1])
        face.alpha[y0:y1, x0:x1] = enlarge(alpha, step)
        face.confidence[y0:y1, x0:x1] = enlarge(confidence, step)
        return face

    def _cover(self, skin: Sequence[tuple[Layer, F32]], shape: tuple[int, ...]) -> F32:
        """(h, w) how far the skin pictures show skin (not hair) there."""
        cover = np.zeros(shape, np.float32)
        for layer, places in skin:
            mask = self._mask(layer.row)
            cover += layer.share * sample(mask, (places + 0.5) * np.float32(mask.shape[0] / self._set.size) - 0.5)
        return cover

    def _paste(
        self, rgb: F32, drive: DraftDrive, raster: Raster, *, region: Region, weight: np.ndarray, part: tuple[int, int, int, int], unit: float
    ) -> None:
        """Mix a region's own pictures in, by its weight, within `part` of the coarse picture, of which `raster` is drawn."""
        layers = [(layer, self._places(layer, raster, unit=unit)) for layer in drive.layers if layer.region == region]
        left, top, right, bottom = (raster.step * edge for edge in part)
        made = self._painted(layers, raster, drive, corner=(left, top), unit=unit)
        _mix(rgb[top:bottom, left:right], made, enlarge(np.clip(weight[part[1] : part[3], part[0] : part[2]], 0, 1), raster.step))

    def _places(self, layer: Layer, raster: Raster, *, unit: float) -> F32:
        """(h, w, 2) on the coarse picture: where in the source's picture each pixel lies. `unit`: coarse pixels of the crop's side."""
        own = with_rim(self._set.landmarks[layer.row])[:, :2]
        found = raster.carry(own, outside=own[:N_LANDMARKS].mean(0), coarse=True)
        # where the mesh folds (a nostril's wing) neighbouring pixels would come from far apart
        return np.asarray(cv2.GaussianBlur(found, (0, 0), max(0.6, _FOLD_SHARE * unit)), np.float32)

    def _painted(self, layers: Sequence[tuple[Layer, F32]], raster: Raster, drive: DraftDrive, *, corner: tuple[int, int], unit: float) -> F32:
        """(H, W, 3) the layers' pictures under the drive, lit, summed by their shares. `corner`: the raster's first pixel in the drive's."""
        height, width = raster.ids.shape[0] * raster.step, raster.ids.shape[1] * raster.step
        out = None
        for layer, coarse in layers:
            places = enlarge(coarse, raster.step)
            factor, image = self._picture(layer.row, self._shrink(drive, layer.row))
            box = (*corner, corner[0] + width, corner[1] + height)
            if layer.region in ("right eye", "left eye"):
                places = moved(places, drive=drive.mesh, picture=self._set.landmarks[layer.row], box=box)
            if factor != 1:
                places = (places + 0.5) * np.float32(factor) - np.float32(0.5)
            rgb = sample(image, places)
            if layer.region == "mouth":
                self._open(rgb, image, layer, drive, factor=factor, box=box)
            self._without_shine(rgb, layer, raster, unit=unit)
            lit(rgb, *self._light_on(layer, raster, unit=unit))
            out = rgb if out is None else np.add(out, rgb, out=out)
        return np.zeros((height, width, 3), np.float32) if out is None else out

    def _open(self, rgb: F32, image: np.ndarray, layer: Layer, drive: DraftDrive, *, factor: float, box: tuple[int, int, int, int]) -> None:
        """Make the mouth's inside anew, where it is driven wider open than the picture shows."""
        lacking = shortfall(self._set.landmarks[layer.row], drive.mesh)
        if lacking <= 0:
            return
        mesh = self._set.landmarks[layer.row].copy()
        mesh[:, :2] = (mesh[:, :2] + 0.5) * factor - 0.5
        lips = drive.mesh[list(LIPS_INNER), :2]
        reach = 4 + int(0.03 * image.shape[0])
        (x0, y0), (x1, y1) = np.floor(lips.min(0)).astype(int) - reach, np.ceil(lips.max(0)).astype(int) + reach
        x0, y0, x1, y1 = max(x0, box[0]), max(y0, box[1]), min(x1, box[2]), min(y1, box[3])
        if x0 < x1 and y0 < y1:
            deep, alpha = inside(image, mesh, drive.mesh, box=(x0, y0, x1, y1))
            _mix(rgb[y0 - box[1] : y1 - box[1], x0 - box[0] : x1 - box[0]], deep, np.float32(lacking) * alpha)

    def _borrow(self, rgb: F32, crop: FaceCrop, drive: DraftDrive, raster: Raster) -> None:
        """Where the source never opens the mouth, or never like this: the performer's own teeth and tongue, between the source's lips. They stand in
        the right light."""
        if drive.borrowed <= 0:
            return
        height, width = rgb.shape[:2]
        lips = drive.mesh[list(LIPS_INNER), :2]
        soft = 0.006 * crop.size
        low, high = lips.min(0) - 4 * soft - 2, lips.max(0) + 4 * soft + 2
        x0, y0 = (max(0, int(edge) // raster.step) for edge in low)
        x1, y1 = (min(side // raster.step, -(-int(edge) // raster.step)) for edge, side in zip(high, (width, height), strict=True))
        if x0 >= x1 or y0 >= y1:
            return
        own = with_rim(drive.target_mesh)[:, :2]
        places = enlarge(raster.part((x0, y0, x1, y1)).carry(own, outside=own[:N_LANDMARKS].mean(0), coarse=True), raster.step)
        box = (x0 * raster.step, y0 * raster.step, x1 * raster.step, y1 * raster.step)
        weight = np.float32(drive.borrowed) * opening(drive.mesh, box=box, soft=soft)
        _mix(rgb[box[1] : box[3], box[0] : box[2]], sample(crop.rgb, places), weight)

    def _without_shine(self, rgb: F32, layer: Layer, raster: Raster, *, unit: float) -> None:
        """Take back, in place, what raising dark skin to a bright one would make of its shine: what a surface throws back does not depend on how dark
        the skin below it is (Shafer, "Using Color to Separate Reflection Components", 1985), so it must not be raised with it."""
        raised = layer.gain @ LUMA
        if float(np.median(raised)) < _RAISED[0]:
            return
        skin = self._skin_colours(layer.row) @ LUMA
        told = np.stack([skin, (1 - white_weight()) * (1 - np.maximum(raised, 1.0) ** -_SHINE)], 1)
        found = raster.carry(continued(told), outside=0.0, coarse=True)
        smooth, taken = enlarge(found[..., 0], raster.step), enlarge(found[..., 1], raster.step)
        bright = cv2.transform(rgb, LUMA[None])
        over = np.clip(bright - np.float32(_TEXTURE) * smooth, 0, None) * taken
        rgb *= (1 - over / np.maximum(bright, 1))[..., None]

    def _light_on(self, layer: Layer, raster: Raster, *, unit: float) -> tuple[F32, F32 | None]:
        """The layer's light (see `light.lit`), by its share, at every pixel. Light changes slowly: every second coarse pixel tells enough."""
        told = np.float32(layer.share) * light_of(layer.gain, self._skin_colours(layer.row))
        beside = np.asarray([layer.share] * 3 + [0] * 3, np.float32)[: told.shape[1]]
        every = 2 if raster.step > 1 else 1
        few = raster.part((every - 1, every - 1, raster.ids.shape[1], raster.ids.shape[0]), every=every)
        found = few.carry(continued(told), outside=beside, coarse=True)
        sigma = _FOLD_SHARE * unit / every
        if sigma > _LEAST_BLUR:
            found = np.asarray(cv2.GaussianBlur(found, (0, 0), sigma), np.float32)
        # the second of every two was taken, so the picture lies half a coarse pixel further on than enlarging takes it to be
        late = raster.step // 2 if every > 1 else 0
        if late:
            found = np.asarray(cv2.copyMakeBorder(found, 1, 0, 1, 0, cv2.BORDER_REPLICATE), np.float32)
        first = few.step - late if late else 0
        height, width = raster.ids.shape[0] * raster.step, raster.ids.shape[1] * raster.step

        def full(part: F32) -> F32:
            return enlarge(part, few.step)[first : first + height, first : first + width]

        return full(found[..., :3]), full(found[..., 3:]) if told.shape[1] > 3 else None

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
        # float: sampled at once what would be rounded first, and quicker
        return picture.shape[0] / self._set.size, picture.astype(np.float32)


def _drawn_in(cover: np.ndarray, unit: float) -> np.ndarray:
    """(h, w) a mask made smaller by a share of the crop's side, `unit`."""
    reach = int(2 * _CLEAR_OF_HAIR * unit) | 1
    return cv2.GaussianBlur(cv2.erode(cover, np.ones((reach, reach), np.uint8)), (0, 0), 0.5 * _CLEAR_OF_HAIR * unit)


def _dull(rgb: F32, brightest: F32, weight: np.ndarray, *, step: int) -> None:
    """Take back, in place, a share (`weight`, on the coarse picture) of what is brighter than `brightest`: shine that was filmed under another lamp,
    and turns white under a stronger one; and teeth, which were raised with the skin."""
    beyond = rgb - brightest
    np.maximum(beyond, 0, out=beyond)
    if beyond.any() and weight.any():
        take = enlarge(np.asarray(weight, np.float32), step)
        beyond *= cv2.merge([take, take, take])
        rgb -= beyond


def _neutral(rgb: F32, brightest: F32, weight: np.ndarray, *, step: int) -> None:
    """Give bright places (`weight`, on the coarse picture) most of the colour that white has in the performer's light, in place: teeth that were
    filmed under a lamp of another colour turn green or violet with gains that were measured on skin."""
    there = _seen(weight)
    if there is None:
        return
    left, top, right, bottom = (step * edge for edge in there)
    part = rgb[top:bottom, left:right]
    bright = part @ LUMA
    most = float(brightest @ LUMA)
    white = np.sqrt(brightest / max(most, 1.0)).astype(np.float32)
    share = enlarge(np.asarray(weight[there[1] : there[3], there[0] : there[2]], np.float32), step) * ramp(bright / max(most, 1.0), *_WHITISH)
    part += np.float32(_TO_WHITE) * share[..., None] * (bright[..., None] * (white / (white @ LUMA)) - part)


def _mix(rgb: F32, other: F32, weight: F32) -> None:
    """Mix another picture (h, w, 3) into `rgb`, in place, by its weight (h, w)."""
    away = other - rgb
    away *= cv2.merge([weight, weight, weight])
    rgb += away


def _filled(rgb: F32, weight: F32, *, side: int) -> F32:
    """(H, W, 3) smooth skin, spread from where there is some (`weight`, on the coarse picture): put where the source's hair hides what the target
    shows. `side`: a quarter of the crop's."""
    height, width = rgb.shape[:2]
    known = cv2.resize(rgb, weight.shape[::-1], interpolation=cv2.INTER_AREA) * weight[..., None]
    few = (max(4, width // 4), max(4, height // 4))
    small = cv2.resize(cv2.merge([known, weight]), few, interpolation=cv2.INTER_AREA)
    fewer = (max(2, few[0] // 4), max(2, few[1] // 4))
    near = cv2.GaussianBlur(small, (0, 0), 0.05 * side, borderType=cv2.BORDER_CONSTANT)
    far = cv2.GaussianBlur(cv2.resize(small, fewer, interpolation=cv2.INTER_AREA), (0, 0), 0.15 * side / 4, borderType=cv2.BORDER_CONSTANT)
    spread = near + 0.05 * cv2.resize(far, few, interpolation=cv2.INTER_LINEAR)
    smooth = spread[..., :3] / np.maximum(spread[..., 3:], 1e-6)
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _confidence(layers: Sequence[Layer], region: Region) -> float:
    mine = [layer for layer in layers if layer.region == region]
    return float(np.exp(-0.25 * sum(layer.share * layer.cost for layer in mine)))


def _box_of(points: F32, *, size: int) -> tuple[int, int, int, int] | None:
    """x0, y0, x1, y1 round points (N, 2), within a crop of `size` and of sides that divide by 8 where the crop's do; None where that is nowhere."""
    low, high = points.min(0) - _MARGIN, points.max(0) + _MARGIN + 1
    x0, y0 = (max(0, int(edge) // 8 * 8) for edge in low)
    x1, y1 = (min(size, -(-int(np.ceil(edge)) // 8) * 8) for edge in high)
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _seen(weight: np.ndarray) -> tuple[int, int, int, int] | None:
    """x0, y0, x1, y1 round the pixels with a weight, and a little more, even; None where there are none."""
    some = weight > 0.004
    rows, columns = np.flatnonzero(some.any(1)), np.flatnonzero(some.any(0))
    if not len(rows):
        return None
    (top, bottom), (left, right) = ((max(0, int(at[0]) - 3) // 2 * 2, int(at[-1]) + 4) for at in (rows, columns))
    height, width = weight.shape
    return left, top, min(width, right + right % 2), min(height, bottom + bottom % 2)
