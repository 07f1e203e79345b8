"""One person's way through the frames of a shot: swapped, measured, and, when the frames around are known, finished as a patch."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..config import MergeSettings
from ..faces.align import take_crop
from ..swap.mix import mixed, relit
from ..swap.swapper import Swapper
from ..types import F32, Drive, FaceCrop, Frame, Patch, Performance, SwappedFace, Timed, VideoInfo
from .around import Around, Windows
from .blend import Finish, apply, finish_for, luma, texture
from .color import SIDE, ColorMeasure, correction, measure, seam_map
from .course import Course
from .depth import Place, behind
from .mask import plain_skin, seam_mask, steady_own
from .membrane import difference
from .place import Region, box_of, moved, scaled, trimmed, unwarp
from .rescale import rescaled
from .shave import shaved
from .strokes import Strokes, without
from .transfer import Change, change_for, transfer_of, transferred


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A source's face that is seen in an act."""

    swapper: Swapper
    share: Timed | None = None
    """Its part among the looks over time; None: always 1."""

    def share_at(self, index: int) -> float:
        return 1.0 if self.share is None else self.share.at(index)


@dataclass(frozen=True, slots=True, eq=False)
class Act:
    """One person of the target through a stretch of a shot, and the faces that this person is given."""

    performance: Performance
    looks: tuple[Look, ...]
    """At least one. In frames in which all shares are 0 nothing is changed."""
    strength: Timed | None = None
    """Times the merge's own strength; None: 1."""
    strokes: Strokes | None = None
    """What was painted on this person in the shot."""
    light: Timed | None = None
    """How much of the planned light is taken over; None: all of it."""
    place: Place | None = None
    """Where the person stands among the others; None: nobody comes near."""


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
        self._windows = Windows()

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
        strength *= self.reached(t)
        light = 1.0 if self.act.light is None else self.act.light.at(frame.index)
        looks = [
            (look.swapper, relit(drives[t], light), share)
            for look, drives in zip(self.act.looks, self.drives, strict=True)
            if (share := look.share_at(frame.index)) > 0
        ]
        p, size = self.performance, self.performance.size
        matrix = p.crop_from_frame[t]
        region = Region.around(frame.planes, matrix, size=size) if looks and strength > 0 else None
        if region is None:
            return None
        shown = region.rgb8()
        crop = FaceCrop(rgb=take_crop(shown, region.shifted(matrix), size=size).rgb, crop_from_frame=matrix)
        face, mesh = mixed(crop, looks, strength=strength)
        return Made(frame.index, t, region, shown, crop, face, mesh)

    def plays(self) -> bool:
        """Whether anything is meant to be changed in any frame."""
        return any(self._meant(index) and self.reached(t) > 0 for t, index in enumerate(self.performance.frame_index.tolist()))

    def turned_away(self) -> list[int]:
        """The frames in which a face was meant to be put on and is faded, because its source never turns that far."""
        return [index for t, index in enumerate(self.performance.frame_index.tolist()) if self._meant(index) and self.reached(t) < 1]

    def reached(self, position: int) -> float:
        """0..1 how far the faces seen in frame `position` of the performance may be shown there, the smallest counting: see `Drive.shown`."""
        index = int(self.performance.frame_index[position])
        drives = [drives[position] for look, drives in zip(self.act.looks, self.drives, strict=True) if look.share_at(index) > 0]
        return min((drive.shown for drive in drives), default=1.0)

    def _meant(self, index: int) -> bool:
        return self.strength_at(index) > 0 and any(look.share_at(index) > 0 for look in self.act.looks)

    def strength_at(self, index: int) -> float:
        return self.course.at(index).strength * (1.0 if self.act.strength is None else self.act.strength.at(index))

    def measure(self, made: Made, *, textured: bool = False) -> Measured | None:
        """Cut the face out by its mask and measure its colour and texture against the target's; None where nothing of it shows.

        Texture is averaged over time and measured in every second frame only, or in this one too if it shall be `textured`.
        """
        p, size, t = self.performance, self.performance.size, made.position
        matrix, swapped, region = p.crop_from_frame[t], made.face, made.region
        own = steady_own(p.masks, p.frame_index, t)
        painted = self.act.strokes.at(t) if self.act.strokes is not None else None
        if painted is not None:
            include, exclude = (cv2.resize(picture, own.shape[::-1], interpolation=cv2.INTER_AREA) for picture in painted)
            own = np.asarray(np.maximum(own, include) * (1 - exclude), np.float32)
        now = self.course.at(made.index)
        if now.face_scale != 1 or now.output_scale != 1:
            swapped = rescaled(swapped, made.mesh, factor=now.face_scale, output=now.output_scale)
        share = seam_mask(swapped.alpha, own, crop_from_frame=matrix, frame_wh=self.frame_wh, feather=now.feather, mesh=made.mesh, erode=now.erode)
        # what lies beside the swapper's face is anything: kernels at the rim must not reach into it
        whole = made.crop.rgb.astype(np.float32)
        covered = trimmed(swapped.alpha)
        if covered is not None:
            sure = (swapped.alpha[covered] > 0.004).astype(np.uint8)
            whole[covered] = cv2.copyTo(swapped.rgb[covered], sure, whole[covered])
        seam = share
        if p.whole is not None:
            whole, share = shaved(whole, made.crop.rgb, share, shown=p.whole[t], mesh=p.landmarks[t])
        if painted is not None:
            share = without(share, painted[1], crop_from_frame=matrix)
        if self.act.place is not None:
            share = behind(share, self.act.place.before(made.index), crop_from_frame=matrix)
        box = box_of(share, matrix, self.frame_wh)
        if box is None:
            return None
        skin = plain_skin(p.landmarks[t], size=size, side=SIDE) * plain_skin(made.mesh, size=size, side=SIDE)
        x0, y0, x1, y1 = box
        crop_from_patch = moved(matrix, x0, y0)
        rgb = unwarp(whole, crop_from_patch, (x1 - x0, y1 - y0), border=cv2.BORDER_REPLICATE)
        placed = unwarp(share, crop_from_patch, (x1 - x0, y1 - y0), border=cv2.BORDER_CONSTANT)
        face = np.minimum(share, seam)
        inner = (face > 0.5).astype(np.uint8)
        levels = None
        if textured or self._textured(t):
            shown = made.shown[y0 - region.y : y1 - region.y, x0 - region.x : x1 - region.x]
            levels = texture(luma(rgb), luma(shown), placed)
        return Measured(
            index=made.index,
            xy=(x0, y0),
            rgb=rgb,
            share=placed,
            crop_from_patch=crop_from_patch,
            color=measure(
                whole, made.crop.rgb, share=np.minimum(share, seam), skin=skin, samples=transfer_of(now) is not None, seamless=now.mode == "seamless"
            ),
            levels=levels,
            confidence=cv2.mean(swapped.confidence, inner)[0],
            deep=region.planes.color.bit_depth > 8,
        )

    def _textured(self, position: int) -> bool:
        """Whether texture is measured here: in the first that there is of every two frames."""
        index = self.performance.frame_index
        return position == 0 or int(index[position - 1]) // 2 != int(index[position]) // 2

    def take(self, measured: Measured) -> None:
        """Take the next frame's face in, in the order of the frames."""
        self.confidence += measured.confidence
        self.seen += 1
        self._windows.add(measured)
        self._waiting.append(measured)

    def nearness(self, index: int) -> float:
        """How near the person is in this frame, beside the others of the shot: who is nearer is painted later."""
        return 0.0 if self.act.place is None else self.act.place.nearness(index)

    def ready(self, *, up_to: int) -> Iterator[tuple[int, Patch]]:
        """The finished patches of frames up to this index."""
        while self._waiting and self._waiting[0].index <= up_to:
            waiting = self._waiting.popleft()
            patch = self.finish(waiting, self._windows.around(waiting.index))
            if patch is not None:
                yield waiting.index, patch

    def finish(self, face: Measured, around: Around) -> Patch | None:
        """The patch: colour, border and texture by what is known of the frames around."""
        rgb, now = face.rgb, self.course.at(face.index)
        if face.color is not None and now.mode != "raw":
            rgb = self._coloured(rgb, face, face.color, around, now)
        finish = finish_for(around.levels) if around.levels is not None and now.mode != "raw" else Finish()
        rgb = apply(rgb, finish, seed=face.index, sharpen=now.sharpen)
        alpha = np.rint(face.share * 255).astype(np.uint8)
        kept = trimmed(alpha)
        if kept is None:
            return None
        # scaled, rounded and kept within the type in one pass
        scale, kind = (257, cv2.CV_16U) if face.deep else (1, cv2.CV_8U)
        exact = np.asarray(cv2.addWeighted(rgb[kept], scale, rgb[kept], 0, 0, dtype=kind))
        return Patch(xy=(face.xy[0] + kept[1].start, face.xy[1] + kept[0].start), rgb=exact, alpha=np.ascontiguousarray(alpha[kept]))

    def _coloured(self, rgb: F32, face: Measured, color: ColorMeasure, around: Around, now: MergeSettings) -> F32:
        """The face (h, w, 3) in the target's colours, as the mode and the transfer say."""
        change = _change(color, around, now)
        rgb = change(rgb)
        if now.mode == "overlay" and now.transfer == "own" and around.residual is not None:
            return np.asarray(rgb * self._enlarged(seam_map(around.residual, degree=now.colour), face), np.float32)
        if now.mode == "seamless" and around.membranes is not None:
            ours, theirs = np.asarray(around.membranes, np.float32)
            rest = self._enlarged(difference(change(ours), theirs), face)
            rgb = np.asarray(rgb + np.float32(now.colour) * rest, np.float32)
        return np.asarray(rgb, np.float32)

    def _enlarged(self, small: F32, face: Measured) -> F32:
        """A small picture in the standard crop, (h, w, 3) in the patch's pixels."""
        whole = np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.float32)
        matrix = scaled(face.crop_from_patch, SIDE / self.performance.size)
        return unwarp(whole, matrix, (face.rgb.shape[1], face.rgb.shape[0]), border=cv2.BORDER_REPLICATE, smooth=True)


def _change(color: ColorMeasure, around: Around, now: MergeSettings) -> Change:
    """The change of colour that the settings ask for."""
    transfer = transfer_of(now)
    if transfer is not None and around.samples is not None:
        wanted = change_for(transfer, around.samples[0], around.samples[1])
        return lambda rgb: transferred(rgb, wanted, degree=now.colour)
    if transfer is None and now.transfer == "own" and around.spreads is not None:
        matrix = correction(color, around.spreads, degree=now.colour)
        return lambda rgb: np.asarray(cv2.transform(rgb, matrix), np.float32)
    return lambda rgb: rgb
