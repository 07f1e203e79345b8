"""What goes to other programs: the set of faces as one file and back, and what was rendered as layers for compositing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from ... import api
from ...errors import StepMissing, UsageError
from ..desk import desk_of, place_of
from ..memory import Place, folder_name
from ..pages import page
from ..uploads import take_set
from .project import job_state

router = APIRouter(include_in_schema=False)
Layer = Literal["plate", "face", "matte", "result"]
LayerForm = Literal["png16", "exr", "prores4444"]


@router.get("/p/{place}/piece/set")
def set_piece(request: Request, place: str) -> Response:
    return _set(request, place_of(request, place))


@router.post("/p/{place}/faces/pack")
def pack(request: Request, place: str) -> Response:
    """Write the set to a file in the project's folder of results."""
    here = place_of(request, place)
    desk_of(request).work("pack", place=here, args={"out": str(_free(here, ".faceset"))})
    return _set(request, here)


@router.get("/p/{place}/packed.faceset")
def packed(request: Request, place: str) -> Response:
    """The set that was packed last."""
    here = place_of(request, place)
    job = desk_of(request).job_of(here, "pack")
    file = Path(job.result["out"]) if job and job.result else None
    if file is None or not file.is_file():
        raise StepMissing("There is no packed set any more.", remedy="pack it again")
    return FileResponse(file, filename=file.name, media_type="application/zip")


@router.post("/p/{place}/faces/upload/")
async def unpack(request: Request, place: str) -> dict[str, Any]:
    """Take a packed set; the work on it begins."""
    here = await run_in_threadpool(place_of, request, place)
    desk = desk_of(request)
    file = await take_set(request, here.folder.parent / f"{here.folder.stem}-sets", limits=desk.limits)
    try:
        await run_in_threadpool(desk.work, "unpack", place=here, args={"file": str(file)})
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return {"begun": True}


@router.get("/p/{place}/piece/layers")
def layers_piece(request: Request, place: str) -> Response:
    return _layers(request, place_of(request, place))


@router.post("/p/{place}/layers")
def layers(request: Request, place: str, form: Annotated[LayerForm, Form()], layers: Annotated[list[Layer] | None, Form()] = None) -> Response:
    """Write the layers into a new folder beside the results."""
    here = place_of(request, place)
    if not layers:
        raise UsageError("No layer was chosen.", remedy="tick at least one")
    desk_of(request).work("layers", place=here, args={"out": str(_free(here, "-layers")), "layers": layers, "form": form})
    return _layers(request, here)


@router.get("/machine")
def machine(request: Request) -> Response:
    """What this computer can do, what is missing, and what will be slow."""
    return page(request, "machine.html", screen="machine", checks=api.doctor())


def _free(place: Place, ending: str) -> Path:
    """A name in the folder of results that nothing has yet."""
    stem, number = folder_name(place.name), 1
    while (path := place.results / f"{stem}{f'-{number}' if number > 1 else ''}{ending}").exists():
        number += 1
    return path


def _set(request: Request, place: Place) -> Response:
    return page(request, "set_piece.html", place=place, screen="faces", **set_state(request, place))


def set_state(request: Request, place: Place) -> dict[str, Any]:
    desk = desk_of(request)
    busy = any(job.unfinished and job.kind not in ("pack", "unpack") for job in desk.jobs.of(place.folder))
    return {"set_busy": busy, **{f"set_{name}": value for name, value in job_state(request, desk, desk.job_of(place, "pack", "unpack")).items()}}


def _layers(request: Request, place: Place) -> Response:
    desk = desk_of(request)
    return page(
        request,
        "layers_piece.html",
        place=place,
        screen="publish",
        layer_names=get_args(Layer),
        forms=get_args(LayerForm),
        busy=any(job.unfinished and job.kind != "layers" for job in desk.jobs.of(place.folder)),
        **job_state(request, desk, desk.job_of(place, "layers")),
    )
