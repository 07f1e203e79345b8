"""What the commands share: settings from flags, a context that draws and listens for Ctrl-C, and the table of times."""

from __future__ import annotations

import difflib
import os
import re
import shlex
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from cyclopts import Group, Parameter

from ..config import NAMES, check_name
from ..errors import OutputExists, UsageError
from ..events import TITLES, Context, duration
from ..files import write_text
from ..terminal import Terminal
from ..types import Quality

__all__ = [
    "LOOK",
    "PLAIN",
    "STEPS",
    "WHOLE",
    "Quality",
    "as_settings",
    "at_work",
    "ready_tokens",
    "say",
    "show_times",
    "suggestion",
    "typeable",
    "write_page",
]

PLAIN = Parameter(negative_bool=(), negative_iterable=(), negative_none=(), show_default=False)
"""No `--no-…` and `--empty-…` beside the flags."""
WHOLE = Group.create_ordered("The whole job")
STEPS = Group.create_ordered("Step by step")
LOOK = Group.create_ordered("Looking, setting up")


def ready_tokens(tokens: Sequence[str]) -> list[str]:
    """Write every `--section.name VALUE` and `--section.name=VALUE` as `--set section.name=VALUE`."""
    ready: list[str] = []
    rest = iter(tokens)
    for token in rest:
        name, equals, value = token.partition("=")
        if token == "--":
            return [*ready, token, *rest]
        if not name.startswith("--") or "." not in name:
            ready.append(token)
            continue
        setting = check_name(name[2:].replace("-", "_"))
        if not equals:
            found = next(rest, None)
            if found is None or found.startswith("--"):
                raise UsageError(f"{name} needs a value.", remedy=f"for example: {name} VALUE (see: understudy settings)")
            value = found
        ready += ["--set", f"{setting}={value}"]
    return ready


def as_settings(pairs: Sequence[str], *, quality: Quality | None = None, minutes: float | None = None, until: str | None = None) -> dict[str, Any]:
    """`NAME=VALUE` pairs and the flags of their own as flat settings; the flags win."""
    flat: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--set {pair} lacks a value.", remedy=f"write it as --set {pair}=VALUE")
        flat[check_name(name.strip().replace("-", "_"))] = value.strip()
    if quality is not None:
        flat["quality"] = quality
    if minutes is not None:
        flat["train.minutes"] = minutes
    if until is not None:
        flat["train.until"] = until
    return flat


def typeable(text: str) -> str:
    """`text` with every `understudy COMMAND` as this person can type it: where the program is not on the path, with its place before it."""
    return re.sub(r"(?<![\w./-])understudy (?=[a-z])", f"{_program()} ", text)


def _program() -> str:
    if shutil.which("understudy"):
        return "understudy"
    place = Path(sys.executable).with_name("understudy")
    if not place.is_file():
        return f"{shlex.quote(sys.executable)} -m understudy.cli"
    near = place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place
    return shlex.quote(str(near))


def say(text: str = "") -> None:
    """A line of result on stdout, whole: never folded, so that commands can be copied."""
    print(typeable(text))


def write_page(path: Path, html: str, *, force: bool) -> None:
    """Write an HTML page. Raises UsageError for another ending, OutputExists where something is there and `force` is not given."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{path} does not end in .html.", remedy=f"name it {path.stem}.html")
    if path.exists() and not force:
        raise OutputExists(f"{path} is already there.", why="Nothing is overwritten unasked.", remedy="choose another name, or add --force")
    write_text(path, html)


def suggestion(option: str) -> str | None:
    """The setting that an unknown option may mean: `--crf` is encode.crf."""
    word = option.lstrip("-").partition("=")[0].replace("-", "_")
    tails = {name.rsplit(".", 1)[-1]: name for name in NAMES}
    near = difflib.get_close_matches(word, tails, n=1, cutoff=0.75)
    return tails[near[0]] if near else None


@contextmanager
def at_work() -> Iterator[Context]:
    """A context whose events are drawn, and which Ctrl-C (or a polite kill) asks to stop; a second Ctrl-C ends at once."""
    with Terminal() as terminal:
        context = Context(report=terminal.report)

        def stop(number: int, frame: FrameType | None) -> None:
            if context.stop.is_set():
                terminal.close()
                os._exit(130)
            context.stop.set()
            terminal.say("Stopping: what is done is being saved. Ctrl-C once more ends at once.")

        with _handlers(stop):
            yield context


@contextmanager
def _handlers(stop: Any) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def show_times(seconds: Mapping[str, float]) -> None:
    """One line: how long each stage took."""
    if seconds:
        parts = [f"{TITLES[stage]} {duration(took)}" for stage, took in seconds.items() if stage in TITLES]
        say(f"Time:    {', '.join(parts)}; {duration(sum(seconds.values()))} in all")
