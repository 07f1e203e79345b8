"""Which pictures of a person are good enough to learn from, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..config import FacesetSettings
from ..faces.values import outside_share
from ..types import F32, U8

Reason = Literal["blurred", "cut off", "too small", "unsure", "wrong person", "duplicate", "too many"]
SMALLEST_PX = 40.0
"""Height of a face in the frame below which its picture teaches nothing."""
_CUT_OFF_SHARE = 0.06
"""At most this share of the skin points may lie outside the picture."""
_SURE = 0.5
_SAME_EXPRESSION = 0.003
"""Two neighbouring pictures whose mesh differs less than this (mean, in shares of the face's height) show the same."""
_SAME_COLOUR = 1.6
"""... and whose colours at the mesh points differ less than this (mean, of 255)."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """All pictures of one person in one video, in the order of time, as arrays over N."""

    landmarks: F32
    """(N, 478, 3) in frame pixels."""
    height_px: F32
    presence: F32
    sharpness: F32
    pose_deg: F32
    blendshapes: F32
    vertex_rgb: U8
    track_number: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.landmarks)

    def take(self, rows: NDArray[np.intp]) -> Candidates:
        """Only these rows, in this order."""
        return Candidates(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def choose(candidates: Candidates, *, size_wh: tuple[int, int], settings: FacesetSettings) -> tuple[NDArray[np.intp], dict[str, int]]:
    """Positions that are kept, rising, and how many were left out for each reason (the first that applies)."""
    counts: dict[str, int] = {}
    kept = np.arange(len(candidates))
    rules: list[tuple[Reason, Callable[[], NDArray[np.bool_]]]] = [
        ("unsure", lambda: candidates.presence < _SURE),
        ("too small", lambda: candidates.height_px < SMALLEST_PX),
        ("cut off", lambda: outside_share(candidates.landmarks, size_wh=size_wh) > _CUT_OFF_SHARE),
        ("blurred", lambda: _blurred(candidates, kept, share=settings.min_sharpness)),
    ]
    for reason, rule in rules:
        bad = rule()[kept]
        if bad.any():
            counts[reason] = int(bad.sum())
            kept = kept[~bad]
    different = _different(candidates, kept)
    if len(different) < len(kept):
        counts["duplicate"] = len(kept) - len(different)
        kept = different
    if len(kept) > settings.max_faces:
        counts["too many"] = len(kept) - settings.max_faces
        kept = np.sort(kept[spread(_features(candidates)[kept], settings.max_faces)])
    return kept, counts


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
    xy = candidates.landmarks[position, :, :2]
    return xy - xy.mean(0)


def _features(candidates: Candidates) -> F32:
    """What makes two pictures different for training: pose, expression, light."""
    light = candidates.vertex_rgb[:, ::16].reshape(len(candidates), -1).astype(np.float32) / 255
    return np.concatenate([candidates.pose_deg[:, :2] / 15, candidates.blendshapes * 2, light], 1).astype(np.float32)


def spread(features: F32, n: int) -> NDArray[np.intp]:
    """Positions of n rows that lie furthest apart (farthest-point sampling, Gonzalez 1985); starts at the row nearest to the mean."""
    first = int(((features - features.mean(0)) ** 2).sum(1).argmin())
    chosen = np.empty(n, np.intp)
    chosen[0] = first
    distance = ((features - features[first]) ** 2).sum(1)
    for i in range(1, n):
        chosen[i] = int(distance.argmax())
        distance = np.minimum(distance, ((features - features[chosen[i]]) ** 2).sum(1))
    return chosen
