"""STEP 6 over a project: a rendered target goes out through `provenance.publish`, once for the same work."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ..errors import NoFace, RefusedMaterial
from ..events import Event
from ..merge.patchfile import Patches
from ..provenance.publish import publish, published
from ..provenance.signer import Signer
from ..run.stage import stage_key
from ..store import StageRow
from ..types import LabelledVideo
from .extract import shots_key
from .job import Job
from .media import Footage
from .render import Rendered


def publish_key(job: Job, target: Footage, rendered: Rendered) -> str:
    """Names everything that a published video depends on, its place apart."""
    settings = [job.settings.encode.model_dump(), job.settings.label.model_dump(), job.settings.credentials.model_dump(), job.settings.house.contact]
    sources = [source.sha256 for source in rendered.ensemble.sources]
    records = [permit.record_sha256 for permit in rendered.ensemble.permits.every]
    return stage_key("publish", rendered.key, rendered.model_id, *sources, target.sha256, settings, records)


def deliver(job: Job, out: Path, *, target: Footage, rendered: Rendered, overwrite: bool, signer: Signer | None = None) -> LabelledVideo:
    """Publish to `out`, unless it already holds the result of this very work."""
    key = publish_key(job, target, rendered)
    done = published(out, run_key=key)
    row = job.project.store.stage(key)
    if done is not None and row is not None:
        job.context.report(Event("publish", "skip", f"{out.name}: done before", seconds=row.seconds))
        job.rows.append(row)
        return done
    patches = Patches(rendered.files)
    if not patches.frames():
        raise NoFace(
            f"No frame of {target.path.name} was altered, so there is nothing to publish.",
            why="The face is too small or hidden everywhere, or merge.strength is 0.",
            remedy="use another target, or set merge.strength above 0",
        )
    began = time.monotonic()
    try:
        video = publish(
            target.path,
            target.info,
            out,
            patches=patches,
            permits=rendered.ensemble.permits.every,
            settings=job.settings,
            sources=[source.path for source in rendered.ensemble.sources],
            model_id=rendered.model_id,
            context=job.context,
            overwrite=overwrite,
            run_key=key,
            signer=signer,
            cuts=[shot.start_pts for shot in job.project.store.shots(target.media_id, shots_key(job, target.sha256))],
        )
    except RefusedMaterial as error:
        job.project.store.stage_done(StageRow(stage_key("refused", key), "gate", out.name, time.monotonic() - began, {"refused": error.what}))
        raise
    row = StageRow(key, "publish", out.name, time.monotonic() - began, report_of(video))
    job.project.store.stage_done(row)
    job.rows.append(row)
    return video


def report_of(video: LabelledVideo) -> dict[str, Any]:
    return {
        "path": str(video.path.resolve()),
        "sha256": video.sha256,
        "label": video.label,
        "ledger_row": video.ledger_row,
        "frames": video.n_frames,
        "altered": video.n_altered,
    }
