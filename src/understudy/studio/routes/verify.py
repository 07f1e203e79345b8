"""What is known about a video: drop any file. It is looked at and not kept."""

from __future__ import annotations

import json
import secrets
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ... import api
from ...errors import StepMissing
from ...home import home
from ..desk import Desk, desk_of
from ..pages import page, words_of
from ..papers import saved, shown
from ..uploads import take_found
from .project import job_state

router = APIRouter(include_in_schema=False)


@router.get("/verify")
def verify(request: Request) -> Response:
    return page(request, "verify.html", screen="verify")


@router.post("/verify/upload/")
async def look(request: Request) -> dict[str, Any]:
    """Take the file and begin to look at it. Returns the number of the look."""
    desk = desk_of(request)
    file = await take_found(request, home() / "studio" / "looked-at" / secrets.token_hex(8), limits=desk.limits)
    return {"job": desk.work("verify", place=None, args={"file": str(file)}, lane="desk").job}


@router.get("/verify/{job}")
def looked(request: Request, job: int) -> Response:
    return page(request, "verify.html", screen="verify", **_state(request, desk_of(request), job))


@router.get("/verify/{job}/piece")
def piece(request: Request, job: int) -> Response:
    return page(request, "verify_piece.html", screen="verify", **_state(request, desk_of(request), job))


@router.get("/verify/{job}/page")
def printed(request: Request, job: int, *, save: bool = False) -> Response:
    """The report as a page to print."""
    found, language = _result(request, job), words_of(request).language
    report = api.report_from(found["paper"])
    html = api.verify_page(report, found["paper"], language=language, studio="" if save else f"/verify/{job}/page?save=true")
    return saved(html, f"{report.name}-report") if save else shown(html)


@router.get("/verify/{job}/report.json")
def signed(request: Request, job: int) -> Response:
    """The signed report."""
    text = json.dumps(_result(request, job)["paper"], indent=2, ensure_ascii=False)
    return Response(text, media_type="application/json", headers={"Content-Disposition": 'attachment; filename="report.json"'})


def _result(request: Request, number: int) -> dict[str, Any]:
    job = _state(request, desk_of(request), number)["job"]
    if not job.result:
        raise StepMissing("There is no report yet.", remedy="wait until the look has ended")
    return job.result


def _state(request: Request, desk: Desk, number: int) -> dict[str, Any]:
    job = next((one for one in desk.jobs.newest() if one.job == number and one.kind == "verify"), None)
    if job is None:
        raise StepMissing("This look is not known any more.", remedy="drop the video again")
    return job_state(request, desk, job)
