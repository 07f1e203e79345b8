"""A project's own page: its two videos, how good it is to be, and the one button."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from ... import api
from ...config import QUALITIES, settings_from
from ...run.jobs import Job
from ...types import Quality, Role
from ..desk import Desk, desk_of, place_of
from ..memory import Place
from ..pages import go, page, trouble, words_of
from ..progress import progress_of

router = APIRouter(include_in_schema=False)


@router.get("/p/{place}")
def project(request: Request, place: str) -> Response:
    desk, here = desk_of(request), place_of(request, place)
    desk.memory.touch(place)
    return page(request, "project.html", place=here, screen="project", **_state(request, desk, here))


@router.get("/p/{place}/piece/make")
def piece(request: Request, place: str) -> Response:
    here = place_of(request, place)
    return page(request, "make_piece.html", place=here, screen="project", **_state(request, desk_of(request), here))


@router.post("/p/{place}/make")
def make(request: Request, place: str, quality: Annotated[Quality, Form()]) -> Response:
    """Everything, up to the published video."""
    desk, here = desk_of(request), place_of(request, place)
    preset = settings_from(None, {"quality": quality})
    # said outright, for what an earlier training left in the project would stand above the quality that is chosen now
    settings = {"quality": quality, "swap.swapper": preset.swap.swapper, "train.minutes": preset.train.minutes}
    trains = preset.swap.swapper == "trained"
    desk.work("make", place=here, args={"out": str(result_of(here)), "settings": settings, "overwrite": True, "trains": trains})
    return go(request, f"/p/{place}")


@router.post("/p/{place}/exchange")
def exchange(request: Request, place: str) -> Response:
    api.exchange_roles(place_of(request, place).folder)
    return go(request, f"/p/{place}")


@router.post("/p/{place}/jobs/{job}/{what}")
def change(request: Request, place: str, job: int, what: Literal["stop", "resume"]) -> Response:
    """Stop work, or let it go on."""
    desk, here = desk_of(request), place_of(request, place)
    if job in {mine.job for mine in desk.jobs.of(here.folder)}:
        (desk.jobs.stop if what == "stop" else desk.jobs.resume)(job)
    return Response(status_code=204)


@router.get("/p/{place}/picture/{role}.jpg")
def picture(request: Request, place: str, role: Role, share: float = 0.3) -> Response:
    return Response(api.picture(place_of(request, place).folder, role, share=share), media_type="image/jpeg")


def result_of(place: Place) -> Path:
    """Where the one button's video goes."""
    return place.results / "result.mp4"


def _state(request: Request, desk: Desk, place: Place) -> dict[str, Any]:
    videos, consents, settings = api.videos(place.folder), api.consents(place.folder), api.settings_of(place.folder)
    job = desk.job_of(place)
    agreed = all(role in consents and consents[role].problem is None for role in ("face", "performer"))
    published = [video for video in api.published_videos(place.folder) if video.there]
    return {
        "videos": videos,
        "consents": consents,
        "agreed": agreed,
        "ready": agreed and len(videos) == 2,
        "quality": settings.quality,
        "minutes": {name: settings_from(None, {"quality": name}).train.minutes for name in QUALITIES},
        "published": published,
        **job_state(request, desk, job),
    }


def job_state(request: Request, desk: Desk, job: Job | None) -> dict[str, Any]:
    """What the list of steps shows of a job."""
    words = words_of(request)
    return {
        "job": job,
        "progress": progress_of(desk.jobs, job) if job else None,
        "job_trouble": trouble(words, job.error) if job and job.error else None,
    }
