"""The tracks of a shot on disk: one npz, no pickle, written whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar
from zipfile import BadZipFile

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
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load_tracks(path: Path, *, only: Container[str] | None = None) -> list[Track]:
    """Read the tracks that `save_tracks` wrote, or those of the ids `only`; raises ProjectBroken for a file that is not whole."""
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
            yield file, head
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ProjectBroken(f"The tracks in {path} cannot be read.", why=str(error), remedy="delete that file and run: understudy extract") from error


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
