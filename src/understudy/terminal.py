"""Drawing the events on a terminal: bars in colour where a person looks, plain lines where the output goes into a file. Writes to stderr,
so that results on stdout can be piped.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import IO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from .errors import UnderstudyError
from .events import TITLES, Event, StageName, duration

PLAIN_EVERY_S = 5.0
"""Seconds between two lines of one stage where the output is no terminal."""


class _Left(ProgressColumn):
    """`12 s left`, as the event says."""

    def render(self, task: Task) -> Text:
        left = task.fields.get("left")
        return Text(f"{duration(left)} left" if left is not None else "", style="cyan")


class Terminal:
    """Takes events; use as a context manager around the work."""

    def __init__(self, file: IO[str] | None = None, *, plain: bool | None = None) -> None:
        self._console = Console(file=file or sys.stderr, highlight=False, soft_wrap=True)
        self._plain = not self._console.is_terminal if plain is None else plain
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("[bold]{task.fields[title]}"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[count]}"),
            _Left(),
            TextColumn("[dim]{task.fields[figures]}"),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[StageName, TaskID] = {}
        self._last_line: dict[StageName, float] = {}

    def __enter__(self) -> Terminal:
        if not self._plain:
            self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the terminal back as it was."""
        if not self._plain:
            self._progress.stop()

    def report(self, event: Event) -> None:
        """Draw one event."""
        if event.kind in ("note", "warning", "preview", "skip", "end"):
            self._line(event)
        elif self._plain:
            self._plain_progress(event)
        if not self._plain:
            self._bar(event)

    def say(self, text: str) -> None:
        """A line of our own, above the bars."""
        self._console.print(escape(text))

    def _line(self, event: Event) -> None:
        title = TITLES[event.stage]
        if event.kind == "end":
            text = f"{title}: {event.message}, {duration(event.seconds)}"
            drawn = f"[green]✓[/] [bold]{title}[/] {escape(event.message)} [dim]{duration(event.seconds)}[/]"
            self._console.print(text if self._plain else drawn, markup=not self._plain)
            self._last_line.pop(event.stage, None)
            return
        words = f"{event.message}; preview: {event.preview}" if event.preview else event.message
        if self._plain:
            self._console.print(f"{title}: {'warning: ' if event.kind == 'warning' else ''}{words}", markup=False)
        else:
            mark = "[yellow]![/]" if event.kind == "warning" else "[green]✓[/]" if event.kind == "skip" else " "
            self._console.print(f"{mark} [bold]{title}[/] {escape(words)}")

    def _plain_progress(self, event: Event) -> None:
        now = time.monotonic()
        if event.kind == "progress" and now - self._last_line.get(event.stage, now) < PLAIN_EVERY_S:
            return
        self._last_line[event.stage] = now
        parts = [event.message]
        if event.kind == "progress":
            parts += [part for part in (_count(event), _left(event), _figures(event)) if part]
        self._console.print(f"{TITLES[event.stage]}: {', '.join(parts)}", markup=False)

    def _bar(self, event: Event) -> None:
        if event.kind in ("skip", "end"):
            task = self._tasks.pop(event.stage, None)
            if task is not None:
                self._progress.remove_task(task)
            return
        fields = {"title": TITLES[event.stage], "count": _count(event), "left": event.seconds_left, "figures": _figures(event)}
        if event.stage not in self._tasks:
            self._tasks[event.stage] = self._progress.add_task(escape(event.message), total=event.total, completed=event.done, **fields)
        elif event.kind in ("start", "progress"):
            self._progress.update(self._tasks[event.stage], description=escape(event.message), total=event.total, completed=event.done, **fields)


def _count(event: Event) -> str:
    if event.stage == "train":
        # its unit is seconds or steps; the time left says it better
        return ""
    return f"{event.done} of {event.total}" if event.total else str(event.done or "")


def _left(event: Event) -> str:
    return f"{duration(event.seconds_left)} left" if event.seconds_left is not None else ""


def _figures(event: Event) -> str:
    """The one figure that is worth a look while it runs."""
    return f"loss {event.figures['loss']:.4f}" if "loss" in event.figures else ""


def draw_error(error: UnderstudyError, console: Console, *, typeable: Callable[[str], str]) -> None:
    """What happened, why, what to do. `typeable` makes the commands in it such as can be typed here."""
    console.print(f"[bold red]{escape(error.what)}[/]" if error.exit_code != 130 else f"[bold]{escape(error.what)}[/]")
    if error.why:
        console.print(escape(error.why))
    if error.remedy:
        console.print(f"[bold]What to do:[/] {escape(typeable(error.remedy))}")
