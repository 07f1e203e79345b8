"""Every setting of a project, each explained by its one definition."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from ... import api
from ...config import NAMES
from ..desk import place_of
from ..fields import sections
from ..pages import go, page

router = APIRouter(include_in_schema=False)


@router.get("/p/{place}/settings")
def settings(request: Request, place: str) -> Response:
    here = place_of(request, place)
    found = api.settings_of(here.folder)
    return page(request, "settings.html", place=here, screen="settings", sections=list(sections(found)), quality=found.quality)


@router.post("/p/{place}/settings")
async def keep(request: Request, place: str) -> Response:
    """Keep what was changed. A field's name is the setting's."""
    form = await request.form()
    changes = {name: str(value) for name, value in form.items() if name in NAMES}
    here = await run_in_threadpool(place_of, request, place)
    await run_in_threadpool(api.change_settings, here.folder, changes)
    return go(request, f"/p/{place}/settings")
