"""The pages of docs/ that are made from the code, so that they cannot lag behind: settings, command line, errors, API.

    python -m understudy.reference docs

A test compares the pages with what this module makes.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import pkgutil
import re
import sys
import textwrap
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
        lines.append(f"    {info.title}. {info.description}")
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
        about = " ".join((info.description or "").split())
        parts.append(f"- **`{name}`** {info.title} (default `{info.default}`{f'; {limits}' if limits else ''}): {about}")
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


def api_page() -> str:
    """docs/api.md"""
    from . import api

    head, _, rest = inspect.cleandoc(api.__doc__ or "").partition("\n\n")
    parts = [
        NOTE,
        "# The API",
        head,
        *_with_examples(rest),
        "The examples below go on from this one, in this order; the tests run them all, with 24 frames as `her.mp4` and 8 as `performance.mp4`.",
    ]
    told: set[str] = set()
    there = [info.name for info in pkgutil.iter_modules(api.__path__)]
    for name in (*(name for name in API_ORDER if name in there), *(name for name in there if name not in API_ORDER)):
        module = importlib.import_module(f"understudy.api.{name}")
        own = [item for item in api.__all__ if getattr(getattr(api, item), "__module__", "") == module.__name__]
        if own:
            told |= {*own}
            parts += [f"## {name}", *_with_examples(inspect.cleandoc(module.__doc__ or "")), *(_api_item(item, getattr(api, item)) for item in own)]
    others = [item for item in api.__all__ if item not in told]
    parts += ["## What these take and give", *(_api_item(item, getattr(api, item)) for item in others)]
    return "\n\n".join(parts) + "\n"


def _with_examples(text: str) -> list[str]:
    """The paragraphs, examples set off."""
    paragraphs = [textwrap.dedent(paragraph) for paragraph in text.split("\n\n")]
    return [textwrap.indent(paragraph, "    ") if paragraph.startswith(">>>") else paragraph for paragraph in paragraphs]


def _api_item(name: str, item: Any) -> str:
    """One function, class or constant of the API."""
    about = inspect.cleandoc(getattr(item, "__doc__", None) or "") if callable(item) else ""
    if inspect.isclass(item):
        lines = "\n".join(f"- `{field}`{f': {said}' if said else ''}" for field, said in _fields(item))
        return "\n\n".join(part for part in (f"### `api.{name}`", about, lines or _methods(item)) if part)
    if callable(item):
        return f"### `api.{name}`\n\n`{_signature(name, item)}`\n\n{about}"
    return f"### `api.{name}`\n\n{', '.join(f'`{one}`' for one in item)}"


def _methods(kind: type) -> str:
    """What a class that holds no values can be asked."""
    found = [(name, item) for name, item in vars(kind).items() if inspect.isfunction(item) and not name.startswith("_")]
    return "\n".join(f"- `{_signature(name, item)}`: {' '.join((item.__doc__ or '').split())}" for name, item in found)


def _signature(name: str, item: Any) -> str:
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", f"{name}{inspect.signature(item)}").replace("(self, ", "(").replace("(self)", "()")


def _fields(kind: type) -> Iterator[tuple[str, str]]:
    """(`name: type`, its explanation or "") of each field of a value, from its definition."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(tree, ast.ClassDef)
    for line, after in itertools.zip_longest(tree.body, tree.body[1:]):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and not line.target.id.startswith("_"):
            said = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            yield f"{line.target.id}: {ast.unparse(line.annotation)}", " ".join(str(said).split())


API_ORDER: tuple[str, ...] = (
    *("whole", "make", "steps", "trust", "look", "checks", "people", "faces", "casting", "material", "preview", "shots", "strokes", "training"),
    *("report", "papers", "machine", "notebook"),
)
"""Modules of the API as they are explained: first what does the job, then what looks, then what changes. Any other comes at the end."""
PAGES = {"settings.md": settings_page, "cli.md": cli_page, "errors.md": errors_page, "api.md": api_page}


def main(folder: Path) -> None:
    for name, make in PAGES.items():
        (folder / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
