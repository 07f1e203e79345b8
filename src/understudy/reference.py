"""The pages of docs/ that are made from the code, so that they cannot lag behind: settings, command line, errors.

    python -m understudy.reference docs

A test compares the pages with what this module makes.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from cyclopts import App, Group

from . import errors
from .config import QUALITIES, Settings, walk

NOTE = "<!-- Made by `python -m understudy.reference docs`; do not edit. -->\n"


def settings_lines() -> list[str]:
    """One setting a line or two, for the terminal."""
    lines = []
    for name, info in walk():
        lines.append(f"{name} = {info.default}    ({_limits(info)})" if _limits(info) else f"{name} = {info.default}")
        lines.append(f"    {info.description}")
    return lines


def settings_page() -> str:
    """docs/settings.md"""
    parts = [
        NOTE,
        "# Settings",
        "Every setting can be given on the command line (`--encode.crf 20` or `--set encode.crf=20`) or in a project's `project.toml`"
        " (`[encode]` and below it `crf = 20`). The command line wins; what it says is kept in the project. An unknown name is refused, with the"
        " nearest real one.",
        "The one dial is `quality`; it sets these, and everything else stays at its default:",
        "\n".join(["| quality | sets |", "|---|---|", *(f"| {quality} | {_preset(preset)} |" for quality, preset in QUALITIES.items())]),
    ]
    section = None
    for name, info in walk():
        here = name.rpartition(".")[0]
        if here != section:
            section = here
            about = Settings.model_fields[here].annotation.__doc__ if here else "The one dial."  # type: ignore[union-attr]
            parts.append(f"## {here or 'quality'}\n\n{' '.join((about or '').split())}")
        limits = _limits(info)
        parts.append(f"- **`{name}`** (default `{info.default}`{f'; {limits}' if limits else ''}): {' '.join((info.description or '').split())}")
    return "\n\n".join(parts) + "\n"


def _preset(preset: dict[str, Any]) -> str:
    return ", ".join(f"`{name} = {value}`" for name, value in preset.items()) or "the defaults"


def _limits(info: Any) -> str:
    choices = get_args(info.annotation)
    if choices:
        return " or ".join(map(str, choices))
    low = next((m.ge for m in info.metadata if hasattr(m, "ge")), None)
    above = next((m.gt for m in info.metadata if hasattr(m, "gt")), None)
    high = next((m.le for m in info.metadata if hasattr(m, "le")), None)
    if low is None and above is None and high is None:
        return ""
    return f"{f'above {above}' if low is None else low} to {high}"


def errors_page() -> str:
    """docs/errors.md"""
    rows = [f"| `{kind.code}` | {kind.exit_code} | {' '.join((kind.__doc__ or '').split())} |" for kind in _kinds(errors.UnderstudyError)]
    return (
        "\n\n".join(
            [
                NOTE,
                "# Errors",
                "Every error says what happened, why, and what to do. Programs get them as classes of `understudy.errors`; their `code` is in the"
                " first column. Exit codes of the command line: 0 done, 1 it cannot be done, 2 the command was not understood, 3 `verify` found"
                " nothing, 4 the consent gate refused, 5 the material was refused, 70 a fault of the program (a report is written and named),"
                " 130 stopped on request.",
                "\n".join(["| code | exit code | meaning |", "|---|---|---|", *rows]),
            ]
        )
        + "\n"
    )


def _kinds(kind: type[errors.UnderstudyError]) -> Iterator[type[errors.UnderstudyError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)


def cli_page() -> str:
    """docs/cli.md"""
    from .cli import app

    parts = [NOTE, "# Commands", inspect.cleandoc(app.help), "`understudy COMMAND --help` says the same on the terminal."]
    order = sorted(_commands(app), key=lambda pair: _rank(app[pair[0][0]]))
    parts += [_command_words(words, command) for words, command in order]
    return "\n\n".join(parts) + "\n"


def _commands(app: App, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    """Every command that does something, with the words that call it."""
    for name in app:
        if not name.startswith("-"):
            below = app[name]
            if below.default_command is not None:
                yield (*before, name), below
            yield from _commands(below, (*before, name))


def _rank(top: App) -> tuple[Any, Any]:
    """Groups in their order, and commands in theirs."""
    group = top.group[0] if isinstance(top.group, tuple) else top.group
    return group.sort_key if isinstance(group, Group) else 0, top.sort_key or 0


def _command_words(words: tuple[str, ...], command: App) -> str:
    rows, usage, optional = [], ["understudy", *words], False
    for argument in command.assemble_argument_collection():
        names = [name for name in argument.names if name not in argument.negatives]
        choices = argument.get_choices()
        said = (argument.parameter.help or "") + (f" One of: {', '.join(choices)}." if choices else "")
        rows.append(f"| `{', '.join(names)}` | {said} |")
        if argument.required:
            usage.append(f"{names[0]} {names[0].lstrip('-').upper()}" if names[0].startswith("-") else names[0])
        optional = optional or not argument.required
    usage += ["[OPTIONS]"] if optional else []
    assert command.default_command is not None
    about = inspect.cleandoc(command.default_command.__doc__ or "")
    table = "\n".join(["| argument | meaning |", "|---|---|", *rows])
    return "\n\n".join([f"## understudy {' '.join(words)}", f"    {' '.join(usage)}", about, *([table] if rows else [])])


PAGES = {"settings.md": settings_page, "cli.md": cli_page, "errors.md": errors_page}


def main(folder: Path) -> None:
    for name, make in PAGES.items():
        (folder / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
