"""Looking for the mark in a file: a few stretches of three seconds, spread over it, each read by itself; then all together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...types import F32, Frame
from ...video.probe import probe
from ...video.read import frame_pts, read_frames
from . import fingerprint
from .detect import LEAST_SIDE, Mark, find
from .gather import Gatherer
from .placement import Placement

STRETCH = 3.0
"""Seconds of one stretch."""
MOST_STRETCHES, MOST_FRAMES = 5, 100


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was found between two times, in seconds from the first frame."""

    begin: float
    end: float
    mark: Mark


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


def scan(path: Path, *, check: Callable[[], None] = lambda: None, see: Callable[[Frame], None] | None = None) -> Scan:
    """Look for the mark and take fingerprint samples. `check` is called between frames and may raise to stop; `see` gets every frame that is read.

    Raises the MediaErrors.
    """
    info = probe(path)
    times = [float(pts * info.time_base) for pts in frame_pts(path)]
    times = [time - times[0] for time in times] if times else []
    readable = min(info.size_wh) >= LEAST_SIDE
    total, found, samples = Gatherer(), list[Stretch](), list[F32]()
    for first, end in _ranges(times):
        gatherer = Gatherer()
        step = math.ceil((end - first) / MOST_FRAMES)
        every = max(1, (end - first) // 12)
        for frame in read_frames(path, want="planes", start_index=first, end_index=end, info=info):
            check()
            assert frame.planes is not None
            if see is not None:
                see(frame)
            if (frame.index - first) % every == 0:
                samples.append(fingerprint.sample(frame.planes.y))
            if readable and (frame.index - first) % step == 0:
                gatherer.add(frame.planes.y, info.color.bit_depth)
        if readable and gatherer.count:
            near = _placements(found)
            found.append(Stretch(times[first], times[end - 1], find(gatherer, near=near, search=not near)))
            total.join(gatherer)
    if len(found) > 1 and not any(s.mark.present and s.mark.number is not None for s in found):
        found.append(Stretch(found[0].begin, found[-1].end, find(total, near=_placements(found))))
    return Scan(tuple(found), np.stack(samples) if samples else np.zeros((0, fingerprint.LENGTH), np.float32))


def _placements(found: list[Stretch]) -> list[Placement]:
    return [s.mark.placement for s in found if s.mark.present]


def _ranges(times: list[float]) -> list[tuple[int, int]]:
    """(first, end) frame of each stretch, evenly spread, not overlapping."""
    if not times:
        return []
    length = times[-1]
    count = max(1, min(MOST_STRETCHES, int(length // STRETCH)))
    found = []
    for number in range(count):
        begin = (length - STRETCH) * number / (count - 1) if count > 1 else 0.0
        first = int(np.searchsorted(times, begin - 1e-9))
        end = int(np.searchsorted(times, begin + STRETCH - 1e-9))
        found.append((max(first, found[-1][1] if found else 0), max(end, first + 1)))
    return [(first, end) for first, end in found if end > first]
