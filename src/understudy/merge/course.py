"""The merge's settings over the frames of a shot: fixed, or on curves between key-frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..config import MergeSettings
from ..types import Curve


@dataclass(frozen=True, slots=True)
class Course:
    """What the merge goes by in each frame."""

    settings: MergeSettings
    curves: Mapping[str, Curve] = field(default_factory=dict)
    """Numbers of `MergeSettings` that change over time, by the field's name; each within the field's limits."""

    def at(self, index: int) -> MergeSettings:
        """The settings of frame `index`."""
        if not self.curves:
            return self.settings
        values = {name: curve.at(index) for name, curve in self.curves.items()}
        whole = {name for name in values if isinstance(getattr(self.settings, name), int)}
        return self.settings.model_copy(update={name: round(value) if name in whole else value for name, value in values.items()})
