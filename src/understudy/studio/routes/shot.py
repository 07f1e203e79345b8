"""One shot of the result: settings of its own, over time where wanted, and a picture of the present frame under them before they are kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from ... import api
from ...errors import StepMissing, UsageError
from ..desk import desk_of, place_of
from ..fields import Field, sections
from ..memory import Place
from ..pages import page

router = APIRouter(include_in_schema=False)
FIRST = ("swap.light", "merge.feather", "merge.colour", "merge.strength")
CHANGED = {"HX-Trigger": "result-changed"}
"""Tells the page that the result looks different now."""
_KEYS = TypeAdapter(list[tuple[int, float]])


@dataclass(frozen=True, slots=True)
class Dial:
    """One setting of a shot."""

    field: Field
    """Its value is the one in the frame that is looked at."""
    own: bool
    keys: tuple[tuple[int, float], ...]
    keyable: bool

    @property
    def first(self) -> bool:
        """Whether it is among those that most people look for."""
        return self.field.name in FIRST


@router.get("/p/{place}/piece/shot/{number}")
def piece(request: Request, place: str, number: int, frame: int = 0) -> Response:
    return _piece(request, place_of(request, place), number, frame)


@router.post("/p/{place}/shot/{number}")
def keep(
    request: Request,
    place: str,
    number: int,
    action: Annotated[Literal["set", "key", "unkey", "curve", "follow", "all"], Form()],
    frame: Annotated[int, Form()],
    name: Annotated[str, Form()] = "",
    value: Annotated[str, Form()] = "",
    curve: Annotated[str, Form()] = "",
) -> Response:
    """Give a shot a value of its own (`set`: in this frame, where the setting is on keys), a key-frame more or less, all of them anew (`curve`), or
    the project's again."""
    here = place_of(request, place)
    own = _shot(here, number).own
    keys = dict(own.keys.get(name, ()))
    if action == "curve":
        api.set_shot_settings(here.folder, number, keys={name: _curve(curve)})
    elif action == "key" or (action == "set" and keys):
        api.set_shot_settings(here.folder, number, keys={name: sorted({**keys, frame: float(value)}.items())})
    elif action == "set":
        api.set_shot_settings(here.folder, number, settings={name: value})
    elif action == "unkey":
        gone = keys.pop(frame, None)
        if keys or gone is None:
            api.set_shot_settings(here.folder, number, keys={name: sorted(keys.items())})
        else:
            api.set_shot_settings(here.folder, number, settings={name: gone})
    else:
        api.set_shot_settings(here.folder, number, clear=["all" if action == "all" else name])
    return _piece(request, here, number, frame)


def _curve(text: str) -> list[tuple[int, float]]:
    """Key-frames as the page sends them: `[[frame, value], …]`."""
    try:
        return sorted(dict(_KEYS.validate_json(text)).items())
    except ValidationError:
        raise UsageError("These are no key-frames.", remedy="load the page again") from None


@router.post("/p/{place}/preview/{index}.jpg")
async def preview(request: Request, place: str, index: int, width: int = 960) -> Response:
    """What the frame becomes under the settings of the form, which are not kept."""
    form = await request.form()
    settings = {name: str(value) for name, value in form.items() if name in api.SHOT_SETTINGS}
    here = await run_in_threadpool(place_of, request, place)
    made = await run_in_threadpool(api.preview, here.folder, index, settings=settings, width=min(max(16, width), 4096))
    return Response(made.jpeg("result"), media_type="image/jpeg")


def _piece(request: Request, place: Place, number: int, frame: int) -> Response:
    shot = _shot(place, number)
    dials = list(_dials(place, shot, frame))
    answer = page(request, "shot_piece.html", place=place, screen="result", shot=shot, frame=frame, dials=dials)
    if request.method == "POST":
        desk_of(request).tell("result", place)
        answer.headers.update(CHANGED)
    return answer


def _shot(place: Place, number: int) -> api.ShotState:
    found = next((shot for shot in api.list_shots(place.folder) if shot.number == number), None)
    if found is None:
        raise StepMissing("There is no such shot.", remedy="load the page again")
    return found


def _dials(place: Place, shot: api.ShotState, frame: int) -> Any:
    for _, fields in sections(api.settings_of(place.folder)):
        for field in fields:
            if field.name not in api.SHOT_SETTINGS:
                continue
            keys = tuple(shot.own.keys.get(field.name, ()))
            own = bool(keys) or field.name in shot.own.fixed
            value = api.shot_setting(shot.own, field.name, frame) if own else field.value
            yield Dial(replace(field, value=value), own, keys, field.name in api.KEYABLE_SETTINGS)
