"""Will this material do? The data doctor's report, before hours are spent."""

from __future__ import annotations

import base64
from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from ... import api
from ...errors import StepMissing
from ..desk import desk_of, place_of
from ..memory import Place
from ..pages import page
from .project import job_state

router = APIRouter(include_in_schema=False)


@router.get("/p/{place}/check")
def check(request: Request, place: str) -> Response:
    here = place_of(request, place)
    return page(request, "check.html", place=here, screen="check", **_state(request, here))


@router.get("/p/{place}/piece/check")
def piece(request: Request, place: str) -> Response:
    here = place_of(request, place)
    return page(request, "check_piece.html", place=here, screen="check", **_state(request, here))


@router.post("/p/{place}/check")
def begin(request: Request, place: str) -> Response:
    here = place_of(request, place)
    desk_of(request).work("check", place=here, args={})
    return page(request, "check_piece.html", place=here, screen="check", **_state(request, here))


@router.get("/p/{place}/check/{number}/{side}.jpg")
def picture(request: Request, place: str, number: int, side: Literal["source", "target"]) -> Response:
    """The picture of one finding."""
    report = api.kept_check(place_of(request, place).folder)
    found = report["findings"][number][f"{side}_picture"] if report and number < len(report["findings"]) else None
    if not found:
        raise StepMissing("There is no such picture.", remedy="check the material again")
    return Response(base64.b64decode(found), media_type="image/jpeg")


def _state(request: Request, place: Place) -> dict[str, Any]:
    desk = desk_of(request)
    return {
        "report": api.kept_check(place.folder),
        "videos": api.videos(place.folder),
        "busy": any(job.unfinished and job.kind != "check" for job in desk.jobs.of(place.folder)),
        **job_state(request, desk, desk.job_of(place, "check")),
    }
