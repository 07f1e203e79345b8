"""`understudy report`: how steadily the face sits."""

from __future__ import annotations

import json as json_
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from .. import api
from ..errors import UsageError
from ..files import write_text
from .support import at_work, say


def report(
    project: Annotated[Path, Parameter(help="The project folder.")],
    /,
    *,
    html: Annotated[Path | None, Parameter(help="Write it as one page with the worst frames to this file (.html).")] = None,
    json: Annotated[Path | None, Parameter(help="Write the numbers as JSON to this file (.json).")] = None,
    language: Annotated[Literal["en", "nl"], Parameter(help="Of the page.")] = "en",
) -> None:
    """Say how steadily the face sits in every rendered shot: flicker, seam, colour beside the neck, and whether it moves as the target does.

    For example:

        understudy report film.understudy --html report.html
    """
    for path, ending in ((json, ".json"), (html, ".html")):
        if path is not None and path.suffix.lower() != ending:
            raise UsageError(f"{path} does not end in {ending}.", remedy=f"name the report {path.stem}{ending}")
    with at_work() as context:
        found = api.report(project, page_at=html, language=language, context=context)
    table = Table(box=None, pad_edge=False)
    for heading in ("Shot", "Person", "Frames", "Flicker", "Seam (target)", "Colour", "Mouth", "Eyes", "Apart %"):
        table.add_column(heading)
    for one in found:
        numbers = [_words(value) for value in (one.colour, one.mouth, one.eyes, one.apart)]
        seam = f"{_words(one.seam)} ({_words(one.seam_of_target)})"
        table.add_row(str(one.shot), one.person, str(one.frames), _words(one.flicker), seam, *numbers)
    Console(highlight=False).print(table, markup=False)
    if json is not None:
        write_text(json, json_.dumps([{k: v for k, v in asdict(one).items() if k != "worst"} for one in found], indent=1) + "\n")
        say(f"Numbers: {json}")
    if html is not None:
        say(f"Report: {html}")


def _words(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
