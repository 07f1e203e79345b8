"""The tracks of a shot on disk: one npz, no pickle, written whole.

Meshes and their colours, nearly all of it, lie uncompressed (they hardly shrink) and aligned in the file, so that a film's tracks are mapped into
memory and read where they are looked at.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, TypeVar
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np

from ..errors import ProjectBroken
from ..files import whole_file
from ..types import F32, Sighting, Track

T = TypeVar("T")
_FORMAT = 2
_ARRAYS = (
    "frame_index", "box_xyxy", "landmarks", "presence", "pose_deg", "blendshapes", "sharpness", "vertex_rgb", "embedding", "key_index",
    "key_classes", "bridged", "outside", "occluded",
)  # fmt: skip
_LOOKS = ("frame_index", "box_xyxy", "points5", "score")
_HALF = {"blendshapes", "presence", "outside", "occluded"}
"""Kept as float16: their own accuracy is far below it. Positions stay float32: a 4K pixel position needs 12 bits before the point."""
_MAPPED = ("landmarks", "vertex_rgb")
_ALIGNED = 64
"""Bytes; the header of an array is a multiple of it, too."""
_LOCAL_HEADER = 30
"""Bytes before the name of a file in a zip (APPNOTE.TXT 4.3.7)."""
_PADDING = 0xD935
"""The mark of an extra field that only fills, as Android's zipalign writes it."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackHead:
    """What is needed of a track to tell who it is and to show it; the fields are those of `Track`."""

    track_id: str
    media_id: str
    shot_id: str
    frame_index: np.ndarray
    box_xyxy: F32
    embedding: F32
    portraits: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.frame_index)


def save_tracks(tracks: list[Track], path: Path, *, sightings: Sequence[Sighting] = ()) -> None:
    """Write the tracks of one shot (possibly none), and what is seen beside them, to `path` (.npz)."""
    arrays: dict[str, np.ndarray] = {}
    heads = []
    for number, track in enumerate(tracks):
        sizes = [len(portrait) for portrait in track.portraits]
        heads.append({"track_id": track.track_id, "media_id": track.media_id, "shot_id": track.shot_id, "portraits": sizes})
        arrays[f"{number}/portraits"] = np.frombuffer(b"".join(track.portraits), np.uint8)
        for name in _ARRAYS:
            array = getattr(track, name)
            arrays[f"{number}/{name}"] = array.astype(np.float16) if name in _HALF else array
    for number, sighting in enumerate(sightings):
        arrays |= {f"sighting {number}/{name}": getattr(sighting, name) for name in _LOOKS}
    seen = [{"media_id": sighting.media_id, "shot_id": sighting.shot_id} for sighting in sightings]
    arrays["head"] = np.frombuffer(json.dumps({"format": _FORMAT, "tracks": heads, "sightings": seen}).encode(), np.uint8)
    with whole_file(path) as part, part.open("wb") as file:
        _write(file, arrays)


def _write(file: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    with ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            entry = ZipInfo(f"{name}.npy")
            entry.compress_type = ZIP_STORED if _is_mapped(name) else ZIP_DEFLATED
            if _is_mapped(name):
                fill = -(file.tell() + _LOCAL_HEADER + len(entry.filename) + 4) % _ALIGNED
                entry.extra = struct.pack("<HH", _PADDING, fill) + bytes(fill)
            with archive.open(entry, "w") as out:
                np.lib.format.write_array(out, np.ascontiguousarray(array), allow_pickle=False)


def _is_mapped(name: str) -> bool:
    return name.rsplit("/", 1)[-1] in _MAPPED


def load_tracks(path: Path, *, only: Container[str] | None = None) -> list[Track]:
    """Read the tracks that `save_tracks` wrote, or those of the ids `only`; raises ProjectBroken for a file that is not whole.

    Their meshes and colours take memory only while they are looked at; what is changed in them stays in memory alone.
    """
    return _load(path, _track, only)


def load_sightings(path: Path) -> list[Sighting]:
    """Read the faces that only the detector saw."""
    with _opened(path) as (file, head):
        return [
            Sighting(names["media_id"], names["shot_id"], **{name: file[f"sighting {number}/{name}"] for name in _LOOKS})
            for number, names in enumerate(head.get("sightings", ()))
        ]


def load_heads(path: Path) -> list[TrackHead]:
    """The same, only what tells who it is: quick, and small in memory for a whole film."""
    return _load(path, _head)


def _load(path: Path, make: Callable[[Mapping[str, np.ndarray], int, Mapping[str, Any]], T], only: Container[str] | None = None) -> list[T]:
    with _opened(path) as (file, head):
        return [make(file, number, names) for number, names in enumerate(head["tracks"]) if only is None or names["track_id"] in only]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Mapping[str, np.ndarray], dict[str, Any]]]:
    """The arrays of a file and its head."""
    try:
        with np.load(path, allow_pickle=False) as file:
            head = json.loads(file["head"].tobytes())
            if head["format"] != _FORMAT:
                raise ValueError(f"format {head['format']}")
            yield _Arrays(path, file), head
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ProjectBroken(f"The tracks in {path} cannot be read.", why=str(error), remedy="delete that file and run: understudy extract") from error


class _Arrays(Mapping[str, np.ndarray]):
    """The arrays of an npz; those that lie open in it are mapped, not read."""

    def __init__(self, path: Path, file: Any) -> None:
        self._path = path
        self._file = file

    def __getitem__(self, name: str) -> np.ndarray:
        # a mapped file cannot be replaced or deleted on Windows
        if not _is_mapped(name) or os.name == "nt":
            return self._file[name]
        entry = self._file.zip.getinfo(f"{name}.npy")
        return self._file[name] if entry.compress_type != ZIP_STORED else _map(self._path, entry.header_offset)

    def __iter__(self) -> Iterator[str]:
        return iter(self._file)

    def __len__(self) -> int:
        return len(self._file)


def _map(path: Path, offset: int) -> np.ndarray:
    with path.open("rb") as file:
        file.seek(offset + _LOCAL_HEADER - 4)
        name, extra = struct.unpack("<HH", file.read(4))
        file.seek(name + extra, os.SEEK_CUR)
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        if not all(shape):
            return np.zeros(shape, dtype)
        return np.memmap(path, dtype, mode="c", offset=file.tell(), shape=shape).view(np.ndarray)


def _track(file: Mapping[str, np.ndarray], number: int, names: Mapping[str, Any]) -> Track:
    arrays: dict[str, Any] = {name: file[f"{number}/{name}"] for name in _ARRAYS}
    for name in _HALF:
        arrays[name] = arrays[name].astype(np.float32)
    return Track(**_names(names), portraits=_portraits(file, number, names), **arrays)


def _head(file: Mapping[str, np.ndarray], number: int, names: Mapping[str, Any]) -> TrackHead:
    arrays: dict[str, Any] = {name: file[f"{number}/{name}"] for name in ("frame_index", "box_xyxy", "embedding")}
    return TrackHead(**_names(names), portraits=_portraits(file, number, names), **arrays)


def _names(names: Mapping[str, Any]) -> dict[str, str]:
    return {name: names[name] for name in ("track_id", "media_id", "shot_id")}


def _portraits(file: Mapping[str, np.ndarray], number: int, names: Mapping[str, Any]) -> tuple[bytes, ...]:
    data, ends = file[f"{number}/portraits"].tobytes(), np.cumsum([0, *names["portraits"]]).tolist()
    return tuple(data[start:end] for start, end in pairwise(ends))
