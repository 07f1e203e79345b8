"""`understudy keys`: whose certificate signs the Content Credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from .. import api
from .support import LOOK, PLAIN, say

app = App(
    name="keys",
    help="Whose certificate signs published videos: this machine's own, or your newsroom's.",
    group=LOOK,
    sort_key=11.5,
    default_parameter=PLAIN,
)


@app.command
def show() -> None:
    """Say which certificate signs now, and until when it holds.

    For example:

        understudy keys show
    """
    _say(api.keys_show())


@app.command
def use(
    certificate: Annotated[Path, Parameter(help="The certificate, in PEM form: yours first, its authority's behind it.")],
    key: Annotated[Path, Parameter(help="Its private key, in PEM form, without a password. It is copied to this machine's keys.")],
    /,
) -> None:
    """Sign with your newsroom's own certificate from now on. It is tried first.

    For example:

        understudy keys use newsroom.pem newsroom.key
    """
    _say(api.keys_use(certificate, key))


@app.command
def machine() -> None:
    """Sign with the key that the set-up made again. What the newsroom's certificate signed stays yours.

    For example:

        understudy keys machine
    """
    _say(api.keys_machine())


def _say(found: api.SigningKey) -> None:
    whose = "your newsroom's certificate" if found.newsroom else "this machine's own key"
    say(f"Published videos are signed with {whose}: {found.name}, certificate {found.number}, until {found.until}.")
    if not found.newsroom:
        say("Elsewhere that reads as valid, not as trusted: nobody else knows this machine.")
