"""The changed regions of a shot's frames on disk: one file per shot, lossless, read one frame at a time.

Layout (little endian): 8 bytes of magic; the patches, one after the other; the index (`_ROW` for each patch, in rising order of frames);
16 bytes of tail (number of patches, CRC-32 of the index, magic). How a patch becomes bytes: `patchpack`.
"""

from __future__ import annotations

import bisect
import struct
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from ..errors import ProjectBroken
from ..files import whole_file
from ..types import Patch
from .patchpack import packed, unpacked

_MAGIC = b"USPATCH3"
_TAIL = struct.Struct("<II8s")
_ROW = np.dtype(
    [
        ("frame", "<i8"), ("offset", "<u8"), ("length", "<u4"), ("crc", "<u4"), ("x", "<i4"), ("y", "<i4"), ("width", "<u2"), ("height", "<u2"),
        ("depth", "<u4"),
    ]
)  # fmt: skip
_MAX_SIDE = 65535


class PatchWriter:
    """Writes one shot's patches to `path`, whole or not at all.

    Use as a context manager: the file is there when the block has succeeded, and nothing is there when it was left by an error. Raises
    DiskFull and OutputNotWritable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: list[tuple[int, ...]] = []
        self._stack = ExitStack()
        self._file: IO[bytes] | None = None

    def __enter__(self) -> PatchWriter:
        with ExitStack() as stack:
            part = stack.enter_context(whole_file(self.path))
            self._file = stack.enter_context(part.open("wb"))
            self._file.write(_MAGIC)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None:
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:
            self._finish()

    def put(self, index: int, patch: Patch) -> None:
        """Add a patch of frame `index` (any order; several of one frame keep theirs). One that changes nothing (alpha 0) is left out."""
        if self._file is None:
            raise ValueError("PatchWriter is a context manager: put inside its block")
        _check(patch)
        if not patch.alpha.any():
            return
        data = packed(patch)
        height, width = patch.alpha.shape
        row = (index, self._file.tell(), len(data), zlib.crc32(data), *patch.xy, width, height, patch.rgb.dtype.itemsize)
        self._file.write(data)
        self._rows.append(row)

    def _finish(self) -> None:
        assert self._file is not None
        self._rows.sort(key=lambda row: row[0])
        index = np.array(self._rows, _ROW).tobytes()
        self._file.write(index)
        self._file.write(_TAIL.pack(len(self._rows), zlib.crc32(index), _MAGIC))


class Patches:
    """The patches of several shots' files, by frame. Only the indices are held in memory; a patch is read when it is asked for.

    Raises ProjectBroken, at once or when a patch is read, for a file that is missing, cut short or altered.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._indices = [_read_index(path) for path in self._paths]
        self._open: tuple[int, IO[bytes]] | None = None

    def __enter__(self) -> Patches:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def frames(self) -> list[int]:
        """The altered frames' indices, rising, each once."""
        every = [index["frame"] for index in self._indices]
        return np.unique(np.concatenate(every)).tolist() if every else []

    def at(self, index: int) -> list[Patch]:
        """The patches of frame `index`, in the order of the files and in the order in which they were put; [] for an untouched frame."""
        found = []
        for number, rows in enumerate(self._indices):
            place = bisect.bisect_left(rows["frame"], index)
            while place < len(rows) and rows["frame"][place] == index:
                found.append(self._read(number, rows[place]))
                place += 1
        return found

    def _read(self, number: int, row: np.void) -> Patch:
        path = self._paths[number]
        try:
            if self._open is None or self._open[0] != number:
                self.close()
                self._open = (number, path.open("rb"))
            file = self._open[1]
            file.seek(int(row["offset"]))
            data = file.read(int(row["length"]))
        except OSError as error:
            raise _broken(path, str(error)) from error
        if len(data) != row["length"] or zlib.crc32(data) != row["crc"]:
            raise _broken(path, f"The picture of frame {row['frame']} was altered.")
        try:
            rgb, alpha = unpacked(data, size_wh=(int(row["width"]), int(row["height"])), depth=int(row["depth"]))
        except ValueError as error:
            raise _broken(path, str(error)) from error
        return Patch(xy=(int(row["x"]), int(row["y"])), rgb=rgb, alpha=alpha)


def _check(patch: Patch) -> None:
    height, width = patch.alpha.shape
    if patch.alpha.dtype != np.uint8 or patch.rgb.dtype not in (np.uint8, np.uint16) or patch.rgb.shape != (height, width, 3):
        raise ValueError(f"a patch needs rgb uint8 or uint16 (h, w, 3) and alpha uint8 (h, w), not {patch.rgb.shape} and {patch.alpha.shape}")
    if max(height, width) > _MAX_SIDE:
        raise ValueError(f"a patch has at most {_MAX_SIDE} pixels a side")


def _read_index(path: Path) -> np.ndarray:
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
            end = file.seek(0, 2)
            file.seek(max(0, end - _TAIL.size))
            tail = file.read()
            if head != _MAGIC or len(tail) != _TAIL.size or end < len(_MAGIC) + _TAIL.size:
                raise _broken(path, "It is not a file of patches, or it was cut short.")
            count, crc, magic = _TAIL.unpack(tail)
            begin = end - _TAIL.size - count * _ROW.itemsize
            if magic != _MAGIC or begin < len(_MAGIC):
                raise _broken(path, "It was cut short.")
            file.seek(begin)
            data = file.read(count * _ROW.itemsize)
    except OSError as error:
        raise _broken(path, str(error)) from error
    if zlib.crc32(data) != crc:
        raise _broken(path, "Its index was altered.")
    return np.frombuffer(data, _ROW)


def _broken(path: Path, why: str) -> ProjectBroken:
    return ProjectBroken(f"The rendered faces in {path} cannot be read.", why=why, remedy="delete that file and run: understudy render")
