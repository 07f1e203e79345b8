"""What a notebook shows: pieces of a page, and one output that is renewed while work goes on. Styles are inline: hosted notebooks drop others."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ..events import TITLES, Event, duration

_EVERY = 0.5
"""Seconds between two drawings."""
_MOST_LINES = 12
_PALE = "color:gray;font-size:90%"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a cell shows: as `html` in a notebook, and as `text` elsewhere."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return f'<div style="max-width:60rem;line-height:1.5">{self.html}</div>'

    def __repr__(self) -> str:
        return self.text


def page(*parts: Shown) -> Shown:
    """Several pieces below each other."""
    return Shown("".join(part.html for part in parts), "\n".join(part.text for part in parts if part.text))


def said(text: str, *, strong: bool = False) -> Shown:
    """A paragraph."""
    words = f"<b>{escape(text)}</b>" if strong else escape(text)
    return Shown(f'<p style="margin:.4em 0">{words}</p>', text)


def listed(lines: Sequence[str]) -> Shown:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return Shown(f'<ul style="margin:.3em 0">{items}</ul>' if lines else "", "\n".join(f"- {line}" for line in lines))


def pictures(given: Sequence[tuple[bytes, str]], *, width: str = "15rem") -> Shown:
    """JPEGs beside each other, each with a line below."""
    figures = "".join(
        f'<figure style="margin:0;width:{width};max-width:100%"><img src="{_data(data, "image/jpeg")}" alt="{escape(line)}"'
        f' style="width:100%;border-radius:6px;display:block"><figcaption style="{_PALE}">{escape(line)}</figcaption></figure>'
        for data, line in given
    )
    return Shown(f'<div style="display:flex;flex-wrap:wrap;gap:.8rem;margin:.6em 0">{figures}</div>', "; ".join(line for _, line in given))


def film(data: bytes, *, kind: str, line: str) -> Shown:
    """A video that can be played where it stands."""
    player = f'<video controls loop style="max-width:100%;max-height:32rem;border-radius:6px" src="{_data(data, kind)}"></video>'
    return Shown(f'<div style="margin:.6em 0">{player}</div><p style="{_PALE}">{escape(line)}</p>', line)


def _data(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


class Progress:
    """Draws events into one output of the running cell. Outside of a notebook nothing is drawn."""

    def __init__(self) -> None:
        self._lines: dict[str, str] = {}
        self._before: list[str] = []
        self._now: Event | None = None
        self._picture: Event | None = None
        self._drawn = 0.0
        self._output = _output()

    def report(self, event: Event) -> None:
        title = TITLES[event.stage]
        if event.kind in ("start", "progress"):
            self._now = event
        elif event.kind == "preview":
            self._picture = event
        elif event.kind == "skip":
            # the many pieces that another run has done are one line
            self._before += [title] if title not in self._before else []
        else:
            took = f", {duration(event.seconds)}" if event.kind == "end" else ""
            self._lines[f"{title}: {event.message}{took}"] = {"end": "✓", "warning": "!"}.get(event.kind, "·")
            self._now = None if event.kind == "end" else self._now
        self._draw(at_once=event.kind not in ("progress", "skip"))

    def close(self) -> None:
        """Nothing is being worked on any more; the picture of the way goes, its lines stay."""
        self._now = self._picture = None
        self._draw(at_once=True)

    def _draw(self, *, at_once: bool) -> None:
        now = time.monotonic()
        if self._output is None or (not at_once and now - self._drawn < _EVERY):
            return
        self._drawn = now
        self._output.update(self._shown())

    def _shown(self) -> Shown:
        before = {f"Done before: {', '.join(self._before)}": "✓"} if self._before else {}
        lines = [*before.items(), *list(self._lines.items())[-_MOST_LINES:]]
        html = "".join(f'<div style="{_PALE}">{mark} {escape(line)}</div>' for line, mark in lines)
        text = "\n".join(f"{mark} {line}" for line, mark in lines)
        if self._now is not None:
            html += _bar(self._now)
        if self._picture is not None and self._picture.preview is not None and self._picture.preview.is_file():
            html += (
                f'<p>{escape(self._picture.message)}</p><img style="max-width:100%" src="{_data(self._picture.preview.read_bytes(), "image/jpeg")}">'
            )
        return Shown(html, text)


def _bar(event: Event) -> str:
    share = f' value="{event.done}" max="{event.total}"' if event.total else ""
    left = f", {duration(event.seconds_left)} left" if event.seconds_left is not None else ""
    words = f"<b>{TITLES[event.stage]}</b> {escape(event.message)}{left}"
    return f'<div style="margin:.3em 0">{words}<br><progress style="width:24rem;max-width:100%"{share}></progress></div>'


def _output() -> Any:
    """An output of the running cell that can be renewed; None outside of a notebook."""
    try:
        from IPython.core.getipython import get_ipython
        from IPython.display import display
    except ImportError:
        return None
    if get_ipython() is None:
        return None
    return display(Shown("", ""), display_id=True)
