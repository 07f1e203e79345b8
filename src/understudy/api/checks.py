"""The data doctor over a project's own two videos, kept in the project so that it can be looked at again."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..events import Context
from ..faceset.finding import Finding
from ..faceset.report import Report as CheckReport
from ..files import write_text
from ..pipeline.check import check as check_pair
from ..pipeline.job import in_words, open_job
from ..pipeline.media import footage
from ..project import Project
from ..run.stage import stage_key
from .cast import NO_SETTINGS

_NAME = "check.json"


def check_project(project: Path, *, settings: Mapping[str, Any] = NO_SETTINGS, context: Context | None = None) -> CheckReport:
    """`check` for the videos that the project has; the report is kept (see `kept_check`). Raises StepMissing, and what `check` raises."""
    with open_job(project, flags=settings, context=context or Context()) as job:
        source, target = footage(job.project, "source"), footage(job.project, "target")
        report = check_pair(job, source, target)
        kept = {"key": _key(job.project), **report.as_dict(), "findings": [_with_pictures(finding) for finding in report.findings]}
        # in the previews, which go when either person is forgotten
        write_text(job.project.preview_file(_NAME), json.dumps(kept))
        return report


def kept_check(project: Path) -> dict[str, Any] | None:
    """The last report (`CheckReport.as_dict`, pictures as base64 JPEG in `target_picture` and `source_picture`), `stale` saying whether the videos
    are others by now. None where there was no check."""
    with in_words(project), Project(project) as opened:
        path = opened.preview_file(_NAME)
        if not path.is_file():
            return None
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {**kept, "stale": kept["key"] != _key(opened)}


def _key(project: Project) -> str:
    return stage_key("check", sorted([row.role, row.sha256, row.face] for row in project.store.media()))


def _with_pictures(finding: Finding) -> dict[str, Any]:
    pictures = {"target_picture": finding.target_picture, "source_picture": finding.source_picture}
    return {**finding.as_dict(), **{name: base64.b64encode(data).decode() if data else None for name, data in pictures.items()}}
