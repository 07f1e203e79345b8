"""`understudy complaint`: the register of complaints."""

from __future__ import annotations

import json as json_
from dataclasses import asdict
from typing import Annotated

from cyclopts import App, Parameter

from .. import api
from ..provenance.complaints import Complaint, ComplaintKind, Outcome, statement_file
from .support import LOOK, PLAIN, say

app = App(
    name="complaint",
    help="Complaints: what about, by when they must be answered, what was decided.",
    group=LOOK,
    sort_key=8.6,
    default_parameter=PLAIN,
)
Number = Annotated[str, Parameter(help="Its number (complaint-…).")]


@app.command
def new(
    *,
    about: Annotated[str, Parameter(help="What it is about: the file, the production's number (production-…), or words.")],
    kind: Annotated[
        ComplaintKind,
        Parameter(help="not agreed: somebody is shown who did not agree. delete: wants it gone. misleading, label missing, sexual, other."),
    ],
    words: Annotated[str, Parameter(help="What the complaint says.")],
    taken_by: Annotated[str, Parameter(help="Your own name.")],
    name: Annotated[str, Parameter(help="Who complains.")] = "",
    contact: Annotated[str, Parameter(help="Where the answer goes.")] = "",
    received: Annotated[str | None, Parameter(help="The day of receipt, as 2026-12-31; without it, today.")] = None,
    due: Annotated[str | None, Parameter(help="An earlier deadline than the one that the kind has.")] = None,
) -> None:
    """Write a complaint down, with its deadline, and enter it in the ledger (without names).

    For example:

        understudy complaint new --about result.mp4 --kind "not agreed" --words "That is my face." --name "Ada Example" --taken-by "Your Name"
    """
    made = api.complaint_new(about=about, kind=kind, words=words, name=name, contact=contact, taken_by=taken_by, received=received, due=due)
    say(f"Written down as {made.complaint_id}; to be decided by {made.due}.")
    say(f"It is about {made.record_id}." if made.record_id else "The ledger does not know the video as named; for a copy: understudy trace FILE")
    say(f'When it is decided:  understudy complaint close {made.complaint_id} --outcome upheld --statement "…" --closed-by "Your Name"')


@app.command(name="list")
def list_(
    *,
    open: Annotated[bool, Parameter(help="Only those that wait for a decision.")] = False,
    json: Annotated[bool, Parameter(help="Print them as JSON.")] = False,
) -> None:
    """List the complaints, what is due first at the top.

    For example:

        understudy complaint list --open
    """
    found = api.complaint_list(open_only=open)
    if json:
        say(json_.dumps([{**asdict(one), "overdue": one.overdue()} for one in found], indent=2, ensure_ascii=False))
        return
    say("\n".join(map(_line, found)) if found else "There are none.")
    gone = api.complaint_missing()
    if gone:
        say(f"In the ledger, but taken out of the register: {', '.join(gone)}")


@app.command
def show(number: Number, /) -> None:
    """Print one complaint.

    For example:

        understudy complaint show complaint-0123456789ab
    """
    one = api.complaint_show(number)
    say(_line(one))
    decided = "" if one.open else f"{one.outcome}, {one.closed_on}, by {one.closed_by}"
    lines = [
        ("About", one.about),
        ("Production", one.record_id),
        ("Says", one.words),
        ("From", one.name),
        ("Contact", one.contact),
        ("Taken by", f"{one.taken_by}, received {one.received}"),
        ("Decided", decided),
        ("Statement", one.statement),
    ]
    say("\n".join(f"  {name}: {value}" for name, value in lines if value))


@app.command
def close(
    number: Number,
    /,
    *,
    outcome: Annotated[Outcome, Parameter(help="What was decided.")],
    statement: Annotated[str, Parameter(help="What was decided and why, in a sentence or more; it may be published, so it names nobody.")],
    closed_by: Annotated[str, Parameter(help="Your own name.")],
) -> None:
    """Decide a complaint, for good, and write a signed statement of it.

    For example:

        understudy complaint close complaint-0123456789ab --outcome upheld --statement "She had not agreed; the video was taken down."
        --closed-by "Your Name"
    """
    api.complaint_close(number, outcome=outcome, statement=statement, closed_by=closed_by)
    say(f"Closed: {outcome}. The signed statement: {statement_file(number)}")


def _line(one: Complaint) -> str:
    state = f"closed {one.closed_on}: {one.outcome}" if not one.open else f"due {one.due}" + (" OVERDUE" if one.overdue() else "")
    return f"{one.complaint_id}  {one.kind}  {state}" + ("" if one.intact else "  ALTERED since the ledger got it")
