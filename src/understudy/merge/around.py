"""What is known of the frames around one: measurements averaged, colours gathered, so that nothing is decided by a single frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .blend import Window
from .color import ColorMeasure

REACH = 4
"""Frames before and after over which contrast, border and texture are averaged."""


class Measuring(Protocol):
    """What a frame's measurement must have."""

    @property
    def index(self) -> int: ...

    @property
    def color(self) -> ColorMeasure | None: ...

    @property
    def levels(self) -> np.ndarray | None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """Averages around a frame; None where nothing near was measured."""

    spreads: np.ndarray | None
    residual: np.ndarray | None
    levels: np.ndarray | None
    samples: np.ndarray | None
    """(2, N, 3): of the face and of the target, of all frames near."""
    membranes: np.ndarray | None


class Windows:
    """Takes the measurements of the frames in their order."""

    def __init__(self) -> None:
        self._spreads, self._residuals, self._textures = Window(REACH), Window(REACH), Window(REACH)
        self._samples, self._membranes = Window(REACH), Window(REACH)

    def add(self, one: Measuring) -> None:
        if one.color is not None:
            self._spreads.add(one.index, one.color.spreads)
            self._residuals.add(one.index, one.color.residual)
            if one.color.samples is not None:
                self._samples.add(one.index, one.color.samples)
            if one.color.membranes is not None:
                self._membranes.add(one.index, one.color.membranes)
        if one.levels is not None:
            self._textures.add(one.index, one.levels)

    def around(self, index: int) -> Around:
        near = self._samples.near(index)
        return Around(
            spreads=self._spreads.mean(index),
            residual=self._residuals.mean(index),
            levels=self._textures.mean(index),
            samples=np.concatenate(near, axis=1) if near else None,
            membranes=self._membranes.mean(index),
        )


def around(near: Sequence[Measuring], index: int) -> Around:
    """What `Passage.finish` needs for frame `index`, from its own measurement and those of the frames around that are given (rising)."""
    windows = Windows()
    for one in near:
        windows.add(one)
    return windows.around(index)
