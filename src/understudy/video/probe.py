"""What a video file is, before anything is done with it; and what is wrong with it, in words."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

from av.container import InputContainer
from av.stream import Stream
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..errors import MediaTruncated, MediaUnsupported
from ..files import sha256_file
from ..types import ColorInfo, StreamInfo, VideoInfo
from .hdr import static_metadata
from .index import FrameIndex, decode, frame_index
from .source import check_file, open_media, picture_stream

MAX_SIDE = 16384
PRIMARIES = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020", 10: "smpte428", 11: "smpte431",
    12: "smpte432", 22: "ebu3213",
}  # fmt: skip
"""ITU-T H.273 table 2."""
TRANSFERS = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100", 10: "log316", 11: "iec61966-2-4",
    12: "bt1361", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67",
}  # fmt: skip
"""ITU-T H.273 table 3."""
UNKNOWN_TAG = 2
_MATRICES: dict[int, Literal["bt601", "bt709", "bt2020"]] = {1: "bt709", 4: "bt601", 5: "bt601", 6: "bt601", 7: "bt709", 9: "bt2020", 10: "bt2020"}
"""ITU-T H.273 table 4; close relatives are read as one (FCC as bt601, SMPTE 240M as bt709, constant luminance as bt2020)."""


def probe(path: Path) -> VideoInfo:
    """Read everything about a video file that the other steps need; the whole file is read once, one picture is decoded.

    `n_frames` is the exact number of frames that are shown (edit lists applied). Raises MediaNotFound, MediaIsFolder,
    MediaEmpty, MediaNotVideo, MediaNoPicture, MediaTruncated, MediaUnsupported.
    """
    with open_media(path) as container:
        stream = picture_stream(container, path)
        _check_whole(container, stream, path)
        stream.thread_type = "AUTO"
        first = next(decode(container, stream), None)
        if first is None:
            raise MediaTruncated(
                f"No picture in {path.name} can be decoded.", why="The file is cut short or damaged.", remedy="copy or download the file again"
            )
        if max(first.width, first.height) > MAX_SIDE or min(first.width, first.height) < 16:
            raise MediaUnsupported(
                f"{path.name} is {first.width}x{first.height} pixels.", why=f"A side must have 16 to {MAX_SIDE}.", remedy="convert it to another size"
            )
        index = frame_index(path)
        time_base = index.time_base
        rotation = rotation_of(first)
        turned = rotation in (90, 270)
        ticks = index.pts[-1] + index.last_duration - index.pts[0]
        aspect = stream.sample_aspect_ratio or Fraction(1)
        return VideoInfo(
            path=path,
            size_wh=(first.height, first.width) if turned else (first.width, first.height),
            frame_rate=_average_rate(index, stream, ticks * time_base),
            time_base=time_base,
            duration=ticks * time_base,
            n_frames=len(index.pts),
            rotation_deg=rotation,
            color=color_of(first, stream, turned=turned),
            codec=stream.codec_context.name,
            container=container.format.name,
            streams=tuple(_stream_info(s) for s in container.streams if s is not stream),
            sample_aspect=1 / aspect if turned else aspect,
            hdr=static_metadata(first),
            timecode=_timecode(container),
        )


def _timecode(container: InputContainer) -> str | None:
    """Where the container, the picture or a track of its own says it; the picture's own word first."""
    told = [stream.metadata for stream in container.streams] + [container.metadata]
    return next((value for metadata in told for name, value in metadata.items() if name.lower() == "timecode"), None)


def media_id(path: Path) -> tuple[str, str]:
    """(first 12 hex digits of the file's SHA-256, all 64). Raises the MediaError for a missing, empty or unreadable file."""
    check_file(path)
    whole = sha256_file(path)
    return whole[:12], whole


def rotation_of(frame: VideoFrame) -> Literal[0, 90, 180, 270]:
    """The clockwise turn that shows the frame upright, to the nearest quarter."""
    return cast(Literal[0, 90, 180, 270], round(-frame.rotation / 90) % 4 * 90)


def color_of(frame: VideoFrame, stream: VideoStream, *, turned: bool) -> ColorInfo:
    """How to read the samples that `read_frames` gives for this file (see `read.plane_format` for unusual formats)."""
    kind = frame.format
    if is_rgb(kind):
        return ColorInfo("bt709", "iec61966-2-1", "bt709", False, min(_depth(kind), 10), "444", matrix_tagged=False)
    matrix = _MATRICES.get(frame.colorspace) or _MATRICES.get(stream.codec_context.colorspace)
    shown_height = frame.width if turned else frame.height
    full = kind.name.startswith("yuvj") or 2 in (frame.color_range, stream.codec_context.color_range)
    return ColorInfo(
        primaries=PRIMARIES.get(frame.color_primaries, "unknown"),
        transfer=TRANSFERS.get(frame.color_trc, "unknown"),
        matrix=matrix or ("bt709" if shown_height > 576 else "bt601"),
        full_range=full,
        bit_depth=8 if _depth(kind) <= 8 else 10,
        chroma=_chroma(kind, frame, turned=turned),
        matrix_tagged=matrix is not None,
    )


def is_rgb(kind: VideoFormat) -> bool:
    return kind.is_rgb or kind.has_palette


def _depth(kind: VideoFormat) -> int:
    return max((c.bits for c in kind.components), default=8)


def _chroma(kind: VideoFormat, frame: VideoFrame, *, turned: bool) -> Literal["420", "422", "444", "gray"]:
    """The layout that is read: the file's own, or 4:4:4 where a quarter turn or an odd side leaves no whole colour samples."""
    if len(kind.components) < 3:
        return "gray"
    across, down = -(-frame.width // kind.chroma_width(frame.width)), -(-frame.height // kind.chroma_height(frame.height))
    if (across, down) == (2, 1):
        return "444" if turned or frame.width % 2 else "422"
    if across >= 2 and down >= 2:
        return "444" if frame.width % 2 or frame.height % 2 else "420"
    return "420" if across == 4 else "444"


def _average_rate(index: FrameIndex, stream: VideoStream, duration: Fraction) -> Fraction:
    """The stated rate where the frames keep to it within a tick, else frames over time."""
    measured = Fraction(len(index.pts)) / duration
    base, stated = stream.time_base, stream.guessed_rate
    if stated and base:
        gaps = {b - a for a, b in zip(index.pts, index.pts[1:], strict=False)}
        step = 1 / (stated * base)
        if all(abs(gap - step) <= 1 for gap in gaps) and abs(measured / stated - 1) < Fraction(1, 50):
            return Fraction(stated)
    return measured.limit_denominator(100000)


def _stream_info(stream: Stream) -> StreamInfo:
    kind = stream.type if stream.type in ("audio", "subtitle") else "other"
    duration = stream.duration * stream.time_base if stream.duration and stream.time_base else None
    context = getattr(stream, "codec_context", None)
    language = stream.metadata.get("language")
    return StreamInfo(stream.index, kind, context.name if context else "unknown", language if language not in (None, "und") else None, duration)


def _check_whole(container: InputContainer, stream: VideoStream, path: Path) -> None:
    """Raise MediaTruncated where the container says that it is longer than the file is."""
    size = path.stat().st_size
    needed = 0
    if "mp4" in container.format.name:
        needed = max((entry.pos + entry.size for entry in stream.index_entries), default=0)
    elif "matroska" in container.format.name:
        needed = _matroska_end(path)
    if needed > size:
        missing = 100 - 100 * size // needed
        raise MediaTruncated(
            f"{path.name} is cut short.",
            why=f"At least {max(missing, 1)} % of it is missing.",
            remedy="copy or download the file again",
        )


def _matroska_end(path: Path) -> int:
    """Where the Segment of a Matroska file says that it ends (RFC 9559); 0 where it does not say."""
    with path.open("rb") as file:
        head = file.read(4096)
    at = head.find(b"\x18\x53\x80\x67")
    if at < 0 or at + 5 > len(head):
        return 0
    first = head[at + 4]
    length = 9 - first.bit_length()
    value = int.from_bytes(head[at + 4 : at + 4 + length], "big") & ((1 << 7 * length) - 1)
    unknown = (1 << 7 * length) - 1
    return 0 if value == unknown else at + 4 + length + value
