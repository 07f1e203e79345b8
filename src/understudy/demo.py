"""The demo: the whole job on two clips of people who do not exist, which come with the repository. `make demo` runs it.

It types the same commands as a person would.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from . import api
from .cli import main
from .cli.support import say
from .errors import ConsentError
from .terminal import duration

CLIPS = Path("assets") / "actors"
MINUTES = 3
PEOPLE = {"face": "Synthetic actor A", "performer": "Synthetic actor B"}


def run(folder: Path) -> int:
    """Make `folder`/result.mp4 and result.png; returns the exit code."""
    began = time.monotonic()
    source, target = CLIPS / "synthetic_actor_A_train.mp4", CLIPS / "synthetic_actor_B_train.mp4"
    if not source.is_file():
        print(f"{source} is not here: run the demo in the folder of the repository.", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    records = [_record(folder / f"{role}.consent.json", role=role, subject=subject) for role, subject in PEOPLE.items()]
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


def _record(path: Path, *, role: str, subject: str) -> Path:
    """The consent record of an actor: made once, and anew where this machine's keys are others by now."""
    if path.exists():
        try:
            api.consent_show(path)
            return path
        except ConsentError:
            path.unlink()
    api.consent_new(
        path,
        subject=subject,
        role=role,
        purpose="showing what Understudy does",
        production="The demo of Understudy",
        channels=["this machine"],
        actions=["train", "render", "publish"],
        expires=None,
        basis="person does not exist",
        recorded_by="Understudy's demo",
        person_exists=False,
    )
    return path


if __name__ == "__main__":
    sys.exit(run(Path("demo")))
