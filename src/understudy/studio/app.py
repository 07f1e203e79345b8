"""The studio as a web application: the guard outermost, then the routes of the screens and of the API for programs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from .. import __version__
from ..crash import write_crash
from ..errors import ProjectBusy, ProjectNotFound, UnderstudyError, UploadRefused, UsageError
from .desk import Desk
from .pages import error_page, prepare, refusal_page
from .routes import routers
from .safety import Door, Guard, Refusal

_STATUS: dict[type[UnderstudyError], int] = {ProjectNotFound: 404, ProjectBusy: 409, UploadRefused: 413}
_REASONS = {404: "path", 405: "path", 413: "large"}


def make_app(desk: Desk, door: Door) -> FastAPI:
    """The application for one desk, behind one door."""

    @contextlib.asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        keeper = asyncio.create_task(desk.keep_workers())
        ready = asyncio.create_task(run_in_threadpool(prepare))
        yield
        await ready
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper

    # the usual pages of the documentation load their scripts from elsewhere; ours is a screen
    app = FastAPI(title="Understudy", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", lifespan=life)
    app.state.desk = desk
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    for router in routers():
        app.include_router(router)
    app.add_exception_handler(UnderstudyError, _mistake)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misunderstood)
    app.add_exception_handler(Exception, _fault)
    app.add_middleware(Guard, door=door, refuse=refusal_page)  # type: ignore[arg-type]
    return app


async def _mistake(request: Request, error: Exception) -> Response:
    assert isinstance(error, UnderstudyError)
    return error_page(request, error, status=next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refusal_page(request, Refusal(error.status_code, _REASONS.get(error.status_code, "request")))


async def _misunderstood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return error_page(request, UsageError(f"What was sent was not understood: {where}.", why=str(first["msg"])), status=422)


async def _fault(request: Request, error: Exception) -> Response:
    report = write_crash(error, ["studio", request.method, request.url.path])
    found = UnderstudyError("Something went wrong that should not: this is a fault of the program, not yours.", why=f"A report is in {report}.")
    return error_page(request, found, status=500)
