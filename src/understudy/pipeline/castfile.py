"""`cast.toml` in a project: who of the target gets whose face, from which model, how strongly, and when.

[[face]]
person = "p2"                  # of the target: p1 …, person-2, or a name
source = "../anna"             # the project whose source lends the face; "." is this one
of = "p1"                      # which person of that source (default: the one that project is about)
model = "trained"              # draft or trained (default: as that project says)
performer = "Bob Jansen"       # whose consent record as performer: the name on it, or its number
strength = 0.8                 # or on key-frames: [[0, 1.0], [60, 0.4]]
share = [[0, 1.0], [60, 0.0]]  # its part among the faces of one person, on key-frames: a morph
from = 0                       # first frame, or seconds: "3.2s"
to = 99                        # last frame
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ..config import read_toml
from ..errors import BadSetting, UsageError
from ..files import write_text
from ..project import Project

CAST = "cast.toml"
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*s")
Moment = int | str
"""A frame of the target, or seconds from its beginning as `3.2s`."""
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Given(BaseModel):
    """One face that one person of the target is given."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    person: Annotated[str, Field(min_length=1)]
    source: str = "."
    of: str | None = None
    model: Literal["draft", "trained"] | None = None
    performer: str | None = None
    strength: Share | list[tuple[Moment, Share]] = 1.0
    share: Share | list[tuple[Moment, Share]] = 1.0
    begin: Annotated[Moment | None, Field(alias="from")] = None
    end: Annotated[Moment | None, Field(alias="to")] = None

    @field_validator("begin", "end")
    @classmethod
    def _moment(cls, value: Moment | None) -> Moment | None:
        return None if value is None else _checked(value)

    @field_validator("strength", "share")
    @classmethod
    def _curve(cls, value: Any) -> Any:
        if isinstance(value, list):
            if not value:
                raise ValueError("at least one key-frame is needed")
            for moment, _ in value:
                _checked(moment)
        return value


def _checked(value: Moment) -> Moment:
    if (isinstance(value, int) and value < 0) or (isinstance(value, str) and not _SECONDS.fullmatch(value.strip())):
        raise ValueError("a moment is a frame (0, 1, 2 …) or seconds such as 3.2s")
    return value


def seconds_in(moment: str) -> float:
    """`3.2s` -> 3.2"""
    found = _SECONDS.fullmatch(moment.strip())
    assert found is not None
    return float(found[1])


def cast_file(project: Project) -> Path:
    return project.folder / CAST


def read_cast(project: Project) -> tuple[Given, ...]:
    """What the project's cast says; () where there is none. Raises BadSetting, UsageError."""
    return cast_in(project.folder)


def cast_in(folder: Path) -> tuple[Given, ...]:
    """The same of a project that is not opened."""
    path = folder / CAST
    if not path.is_file():
        return ()
    tree = read_toml(path)
    strange = sorted(set(tree) - {"face"})
    faces = tree.get("face", [])
    if strange or not isinstance(faces, list):
        raise BadSetting(f"{path} has a part that is not known: {', '.join(strange) or 'face'}.", remedy="it holds [[face]] parts only")
    return tuple(_given(face, f"{path}, face {number}") for number, face in enumerate(faces, start=1))


def _given(body: Any, where: str) -> Given:
    try:
        return Given.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "it"
        if first["type"] == "extra_forbidden":
            known = [info.alias or field for field, info in Given.model_fields.items()]
            near = difflib.get_close_matches(name, known, n=1)
            remedy = f"did you mean '{near[0]}'?" if near else f"known are: {', '.join(known)}"
            raise UsageError(f"{where}: there is no '{name}'.", remedy=remedy) from None
        if first["type"] == "missing":
            raise UsageError(f"{where}: '{name}' is missing.", remedy=f"add {name} = …") from None
        raise BadSetting(f"{where}: '{name}' cannot be {first['input']!r}.", why=first["msg"], remedy="see docs/how-to/cast.md") from None


def given(**body: Any) -> Given:
    """One part of a cast, checked. Raises BadSetting, UsageError."""
    return _given({name: value for name, value in body.items() if value is not None}, "the cast")


def write_cast(project: Project, faces: tuple[Given, ...]) -> None:
    """Put the project's cast on disk; none: the file goes."""
    path = cast_file(project)
    if not faces:
        path.unlink(missing_ok=True)
        return
    write_text(path, tomli_w.dumps({"face": [face.model_dump(by_alias=True, exclude_defaults=True) for face in faces]}))
