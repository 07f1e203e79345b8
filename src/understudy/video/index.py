"""The list of a video's frames in the order of presentation, made without decoding where the packets allow it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from av.container import InputContainer
from av.error import InvalidDataError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..errors import MediaTruncated
from .source import open_media, picture_stream

HIDDEN_FRAME_CODECS = frozenset({"vp8"})
"""Codecs whose packets may hold pictures that are never shown, so that packets cannot be counted as frames."""


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Times of all frames. `pts` rises strictly; `keys` are the frames (indices) at which decoding can begin."""

    pts: tuple[int, ...]
    keys: tuple[int, ...]
    last_duration: int
    """Of the last frame, in the same unit as `pts`; at least 1."""
    time_base: Fraction
    by_packets: bool
    """True: pts from packets, a range can be sought. False: the packets lack times, frames are counted from the beginning."""

    def key_before(self, index: int) -> int:
        """The last key frame at or before the frame `index`; 0 if there is none."""
        at = bisect_right(self.keys, index)
        return self.keys[at - 1] if at else 0


def frame_index(path: Path) -> FrameIndex:
    """The index of a video file. Reads the file once (no decoding, unless packets lack times) and remembers the last few.

    Raises the MediaError of `open_media`, and MediaTruncated where the file holds no whole frame.
    """
    with open_media(path):  # says in words what is wrong, before stat() says it otherwise
        status = path.stat()
    return _frame_index(path.resolve(), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=16)
def _frame_index(path: Path, size: int, mtime_ns: int) -> FrameIndex:
    """`size` and `mtime_ns` make the cache notice that the file was replaced."""
    with open_media(path) as container:
        stream = picture_stream(container, path)
        index = None if stream.codec_context.name in HIDDEN_FRAME_CODECS else _from_packets(container, stream)
    if index is None:
        with open_media(path) as container:
            index = _from_frames(container, picture_stream(container, path))
    if not index.pts:
        raise MediaTruncated(f"{path.name} holds no whole picture.", why="It was cut short.", remedy="copy or download the file again")
    return index


def _from_packets(container: InputContainer, stream: VideoStream) -> FrameIndex | None:
    """None where a packet has no time or two have the same one."""
    shown: list[tuple[int, int, bool]] = []
    for packet in container.demux(stream):
        if packet.size == 0 or packet.is_discard:
            # an edit list's cut-away frames are decoded for the others' sake but never shown
            continue
        if packet.pts is None:
            return None
        shown.append((packet.pts, packet.duration or 0, packet.is_keyframe))
    shown.sort()
    pts = tuple(p for p, _, _ in shown)
    if len(set(pts)) != len(pts):
        return None
    keys = tuple(i for i, (_, _, key) in enumerate(shown) if key)
    stated = shown[-1][1] if shown else 0
    if pts and "mp4" in container.format.name and stream.start_time is not None and stream.duration:
        # the packets of this family state the time to the next packet, which is not the next shown where frames are reordered
        left = stream.start_time + stream.duration - pts[-1]
        stated = left if left > 0 else stated
    return FrameIndex(pts, keys, _last_duration(pts, stated), time_base_of(stream), by_packets=True)


def _from_frames(container: InputContainer, stream: VideoStream) -> FrameIndex:
    stream.thread_type = "AUTO"
    step = nominal_step(stream)
    pts: list[int] = []
    for frame in decode(container, stream):
        pts.append(rising_pts(frame, pts[-1] if pts else None, step))
    return FrameIndex(tuple(pts), (0,) if pts else (), _last_duration(tuple(pts), 0), time_base_of(stream), by_packets=False)


def rising_pts(frame: VideoFrame, before: int | None, step: int) -> int:
    """The frame's pts, or one `step` after the frame before where it has none or does not come later."""
    if before is None:
        return frame.pts if frame.pts is not None else 0
    return frame.pts if frame.pts is not None and frame.pts > before else before + step


def time_base_of(stream: VideoStream) -> Fraction:
    """Seconds a tick; 1/90000 (MPEG's clock) where the container does not say."""
    return stream.time_base or Fraction(1, 90000)


def nominal_step(stream: VideoStream) -> int:
    """Ticks between two frames by the stream's stated rate; at least 1."""
    rate, base = stream.guessed_rate or stream.average_rate, stream.time_base
    return max(1, round(1 / (rate * base))) if rate and base else 1


def decode(container: InputContainer, stream: VideoStream, *, from_key: bool = False) -> Iterator[VideoFrame]:
    """All frames from where the container stands. A damaged packet is left out; the decoder goes on with the next.

    `from_key`: packets before the first key frame are left out, as after a seek.
    """
    waiting = from_key
    for packet in container.demux(stream):
        if waiting and packet.size and not packet.is_keyframe:
            continue
        waiting = False
        try:
            yield from packet.decode()
        except InvalidDataError:
            # one damaged picture: the frames round it are still good, and their times say which they are
            continue


def _last_duration(pts: tuple[int, ...], stated: int) -> int:
    if stated > 0:
        return stated
    return max(1, pts[-1] - pts[-2]) if len(pts) > 1 else 1
