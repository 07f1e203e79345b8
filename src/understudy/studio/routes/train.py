"""The network learns the face: the grid that grows better, the curve, how long it still takes; stop and go on."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import cv2
from fastapi import APIRouter, Form, Request
from starlette.responses import FileResponse, Response

from ... import api
from ...errors import StepMissing
from ..desk import desk_of, place_of
from ..memory import Place
from ..pages import page, words_of
from ..rounds import curve_svg, less_error, rounds_of, sentence
from .project import job_state

router = APIRouter(include_in_schema=False)


@router.get("/p/{place}/train")
def train(request: Request, place: str) -> Response:
    here = place_of(request, place)
    return page(request, "train.html", place=here, screen="train", **_state(request, here))


@router.get("/p/{place}/piece/train")
def piece(request: Request, place: str) -> Response:
    here = place_of(request, place)
    return page(request, "train_piece.html", place=here, screen="train", **_state(request, here))


@router.post("/p/{place}/train")
def begin(request: Request, place: str, minutes: Annotated[float, Form(gt=0, le=10080)]) -> Response:
    """Train so many minutes in all; what was trained before counts."""
    here = place_of(request, place)
    settings = {"train.minutes": minutes, "swap.swapper": "trained"}
    desk_of(request).work("train", place=here, args={"settings": settings})
    return page(request, "train_piece.html", place=here, screen="train", **_state(request, here))


@router.post("/p/{place}/train/back")
def back(request: Request, place: str, checkpoint: Annotated[str, Form()]) -> Response:
    """Let training and rendering go on from an earlier moment."""
    here = place_of(request, place)
    api.go_back(here.folder, checkpoint)
    return page(request, "train_piece.html", place=here, screen="train", **_state(request, here))


@router.get("/p/{place}/preview/{name}.jpg")
def preview(request: Request, place: str, name: str) -> Response:
    """The picture at the end of a round: source, target, draft, the last round and this one."""
    here = place_of(request, place)
    path = _pictures(here).get(f"{name}.jpg")
    if path is None:
        raise StepMissing("There is no such preview.", remedy="train first")
    return FileResponse(path, media_type="image/jpeg")


def _pictures(place: Place) -> dict[str, Path]:
    """The rounds' pictures by their file names."""
    state = _trained(place)
    return {path.name: path for path in state.previews} if state else {}


def _trained(place: Place) -> api.TrainingState | None:
    """None where nothing was trained."""
    try:
        return api.training_state(place.folder)
    except StepMissing:
        return None


@lru_cache(maxsize=64)
def _size_wh(path: Path) -> tuple[int, int]:
    """Of a round's picture, which never changes: so that the page does not jump when it comes."""
    picture = cv2.imread(str(path))
    return (picture.shape[1], picture.shape[0]) if picture is not None else (1380, 640)


def _state(request: Request, place: Place) -> dict[str, Any]:
    desk, words = desk_of(request), words_of(request)
    state = _trained(place)
    rounds = rounds_of(state)
    consents = api.consents(place.folder)
    newest = rounds[-1] if rounds else None
    pictured = [one for one in rounds if one.preview is not None]
    return {
        "rounds": rounds,
        "newest": newest,
        "pictured": pictured,
        "picture_wh": _size_wh(pictured[-1].preview) if pictured else None,
        "sentence": sentence(words, rounds),
        "less": less_error,
        "curve": curve_svg(words, rounds),
        "checkpoints": list(reversed(state.checkpoints)) if state else [],
        "minutes": max(api.settings_of(place.folder).train.minutes, 3.0),
        "agreed": len(consents) == 2 and not any(found.problem for found in consents.values()),
        "busy": any(job.unfinished and job.lane == "work" and job.kind not in ("train", "make") for job in desk.jobs.of(place.folder)),
        "better": newest is not None and newest.better,
        **job_state(request, desk, desk.job_of(place, "train", "make")),
    }
