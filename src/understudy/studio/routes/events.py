"""The stream of what happens."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from ..desk import desk_of
from ..live import Stream, messages
from ..pages import words_of

router = APIRouter(tags=["work"])


@router.get("/api/events", response_class=StreamingResponse)
def events(request: Request, after: int | None = None) -> Response:
    """Server-sent events of all jobs: `event: job`, with where the job is. `Last-Event-ID` (or `after`) goes on from there; 0 is the beginning."""
    last = request.headers.get("last-event-id", "")
    desk = desk_of(request)
    return Stream(messages(request, desk, words_of(request), after=int(last) if last.isdigit() else after), desk=desk)
