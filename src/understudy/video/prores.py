"""ProRes 4444 with alpha, for compositing: 10 bit, every frame a key frame, the times of the original."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import av
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..errors import OutputError
from ..files import translate
from ..types import F32, VideoInfo
from .color import planes_from_rgb
from .mov_hdr import add_hdr
from .write import color_tags

PROFILE = "5"
"""4444 XQ: the finest that there is, so that the layers can be put together again."""


class ProresWriter:
    """Writes one layer to `path` (.mov). A context manager; raises DiskFull, OutputNotWritable, OutputError."""

    def __init__(self, path: Path, info: VideoInfo, *, alpha: bool, timecode: str, comment: str) -> None:
        self.path, self._info, self._alpha = path, info, alpha
        self.color = replace(info.color, chroma="444", bit_depth=10, full_range=False)
        self._format = "yuva444p10le" if alpha else "yuv444p10le"
        self._durations: dict[int, int] = {}
        try:
            self._out = av.open(str(path), "w", format="mov", options={"movflags": "+faststart+use_metadata_tags"})
        except OSError as error:
            raise translate(OSError(error.errno, error.strerror), path) from error
        self._out.metadata.update({"timecode": timecode, "comment": comment})
        options = {"profile": PROFILE, "vendor": "apl0", "bits_per_mb": "8192", **({"alpha_bits": "16"} if alpha else {})}
        self._stream = cast(VideoStream, self._out.add_stream("prores_ks", rate=info.frame_rate, options=options))
        context = self._stream.codec_context
        context.width, context.height = info.size_wh
        context.pix_fmt = self._format
        context.time_base = self._stream.time_base = info.time_base
        context.framerate = info.frame_rate
        context.sample_aspect_ratio = info.sample_aspect
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = color_tags(self.color)

    def __enter__(self) -> ProresWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self._mux(None)
            self._out.close()
        except FFmpegError as failed:
            if kind is None:
                raise self._explain(failed) from failed
        if kind is None and self._info.hdr is not None:
            try:
                add_hdr(self.path, self._info.hdr)
            except OSError as failed:
                raise translate(failed, self.path) from failed

    def put(self, picture: F32, pts: int, duration: int) -> None:
        """Add a picture, float32 0..1: gray (H, W), RGB (H, W, 3), or RGB with straight alpha (H, W, 4)."""
        rgb = np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture[..., :3]
        planes = planes_from_rgb(rgb, self.color)
        parts = [planes.y, planes.u, planes.v]
        if self._alpha:
            parts.append(np.rint(picture[..., 3] * 1023).astype(np.uint16))
        frame = VideoFrame(*self._info.size_wh, self._format)
        for number, samples in enumerate(parts):
            plane = frame.planes[number]
            rows = np.frombuffer(cast(Any, plane), np.uint16).reshape(plane.height, plane.line_size // 2)
            rows[:, : plane.width] = samples
        frame.pts, frame.time_base = pts, self._info.time_base
        frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range = color_tags(self.color)
        self._durations[pts] = duration
        try:
            self._mux(frame)
        except FFmpegError as error:
            raise self._explain(error) from error

    def _mux(self, frame: VideoFrame | None) -> None:
        for packet in self._stream.encode(frame):
            packet.duration = self._durations.pop(packet.pts or 0, 1)
            self._out.mux_one(packet)

    def _explain(self, error: FFmpegError) -> Exception:
        known = translate(OSError(error.errno, error.strerror), self.path)
        return known if isinstance(known, OutputError) else OutputError(f"{self.path.name} could not be written.", why=str(error))
