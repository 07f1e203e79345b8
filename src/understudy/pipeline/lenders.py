"""Whoever lends a face: the source of a project (this one, or another), with the pictures, the model and the consent that lie there."""

from __future__ import annotations

import dataclasses
import difflib
import shlex
from dataclasses import dataclass
from pathlib import Path

from ..config import Settings
from ..errors import UsageError
from ..permits import Action
from ..project import Project
from ..swap.swapper import Swapper
from ..types import Faceset, Permit
from .binding import bind
from .consents import Permits, face_permit
from .extract import collect, faceset_key, find_person
from .job import Job
from .learn import draft_swapper, swapper_for
from .loans import note_loan
from .looking import LookingJob
from .media import Footage, footage


@dataclass(frozen=True, slots=True, eq=False)
class Lender:
    """One source, ready to be seen in a target."""

    footage: Footage
    faceset: Faceset
    swapper: Swapper
    permit: Permit


def borrow(job: Job, source: str, *, of: str | None, model: str | None, performer: Permit, action: Action) -> Lender:
    """The source of the project in the folder `source` (relative to this project). `of`: which person there; `model`: draft or trained;
    `action`: what the face is borrowed for.

    What is missing there (faces, face pictures) is made there first, unless `job` only looks. Raises UsageError for a folder that is no
    project, ProjectBusy, StepMissing, the FaceErrors, the ConsentErrors.
    """
    folder = folder_of(job.project, source)
    if folder.resolve() == job.project.folder.resolve():
        return _lender(job, of=of, model=model, performer=performer, action=action)
    looks = isinstance(job, LookingJob)
    with Project(folder, lock=not looks) as project:
        other = (LookingJob if looks else Job)(project, project.settings(), job.context)
        if not looks:
            note_loan(project, job.project.folder)
        return _lender(other, of=of, model=model, performer=performer, action=action)


def folder_of(project: Project, source: str) -> Path:
    """The folder of a lender's project. Raises UsageError with the nearest projects."""
    folder = project.folder if source == "." else project.folder / source
    if (folder / "project.sqlite").is_file():
        return folder
    beside = {path.parent.name: path.parent for path in project.folder.absolute().parent.glob("*/project.sqlite")}
    beside.pop(project.folder.absolute().name, None)
    near = difflib.get_close_matches(Path(source).name, list(beside), n=1, cutoff=0.4)
    if near:
        remedy = f"did you mean '../{near[0]}'?"
    else:
        remedy = f"projects beside this one: {', '.join(sorted(beside)) or 'none'}; make one with: understudy new {shlex.quote(str(folder))}"
    raise UsageError(f"The cast takes a face from '{source}', which is no project.", why=f"It was looked for at {folder}.", remedy=remedy)


def _lender(job: Job, *, of: str | None, model: str | None, performer: Permit, action: Action) -> Lender:
    """`job` is open on the lender's own project: its settings decide how its face is collected and learnt."""
    source = footage(job.project, "source")
    if of is not None:
        source = dataclasses.replace(source, row=dataclasses.replace(source.row, face=of))
    permits = Permits((face_permit(job.project, action, rather=("render",)),), (performer,))
    person = find_person(job, source)
    faceset = collect(job, source, person)
    if model is not None:
        job = dataclasses.replace(job, settings=_with_model(job.settings, model))
    key = faceset_key(job, person)
    bind(job.project, key, permits.face, person.identity.embedding, remember=not isinstance(job, LookingJob))
    if model == "draft":
        swapper = draft_swapper(job, faceset, permits, action=action)
    else:
        swapper = swapper_for(job, faceset, key=key, permits=permits, action=action)
    return Lender(source, faceset, swapper, permits.face)


def _with_model(settings: Settings, model: str) -> Settings:
    return settings.model_copy(update={"swap": settings.swap.model_copy(update={"swapper": model})})
