"""Settings of single shots: values that differ from the project's, and curves between key-frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..config import Settings, check_name, settings_from, walk
from ..errors import BadSetting, StepMissing, UsageError
from ..merge.course import Course
from ..project import Project
from ..types import Curve, Shot

_SECTION = "merge."
LIGHT = "swap.light"
PER_SHOT: tuple[str, ...] = (*(name for name, _ in walk() if name.startswith(_SECTION)), LIGHT)
"""Settings that a shot may have of its own."""
KEYABLE: tuple[str, ...] = tuple(name for name, info in walk() if name in PER_SHOT and info.annotation in (int, float))
"""Those of them that may change within a shot: the numbers."""


@dataclass(frozen=True, slots=True)
class ShotSettings:
    """What one shot has of its own. A setting is either fixed or on keys."""

    fixed: Mapping[str, Any] = field(default_factory=dict)
    """`section.name` and value."""
    keys: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    """`section.name` and its (frame, value), rising; between them it goes in a straight line."""

    def __bool__(self) -> bool:
        return bool(self.fixed or self.keys)

    def as_dict(self) -> dict[str, Any]:
        return {"fixed": dict(self.fixed), "keys": {name: [list(key) for key in keys] for name, keys in self.keys.items()}}


def settings_of(project: Project, shot: Shot) -> ShotSettings:
    """What is kept for this shot."""
    kept = project.store.shot_settings(shot.shot_id)
    if kept is None:
        return ShotSettings()
    return ShotSettings(kept["fixed"], {name: tuple((int(frame), float(value)) for frame, value in keys) for name, keys in kept["keys"].items()})


def change(
    before: ShotSettings, shot: Shot, *, fixed: Mapping[str, Any], keys: Mapping[str, Sequence[tuple[int, float]]], clear: Sequence[str]
) -> ShotSettings:
    """`before` with these changes: a name in `fixed` or `keys` replaces what it had in either; one in `clear` (or "all") follows the project again.

    Raises UnknownSetting, BadSetting, UsageError where a setting cannot be a shot's own.
    """
    new_fixed, new_keys = dict(before.fixed), dict(before.keys)
    for name in PER_SHOT if "all" in clear else [check_name(name) for name in clear]:
        new_fixed.pop(name, None)
        new_keys.pop(name, None)
    for name, value in fixed.items():
        _check_allowed(name)
        new_fixed[name] = _checked(name, value)
        new_keys.pop(name, None)
    for name, given in keys.items():
        _check_allowed(name)
        new_keys[name] = _checked_keys(name, given, shot)
        new_fixed.pop(name, None)
    return ShotSettings(new_fixed, new_keys)


def course_of(settings: Settings, own: ShotSettings) -> tuple[Course, Curve | None]:
    """The merge's settings over the shot, and how much of the planned light is taken over (None: all). `settings` are the project's.

    Raises BadSetting where the light is to be brought back that the project's own setting takes away.
    """
    merged = settings_from(settings.model_dump(), {name: value for name, value in own.fixed.items() if name != LIGHT})
    curves = {name.removeprefix(_SECTION): Curve(keys) for name, keys in own.keys.items() if name != LIGHT}
    light = own.keys.get(LIGHT) or (((0, float(own.fixed[LIGHT])),) if LIGHT in own.fixed else None)
    if light is None:
        return Course(merged.merge, curves), None
    base = settings.swap.light
    if base <= 0:
        raise BadSetting(
            "A shot cannot take over light, because the project takes over none.",
            why="The setting swap.light of the project is 0, and a shot's own is a share of what was planned.",
            remedy="set swap.light of the project above 0, or clear it in the shot",
        )
    return Course(merged.merge, curves), Curve(tuple((frame, value / base) for frame, value in light))


def _check_allowed(name: str) -> None:
    check_name(name)
    if name not in PER_SHOT:
        raise UsageError(f"The setting '{name}' is the same for the whole project.", remedy=f"a shot's own can be: {', '.join(PER_SHOT)}")


def _checked(name: str, value: Any) -> Any:
    """The value as the setting holds it."""
    section, _, field_name = name.partition(".")
    return getattr(getattr(settings_from(None, {name: value}), section), field_name)


def _checked_keys(name: str, given: Sequence[tuple[int, float]], shot: Shot) -> tuple[tuple[int, float], ...]:
    if name not in KEYABLE:
        raise UsageError(f"The setting '{name}' cannot change within a shot: it is not a number.", remedy="give one value for the whole shot")
    frames = [int(frame) for frame, _ in given]
    if not frames or len(set(frames)) != len(frames):
        raise UsageError(f"The key-frames of '{name}' must be at least one, each at a frame of its own.", remedy="give FRAME:VALUE pairs")
    outside = [frame for frame in frames if not shot.start_index <= frame < shot.end_index]
    if outside:
        raise UsageError(
            f"Frame {outside[0]} does not lie in the shot.", remedy=f"the shot goes from frame {shot.start_index} to {shot.end_index - 1}"
        )
    return tuple(sorted((int(frame), float(_checked(name, value))) for frame, value in given))


def find_shot(shots: Sequence[Shot], which: int | str) -> Shot:
    """The shot of this number (1, 2 …) or id. Raises StepMissing where there are no shots yet, UsageError where none is called so."""
    if not shots:
        raise StepMissing("The shots of the target are not known yet.", remedy="run first: understudy extract")
    if isinstance(which, int):
        if 1 <= which <= len(shots):
            return shots[which - 1]
        raise UsageError(f"There is no shot {which}.", remedy=f"the target has shots 1 to {len(shots)}")
    for shot in shots:
        if shot.shot_id == which:
            return shot
    raise UsageError(f"There is no shot '{which}'.", remedy="the list: understudy shots PROJECT")
