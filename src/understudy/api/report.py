"""The report on a rendered target: how steadily the face sits, shot by shot."""

from __future__ import annotations

from pathlib import Path

from ..events import Context
from ..files import write_text
from ..pipeline.consents import may_show_originals, permits_of
from ..pipeline.job import Job, in_words, open_job
from ..pipeline.looking import LookingJob
from ..pipeline.media import footage
from ..pipeline.stability import ShotStability, stability
from ..pipeline.stability_page import Language, page
from .cast import find_cast, scene_of


def report(project: Path, *, page_at: Path | None = None, language: Language = "en", context: Context | None = None) -> tuple[ShotStability, ...]:
    """Flicker, seam, colour and agreement of every rendered shot (see `merge.stability`), with the worst frames as pictures.

    With `page_at` the same is written there as one HTML page that needs nothing else; the target's unaltered face is on it only where everybody who
    performs has agreed to that. What was looked at before is read from the project.
    Raises StepMissing before `render`, the ConsentErrors, ProjectBusy, OutputNotWritable.
    """
    with open_job(project, flags={}, context=context or Context()) as job:
        looking = LookingJob(job.project, job.settings, job.context)
        permits = permits_of(job.project, "render")
        target = footage(job.project, "target")
        cast = find_cast(looking, footage(job.project, "source"), target)
        scene = scene_of(looking, cast, permits=permits, draft=False, remember=False)
        found = stability(Job(job.project, job.settings, job.context), scene)
        originals = may_show_originals(job.project)
    if page_at is not None:
        with in_words(page_at.parent):
            write_text(page_at, page(target.path.name, found, language=language, originals=originals))
    return found
