"""The stream of what happens."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from ..desk import desk_of
from ..live import Stream, messages
from ..models import PROBLEMS
from ..pages import words_of

router = APIRouter(tags=["work"], responses=PROBLEMS)
_EXAMPLE = """id: 512
event: job
data: {"job": 12, "kind": "render", "state": "running", "stopping": false, "project": "film.understudy", "place": "3f9c2a61d07b", "turned": false,
data: "preview": false, "steps": [{"name": "look", "state": "done", "share": null, "words": "done"}]}
"""
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events", "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}}}
}


@router.get("/api/events", response_class=StreamingResponse, responses=_STREAM)
def events(request: Request, after: int | None = None) -> Response:
    """Server-sent events of all jobs: `event: job`, with where the job is (the fields of a job, its project's `place`, `turned` where it began or
    ended, `preview` where there is a new picture). `Last-Event-ID` (or `after`) goes on from there; 0 is the beginning."""
    last = request.headers.get("last-event-id", "")
    desk = desk_of(request)
    return Stream(messages(request, desk, words_of(request), after=int(last) if last.isdigit() else after), desk=desk)
