"""Finding and reading the mark: also in copies that were scaled, cropped, mirrored or turned by up to three degrees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np

from ...types import F32
from .code import number_of, symbols_of
from .gather import Gatherer, score, seen_cells
from .grid import GRIDS, Grid, symbol_chips, sync_chips
from .placement import Placement, turned
from .whiten import spread

LEAST_Z = 7.5
"""Score (standard deviations over chance) from which a mark counts as present."""
_LEAST_SYNC = 4.5
"""Of the sync pattern alone, below which no number is looked for."""
_PRICE = 2 * math.log(2) * 32
"""What the best of all numbers of 32 bits gets by chance, as the square of a score: only what a number has beyond it counts."""
LEAST_SIDE = 90
"""Pixels of the shorter side below which the mark cannot be read."""
_CANVAS = 1.5
"""Size of the field in which shifts are searched, of the view's: room for pictures that were made smaller within their frame."""
_SEARCHES = (
    ((0.0,), tuple(np.geomspace(0.84, 1.36, 61).tolist())),
    (tuple(turn for turn in np.linspace(-3, 3, 13).tolist() if turn), tuple(np.geomspace(0.94, 1.2, 22).tolist())),
)
"""Turns in degrees and scales of each search; the second one is slower, and seldom needed."""
_CANDIDATES = 3
"""Placements of each search that are looked at closely."""
_WORTH_A_LOOK = 3.5
"""Sync score below which a placement is given up."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What was found in one stretch of frames."""

    z: float
    """Score: of the sync pattern, and, where a number was read, of the pattern of that number beyond what chance gives some number (`_score`)."""
    number: int | None
    """The 32-bit number, where the CRC holds."""
    placement: Placement

    @property
    def present(self) -> bool:
        return self.z >= LEAST_Z

    @property
    def read(self) -> bool:
        return self.present and self.number is not None


def find(gathered: Gatherer, *, near: Sequence[Placement] = (), search: bool = True) -> Mark:
    """The best reading of what was gathered: where it lies as is, then at the placements `near`, then wherever a search finds it."""
    best = Mark(-1.0, None, Placement(aspect=gathered.aspect, upright=gathered.upright))
    if not gathered.count:
        return best
    for guess in (best.placement, *near):
        for grid in GRIDS:
            best = _surer(best, _read(gathered, grid, guess))
        if best.read:
            return best
    for turns, scales in _SEARCHES if search else ():
        for grid in GRIDS:
            for guess in _candidates(gathered, grid, turns, scales):
                best = _surer(best, _read(gathered, grid, guess))
        if best.read:
            return best
    return best


def _surer(one: Mark, other: Mark) -> Mark:
    """A reading with a number before one without: another place may show the pattern in a part of the picture only."""
    return max(one, other, key=lambda mark: (mark.read, mark.z))


def _read(gathered: Gatherer, grid: Grid, placement: Placement) -> Mark:
    """The mark at a placement or close by."""
    view = gathered.view(grid)
    z = score(view, grid, placement)
    best = Mark(z, None, placement)
    if z > 2.5:
        placement = _refine(view, grid, placement)
    for weighted in (False, True):
        if weighted and z < _WORTH_A_LOOK:
            break
        seen = gathered.view_at(grid, placement) if weighted else view
        values = seen_cells(seen, grid, placement).ravel()
        size = np.linalg.norm(values) + 1e-9
        z = float(sync_chips(grid).ravel() @ values / size)
        soft = symbol_chips(grid) @ values / size
        number = number_of(soft) if z >= _LEAST_SYNC else None
        best = _surer(best, Mark(z if number is None else _score(z, soft, number, grid), number, placement))
        if best.read:
            break
    return best


def _score(sync: float, soft: np.ndarray, number: int, grid: Grid) -> float:
    """How far sync pattern and number together are beyond chance: two scores that chance gives independently add up by their squares."""
    symbols = symbols_of(number)
    pattern = symbols @ symbol_chips(grid)
    word = float(symbols @ soft) * pattern.size**0.5 / float(np.linalg.norm(pattern))
    return math.sqrt(sync**2 + max(0.0, word * abs(word) - _PRICE))


def _refine(view: F32, grid: Grid, placement: Placement) -> Placement:
    """Climb to the best placement nearby, by ever smaller steps."""
    best = _agreement(view, grid, placement)
    for size in (0.004, 0.002, 0.001):
        for _ in range(8):
            before = best
            for name, step in (("shift_x", size), ("shift_y", size * 1.5), ("scale_x", size), ("scale_y", size), ("turn", size * 60)):
                for way in (step, -step):
                    tried = replace(placement, **{name: getattr(placement, name) + way})
                    found = _agreement(view, grid, tried)
                    if found > best:
                        placement, best = tried, found
                        break
            if best < before * 1.01:
                break
    return placement


def _agreement(view: F32, grid: Grid, placement: Placement) -> float:
    """What `score` says, but for a factor: quicker, for the climb."""
    moved = cv2.warpAffine(view, placement.matrix(grid), (grid.width, grid.height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return float(np.vdot(moved, _pattern(grid))) / (float(np.linalg.norm(moved)) + 1e-9)


@cache
def _pattern(grid: Grid) -> F32:
    """(height, width): the sync pattern as a marked frame shows it."""
    return spread(sync_chips(grid), grid)


@cache
def _templates(grid: Grid, *, upright: bool) -> tuple[np.ndarray, np.ndarray]:
    """Spectra (packed, as OpenCV has them) of the sync pattern in the canvas, as it is and as a mirror shows it."""
    pattern = _pattern(grid)
    width, height = _canvas(grid)
    x, y = (width - grid.width) // 2, (height - grid.height) // 2
    made = []
    for chips in (pattern, pattern[::-1] if upright else pattern[:, ::-1]):
        canvas = np.zeros((height, width), np.float32)
        canvas[y : y + grid.height, x : x + grid.width] = chips
        made.append(cv2.dft(canvas))
    return made[0], made[1]


def _canvas(grid: Grid) -> tuple[int, int]:
    """Width and height of the field, pixels: numbers that divide well."""
    width, height = (int(-(-_CANVAS * side // 12) * 12) for side in (grid.width, grid.height))
    return width, height


def _candidates(gathered: Gatherer, grid: Grid, turns: Sequence[float], scales: Sequence[float]) -> list[Placement]:
    """The best placements by correlation over all shifts, for each scale, turn and both ways round."""
    found: list[tuple[float, Placement]] = []
    view, aspect, upright = gathered.view(grid), gathered.aspect, gathered.upright
    width, height = _canvas(grid)
    middle = np.array([(grid.width - 1) / 2, (grid.height - 1) / 2])
    centre = np.array([(width - grid.width) // 2, (height - grid.height) // 2]) + middle
    for turn in turns:
        for scale in scales:
            linear = turned(-turn, aspect) / scale
            matrix = np.column_stack([linear, centre - linear @ middle])
            canvas = cv2.warpAffine(view, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=0.0)
            spectrum = cv2.dft(canvas)
            for mirrored, template in zip((False, True), _templates(grid, upright=upright), strict=True):
                surface = cv2.idft(cv2.mulSpectrums(spectrum, template, 0, conjB=True))
                _, highest, _, (dx, dy) = cv2.minMaxLoc(surface)
                z = highest / (float(cv2.meanStdDev(surface)[1][0, 0]) + 1e-9)
                dx, dy = (d - size if d > size // 2 else d for d, size in ((dx, width), (dy, height)))
                shift_x = -dx / grid.width * (-1 if mirrored and not upright else 1)
                shift_y = -dy / grid.height * (-1 if mirrored and upright else 1)
                found.append((z, Placement(scale, scale, shift_x, shift_y, mirrored, -turn if mirrored else turn, aspect, upright)))
    return [placement for _, placement in sorted(found, key=lambda pair: -pair[0])[:_CANDIDATES]]
