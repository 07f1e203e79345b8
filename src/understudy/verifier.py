"""The verification desk by itself: `python -m understudy.verifier FILE`, or `understudy-verify FILE`.

It needs neither torch nor the networks that make anything, so that whoever only wants to check a file can install little
(requirements-verify.txt). `understudy verify` is the same.
"""

from __future__ import annotations

import argparse
import json as json_
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from .errors import OutputExists, UnderstudyError, UsageError
from .events import Context
from .files import write_text
from .paper.words import Language
from .verify.folder import is_layers, verify, verify_all
from .verify.page import report_page
from .verify.report import Report

_STDOUT = Path("-")


def look_at(
    path: Path, *, json: Path | None, html: Path | None, language: Language, force: bool, context: Context, say: Callable[[str], None]
) -> int:
    """Look at a file or a folder, say what was found, and write the reports. Returns the exit code: of several files the worst counts.

    Raises the MediaErrors, UsageError, OutputExists.
    """
    several = path.is_dir() and not is_layers(path)
    for out, ending in ((json, ".json"), (html, ".html")):
        if out is not None and not several:
            _check_name(out, ending, force=force)
    reports, failed = verify_all(path, context=context) if several else ([verify(path, context=context)], [])
    for report in reports:
        if json != _STDOUT:
            say(report.text())
        _write(report, json=_place(json, report, several), html=_place(html, report, several), language=language, force=force, say=say)
    for file, error in failed:
        say(f"{file}: not looked at. {error.what}")
    codes = [report.exit_code for report in reports]
    return 1 if 1 in codes else 3 if failed or 3 in codes else 0


def _check_name(out: Path, ending: str, *, force: bool) -> None:
    if out == _STDOUT and ending == ".json":
        return
    if out.suffix.lower() != ending:
        raise UsageError(f"{out} does not end in {ending}.", remedy=f"name the report {out.stem}{ending}")
    if out.exists() and not force:
        raise OutputExists(f"{out} is already there.", why="Nothing is overwritten unasked.", remedy="choose another name, or add --force")


def _place(out: Path | None, report: Report, several: bool) -> Path | None:
    """For several reports `out` is a folder; each is named by the file that it is about, and told apart by its hash."""
    return out / f"{report.name}-{report.sha256[:8]}" if out is not None and several and out != _STDOUT else out


def _write(report: Report, *, json: Path | None, html: Path | None, language: Language, force: bool, say: Callable[[str], None]) -> None:
    if json is None and html is None:
        return
    paper = report.paper()
    text = json_.dumps(paper, indent=2, ensure_ascii=False)
    if json == _STDOUT:
        say(text)
    elif json is not None:
        out = json if json.suffix == ".json" else json.with_name(f"{json.name}.json")
        _check_name(out, ".json", force=force)
        write_text(out, f"{text}\n")
        say(f"Report: {out} ({'signed' if paper['signature'] else 'NOT signed: only a machine with a studio has keys (understudy setup)'})")
    if html is not None:
        out = html if html.suffix == ".html" else html.with_name(f"{html.name}.html")
        _check_name(out, ".html", force=force)
        write_text(out, report_page(report, paper, language))
        say(f"Page to print: {out}")


def main(tokens: Sequence[str] | None = None) -> int:
    """The program. Exit code 0: valid and ours; 1: broken or altered, or it could not be looked at; 3: nothing found."""
    parser = argparse.ArgumentParser(prog="understudy-verify", description="Says what is known about a video. Reads only; needs no network.")
    parser.add_argument("file", type=Path, help="a video or a picture, or a folder of videos or layers")
    parser.add_argument("--json", type=Path, help="write the report to this file (.json); - prints it")
    parser.add_argument("--html", type=Path, help="write the report as a page to print (.html)")
    parser.add_argument("--language", choices=get_args(Language), default="en", help="of the page")
    parser.add_argument("--force", action="store_true", help="replace what is there")
    given = parser.parse_args(tokens)
    try:
        return look_at(given.file, json=given.json, html=given.html, language=given.language, force=given.force, context=Context(), say=print)
    except UnderstudyError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
