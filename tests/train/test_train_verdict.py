"""Words, limits and forecast: they say what the figures say, and a known curve is foreseen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nearest import Nearest

from understudy.config import TrainSettings
from understudy.events import Context, Event
from understudy.train.aspects import Judge
from understudy.train.forecast import exhausted, fitted
from understudy.train.history import History
from understudy.train.loop import learn
from understudy.train.rounds import Rounds
from understudy.train.target import Scene, Target
from understudy.train.verdict import WORDS, level, limits_of, verdict
from understudy.types import Faceset

FINE = {"likeness": 0.95, "mouth": 0.98, "eyes": 0.97, "sharpness": 1.0, "flicker": 1.0, "light": 0.05, "detail": 0.95}


@given(end=st.floats(0.05, 0.3), pace=st.floats(60, 600), seen=st.integers(5, 12))
@settings(max_examples=40, deadline=None)
def test_the_time_to_a_value_is_foreseen(end: float, pace: float, seen: int) -> None:
    seconds = [pace * 0.25 * (i + 1) for i in range(seen)]
    values = [end * (1 - np.exp(-t / pace)) for t in seconds]
    curve = fitted(seconds, values)
    assert curve is not None
    wanted = 0.9 * end
    foreseen, true = curve.when(wanted), pace * np.log(10)
    assert foreseen is not None and abs(foreseen - true) < 0.3 * true


def test_what_stands_still_is_exhausted_and_what_rises_is_not() -> None:
    seconds = [30.0 * (i + 1) for i in range(8)]
    assert not exhausted(seconds, [0.02 * (i + 1) for i in range(8)])
    assert exhausted(seconds, [0.05, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01, 0.0])
    assert exhausted(seconds, [0.05, 0.08, 0.085, 0.086, 0.0861, 0.0862, 0.0862, 0.0862])
    assert not exhausted(seconds[:2], [0.05, 0.05])


def test_the_word_is_that_of_the_weakest() -> None:
    assert said(FINE).word == "very good"
    for name, worse in {"likeness": 0.5, "mouth": 0.85, "sharpness": 0.7, "flicker": 1.5, "light": 0.15, "detail": 0.82}.items():
        found = said(FINE | {name: worse})
        assert found.word == "fair" and not found.good
        assert f"weakest: {name}" in found.sentences()[0]
    assert said(FINE | {"mouth": float("nan")}).word == "very good"


def test_more_is_never_a_worse_word() -> None:
    for name, better in (("likeness", 1), ("detail", 1), ("flicker", -1), ("light", -1)):
        levels = [level(name, value) for value in np.linspace(0, 2, 50)]
        assert sorted(levels, reverse=better < 0) == levels and {0, 3} <= set(levels)
    assert level("sharpness", 0.7) == level("sharpness", 1 / 0.7) < level("sharpness", 1.0)


def test_time_to_the_next_word_is_told() -> None:
    seconds = [30.0 * (i + 1) for i in range(6)]
    details = [0.88 - 0.06 * float(np.exp(-t / 200)) for t in seconds]
    found = verdict(FINE | {"detail": details[-1]}, limits=(), seconds=seconds, details=details, gains=[2 * d for d in details])
    assert found.word == "fair" and found.next_word == "good"
    assert found.seconds is not None and abs(found.seconds - (200 * np.log(6) - 180)) < 60
    assert "In about 3 min of training: good." in found.sentences()


def test_a_mouth_that_the_source_never_opens_so_wide_is_told(target: Target, faceset: Faceset) -> None:
    plain = limits_of(faceset, target)
    wide = replace(target, wanted_mouth=tuple(opening + 2 for opening in target.wanted_mouth))
    assert any("never opens it that wide" in words for words in limits_of(faceset, wide)) and limits_of(faceset, target) == plain


def test_faults_are_seen_in_the_figures(target: Target, faceset: Faceset) -> None:
    judge = Judge(faceset, target, held=np.arange(4, 44, 8))
    # the target's own face: no light, flicker or likeness of its own
    looks = [replace(look, draft=replace(look.draft, rgb=look.crop.rgb.astype(np.float32))) for look in target.looks]
    plain = judge([look.draft for look in looks])
    assert plain.likeness == pytest.approx(0, abs=0.05) and plain.flicker == pytest.approx(1) and plain.light == pytest.approx(0, abs=1e-3)
    soft = judge([replace(look.draft, rgb=cv2.GaussianBlur(look.draft.rgb, (0, 0), 2.5)) for look in looks])
    unsteady = judge([replace(look.draft, rgb=np.clip(look.draft.rgb + 12 * (-1) ** i, 0, 255)) for i, look in enumerate(looks)])
    shaded = judge([replace(look.draft, rgb=look.draft.rgb * shade(look.crop.size)) for look in looks])
    assert soft.sharpness < 0.7 * plain.sharpness and unsteady.flicker > 1.5 and shaded.light > 0.03


def test_training_until_it_is_good_stops_and_says_so(scene: Scene, faceset: Faceset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rounds, "_judged", lambda self: said(FINE if self.facts["rounds"] > 1 else FINE | {"detail": 0.5}))
    events: list[Event] = []
    chosen = TrainSettings(until="good", faces_per_round=16, batch=4, size=128, threads=1)
    report = learn(
        faceset, Nearest(faceset), folder=tmp_path, settings=chosen, context=Context(report=events.append), previews=tmp_path / "seen", scene=scene
    )
    assert report.rounds == 2
    first, last = History(tmp_path / "seen").rounds()
    assert (first.word, last.word) == ("rough", "very good") and last.words[1] == "All in all: very good"
    assert {"target_likeness", "target_light", "target_flicker"} <= last.figures.keys()
    assert [event.figures["good"] for event in events if event.kind == "preview"] == [0.0, 1.0]
    assert WORDS.index(last.word) > WORDS.index(first.word)


def said(figures: dict[str, float]):
    return verdict(figures, limits=(), seconds=[30.0], details=[figures["detail"]], gains=[0.05])


def shade(side: int) -> np.ndarray:
    return np.linspace(0.75, 1.2, side, dtype=np.float32)[None, :, None]
