"""Finding and reading the mark: also in copies that were scaled, cropped, mirrored or turned by up to three degrees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np

from ...types import F32
from .code import bit_chips, number_of, sync_chips
from .whiten import HEIGHT, WIDTH, cells, details, flatten_spectrum, is_upright, small_luma, spread, whiten

LEAST_Z = 7.5
"""Sync score (standard deviations over chance) from which a mark counts as present."""
LEAST_SIDE = 144
"""Pixels of the shorter side below which the mark cannot be read."""
_PART = 5
"""Frames of one part of a stretch."""
_CANVAS = (432, 240)
"""Width, height of the field in which shifts are searched: room for pictures that were made smaller within their frame."""
_SCALES = tuple(np.geomspace(0.84, 1.36, 61).tolist())
_TURNS = (-3.0, -2.4, -1.8, -1.2, -0.6, 0.6, 1.2, 1.8, 2.4, 3.0)
_TURNED_SCALES = tuple(np.geomspace(0.94, 1.2, 22).tolist())


@dataclass(frozen=True, slots=True)
class Placement:
    """How the marked frame lies in the seen one: seen and marked frame both span -0.5 .. 0.5; marked = turn(seen * 1/scale) + shift."""

    scale_x: float = 1.0
    scale_y: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    mirrored: bool = False
    turn: float = 0.0
    """Degrees, of the picture as its pixels lie."""
    aspect: float = 1.0
    """Width over height of a pixel of the view, as it lies in the picture."""
    upright: bool = False
    """The view is that of an upright picture laid on its side: what mirrors the picture turns the view upside down."""

    @property
    def crop(self) -> tuple[float, float, float, float, bool]:
        """Left, top, right, bottom of the seen part as shares of the marked frame, and whether it is mirrored."""
        x, y = 0.5 + self.shift_x, 0.5 + self.shift_y
        half_x, half_y = 0.5 / self.scale_x, 0.5 / self.scale_y
        if self.upright:
            x, y, half_x, half_y = y, x, half_y, half_x
        return x - half_x, y - half_y, x + half_x, y + half_y, self.mirrored

    def matrix(self) -> np.ndarray:
        """(2, 3): from pixels of the marked frame's view to pixels of the seen one's."""
        across, down = (1.0, 1.0) if not self.mirrored else (1.0, -1.0) if self.upright else (-1.0, 1.0)
        linear = np.diag([across * self.scale_x, down * self.scale_y]) @ _turn(self.turn, self.aspect)
        middle = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
        shift = np.array([self.shift_x * WIDTH, self.shift_y * HEIGHT])
        return np.column_stack([linear, middle - linear @ (middle + shift)])


def _turn(degrees: float, aspect: float) -> np.ndarray:
    """(2, 2): a turn of the picture, in a view whose pixels have this aspect."""
    angle = np.deg2rad(degrees)
    return np.array([[np.cos(angle), -np.sin(angle) / aspect], [np.sin(angle) * aspect, np.cos(angle)]])


@dataclass(frozen=True, slots=True)
class Mark:
    """What was found in one stretch of frames."""

    z: float
    """Sync score."""
    number: int | None
    """The 32-bit number, where the CRC holds."""
    placement: Placement
    margins: tuple[float, ...] = ()
    """The soft bits, in standard deviations."""

    @property
    def present(self) -> bool:
        return self.z >= LEAST_Z


class Gatherer:
    """Averages the frames of one stretch as the reader needs them; in parts, because a codec may keep the mark in some of them only."""

    def __init__(self) -> None:
        self._parts: list[tuple[F32, int]] = []
        self.aspect = 1.0
        """Width over height of a pixel of the view, as it lies in the frames."""
        self.upright = False
        """Whether the frames are higher than wide, and so laid on their side in the view."""

    @property
    def count(self) -> int:
        return sum(count for _, count in self._parts)

    def add(self, y: np.ndarray, bit_depth: int) -> None:
        """Take in one luma plane (H, W), uint8 or uint16."""
        self.upright = is_upright(y)
        y = np.ascontiguousarray(y.T) if self.upright else y
        seen = whiten(*details(small_luma(y, bit_depth)))
        if self._parts and self._parts[-1][1] < _PART:
            before, count = self._parts.pop()
            self._parts.append((before + seen, count + 1))
        else:
            self._parts.append((seen, 1))
        self.aspect = y.shape[1] / WIDTH / (y.shape[0] / HEIGHT)

    def join(self, other: Gatherer) -> None:
        """Take in what another one gathered: of a longer stretch the mark stands out more, for it stays and the picture moves."""
        self._parts += other._parts
        self.aspect, self.upright = other.aspect, other.upright

    def view(self) -> F32:
        """(HEIGHT, WIDTH): the mean, its spectrum flattened."""
        whole = sum((part for part, _ in self._parts), np.zeros((HEIGHT, WIDTH), np.float32))
        return flatten_spectrum(np.asarray(whole / max(self.count, 1), np.float32))

    def view_at(self, placement: Placement) -> F32:
        """The same, with more weight to the parts in which the sync pattern is seen better at this placement."""
        scores = np.array([_score(flatten_spectrum(np.asarray(part / count, np.float32)), placement) for part, count in self._parts])
        weights = np.clip(scores - 0.5, 0.05, None)
        whole = sum(
            (weight * part / count for weight, (part, count) in zip(weights, self._parts, strict=True)), np.zeros((HEIGHT, WIDTH), np.float32)
        )
        return flatten_spectrum(np.asarray(whole / weights.sum(), np.float32))


def find(gathered: Gatherer, *, near: Sequence[Placement] = (), search: bool = True) -> Mark:
    """The best reading of what was gathered: where it lies as is, then at the placements `near`, then wherever a search finds it."""
    as_it_is = Placement(upright=gathered.upright)
    best = Mark(-1.0, None, as_it_is)
    if not gathered.count:
        return best
    view = gathered.view()
    for guess in (as_it_is, *near):
        for seen in (view, gathered.view_at(guess)):
            best = max(best, _read(seen, guess, refine=True), key=lambda mark: mark.z)
            if best.present and best.number is not None:
                return best
    if search:
        for turns, scales in (((0.0,), _SCALES), (_TURNS, _TURNED_SCALES)):
            for guess in _candidates(view, turns, scales, gathered):
                best = max(best, _read(view, guess, refine=True), key=lambda mark: mark.z)
            if best.present:
                return best
    return best


def _read(view: F32, placement: Placement, *, refine: bool) -> Mark:
    z = _score(view, placement)
    if refine and z > 2.5:
        placement, z = _refine(view, placement, z)
    values = _grid(view, placement).ravel()
    margins = bit_chips() @ values / (np.linalg.norm(values) + 1e-9)
    number = number_of(margins) if z >= LEAST_Z - 2 else None
    return Mark(z, number, placement, tuple(margins.tolist()))


def _grid(view: F32, placement: Placement) -> F32:
    if placement == Placement(upright=placement.upright):
        return cells(view)
    moved = cv2.warpAffine(view, placement.matrix(), (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=0.0)
    return cells(np.asarray(moved, np.float32))


def _score(view: F32, placement: Placement) -> float:
    values = _grid(view, placement)
    return float((values * sync_chips()).sum() / (np.linalg.norm(values) + 1e-9))


def _refine(view: F32, placement: Placement, z: float) -> tuple[Placement, float]:
    """Climb to the best placement nearby, by ever smaller steps."""
    for size in (0.004, 0.002, 0.001):
        for _ in range(3):
            before = z
            for name, step in (("shift_x", size), ("shift_y", size * 1.5), ("scale_x", size), ("scale_y", size), ("turn", size * 60)):
                if name == "turn" and not placement.turn:
                    continue
                for way in (step, -step):
                    tried = replace(placement, **{name: getattr(placement, name) + way})
                    score = _score(view, tried)
                    if score > z:
                        placement, z = tried, score
            if z - before < 0.05:
                break
    return placement, z


@cache
def _templates(upright: bool) -> tuple[np.ndarray, np.ndarray]:
    """Conjugate spectra of the sync pattern in the canvas, as it is and as a mirror shows it."""
    pattern = spread(sync_chips())
    made = []
    for chips in (pattern, pattern[::-1] if upright else pattern[:, ::-1]):
        canvas = np.zeros(_CANVAS[::-1], np.float32)
        x, y = (_CANVAS[0] - WIDTH) // 2, (_CANVAS[1] - HEIGHT) // 2
        canvas[y : y + HEIGHT, x : x + WIDTH] = chips
        made.append(np.conj(np.fft.rfft2(canvas)))
    return made[0], made[1]


def _candidates(view: F32, turns: Iterable[float], scales: Iterable[float], gathered: Gatherer) -> list[Placement]:
    """The three best placements by correlation over all shifts, for each scale, turn and both ways round."""
    found: list[tuple[float, Placement]] = []
    aspect, upright = gathered.aspect, gathered.upright
    middle = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    centre = np.array([(_CANVAS[0] - WIDTH) // 2, (_CANVAS[1] - HEIGHT) // 2]) + middle
    for turn in turns:
        for scale in scales:
            linear = _turn(-turn, aspect) / scale
            matrix = np.column_stack([linear, centre - linear @ middle])
            canvas = cv2.warpAffine(view, matrix, _CANVAS, flags=cv2.INTER_LINEAR, borderValue=0.0)
            spectrum = np.fft.rfft2(canvas)
            for mirrored, template in zip((False, True), _templates(upright), strict=True):
                surface = np.fft.irfft2(spectrum * template, s=_CANVAS[::-1])
                peak = int(surface.argmax())
                dy, dx = np.unravel_index(peak, surface.shape)
                z = float(surface.flat[peak] / surface.std())
                dx, dy = (int(d) - size if d > size // 2 else int(d) for d, size in ((dx, _CANVAS[0]), (dy, _CANVAS[1])))
                shift_x = -dx / WIDTH * (-1 if mirrored and not upright else 1)
                shift_y = -dy / HEIGHT * (-1 if mirrored and upright else 1)
                found.append((z, Placement(scale, scale, shift_x, shift_y, mirrored, -turn if mirrored else turn, aspect, upright)))
    return [placement for _, placement in sorted(found, key=lambda pair: -pair[0])[:3]]
