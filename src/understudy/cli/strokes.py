"""The command `understudy strokes`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from .. import api
from ..errors import UsageError
from .support import say


def strokes(
    project: Annotated[Path, Parameter(help="The project folder.")],
    action: Annotated[Literal["list", "add", "remove", "undo"], Parameter(help="What to do.")] = "list",
    number: Annotated[int | None, Parameter(help="remove: the number of the stroke, as the list gives it.")] = None,
    /,
    *,
    frame: Annotated[int | None, Parameter(help="add: the frame of the target that is painted on, counted from 0.")] = None,
    kind: Annotated[
        Literal["exclude", "include", "clear"],
        Parameter(help="add: keep the target there, show the face there too, or undo all painting from this frame on."),
    ] = "exclude",
    polygon: Annotated[tuple[str, ...], Parameter(help="add: corners in pixels of the frame, as 'X,Y X,Y X,Y'; may be repeated.")] = (),
    brush: Annotated[Path | None, Parameter(help="add: a PNG of the frame's size, painted where it is opaque (or light).")] = None,
) -> None:
    """Paint on frames of the target: places where it stays as it is, and places where the face shows too.

    What is painted follows the face through the shot until the next painted frame. Only that shot is rendered anew.

    For example:

        understudy strokes film.understudy add --frame 41 --polygon "200,310 330,310 330,420 200,420"

        understudy strokes film.understudy undo
    """
    if action == "add":
        _add(project, frame, kind, polygon, brush)
    elif frame is not None or polygon or brush is not None:
        raise UsageError(f"--frame, --polygon and --brush say what to paint; {action} paints nothing.", remedy="understudy strokes PROJECT add …")
    elif action == "remove":
        if number is None:
            raise UsageError(
                "It is not said which stroke is to be removed.", remedy=f"give its number: understudy strokes {_quoted(project)} remove 1"
            )
        api.remove_stroke(project, number)
        say(f"Stroke {number} is gone.")
    elif action == "undo":
        undone = api.undo_stroke(project)
        say(f"Taken back: stroke {undone.stroke_id} on frame {undone.frame}." if undone else "There is nothing to take back.")
    else:
        _list(project)


def _add(project: Path, frame: int | None, kind: Literal["exclude", "include", "clear"], polygon: tuple[str, ...], brush: Path | None) -> None:
    if frame is None:
        raise UsageError("It is not said which frame is painted on.", remedy="add --frame NUMBER; frames count from 0")
    if brush is not None and not brush.is_file():
        raise UsageError(f"There is no picture {brush}.", remedy="check the name")
    painted = brush.read_bytes() if brush is not None else None
    number = api.add_stroke(project, frame, kind, polygons=[_corners(text) for text in polygon], brush=painted)
    say(f"Stroke {number} is on frame {frame}. To take it back:  understudy strokes {_quoted(project)} undo")
    say(f"What next:  understudy render --project {_quoted(project)}")


def _corners(text: str) -> list[tuple[float, float]]:
    try:
        pairs = [pair.split(",") for pair in text.split()]
        return [(float(x), float(y)) for x, y in pairs]
    except ValueError:
        raise UsageError(f"--polygon {text!r} cannot be read.", remedy='write it as --polygon "200,310 330,310 330,420" (X,Y pairs)') from None


def _list(project: Path) -> None:
    rows = api.list_strokes(project)
    if not rows:
        say("Nothing is painted.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("Stroke", "Frame", "Kind", "Shape"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        shape = [f"polygon of {len(polygon)} corners" for polygon in row.polygons] + (["brush"] if row.brush is not None else [])
        table.add_row(str(row.stroke_id), str(row.frame), row.kind, ", ".join(shape) or "all")
    Console(highlight=False, soft_wrap=True).print(table, markup=False)


def _quoted(project: Path) -> str:
    return shlex.quote(str(project))
