"""The command `understudy forget`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from .. import api
from .support import at_work, say


def forget(
    person: Annotated[str, Parameter(help="source, target, or the name or the number on the person's consent record.")],
    /,
    *,
    project: Annotated[Path, Parameter(name="--project", help="The project folder.")],
) -> None:
    """Remove everything of a person from a project: faces, numbers of the face, networks, merged frames, previews, the kept record; layers and packed
    faces that it wrote elsewhere, the studio's copies of the videos, and what other projects made of the face that this one lent to their cast.

    A signed receipt says that it was done, and a search of the project that nothing was left. The ledger keeps its rows.

    For example:

        understudy forget source --project film.understudy
    """
    with at_work():
        done = api.forget(project, person)
    say(f"Removed {done.files} files ({done.bytes / 1e6:.1f} MB). Searched the {done.scanned} files that are left: nothing of the person is in them.")
    say(f"Receipt: {done.receipt} (signed; it holds no name)")
    if done.videos:
        say(f"Your own video of the person was left where it is: {', '.join(map(str, done.videos))}")
    if done.exports:
        say(f"Results that stand on the person's consent: {', '.join(map(str, done.exports))}")
    for folder in done.moved:
        say(
            f"A project that had borrowed the face is no longer at {folder}. Where it was moved, remove its folders 'render' and 'previews', and take"
        )
        say("the face out of its cast: understudy cast PROJECT remove PERSON. What it needs of them without the face is made anew.")
    say("Copies and backups that you made yourself are yours to remove.")
