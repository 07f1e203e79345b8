"""Pointing at a track so that it is found again when the video is followed anew, with other settings or another version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .follow import overlap
from .people import Seen

_SAME = 0.3
"""Overlap of boxes from which two faces of one frame are the same one."""
_NEAR = 12
"""Frames by which a new track may begin later or end sooner."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """One moment of a track: the video (by its content), the frame, and where the face was."""

    track_id: str
    media_id: str
    frame: int
    box_xyxy: tuple[float, ...]

    def as_json(self) -> list[Any]:
        return [self.track_id, self.media_id, self.frame, *(round(x, 1) for x in self.box_xyxy)]

    @classmethod
    def from_json(cls, kept: Sequence[Any]) -> Anchor:
        track_id, media_id, frame, *box = kept
        return cls(track_id, media_id, frame, tuple(box))


def anchor_of(track: Seen, *, at: int | None = None) -> Anchor:
    """The track at position `at` (None: in its middle)."""
    place = len(track.frame_index) // 2 if at is None else at
    return Anchor(track.track_id, track.media_id, int(track.frame_index[place]), tuple(map(float, track.box_xyxy[place])))


class Finder:
    """Finds anchors among the tracks that there are now."""

    def __init__(self, tracks: Iterable[Seen]) -> None:
        self._by_id = {track.track_id: track for track in tracks}
        self._by_media: dict[str, list[Seen]] = {}
        for track in self._by_id.values():
            self._by_media.setdefault(track.media_id, []).append(track)

    def find(self, anchor: Anchor) -> str | None:
        """The id of the track that shows this face now; None where it is not seen any more."""
        same = self._by_id.get(anchor.track_id)
        if same is not None and _alike(same, anchor) >= _SAME:
            return same.track_id
        best = max(self._by_media.get(anchor.media_id, ()), key=lambda track: _alike(track, anchor), default=None)
        return best.track_id if best is not None and _alike(best, anchor) >= _SAME else None

    def find_all(self, anchors: Iterable[Sequence[Any]]) -> tuple[str, ...]:
        """The same for anchors as they are kept, each track once."""
        found = (self.find(Anchor.from_json(kept)) for kept in anchors)
        return tuple(dict.fromkeys(track_id for track_id in found if track_id is not None))


def _alike(track: Seen, anchor: Anchor) -> float:
    """Overlap with the anchor's box in the track's frame nearest to the anchor's; 0 where there is none near."""
    place = int(np.abs(track.frame_index - anchor.frame).argmin())
    if track.media_id != anchor.media_id or abs(int(track.frame_index[place]) - anchor.frame) > _NEAR:
        return 0.0
    return overlap(track.box_xyxy[place], np.asarray(anchor.box_xyxy, np.float32))
