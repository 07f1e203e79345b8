"""Frames become a file again: same times, same samples layout, same colour tags, same sound. Called by `provenance.publish` alone."""

from __future__ import annotations

import errno
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from ..config import EncodeSettings
from ..errors import OutputError
from ..files import whole_file
from ..types import ColorInfo, Planes, VideoInfo
from .codecs import Encoding, check_encoding, encoding_for, hdr_by_boxes, lost_metadata
from .companions import Companions, Note
from .containers import container_for
from .layout import relaid
from .mov_hdr import add_hdr
from .probe import PRIMARIES, TRANSFERS, UNKNOWN_TAG
from .read import plane_format
from .schedule import leave_real_time
from .source import open_media
from .timecode import is_timecode

MAX_MOVIE_CLOCK = 100_000_000
_RANGE_TAG = {False: 1, True: 2}
_MATRIX_TAG = {"bt601": 6, "bt709": 1, "bt2020": 9}


def write_video(
    path: Path,
    frames: Iterable[tuple[Planes, int]],
    *,
    info: VideoInfo,
    encode: EncodeSettings,
    audio_from: Path | None,
    context_check: Callable[[], None],
    note: Note = lambda message: None,
    cuts: Collection[int] = (),
    tags: Mapping[str, str] | None = None,
) -> int:
    """Write (planes, pts) to `path`, whole or not at all, and return the number of frames.

    `pts` rises strictly, in `info.time_base`, and is kept exactly (Matroska rounds to its milliseconds; streams of the MPEG
    transport and program kind, whose clock begins anywhere, are moved to begin at 0). The last frame lasts as long as `info` says. Layout
    and bit depth are those of `info.color` where the codec has them (AV1: 4:2:0; ProRes: 10 bit, 4:2:2 or 4:4:4); gray is written as 4:2:0
    with neutral colour, which every player shows. The frames whose pts are in `cuts` become key frames. The timecode of `info` is kept. Sound and
    subtitles of `audio_from` are copied, or converted where the container cannot hold them; what had to be left out is told
    through `note`. `context_check` is called before every frame and may raise to stop. `tags` are written as the container's own metadata.

    Raises OutputFormat, BadSetting, OutputNotWritable, DiskFull, and OutputError where the encoder refuses.
    """
    suffix = path.suffix.lower()
    container = container_for(path)
    check_encoding(path, encode)
    encoding = encoding_for(info, encode, suffix)
    _tell_losses(info, encode, encoding, suffix, note)
    with whole_file(path) as part, ExitStack() as stack:
        source = stack.enter_context(open_media(audio_from)) if audio_from is not None else None
        options = {} if suffix == ".mkv" else _mp4_options(info, source)
        try:
            with av.open(str(part), "w", format=container, options=options) as out:
                job = _Job(info, encoding, suffix, frozenset(cuts), context_check, note, tags or {})
                count = _write(out, frames, source, job)
        except FFmpegError as error:
            raise _explain(error, path) from error
        if info.hdr is not None and hdr_by_boxes(encode, info.hdr, suffix):
            add_hdr(part, info.hdr)
    return count


@dataclass(frozen=True, slots=True)
class _Job:
    """What the parts of one writing share."""

    info: VideoInfo
    encoding: Encoding
    suffix: str
    cuts: frozenset[int]
    check: Callable[[], None]
    note: Note
    tags: Mapping[str, str]


def _write(out: OutputContainer, frames: Iterable[tuple[Planes, int]], source: InputContainer | None, job: _Job) -> int:
    info = job.info
    stream = _picture_stream(out, job)
    if info.timecode is not None and is_timecode(info.timecode, info.frame_rate):
        out.metadata["timecode"] = info.timecode
    out.metadata.update(job.tags)
    timed = _with_durations(frames, info)
    first = next(timed, None)
    if first is None:
        raise OutputError("There are no frames to write.", remedy="check that the video has frames in the chosen range")
    shift = _shift(info, source, first[1])
    companions = Companions(source, out, suffix=job.suffix, shift=shift, note=job.note) if source is not None else None
    ticks = round(shift / info.time_base)
    durations: dict[int, int] = {}

    def mux(packets: list[Packet]) -> None:
        for packet in packets:
            assert packet.pts is not None and packet.dts is not None
            packet.duration = durations.pop(packet.pts)
            if companions is not None:
                companions.write_until(packet.dts * info.time_base)
            out.mux_one(packet)

    count = 0
    for planes, pts, duration in _chain(first, timed):
        job.check()
        durations[pts - ticks] = duration
        picture = _picture(planes, pts - ticks, job)
        if pts in job.cuts:
            picture.pict_type = PictureType.I
        mux(stream.encode(picture))
        if count == 0:
            # the encoder is open now, and has its threads
            leave_real_time()
        count += 1
    mux(stream.encode(None))
    if companions is not None:
        companions.write_until(None)
    return count


def _picture_stream(out: OutputContainer, job: _Job) -> VideoStream:
    info, encoding = job.info, job.encoding
    stream = cast(VideoStream, out.add_stream(encoding.encoder, rate=info.frame_rate, options=encoding.options))
    context = stream.codec_context
    context.width, context.height = info.size_wh
    context.pix_fmt = plane_format(encoding.color)
    context.time_base = info.time_base
    context.framerate = info.frame_rate
    stream.time_base = info.time_base
    context.sample_aspect_ratio = info.sample_aspect
    primaries, transfer, matrix, span = color_tags(encoding.color)
    context.color_primaries, context.color_trc, context.colorspace, context.color_range = primaries, transfer, matrix, span
    if encoding.bit_rate:
        context.bit_rate = encoding.bit_rate
    if encoding.tag:
        context.codec_tag = encoding.tag
    return stream


def _tell_losses(info: VideoInfo, encode: EncodeSettings, encoding: Encoding, suffix: str, note: Note) -> None:
    if encoding.color.chroma == "420" and info.color.chroma in ("422", "444"):
        note(f"{encode.codec} holds a quarter of the colour samples only (4:2:0), and the target has more; choose hevc or prores to keep them.")
    if lost_metadata(encode, info.hdr, suffix):
        note("ProRes in mkv keeps the HDR curve and primaries, but not the description of the display that it was graded on; mov keeps both.")


def _mp4_options(info: VideoInfo, source: InputContainer | None) -> dict[str, str]:
    """The index in front, so that players can begin at once; and a movie clock in which the streams' starts are exact."""
    clocks = [info.time_base.denominator]
    clocks += [s.time_base.denominator for s in source.streams.audio if s.time_base] if source is not None else []
    common = math.lcm(*clocks)
    clock = common if common <= MAX_MOVIE_CLOCK else max(info.time_base.denominator, 1000)
    return {"movflags": "+faststart", "strict": "experimental", "movie_timescale": str(clock)}


def color_tags(color: ColorInfo) -> tuple[int, int, int, int]:
    """H.273 codes (primaries, transfer, matrix, range); the matrix is always written, inferred or not, so that all players agree."""
    primaries = next((code for code, name in PRIMARIES.items() if name == color.primaries), UNKNOWN_TAG)
    transfer = next((code for code, name in TRANSFERS.items() if name == color.transfer), UNKNOWN_TAG)
    # the two kinds of bt601 differ in name only; the one that goes with 625-line primaries is called bt470bg
    matrix = 5 if color.matrix == "bt601" and color.primaries == "bt470bg" else _MATRIX_TAG[color.matrix]
    return primaries, transfer, matrix, _RANGE_TAG[color.full_range]


def _picture(planes: Planes, pts: int, job: _Job) -> VideoFrame:
    width, height = job.info.size_wh
    if planes.y.shape != (height, width):
        raise ValueError(f"planes are {planes.y.shape[1]}x{planes.y.shape[0]}, the video is {width}x{height}")
    color = job.encoding.color
    laid = relaid(planes, color)
    picture = VideoFrame(width, height, plane_format(color))
    dtype = np.uint8 if color.bit_depth == 8 else np.uint16
    for number, samples in enumerate((laid.y, laid.u, laid.v)):
        plane = picture.planes[number]
        rows = np.frombuffer(cast(Any, plane), dtype).reshape(plane.height, plane.line_size // np.dtype(dtype).itemsize)
        rows[:, : plane.width] = samples
    picture.pts, picture.time_base = pts, job.info.time_base
    picture.color_primaries, picture.color_trc, picture.colorspace, picture.color_range = color_tags(color)
    return picture


def _with_durations(frames: Iterable[tuple[Planes, int]], info: VideoInfo) -> Iterator[tuple[Planes, int, int]]:
    """Add to each frame the ticks until the next; to the last what `info.duration` leaves for it, else as much as the one before."""
    held: tuple[Planes, int] | None = None
    first, gap = 0, max(1, round(1 / (info.frame_rate * info.time_base)))
    for planes, pts in frames:
        if held is None:
            first = pts
        else:
            gap = pts - held[1]
            if gap <= 0:
                raise ValueError(f"pts must rise: {pts} after {held[1]}")
            yield *held, gap
        held = planes, pts
    if held is not None:
        left = round(info.duration / info.time_base) - (held[1] - first)
        # an extract of the video ends before `info` says: then its last frame lasts like the one before
        yield *held, left if 0 < left <= max(10 * gap, round(1 / info.time_base)) else gap


def _shift(info: VideoInfo, source: InputContainer | None, first_pts: int) -> Fraction:
    """Seconds to take off all times: 0, but for MPEG streams the beginning of their clock, which may stand at any hour."""
    if not info.container.startswith("mpeg"):
        return Fraction(0)
    starts = [first_pts * info.time_base]
    if source is not None:
        starts += [s.start_time * s.time_base for s in source.streams if s.start_time is not None and s.time_base and s.type == "audio"]
    return min(starts)


def _chain(first: tuple[Planes, int, int], rest: Iterator[tuple[Planes, int, int]]) -> Iterator[tuple[Planes, int, int]]:
    yield first
    yield from rest


def _explain(error: FFmpegError, path: Path) -> Exception:
    """An OSError (which `whole_file` puts in words) for trouble with the disk, else what the encoder said."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO):
        return OSError(error.errno, error.strerror)
    return OutputError(
        f"{path.name} could not be written.", why=f"The encoder said: {error.strerror or error}.", remedy="try another ending of the name or codec"
    )
