"""`understudy consent`: making, showing, adding and taking back consent records; with flags, or asked on a terminal."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from .. import api
from ..errors import UsageError
from ..pipeline.consents import ACTIONS
from .support import PLAIN, WHOLE, say

app = App(
    name="consent",
    help="Consent records: who agreed to what, until when. Without them nothing is made.",
    group=WHOLE,
    sort_key=1,
    default_parameter=PLAIN,
)

ROLES = {"face": "lends the face (source)", "performer": "gives the performance (target)"}
Basis = Literal["consent", "next of kin", "guardian", "public interest or satire"]


@app.command
def new(
    path: Annotated[Path | None, Parameter(help="The file to write; without it, ROLE.consent.json.")] = None,
    /,
    *,
    role: Annotated[Literal["face", "performer"] | None, Parameter(help="face: lends the face. performer: acts in the target.")] = None,
    subject: Annotated[str | None, Parameter(help="Who it is about: full name.")] = None,
    purpose: Annotated[str | None, Parameter(help="What the video is for, in a sentence.")] = None,
    production: Annotated[str | None, Parameter(help="Title of the production.")] = None,
    channel: Annotated[tuple[str, ...], Parameter(help="Where it may be shown; may be repeated.")] = (),
    action: Annotated[tuple[str, ...], Parameter(help="What may be done: train, render, publish; without it, all three.")] = (),
    expires: Annotated[str | None, Parameter(help="The last day on which it holds, as 2030-12-31.")] = None,
    basis: Annotated[Basis, Parameter(help="On which ground.")] = "consent",
    recorded_by: Annotated[str | None, Parameter(help="Your own name.")] = None,
    does_not_exist: Annotated[bool, Parameter(help="The person was generated or rendered and does not exist.")] = False,
    guardian: Annotated[str | None, Parameter(help="Who agreed for a minor.")] = None,
    minor: Annotated[bool, Parameter(help="The person is a minor.")] = False,
    next_of_kin: Annotated[str | None, Parameter(help="Who agreed for somebody who has died.")] = None,
    deceased: Annotated[bool, Parameter(help="The person has died.")] = False,
    editor: Annotated[tuple[str, ...], Parameter(help="An editor who answers for public interest or satire; two are needed.")] = (),
    reason: Annotated[str | None, Parameter(help="Why public interest or satire, in a sentence.")] = None,
    project: Annotated[Path | None, Parameter(help="Put the record into this project as well.")] = None,
) -> None:
    """Write and sign a consent record. On a terminal, what is not given as a flag is asked.

    For example:

        understudy consent new face.consent.json --role face

        understudy consent new face.consent.json --role face --subject "Ada Example" --purpose "a scene of the film" --production "The Film"
        --channel cinema --expires 2030-12-31 --recorded-by "Your Name"
    """
    ask = _Questions()
    part = role or ask.choice("Role", "role", ROLES)
    record_path = path or Path(f"{part}.consent.json")
    fields = {
        "role": part,
        "subject": subject or ask.text("Who is it about (full name)", "subject"),
        "purpose": purpose or ask.text("What is the video for, in a sentence", "purpose"),
        "production": production or ask.text("Title of the production", "production"),
        "channels": channel or ask.list("Where may it be shown (several: with commas)", "channel"),
        "expires": expires or (None if does_not_exist else ask.text("Last day on which it holds (as 2030-12-31)", "expires")),
        "recorded_by": recorded_by or ask.text("Your own name", "recorded-by"),
    }
    ask.refuse_if_missing()
    api.consent_new(
        record_path,
        **fields,
        actions=action or ACTIONS,
        basis=basis,
        person_exists=not does_not_exist,
        guardian=guardian,
        minor=minor,
        next_of_kin=next_of_kin,
        deceased=deceased,
        editors=editor,
        reason=reason,
    )
    if project is not None:
        api.consent_add(project, record_path)
    say(api.consent_show(record_path))
    say(f"Written and signed: {record_path}\nWhat next:  give it with --consent {shlex.quote(str(record_path))}")


@app.command
def show(record: Annotated[Path, Parameter(help="The record's file.")], /) -> None:
    """Print a record in plain words, after checking its signature.

    For example:

        understudy consent show face.consent.json
    """
    say(api.consent_show(record))


@app.command
def add(
    record: Annotated[Path, Parameter(help="The record's file.")],
    /,
    *,
    project: Annotated[Path, Parameter(help="The project folder.")],
    same_person: Annotated[bool, Parameter(help="It is of the person whose face pictures are there, under another name than before.")] = False,
) -> None:
    """Put a record into a project.

    For example:

        understudy consent add face.consent.json --project film.understudy
    """
    kept = api.consent_add(project, record, same_person=same_person)
    say(f"The record of {kept.subject} ({kept.role}) is in {project}.")


@app.command
def revoke(
    record: Annotated[str, Parameter(help="The record's file, or its number (consent-…).")],
    /,
    *,
    reason: Annotated[str, Parameter(help="Why; kept in the ledger.")],
) -> None:
    """Take a consent back, for good. Nothing more can be made with it; the videos that stand on it are listed.

    For example:

        understudy consent revoke face.consent.json --reason "she asked us to"
    """
    exports = api.consent_revoke(record, reason=reason)
    say("The consent is taken back. Nothing more can be made with it on this machine.")
    if exports:
        say("These videos stand on it; remove them and say so to whoever got them:")
        say("\n".join(f"  {path}" for path in exports))
    else:
        say("No video stands on it.")


class _Questions:
    """Asks on a terminal; elsewhere collects what is missing, for one error."""

    def __init__(self) -> None:
        self._asks = sys.stdin.isatty() and sys.stdout.isatty()
        self._missing: list[str] = []

    def text(self, question: str, flag: str) -> str:
        if not self._asks:
            self._missing.append(f"--{flag}")
            return ""
        while True:
            answer = input(f"{question}: ").strip()
            if answer:
                return answer

    def list(self, question: str, flag: str) -> Sequence[str]:
        return [part.strip() for part in self.text(question, flag).split(",") if part.strip()]

    def choice(self, question: str, flag: str, choices: dict[str, str]) -> str:
        if not self._asks:
            self._missing.append(f"--{flag}")
            return "face"
        print("\n".join(f"  {name}: {meaning}" for name, meaning in choices.items()))
        while True:
            answer = input(f"{question} ({' or '.join(choices)}): ").strip()
            if answer in choices:
                return answer

    def refuse_if_missing(self) -> None:
        if self._missing:
            raise UsageError(
                f"The record does not say everything: {', '.join(self._missing)}.",
                why="Without a terminal nothing can be asked.",
                remedy="give them as flags; see: understudy consent new --help",
            )
