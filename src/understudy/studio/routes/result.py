"""Source, target and result beside each other, and the result wiped over the target."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from ... import api
from ...errors import StepMissing
from ...types import Role
from ..desk import place_of
from ..memory import Place
from ..pages import page

router = APIRouter(include_in_schema=False)


@router.get("/p/{place}/result")
def result(request: Request, place: str, show: int = 0) -> Response:
    here = place_of(request, place)
    return page(request, "result.html", place=here, screen="result", **_state(here, show))


@router.get("/p/{place}/video/{role}")
def video(request: Request, place: str, role: Role) -> Response:
    """The user's own video, with byte ranges, so that a player can jump."""
    return FileResponse(api.video_path(place_of(request, place).folder, role))


@router.get("/p/{place}/published/{number}")
def published(request: Request, place: str, number: int, save: bool = False) -> Response:
    """A published, labelled video of this project, by its number in the list; `save` as a download."""
    videos = [video for video in api.published_videos(place_of(request, place).folder) if video.there]
    if not 0 <= number < len(videos):
        raise StepMissing("There is no such video.", remedy="make it first")
    path = videos[number].path
    return FileResponse(path, filename=path.name if save else None)


def _state(place: Place, show: int) -> dict[str, Any]:
    published = [video for video in api.published_videos(place.folder) if video.there]
    return {"videos": api.videos(place.folder), "published": published, "show": min(max(0, show), max(0, len(published) - 1))}
