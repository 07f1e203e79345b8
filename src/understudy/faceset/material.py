"""What one video shows of one person, as numbers that can be compared between people: the ground of the data doctor's report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from ..types import F32


@dataclass(frozen=True, slots=True)
class Clip:
    """The video as a whole."""

    name: str
    seconds: float
    n_frames: int
    size_wh: tuple[int, int]
    bits_per_pixel: float
    """Size of the file over its pixels: 0.1 is generous for H.264, 0.01 very little."""
    n_shots: int
    person: str
    """Whom it is about: p1, p2 …"""
    people_s: Mapping[str, float]
    """Seconds on screen of everybody who was found."""
    left_out: Mapping[str, int]
    """Pictures of the source that were left out, by reason; empty for a target."""
    glasses: bool | None = None
    """Whether the person wears glasses for most of the time; None where it cannot be told."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """One person in one video, as arrays over the T frames in which the person is seen, in the order of time."""

    clip: Clip
    frame_index: NDArray[np.int32]
    seconds: F32
    """(T,) since the beginning of the video."""
    pose_deg: F32
    """(T, 3): yaw (> 0: turns to the picture's right), pitch (> 0: looks up), roll."""
    mouth: F32
    """(T,) distance of the inner lips over the distance of the outer eye corners: 0 closed, about 0.25 talking, 0.5 wide open."""
    eyes: F32
    """(T,) lids' opening, mean of both eyes, over the person's usual one: 1 as usual, below about 0.5 closed."""
    blendshapes: F32
    """(T, 52) 0..1."""
    height_px: F32
    """(T,) height of the face in the frame, hair line to chin."""
    sharpness: F32
    """(T,) as `Track.sharpness`."""
    level: F32
    """(T,) mean brightness of plain skin, 0..255."""
    side: F32
    """(T,) log of brightness that skin gains when it looks to the picture's right instead of to the camera: > 0 lit from the right."""
    hidden: F32
    """(T,) share of the face's area covered by hair, hands or things, 0..1, beyond what always covers it (a fringe, a beard)."""
    outside: F32
    """(T,) share of the face outside the picture, 0..1."""

    def __post_init__(self) -> None:
        wrong = [f.name for f in fields(self)[1:] if len(getattr(self, f.name)) != len(self.frame_index)]
        if wrong or self.pose_deg.shape[1:] != (3,) or self.blendshapes.shape[1:] != (52,):
            raise ValueError(f"arrays of one length are needed: {', '.join(wrong) or 'pose_deg, blendshapes'}")

    def __len__(self) -> int:
        return len(self.frame_index)

    def take(self, rows: NDArray[np.intp]) -> Material:
        """Only these frames, in this order."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)[1:]})


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """How near the draft's chosen pictures of the source come to each of the target's T frames, and which picture of the source it is."""

    skin: F32
    """(T,) squared distance in steps that are just seen; below about 2 nobody sees it."""
    mouth: F32
    eyes: F32
    row: NDArray[np.intp]
    """(T,) position of the chosen picture in the source's `Material`."""

    @property
    def worst(self) -> F32:
        return np.maximum(np.maximum(self.skin, self.mouth), self.eyes)
