"""What a person sees: a bar on a terminal, plain lines in a file."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from studio import Desk, make_desk, read_terminal

from understudy.cli.support import typeable
from understudy.errors import MediaNotFound
from understudy.events import Event, duration
from understudy.terminal import Terminal, draw_error


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (9.96, "10.0 s"), (12.3, "12 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (7390, "2 h 3 min")]
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_plain_lines() -> None:
    file = io.StringIO()
    with Terminal(file) as terminal:
        terminal.report(Event("extract", "start", "following [faces]", total=100))
        for done in range(0, 100, 10):
            terminal.report(Event("extract", "progress", "following [faces]", done, 100, 3.2, 1.0))
        terminal.report(Event("extract", "warning", "dark"))
        terminal.report(Event("train", "preview", "round 1", preview=Path("p.jpg")))
        terminal.report(Event("extract", "end", "following [faces]", 100, 100, 0.0, 12.0))
    text = file.getvalue()
    assert "\x1b" not in text and "\r" not in text
    assert text.splitlines() == [
        "Faces: following [faces]",
        "Faces: warning: dark",
        "Training: round 1; preview: p.jpg",
        "Faces: following [faces], 12 s",
    ]


def test_errors_say_what_why_and_what_to_do() -> None:
    from rich.console import Console

    file = io.StringIO()
    error = MediaNotFound("There is no file [a].mp4.", why="It is gone.", remedy="understudy status p")
    draw_error(error, Console(file=file), typeable=lambda text: text)
    assert file.getvalue() == "There is no file [a].mp4.\nIt is gone.\nWhat to do: understudy status p\n"


def test_commands_are_shown_as_they_can_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    shown = typeable("type: understudy setup\n  understudy consent new a.json (film.understudy stays, Another Understudy too)")
    assert shown.count(f"{Path(sys.executable).parent.name}/understudy ") == 2
    assert "film.understudy stays, Another Understudy too" in shown


def test_bars_on_a_terminal(ready_home: Path, tmp_path: Path) -> None:
    desk: Desk = make_desk(tmp_path / "desk")
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "understudy.cli", *desk.swap()]
    process = subprocess.Popen(words, stdout=theirs, stderr=theirs, stdin=theirs, env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"})
    os.close(theirs)
    seen = read_terminal(ours)
    text = seen.decode("utf-8", "replace")
    assert process.wait(timeout=300) == 0, text
    assert "✓" in text and "━" in text and "Merging" in text and "\x1b[?25h" in text, "drawn, and the cursor is given back"
    assert "Traceback" not in text
