"""The job step by step, over a project folder.

>>> second = api.new(Path("second.understudy"), settings={"quality": "draft"})
>>> api.add(second, Path("her.mp4"), role="source").info["frames"]
24
>>> api.status(second).next_command
'understudy add FILE --role target --project second.understudy'
>>> rows = api.render(film, shots=[1])      # nothing has changed, so nothing is made
>>> sum(row.seconds for row in rows if row.stage == "train")
0
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..config import settings_from
from ..events import Context
from ..pipeline.binding import bind
from ..pipeline.consents import permits_of
from ..pipeline.deliver import deliver
from ..pipeline.job import in_words, open_job
from ..pipeline.layers import deliver_layers
from ..pipeline.learn import learn, wants_training
from ..pipeline.media import add as add_media
from ..pipeline.media import ask_for, footage
from ..pipeline.status import Status, status_of
from ..project import Project
from ..provenance.layer_job import LAYERS, Layer, LayerFormat
from ..provenance.layers import ExportedLayers, check_layers_output
from ..provenance.publish import check_output, published
from ..provenance.signer import Signer
from ..store import MediaRow, StageRow
from ..types import LabelledVideo, Role
from .cast import NO_SETTINGS, find_cast, render_cast


def new(folder: Path, *, settings: Mapping[str, Any] = NO_SETTINGS) -> Path:
    """Make a project folder. Raises ProjectExists."""
    Project.create(folder, settings=settings_from(None, settings)).close()
    return folder


def add(project: Path, file: Path, *, role: Role, face: str | None = None, replace: bool = False, context: Context | None = None) -> MediaRow:
    """Put a video into a project, as source or target; `face` names the person meant (p1 …, or a picture file)."""
    with open_job(project, flags={}, context=context or Context()) as job:
        return add_media(job.project, file, role=role, face=face, replace=replace)


def extract(
    project: Path,
    *,
    source_face: str | None = None,
    face: str | None = None,
    settings: Mapping[str, Any] = NO_SETTINGS,
    context: Context | None = None,
) -> tuple[StageRow, ...]:
    """Find cuts, faces and people in both videos, and collect the source's face pictures. The faces asked for are kept in the project."""
    with open_job(project, flags=settings, context=context or Context()) as job:
        job.keep_settings()
        source, target = footage(job.project, "source"), footage(job.project, "target")
        find_cast(job, ask_for(job.project, source, source_face), ask_for(job.project, target, face))
        return tuple(job.rows)


def train(project: Path, *, settings: Mapping[str, Any] = NO_SETTINGS, context: Context | None = None) -> tuple[StageRow, ...]:
    """Let the network learn the source's face, as long as the settings say. Both people must have agreed to that (`train`)."""
    with open_job(project, flags=settings, context=context or Context()) as job:
        job.keep_settings()
        permits = permits_of(job.project, "train")
        cast = find_cast(job, footage(job.project, "source"), footage(job.project, "target"))
        if wants_training(job):
            bind(job.project, cast.key, permits.face, cast.source_person.identity.embedding)
            learn(job, cast.faceset, key=cast.key, permits=permits, target=(cast.target, cast.target_person))
        return tuple(job.rows)


def render(
    project: Path, *, shots: Sequence[int] = (), settings: Mapping[str, Any] = NO_SETTINGS, context: Context | None = None
) -> tuple[StageRow, ...]:
    """Put the face into every frame of the target, with the best that training gave so far; only what has changed since is made anew.

    Both people must have agreed to that (`render`). `shots`: the numbers of those to render (see `list_shots`); none: all. Raises UsageError
    for a shot that there is not.
    """
    with open_job(project, flags=settings, context=context or Context()) as job:
        job.keep_settings()
        permits = permits_of(job.project, "render")
        cast = find_cast(job, footage(job.project, "source"), footage(job.project, "target"))
        render_cast(job, cast, permits=permits, draft=False, shots=shots)
        return tuple(job.rows)


def publish(
    project: Path,
    out: Path,
    *,
    settings: Mapping[str, Any] = NO_SETTINGS,
    overwrite: bool = False,
    context: Context | None = None,
    signer: Signer | None = None,
) -> LabelledVideo:
    """Write what was rendered to `out`: labelled, signed, entered in the ledger.

    Both people must have agreed to that (`publish`). What is not rendered yet is rendered first, where they agreed to that, too.
    `signer` signs the Content Credentials in place of the key that this machine has: see `Signer`.
    """
    with open_job(project, flags=settings, context=context or Context()) as job:
        job.keep_settings()
        permits = permits_of(job.project, "publish", rather=("render",))
        source, target = footage(job.project, "source"), footage(job.project, "target")
        if published(out) is None:
            check_output(out, inputs=(source.path, target.path), overwrite=overwrite, encode=job.settings.encode)
        rendered = render_cast(job, find_cast(job, source, target), permits=permits, draft=False, action="publish")
        return deliver(job, out, target=target, rendered=rendered, overwrite=overwrite, signer=signer)


def layers(
    project: Path,
    folder: Path,
    *,
    layers: Sequence[Layer] = LAYERS,
    form: LayerFormat = "png16",
    settings: Mapping[str, Any] = NO_SETTINGS,
    context: Context | None = None,
    signer: Signer | None = None,
) -> ExportedLayers:
    """Write what was rendered as layers for a compositing program into the new `folder`: plate, face, matte, result, at full depth.

    `form`: png16 or exr (sequences), or prores4444 (videos, the face with alpha). Renders first what is not rendered yet. The same
    consents as for `publish` are needed; each layer has a signed record beside it, and `result` is labelled and marked.
    """
    with open_job(project, flags=settings, context=context or Context()) as job:
        check_layers_output(folder, layers)
        job.keep_settings()
        permits = permits_of(job.project, "publish", rather=("render",))
        source, target = footage(job.project, "source"), footage(job.project, "target")
        cast = find_cast(job, source, target)
        rendered = render_cast(job, cast, permits=permits, draft=False, action="publish")
        return deliver_layers(job, folder, layers=layers, form=form, target=target, person=cast.target_person, rendered=rendered, signer=signer)


def status(project: Path) -> Status:
    """What there is in a project, and what comes next. Changes nothing."""
    with in_words(project), Project(project) as opened:
        return status_of(opened)
