"""Source, target and result frame by frame: the page, its pictures, the shots with their states, and rendering what has changed."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from starlette.responses import FileResponse, JSONResponse, Response

from ... import api
from ...errors import ConsentError, ProjectBusy, StepMissing
from ...types import Role
from ..desk import Desk, desk_of, place_of
from ..memory import Place
from ..pages import page, trouble, words_of
from .project import job_state

router = APIRouter(include_in_schema=False)
Which = Literal["source", "target", "result"]
_ROLES: tuple[Role, ...] = ("source", "target")
RENDERING = ("render", "make", "publish")


@router.get("/p/{place}/result")
def result(request: Request, place: str) -> Response:
    desk, here = desk_of(request), place_of(request, place)
    videos = api.videos(here.folder)
    ready = len(videos) == len(_ROLES)
    if ready:
        _want_proxies(desk, here)
    published = [video for video in api.published_videos(here.folder) if video.there]
    return page(
        request,
        "result.html",
        place=here,
        screen="result",
        videos=videos,
        ready=ready,
        published=published,
        **(_timeline(request, desk, here) if ready else {}),
    )


@router.get("/p/{place}/piece/timeline")
def timeline(request: Request, place: str) -> Response:
    here = place_of(request, place)
    return page(request, "timeline_piece.html", place=here, screen="result", **_timeline(request, desk_of(request), here))


@router.get("/p/{place}/times/{role}")
def times(request: Request, place: str, role: Role) -> Response:
    """When each frame is shown, in seconds."""
    return JSONResponse([round(float(one), 6) for one in api.frame_times(place_of(request, place).folder, role)])


@router.get("/p/{place}/frame/{which}/{index}.jpg")
def frame(request: Request, place: str, which: Which, index: int, width: int = 960) -> Response:
    """One frame as it is, at most `width` wide. The result of a shot that is not rendered is merged now, for this frame alone."""
    found = api.frame(place_of(request, place).folder, which, index, width=min(max(16, width), 4096), exact=False)
    return Response(found, media_type="image/jpeg")


@router.get("/p/{place}/quick/{which}/{index}.jpg")
def quick(request: Request, place: str, which: Which, index: int) -> Response:
    """One frame at once and small; 204 where that is not to be had."""
    found = api.quick_frame(place_of(request, place).folder, which, index)
    return Response(status_code=204) if found is None else Response(found, media_type="image/jpeg")


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


@router.post("/p/{place}/render")
def render(request: Request, place: str, shots: Annotated[str, Form()] = "") -> Response:
    """Render what is not as it should be; `shots`: the numbers of those that are wanted, with commas between (empty: all)."""
    desk, here = desk_of(request), place_of(request, place)
    wanted = [int(part) for part in shots.split(",") if part.strip().isdigit()]
    desk.work("render", place=here, args={"shots": wanted} if wanted else {})
    return page(request, "timeline_piece.html", place=here, screen="result", **_timeline(request, desk, here))


def _want_proxies(desk: Desk, place: Place) -> None:
    """Begin to make the small copies where they are missing; once, and not again where that failed for these videos."""
    if api.has_proxies(place.folder):
        return
    known = desk.job_of(place, "proxies")
    media = sorted(row.media_id for row in api.videos(place.folder).values())
    if known is None or known.args.get("media") != media or known.state == "done":
        with contextlib.suppress(ProjectBusy):
            desk.work("proxies", place=place, args={"media": media}, lane="desk")


def _timeline(request: Request, desk: Desk, place: Place) -> dict[str, Any]:
    shots: list[api.ShotState] = []
    why = None
    try:
        shots = api.list_shots(place.folder)
    except (StepMissing, ConsentError) as error:
        why = trouble(words_of(request), error)
    strokes = api.list_strokes(place.folder) if shots else []
    copies = desk.job_of(place, "proxies")
    return {
        "shots": shots,
        "no_shots": why,
        "painted": sorted({row.frame for row in strokes}),
        "keyed": sorted({frame for shot in shots for keys in shot.own.keys.values() for frame, _ in keys}),
        "to_render": [shot for shot in shots if shot.state in ("open", "stale")],
        "busy": any(job.unfinished and job.lane == "work" and job.kind not in RENDERING for job in desk.jobs.of(place.folder)),
        "copies": copies if copies is not None and copies.unfinished else None,
        **job_state(request, desk, desk.job_of(place, *RENDERING)),
    }
