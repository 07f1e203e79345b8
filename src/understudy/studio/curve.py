"""The rounds of training that the queue remembers, and their curve as a drawing that needs no script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from ..run.jobs import Jobs
from .i18n import Words

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 1000, 220, 52, 30, 14


@dataclass(frozen=True, slots=True)
class Round:
    """The end of one round. Errors are mean differences on pictures that the network never learns from, of 255."""

    number: int
    error: float
    draft_error: float
    gain: float
    """See `train.meter.gain_over`: about the share of error less than the draft's."""
    better: bool
    preview: str

    @property
    def less(self) -> float:
        """Share of the draft's error that is gone, 0..1; below 0 where there is more."""
        return 1 - math.exp(-self.gain)


def rounds_of(jobs: Jobs, folder: Path) -> list[Round]:
    """All rounds of a project that were reported, each once, in order; after going back, those of the newest way."""
    found: dict[int, Round] = {}
    for seen in jobs.events(project=folder, limit=1_000_000):
        figures = seen.body.get("figures") or {}
        if seen.stage != "train" or seen.kind != "preview" or "gain" not in figures or not seen.body["preview"]:
            continue
        number = round(figures["round"])
        found = {known: one for known, one in found.items() if known < number}
        found[number] = Round(number, figures["l1"], figures["draft_l1"], figures["gain"], bool(figures["beats_draft"]), seen.body["preview"])
    return [found[number] for number in sorted(found)]


def curve_svg(words: Words, rounds: Sequence[Round]) -> str:
    """The error by round, with the draft's as a line across; empty with fewer than two rounds. Styled by the page's own style sheet."""
    if len(rounds) < 2:
        return ""
    top = 1.08 * max(max(one.error for one in rounds), rounds[-1].draft_error)
    low = 0.9 * min(min(one.error for one in rounds), rounds[-1].draft_error)

    def x(number: int) -> float:
        return _LEFT + (_WIDTH - _LEFT - 12) * (number - rounds[0].number) / max(1, rounds[-1].number - rounds[0].number)

    def y(error: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (top - error) / max(1e-6, top - low)

    line = " ".join(f"{x(one.number):.1f},{y(one.error):.1f}" for one in rounds)
    draft = y(rounds[-1].draft_error)
    ticks = [low + (top - low) * part for part in (0.15, 0.5, 0.85)]
    scale = "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - 12}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        f'<text x="{_LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{escape(words.number(tick, 1))}</text>'
        for tick in ticks
    )
    return (
        f'<svg class="curve" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(words("train.curve"))}">{scale}'
        f'<line class="draft" x1="{_LEFT}" x2="{_WIDTH - 12}" y1="{draft:.1f}" y2="{draft:.1f}"/>'
        f'<text class="draft-word" x="{_WIDTH - 12}" y="{draft - 6:.1f}" text-anchor="end">{escape(words("train.curve_draft"))}</text>'
        f'<polyline class="error" points="{line}"/>'
        f'<circle class="now" cx="{x(rounds[-1].number):.1f}" cy="{y(rounds[-1].error):.1f}" r="4"/>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 6}">{escape(words("train.round", n=words.number(rounds[0].number)))}</text>'
        f'<text x="{_WIDTH - 12}" y="{_HEIGHT - 6}" text-anchor="end">{escape(words("train.round", n=words.number(rounds[-1].number)))}</text></svg>'
    )
