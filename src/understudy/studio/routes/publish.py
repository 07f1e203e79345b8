"""The only way out: what the label will look like, what both people agreed to, and the published videos."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from ... import api
from ...errors import StepMissing
from ..desk import desk_of, place_of
from ..i18n import Language
from ..memory import Place
from ..pages import page, words_of
from ..papers import saved, shown
from .project import job_state

router = APIRouter(include_in_schema=False)
SUFFIXES = (".mp4", ".mov", ".mkv")


@router.get("/p/{place}/publish")
def publish(request: Request, place: str) -> Response:
    here = place_of(request, place)
    return page(request, "publish.html", place=here, screen="publish", **_state(request, here))


@router.get("/p/{place}/piece/publish")
def piece(request: Request, place: str) -> Response:
    here = place_of(request, place)
    return page(request, "publish_piece.html", place=here, screen="publish", **_state(request, here))


@router.get("/p/{place}/account")
def account(request: Request, place: str, *, save: bool = False) -> Response:
    """The account of what was published, to print or to put on a site."""
    here = place_of(request, place)
    html = api.account(here.folder, language=words_of(request).language, studio="" if save else f"/p/{place}/account?save=true")
    return saved(html, f"{here.name}-account") if save else shown(html)


@router.get("/p/{place}/label/{language}.jpg")
def label(request: Request, place: str, language: Language) -> Response:
    """A frame of the target as it is, with the label as it will be."""
    return Response(api.label_picture(place_of(request, place).folder, language=language), media_type="image/jpeg")


@router.post("/p/{place}/publish")
def begin(
    request: Request,
    place: str,
    name: Annotated[str, Form()],
    suffix: Annotated[str, Form()],
    language: Annotated[Language, Form()],
    seen: Annotated[bool, Form()] = False,
) -> Response:
    """Publish under a name. `seen`: the person says that purpose and label were looked at; without it nothing goes out."""
    here = place_of(request, place)
    if not seen:
        raise StepMissing("The purpose and the label were not confirmed.", remedy="look at them, tick the box, then publish")
    stem = re.sub(r"[^\w .()+-]+", "-", name).strip(" .-")[:80] or "result"
    out = here.results / f"{stem}{suffix if suffix in SUFFIXES else SUFFIXES[0]}"
    desk_of(request).work("publish", place=here, args={"out": str(out), "settings": {"label.language": language}, "overwrite": _ours(here, out)})
    return page(request, "publish_piece.html", place=here, screen="publish", **_state(request, here))


def _ours(place: Place, out: Path) -> bool:
    """Whether what lies there was published from this project, and may make room."""
    return any(video.path == out.resolve() for video in api.published_videos(place.folder))


def _state(request: Request, place: Place) -> dict[str, Any]:
    desk, kept = desk_of(request), api.consents(place.folder)
    return {
        "videos": api.videos(place.folder),
        "consents": kept,
        "agreed": len(kept) == 2 and not any(found.problem for found in kept.values()),
        "published": [video for video in api.published_videos(place.folder) if video.there],
        "language": api.settings_of(place.folder).label.language,
        "suffixes": SUFFIXES,
        "busy": any(job.unfinished and job.kind != "publish" for job in desk.jobs.of(place.folder)),
        **job_state(request, desk, desk.job_of(place, "publish")),
    }
