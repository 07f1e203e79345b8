"""How a marked frame lies in the one that is seen: scaled, shifted, mirrored, turned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .grid import Grid


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
    def as_it_is(self) -> bool:
        return self == Placement(aspect=self.aspect, upright=self.upright)

    @property
    def crop(self) -> tuple[float, float, float, float, bool]:
        """Left, top, right, bottom of the seen part as shares of the marked frame, and whether it is mirrored."""
        x, y = 0.5 + self.shift_x, 0.5 + self.shift_y
        half_x, half_y = 0.5 / self.scale_x, 0.5 / self.scale_y
        if self.upright:
            x, y, half_x, half_y = y, x, half_y, half_x
        return x - half_x, y - half_y, x + half_x, y + half_y, self.mirrored

    def matrix(self, grid: Grid) -> np.ndarray:
        """(2, 3): from pixels of the marked frame's view to pixels of the seen one's."""
        across, down = (1.0, 1.0) if not self.mirrored else (1.0, -1.0) if self.upright else (-1.0, 1.0)
        linear = np.diag([across * self.scale_x, down * self.scale_y]) @ turned(self.turn, self.aspect)
        middle = np.array([(grid.width - 1) / 2, (grid.height - 1) / 2])
        shift = np.array([self.shift_x * grid.width, self.shift_y * grid.height])
        return np.column_stack([linear, middle - linear @ (middle + shift)])


def turned(degrees: float, aspect: float) -> np.ndarray:
    """(2, 2): a turn of the picture, in a view whose pixels have this aspect."""
    angle = np.deg2rad(degrees)
    return np.array([[np.cos(angle), -np.sin(angle) / aspect], [np.sin(angle) * aspect, np.cos(angle)]])
