"""Looking for the mark in a file: a few stretches of three seconds, spread over it, each read by itself; then all together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...types import F32, Frame, Planes
from ...video.probe import probe
from ...video.read import frame_pts, read_frames
from . import fingerprint
from .bars import Inside, inside_bars
from .detect import LEAST_SIDE, Mark, find
from .gather import Gatherer
from .placement import Placement

STRETCH = 3.0
"""Seconds of one stretch."""
MOST_STRETCHES, MOST_FRAMES = 10, 100
_SQUARE = 1.3
"""Longer over shorter side up to which a picture may have been made from one that lay the other way."""


_NO_SAMPLES = np.zeros((0, fingerprint.LENGTH), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """What was found between two times, in seconds from the first frame."""

    begin: float
    end: float
    mark: Mark
    samples: F32
    """(m, fingerprint.LENGTH): what it looks like, several a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What was found in a file."""

    stretches: tuple[Stretch, ...]
    """Empty where the picture is too small to carry a mark. The last one is all stretches together, where none alone gave a number."""
    samples: F32
    """(m, fingerprint.LENGTH): what the file looks like, several a second in these stretches."""

    @property
    def readable(self) -> bool:
        return bool(self.stretches)

    @property
    def best(self) -> Mark | None:
        """The surest reading; one with a number before one without."""
        return max((s.mark for s in self.stretches), key=lambda mark: (mark.number is not None and mark.present, mark.z), default=None)

    def numbers(self) -> list[int]:
        """Numbers of marks that are surely present, surest first."""
        sure = sorted((s.mark for s in self.stretches if s.mark.present), key=lambda mark: -mark.z)
        return list(dict.fromkeys(mark.number for mark in sure if mark.number is not None))

    def samples_with(self, number: int) -> F32:
        """(m, fingerprint.LENGTH): what those stretches look like in which this number was read; the rest may be another video."""
        return np.concatenate([_NO_SAMPLES, *(s.samples for s in self.stretches if s.mark.number == number)])


class _Look:
    """Gathers one stretch, of the whole picture or of what lies inside of flat bars."""

    def __init__(self, inside: Inside | None = None, *, other_way: bool = False) -> None:
        self._inside = inside
        self.gatherer = Gatherer(other_way=other_way)
        self.samples: list[F32] = []

    @property
    def whole(self) -> bool:
        """Whether the whole picture is looked at, not what lies inside of bars."""
        return self._inside is None

    def see(self, planes: Planes, *, sample: bool, gather: bool) -> None:
        y = planes.y if self._inside is None else self._inside.of(planes.y)
        if sample:
            self.samples.append(fingerprint.sample(y))
        if gather:
            self.gatherer.add(y, planes.color.bit_depth)

    def stretch(self, begin: float, end: float, near: list[Placement]) -> Stretch:
        near = [placement for placement in near if placement.upright == self.gatherer.upright]
        return Stretch(begin, end, find(self.gatherer, near=near, search=not near), np.stack([*_NO_SAMPLES, *self.samples]))


def scan(path: Path, *, check: Callable[[], None] = lambda: None, see: Callable[[Frame], None] | None = None) -> Scan:
    """Look for the mark and take fingerprint samples. `check` is called between frames and may raise to stop; `see` gets every frame that is read.

    Where flat bars lie around the picture, it is looked for inside of them, too. Raises the MediaErrors.
    """
    info = probe(path)
    times = [float(pts * info.time_base) for pts in frame_pts(path)]
    times = [time - times[0] for time in times] if times else []
    readable = min(info.size_wh) >= LEAST_SIDE
    total, other_way, found, samples = Gatherer(), Gatherer(other_way=True), list[Stretch](), list[F32]()
    plain = False
    for first, end in _ranges(times):
        looks = [_Look()]
        step = math.ceil((end - first) / MOST_FRAMES)
        every = max(1, (end - first) // 12)
        for frame in read_frames(path, want="planes", start_index=first, end_index=end, info=info):
            check()
            planes = frame.planes
            assert planes is not None
            if see is not None:
                see(frame)
            number = frame.index - first
            # where the whole picture was read once, the copy is no other kind of copy
            if number == 0 and readable and not plain:
                looks = _looks(planes)
            for each in looks:
                each.see(planes, sample=number % every == 0, gather=readable and number % step == 0)
        samples += looks[0].samples
        if looks[0].gatherer.count:
            tried = (each.stretch(times[first], times[end - 1], _placements(found)) for each in looks)
            seen = next(tried)
            plain = plain or seen.mark.read
            found.append(seen if seen.mark.read else next((other for other in tried if other.mark.read), seen))
            total.join(looks[0].gatherer)
            for each in looks[1:]:
                if each.whole:
                    other_way.join(each.gatherer)
    together = np.stack(samples) if samples else _NO_SAMPLES
    if len(found) > 1 and not any(s.mark.read for s in found):
        found.append(Stretch(found[0].begin, found[-1].end, find(total, near=_placements(found)), together))
    if found and not any(s.mark.read for s in found):
        # upside down, and one of the two quarter turns: the other one looks like a mirrored picture that stands up
        over = (find(each.turned_over()) for each in (total, other_way) if each.count)
        mark = next((mark for mark in over if mark.read), None)
        if mark is not None:
            found.append(Stretch(found[0].begin, found[-1].end, mark, together))
    return Scan(tuple(found), together)


def _looks(planes: Planes) -> list[_Look]:
    """The whole picture; what lies inside of bars; both the other way round, where they are so nearly square that a crop may have turned them."""
    bars = inside_bars(planes.y, planes.color.bit_depth, least=LEAST_SIDE)
    places = [None, bars] if bars is not None else [None]
    shapes = [planes.y.shape if place is None else place.of(planes.y).shape for place in places]
    square = [place for place, (height, width) in zip(places, shapes, strict=True) if 1 / _SQUARE < width / height < _SQUARE]
    return [*map(_Look, places), *(_Look(place, other_way=True) for place in square)]


def _placements(found: list[Stretch]) -> list[Placement]:
    return [s.mark.placement for s in found if s.mark.present]


def _ranges(times: list[float]) -> list[tuple[int, int]]:
    """(first, end) frame of each stretch, evenly spread, not overlapping."""
    if not times:
        return []
    # up to the end of the last frame, and no second left out while there are few: a part of the file may be another video
    length = times[-1] + (times[-1] - times[0]) / max(1, len(times) - 1)
    count = min(MOST_STRETCHES, math.ceil(round(length / STRETCH, 3))) or 1
    found = []
    for number in range(count):
        begin = (length - STRETCH) * number / (count - 1) if count > 1 else 0.0
        first = int(np.searchsorted(times, begin - 1e-9))
        end = int(np.searchsorted(times, begin + STRETCH - 1e-9))
        found.append((max(first, found[-1][1] if found else 0), max(end, first + 1)))
    return [(first, end) for first, end in found if end > first]
