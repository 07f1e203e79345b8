"""The forms in which it is written down who agreed to what."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, UploadFile
from starlette.responses import Response

from ... import api
from ...errors import ConsentInvalid, ConsentScope
from ..desk import place_of
from ..memory import Place
from ..pages import go, page, trouble, words_of
from ..papers import saved, shown

router = APIRouter(include_in_schema=False)
ConsentRole = Literal["face", "performer"]
BASES = ("consent", "guardian", "next of kin", "public interest or satire", "person does not exist")
ACTIONS = ("train", "render", "publish")


@router.get("/p/{place}/consents")
def consents(request: Request, place: str) -> Response:
    here = place_of(request, place)
    kept = api.consents(here.folder)
    words = words_of(request)
    return page(
        request,
        "consents.html",
        place=here,
        screen="consents",
        consents=kept,
        problems={role: trouble(words, found.problem) for role, found in kept.items() if found.problem},
        agreed=len(kept) == 2 and not any(found.problem for found in kept.values()),
        known=_known(kept),
        bases=BASES,
        actions=ACTIONS,
        today=datetime.now(UTC).date().isoformat(),
    )


def _known(kept: dict[str, api.KeptConsent]) -> dict[str, str]:
    """What the form of one person can take over from the record of the other."""
    record = next((found.record for found in kept.values() if found.record), None)
    if record is None:
        return dict.fromkeys(("purpose", "production", "channels", "expires", "recorded_by"), "")
    return {
        "purpose": record.purpose,
        "production": record.production,
        "channels": ", ".join(record.channels),
        "expires": record.expires or "",
        "recorded_by": record.recorded_by,
    }


@router.get("/p/{place}/consents/{role}/form")
def form(request: Request, place: str, role: ConsentRole, *, save: bool = False, blank: bool = False) -> Response:
    """The form to print and sign: of the record that there is, else (or `blank`) of what is known about the production."""
    here, language = place_of(request, place), words_of(request).language
    kept = api.consents(here.folder).get(role)
    record = kept.record if kept and not blank else None
    address = f"/p/{place}/consents/{role}/form?save=true{'&blank=true' if blank else ''}"
    html = api.consent_form(
        language=language,
        project=here.folder,
        record=_file_of(here, record) if record and record.person_exists else None,
        role=role,
        studio="" if save else address,
    )
    return saved(html, f"{here.name}-{role}-consent") if save else shown(html)


def _file_of(here: Place, record: api.ConsentRecord) -> Path:
    return api.consent_file(here.folder, record.record_id)


@router.get("/p/{place}/consents.json")
def export(request: Request, place: str) -> Response:
    """All records of the project as one signed file."""
    here = place_of(request, place)
    with tempfile.TemporaryDirectory(prefix="understudy-") as folder:
        done = api.consent_export(Path(folder) / "consents.json", project=here.folder)
        return Response(
            done.file.read_bytes(), media_type="application/json", headers={"Content-Disposition": 'attachment; filename="consents.json"'}
        )


@router.post("/p/{place}/consents/{role}")
def record(
    request: Request,
    place: str,
    role: ConsentRole,
    subject: Annotated[str, Form()],
    purpose: Annotated[str, Form()],
    production: Annotated[str, Form()],
    channels: Annotated[str, Form()],
    recorded_by: Annotated[str, Form()],
    basis: Annotated[str, Form()],
    actions: Annotated[list[str] | None, Form()] = None,
    expires: Annotated[str, Form()] = "",
    guardian: Annotated[str, Form()] = "",
    minor: Annotated[bool, Form()] = False,
    next_of_kin: Annotated[str, Form()] = "",
    deceased: Annotated[bool, Form()] = False,
    editors: Annotated[list[str] | None, Form()] = None,
    reason: Annotated[str, Form()] = "",
    named: Annotated[bool, Form()] = False,
    show_original: Annotated[bool, Form()] = False,
    scan: UploadFile | None = None,
) -> Response:
    """Write and sign a record, and put it into the project. What belongs to another ground than the chosen one is left out."""
    here = place_of(request, place)
    guarded, kin, satire = basis == "guardian", basis == "next of kin", basis == "public interest or satire"
    fields: dict[str, Any] = {
        "subject": subject,
        "role": role,
        "purpose": purpose,
        "production": production,
        "channels": [part.strip() for part in channels.split(",")],
        "actions": actions or [],
        "expires": expires or None,
        "basis": basis,
        "recorded_by": recorded_by,
        "person_exists": basis != "person does not exist",
        "guardian": guardian if guarded else None,
        "minor": guarded and minor,
        "next_of_kin": next_of_kin if kin else None,
        "deceased": kin or (satire and deceased),
        "editors": (editors or []) if satire else [],
        "reason": reason if satire else None,
        "named": named and not satire,
        "show_original": show_original and not satire,
    }
    path = new_file(here, role)
    with tempfile.TemporaryDirectory(prefix="understudy-") as folder:
        paper = Path(folder) / "scan"
        if scan is not None and scan.size:
            with paper.open("wb") as file:
                shutil.copyfileobj(scan.file, file)
        api.consent_new(path, **fields, scan=paper if paper.is_file() else None)
    api.consent_add(here.folder, path)
    return go(request, f"/p/{place}/consents")


def new_file(place: Place, role: str) -> Path:
    """Where the original of a record goes: beside the project, for it is the user's own."""
    folder = place.folder.parent / f"{place.folder.stem}-consents"
    number = 1
    while (path := folder / f"{role}-{number}.consent.json").exists():
        number += 1
    return path


@router.post("/p/{place}/consents/{role}/file")
def take_file(request: Request, place: str, role: ConsentRole, file: UploadFile) -> Response:
    """Put a record that was made before into the project."""
    here = place_of(request, place)
    with tempfile.TemporaryDirectory(prefix="understudy-") as folder:
        path = Path(folder) / "record.consent.json"
        path.write_bytes(file.file.read())
        if api.consent_read(path).role != role:
            raise ConsentScope("This record is for the other person.", remedy="give it in the other form")
        api.consent_add(here.folder, path)
    return go(request, f"/p/{place}/consents")


@router.post("/p/{place}/consents/{role}/revoke")
def revoke(request: Request, place: str, role: ConsentRole, reason: Annotated[str, Form()]) -> Response:
    """Take a consent back, for good."""
    kept = api.consents(place_of(request, place).folder).get(role)
    if kept is None or kept.record is None:
        raise ConsentInvalid("There is no record to take back.", remedy="look at the page again")
    api.consent_revoke(kept.record.record_id, reason=reason)
    return go(request, f"/p/{place}/consents")
