"""Which pictures of a person are good enough to learn from, and why the others are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..config import FacesetSettings
from ..faces.align import face_height_px
from ..types import F32, U8, Track

Reason = Literal["blurred", "covered", "cut off", "too small", "unsure", "wrong person", "duplicate", "too many", "thrown out"]
SMALLEST_PX = 40.0
"""Height of a face in the frame below which its picture teaches nothing."""
_CUT_OFF_SHARE = 0.06
"""At most this share of the skin points may lie outside the picture."""
_SURE = 0.5
_COVERED_SHARE = 0.3
"""At most this share of the face may be covered beyond what always is: what shows of the rest is not worth its distorted mesh."""
_USUAL = 0.25
"""The quarter of a person's frames in which least is covered says what always is: a fringe, a beard."""
_SAME_EXPRESSION = 0.003
"""Two neighbouring pictures whose mesh differs less than this (mean, in shares of the face's height) show the same."""
_SAME_COLOUR = 1.6
"""... and whose colours at the mesh points differ less than this (mean, of 255)."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """All pictures of one person in one video, in the order of time, as arrays over N."""

    shape: NDArray[np.float16]
    """(N, 478, 2): the mesh from its own middle, in heights of the face."""
    height_px: F32
    presence: F32
    sharpness: F32
    pose_deg: F32
    blendshapes: F32
    vertex_rgb: U8
    track_number: NDArray[np.int32]
    bridged: NDArray[np.bool_]
    outside: F32
    occluded: F32

    def __len__(self) -> int:
        return len(self.height_px)

    def take(self, rows: NDArray[np.intp]) -> Candidates:
        """Only these rows, in this order."""
        return Candidates(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def candidates_of(tracks: Sequence[Track]) -> Candidates:
    """All frames of these tracks, one after the other."""
    heights = [face_height_px(t.landmarks) for t in tracks]
    return Candidates(
        shape=np.concatenate([_shape(t.landmarks, height) for t, height in zip(tracks, heights, strict=True)]),
        height_px=np.concatenate(heights),
        presence=np.concatenate([t.presence for t in tracks]),
        sharpness=np.concatenate([t.sharpness for t in tracks]),
        pose_deg=np.concatenate([t.pose_deg for t in tracks]),
        blendshapes=np.concatenate([t.blendshapes for t in tracks]),
        vertex_rgb=np.concatenate([t.vertex_rgb for t in tracks]),
        track_number=np.concatenate([np.full(len(t), i, np.int32) for i, t in enumerate(tracks)]),
        bridged=np.concatenate([t.bridged for t in tracks]),
        outside=np.concatenate([t.outside for t in tracks]),
        occluded=np.concatenate([t.occluded for t in tracks]),
    )


def _shape(landmarks: F32, height_px: F32) -> NDArray[np.float16]:
    xy = landmarks[..., :2]
    return ((xy - xy.mean(1, keepdims=True)) / np.maximum(height_px, 1.0)[:, None, None]).astype(np.float16)


def choose(
    candidates: Candidates,
    *,
    settings: FacesetSettings,
    out: NDArray[np.bool_] | None = None,
    wanted: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.intp], list[Reason | None]]:
    """Positions that are kept, rising, and for each picture why it is left out (the first reason that applies; None: kept).

    `out` and `wanted`, (N,): what the user threw out, and what the user wants whatever the rules say.
    """
    n = len(candidates)
    reasons: list[Reason | None] = [None] * n
    wanted = np.zeros(n, bool) if wanted is None else wanted
    kept = np.arange(n)

    def leave_out(reason: Reason, bad: NDArray[np.bool_]) -> None:
        nonlocal kept
        for position in kept[bad[kept]]:
            reasons[position] = reason
        kept = kept[~bad[kept]]

    leave_out("thrown out", np.zeros(n, bool) if out is None else out & ~wanted)
    rules: list[tuple[Reason, Callable[[], NDArray[np.bool_]]]] = [
        ("unsure", lambda: (candidates.presence < _SURE) | candidates.bridged),
        ("too small", lambda: candidates.height_px < SMALLEST_PX),
        ("cut off", lambda: candidates.outside > _CUT_OFF_SHARE),
        ("covered", lambda: candidates.occluded - np.quantile(candidates.occluded, _USUAL) > _COVERED_SHARE),
        ("blurred", lambda: _blurred(candidates, kept, share=settings.min_sharpness)),
        ("duplicate", lambda: ~np.isin(np.arange(n), _different(candidates, kept))),
        ("too many", lambda: ~np.isin(np.arange(n), _most_different(candidates, kept, wanted, n=settings.max_faces))),
    ]
    for reason, rule in rules:
        leave_out(reason, rule() & ~wanted)
    return kept, reasons


def counted(reasons: Iterable[Reason | None]) -> dict[str, int]:
    """How many pictures were left out for each reason."""
    return dict(Counter(reason for reason in reasons if reason is not None))


def _most_different(candidates: Candidates, kept: NDArray[np.intp], wanted: NDArray[np.bool_], *, n: int) -> NDArray[np.intp]:
    """At most `n` of those kept: what the user wants, and the others that lie furthest apart."""
    if len(kept) <= n:
        return kept
    free = kept[~wanted[kept]]
    room = max(0, n - (len(kept) - len(free)))
    return np.concatenate([kept[wanted[kept]], free[spread(_features(candidates)[free], min(room, len(free)))]])


def _blurred(candidates: Candidates, kept: NDArray[np.intp], *, share: float) -> NDArray[np.bool_]:
    """Judged by the person's own median, of those that got so far: material of any camera has its own scale."""
    if not len(kept):
        return np.zeros(len(candidates), bool)
    return candidates.sharpness < share * float(np.median(candidates.sharpness[kept]))


def _different(candidates: Candidates, kept: NDArray[np.intp]) -> NDArray[np.intp]:
    """Leave out a picture that shows the same as the last one kept: a still or frozen moment. Light that moves counts as different."""
    out: list[int] = []
    for position in kept:
        if out and candidates.track_number[out[-1]] == candidates.track_number[position]:
            last = out[-1]
            moved = np.abs(_centred(candidates, position) - _centred(candidates, last)).mean() / max(candidates.height_px[position], 1.0)
            changed = np.abs(candidates.vertex_rgb[position].astype(np.float32) - candidates.vertex_rgb[last]).mean()
            if moved < _SAME_EXPRESSION and changed < _SAME_COLOUR:
                continue
        out.append(int(position))
    return np.asarray(out, np.intp)


def _centred(candidates: Candidates, position: int) -> np.ndarray:
    return candidates.shape[position].astype(np.float32) * candidates.height_px[position]


def _features(candidates: Candidates) -> F32:
    """What makes two pictures different for training: pose, expression, light."""
    light = candidates.vertex_rgb[:, ::16].reshape(len(candidates), -1).astype(np.float32) / 255
    return np.concatenate([candidates.pose_deg[:, :2] / 15, candidates.blendshapes * 2, light], 1).astype(np.float32)


def spread(features: F32, n: int) -> NDArray[np.intp]:
    """Positions of n rows that lie furthest apart (farthest-point sampling, Gonzalez 1985); starts at the row nearest to the mean."""
    if n == 0:
        return np.zeros(0, np.intp)
    first = int(((features - features.mean(0)) ** 2).sum(1).argmin())
    chosen = np.empty(n, np.intp)
    chosen[0] = first
    distance = ((features - features[first]) ** 2).sum(1)
    for i in range(1, n):
        chosen[i] = int(distance.argmax())
        distance = np.minimum(distance, ((features - features[chosen[i]]) ** 2).sum(1))
    return chosen
