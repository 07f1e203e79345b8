"""The command `understudy people`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Literal, cast, get_args

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from .. import api
from ..errors import UsageError
from ..files import write_bytes
from ..types import Role
from .support import at_work, say


def people(
    project: Annotated[Path, Parameter(help="The project folder.")],
    action: Annotated[Literal["list", "find", "name", "merge", "split", "choose", "undo"], Parameter(help="What to do.")] = "list",
    words: Annotated[
        tuple[str, ...],
        Parameter(
            help="name: PERSON NAME. merge: PERSON PERSON … split: PERSON PIECE … choose: source|target PERSON. A person is person-1, 1, or a name."
        ),
    ] = (),
    /,
    *,
    tracks: Annotated[bool, Parameter(help="List every piece (one person through one shot) too.")] = False,
    sheets: Annotated[Path | None, Parameter(help="Write a contact sheet of every person into this folder.")] = None,
) -> None:
    """Say who is seen in all videos of a project, and put right who is who.

    `find` looks for everybody without deciding who is meant; `choose` says who lends the face (source) or is replaced (target). What you decide is
    kept; a new `extract` does not undo it. Names work with --face and --source-face.

    For example:

        understudy people film name 2 Anna
    """
    if action == "list":
        _refuse_unless(not words, "list takes no more words.")
        _list(api.people(project), pieces=tracks, sheets=sheets)
    elif action == "find":
        _refuse_unless(not words, "find takes no more words.")
        with at_work() as context:
            found = api.people_find(project, context=context)
        _list(found, pieces=tracks, sheets=sheets)
    elif action == "choose":
        _refuse_unless(len(words) == 2 and words[0] in get_args(Role), "choose needs source or target, and a person.")
        person = api.person_choose(project, cast(Role, words[0]), words[1])
        say(f"{person.title} {'lends the face' if words[0] == 'source' else 'is replaced'} now.")
    elif action == "name":
        _refuse_unless(len(words) == 2, "name needs a person and a name.")
        person = api.person_name(project, *words)
        say(f"{person.person_id} is called {person.name} now." if person.name else f"{person.person_id} has no name now.")
    elif action == "merge":
        _refuse_unless(len(words) >= 2, "merge needs two people or more.")
        person = api.people_merge(project, words)
        say(f"They are one person now: {person.title}, {person.seconds:.1f} s. To take it back:  understudy people {shlex.quote(str(project))} undo")
    elif action == "split":
        _refuse_unless(len(words) >= 2, "split needs a person and one of the pieces or more.")
        person = api.person_split(project, words[0], words[1:])
        say(f"These pieces are {person.title} now. To take it back:  understudy people {shlex.quote(str(project))} undo")
    else:
        _refuse_unless(not words, "undo takes no more words.")
        undone = api.people_undo(project)
        say(f"Taken back: the last {undone}." if undone else "There is nothing to take back.")


def _refuse_unless(fine: bool, what: str) -> None:
    if not fine:
        raise UsageError(what, remedy="see: understudy people --help")


def _list(everybody: tuple[api.ProjectPerson, ...], *, pieces: bool, sheets: Path | None) -> None:
    if not everybody:
        say("Nobody was found yet. Faces are looked for by: understudy extract")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("Person", "Name", "On screen", "Seen in"):
        table.add_column(heading, overflow="fold")
    for person in everybody:
        where = "\n".join(f"{part.role} {part.video}: {part.face}, {part.seconds:.1f} s{', meant' if part.meant else ''}" for part in person.media)
        table.add_row(person.person_id, person.name or "", f"{person.seconds:.1f} s", where)
        for track in person.tracks if pieces else ():
            table.add_row("", "", "", f"piece {track.track_id}: {track.start_s:.2f} to {track.end_s:.2f} s")
    Console(highlight=False, soft_wrap=True).print(table, markup=False)
    for person in everybody if sheets else ():
        file = Path(sheets or "") / f"{person.person_id}.jpg"
        write_bytes(file, person.sheet())
        say(f"Sheet: {file}")
