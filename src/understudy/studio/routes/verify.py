"""What is known about a video: drop any file. It is looked at and not kept."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ...errors import StepMissing
from ...home import home
from ..desk import Desk, desk_of
from ..pages import page
from ..uploads import take_video
from .project import job_state

router = APIRouter(include_in_schema=False)


@router.get("/verify")
def verify(request: Request) -> Response:
    return page(request, "verify.html", screen="verify")


@router.post("/verify/upload/")
async def look(request: Request) -> dict[str, Any]:
    """Take the file and begin to look at it. Returns the number of the look."""
    desk = desk_of(request)
    file = await take_video(request, home() / "studio" / "looked-at" / secrets.token_hex(8), limits=desk.limits)
    return {"job": desk.work("verify", place=None, args={"file": str(file)}, lane="desk").job}


@router.get("/verify/{job}")
def looked(request: Request, job: int) -> Response:
    return page(request, "verify.html", screen="verify", **_state(request, desk_of(request), job))


@router.get("/verify/{job}/piece")
def piece(request: Request, job: int) -> Response:
    return page(request, "verify_piece.html", screen="verify", **_state(request, desk_of(request), job))


def _state(request: Request, desk: Desk, number: int) -> dict[str, Any]:
    job = next((one for one in desk.jobs.newest() if one.job == number and one.kind == "verify"), None)
    if job is None:
        raise StepMissing("This look is not known any more.", remedy="drop the video again")
    return job_state(request, desk, job)
