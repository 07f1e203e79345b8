"""What the API for programs takes and gives, described once: these models are its documentation and its checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


def _model(example: Mapping[str, Any]) -> ConfigDict:
    return ConfigDict(use_attribute_docstrings=True, json_schema_extra={"examples": [dict(example)]})


class Shown(BaseModel):
    """An error as a person reads it, in the language of the request."""

    what: str
    remedy: str


class Problem(BaseModel):
    """What went wrong: every answer that is not a success has this body."""

    model_config = _model(
        {
            "code": "project.busy",
            "what": "This project is being worked on already.",
            "why": "",
            "remedy": "wait until that is finished, or stop it first",
            "shown": {"what": "This project is being worked on already.", "remedy": "Wait until that is finished, or stop it first."},
        }
    )
    code: str
    """One of docs/errors.md, or `refused.…` where the request itself was not let in."""
    what: str
    why: str
    remedy: str
    shown: Shown


class NewProject(BaseModel):
    """A project to be made."""

    model_config = _model({"name": "Harbour, scene 4"})
    name: str = Field(min_length=1, max_length=80)


class ProjectInfo(BaseModel):
    """A project. `place` names it in every address."""

    model_config = _model(
        {
            "place": "3f9c2a61d07b",
            "name": "Harbour, scene 4",
            "folder": "/home/anna/understudy/projects/harbour-scene-4/film.understudy",
            "videos": {"source": "her.mp4", "target": "performance.mp4"},
            "published": ["/home/anna/understudy/projects/harbour-scene-4/film-results/result.mp4"],
        }
    )
    place: str
    name: str
    folder: str
    """The project's folder on this computer."""
    videos: dict[str, str]
    """role -> name of the file"""
    published: list[str]
    """Paths of the labelled videos, the newest first."""


class RecordedConsent(BaseModel):
    """A consent that was put on record."""

    model_config = _model({"record_id": "consent-5d1e8c0f9a3b4c7d"})
    record_id: str


class NewJob(BaseModel):
    """Work to be done on a project."""

    model_config = _model({"kind": "make", "settings": {"quality": "standard", "train.minutes": 20}, "out": "evening-news.mp4"})
    kind: Literal["make", "check", "extract", "train", "render", "publish"]
    settings: dict[str, Any] = {}
    """Flat: {"train.minutes": 10}. All of them: docs/settings.md."""
    out: str | None = Field(None, pattern=r"^[\w .()+-]{1,80}\.(mp4|mov|mkv|m4v)$")
    """Name of the result (make, publish); it goes into the project's own folder of results."""
    shots: list[int] = []
    """Numbers of the shots to render (render); none: all that have changed."""


class StepInfo(BaseModel):
    """One step of a job."""

    name: str
    state: Literal["waiting", "running", "done", "stopped"]
    share: float | None = None
    """How much of the present pass is done, 0..1; null where it is not known."""
    words: str
    """The same for a person, in the language of the request, with the time that is left."""


class JobInfo(BaseModel):
    """Where a job is, its result or its error. The messages of `/api/events` have the same fields but `result` and `error`."""

    model_config = _model(
        {
            "job": 12,
            "kind": "render",
            "state": "running",
            "stopping": False,
            "project": "film.understudy",
            "steps": [
                {"name": "look", "state": "done", "share": None, "words": "done"},
                {"name": "final", "state": "running", "share": 0.25, "words": "Putting the face in: 120 of 480, about 40 s left"},
            ],
            "result": None,
            "error": None,
        }
    )
    job: int
    kind: str
    state: Literal["queued", "running", "done", "failed", "stopped"]
    stopping: bool
    """Somebody asked it to stop, and it is saving."""
    project: str
    steps: list[StepInfo]
    result: dict[str, Any] | None = None
    error: dict[str, str] | None = None
    """code, what, why, remedy."""


class ShotInfo(BaseModel):
    """One shot of the target."""

    model_config = _model(
        {
            "number": 2,
            "shot_id": "12238bbe6f1b1e00",
            "first": 60,
            "last": 119,
            "start": 2.0,
            "end": 4.0,
            "state": "stale",
            "settings": {"merge.colour": 0.5},
            "keys": {"merge.strength": [[73, 1.0], [93, 0.3]]},
        }
    )
    number: int
    shot_id: str
    first: int
    """Frame, as `last`, which is included."""
    last: int
    start: float
    """Seconds, as `end`."""
    end: float
    state: Literal["rendered", "stale", "open", "nobody"]
    """stale: rendered before, and something has changed since. nobody: no face is changed in it."""
    settings: dict[str, Any]
    """Those that it has of its own."""
    keys: dict[str, list[tuple[int, float]]]
    """Settings that change over time: (frame, value), in straight lines between."""


class ShotChange(BaseModel):
    """Settings of one shot. What is not named stays as it is."""

    model_config = _model({"settings": {"merge.colour": 0.5}, "keys": {"merge.strength": [[73, 1.0], [93, 0.3]]}, "clear": ["swap.light"]})
    settings: dict[str, Any] = {}
    keys: dict[str, list[tuple[int, float]]] = {}
    clear: list[str] = []
    """Names that follow the project again, or "all"."""


class NewStroke(BaseModel):
    """A place painted on a frame of the target."""

    model_config = _model({"frame": 41, "kind": "exclude", "polygons": [[[200, 310], [330, 310], [330, 420]]], "brush": ""})
    frame: int
    kind: Literal["include", "exclude", "clear"]
    """exclude: the target stays there. include: the face shows there too. clear: nothing is painted from this frame on."""
    polygons: list[list[tuple[float, float]]] = Field(default=[], max_length=100)
    """Corners in pixels of the frame."""
    brush: str = ""
    """A PNG of the frame's size in base64, painted where it is opaque or light."""


class StrokeInfo(BaseModel):
    """A stroke that is kept."""

    model_config = _model({"stroke": 3, "frame": 41, "kind": "exclude", "polygons": [[[200, 310], [330, 310], [330, 420]]], "brush": False})
    stroke: int
    frame: int
    kind: str
    polygons: list[list[tuple[float, float]]]
    brush: bool
    """Whether it has a picture of a brush."""


class RoundInfo(BaseModel):
    """One round of training."""

    number: int
    seconds: float
    """Of training until then."""
    faces: int
    error: float
    """Mean difference on pictures that it never learns from, of 255."""
    draft_error: float
    better: bool


class CheckpointInfo(BaseModel):
    """A moment of the training that can be gone back to."""

    name: str
    rounds: int
    written: float
    """Seconds since 1970."""
    better: bool
    standing: bool
    """Training goes on from it."""
    used: bool
    """The video is made with it."""
    aside: bool
    """Training went back to before it."""


class TrainingInfo(BaseModel):
    """What the training has come to."""

    model_config = _model(
        {
            "sentence": "After 12 rounds (4 min, 4,608 faces seen). It still gets better: 1.2 % less error in the last 5 rounds.",
            "rounds": [{"number": 12, "seconds": 241.5, "faces": 4608, "error": 9.1, "draft_error": 9.9, "better": True}],
            "checkpoints": [
                {"name": "step-000576", "rounds": 12, "written": 1795000000.0, "better": True, "standing": True, "used": True, "aside": False}
            ],
        }
    )
    sentence: str
    rounds: list[RoundInfo]
    checkpoints: list[CheckpointInfo]


class GoBack(BaseModel):
    """A moment to go back to."""

    model_config = _model({"checkpoint": "step-000384"})
    checkpoint: str


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "It cannot be done: the body says why, and what to do."},
    401: {"model": Problem, "description": "No key was shown, or a wrong one."},
    404: {"model": Problem, "description": "There is no such project."},
    409: {"model": Problem, "description": "The project is being worked on."},
    422: {"model": Problem, "description": "What was sent was not understood."},
}
"""The answers that every call may have besides its own."""
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}, "description": "JPEG"}
}
