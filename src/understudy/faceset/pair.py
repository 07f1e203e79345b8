"""What the data doctor's rules are given: both materials, and how a finding about some of the target's frames is dated and weighed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .finding import SEVERITIES, Finding, Severity
from .material import Fit, Material

SHORTEST_S = 0.2
"""What lasts shorter altogether is not worth a remark."""


class Pair:
    """Both materials, and how a finding about some of the target's frames is made."""

    def __init__(self, source: Material, target: Material, fit: Fit) -> None:
        self.source, self.target, self.fit = source, target, fit
        self.frame_s = target.clip.seconds / max(target.clip.n_frames, 1)
        self.explained = np.zeros(len(target), bool)
        """Frames of the target about which something was said."""

    def long_enough(self, frames: NDArray[np.bool_]) -> bool:
        return int(frames.sum()) >= max(2, min(SHORTEST_S / max(self.frame_s, 1e-6), 0.1 * len(self.target)))

    def at(self, finding: Finding, frames: NDArray[np.bool_], badness: np.ndarray, *, nearest: int | None = None) -> Finding:
        """The finding, dated at the worst of `frames` by `badness` (T,), with the source's nearest picture (None: the one that would be used)."""
        worst = int(np.flatnonzero(frames)[badness[frames].argmax()])
        row = int(self.fit.row[worst]) if nearest is None else nearest
        self.explained |= frames
        return replace(
            finding,
            lasts_s=round(float(frames.sum() * self.frame_s), 2),
            seconds=round(float(self.target.seconds[worst]), 2),
            target_frame=int(self.target.frame_index[worst]),
            source_frame=int(self.source.frame_index[row]),
        )

    def typical(self, finding: Finding) -> Finding:
        """The finding with a typical moment of the target and its picture, where all of the target is meant."""
        score = -np.abs(self.target.pose_deg[:, :2] - np.median(self.target.pose_deg[:, :2], 0)).sum(1) - 20 * self.target.mouth
        explained = self.explained.copy()
        made = self.at(finding, np.ones(len(self.target), bool), score)
        self.explained = explained
        return replace(made, lasts_s=None)


def severity(share: float, strength: float, *, most: Severity = "serious") -> Severity:
    """`share` of the target's time that is concerned, and how strongly (1: just seen, 2: plainly); never graver than `most`."""
    weight = strength * np.sqrt(max(share, 0.0))
    found: Severity = "serious" if weight > 0.62 else "noticeable" if weight > 0.18 else "minor"
    return SEVERITIES[max(SEVERITIES.index(found), SEVERITIES.index(most))]
