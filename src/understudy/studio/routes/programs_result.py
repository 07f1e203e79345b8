"""The API for other programs, second part: frames, shots, strokes and the training."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from ... import api
from ...store import StrokeRow
from ..desk import desk_of, place_of
from ..models import (
    PICTURE,
    PROBLEMS,
    CheckpointInfo,
    GoBack,
    NewStroke,
    RoundInfo,
    ShotChange,
    ShotInfo,
    StrokeInfo,
    TrainingInfo,
)
from ..pages import words_of
from ..rounds import rounds_of, sentence
from .strokes import add

router = APIRouter(prefix="/api/projects/{place}", responses=PROBLEMS)


@router.get("/frames/{which}/{index}.jpg", tags=["result"], response_class=Response, responses=PICTURE)
def frame(request: Request, place: str, which: Literal["source", "target", "result"], index: int, width: int = 960) -> Response:
    """One frame, at most `width` pixels wide. A result that is not rendered is merged for this frame alone; it carries the label."""
    found = api.frame(place_of(request, place).folder, which, index, width=min(max(16, width), 8192), exact=False)
    return Response(found, media_type="image/jpeg")


@router.get("/shots", tags=["result"])
def shots(request: Request, place: str) -> list[ShotInfo]:
    """The target's shots, their states and what each has of its own."""
    return [_shot(one) for one in api.list_shots(place_of(request, place).folder)]


@router.patch("/shots/{number}", tags=["result"])
def change_shot(request: Request, place: str, number: int, change: ShotChange) -> ShotInfo:
    """Give a shot settings of its own; only it is rendered anew."""
    folder = place_of(request, place).folder
    api.set_shot_settings(folder, number, settings=change.settings, keys=change.keys, clear=change.clear)
    _tell(request, place)
    return _shot(api.list_shots(folder)[number - 1])


@router.get("/strokes", tags=["result"])
def strokes(request: Request, place: str) -> list[StrokeInfo]:
    """All strokes in the order in which they were made."""
    return [_stroke(row) for row in api.list_strokes(place_of(request, place).folder)]


@router.post("/strokes", tags=["result"], status_code=201)
def add_stroke(request: Request, place: str, stroke: NewStroke) -> StrokeInfo:
    """Paint on a frame of the target. What is painted follows the face through the shot until the next painted frame."""
    here = place_of(request, place)
    number = add(here, stroke)
    _tell(request, place)
    return next(_stroke(row) for row in api.list_strokes(here.folder) if row.stroke_id == number)


@router.delete("/strokes/{number}", tags=["result"], status_code=204)
def remove_stroke(request: Request, place: str, number: int) -> None:
    """Take a stroke away."""
    api.remove_stroke(place_of(request, place).folder, number)
    _tell(request, place)


@router.get("/training", tags=["training"])
def training(request: Request, place: str) -> TrainingInfo:
    """The rounds that led to where training stands, how it goes in a sentence, and the moments that can be gone back to."""
    state = api.training_state(place_of(request, place).folder)
    rounds = rounds_of(state)
    return TrainingInfo(
        sentence=sentence(words_of(request), rounds),
        rounds=[
            RoundInfo(number=one.number, seconds=one.seconds, faces=one.faces, error=one.error, draft_error=one.draft_error, better=one.better)
            for one in rounds
        ],
        checkpoints=[_checkpoint(kept) for kept in state.checkpoints],
    )


@router.post("/training/back", tags=["training"])
def go_back(request: Request, place: str, to: GoBack) -> CheckpointInfo:
    """Let training and rendering go on from an earlier moment. Nothing is lost by it."""
    return _checkpoint(api.go_back(place_of(request, place).folder, to.checkpoint))


def _tell(request: Request, place: str) -> None:
    """Windows that show the result look again."""
    desk_of(request).tell("result", place_of(request, place))


def _shot(one: api.ShotState) -> ShotInfo:
    return ShotInfo(
        number=one.number,
        shot_id=one.shot_id,
        first=one.first,
        last=one.last,
        start=float(one.start),
        end=float(one.end),
        state=one.state,
        settings=dict(one.own.fixed),
        keys={name: list(keys) for name, keys in one.own.keys.items()},
    )


def _stroke(row: StrokeRow) -> StrokeInfo:
    return StrokeInfo(
        stroke=row.stroke_id,
        frame=row.frame,
        kind=row.kind,
        polygons=[[(x, y) for x, y in polygon] for polygon in row.polygons],
        brush=row.brush is not None,
    )


def _checkpoint(kept: api.Checkpoint) -> CheckpointInfo:
    return CheckpointInfo(
        name=kept.name,
        rounds=kept.rounds,
        written=kept.written,
        better=kept.better,
        standing=kept.standing,
        used=kept.used,
        aside=kept.aside,
    )
