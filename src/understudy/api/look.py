"""Looking: what is lacking before hours are spent, what is known about a file, what this machine can do.

>>> report = api.check(Path("her.mp4"), Path("performance.mp4"), project=film)
>>> report.outlook in ("good", "usable", "weak")
True
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..config import settings_from
from ..events import Context
from ..faceset.report import Report as CheckReport
from ..pipeline.check import check as check_pair
from ..pipeline.job import in_words, open_job
from ..pipeline.media import add as add_media
from ..pipeline.media import footage
from ..project import Project
from .cast import NO_SETTINGS, check_videos


def check(
    source: Path,
    target: Path,
    *,
    project: Path | None = None,
    source_face: str | None = None,
    face: str | None = None,
    settings: Mapping[str, Any] = NO_SETTINGS,
    context: Context | None = None,
) -> CheckReport:
    """What the target asks for that the source's material does not show, and what to expect of a swap: before hours are spent.

    Needs no consent records: it looks, and makes nothing. In `project` (made where there is none) what was found is kept and used by `swap`, and
    what was found before is not looked for again; without one, everything is forgotten when it returns. `check_page` makes the HTML page of
    a report. Raises what extraction raises: the MediaErrors, NoFace, SeveralPeople, PersonAbsent, TooFewFaces.
    """
    with in_words(project or Path(tempfile.gettempdir())):
        check_videos(source, target)
        if project is not None:
            return _check(source, target, project, source_face=source_face, face=face, settings=settings, context=context)
        with tempfile.TemporaryDirectory(prefix="understudy-check-") as folder:
            return _check(source, target, Path(folder) / "check", source_face=source_face, face=face, settings=settings, context=context)


def _check(
    source: Path, target: Path, folder: Path, *, source_face: str | None, face: str | None, settings: Mapping[str, Any], context: Context | None
) -> CheckReport:
    if not (folder / "project.sqlite").is_file():
        Project.create(folder, settings=settings_from(None, settings)).close()
    with open_job(folder, flags=settings, context=context or Context()) as job:
        add_media(job.project, source, role="source", face=source_face)
        add_media(job.project, target, role="target", face=face)
        return check_pair(job, footage(job.project, "source"), footage(job.project, "target"))
