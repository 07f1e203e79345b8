"""A form field for every setting, made from its one definition in `config`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, get_args, get_origin

from ..config import Settings, flatten, settings_from, walk


@dataclass(frozen=True, slots=True)
class Field:
    """One setting as a field. `choices` is empty for a number or a text."""

    name: str
    kind: Literal["choice", "whole", "number", "switch", "text"]
    value: Any
    default: Any
    """What the project's quality gives."""
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None

    @property
    def changed(self) -> bool:
        return self.value != self.default


def sections(settings: Settings) -> Iterator[tuple[str, list[Field]]]:
    """(section, its fields) in the order of the definition; the one dial is chosen where the video is made."""
    values = flatten(settings.model_dump())
    defaults = flatten(settings_from(flags={"quality": settings.quality}).model_dump())
    fields = [_field(name, info, values[name], defaults[name]) for name, info in walk() if "." in name]
    for section, own in groupby(fields, key=lambda field: field.name.partition(".")[0]):
        yield section, list(own)


def _field(name: str, info: Any, value: Any, default: Any) -> Field:
    kind = info.annotation
    if get_origin(kind) is Literal:
        return Field(name, "choice", value, default, tuple(map(str, get_args(kind))))
    limits = {key: getattr(mark, key) for mark in info.metadata for key in ("ge", "gt", "le") if hasattr(mark, key)}
    least = limits.get("ge", limits.get("gt"))
    word: Literal["switch", "whole", "number", "text"] = (
        "switch" if kind is bool else "whole" if kind is int else "number" if kind is float else "text"
    )
    return Field(name, word, value, default, least=least, most=limits.get("le"))
