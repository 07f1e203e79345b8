"""Shots: cuts are found, long takes are divided, every frame belongs to exactly one shot."""

from __future__ import annotations

import threading

import pytest

from understudy.errors import Interrupted
from understudy.events import Context, Event
from understudy.video.probe import probe
from understudy.video.read import frame_pts
from understudy.video.shots import find_shots


def shots_of(path, **how):
    return find_shots(path, probe(path), **{"media_id": "abc", "threshold": 3.0, "context": Context(), **how})


def test_cuts_are_found_at_their_frame(make_clip):
    path = make_clip(n=80, cuts=(30, 55), size=(160, 120))
    shots = shots_of(path)
    assert [(s.start_index, s.end_index) for s in shots] == [(0, 30), (30, 55), (55, 80)]
    pts = frame_pts(path)
    assert [s.start_pts for s in shots] == [pts[0], pts[30], pts[55]]
    assert [s.end_pts for s in shots] == [pts[30], pts[55], pts[-1] + 512]


def test_long_takes_are_divided_evenly(make_clip):
    shots = shots_of(make_clip(n=50), max_frames=20)
    assert [(s.start_index, s.end_index) for s in shots] == [(0, 16), (16, 33), (33, 50)]
    assert len({s.shot_id for s in shots}) == 3


@pytest.mark.parametrize("n", [1, 2, 3])
def test_very_short_films_are_one_shot(make_clip, n):
    shots = shots_of(make_clip(n=n))
    assert [(s.start_index, s.end_index) for s in shots] == [(0, n)]


def test_ids_follow_media_and_settings(make_clip):
    path = make_clip(n=5)
    first = shots_of(path)[0]
    assert shots_of(path)[0] == first and len(first.shot_id) == 16
    assert shots_of(path, media_id="other")[0].shot_id != first.shot_id
    assert shots_of(path, threshold=4.0)[0].shot_id != first.shot_id


def test_it_reports_and_stops_when_asked(make_clip):
    path = make_clip(n=5)
    events: list[Event] = []
    shots_of(path, context=Context(report=events.append))
    assert [e.kind for e in events if e.stage == "shots"][:1] == ["start"] and events[-1].kind == "end" and events[-1].done == 5
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        shots_of(path, context=Context(stop=stop))
