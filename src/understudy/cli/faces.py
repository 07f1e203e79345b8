"""The command `understudy faces`."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from .. import api
from ..errors import OutputExists, UsageError
from .support import at_work, say

_COLUMNS = ("time", "yaw", "pitch", "sharpness", "size", "mouth", "eyes", "smile", "occluded", "likeness", "quality")


def faces(
    project: Annotated[Path, Parameter(help="The project folder.")],
    action: Annotated[Literal["list", "sort", "drop", "restore", "undo", "pack", "unpack"], Parameter(help="What to do.")] = "list",
    words: Annotated[tuple[str, ...], Parameter(help="sort: by what. drop, restore: numbers, such as 3 7-9. pack, unpack: the file.")] = (),
    /,
    *,
    where: Annotated[tuple[str, ...], Parameter(help="Only faces that fulfil this, such as 'yaw>40'; may be repeated.")] = (),
    shown: Annotated[Literal["all", "kept", "left-out", "trash"], Parameter(help="Which faces to list.")] = "all",
    reverse: Annotated[bool, Parameter(help="The other way round.")] = False,
    limit: Annotated[int, Parameter(help="List at most this many.")] = 40,
) -> None:
    """Every face of the source: look at them, sort and filter them, throw some out, bring some back, pack the set to one file.

    What is thrown out goes to the trash, never away, and a new `extract` and training heed it.

    For example:

        understudy faces film drop --where 'likeness<0.4'
    """
    again = shlex.quote(str(project))
    if action in ("list", "sort"):
        if len(words) != (action == "sort"):
            raise UsageError(f"{action} takes {'one word' if action == 'sort' else 'no more words'}.", remedy=f"sort by: {', '.join(api.FACE_SORTS)}")
        with at_work() as context:
            wall = api.faces(project, sort=words[0] if words else "time", reverse=reverse, where=where, shown=shown, context=context)
        _list(wall, limit)
    elif action in ("drop", "restore"):
        with at_work() as context:
            numbers = _numbers(words) if words else [f.number for f in api.faces(project, where=where, shown=shown, context=context).faces]
        if not words and not where:
            raise UsageError("It was not said which faces.", remedy="give numbers, such as 3 7-9, or a condition: --where 'likeness<0.4'")
        n = (api.faces_drop if action == "drop" else api.faces_restore)(project, numbers) if numbers else 0
        say(f"{n} faces {'thrown out' if action == 'drop' else 'brought back'}. To take it back:  understudy faces {again} undo")
    elif action == "undo":
        n = api.faces_undo(project)
        say(f"Taken back: {n} faces." if n else "There is nothing to take back.")
    else:
        _pack(project, action, words)


def _pack(project: Path, action: str, words: tuple[str, ...]) -> None:
    if len(words) != 1:
        raise UsageError(f"{action} needs the name of one file.", remedy=f"for example: understudy faces PROJECT {action} her.faceset")
    file = Path(words[0])
    with at_work() as context:
        if action == "pack":
            if file.exists():
                raise OutputExists(f"{file} is there already.", remedy="choose another name, or remove it first")
            say(f"Packed {api.faces_pack(project, file, context=context)} faces: {file}")
            return
        done = api.faces_unpack(project, file, context=context)
    say(f"Unpacked {done.faces} faces into {done.folder}.")
    if not done.fits:
        say("The project does not use them: its source video, the settings of faces, or what was thrown out is not the same.")


def _numbers(words: tuple[str, ...]) -> list[int]:
    numbers: list[int] = []
    for word in words:
        found = re.fullmatch(r"(\d{1,7})(?:-(\d{1,7}))?", word)
        if found is None or int(found[2] or found[1]) < int(found[1]):
            raise UsageError(f"'{word}' is no number of a face.", remedy="write numbers as 3 or 7-9; they are listed by: understudy faces PROJECT")
        numbers += range(int(found[1]), int(found[2] or found[1]) + 1)
    return numbers


def _list(wall: api.FaceWall, limit: int) -> None:
    left = ", ".join(f"{n} {reason}" for reason, n in sorted(wall.left_out.items(), key=lambda item: -item[1]))
    say(f"{wall.total} faces of {wall.person}; {wall.kept} in the set" + (f"; left out: {left}" if left else "") + ".")
    if not wall.faces:
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("Face", "Frame", *_COLUMNS, "In the set"):
        table.add_column(heading, justify="left" if heading == "In the set" else "right")
    for face in wall.faces[:limit]:
        state = f"{face.reason or 'yes'}{' (you)' if face.by_user else ''}"
        table.add_row(str(face.number), str(face.frame), *(f"{face.values[name]:.4g}" for name in _COLUMNS), state)
    Console(highlight=False, soft_wrap=True, width=140).print(table, markup=False)
    if len(wall.faces) > limit:
        say(f"… and {len(wall.faces) - limit} more (--limit).")
    say(f"Thumbnails: {wall.faces[0].sheet.parent}")
