"""The register of complaints: who says what about which video, by when it must be answered, and what was decided.

It lies in home()/complaints. Names and contacts stay there; the ledger gets a row for the opening and one for the decision, with the hash of
what was written down and no name, so that nothing can be changed or left out later unnoticed.

Deadlines count from the day of receipt. 28 days stay within the month that the GDPR (article 12) gives for requests of the person shown; two days
for sexual pictures are the 48 hours that platforms get in some countries. They are the longest, not the usual, time.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

from .. import __version__
from ..errors import ComplaintInvalid, ComplaintUnknown, OutputNotWritable
from ..files import private_folder, sha256_file
from ..home import home
from . import keys, ledger, papers
from .ledger_store import canonical

FORMAT = "understudy.complaint/1"
ComplaintKind = Literal["not agreed", "delete", "misleading", "label missing", "sexual", "other"]
Outcome = Literal["upheld", "partly upheld", "not upheld", "withdrawn"]
KINDS: tuple[str, ...] = get_args(ComplaintKind)
OUTCOMES: tuple[str, ...] = get_args(Outcome)
DAYS: dict[str, int] = {"not agreed": 28, "delete": 28, "misleading": 28, "label missing": 7, "sexual": 2, "other": 28}
MIN_STATEMENT = 20
"""Letters that a decision has at least: enough for a sentence."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint as it stands."""

    complaint_id: str
    received: str
    """ISO date."""
    due: str
    """ISO date: the last day for a decision."""
    kind: str
    about: str
    """As it was told: a file, a record's number, or words."""
    record_id: str
    """The production (`production-…`) where the ledger knows it, else ''."""
    words: str
    """What the complaint says."""
    name: str
    contact: str
    taken_by: str
    outcome: str = ""
    """'' while it is open."""
    statement: str = ""
    closed_on: str = ""
    closed_by: str = ""
    intact: bool = True
    """False where it was changed since the ledger got its hash."""

    @property
    def open(self) -> bool:
        return not self.outcome

    def overdue(self, today: date | None = None) -> bool:
        return self.open and self.due < (today or datetime.now(UTC).date()).isoformat()


_CLOSING = ("outcome", "statement", "closed_on", "closed_by")


def new_complaint(
    *, about: str, kind: str, words: str, name: str = "", contact: str = "", taken_by: str, received: str | None = None, due: str | None = None
) -> Complaint:
    """Write a complaint down. `due` may bring the deadline forward, never back. Raises ComplaintInvalid with what is missing."""
    if kind not in KINDS:
        raise ComplaintInvalid(f"'{kind}' is not a kind of complaint.", remedy=f"choose one of: {', '.join(KINDS)}")
    needed = ((about, "what it is about", "about"), (words, "what the complaint is", "words"), (taken_by, "who took it", "taken-by"))
    for value, meaning, field in needed:
        if not value.strip():
            raise ComplaintInvalid(f"The complaint does not say {meaning}.", remedy=f"give '{field}'")
    today = datetime.now(UTC).date()
    day = _day(received) if received else today
    if day > today:
        raise ComplaintInvalid(f"The complaint cannot have been received on {day}: that is still to come.", remedy="correct the day")
    latest = day + timedelta(days=DAYS[kind])
    made = Complaint(
        complaint_id=f"complaint-{secrets.token_hex(6)}",
        received=day.isoformat(),
        due=min(latest, _day(due)).isoformat() if due else latest.isoformat(),
        kind=kind,
        about=about.strip(),
        record_id=_production(about.strip()),
        words=words.strip(),
        name=name.strip(),
        contact=contact.strip(),
        taken_by=taken_by.strip(),
    )
    with _writing() as db:
        db.execute("INSERT INTO complaints VALUES (?,?,NULL)", (made.complaint_id, _opening(made).decode("utf-8")))
    return made


def list_complaints(*, open_only: bool = False) -> list[Complaint]:
    """All complaints, those that are due first at the top, then the closed ones. Reads only."""
    if not _place().is_file():
        return []
    with _register() as db:
        rows = db.execute("SELECT opening, closing FROM complaints").fetchall()
    known = _in_ledger()
    found = [_complaint(opening, closing_, known) for opening, closing_ in rows]
    return sorted((c for c in found if c.open or not open_only), key=lambda c: (not c.open, c.due, c.complaint_id))


def missing_complaints() -> list[str]:
    """Numbers of complaints that the ledger has and the register has not: they were taken out."""
    there = {complaint.complaint_id for complaint in list_complaints()}
    return sorted({number for number, _ in _in_ledger()} - there)


def find_complaint(complaint_id: str) -> Complaint:
    """The complaint of this number. Raises ComplaintUnknown."""
    found = next((c for c in list_complaints() if c.complaint_id == complaint_id), None)
    if found is None:
        raise ComplaintUnknown(f"There is no complaint '{complaint_id}' in the register.", remedy="see: understudy complaint list")
    return found


def close_complaint(complaint_id: str, *, outcome: str, statement: str, closed_by: str) -> Complaint:
    """Decide a complaint, for good, and write a signed statement without names (`statement_file`). Raises ComplaintUnknown, ComplaintInvalid."""
    found = find_complaint(complaint_id)
    if not found.open:
        raise ComplaintUnknown(
            f"{complaint_id} was closed on {found.closed_on}.", why="A decision stays.", remedy="open a new complaint for what is new"
        )
    if outcome not in OUTCOMES:
        raise ComplaintInvalid(f"'{outcome}' is not an outcome.", remedy=f"choose one of: {', '.join(OUTCOMES)}")
    if len(statement.strip()) < MIN_STATEMENT:
        raise ComplaintInvalid("The decision does not say what was decided and why.", remedy=f"give a statement ({MIN_STATEMENT} letters at least)")
    if not closed_by.strip():
        raise ComplaintInvalid("The decision does not say who decided.", remedy="give 'closed-by'")
    closing_ = {"outcome": outcome, "statement": statement.strip(), "closed_on": datetime.now(UTC).date().isoformat(), "closed_by": closed_by.strip()}
    with _writing() as db:
        db.execute("UPDATE complaints SET closing=? WHERE complaint_id=?", (canonical(closing_).decode("utf-8"), complaint_id))
    content = {
        **{name: getattr(found, name) for name in ("complaint_id", "received", "due", "kind", "record_id")},
        **closing_,
        "made_with": f"Understudy {__version__}",
    }
    papers.write(statement_file(complaint_id), papers.seal(FORMAT, content))
    return find_complaint(complaint_id)


def statement_file(complaint_id: str) -> Path:
    """Where the signed decision lies."""
    return home() / "complaints" / f"{complaint_id}.statement.json"


def _production(about: str) -> str:
    """The production's number that a file or a number leads to, byte for byte; ''. A copy is for `trace`."""
    if about.startswith("production-"):
        return about if ledger.find_record(about) else ""
    path = Path(about)
    row = ledger.find_file(sha256_file(path)) if path.is_file() else None
    return row.body.get("record_id", "") if row else ""


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        raise ComplaintInvalid(f"'{value}' is not a day.", remedy="write it as year-month-day, for example 2026-12-31") from None


def _place() -> Path:
    return home() / "complaints" / "register.sqlite"


@contextmanager
def _register() -> Iterator[sqlite3.Connection]:
    path = _place()
    private_folder(path.parent)
    try:
        with closing(sqlite3.connect(path, timeout=30.0, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=FULL")
            db.execute("CREATE TABLE IF NOT EXISTS complaints (complaint_id TEXT PRIMARY KEY, opening TEXT NOT NULL, closing TEXT) STRICT")
            yield db
    except sqlite3.Error as error:
        raise OutputNotWritable(f"The register of complaints {path} cannot be used.", why=str(error), remedy="restore it from a copy") from error


@contextmanager
def _writing() -> Iterator[sqlite3.Connection]:
    """The register for a change, which the ledger gets as well: asked first whether it can."""
    keys.public_key()
    ledger.check_end()
    with _register() as db:
        _enter_missing(db)
        yield db
        _enter_missing(db)


def _opening(made: Complaint) -> bytes:
    return canonical({name: value for name, value in asdict(made).items() if name not in (*_CLOSING, "intact")})


def _enter_missing(db: sqlite3.Connection) -> None:
    """Give the ledger what it lacks: what was just written, or what a crash kept from it."""
    known = _in_ledger()
    for opening, closing_ in db.execute("SELECT opening, closing FROM complaints").fetchall():
        for event, text in (("opened", opening), ("closed", closing_)):
            content = json.loads(opening)
            if text is not None and (content["complaint_id"], event) not in known:
                about = {name: content[name] for name in ("complaint_id", "kind", "record_id", "received", "due")}
                outcome = {"outcome": json.loads(text)["outcome"]} if event == "closed" else {}
                ledger.append("complaint", {**about, "event": event, **outcome, "sha256": _hash(text)})


def _in_ledger() -> dict[tuple[str, str], str]:
    """(complaint, event) -> hash of what was written down."""
    return {(row.body["complaint_id"], row.body["event"]): row.body["sha256"] for row in ledger.rows() if row.kind == "complaint"}


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8")).hexdigest()


def _complaint(opening: str, closing_: str | None, known: dict[tuple[str, str], str]) -> Complaint:
    values: dict[str, Any] = {**json.loads(opening), **(json.loads(closing_) if closing_ else {})}
    number = values["complaint_id"]
    kept = {"opened": _hash(opening), "closed": _hash(closing_) if closing_ else None}
    intact = all((number, event) not in known or known[number, event] == hashed for event, hashed in kept.items())
    names = {field.name for field in fields(Complaint)} - {"intact"}
    return Complaint(**{name: value for name, value in values.items() if name in names}, intact=intact)
