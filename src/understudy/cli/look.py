"""The commands that look and set up."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from .. import api
from ..errors import UsageError
from ..files import write_text
from ..paper.words import Language
from ..reference import settings_lines
from ..verifier import look_at
from .flags import FaceFlag, ForceFlag, SetFlag, SourceFaceFlag
from .support import as_settings, at_work, say, typeable


def check(
    source: Annotated[Path, Parameter(help="The video of the person whose face is wanted.")],
    target: Annotated[Path, Parameter(help="The video whose performance is kept.")],
    /,
    *,
    project: Annotated[Path | None, Parameter(help="Keep what is found in this project folder, for `swap`; without it nothing is kept.")] = None,
    json: Annotated[Path | None, Parameter(help="Write the report as JSON to this file (.json).")] = None,
    html: Annotated[Path | None, Parameter(help="Write the report as one page with pictures to this file (.html).")] = None,
    face: FaceFlag = None,
    source_face: SourceFaceFlag = None,
    set_: SetFlag = (),
) -> None:
    """Say whether SOURCE will do for TARGET before hours are spent: what is lacking, what to film, what to expect.

    It looks and makes nothing, so it needs no consent records. The pictures on the page are unaltered.

    For example:

        understudy check her.mp4 performance.mp4 --html report.html
    """
    for path, ending in ((json, ".json"), (html, ".html")):
        if path is not None and path.suffix.lower() != ending:
            raise UsageError(f"{path} does not end in {ending}.", remedy=f"name the report {path.stem}{ending}")
    with at_work() as context:
        report = api.check(source, target, project=project, source_face=source_face, face=face, settings=as_settings(set_), context=context)
    say(report.text())
    say()
    for path, text in ((json, report.json()), (html, api.check_page(report))):
        if path is not None:
            write_text(path, text)
            say(f"Report: {path}")
    where = f" --project {shlex.quote(str(project))}" if project else ""
    say(f"What next:  understudy swap {shlex.quote(str(source))} {shlex.quote(str(target))} -o result.mp4{where}")


def verify(
    path: Annotated[Path, Parameter(name="file", help="The video or picture, or a folder of videos or layers. Nothing is kept of it.")],
    /,
    *,
    json: Annotated[
        Path | None, Parameter(help="Write the signed report to this file (.json), or for several into this folder; `-` prints it.")
    ] = None,
    html: Annotated[Path | None, Parameter(help="Write the report as a page to print (.html); for several, into this folder.")] = None,
    language: Annotated[Language, Parameter(help="Of the page: en or nl.")] = "en",
    force: ForceFlag = False,
) -> int:
    """Say what is known about a video or picture: its credentials, its marks, and whether it was made here. Works without network and without torch.

    Exit code 0: valid and ours; 1: broken or altered; 3: nothing found. Of a folder the worst counts.

    For example:

        understudy verify result.mp4

        understudy verify screenshot.png

        understudy verify found.mp4 --json report.json --html report.html --language nl
    """
    with at_work() as context:
        return look_at(path, json=json, html=html, language=language, force=force, context=context, say=say)


def trace(
    file: Annotated[Path, Parameter(help="The copy that was found, a picture out of it, or a folder of layers. Nothing is kept of it.")],
    /,
    *,
    json: Annotated[bool, Parameter(help="Print the record as JSON.")] = False,
) -> int:
    """From a copy that was found, recompressed or cropped, back to its record: by the invisible mark, else its looks, else its credentials.

    Prints the record, the consents, the purpose and the inputs. Exit code 0: a record was found; 1: none.

    For example:

        understudy trace found.mp4
    """
    with at_work() as context:
        found = api.trace(file, context=context)
    say(found.json() if json else found.text())
    return found.exit_code


def settings() -> None:
    """List every setting with its default and what it does."""
    say("\n".join(settings_lines()))


def doctor() -> int:
    """Say what this machine can do, what is missing, and what will be slow.

    For example:

        understudy doctor
    """
    checks = api.doctor()
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for check in checks:
        table.add_row(check.name, check.state, check.words + (f"\nWhat to do: {typeable(check.remedy)}" if check.remedy else ""))
    Console(highlight=False).print(table, markup=False)
    return 1 if any(check.state == "missing" for check in checks) else 0


def setup() -> None:
    """Fetch the networks that are not there yet, and make this machine's signing keys. Needed once; `make` does it for you.

    For example:

        understudy setup
    """
    with at_work() as context:
        fetched = api.setup(context=context)
    say(f"Fetched: {', '.join(fetched)}." if fetched else "Everything was there already.")
    say("This machine is ready. What next:  understudy swap --help")
