"""The tracks of a shot on disk: one npz, no pickle, written whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ..errors import ProjectBroken
from ..files import whole_file
from ..types import Track

_FORMAT = 1
_ARRAYS = (
    "frame_index", "box_xyxy", "landmarks", "presence", "pose_deg", "blendshapes", "sharpness", "vertex_rgb", "embedding", "key_index",
    "key_classes",
)  # fmt: skip
_HALF = {"blendshapes", "presence"}
"""Kept as float16: their own accuracy is far below it. Positions stay float32: a 4K pixel position needs 12 bits before the point."""


def save_tracks(tracks: list[Track], path: Path) -> None:
    """Write the tracks of one shot (possibly none) to `path` (.npz)."""
    arrays: dict[str, np.ndarray] = {}
    heads = []
    for number, track in enumerate(tracks):
        heads.append({"track_id": track.track_id, "media_id": track.media_id, "shot_id": track.shot_id})
        for name in _ARRAYS:
            array = getattr(track, name)
            arrays[f"{number}/{name}"] = array.astype(np.float16) if name in _HALF else array
    arrays["head"] = np.frombuffer(json.dumps({"format": _FORMAT, "tracks": heads}).encode(), np.uint8)
    with whole_file(path) as part, part.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load_tracks(path: Path) -> list[Track]:
    """Read what `save_tracks` wrote; raises ProjectBroken for a file that is not whole."""
    try:
        with np.load(path, allow_pickle=False) as file:
            head = json.loads(file["head"].tobytes())
            if head["format"] != _FORMAT:
                raise ValueError(f"format {head['format']}")
            return [_track(file, number, names) for number, names in enumerate(head["tracks"])]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ProjectBroken(f"The tracks in {path} cannot be read.", why=str(error), remedy="delete that file and run: understudy extract") from error


def _track(file: Mapping[str, np.ndarray], number: int, names: Mapping[str, str]) -> Track:
    arrays: dict[str, Any] = {name: file[f"{number}/{name}"] for name in _ARRAYS}
    for name in _HALF:
        arrays[name] = arrays[name].astype(np.float32)
    return Track(track_id=names["track_id"], media_id=names["media_id"], shot_id=names["shot_id"], **arrays)
