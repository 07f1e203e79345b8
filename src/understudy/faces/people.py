"""Who is who: the tracks of one or several videos become people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..types import F32, Identity

SAME_PERSON = 0.55
"""Cosine of two groups' mean vectors from which they are one person. Above SFace's published 0.363: hard pairs of strangers reach more."""
_FULL_PX = 112
"""Height of a face from which its vector is as sure as it gets: what the network sees."""
_MUST, _MAY, _CANNOT = 1, 0, -1


class Seen(Protocol):
    """What is needed of a track: `types.Track` and `trackfile.TrackHead` have it."""

    @property
    def track_id(self) -> str: ...
    @property
    def media_id(self) -> str: ...
    @property
    def shot_id(self) -> str: ...
    @property
    def frame_index(self) -> np.ndarray: ...
    @property
    def box_xyxy(self) -> F32: ...
    @property
    def embedding(self) -> F32: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user decided about tracks: that all of `together` are one person, or that none of `together` is the person of any of `apart`."""

    together: tuple[str, ...]
    apart: tuple[str, ...] = ()


def find_people(tracks: Sequence[Seen], wishes: Iterable[Wish] = ()) -> list[Identity]:
    """Group tracks into people, most time on screen first: `p1`, `p2` … The order of the tracks does not matter.

    Agglomerative clustering of the tracks' embeddings, weighted by length and size; first inside each video, then over the videos, so that
    adding a video never changes who is who inside another one. Two faces seen in one frame are never one person; `wishes` (later ones
    win) stand above everything.
    """
    tracks = sorted(tracks, key=lambda t: t.track_id)
    wanted = _wanted(tracks, wishes)
    may_not = wanted == _CANNOT
    may_not |= _seen_together(tracks) & (wanted != _MUST)
    media = np.unique([t.media_id for t in tracks], return_inverse=True)[1] if tracks else np.zeros(0, np.intp)
    one_video = media[:, None] == media[None, :]
    vectors = np.stack([t.embedding * np.float32(_weight(t)) for t in tracks]) if tracks else np.zeros((0, 1), np.float32)
    inside = _merge(vectors, start=_components((wanted == _MUST) & one_video), may_not=may_not | ~one_video)
    groups = _merge(vectors, start=_joined(inside, wanted == _MUST), may_not=may_not | (one_video & (wanted != _MUST)))
    return _identities(groups, tracks, vectors)


def _weight(track: Seen) -> float:
    """How much a track's vector counts: a long one is surer, a small face less so."""
    height = float(np.median(track.box_xyxy[:, 3] - track.box_xyxy[:, 1]))
    return float(np.sqrt(len(track.frame_index)) * np.clip(height / _FULL_PX, 0.2, 1))


def _wanted(tracks: Sequence[Seen], wishes: Iterable[Wish]) -> NDArray[np.int8]:
    """(n, n): what the user's decisions say about every pair of tracks."""
    place = {t.track_id: i for i, t in enumerate(tracks)}
    wanted = np.zeros((len(tracks), len(tracks)), np.int8)
    for wish in wishes:
        together = [place[name] for name in wish.together if name in place]
        apart = [place[name] for name in wish.apart if name in place and name not in wish.together]
        wanted[np.ix_(together, together)] = _MUST
        wanted[np.ix_(together, apart)] = wanted[np.ix_(apart, together)] = _CANNOT
    np.fill_diagonal(wanted, _MAY)
    return wanted


def _seen_together(tracks: Sequence[Seen]) -> NDArray[np.bool_]:
    """(n, n): pairs of tracks that share a frame of one video."""
    out = np.zeros((len(tracks), len(tracks)), bool)
    by_media: dict[str, list[int]] = {}
    for i, track in enumerate(tracks):
        by_media.setdefault(track.media_id, []).append(i)
    for members in by_media.values():
        members.sort(key=lambda i: int(tracks[i].frame_index[0]))
        open_now: list[int] = []
        for i in members:
            open_now = [j for j in open_now if tracks[j].frame_index[-1] >= tracks[i].frame_index[0]]
            for j in open_now:
                if len(np.intersect1d(tracks[i].frame_index, tracks[j].frame_index, assume_unique=True)):
                    out[i, j] = out[j, i] = True
            open_now.append(i)
    return out


def _components(linked: NDArray[np.bool_]) -> list[list[int]]:
    """Groups of positions that are linked, directly or by others."""
    left = set(range(len(linked)))
    groups: list[list[int]] = []
    while left:
        group, new = [], [min(left)]
        while new:
            at = new.pop()
            if at in left:
                left.remove(at)
                group.append(at)
                new += np.flatnonzero(linked[at]).tolist()
        groups.append(sorted(group))
    return groups


def _joined(groups: list[list[int]], linked: NDArray[np.bool_]) -> list[list[int]]:
    """The groups, those with a link between them put together."""
    whole = linked.copy()
    for group in groups:
        whole[group[0], group] = whole[group, group[0]] = True
    return _components(whole)


def _merge(vectors: F32, *, start: list[list[int]], may_not: NDArray[np.bool_]) -> list[list[int]]:
    """Put the two groups together that are most alike and may be, until none are alike enough."""
    groups = [list(group) for group in start]
    if len(groups) < 2:
        return groups
    sums = np.stack([vectors[group].sum(0) for group in groups]).astype(np.float64)
    blocked = np.stack([may_not[group].any(0) for group in groups])
    blocked = np.stack([blocked[:, group].any(1) for group in groups], 1)
    np.fill_diagonal(blocked, True)
    alike = np.where(blocked, -1.0, _unit(sums) @ _unit(sums).T)
    nearest = alike.argmax(1)
    rows = np.arange(len(groups))
    while True:
        a = int(alike[rows, nearest].argmax())
        b = int(nearest[a])
        if alike[a, b] < SAME_PERSON:
            return [group for group in groups if group]
        groups[a] += groups[b]
        groups[b] = []
        sums[a] += sums[b]
        blocked[a] |= blocked[b]
        blocked[:, a] |= blocked[:, b]
        blocked[b] = blocked[:, b] = True
        alike[b] = alike[:, b] = -1.0
        alike[a] = alike[:, a] = np.where(blocked[a], -1.0, _unit(sums) @ _unit(sums[a]))
        stale = (nearest == a) | (nearest == b)
        stale[[a, b]] = True
        nearest = np.where(alike[:, a] > alike[rows, nearest], a, nearest)
        nearest[stale] = alike[stale].argmax(1)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _identities(groups: list[list[int]], tracks: Sequence[Seen], vectors: F32) -> list[Identity]:
    def frames(group: list[int]) -> int:
        return sum(len(tracks[i].frame_index) for i in group)

    order = sorted(groups, key=lambda group: (-frames(group), min(tracks[i].track_id for i in group)))
    return [
        Identity(
            identity_id=f"p{number}",
            track_ids=tuple(sorted(tracks[i].track_id for i in group)),
            embedding=_unit(vectors[sorted(group)].sum(0)).astype(np.float32),
            n_frames=frames(group),
        )
        for number, group in enumerate(order, start=1)
    ]
