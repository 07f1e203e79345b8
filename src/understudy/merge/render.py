"""The swapped face put back into the target's frames: for every frame the changed region, as a patch; the rest is never touched.

Frames are decoded once, in order. A face waits for `REACH` frames to come, so that its contrast and texture can be averaged over time on
both sides; nothing else is kept, so memory does not grow with the length of the shot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..config import MergeSettings
from ..events import Context, Meter
from ..faces.align import take_crop
from ..permits import require
from ..swap.swapper import Swapper
from ..types import F32, Drive, FaceCrop, Frame, Patch, Performance, Permit, VideoInfo
from ..video.read import read_frames
from ..weights.sessions import threads
from .blend import Finish, Window, apply, finish_for, luma, texture
from .color import SIDE, ColorMeasure, correction, measure, seam_map
from .mask import plain_skin, seam_mask, steady_own
from .patchfile import PatchWriter
from .place import Region, box_of, moved, scaled, trimmed, unwarp

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

        frames = read_frames(path, want="planes", start_index=first, end_index=end, info=info) if faces else ()
        for index, swapped in _in_order(frames, lambda frame: [face.swap(frame) for face in faces]):
            for face, made in zip(faces, swapped, strict=True):
                if made is not None:
                    face.take(made)
                keep(face.ready(up_to=index - REACH))
            decoded += 1
            meter.step(index + 1 - seen)
            seen = index + 1
        for face in faces:
            keep(face.ready(up_to=end))
            context.check()
        meter.step(end - seen)
    total = sum(face.seen for face in faces)
    return {
        "frames": end - first,
        "altered": len(altered),
        "damaged": end - first - decoded,
        "confidence": round(sum(face.confidence for face in faces) / max(total, 1), 4),
    }


def _in_order(frames: Iterable[Frame], work: Callable[[Frame], list[_Waiting | None]]) -> Iterator[tuple[int, list[_Waiting | None]]]:
    """The work on each frame, done a few frames ahead on the processor's other threads, given back in the frames' order."""
    workers = threads()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="swap")
    waiting: deque[tuple[int, Future[list[_Waiting | None]]]] = deque()
    try:
        for frame in frames:
            waiting.append((frame.index, pool.submit(work, frame)))
            if len(waiting) > workers:
                index, made = waiting.popleft()
                yield index, made.result()
        for index, made in waiting:
            yield index, made.result()
    finally:
        pool.shutdown(cancel_futures=True)


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
    levels: np.ndarray | None
    """Its texture and the target's (see `blend.texture`)."""
    confidence: float
    """Mean of the swapper's own."""
    deep: bool


class _Face:
    """One performance on its way through the frames."""

    def __init__(self, performance: Performance, swapper: Swapper, *, info: VideoInfo, settings: MergeSettings) -> None:
        self.performance, self.swapper, self.settings = performance, swapper, settings
        self.frame_wh = info.size_wh
        self.first, self.last = int(performance.frame_index[0]), int(performance.frame_index[-1])
        self.confidence, self.seen = 0.0, 0
        """The sum over the frames so far, and their number."""
        self._drives: Sequence[Drive] = swapper.plan(performance)
        self._position = {int(index): t for t, index in enumerate(performance.frame_index)}
        self._waiting: deque[_Waiting] = deque()
        self._spreads, self._residuals, self._textures = Window(REACH), Window(REACH), Window(REACH)

    def swap(self, frame: Frame) -> _Waiting | None:
        """Swap the face in this frame, if it is there, and measure it. Changes nothing here: any thread may do it."""
        t = self._position.get(frame.index)
        if t is None or frame.planes is None:
            return None
        p, size = self.performance, self.performance.size
        matrix = p.crop_from_frame[t]
        region = Region.around(frame.planes, matrix, size=size)
        if region is None:
            return None
        shown = region.rgb8()
        crop = FaceCrop(rgb=take_crop(shown, region.shifted(matrix), size=size).rgb, crop_from_frame=matrix)
        swapped = self.swapper.swap(crop, self._drives[t])
        own = steady_own(p.masks, p.frame_index, t)
        share = seam_mask(swapped.alpha, own, crop_from_frame=matrix, frame_wh=self.frame_wh, feather=self.settings.feather)
        box = box_of(share, matrix, self.frame_wh)
        if box is None:
            return None
        # what lies beside the swapper's face is anything: kernels at the rim must not reach into it
        whole = np.where(swapped.alpha[..., None] > 0.004, swapped.rgb, crop.rgb).astype(np.float32)
        skin = plain_skin(p.landmarks[t], size=size, side=SIDE) * plain_skin(self._drives[t].mesh, size=size, side=SIDE)
        x0, y0, x1, y1 = box
        crop_from_patch = moved(matrix, x0, y0)
        rgb = unwarp(whole, crop_from_patch, (x1 - x0, y1 - y0), border=cv2.BORDER_REPLICATE)
        placed = np.clip(unwarp(share, crop_from_patch, (x1 - x0, y1 - y0), border=cv2.BORDER_CONSTANT), 0, 1)
        inner = share > 0.5
        return _Waiting(
            index=frame.index,
            xy=(x0, y0),
            rgb=rgb,
            share=placed,
            crop_from_patch=crop_from_patch,
            color=measure(whole, crop.rgb, share=share, skin=skin),
            levels=texture(luma(rgb), luma(shown[y0 - region.y : y1 - region.y, x0 - region.x : x1 - region.x]), placed),
            confidence=float(swapped.confidence[inner].mean()) if inner.any() else 0.0,
            deep=frame.planes.color.bit_depth > 8,
        )

    def take(self, made: _Waiting) -> None:
        """Take the next frame's face in, in the order of the frames."""
        self.confidence += made.confidence
        self.seen += 1
        if made.color is not None:
            self._spreads.add(made.index, made.color.spreads)
            self._residuals.add(made.index, made.color.residual)
        if made.levels is not None:
            self._textures.add(made.index, made.levels)
        self._waiting.append(made)

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
            factors = np.asarray(cv2.resize(seam_map(residual, degree=degree), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.float32)
            matrix = scaled(face.crop_from_patch, SIDE / self.performance.size)
            rgb = rgb * unwarp(factors, matrix, (rgb.shape[1], rgb.shape[0]), border=cv2.BORDER_REPLICATE)
        levels = self._textures.mean(face.index)
        rgb = apply(rgb, finish_for(levels) if levels is not None else Finish(), seed=face.index)
        alpha = np.rint(face.share * (255 * self.settings.strength)).astype(np.uint8)
        kept = trimmed(alpha)
        if kept is None:
            return None
        top, dtype = (65535.0, np.uint16) if face.deep else (255.0, np.uint8)
        exact = np.rint(np.clip(rgb[kept] * (top / 255), 0, top)).astype(dtype)
        return Patch(xy=(face.xy[0] + kept[1].start, face.xy[1] + kept[0].start), rgb=exact, alpha=np.ascontiguousarray(alpha[kept]))
