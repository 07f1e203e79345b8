"""The whole job over a project that has its videos and consents already: the one button."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..events import Context
from ..pipeline.job import in_words
from ..pipeline.media import footage
from ..project import Project
from ..provenance.signer import Signer
from .cast import NO_SETTINGS
from .whole import Swapped, swap


def make(
    project: Path,
    out: Path,
    *,
    settings: Mapping[str, Any] = NO_SETTINGS,
    overwrite: bool = False,
    context: Context | None = None,
    signer: Signer | None = None,
) -> Swapped:
    """`swap` with the videos that the project has. Goes on where it was stopped; raises what `swap` raises, StepMissing where a video is missing."""
    with in_words(project), Project(project) as opened:
        source, target = footage(opened, "source").path, footage(opened, "target").path
    return swap(source, target, out, settings=settings, project=project, overwrite=overwrite, context=context, signer=signer)
