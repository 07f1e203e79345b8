"""Strokes: what is painted on frames of the target, to keep the face away from a place or to bring it there."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

import cv2
import numpy as np
from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from ... import api
from ...errors import StepMissing, UsageError
from ..desk import desk_of, place_of
from ..memory import Place
from ..models import NewStroke
from ..pages import page
from .shot import CHANGED

router = APIRouter(include_in_schema=False)
_TINTS = {"include": (98, 199, 192), "exclude": (255, 154, 141), "clear": (160, 160, 160)}
_WIDTH = 240


@router.get("/p/{place}/piece/strokes")
def piece(request: Request, place: str) -> Response:
    return _piece(request, place_of(request, place))


@router.post("/p/{place}/strokes")
def paint(request: Request, place: str, stroke: Annotated[NewStroke, Body()]) -> Response:
    here = place_of(request, place)
    add(here, stroke)
    return _piece(request, here)


def add(place: Place, stroke: NewStroke) -> int:
    """Keep a stroke as a page or a program sends it."""
    try:
        brush = base64.b64decode(stroke.brush, validate=True) if stroke.brush else None
    except binascii.Error:
        raise UsageError("The picture of the brush cannot be read.", remedy="paint it again") from None
    return api.add_stroke(place.folder, stroke.frame, stroke.kind, polygons=stroke.polygons, brush=brush)


@router.post("/p/{place}/strokes/undo")
def undo(request: Request, place: str) -> Response:
    """Take the newest one away."""
    here = place_of(request, place)
    api.undo_stroke(here.folder)
    return _piece(request, here)


@router.post("/p/{place}/strokes/{number}/remove")
def remove(request: Request, place: str, number: int) -> Response:
    here = place_of(request, place)
    api.remove_stroke(here.folder, number)
    return _piece(request, here)


@router.get("/p/{place}/strokes/{number}.jpg")
def picture(request: Request, place: str, number: int) -> Response:
    """The frame that was painted on, with the stroke in colour."""
    folder = place_of(request, place).folder
    row = next((row for row in api.list_strokes(folder) if row.stroke_id == number), None)
    if row is None:
        raise StepMissing("There is no such stroke.", remedy="load the page again")
    jpeg = api.frame(folder, "target", row.frame, width=_WIDTH)
    shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    frame_wh = api.videos(folder)["target"].info["size_wh"]
    shape = np.zeros(shown.shape[:2], np.uint8)
    scale = np.array([shown.shape[1] / frame_wh[0], shown.shape[0] / frame_wh[1]])
    for polygon in row.polygons:
        cv2.fillPoly(shape, [np.rint(np.array(polygon) * scale).astype(np.int32)], 255)
    if row.brush is not None:
        brush = cv2.imdecode(np.frombuffer(row.brush, np.uint8), cv2.IMREAD_UNCHANGED)
        assert brush is not None
        brush = brush if brush.ndim == 2 else brush[..., 3] if brush.shape[2] == 4 else brush.max(2)
        shape = np.maximum(shape, cv2.resize(brush, shown.shape[1::-1], interpolation=cv2.INTER_AREA))
    alpha = shape[..., None].astype(np.float32) / 255 * 0.6
    tinted = shown * (1 - alpha) + np.array(_TINTS[row.kind][::-1], np.float32) * alpha
    data = cv2.imencode(".jpg", tinted.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
    return Response(data, media_type="image/jpeg")


def _piece(request: Request, place: Place) -> Response:
    rows = api.list_strokes(place.folder)
    answer = page(request, "strokes_piece.html", place=place, screen="result", strokes=rows)
    if request.method == "POST":
        desk_of(request).tell("result", place)
        answer.headers.update(CHANGED)
    return answer
