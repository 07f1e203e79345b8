"""Averaging the frames of a stretch, as the mark's reader sees them: the mark stays, the picture moves."""

from __future__ import annotations

import cv2
import numpy as np

from ...types import F32
from .grid import GRIDS, Grid, sync_chips
from .placement import Placement
from .whiten import cells, even, is_upright, small_luma, whiten

_PART = 5
"""Frames of one part of a stretch."""


class Gatherer:
    """Averages the frames of one stretch, for each grid; in parts, because a codec may keep the mark in some of them only."""

    def __init__(self, *, other_way: bool = False) -> None:
        """`other_way`: lay upright pictures as they stand and others on their side; so may a copy of a nearly square picture that was cropped lie."""
        self._other_way = other_way
        self._parts: dict[Grid, list[F32]] = {grid: [] for grid in GRIDS}
        self._counts: list[int] = []
        self.aspect = 1.0
        """Width over height of a pixel of the view, as it lies in the frames."""
        self.upright = False
        """Whether the frames are laid on their side in the view: those that are higher than wide."""

    @property
    def count(self) -> int:
        return sum(self._counts)

    def add(self, y: np.ndarray, bit_depth: int) -> None:
        """Take in one luma plane (H, W), uint8 or uint16."""
        self.upright = is_upright(y) != self._other_way
        y = np.ascontiguousarray(y.T) if self.upright else y
        goes_on = bool(self._counts) and self._counts[-1] < _PART
        self._counts[-1:] = [self._counts[-1] + 1] if goes_on else [*self._counts[-1:], 1]
        for grid, parts in self._parts.items():
            seen = whiten(small_luma(y, bit_depth, grid))
            parts[-1:] = [parts[-1] + seen] if goes_on else [*parts[-1:], seen]
        self.aspect = y.shape[1] / y.shape[0] * GRIDS[0].height / GRIDS[0].width

    def join(self, other: Gatherer) -> None:
        """Take in what another one gathered: of a longer stretch the mark stands out more, for it stays and the picture moves."""
        self._counts += other._counts
        for grid, parts in self._parts.items():
            parts += other._parts[grid]
        self.aspect, self.upright = other.aspect, other.upright

    def turned_over(self) -> Gatherer:
        """What would have been gathered of the same frames upside down."""
        over = Gatherer(other_way=self._other_way)
        over._counts, over.aspect, over.upright = self._counts, self.aspect, self.upright
        over._parts = {grid: [np.ascontiguousarray(part[::-1, ::-1]) for part in parts] for grid, parts in self._parts.items()}
        return over

    def view(self, grid: Grid) -> F32:
        """(grid.height, grid.width): the mean, evened out."""
        return even(np.asarray(sum(self._parts[grid][1:], self._parts[grid][0]) / self.count, np.float32))

    def view_at(self, grid: Grid, placement: Placement) -> F32:
        """The same, with more weight to the parts in which the sync pattern is seen better at this placement."""
        means = [np.asarray(part / count, np.float32) for part, count in zip(self._parts[grid], self._counts, strict=True)]
        weights = np.clip([score(even(mean), grid, placement) - 0.5 for mean in means], 0.05, None)
        return even(np.asarray(np.average(means, axis=0, weights=weights), np.float32))


def seen_cells(view: F32, grid: Grid, placement: Placement) -> F32:
    """(rows, columns): what the cells of a frame that lies so have of a view."""
    if placement.as_it_is:
        return cells(view, grid)
    matrix, size = placement.matrix(grid), (grid.width, grid.height)
    moved = cv2.warpAffine(view, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=0.0)
    return cells(np.asarray(moved, np.float32), grid)


def score(view: F32, grid: Grid, placement: Placement) -> float:
    """How well the sync pattern is seen in a view, in standard deviations over chance."""
    values = seen_cells(view, grid, placement)
    return float((values * sync_chips(grid)).sum() / (np.linalg.norm(values) + 1e-9))
