"""The first page: drop two videos, or go on with a project."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from ... import api
from ...errors import UnderstudyError
from ...run.jobs import Job
from ..desk import Desk, desk_of
from ..memory import Place
from ..pages import page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Card:
    """A project on the first page."""

    place: Place
    roles: tuple[str, ...]
    """Those that have a video."""
    job: Job | None
    published: int


@router.get("/")
def start(request: Request) -> Response:
    desk = desk_of(request)
    cards = [card for place in desk.memory.places() if (card := _card(desk, place)) is not None]
    return page(request, "start.html", screen="start", cards=cards)


def _card(desk: Desk, place: Place) -> Card | None:
    try:
        videos = api.videos(place.folder)
        return Card(place, tuple(videos), desk.job_of(place), sum(video.there for video in api.published_videos(place.folder)))
    except UnderstudyError:
        # a project that cannot be read says so on its own page
        return Card(place, (), None, 0)
