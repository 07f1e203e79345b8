"""Who is seen: everybody over all videos of a project, by name; who lends the face and who is replaced; two that are one, and one that is two."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from ... import api
from ...errors import StepMissing
from ...types import Role
from ..desk import desk_of, place_of
from ..memory import Place
from ..pages import page, words_of
from .project import job_state

router = APIRouter(include_in_schema=False)
SHOWN = 7
"""Small pictures of a person, beside the large one."""
_MANY = 8
_BRIEF = 0.03
"""Where there are many people: those with less than this share of the longest time on screen are passers-by."""


@router.get("/p/{place}/people")
def people(request: Request, place: str) -> Response:
    here = place_of(request, place)
    return page(request, "people.html", place=here, screen="people", **_state(request, here))


@router.get("/p/{place}/piece/people")
def piece(request: Request, place: str) -> Response:
    return _piece(request, place_of(request, place))


@router.post("/p/{place}/people")
def find(request: Request, place: str) -> Response:
    """Look for everybody in both videos."""
    here = place_of(request, place)
    desk_of(request).work("people", place=here, args={})
    return _piece(request, here)


@router.post("/p/{place}/people/merge")
def merge(request: Request, place: str, persons: Annotated[list[str] | None, Form()] = None) -> Response:
    here = place_of(request, place)
    made = api.people_merge(here.folder, persons or [])
    return _changed(request, here, "people.said_merged", who=_called(request, made))


@router.post("/p/{place}/people/undo")
def undo(request: Request, place: str) -> Response:
    here = place_of(request, place)
    undone = api.people_undo(here.folder)
    return _changed(request, here, f"people.undone_{undone}" if undone else "people.undone_nothing")


@router.post("/p/{place}/people/{number}/name")
def name(request: Request, place: str, number: int, name: Annotated[str, Form(max_length=200)] = "") -> Response:
    here = place_of(request, place)
    before = next((person.name for person in api.people(here.folder) if person.person_id == f"person-{number}"), None)
    if (before or "") == " ".join(name.split()):
        return _piece(request, here)  # nothing to take back later
    made = api.person_name(here.folder, f"person-{number}", name)
    return _changed(request, here, "people.said_named" if made.name else "people.said_unnamed", who=_called(request, made))


@router.post("/p/{place}/people/{number}/split")
def split(request: Request, place: str, number: int, pieces: Annotated[list[str] | None, Form()] = None) -> Response:
    here = place_of(request, place)
    made = api.person_split(here.folder, f"person-{number}", pieces or [])
    return _changed(request, here, "people.said_split", who=_called(request, made))


@router.post("/p/{place}/people/{number}/choose")
def choose(request: Request, place: str, number: int, role: Annotated[Role, Form()]) -> Response:
    """This person lends the face, or is replaced."""
    here = place_of(request, place)
    made = api.person_choose(here.folder, role, f"person-{number}")
    return _changed(request, here, f"people.said_{role}", who=_called(request, made))


@router.get("/p/{place}/people/{number}/{picture}.jpg")
def picture(request: Request, place: str, number: int, picture: int, v: str = "") -> Response:
    """One of a person's pictures, the best first."""
    return _jpeg(_person(request, place, number, v).pictures, picture)


@router.get("/p/{place}/people/{number}/pieces/{piece}.jpg")
def piece_picture(request: Request, place: str, number: int, piece: int, v: str = "") -> Response:
    return _jpeg([track.picture for track in _person(request, place, number, v).tracks], piece)


def _person(request: Request, place: str, number: int, stamp: str) -> api.ProjectPerson:
    here = place_of(request, place)
    person = desk_of(request).portraits.person(here.folder, stamp, f"person-{number}")
    if person is None:
        raise StepMissing("There is no such person any more.", remedy="look at the page again")
    return person


def _jpeg(pictures: Any, number: int) -> Response:
    if not 0 <= number < len(pictures) or not pictures[number]:
        raise StepMissing("There is no such picture.", remedy="look at the page again")
    return Response(pictures[number], media_type="image/jpeg")


def _called(request: Request, person: api.ProjectPerson) -> str:
    return person.name or words_of(request)("people.number", n=person.person_id.rpartition("-")[2])


def _changed(request: Request, place: Place, said: str, **values: str) -> Response:
    desk_of(request).tell("people", place)
    return _piece(request, place, said=words_of(request)(said, **values))


def _piece(request: Request, place: Place, said: str = "") -> Response:
    return page(request, "people_piece.html", place=place, screen="people", **_state(request, place, said))


def _state(request: Request, place: Place, said: str = "") -> dict[str, Any]:
    desk = desk_of(request)
    videos = api.videos(place.folder)
    stamp, everybody = desk.portraits.look(place.folder)
    longest = max((person.seconds for person in everybody), default=0.0)
    meant = {part.role for person in everybody for part in person.media if part.meant}
    seen = {part.role for person in everybody for part in person.media}
    return {
        "said": said,
        "videos": videos,
        "roles": {row.media_id: role for role, row in videos.items()},
        "stamp": stamp,
        "can_undo": api.people_can_undo(place.folder),
        "everybody": everybody,
        "brief": {person.person_id for person in everybody if len(everybody) > _MANY and _passes_by(person, longest)},
        "unclear": [role for role in ("source", "target") if role in seen and role not in meant],
        "missing": [role for role in ("source", "target") if role in videos and role not in seen],
        "shown": SHOWN,
        "busy": any(job.unfinished and job.kind != "people" for job in desk.jobs.of(place.folder)),
        **job_state(request, desk, desk.job_of(place, "people")),
    }


def _passes_by(person: api.ProjectPerson, longest: float) -> bool:
    return person.seconds < _BRIEF * longest and not person.name and not any(part.meant for part in person.media)
