"""The cast on the Result screen: who of the target gets whose face, from which model, how strongly and when; and morphs between two faces."""

from __future__ import annotations

import os
from bisect import bisect_left
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Form, Request
from pydantic import BaseModel
from starlette.responses import Response

from ... import api
from ...errors import ConsentError, StepMissing, UnderstudyError
from ..desk import Desk, desk_of, place_of
from ..memory import Place
from ..pages import page, trouble, words_of
from .shot import CHANGED

router = APIRouter(include_in_schema=False)
HERE = "."


class Bend(BaseModel):
    """A curve as the page sends it."""

    what: Literal["strength", "share"]
    keys: list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the cast, its moments as frames."""

    face: api.CastFace
    lender: str
    """Name of the project that lends the face; empty: this one."""
    strength: list[tuple[int, float]]
    share: list[tuple[int, float]] | None
    """None where the person has one face alone."""
    first: int | None
    last: int | None


@router.get("/p/{place}/piece/cast")
def piece(request: Request, place: str) -> Response:
    return _piece(request, place_of(request, place))


@router.post("/p/{place}/cast")
def give(
    request: Request,
    place: str,
    person: Annotated[str, Form()],
    lender: Annotated[str, Form()] = HERE,
    model: Annotated[str, Form()] = "",
    performer: Annotated[str, Form()] = "",
    begin: Annotated[str, Form()] = "",
    end: Annotated[str, Form()] = "",
    beside: Annotated[bool, Form()] = False,
) -> Response:
    """Give a person a face; `beside` what the person has, or in its place."""
    here, desk = place_of(request, place), desk_of(request)
    chosen: dict[str, Any] = {"model": model or None, "performer": performer.strip() or None, "begin": _moment(begin), "end": _moment(end)}
    api.cast_set(here.folder, person, source=_source(desk, here, lender), add=beside, **chosen)
    return _piece(request, here)


@router.post("/p/{place}/cast/morph")
def morph(
    request: Request,
    place: str,
    person: Annotated[str, Form()],
    lender: Annotated[str, Form()],
    second: Annotated[str, Form()],
    begin: Annotated[str, Form()] = "",
    end: Annotated[str, Form()] = "",
) -> Response:
    """Let a person change from one face to another within the range."""
    here, desk = place_of(request, place), desk_of(request)
    first_frame, last_frame = _moment(begin), _moment(end)
    if first_frame is None or last_frame is None:
        raise StepMissing("It is not said from where to where the face changes.", remedy="mark a range with In and Out first")
    sources = (_source(desk, here, lender), _source(desk, here, second))
    api.cast_morph(here.folder, person, sources=sources, begin=first_frame, end=last_frame)
    return _piece(request, here)


@router.post("/p/{place}/cast/{number}")
def bend(request: Request, place: str, number: int, curve: Annotated[Bend, Body()]) -> Response:
    """Change a part's strength or share over time."""
    here = place_of(request, place)
    keys: Any = curve.keys if len(curve.keys) > 1 else curve.keys[0][1]
    if curve.what == "strength":
        api.cast_change(here.folder, number, strength=keys)
    else:
        api.cast_change(here.folder, number, share=keys)
    return _piece(request, here)


@router.post("/p/{place}/cast/{number}/span")
def span(request: Request, place: str, number: int, begin: Annotated[str, Form()] = "", end: Annotated[str, Form()] = "") -> Response:
    """Let a part play in the marked range only; without one, always."""
    here = place_of(request, place)
    api.cast_change(here.folder, number, span=(_moment(begin), _moment(end)))
    return _piece(request, here)


@router.post("/p/{place}/cast/{number}/remove")
def remove(request: Request, place: str, number: int) -> Response:
    """Take the person of this part out of the cast."""
    here = place_of(request, place)
    faces = api.cast_show(here.folder)
    if not 1 <= number <= len(faces):
        raise StepMissing("There is no such part any more.", remedy="load the page again")
    api.cast_remove(here.folder, faces[number - 1].given.person)
    return _piece(request, here)


def _moment(text: str) -> int | None:
    return int(text) if text.strip().isdigit() else None


def _source(desk: Desk, here: Place, lender: str) -> str:
    """The lender's project as the cast names it: as a path from this one."""
    return HERE if lender in ("", HERE, here.place) else os.path.relpath(desk.memory.place(lender).folder, here.folder)


def _piece(request: Request, place: Place) -> Response:
    desk, words = desk_of(request), words_of(request)
    parts: list[Part] = []
    people: list[api.ProjectPerson] = []
    why = None
    try:
        parts = _parts(desk, place)
        people = [person for person in api.people(place.folder) if any(media.role == "target" for media in person.media)]
    except (StepMissing, ConsentError) as error:
        why = trouble(words, error)
    answer = page(request, "cast_piece.html", place=place, screen="result", parts=parts, people=people, lenders=_lenders(desk, place), no_cast=why)
    if request.method == "POST":
        desk.tell("result", place)
        answer.headers.update(CHANGED)
    return answer


def _parts(desk: Desk, place: Place) -> list[Part]:
    faces = api.cast_show(place.folder)
    times = [float(one) for one in api.frame_times(place.folder, "target")] if faces else []
    names = {one.folder.resolve(): one.name for one in desk.memory.places()}

    def frame(moment: int | str | None) -> int | None:
        if moment is None or isinstance(moment, int):
            return moment
        return min(bisect_left(times, float(moment.strip().rstrip("s ")) - 1e-9), len(times) - 1)

    def curve(value: Any) -> list[tuple[int, float]]:
        return [(frame(moment) or 0, number) for moment, number in value] if isinstance(value, list) else [(0, float(value))]

    parts = []
    for face in faces:
        given = face.given
        several = sum(other.given.person.lower() == given.person.lower() for other in faces) > 1
        folder = (place.folder / given.source).resolve()
        parts.append(
            Part(
                face=face,
                lender="" if given.source == HERE else names.get(folder, folder.name),
                strength=curve(given.strength),
                share=curve(given.share) if several else None,
                first=frame(given.begin),
                last=frame(given.end),
            )
        )
    return parts


def _lenders(desk: Desk, place: Place) -> list[Place]:
    """Other projects that have a source."""
    found = []
    for other in desk.memory.places():
        try:
            if other.place != place.place and "source" in api.videos(other.folder):
                found.append(other)
        except UnderstudyError:
            # one that cannot be read lends no face
            continue
    return found
