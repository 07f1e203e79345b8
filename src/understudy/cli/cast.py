"""`understudy cast`: several people of the target in one pass, each with a face of their own."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from .. import api
from ..errors import UsageError
from .support import at_work, say

Curve = float | list[tuple[int | str, float]]


def cast(
    project: Annotated[Path, Parameter(help="The project folder.")],
    action: Annotated[Literal["show", "check", "set", "morph", "remove"], Parameter(help="What to do.")] = "show",
    person: Annotated[
        str | None, Parameter(help="Who of the target: p1 …, person-2, or a name. For remove: nobody named takes out everybody.")
    ] = None,
    /,
    *,
    source: Annotated[
        tuple[str, ...], Parameter(help="Folder, beside the project's own files, of the project whose source lends the face; `.` is this one.")
    ] = (),
    of: Annotated[str | None, Parameter(help="Which person of that source: p1 …")] = None,
    model: Annotated[Literal["draft", "trained"] | None, Parameter(help="Which model of that project (default: as it says itself).")] = None,
    performer: Annotated[str | None, Parameter(help="Whose consent record as performer: the name on it, or its number.")] = None,
    strength: Annotated[str, Parameter(help="0 to 1, or over time: FRAME:VALUE,FRAME:VALUE.")] = "1",
    share: Annotated[str, Parameter(help="Its part among the faces of one person, 0 to 1, or over time: FRAME:VALUE,FRAME:VALUE.")] = "1",
    from_: Annotated[str | None, Parameter(name="--from", help="First frame, or seconds such as 3.2s.")] = None,
    to: Annotated[str | None, Parameter(help="Last frame, or seconds.")] = None,
    add: Annotated[bool, Parameter(help="Beside what the person has: another stretch of time, or a part of a morph.")] = False,
) -> None:
    """Say which person of the target gets whose face, from which model, how strongly and when. Kept in the project's `cast.toml`.

    Every source has its own consent record, and every person of the target who gets a face; the result's credentials and the ledger list all.

    For example:

        understudy cast film set p1 --source ../anna --performer "Bob Jansen"

        understudy cast film morph p1 --source ../anna --source ../bea --from 2s --to 3.5s

        understudy cast film check
    """
    if action == "set":
        _refuse_unless(person is not None and len(source) <= 1, "set needs one person and at most one --source.")
        assert person is not None
        api.cast_set(
            project,
            person,
            source=source[0] if source else ".",
            of=of,
            model=model,
            performer=performer,
            strength=_curve(strength),
            share=_curve(share),
            begin=_moment(from_),
            end=_moment(to),
            add=add,
        )
    elif action == "morph":
        fine = person is not None and len(source) == 2 and from_ is not None and to is not None
        _refuse_unless(fine, "morph needs a person, two --source, --from and --to.")
        begin, end = _moment(from_), _moment(to)
        assert person is not None and begin is not None and end is not None
        api.cast_morph(project, person, sources=(source[0], source[1]), begin=begin, end=end)
    elif action == "remove":
        api.cast_remove(project, person)
    elif action == "check":
        with at_work() as context:
            records = api.cast_check(project, context=context)
        say(f"The cast can be played. It stands on {len(records)} consent records: {', '.join(records)}.")
        return
    _show(project)


def _show(project: Path) -> None:
    faces = api.cast_show(project)
    if not faces:
        say("The project has no cast: its one source gives its face to the one person meant.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("", "Person", "Seen", "Face from", "Model", "Strength", "Share", "When", "Performer"):
        table.add_column(heading, overflow="fold")
    for face in faces:
        given = face.given
        source = given.source + (f" ({given.of})" if given.of else "")
        when = f"{'' if given.begin is None else given.begin} - {'' if given.end is None else given.end}"
        table.add_row(
            str(face.number),
            face.seen_as or given.person,
            f"{face.frames} frames",
            source,
            face.model_id or "?",
            _words(given.strength),
            _words(given.share),
            "always" if when == " - " else when,
            given.performer or face.performer_record or "?",
        )
    Console(highlight=False).print(table, markup=False)
    for face in faces:
        if face.problem:
            say(f"\n{face.number}: {face.problem}")
    if not any(face.problem for face in faces):
        say(f"What next:  understudy render --project {shlex.quote(str(project))}")


def _words(value: float | list[tuple[int | str, float]]) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else ", ".join(f"{moment}:{number:g}" for moment, number in value)


def _curve(text: str) -> Curve:
    try:
        if ":" not in text:
            return float(text)
        pairs = [pair.rsplit(":", 1) for pair in text.split(",")]
        keys: list[tuple[int | str, float]] = []
        for moment, value in pairs:
            at = _moment(moment)
            assert at is not None
            keys.append((at, float(value)))
        return keys
    except ValueError:
        raise UsageError(f"'{text}' cannot be read.", remedy="write a number from 0 to 1, or FRAME:VALUE pairs such as 0:1,60:0") from None


def _moment(text: str | None) -> int | str | None:
    if text is None:
        return None
    return int(text) if re.fullmatch(r"\d+", text.strip()) else text.strip()


def _refuse_unless(fine: bool, what: str) -> None:
    if not fine:
        raise UsageError(what, remedy="understudy cast --help")
