"""Faces that the detector sees and the mesh does not fit: kept as sightings, so that they are counted and spoken of, and never painted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..types import F32, Face, Sighting, Track
from .follow import overlap

_SAME = 0.3
"""Overlap of boxes from which two looks show the same face."""
_FEWEST = 2
"""Looks; what was seen once may be a hand or a picture on the wall."""


@dataclass(slots=True)
class _Seen:
    index: list[int] = field(default_factory=list)
    faces: list[Face] = field(default_factory=list)


class Sightings:
    """Gathers what the detector sees in one shot beside the faces that are followed. `gap`: frames after which a face is another one."""

    def __init__(self, *, gap: int) -> None:
        self._gap = gap
        self._seen: list[_Seen] = []

    def note(self, index: int, face: Face) -> None:
        """Take in a face that is not followed; frames come in rising order."""
        near = [s for s in self._seen if 0 < index - s.index[-1] <= self._gap and overlap(s.faces[-1].box_xyxy, face.box_xyxy) >= _SAME]
        if near:
            seen = max(near, key=lambda s: overlap(s.faces[-1].box_xyxy, face.box_xyxy))
        else:
            self._seen.append(seen := _Seen())
        seen.index.append(index)
        seen.faces.append(face)

    def all(self, *, media_id: str, shot_id: str, tracks: Sequence[Track]) -> list[Sighting]:
        """Those seen more than once, without the looks at which one of the `tracks` turned out to be there (it may have been followed back)."""
        out = []
        for seen in self._seen:
            looks = [(i, face) for i, face in zip(seen.index, seen.faces, strict=True) if not _followed(i, face, tracks)]
            if len(looks) >= _FEWEST:
                out.append(
                    Sighting(
                        media_id=media_id,
                        shot_id=shot_id,
                        frame_index=np.asarray([i for i, _ in looks], np.int32),
                        box_xyxy=np.stack([face.box_xyxy for _, face in looks]),
                        points5=np.stack([face.points5 for _, face in looks]),
                        score=np.asarray([face.score for _, face in looks], np.float32),
                    )
                )
        return out


def between(sighting: Sighting) -> tuple[np.ndarray, F32]:
    """Frames (N,) from the first look to the last, and the boxes (N, 4) there: on a line between the looks."""
    frames = np.arange(sighting.frame_index[0], sighting.frame_index[-1] + 1, dtype=np.int32)
    boxes = [np.interp(frames, sighting.frame_index, sighting.box_xyxy[:, side]) for side in range(4)]
    return frames, np.stack(boxes, -1).astype(np.float32)


def _followed(index: int, face: Face, tracks: Sequence[Track]) -> bool:
    for track in tracks:
        at = int(np.searchsorted(track.frame_index, index))
        if at < len(track) and track.frame_index[at] == index and overlap(track.box_xyxy[at], face.box_xyxy) >= _SAME:
            return True
    return False
