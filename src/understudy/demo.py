"""The demo: the whole job on two clips of people who do not exist, which come with the repository. `make demo` runs it.

It types the same commands as a person would.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from . import api
from .api.actors import PEOPLE, demo_clip, demo_record
from .cli import main
from .cli.support import say
from .errors import ConsentError, MediaNotFound
from .events import duration

MINUTES = 3


def run(folder: Path) -> int:
    """Make `folder`/result.mp4 and result.png; returns the exit code."""
    began = time.monotonic()
    try:
        source, target = _near(demo_clip("source")), _near(demo_clip("target"))
    except MediaNotFound as error:
        print(error, file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    records = [_record(folder / f"{role}.consent.json", role=role) for role in PEOPLE]
    result = folder / "result.mp4"
    command = ["swap", str(source), str(target), "-o", str(result), "--minutes", str(MINUTES)]
    for record in records:
        command += ["--consent", str(record)]
    print(f"$ understudy {' '.join(command)}", flush=True)
    code = main(command)
    if code:
        return code
    sheet = folder / "result.png"
    shutil.copyfile(folder / "result.understudy" / "previews" / "before-after.png", sheet)
    print(f"\nThe demo took {duration(time.monotonic() - began)} this time.")
    print(f"The labelled video:  {result}\nBefore and after:    {sheet}")
    say("Your own videos:     understudy swap SOURCE.mp4 TARGET.mp4 -o RESULT.mp4")
    print("                     (it tells you what else it needs; see also docs/start.md)")
    return 0


def _near(path: Path) -> Path:
    """The path as a person would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _record(path: Path, *, role: str) -> Path:
    """The consent record of an actor: made once, and anew where this machine's keys are others by now."""
    if path.exists():
        try:
            api.consent_show(path)
            return path
        except ConsentError:
            path.unlink()
    api.consent_new(path, **demo_record(role))
    return path


if __name__ == "__main__":
    sys.exit(run(Path("demo")))
