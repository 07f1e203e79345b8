"""`understudy consent`: making, showing, adding, taking back and handing out consent records, and their forms; with flags, or asked on a terminal."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from .. import api
from ..errors import UsageError
from ..paper.words import Language
from ..pipeline.consents import ACTIONS
from .flags import ForceFlag
from .support import PLAIN, WHOLE, say, write_page

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
    may_be_named: Annotated[bool, Parameter(help="The person agrees to be named in what is said about the production.")] = False,
    original_may_be_shown: Annotated[bool, Parameter(help="The person agrees that unaltered pictures are shown beside the result.")] = False,
    scan: Annotated[Path | None, Parameter(help="A PDF or picture of the signed paper; the record holds its SHA-256.")] = None,
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
        named=may_be_named,
        show_original=original_may_be_shown,
        scan=scan,
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
def form(
    record: Annotated[Path | None, Parameter(help="A record to print the form of; without it, the form is filled in from the flags.")] = None,
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], help="The file to write (.html); without it, ROLE.consent.html.")] = None,
    language: Annotated[Language, Parameter(help="en or nl.")] = "en",
    role: Annotated[Literal["face", "performer", "voice"] | None, Parameter(help="face: lends the face. performer: acts in the target.")] = None,
    project: Annotated[Path | None, Parameter(help="Fill in what this project knows.")] = None,
    subject: Annotated[str | None, Parameter(help="Who is asked: full name.")] = None,
    purpose: Annotated[str | None, Parameter(help="What the video is for, in a sentence.")] = None,
    production: Annotated[str | None, Parameter(help="Title of the production.")] = None,
    channel: Annotated[tuple[str, ...], Parameter(help="Where it may be shown; may be repeated.")] = (),
    action: Annotated[tuple[str, ...], Parameter(help="What may be done: train, render, publish; without it, all three.")] = (),
    expires: Annotated[str | None, Parameter(help="The last day on which it holds, as 2030-12-31.")] = None,
    basis: Annotated[Basis | None, Parameter(help="On which ground.")] = None,
    guardian: Annotated[str | None, Parameter(help="Who signs for a minor.")] = None,
    next_of_kin: Annotated[str | None, Parameter(help="Who signs for somebody who has died.")] = None,
    editor: Annotated[tuple[str, ...], Parameter(help="An editor who answers for public interest or satire; two are needed.")] = (),
    reason: Annotated[str | None, Parameter(help="Why public interest or satire, in a sentence.")] = None,
    recorded_by: Annotated[str | None, Parameter(help="Who writes it down.")] = None,
    house: Annotated[str | None, Parameter(help="Who asks: newsroom, broadcaster or maker (else the setting house.name).")] = None,
    contact: Annotated[str | None, Parameter(help="Where withdrawals and complaints go (else the setting house.contact).")] = None,
    force: ForceFlag = False,
) -> None:
    """Write a consent form to print and sign: one HTML page, filled in as far as things are known, lines for the rest.

    The paper is not the record: when it is signed, make the record with `consent new` and give it the `--scan`.

    For example:

        understudy consent form --role face --project film.understudy --language nl -o form.html
    """
    html = api.consent_form(
        language=language,
        record=record,
        project=project,
        role=role,
        subject=subject,
        purpose=purpose,
        production=production,
        channels=channel,
        actions=action,
        expires=expires,
        basis=basis,
        guardian=guardian,
        next_of_kin=next_of_kin,
        editors=editor,
        reason=reason,
        recorded_by=recorded_by,
        house=house,
        contact=contact,
    )
    path = out or Path(f"{role or record.name.split('.')[0] if record else role}.consent.html")
    write_page(path, html, force=force)
    say(f"Written: {path}\nOpen it in a browser and print it. When it is signed:  understudy consent new --scan SCAN.pdf")


@app.command
def export(
    records: Annotated[tuple[Path, ...], Parameter(help="Files of records.")] = (),
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"], help="A file (.json), or a new folder, which gets the scans too.")],
    project: Annotated[Path | None, Parameter(help="Take all records of this project.")] = None,
    force: ForceFlag = False,
) -> None:
    """Write the consent records of a production as one signed file, or a folder with their scans, that others can check (tools/check_papers.py).

    What leaves holds the names of the people: give it only to whom they may be told.

    For example:

        understudy consent export --project film.understudy -o consents.json
    """
    done = api.consent_export(out, project=project, records=records, overwrite=force)
    for record in done.records:
        say(f"  {record.record_id}  {record.role}: {record.subject}")
    scans = f" and {done.scans} scans" if done.scans else ""
    say(f"Wrote {len(done.records)} records{scans} to {out}. To check it elsewhere: python tools/check_papers.py {shlex.quote(str(done.file))}")


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
