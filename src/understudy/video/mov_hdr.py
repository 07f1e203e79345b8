"""HDR's static metadata into a finished .mov: the boxes `mdcv` and `clli` (ISO/IEC 14496-12, 12.1.5) of the picture's sample description.

An encoder that writes them into its stream needs no box; ProRes has no place for them, and the muxer is not told of them.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ..files import part_of
from ..types import HdrStatic

_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_ENTRY_HEAD = 86
"""Bytes of a picture's sample entry before its own boxes."""
_PICTURES = (b"apch", b"apcn", b"apcs", b"apco", b"ap4h", b"ap4x")


def hdr_boxes(hdr: HdrStatic) -> bytes:
    """The two boxes, as far as something is known."""
    out = b""
    if hdr.mastering is not None:
        rx, ry, gx, gy, bx, by, wx, wy, most, least = hdr.mastering
        body = struct.pack(">8H2I", gx, gy, bx, by, rx, ry, wx, wy, most, least)
        out += struct.pack(">I4s", 8 + len(body), b"mdcv") + body
    if hdr.light_levels is not None:
        out += struct.pack(">I4s2H", 12, b"clli", *hdr.light_levels)
    return out


def add_hdr(path: Path, hdr: HdrStatic) -> None:
    """Put the metadata into the .mov file at `path`, whole or not at all. A file without a ProRes picture stays as it is. Raises OSError."""
    boxes = hdr_boxes(hdr)
    with path.open("rb") as file:
        found = {kind: (at, size) for kind, at, size in _top(file, path.stat().st_size)}
        at, size = found.get(b"moov", (0, 0))
        file.seek(at)
        moov = bytearray(file.read(size))
        entry = _entry(moov)
        if not boxes or entry is None:
            return
        parents, begin = entry
        moov[begin + _ENTRY_HEAD : begin + _ENTRY_HEAD] = boxes
        for place in (*parents, begin):
            struct.pack_into(">I", moov, place, struct.unpack_from(">I", moov, place)[0] + len(boxes))
        if found[b"mdat"][0] > at:
            _shift(moov, len(boxes))
        part = part_of(path)
        try:
            with part.open("wb") as out:
                file.seek(0)
                _copy(file, out, at)
                out.write(moov)
                file.seek(at + size)
                shutil.copyfileobj(file, out, 1 << 20)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _top(file: IO[bytes], end: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, place, size) of the boxes of the file."""
    at = 0
    while at + 8 <= end:
        file.seek(at)
        size, kind = struct.unpack(">I4s", file.read(8))
        if size == 1:
            size = struct.unpack(">Q", file.read(8))[0]
        size = size or end - at
        yield kind, at, size
        at += max(size, 8)


def _entry(moov: bytearray) -> tuple[list[int], int] | None:
    """The places of all boxes round the picture's sample entry, and its own."""
    for parents, begin, kind in _walk(moov, 0, len(moov), []):
        if kind == b"stsd":
            inner = begin + 16
            if bytes(moov[inner + 4 : inner + 8]) in _PICTURES:
                return [*parents, begin], inner
    return None


def _walk(data: bytearray, begin: int, end: int, parents: list[int]) -> Iterator[tuple[list[int], int, bytes]]:
    at = begin
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8:
            return
        yield parents, at, kind
        if kind in _CONTAINERS:
            yield from _walk(data, at + 8, at + size, [*parents, at])
        at += size


def _shift(moov: bytearray, by: int) -> None:
    """The pictures and sound lie so many bytes further on now."""
    for _, at, kind in _walk(moov, 0, len(moov), []):
        if kind in (b"stco", b"co64"):
            form, width = (">I", 4) if kind == b"stco" else (">Q", 8)
            for number in range(struct.unpack_from(">I", moov, at + 12)[0]):
                place = at + 16 + number * width
                struct.pack_into(form, moov, place, struct.unpack_from(form, moov, place)[0] + by)


def _copy(file: IO[bytes], out: IO[bytes], count: int) -> None:
    while count > 0:
        data = file.read(min(count, 1 << 20))
        out.write(data)
        count -= len(data)
