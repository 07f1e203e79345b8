"""Proxies: every frame of a video once more, small, each for itself, so that any frame can be shown at once while one scrubs.

A proxy lies in the project as an intermediate for looking; it is no video, and nothing is made from it. Layout (little endian): 8 bytes of
magic; the pictures (JPEG), one after the other; the index (`_ROW` for each frame of the video, in order); 16 bytes of tail (number of frames,
CRC-32 of the index, magic). A frame that is too damaged to decode shows the one before it.
"""

from __future__ import annotations

import struct
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from ..errors import ProjectBroken
from ..events import Meter
from ..files import whole_file
from ..types import U8, Frame, VideoInfo
from .index import frame_index
from .read import read_frames

LONG_SIDE = 640
"""Pixels. Larger pictures are fetched as soon as one stays on a frame."""
_QUALITY = 80
_THREADS = 2
_MAGIC = b"USPROXY1"
_TAIL = struct.Struct("<II8s")
_ROW = np.dtype([("offset", "<u8"), ("length", "<u4")])


def make_proxy(path: Path, info: VideoInfo, out: Path, *, meter: Meter) -> None:
    """Write the proxy of a video to `out`, whole or not at all. `meter` is stepped once a frame.

    Raises the MediaErrors of reading, DiskFull, OutputNotWritable, Interrupted.
    """
    count = len(frame_index(path).pts)
    rows = np.zeros(count, _ROW)
    with whole_file(out) as part, part.open("wb") as file:
        file.write(_MAGIC)
        seen = 0
        for index, jpeg in _small(read_frames(path, want="rgb", max_side=LONG_SIDE, depth=8, info=info)):
            # what was not decoded in between shows the frame before it; before the first one, the first
            rows[seen:index] = rows[seen - 1] if seen else (file.tell(), len(jpeg))
            rows[index] = (file.tell(), len(jpeg))
            file.write(jpeg)
            meter.step(index + 1 - seen)
            seen = index + 1
        rows[seen:] = rows[seen - 1] if seen else 0
        data = rows.tobytes()
        file.write(data)
        file.write(_TAIL.pack(count, zlib.crc32(data), _MAGIC))


class Proxy:
    """A proxy on disk. Only its index is held in memory; any thread may ask. Raises ProjectBroken for a file that was cut short or altered."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows = _read_index(path)

    def __len__(self) -> int:
        return len(self._rows)

    def jpeg(self, index: int) -> bytes:
        """Frame `index` as JPEG, its longer side at most LONG_SIDE. Raises IndexError."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        row = self._rows[index]
        with self.path.open("rb") as file:
            file.seek(int(row["offset"]))
            return file.read(int(row["length"]))

    def rgb(self, index: int) -> U8:
        """The same as uint8 (h, w, 3)."""
        picture = cv2.imdecode(np.frombuffer(self.jpeg(index), np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise _broken(self.path, f"The picture of frame {index} was altered.")
        return np.ascontiguousarray(picture[..., ::-1], np.uint8)


def _small(frames: Iterator[Frame]) -> Iterator[tuple[int, bytes]]:
    """The frames as JPEG, packed on other threads while the next are decoded, in order."""
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="proxy")
    waiting: deque[tuple[int, Future[bytes]]] = deque()
    try:
        for frame in frames:
            assert frame.rgb is not None
            waiting.append((frame.index, pool.submit(_packed, np.asarray(frame.rgb, np.uint8))))
            if len(waiting) > 2 * _THREADS:
                index, done = waiting.popleft()
                yield index, done.result()
        for index, done in waiting:
            yield index, done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _packed(rgb: U8) -> bytes:
    return cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


def _read_index(path: Path) -> np.ndarray:
    with path.open("rb") as file:
        end = file.seek(0, 2)
        file.seek(max(0, end - _TAIL.size))
        tail = file.read()
        if len(tail) != _TAIL.size:
            raise _broken(path, "It was cut short.")
        count, crc, magic = _TAIL.unpack(tail)
        begin = end - _TAIL.size - count * _ROW.itemsize
        if magic != _MAGIC or begin < len(_MAGIC):
            raise _broken(path, "It was cut short.")
        file.seek(begin)
        data = file.read(count * _ROW.itemsize)
    if zlib.crc32(data) != crc:
        raise _broken(path, "Its index was altered.")
    return np.frombuffer(data, _ROW)


def _broken(path: Path, why: str) -> ProjectBroken:
    return ProjectBroken(f"The small pictures in {path} cannot be read.", why=why, remedy="delete that file; it is made anew")
