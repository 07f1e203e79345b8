"""What the user said about single faces: thrown out, or wanted whatever the rules say. Nothing is ever deleted; it is only left out of the set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..faces.follow import overlap
from ..faces.people import Seen

KINDS = ("drop faces", "restore faces")
_SAME = 0.3
"""Overlap of boxes from which two faces of one frame are the same one."""
Spot = tuple[str, int]
"""A face: its track and its frame."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The faces about which the user said something, among the tracks that there are now."""

    out: frozenset[Spot]
    wanted: frozenset[Spot]

    def over(self, tracks: Sequence[Seen]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """(N,) thrown out and (N,) wanted, over all frames of the tracks one after the other."""
        spots = [(track.track_id, frame) for track in tracks for frame in track.frame_index.tolist()]
        return np.asarray([spot in self.out for spot in spots], bool), np.asarray([spot in self.wanted for spot in spots], bool)

    def as_parts(self) -> list[list[Spot]]:
        """What a faceset's key takes from it; empty where nothing was said."""
        return [sorted(self.out), sorted(self.wanted)] if self.out or self.wanted else []


NOTHING_SAID = Standing(frozenset(), frozenset())


def spoken_of(track: Seen, frames: Iterable[int]) -> list[list[Any]]:
    """How faces of a track are kept in a decision: the frame, and where the face was."""
    places = np.searchsorted(track.frame_index, np.asarray(sorted(frames), np.int64))
    return [[int(track.frame_index[p]), *(round(float(x), 1) for x in track.box_xyxy[p])] for p in places]


def standing(decisions: Iterable[tuple[str, Mapping[str, Any]]], tracks: Sequence[Seen]) -> Standing:
    """What holds after all decisions (kind, {"media": id, "faces": [[frame, x0, y0, x1, y1], …]}), the later ones after the earlier.

    To restore a face that was thrown out leaves it to the rules again; to restore one that the rules leave out wants it. A face is found again
    by its frame and place, so that decisions outlive another run of the tracking.
    """
    out: set[Spot] = set()
    wanted: set[Spot] = set()
    by_media: dict[str, list[Seen]] = {}
    for track in tracks:
        by_media.setdefault(track.media_id, []).append(track)
    for kind, body in decisions:
        for frame, *box in body["faces"]:
            spot = _find(by_media.get(body["media"], []), frame, np.asarray(box, np.float32))
            if spot is None:
                continue
            if kind == "drop faces":
                wanted.discard(spot)
                out.add(spot)
            elif spot in out:
                out.discard(spot)
            else:
                wanted.add(spot)
    return Standing(frozenset(out), frozenset(wanted))


def _find(tracks: Sequence[Seen], frame: int, box: np.ndarray) -> Spot | None:
    for track in tracks:
        at = int(np.searchsorted(track.frame_index, frame))
        if at < len(track.frame_index) and track.frame_index[at] == frame and overlap(track.box_xyxy[at], box) >= _SAME:
            return track.track_id, frame
    return None
