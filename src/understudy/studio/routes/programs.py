"""The API for other programs, and the page that explains it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from ... import api
from ...config import differences, settings_from, wants_training
from ...errors import StepMissing
from ...run.jobs import Job
from ...types import Role
from ..desk import desk_of, place_of
from ..live import as_dict
from ..models import PROBLEMS, JobInfo, NewJob, NewProject, ProjectInfo, RecordedConsent
from ..pages import page, words_of
from ..progress import progress_of
from ..uploads import take_video
from .consents import new_file
from .project import result_of

router = APIRouter(responses=PROBLEMS)
_CONSENT = {
    "role": "face",
    "subject": "Anna de Vries",
    "purpose": "documentary about the harbour",
    "production": "Harbour",
    "channels": ["television", "web"],
    "actions": ["train", "render", "publish"],
    "expires": "2099-12-31",
    "basis": "consent",
    "recorded_by": "Editor One",
    "person_exists": True,
}
_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}}},
    }
}


@router.get("/programs", include_in_schema=False)
def programs(request: Request) -> Response:
    schema = request.app.openapi()
    calls = [(method.upper(), path, call) for path, methods in schema["paths"].items() for method, call in methods.items()]
    return page(request, "programs.html", screen="programs", calls=calls, base=str(request.base_url).rstrip("/"))


@router.post("/programs/token", include_in_schema=False)
def token(request: Request) -> Response:
    """A secret for a program, shown once."""
    secret, _ = desk_of(request).memory.let_in()
    return page(request, "token_piece.html", screen="programs", secret=secret)


@router.get("/api/projects", tags=["projects"])
def list_projects(request: Request) -> list[ProjectInfo]:
    """All projects that the studio knows, the one opened last first."""
    return [_info(request, place.place) for place in desk_of(request).memory.places()]


@router.post("/api/projects", tags=["projects"], status_code=201)
def new_project(request: Request, project: NewProject) -> ProjectInfo:
    """Make a project."""
    return _info(request, desk_of(request).new_place(project.name).place)


@router.get("/api/projects/{place}", tags=["projects"])
def one_project(request: Request, place: str) -> ProjectInfo:
    """One project."""
    return _info(request, place)


@router.post("/api/projects/{place}/upload/{role}", tags=["projects"], openapi_extra=_UPLOAD)
async def upload(request: Request, place: str, role: Role) -> ProjectInfo:
    """Put a video into a project, in the place of the one that has the role. The body is multipart with one file."""
    here = await run_in_threadpool(place_of, request, place)
    file = await take_video(request, here.videos, limits=desk_of(request).limits)
    try:
        await run_in_threadpool(api.add, here.folder, file, role=role, replace=True)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return await run_in_threadpool(_info, request, place)


@router.post("/api/projects/{place}/consents", tags=["projects"], status_code=201)
def add_consent(request: Request, place: str, record: Annotated[dict[str, Any], Body(examples=[_CONSENT])]) -> RecordedConsent:
    """Record a consent: the fields of `understudy.api.consent_new`. It is signed with this computer's key."""
    here = place_of(request, place)
    path = new_file(here, "face" if record.get("role") == "face" else "performer")
    try:
        kept = api.consent_new(path, **record)
    except TypeError as error:
        raise StepMissing("The record has a field too many or too few.", why=str(error), remedy="see docs/how-to/consent.md") from None
    api.consent_add(here.folder, path)
    return RecordedConsent(record_id=kept.record_id)


@router.get("/api/projects/{place}/jobs", tags=["work"])
def list_jobs(request: Request, place: str) -> list[JobInfo]:
    """All work on a project, the newest first."""
    desk = desk_of(request)
    return [_job(request, job) for job in desk.jobs.of(place_of(request, place).folder)]


@router.post("/api/projects/{place}/jobs", tags=["work"], status_code=202)
def new_job(request: Request, place: str, job: NewJob) -> JobInfo:
    """Begin work. It goes on whether anybody looks or not; `/api/events` tells how far it is."""
    desk, here = desk_of(request), place_of(request, place)
    args: dict[str, Any] = {"settings": job.settings}
    if job.kind in ("make", "publish"):
        args["out"] = str(here.results / job.out if job.out else result_of(here))
    if job.kind == "make":
        # which steps there are; a setting that does not exist is refused here already
        args["trains"] = wants_training(settings_from(differences(api.settings_of(here.folder)), job.settings))
    if job.shots:
        args["shots"] = job.shots
    return _job(request, desk.work(job.kind, place=here, args=args))


@router.get("/api/jobs/{job}", tags=["work"])
def one_job(request: Request, job: int) -> JobInfo:
    """Where a job is, its result or its error."""
    return _job(request, _known(request, job))


@router.post("/api/jobs/{job}/{what}", tags=["work"])
def change_job(request: Request, job: int, what: Literal["stop", "resume"]) -> JobInfo:
    """Stop work (it saves first), or let it go on."""
    desk, known = desk_of(request), _known(request, job)
    return _job(request, (desk.jobs.stop if what == "stop" else desk.jobs.resume)(known.job))


def _known(request: Request, number: int) -> Job:
    try:
        return desk_of(request).jobs.get(number)
    except KeyError:
        raise StepMissing(f"There is no work with the number {number}.", remedy="GET /api/projects/PLACE/jobs lists it") from None


def _job(request: Request, job: Job) -> JobInfo:
    progress = progress_of(desk_of(request).jobs, job)
    return JobInfo(**as_dict(words_of(request), progress), result=job.result, error=job.error)


def _info(request: Request, place: str) -> ProjectInfo:
    here = place_of(request, place)
    videos = {role: row.info["name"] for role, row in api.videos(here.folder).items()}
    published = [str(video.path) for video in api.published_videos(here.folder) if video.there]
    return ProjectInfo(place=here.place, name=here.name, folder=str(here.folder), videos=dict(videos), published=published)
