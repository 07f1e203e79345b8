"""Small clips made on the spot, whose pictures say which frame they are and whose sound can be found again to the sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.subtitles.subtitle import SubtitleSet


@dataclass(frozen=True)
class Clip:
    """What a synthetic clip looks and sounds like. Frame i carries a 16x16 block in its top left corner whose luma is `mark(i)`."""

    size: tuple[int, int] = (96, 64)
    n: int = 12
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    time_base: Fraction = Fraction(1, 12800)
    pts: Sequence[int] | None = None
    """One for each frame; None: 25 a second from 0."""
    options: dict[str, str] = field(default_factory=lambda: {"preset": "ultrafast", "crf": "10"})
    tags: dict[str, int] = field(default_factory=dict)
    """Attributes of the encoder: colorspace, color_range …"""
    rotation: int = 0
    """Clockwise turn that the display matrix asks for."""
    cuts: Sequence[int] = ()
    """Frames at which the scene changes."""
    audio: str | None = None
    audio_rate: int = 16000
    audio_start: Fraction = Fraction(0)
    subtitle: str | None = None
    timecode: str | None = None


def mark(index: int) -> int:
    """Luma (8 bit) of frame `index`'s block: neighbours differ clearly."""
    return 40 + (index * 37) % 160


def picture(clip: Clip, index: int) -> np.ndarray:
    """RGB uint8 picture `index`: a gradient, a moving disc, and the block that says which frame it is."""
    width, height = clip.size
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    scene = sum(index >= cut for cut in clip.cuts)
    rgb = np.stack([90 + 60 * x / width, 80 + 70 * y / height, np.full_like(x, 120.0)], axis=2)
    if scene % 2:
        rgb = 230 - rgb[:, ::-1] * [1.0, 0.3, 0.6]
    disc = (x - width * (0.3 + 0.4 * ((index % 40) / 40))) ** 2 + (y - height * 0.6) ** 2 < (height / 6) ** 2
    rgb[disc] = (200, 60, 60)
    rgb[:16, :16] = mark(index)
    return np.clip(rgb, 0, 255).astype(np.uint8)


def _encode_picture(out: Any, clip: Clip) -> Callable[[], None]:
    stream = out.add_stream(clip.codec, rate=25, options=dict(clip.options))
    context = stream.codec_context
    context.width, context.height = clip.size
    context.pix_fmt = clip.pix_fmt
    context.time_base = stream.time_base = clip.time_base
    for name, value in clip.tags.items():
        setattr(context, name, value)
    if clip.rotation:
        stream.set_display_rotation(-clip.rotation)
    step = round(1 / (25 * clip.time_base))
    times = clip.pts if clip.pts is not None else [i * step for i in range(clip.n)]

    def run() -> None:
        for index, pts in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(clip, index), format="rgb24").reformat(format=clip.pix_fmt, dst_colorspace=5)
            frame.pts, frame.time_base = pts, clip.time_base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))

    return run


def _encode_sound(out: Any, clip: Clip, seconds: Fraction) -> Callable[[], None]:
    """Silence with a click every quarter of a second: clicks can be found again to the sample."""
    stream = out.add_stream(clip.audio, rate=clip.audio_rate)
    stream.codec_context.layout = "mono"

    def run() -> None:
        samples = np.zeros((1, int(seconds * clip.audio_rate)), np.float32)
        for at in range(clip.audio_rate // 4, samples.shape[1], clip.audio_rate // 4):
            samples[0, at : at + 8] = 0.8
        frame = av.AudioFrame.from_ndarray(samples, format="flt", layout="mono")
        frame.sample_rate, frame.time_base = clip.audio_rate, Fraction(1, clip.audio_rate)
        frame.pts = int(clip.audio_start * clip.audio_rate)
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))

    return run


def _subtitle_packet(out: Any, codec: str, text: str) -> Callable[[], None]:
    stream = out.add_stream(codec)
    stream.codec_context.subtitle_header = b"[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Text\n"
    stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
    stream.metadata["language"] = "eng"

    def run() -> None:
        event = SubtitleSet.create(text=f"0,0,Default,,0,0,0,,{text}".encode(), start=0, end=200, pts=0)
        packet = stream.codec_context.encode_subtitle(event)
        packet.time_base, packet.pts, packet.dts, packet.duration, packet.stream = Fraction(1, 1000), 100, 100, 200, stream
        out.mux(packet)

    return run


def write_clip(path: Path, clip: Clip) -> None:
    """Encode the clip; the container follows from the path's ending."""
    ends = (clip.pts[-1] - clip.pts[0]) * clip.time_base + Fraction(1, 25) if clip.pts else Fraction(clip.n, 25)
    options = {"movie_timescale": str(clip.time_base.denominator)} if path.suffix in (".mp4", ".mov") and clip.pts else {}
    with av.open(str(path), "w", options=options) as out:
        if clip.timecode:
            out.metadata["timecode"] = clip.timecode
        parts = [_encode_picture(out, clip)] if clip.codec != "none" else []
        if clip.audio:
            parts.append(_encode_sound(out, clip, ends))
        if clip.subtitle:
            parts.append(_subtitle_packet(out, clip.subtitle, "goedemorgen"))
        cast(Any, out).start_encoding()
        for part in parts:
            part()


def cut_clip(
    source: Path, path: Path, *, n: int, start: int = 0, every: int = 1, size: tuple[int, int] | None = None, options: dict[str, str] | None = None
) -> Path:
    """Write `n` frames of a clip, from frame `start` on, every `every`th, at 25 a second; scaled to `size` where given. Returns `path`."""
    with av.open(str(source)) as given, av.open(str(path), "w") as out:
        first = given.streams.video[0]
        stream = cast(Any, out.add_stream("libx264", rate=25, options=options or {"preset": "veryfast", "crf": "14"}))
        stream.width, stream.height = size or (first.codec_context.width, first.codec_context.height)
        stream.pix_fmt = "yuv420p"
        wanted = range(start, start + n * every, every)
        for index, frame in enumerate(given.decode(first)):
            if index in wanted:
                picture = frame.reformat(width=stream.width, height=stream.height, format="yuv420p")
                picture.pts, picture.time_base = wanted.index(index), Fraction(1, 25)
                out.mux(stream.encode(picture))
            if index >= wanted[-1]:
                break
        out.mux(stream.encode(None))
    return path


def write_frames(path: Path, frames: Sequence[np.ndarray], *, crf: int = 16) -> Path:
    """RGB pictures as a silent video of 25 frames a second."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": str(crf), "preset": "veryfast"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for rgb in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")))
        out.mux(stream.encode(None))
    return path
