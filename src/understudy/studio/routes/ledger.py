"""The ledger: what left this computer and whether that list is whole, complaints, consents that are taken back, and people who are forgotten."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Form, Request, UploadFile
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from ... import api
from ...errors import StepMissing, UnderstudyError, UsageError
from ..desk import Desk, desk_of, place_of
from ..memory import Place
from ..pages import page, trouble, words_of

router = APIRouter(include_in_schema=False)
ComplaintKind = Literal["not agreed", "delete", "misleading", "label missing", "sexual", "other"]
Outcome = Literal["upheld", "partly upheld", "not upheld", "withdrawn"]
Tab = Literal["exports", "complaints", "consents"]
NEWEST = 30
"""Exports on the page; the others are asked for."""


@dataclass(frozen=True, slots=True)
class Export:
    """One row of the ledger that stands for something published, and how it is today."""

    row: api.LedgerRow
    there: bool
    revoked: tuple[str, ...]
    """Consents that it stands on and that were taken back since."""
    complaints: tuple[api.Complaint, ...]

    @property
    def body(self) -> dict[str, Any]:
        return self.row.body

    @property
    def name(self) -> str:
        return Path(str(self.body.get("out", ""))).name or str(self.body.get("record_id", ""))


@dataclass(frozen=True, slots=True)
class Known:
    """A consent record in one of the studio's projects, or one that is known from the ledger alone (no record)."""

    record_id: str
    record: api.ConsentRecord | None
    place: Place | None
    revoked: bool
    exports: tuple[str, ...]
    """Names of the videos that stand on it."""


@router.get("/ledger")
def ledger(request: Request, every: bool = False) -> Response:
    return _page(request, "exports", every=every)


@router.get("/ledger/complaints")
def complaints(request: Request, about: str = "") -> Response:
    return _page(request, "complaints", about=about)


@router.get("/ledger/consents")
def consents(request: Request) -> Response:
    return _page(request, "consents")


@router.get("/ledger/piece/{tab}")
def piece(request: Request, tab: Tab) -> Response:
    return _piece(request, tab)


@router.get("/ledger/book.json")
def book(request: Request) -> Response:
    """The whole ledger, signed, for handing out."""
    folder = tempfile.TemporaryDirectory(prefix="understudy-")
    path = Path(folder.name) / "understudy-ledger.json"
    api.ledger_export(path)
    return FileResponse(path, filename=path.name, media_type="application/json", background=BackgroundTask(folder.cleanup))


@router.post("/ledger/check")
def check_file(request: Request, file: UploadFile) -> Response:
    """Check a ledger that somebody handed out."""
    with tempfile.TemporaryDirectory(prefix="understudy-") as folder:
        path = Path(folder) / "ledger.json"
        path.write_bytes(file.file.read())
        found = api.ledger_check(path)
    return page(request, "ledger_checked.html", screen="ledger", found=found)


@router.post("/ledger/complaints")
def complain(
    request: Request,
    about: Annotated[str, Form(max_length=500)],
    kind: Annotated[ComplaintKind, Form()],
    words: Annotated[str, Form(max_length=8000)],
    taken_by: Annotated[str, Form(max_length=200)],
    name: Annotated[str, Form(max_length=200)] = "",
    contact: Annotated[str, Form(max_length=400)] = "",
    received: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Write a complaint down, with its deadline."""
    # a form names what it is about in words or by number: a path would be read from this computer
    told = about if "/" not in about and "\\" not in about else Path(about.replace("\\", "/")).name
    made = api.complaint_new(about=told, kind=kind, words=words, name=name, contact=contact, taken_by=taken_by, received=received or None)
    desk_of(request).tell("ledger")
    t = words_of(request)
    return _piece(request, "complaints", said=t("ledger.complaint_made", number=made.complaint_id, day=t.date(made.due)))


@router.post("/ledger/complaints/{number}/close")
def close(
    request: Request,
    number: str,
    outcome: Annotated[Outcome, Form()],
    statement: Annotated[str, Form(max_length=8000)],
    closed_by: Annotated[str, Form(max_length=200)],
) -> Response:
    api.complaint_close(number, outcome=outcome, statement=statement, closed_by=closed_by)
    desk_of(request).tell("ledger")
    return _piece(request, "complaints", said=words_of(request)("ledger.complaint_closed", number=number))


@router.get("/ledger/complaints/{number}/statement.json")
def statement(request: Request, number: str) -> Response:
    """The signed decision, without names."""
    path = api.complaint_statement(api.complaint_show(number).complaint_id)
    if not path.is_file():
        raise StepMissing("There is no decision yet.", remedy="close the complaint first")
    return FileResponse(path, filename=path.name, media_type="application/json")


@router.post("/ledger/consents/{record_id}/revoke")
def revoke(request: Request, record_id: str, reason: Annotated[str, Form(max_length=400)]) -> Response:
    """Take a consent back, for good; the videos that stand on it are named."""
    exports = api.consent_revoke(record_id, reason=reason)
    desk_of(request).tell("ledger")
    said = words_of(request)("ledger.revoked_now", number=record_id)
    return _piece(request, "consents", said=said, stand_on=exports)


@router.post("/ledger/forget")
def forget(
    request: Request, place: Annotated[str, Form()], person: Annotated[Literal["source", "target"], Form()], typed: Annotated[str, Form()] = ""
) -> Response:
    """Remove everything of a person from a project. What was typed must be the project's name."""
    here, desk = place_of(request, place), desk_of(request)
    if " ".join(typed.split()).casefold() != " ".join(here.name.split()).casefold():
        raise UsageError("The name of the project was not typed as it is.", remedy=f"type {here.name}")
    done = api.forget(here.folder, person)
    desk.portraits.drop(here.folder)
    for what in ("people", "faces"):
        desk.tell(what, here)
    desk.tell("ledger")
    return _piece(request, "consents", forgotten=done)


@router.get("/ledger/receipts/{name}")
def receipt(request: Request, name: str) -> Response:
    """A signed receipt that a person was forgotten."""
    found = next((path for path in api.receipts() if path.name == name), None)
    if found is None:
        raise StepMissing("There is no such receipt.", remedy="look at the page again")
    return FileResponse(found, filename=found.name, media_type="application/json")


def _page(request: Request, tab: Tab, **more: Any) -> Response:
    return page(request, "ledger.html", screen="ledger", **_state(request, tab, **more))


def _piece(request: Request, tab: Tab, **more: Any) -> Response:
    return page(request, f"ledger_{tab}.html", screen="ledger", **_state(request, tab, **more))


def _state(request: Request, tab: Tab, **more: Any) -> dict[str, Any]:
    desk, rows = desk_of(request), api.ledger_list()
    state: dict[str, Any] = {
        "tab": tab,
        "tabs": get_args(Tab),
        "said": "",
        "about": "",
        "stand_on": None,
        "forgotten": None,
        "today": datetime.now(UTC).date().isoformat(),
        **more,
    }
    if tab == "exports":
        state |= _chain(request) | {
            "exports": (made := _exports(rows))[: None if more.get("every") else NEWEST],
            "n_exports": len(made),
            "rows": rows,
        }
    elif tab == "complaints":
        state |= {
            "complaints": api.complaint_list(),
            "gone": api.complaint_missing(),
            "kinds": get_args(ComplaintKind),
            "outcomes": get_args(Outcome),
        }
    else:
        state |= {"known": _known(desk, rows), "places": desk.memory.places(), "receipts": api.receipts()}
    return state


def _chain(request: Request) -> dict[str, Any]:
    """Whether the list is whole, and if not, what is off."""
    try:
        return {"chain": api.ledger_check(), "chain_trouble": None}
    except UnderstudyError as error:
        return {"chain": None, "chain_trouble": trouble(words_of(request), error)}


def _exports(rows: Sequence[api.LedgerRow]) -> list[Export]:
    """What was published, the newest first."""
    revoked = {row.body["record_id"] for row in rows if row.kind == "revocation"}
    complaints = api.complaint_list()
    made = []
    for row in reversed([row for row in rows if row.kind == "export"]):
        body = row.body
        gone = tuple(number for number in body.get("consent_ids", ()) if number in revoked)
        about = tuple(one for one in complaints if one.record_id and one.record_id == body.get("record_id"))
        made.append(Export(row, Path(str(body.get("out", ""))).exists(), gone, about))
    return made


def _known(desk: Desk, rows: Sequence[api.LedgerRow]) -> list[Known]:
    """Every consent that the studio knows of: those that hold first."""
    revoked = {row.body["record_id"] for row in rows if row.kind == "revocation"}
    stand: dict[str, list[str]] = {}
    for row in rows:
        for number in row.body.get("consent_ids", ()) if row.kind == "export" else ():
            stand.setdefault(number, []).append(Path(str(row.body.get("out", ""))).name)
    found: dict[str, Known] = {}
    for place in desk.memory.places():
        try:
            kept = api.consents(place.folder)
        except UnderstudyError:
            continue  # a project that cannot be read says so on its own page
        for one in kept.values():
            if one.record is not None:
                number = one.record.record_id
                found.setdefault(number, Known(number, one.record, place, number in revoked, tuple(dict.fromkeys(stand.get(number, ())))))
    for number in sorted({*stand, *revoked} - set(found)):
        found[number] = Known(number, None, None, number in revoked, tuple(dict.fromkeys(stand.get(number, ()))))
    return sorted(found.values(), key=lambda one: (one.revoked, one.record is None))
