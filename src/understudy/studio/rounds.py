"""What the training has come to, for the page: the rounds on the way that training goes on from, how it goes, and their curve as a drawing that
needs no script. Everything comes from `api.training_state`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from .. import api
from .i18n import Words

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 1000, 220, 52, 30, 14
_RECENT = 5
"""Rounds by which it is told whether it still gets better."""
_HARDLY = 0.004
"""Less error by a smaller share, over the recent rounds, counts as none."""


@dataclass(frozen=True, slots=True)
class Round:
    """The end of one round. Errors are mean differences on pictures that the network never learns from, of 255."""

    number: int
    error: float
    draft_error: float
    gain: float
    """See `train.meter.gain_over`: about the share of error less than the draft's."""
    better: bool
    seconds: float
    faces: int
    preview: Path | None

    @property
    def less(self) -> float:
        return less_error(self.gain)


def less_error(gain: float) -> float:
    """Share of the draft's error that is gone, 0..1; below 0 where there is more."""
    return 1 - math.exp(-gain)


def rounds_of(state: api.TrainingState | None) -> list[Round]:
    """The rounds that led to where training stands; those that were gone back from are left out."""
    found: dict[int, Round] = {}
    for made in state.rounds if state else ():
        # a number that comes again begins another way
        found = {known: one for known, one in found.items() if known < made.number}
        error, draft = made.figures["l1"], made.figures["draft_l1"]
        found[made.number] = Round(made.number, error, draft, made.gain, made.better, made.seconds, made.faces, made.preview)
    standing = next((kept for kept in state.checkpoints if kept.standing), None) if state else None
    aside = {kept.rounds for kept in state.checkpoints if kept.aside} if state else set()
    if standing is not None and found and max(found) > standing.rounds and max(found) in aside:
        found = {number: one for number, one in found.items() if number <= standing.rounds}
    return [found[number] for number in sorted(found)]


def sentence(words: Words, rounds: Sequence[Round]) -> str:
    """How it goes, for a person who reads no curves."""
    if not rounds:
        return ""
    last = rounds[-1]
    spent = words.duration(60 * max(1, round(last.seconds / 60))) if last.seconds >= 60 else words.duration(last.seconds)
    said = words.count("train.spent", len(rounds), time=spent, faces=words.number(last.faces))
    if len(rounds) <= _RECENT:
        return f"{said} {words('train.too_early')}"
    before = min(one.error for one in rounds[:-_RECENT])
    now = min(one.error for one in rounds[-_RECENT:])
    gone = 1 - now / before
    key = "train.still" if gone > _HARDLY else "train.hardly" if gone > -_HARDLY else "train.worse"
    return f"{said} {words(key, percent=words.number(100 * abs(gone), 1), n=_RECENT)}"


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
