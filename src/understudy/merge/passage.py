"""One person's way through the frames of a shot: swapped, measured, and, when the frames around are known, finished as a patch."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..faces.align import take_crop
from ..swap.mix import mixed, relit
from ..swap.swapper import Swapper
from ..types import F32, Curve, Drive, FaceCrop, Frame, Patch, Performance, SwappedFace, VideoInfo
from .blend import Finish, Window, apply, finish_for, luma, texture
from .color import SIDE, ColorMeasure, correction, measure, seam_map
from .course import Course
from .mask import plain_skin, seam_mask, steady_own
from .place import Region, box_of, moved, scaled, trimmed, unwarp
from .strokes import Strokes, without

REACH = 4
"""Frames before and after over which contrast, border and texture are averaged."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A source's face that is seen in an act."""

    swapper: Swapper
    share: Curve | None = None
    """Its part among the looks over time; None: always 1."""

    def share_at(self, index: int) -> float:
        return 1.0 if self.share is None else self.share.at(index)


@dataclass(frozen=True, slots=True, eq=False)
class Act:
    """One person of the target through a stretch of a shot, and the faces that this person is given."""

    performance: Performance
    looks: tuple[Look, ...]
    """At least one. In frames in which all shares are 0 nothing is changed."""
    strength: Curve | None = None
    """Times the merge's own strength; None: 1."""
    strokes: Strokes | None = None
    """What was painted on this person in the shot."""
    light: Curve | None = None
    """How much of the planned light is taken over; None: all of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A swapped face of one frame, before any setting of the merge but its strength has counted."""

    index: int
    position: int
    """Of the frame in the performance."""
    region: Region
    shown: np.ndarray
    """The frame's part around the face, RGB uint8."""
    crop: FaceCrop
    face: SwappedFace
    mesh: F32


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A swapped face in the pixels of its frame, before its colour and texture are decided."""

    index: int
    xy: tuple[int, int]
    rgb: F32
    """(h, w, 3) code values 0..255"""
    share: F32
    """(h, w) 0..1"""
    crop_from_patch: F32
    color: ColorMeasure | None
    levels: np.ndarray | None
    """Its texture and the target's (see `blend.texture`)."""
    confidence: float
    """Mean of the swapper's own."""
    deep: bool


class Passage:
    """An act on its way through the frames."""

    def __init__(self, act: Act, *, info: VideoInfo, course: Course, drives: Sequence[Sequence[Drive]] | None = None) -> None:
        """Plans the performance with every look's swapper, unless these plans are given as `drives`."""
        self.act, self.course = act, course
        self.performance = act.performance
        self.frame_wh = info.size_wh
        self.first, self.last = int(self.performance.frame_index[0]), int(self.performance.frame_index[-1])
        self.confidence, self.seen = 0.0, 0
        """The sum over the frames so far, and their number."""
        self.drives = drives if drives is not None else [look.swapper.plan(self.performance) for look in act.looks]
        self._position = {int(index): t for t, index in enumerate(self.performance.frame_index)}
        self._waiting: deque[Measured] = deque()
        self._spreads, self._residuals, self._textures = Window(REACH), Window(REACH), Window(REACH)

    def swap(self, frame: Frame) -> Measured | None:
        """Swap the face in this frame, if it is there, and measure it. Changes nothing here: any thread may do it."""
        made = self.make(frame)
        return self.measure(made) if made is not None else None

    def make(self, frame: Frame) -> Made | None:
        """Swap the face in this frame; None where it is not there or nothing of it is changed."""
        t = self._position.get(frame.index)
        strength = self.strength_at(frame.index)
        if t is None or frame.planes is None or strength <= 0:
            return None
        light = 1.0 if self.act.light is None else self.act.light.at(frame.index)
        looks = [
            (look.swapper, relit(drives[t], light), share)
            for look, drives in zip(self.act.looks, self.drives, strict=True)
            if (share := look.share_at(frame.index)) > 0
        ]
        p, size = self.performance, self.performance.size
        matrix = p.crop_from_frame[t]
        region = Region.around(frame.planes, matrix, size=size) if looks else None
        if region is None:
            return None
        shown = region.rgb8()
        crop = FaceCrop(rgb=take_crop(shown, region.shifted(matrix), size=size).rgb, crop_from_frame=matrix)
        face, mesh = mixed(crop, looks, strength=strength)
        return Made(frame.index, t, region, shown, crop, face, mesh)

    def strength_at(self, index: int) -> float:
        return self.course.at(index).strength * (1.0 if self.act.strength is None else self.act.strength.at(index))

    def measure(self, made: Made) -> Measured | None:
        """Cut the face out by its mask and measure its colour and texture against the target's; None where nothing of it shows."""
        p, size, t = self.performance, self.performance.size, made.position
        matrix, swapped, region = p.crop_from_frame[t], made.face, made.region
        own = steady_own(p.masks, p.frame_index, t)
        painted = self.act.strokes.at(t) if self.act.strokes is not None else None
        if painted is not None:
            include, exclude = (cv2.resize(picture, own.shape[::-1], interpolation=cv2.INTER_AREA) for picture in painted)
            own = np.asarray(np.maximum(own, include) * (1 - exclude), np.float32)
        feather = self.course.at(made.index).feather
        share = seam_mask(swapped.alpha, own, crop_from_frame=matrix, frame_wh=self.frame_wh, feather=feather, mesh=made.mesh)
        if painted is not None:
            share = without(share, painted[1], crop_from_frame=matrix)
        box = box_of(share, matrix, self.frame_wh)
        if box is None:
            return None
        # what lies beside the swapper's face is anything: kernels at the rim must not reach into it
        whole = np.where(swapped.alpha[..., None] > 0.004, swapped.rgb, made.crop.rgb).astype(np.float32)
        skin = plain_skin(p.landmarks[t], size=size, side=SIDE) * plain_skin(made.mesh, size=size, side=SIDE)
        x0, y0, x1, y1 = box
        crop_from_patch = moved(matrix, x0, y0)
        rgb = unwarp(whole, crop_from_patch, (x1 - x0, y1 - y0), border=cv2.BORDER_REPLICATE)
        placed = np.clip(unwarp(share, crop_from_patch, (x1 - x0, y1 - y0), border=cv2.BORDER_CONSTANT), 0, 1)
        inner = share > 0.5
        return Measured(
            index=made.index,
            xy=(x0, y0),
            rgb=rgb,
            share=placed,
            crop_from_patch=crop_from_patch,
            color=measure(whole, made.crop.rgb, share=share, skin=skin),
            levels=texture(luma(rgb), luma(made.shown[y0 - region.y : y1 - region.y, x0 - region.x : x1 - region.x]), placed),
            confidence=float(swapped.confidence[inner].mean()) if inner.any() else 0.0,
            deep=region.planes.color.bit_depth > 8,
        )

    def take(self, measured: Measured) -> None:
        """Take the next frame's face in, in the order of the frames."""
        self.confidence += measured.confidence
        self.seen += 1
        if measured.color is not None:
            self._spreads.add(measured.index, measured.color.spreads)
            self._residuals.add(measured.index, measured.color.residual)
        if measured.levels is not None:
            self._textures.add(measured.index, measured.levels)
        self._waiting.append(measured)

    def ready(self, *, up_to: int) -> Iterator[tuple[int, Patch]]:
        """The finished patches of frames up to this index."""
        while self._waiting and self._waiting[0].index <= up_to:
            waiting = self._waiting.popleft()
            means = self._spreads.mean(waiting.index), self._residuals.mean(waiting.index), self._textures.mean(waiting.index)
            patch = self.finish(waiting, *means)
            if patch is not None:
                yield waiting.index, patch

    def finish(self, face: Measured, spreads: np.ndarray | None, residual: np.ndarray | None, levels: np.ndarray | None) -> Patch | None:
        """The patch: colour, border and texture by these averages over the frames around."""
        rgb, degree = face.rgb, self.course.at(face.index).colour
        if face.color is not None and spreads is not None and residual is not None:
            rgb = cv2.transform(rgb, correction(face.color, spreads, degree=degree))
            factors = np.asarray(cv2.resize(seam_map(residual, degree=degree), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.float32)
            matrix = scaled(face.crop_from_patch, SIDE / self.performance.size)
            rgb = rgb * unwarp(factors, matrix, (rgb.shape[1], rgb.shape[0]), border=cv2.BORDER_REPLICATE)
        rgb = apply(rgb, finish_for(levels) if levels is not None else Finish(), seed=face.index)
        alpha = np.rint(face.share * 255).astype(np.uint8)
        kept = trimmed(alpha)
        if kept is None:
            return None
        top, dtype = (65535.0, np.uint16) if face.deep else (255.0, np.uint8)
        exact = np.rint(np.clip(rgb[kept] * (top / 255), 0, top)).astype(dtype)
        return Patch(xy=(face.xy[0] + kept[1].start, face.xy[1] + kept[0].start), rgb=exact, alpha=np.ascontiguousarray(alpha[kept]))


def averages(near: Sequence[Measured], index: int) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """What `Passage.finish` needs for frame `index`, from its own measurements and those of the frames around that are given (rising)."""
    spreads, residuals, textures = Window(REACH), Window(REACH), Window(REACH)
    for one in near:
        if one.color is not None:
            spreads.add(one.index, one.color.spreads)
            residuals.add(one.index, one.color.residual)
        if one.levels is not None:
            textures.add(one.index, one.levels)
    return spreads.mean(index), residuals.mean(index), textures.mean(index)
