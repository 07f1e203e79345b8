"""The swapped face put back into the target's frames: for every frame the changed region, as a patch; the rest is never touched.

Frames are decoded once, in order. A face waits for `REACH` frames to come, so that its contrast and texture can be averaged over time on
both sides; nothing else is kept, so memory does not grow with the length of the shot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..config import MergeSettings
from ..events import Context, Meter
from ..faces.align import invert, take_crop
from ..permits import require
from ..swap.swapper import Swapper
from ..types import F32, Drive, FaceCrop, Frame, Patch, Performance, Permit, Planes, VideoInfo
from ..video.color import rgb_from_planes
from ..video.read import read_frames
from .blend import Finish, Window, apply, finish_for, luma, texture
from .color import SIDE, ColorMeasure, correction, measure, seam_map
from .mask import plain_skin, seam_mask, steady_own
from .patchfile import PatchWriter

REACH = 4
"""Frames before and after over which contrast, border and texture are averaged."""


def render_shot(
    path: Path,
    info: VideoInfo,
    *,
    performances: Sequence[Performance],
    swapper: Swapper,
    settings: MergeSettings,
    permits: Sequence[Permit],
    out: Path,
    context: Context,
    meter: Meter,
) -> dict[str, Any]:
    """Write the patches of all frames that `performances` cover to `out` (see `patchfile`), whole or not at all, and return a report.

    `meter` is stepped once for every frame between the first and the last that a performance has. Frames that are too damaged to decode, and
    frames in which the person is absent, get no patch. 10-bit video gives 16-bit patches.

    Report: `frames` in the range, `altered` (with a patch), `damaged` (not decoded), `confidence` (mean of the swapper's own, 0..1).
    Raises ConsentMissing, ConsentScope, ConsentExpired; Interrupted; DiskFull, OutputNotWritable; the MediaErrors of reading.
    """
    require(next((p for p in permits if p.role == "face"), None), role="face", action="render")
    require(next((p for p in permits if p.role == "performer"), None), role="performer", action="render")
    faces = []
    for performance in performances:
        if len(performance):
            context.check()
            faces.append(_Face(performance, swapper, info=info, settings=settings))
    first = min((face.first for face in faces), default=0)
    end = max((face.last for face in faces), default=-1) + 1
    decoded, seen = 0, first
    with PatchWriter(out) as writer:
        altered: set[int] = set()

        def keep(patches: Iterator[tuple[int, Patch]]) -> None:
            for index, patch in patches:
                writer.put(index, patch)
                altered.add(index)

        for frame in read_frames(path, want="planes", start_index=first, end_index=end, info=info) if faces else ():
            for face in faces:
                face.take(frame)
                keep(face.ready(up_to=frame.index - REACH))
            decoded += 1
            meter.step(frame.index + 1 - seen)
            seen = frame.index + 1
        for face in faces:
            keep(face.ready(up_to=end))
            context.check()
        meter.step(end - seen)
    confidences = [value for face in faces for value in face.confidences]
    return {
        "frames": end - first,
        "altered": len(altered),
        "damaged": end - first - decoded,
        "confidence": round(float(np.mean(confidences)), 4) if confidences else 0.0,
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A swapped face in the pixels of its frame, before its colour and texture are decided."""

    index: int
    xy: tuple[int, int]
    rgb: F32
    """(h, w, 3) code values 0..255"""
    share: F32
    """(h, w) 0..1"""
    crop_from_patch: F32
    color: ColorMeasure | None
    deep: bool


class _Face:
    """One performance on its way through the frames."""

    def __init__(self, performance: Performance, swapper: Swapper, *, info: VideoInfo, settings: MergeSettings) -> None:
        self.performance, self.swapper, self.settings = performance, swapper, settings
        self.frame_wh = info.size_wh
        self.first, self.last = int(performance.frame_index[0]), int(performance.frame_index[-1])
        self.confidences: list[float] = []
        self._drives: Sequence[Drive] = swapper.plan(performance)
        self._position = {int(index): t for t, index in enumerate(performance.frame_index)}
        self._waiting: deque[_Waiting] = deque()
        self._spreads, self._residuals, self._textures = Window(REACH), Window(REACH), Window(REACH)

    def take(self, frame: Frame) -> None:
        """Swap the face in this frame, if it is there, and measure it."""
        t = self._position.get(frame.index)
        if t is None or frame.planes is None:
            return
        p, size = self.performance, self.performance.size
        matrix = p.crop_from_frame[t]
        region = _Region.around(frame.planes, matrix, size=size)
        if region is None:
            return
        crop = FaceCrop(rgb=take_crop(region.rgb8(), region.shifted(matrix), size=size).rgb, crop_from_frame=matrix)
        swapped = self.swapper.swap(crop, self._drives[t])
        own = steady_own(p.masks, p.frame_index, t)
        share = seam_mask(swapped.alpha, own, crop_from_frame=matrix, frame_wh=self.frame_wh, feather=self.settings.feather)
        box = _box_of(share, matrix, self.frame_wh)
        if box is None:
            return
        self.confidences.append(float(swapped.confidence[share > 0.5].mean()) if (share > 0.5).any() else 0.0)
        # what lies beside the swapper's face is anything: kernels at the rim must not reach into it
        whole = np.where(swapped.alpha[..., None] > 0.004, swapped.rgb, crop.rgb).astype(np.float32)
        skin = plain_skin(p.landmarks[t], size=size, side=SIDE) * plain_skin(self._drives[t].mesh, size=size, side=SIDE)
        color = measure(whole, crop.rgb, share=share, skin=skin)
        x0, y0, x1, y1 = box
        crop_from_patch = _moved(matrix, x0, y0)
        rgb = _unwarp(whole, crop_from_patch, (x1 - x0, y1 - y0), border=cv2.BORDER_REPLICATE)
        placed = np.clip(_unwarp(share, crop_from_patch, (x1 - x0, y1 - y0), border=cv2.BORDER_CONSTANT), 0, 1)
        if color is not None:
            self._spreads.add(frame.index, color.spreads)
            self._residuals.add(frame.index, color.residual)
        levels = texture(luma(rgb), luma(region.rgb8()[y0 - region.y : y1 - region.y, x0 - region.x : x1 - region.x]), placed)
        if levels is not None:
            self._textures.add(frame.index, levels)
        self._waiting.append(_Waiting(frame.index, (x0, y0), rgb, placed, crop_from_patch, color, frame.planes.color.bit_depth > 8))

    def ready(self, *, up_to: int) -> Iterator[tuple[int, Patch]]:
        """The finished patches of frames up to this index."""
        while self._waiting and self._waiting[0].index <= up_to:
            waiting = self._waiting.popleft()
            patch = self._finished(waiting)
            if patch is not None:
                yield waiting.index, patch

    def _finished(self, face: _Waiting) -> Patch | None:
        rgb, degree = face.rgb, self.settings.colour
        spreads, residual = self._spreads.mean(face.index), self._residuals.mean(face.index)
        if face.color is not None and spreads is not None and residual is not None:
            rgb = cv2.transform(rgb, correction(face.color, spreads, degree=degree))
            offset = np.asarray(cv2.resize(seam_map(residual, degree=degree), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.float32)
            matrix = _scaled(face.crop_from_patch, SIDE / self.performance.size)
            rgb = rgb + _unwarp(offset, matrix, (rgb.shape[1], rgb.shape[0]), border=cv2.BORDER_REPLICATE)
        levels = self._textures.mean(face.index)
        rgb = apply(rgb, finish_for(levels) if levels is not None else Finish(), seed=face.index)
        alpha = np.rint(face.share * (255 * self.settings.strength)).astype(np.uint8)
        kept = _trimmed(alpha)
        if kept is None:
            return None
        top, dtype = (65535.0, np.uint16) if face.deep else (255.0, np.uint8)
        exact = np.rint(np.clip(rgb[kept] * (top / 255), 0, top)).astype(dtype)
        return Patch(xy=(face.xy[0] + kept[1].start, face.xy[1] + kept[0].start), rgb=exact, alpha=np.ascontiguousarray(alpha[kept]))


@dataclass(frozen=True, slots=True, eq=False)
class _Region:
    """The part of a frame around a face, its top left pixel at (x, y): converting all of a large frame to RGB would cost more than the swap."""

    x: int
    y: int
    planes: Planes

    @classmethod
    def around(cls, planes: Planes, crop_from_frame: F32, *, size: int) -> _Region | None:
        """The frame's part under a crop, with room for kernels; None where the crop lies beside the frame."""
        height, width = planes.y.shape
        x0, y0, x1, y1 = _corners(crop_from_frame, (0, 0, size - 1, size - 1))
        # even, so that colour samples are not split
        left, top = max(0, int(x0) - 6) // 2 * 2, max(0, int(y0) - 6) // 2 * 2
        right, bottom = min(width, int(x1) + 8), min(height, int(y1) + 8)
        if left >= right or top >= bottom:
            return None
        chroma = planes.color.chroma
        sx, sy = (1 if chroma == "444" else 2), (2 if chroma == "420" else 1)
        half = slice(top // sy, -(-bottom // sy)), slice(left // sx, -(-right // sx))
        return cls(left, top, Planes(planes.y[top:bottom, left:right], planes.u[half], planes.v[half], planes.color))

    def rgb8(self) -> np.ndarray:
        return rgb_from_planes(self.planes, depth=8)

    def shifted(self, crop_from_frame: F32) -> F32:
        return _moved(crop_from_frame, self.x, self.y)


def _moved(matrix: F32, x: int, y: int) -> F32:
    """The similarity for pictures that begin at frame pixel (x, y)."""
    out = np.array(matrix, np.float64)
    out[:, 2] += out[:, :2] @ (x, y)
    return out.astype(np.float32)


def _scaled(matrix: F32, factor: float) -> F32:
    """The similarity into the same picture made `factor` times as large; pixel centres are at integers."""
    out = np.array(matrix, np.float64) * factor
    out[:, 2] += (factor - 1) / 2
    return out.astype(np.float32)


def _corners(crop_from_frame: F32, box: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
    """The frame's bounds (x0, y0, x1, y1) of a box in the crop."""
    x0, y0, x1, y1 = box
    matrix = invert(crop_from_frame)
    points = np.array([[x0, y0], [x1, y0], [x0, y1], [x1, y1]], np.float32) @ matrix[:, :2].T + matrix[:, 2]
    (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
    return left, top, right, bottom


def _box_of(share: F32, crop_from_frame: F32, frame_wh: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Bounds (x0, y0, x1, y1; the last two excluded) in the frame of where the mask is above 0; None where that is nowhere."""
    kept = _trimmed(share)
    if kept is None:
        return None
    rows, columns = kept
    x0, y0, x1, y1 = _corners(crop_from_frame, (columns.start - 1, rows.start - 1, columns.stop, rows.stop))
    left, top = max(0, int(np.floor(x0))), max(0, int(np.floor(y0)))
    right, bottom = min(frame_wh[0], int(np.ceil(x1)) + 1), min(frame_wh[1], int(np.ceil(y1)) + 1)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _trimmed(mask: np.ndarray) -> tuple[slice, slice] | None:
    """The bounds of what is above 0, as rows and columns."""
    rows, columns = np.flatnonzero(mask.max(1) > 0), np.flatnonzero(mask.max(0) > 0)
    if not len(rows):
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _unwarp(picture: F32, crop_from_patch: F32, size_wh: tuple[int, int], *, border: int) -> F32:
    """A picture in the crop's pixels brought into the patch's: cubic where it is enlarged, averaged where it is reduced."""
    factor = float(np.sqrt(abs(np.linalg.det(crop_from_patch[:, :2]))))
    times = int(np.ceil(factor)) if factor > 1.15 else 1
    width, height = size_wh
    matrix = np.array(crop_from_patch, np.float64)
    matrix[:, 2] -= matrix[:, :2].sum(1) * ((times - 1) / 2 / times)
    matrix[:, :2] /= times
    way = cv2.INTER_LINEAR if picture.ndim == 2 else cv2.INTER_CUBIC
    out = cv2.warpAffine(picture, matrix, (width * times, height * times), flags=way | cv2.WARP_INVERSE_MAP, borderMode=border)
    return np.asarray(cv2.resize(out, size_wh, interpolation=cv2.INTER_AREA) if times > 1 else out, np.float32)
