"""`understudy shots`: the target's shots, and settings of single ones."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from .. import api
from ..config import check_name
from ..errors import UsageError
from .flags import SetFlag
from .support import as_settings, say


def shots(
    project: Annotated[Path, Parameter(help="The project folder.")],
    /,
    *,
    shot: Annotated[int | None, Parameter(help="The number of the shot to change.")] = None,
    set_: SetFlag = (),
    key: Annotated[tuple[str, ...], Parameter(help="A setting over time, as NAME=FRAME:VALUE,FRAME:VALUE; may be repeated.")] = (),
    clear: Annotated[tuple[str, ...], Parameter(help="A setting that follows the project again, or all; may be repeated.")] = (),
) -> None:
    """The target's shots and their states; with --shot, settings of one shot (merge.* and swap.light).

    For example:

        understudy shots film.understudy

        understudy shots film.understudy --shot 2 --merge.colour 0.5 --key merge.strength=40:1,60:0
    """
    if shot is not None:
        api.set_shot_settings(project, shot, settings=as_settings(set_), keys=dict(_curve(text) for text in key), clear=clear)
    elif set_ or key or clear:
        raise UsageError("It is not said which shot is to be changed.", remedy="add --shot NUMBER")
    table = Table(box=None, pad_edge=False)
    for heading in ("Shot", "Frames", "Seconds", "State", "Its own settings"):
        table.add_column(heading, no_wrap=heading != "Its own settings", overflow="fold")
    states = api.list_shots(project)
    for one in states:
        own = [f"{name} = {value}" for name, value in one.own.fixed.items()]
        own += [f"{name} = {','.join(f'{frame}:{value:g}' for frame, value in keys)}" for name, keys in one.own.keys.items()]
        seconds = f"{float(one.start):.2f} - {float(one.end):.2f}"
        table.add_row(str(one.number), f"{one.first} - {one.last}", seconds, one.state, ", ".join(own))
    Console(highlight=False).print(table, markup=False)
    if any(one.state in ("stale", "open") for one in states):
        say(f"What next:  understudy render --project {shlex.quote(str(project))}")


def _curve(text: str) -> tuple[str, list[tuple[int, float]]]:
    """`NAME=FRAME:VALUE,…` as a name and its keys."""
    name, _, values = text.partition("=")
    try:
        pairs = [pair.split(":") for pair in values.split(",")]
        return check_name(name.strip().replace("-", "_")), [(int(frame), float(value)) for frame, value in pairs]
    except ValueError:
        raise UsageError(f"--key {text} cannot be read.", remedy="write it as --key merge.strength=40:1,60:0 (FRAME:VALUE pairs)") from None
