"""The wall: every face of the source, kept or left out and why; sorting, conditions, the trash, and undo."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import JSONResponse, Response

from ... import api
from ...errors import StepMissing, UnderstudyError, UsageError
from ..desk import desk_of, place_of
from ..memory import Place
from ..pages import page, words_of
from .bundles import set_state
from .project import job_state

router = APIRouter(include_in_schema=False)
REASONS = ("thrown out", "unsure", "too small", "cut off", "covered", "blurred", "duplicate", "too many")
SHOWN = ("all", "kept", "left-out", "trash")
_MOST_CONDITIONS = 12
_DEGREES = {"yaw", "pitch", "roll", "hue"}
_SHARES = {"smile", "occluded", "outside", "quality", "eyes", "mouth", "likeness"}


@router.get("/p/{place}/faces")
def faces(request: Request, place: str) -> Response:
    here = place_of(request, place)
    return page(request, "faces.html", place=here, screen="faces", **_state(request, here), **set_state(request, here))


@router.get("/p/{place}/piece/faces")
def piece(request: Request, place: str) -> Response:
    """What stands in place of the wall until it is made; then the page comes anew."""
    here = place_of(request, place)
    state = _state(request, here)
    shown = page(request, "faces_piece.html", place=here, screen="faces", **state)
    if state["made"]:
        shown.headers["HX-Refresh"] = "true"
    return shown


@router.post("/p/{place}/faces")
def begin(request: Request, place: str) -> Response:
    """Find the faces and make the wall."""
    here = place_of(request, place)
    desk_of(request).work("faces", place=here, args={})
    return page(request, "faces_piece.html", place=here, screen="faces", **_state(request, here))


@router.get("/p/{place}/faces/list")
def listed(
    request: Request,
    place: str,
    sort: str = "time",
    reverse: bool = False,
    shown: str = "all",
    where: Annotated[list[str] | None, Query(max_length=_MOST_CONDITIONS)] = None,
) -> Response:
    """The faces that were asked for, as short as can be: `faces` are numbers in order, and for each of them `why` and `yours`.

    `why`: 0 in the set, else the place in `REASONS`, from 1. `yours`: 1 where the user said so. `values`: of the property that it is sorted by.
    """
    here = place_of(request, place)
    if not api.faces_made(here.folder):
        raise StepMissing("The faces were not looked at yet.", remedy="look at the faces first")
    wall = api.faces(here.folder, sort=sort, reverse=reverse, where=where or (), shown=shown)  # type: ignore[arg-type]
    why = {None: 0, **{reason: n for n, reason in enumerate(REASONS, 1)}}
    return JSONResponse(
        {
            "wall": wall.wall,
            "total": wall.total,
            "kept": wall.kept,
            "leftOut": [wall.left_out.get(reason, 0) for reason in REASONS],
            "canUndo": wall.can_undo,
            "faces": [face.number for face in wall.faces],
            "why": [why[face.reason] for face in wall.faces],
            "yours": [int(face.by_user) for face in wall.faces],
            "values": [round(face.values[sort], 3) for face in wall.faces] if sort in api.FACE_PROPERTIES else [],
        }
    )


@router.get("/p/{place}/faces/sheet.jpg")
def sheet(request: Request, place: str, wall: str, n: str) -> Response:
    """Thumbnails of up to 100 faces, in the order given, in rows of ten."""
    return Response(api.faces_sheet(place_of(request, place).folder, wall, _numbers(n)), media_type="image/jpeg")


@router.get("/p/{place}/faces/{number}.jpg")
def picture(request: Request, place: str, number: int) -> Response:
    return Response(api.face_picture(place_of(request, place).folder, number), media_type="image/jpeg")


@router.get("/p/{place}/faces/{number}")
def one(request: Request, place: str, number: int) -> Response:
    """One face with all that is known of it, for the large view."""
    here, words = place_of(request, place), words_of(request)
    if not api.faces_made(here.folder):
        raise StepMissing("The faces were not looked at yet.", remedy="look at the faces first")
    face = next((face for face in api.faces(here.folder).faces if face.number == number), None)
    if face is None:
        raise UsageError(f"There is no face {number}.", remedy="look at the page again")
    values = [(words(f"face_property.{name}"), _in_words(request, name, value)) for name, value in face.values.items()]
    return page(request, "face_piece.html", place=here, screen="faces", face=face, values=values, key=_key(face.reason))


@router.post("/p/{place}/faces/drop")
def drop(request: Request, place: str, numbers: Annotated[str, Form()]) -> Response:
    """Throw faces out of the set, into the trash."""
    here = place_of(request, place)
    return _said(request, here, "faces.dropped", api.faces_drop(here.folder, _numbers(numbers)))


@router.post("/p/{place}/faces/restore")
def restore(request: Request, place: str, numbers: Annotated[str, Form()]) -> Response:
    """Bring faces back, from the trash or although the rules leave them out."""
    here = place_of(request, place)
    return _said(request, here, "faces.restored", api.faces_restore(here.folder, _numbers(numbers)))


@router.post("/p/{place}/faces/undo")
def undo(request: Request, place: str) -> Response:
    here = place_of(request, place)
    return _said(request, here, "faces.undone", api.faces_undo(here.folder))


def _said(request: Request, place: Place, key: str, n: int) -> Response:
    desk_of(request).tell("faces", place)
    return JSONResponse({"said": words_of(request).count(key, n)})


def _numbers(text: str) -> list[int]:
    """`3,7,8` as numbers."""
    if not re.fullmatch(r"\d{1,7}(,\d{1,7})*", text):
        raise UsageError("These are no numbers of faces.", remedy="look at the page again")
    return [int(part) for part in text.split(",")]


def _key(reason: str | None) -> str:
    return (reason or "kept").replace(" ", "_")


def _in_words(request: Request, name: str, value: float) -> str:
    words = words_of(request)
    if name == "time":
        return words("faces.seconds", n=words.number(value, 2))
    if name in _DEGREES:
        return words("faces.degrees", n=words.number(value))
    return words.number(value, 2 if name in _SHARES or abs(value) < 10 else 0)


def _state(request: Request, place: Place) -> dict[str, Any]:
    desk = desk_of(request)
    videos = api.videos(place.folder)
    made = False
    if "source" in videos:
        try:
            made = api.faces_made(place.folder)
        except UnderstudyError:
            made = False  # who is meant is not clear, or the video is gone: said when it is begun
    return {
        "videos": videos,
        "made": made,
        "sorts": api.FACE_SORTS,
        "properties": api.FACE_PROPERTIES,
        "shown": SHOWN,
        "reasons": [_key(reason) for reason in REASONS],
        "busy": any(job.unfinished and job.kind != "faces" for job in desk.jobs.of(place.folder)),
        **job_state(request, desk, desk.job_of(place, "faces")),
    }
