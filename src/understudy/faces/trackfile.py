"""The tracks of a shot on disk: one npz, no pickle, written whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar
from zipfile import BadZipFile

import numpy as np

from ..errors import ProjectBroken
from ..files import whole_file
from ..types import F32, Track

T = TypeVar("T")
_FORMAT = 2
_ARRAYS = (
    "frame_index", "box_xyxy", "landmarks", "presence", "pose_deg", "blendshapes", "sharpness", "vertex_rgb", "embedding", "key_index",
    "key_classes", "bridged", "outside", "occluded",
)  # fmt: skip
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


def save_tracks(tracks: list[Track], path: Path) -> None:
    """Write the tracks of one shot (possibly none) to `path` (.npz)."""
    arrays: dict[str, np.ndarray] = {}
    heads = []
    for number, track in enumerate(tracks):
        sizes = [len(portrait) for portrait in track.portraits]
        heads.append({"track_id": track.track_id, "media_id": track.media_id, "shot_id": track.shot_id, "portraits": sizes})
        arrays[f"{number}/portraits"] = np.frombuffer(b"".join(track.portraits), np.uint8)
        for name in _ARRAYS:
            array = getattr(track, name)
            arrays[f"{number}/{name}"] = array.astype(np.float16) if name in _HALF else array
    arrays["head"] = np.frombuffer(json.dumps({"format": _FORMAT, "tracks": heads}).encode(), np.uint8)
    with whole_file(path) as part, part.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load_tracks(path: Path) -> list[Track]:
    """Read what `save_tracks` wrote; raises ProjectBroken for a file that is not whole."""
    return _load(path, _track)


def load_heads(path: Path) -> list[TrackHead]:
    """The same, only what tells who it is: quick, and small in memory for a whole film."""
    return _load(path, _head)


def _load(path: Path, make: Callable[[Mapping[str, np.ndarray], int, Mapping[str, Any]], T]) -> list[T]:
    try:
        with np.load(path, allow_pickle=False) as file:
            head = json.loads(file["head"].tobytes())
            if head["format"] != _FORMAT:
                raise ValueError(f"format {head['format']}")
            return [make(file, number, names) for number, names in enumerate(head["tracks"])]
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
