"""What happens, as it happens: server-sent events from the queue's table. A browser that lost the line says how far it had read and goes on there.

Each message names the project and the job and says where the job is, in words of the browser's language; pages put it in place or fetch anew
what has changed. All windows read the same table, so they agree.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from ..run.jobs import Job, Seen
from .desk import Desk
from .i18n import Words
from .progress import Progress, Step, progress_of

POLL_SECONDS = 0.35
STILL_HERE_SECONDS = 15.0


async def messages(request: Request, desk: Desk, words: Words, *, after: int | None) -> AsyncIterator[str]:
    """The stream, until the browser goes."""
    last = after if after is not None else await run_in_threadpool(desk.jobs.last_seq)
    told = desk.last_change
    yield "retry: 1000\n\n"
    quiet = 0.0
    while not await request.is_disconnected():
        text, last = await run_in_threadpool(_news, desk, words, last)
        changes = [change for change in tuple(desk.changes) if change.number > told]
        told = changes[-1].number if changes else told
        # without an `id`: they are not kept, and a browser that lost the line fetches everything anew
        text += "".join(f"event: changed\ndata: {json.dumps({'place': one.place, 'what': one.what})}\n\n" for one in changes)
        quiet = 0.0 if text else quiet + POLL_SECONDS
        if text:
            yield text
        elif quiet > STILL_HERE_SECONDS:
            quiet = 0.0
            yield ": still here\n\n"
        await asyncio.sleep(POLL_SECONDS)


class Stream(StreamingResponse):
    """The answer that carries the messages. There are only so many at once: a page that opens them by the hundred gets no more."""

    def __init__(self, content: AsyncIterator[str], *, desk: Desk) -> None:
        super().__init__(content, media_type="text/event-stream")
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._desk.open_streams >= self._desk.most_streams:
            await PlainTextResponse("", status_code=503, headers={"Retry-After": "5"})(scope, receive, send)
            return
        self._desk.open_streams += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._desk.open_streams -= 1


def _news(desk: Desk, words: Words, last: int) -> tuple[str, int]:
    """One message for each job about which there is something new."""
    seen = desk.jobs.events(after=last)
    newest: dict[int, list[Seen]] = {}
    for event in seen:
        newest.setdefault(event.job, []).append(event)
    places = {str(place.folder): place.place for place in desk.memory.places()} if newest else {}
    parts = []
    # in the order of their last event, so that the last message's number is how far the browser has read
    for number, events in sorted(newest.items(), key=lambda pair: pair[1][-1].seq):
        job = desk.jobs.get(number)
        body = {**as_dict(words, progress_of(desk.jobs, job)), "place": places.get(job.project, "")}
        body["turned"] = any(event.stage == "job" for event in events)
        body["preview"] = any(event.kind == "preview" for event in events)
        parts.append(f"id: {events[-1].seq}\nevent: job\ndata: {json.dumps(body, ensure_ascii=False)}\n\n")
    return "".join(parts), seen[-1].seq if seen else last


def as_dict(words: Words, progress: Progress) -> dict[str, Any]:
    """Where a job is, for pages and programs."""
    job = progress.job
    return {
        "job": job.job,
        "kind": job.kind,
        "state": job.state,
        "stopping": job.stopping,
        "project": Path(job.project).name if job.project else "",
        "steps": [step_dict(words, step, job) for step in progress.steps],
    }


def step_dict(words: Words, step: Step, job: Job) -> dict[str, Any]:
    return {"name": step.name, "state": step.state, "share": step.share, "words": step_words(words, step, job)}


def step_words(words: Words, step: Step, job: Job) -> str:
    """`Faces: 120 of 250, about 20 s left`"""
    if step.state == "done":
        return words("step.done")
    if step.state == "waiting":
        return words("step.waiting")
    if not step.stage:
        return words("step.begins")
    title = words(f"stage.{step.stage}")
    if job.stopping:
        return words("step.stopping", title=title)
    if step.state == "stopped":
        return words("step.stopped", title=title)
    if step.stage == "train" or not step.total:
        return title if step.left is None else words("step.left", title=title, left=words.about(step.left))
    counted = words("step.counted", title=title, done=words.number(step.done), total=words.number(step.total))
    return counted if step.left is None else words("step.left", title=counted, left=words.about(step.left))
