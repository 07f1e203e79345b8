"""The grids that are laid over a frame, whatever its size, and the patterns of ±1 chips on their cells.

Spread spectrum after Cox et al. (1997), with code division of the symbols. The patterns come from SHAKE-256, so that every version and machine has
the same. They are no secret: what a mark proves rests on the ledger and the fingerprint.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

import numpy as np

from ...types import F32
from .code import SYMBOLS

CELL = 2
"""Pixels of a cell's side in the reader's view."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells over the longer and the shorter side of the frame."""

    columns: int
    rows: int

    @property
    def width(self) -> int:
        """Of the reader's view, pixels."""
        return self.columns * CELL

    @property
    def height(self) -> int:
        return self.rows * CELL


FINE, COARSE, COARSEST = Grid(144, 81), Grid(96, 54), Grid(64, 36)
"""For most pictures; and for small and very small ones, whose copies of half the size have too few pixels for a finer cell."""
GRIDS = (FINE, COARSE, COARSEST)
COARSE_TO, COARSEST_TO = 540, 200
"""Lines up to which a picture gets the coarser ones."""


def grid_for(lines: int) -> Grid:
    """The grid that a picture of so many lines is marked on (lines: its shorter side, pixels)."""
    return COARSEST if lines <= COARSEST_TO else COARSE if lines <= COARSE_TO else FINE


def _chips(grid: Grid, purpose: str, count: int) -> F32:
    """(count, ROWS, COLUMNS) float32, -1 or 1."""
    n_bits = count * grid.rows * grid.columns
    seed = f"understudy.mark/2 {grid.columns}x{grid.rows} {purpose}".encode()
    data = np.frombuffer(hashlib.shake_256(seed).digest(-(-n_bits // 8)), np.uint8)
    return (np.unpackbits(data)[:n_bits].astype(np.float32) * 2 - 1).reshape(count, grid.rows, grid.columns)


@cache
def sync_chips(grid: Grid) -> F32:
    """(ROWS, COLUMNS), -1 or 1: the pattern that every mark on this grid has."""
    return _chips(grid, "sync", 1)[0]


@cache
def symbol_chips(grid: Grid) -> F32:
    """(SYMBOLS, ROWS * COLUMNS), -1 or 1: one pattern for each symbol."""
    return _chips(grid, "symbols", SYMBOLS).reshape(SYMBOLS, -1)
