"""A file's frames by their number, in any order, for looking: what was decoded is kept as long as there is room."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from ..errors import UsageError
from ..types import Frame, Planes, VideoInfo
from .index import frame_index
from .read import read_frames

_BACK = 12
"""Frames before the one asked for that are kept as well, because whoever looks at a frame looks at the one before it next."""
KEEP_BYTES = 160_000_000


class Scrubber:
    """Frames of one file. Any thread may ask."""

    def __init__(self, path: Path, info: VideoInfo, *, name: str = "", keep_bytes: int = KEEP_BYTES) -> None:
        self.path, self.info, self.name = path, info, name
        self._index = frame_index(path)
        self._keep = keep_bytes
        self._kept: OrderedDict[int, Frame] = OrderedDict()
        self._bytes = 0
        self._running: Iterator[Frame] | None = None
        self._next = 0
        """The frame that `_running` gives next."""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._index.pts)

    def frame(self, index: int) -> Frame:
        """Frame `index` (its planes). One that is too damaged to decode is shown as the one before it.

        Raises UsageError where the file has no such frame, and the MediaErrors of reading.
        """
        if not 0 <= index < len(self):
            raise UsageError(f"{self.path.name} has no frame {index}.", remedy=f"ask for one from 0 to {len(self) - 1}")
        with self._lock:
            found = self._kept.get(index)
            if found is not None:
                self._kept.move_to_end(index)
                return found
            return self._decode(index)

    def _decode(self, index: int) -> Frame:
        key = self._index.key_before(index)
        if self._running is None or not key <= self._next <= index:
            self._restart(max(key, index - _BACK))
        assert self._running is not None
        last: Frame | None = None
        for frame in self._running:
            self._next = frame.index + 1
            self._put(frame.index, frame)
            if frame.index >= index:
                if frame.index > index:
                    self._put(index, last or frame)
                return self._kept[index]
            last = frame
        # the file's end is damaged
        if last is None and key > 0:
            return self._decode(key - 1)
        if last is None:
            raise UsageError(f"Frame {index} of {self.path.name} cannot be decoded.", remedy="look at another one")
        self._running = None
        self._put(index, last)
        return last

    def _restart(self, start: int) -> None:
        self.close()
        self._running = read_frames(self.path, want="planes", start_index=start, info=self.info)
        self._next = start

    def _put(self, index: int, frame: Frame) -> None:
        if index in self._kept:
            return
        self._kept[index] = frame
        self._bytes += _size(frame.planes)
        while self._bytes > self._keep and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self._bytes -= _size(old.planes)

    def close(self) -> None:
        """Let go of the file."""
        if self._running is not None:
            self._running.close()  # type: ignore[attr-defined]
            self._running = None


def _size(planes: Planes | None) -> int:
    return planes.y.nbytes + planes.u.nbytes + planes.v.nbytes if planes is not None else 0
