"""Faces that only the detector sees: gathered over a shot, kept on disk, never taken for tracks."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from actors import followed
from hypothesis import given
from hypothesis import strategies as st

from understudy.faces.sight import Sightings, between
from understudy.faces.trackfile import load_heads, load_sightings, load_tracks, save_tracks
from understudy.types import Face, Track


def face(x: float, y: float, side: float = 60.0, score: float = 0.87) -> Face:
    return Face(np.asarray([x, y, x + side, y + side], np.float32), score, np.full((5, 2), x + side / 2, np.float32))


def gathered(looks: list[tuple[int, Face]], *, tracks: list[Track], gap: int = 30):
    sightings = Sightings(gap=gap)
    for index, seen in looks:
        sightings.note(index, seen)
    return sightings.all(media_id="film", shot_id="shot", tracks=tracks)


@pytest.fixture(scope="module")
def track() -> Track:
    return followed("A_eval", 12)


def test_looks_at_one_face_are_one_sighting_and_a_single_look_is_none() -> None:
    first = [(0, face(10, 10)), (15, face(20, 12)), (30, face(28, 15))]
    other = [(0, face(300, 10)), (15, face(302, 11))]
    once = [(30, face(500, 200))]
    found = gathered(sorted(first + other + once, key=lambda look: look[0]), tracks=[])
    assert [s.frame_index.tolist() for s in found] == [[0, 15, 30], [0, 15]]
    frames, boxes = between(found[0])
    assert frames.tolist() == list(range(31)) and boxes.shape == (31, 4)
    np.testing.assert_allclose(boxes[15], found[0].box_xyxy[1])
    np.testing.assert_allclose(boxes[7, 0], 10 + 10 * 7 / 15, rtol=1e-5)


def test_a_face_that_is_away_for_long_is_another_one() -> None:
    looks = [(0, face(10, 10)), (15, face(10, 10)), (75, face(10, 10)), (90, face(10, 10))]
    assert [s.frame_index.tolist() for s in gathered(looks, tracks=[])] == [[0, 15], [75, 90]]


def test_what_is_followed_after_all_is_no_sighting(track: Track) -> None:
    box = track.box_xyxy[0]
    there = face(float(box[0]), float(box[1]), float(box[3] - box[1]))
    assert gathered([(0, there), (4, there), (8, there)], tracks=[track]) == []
    assert len(gathered([(0, there), (4, there), (8, there)], tracks=[])) == 1


@given(st.lists(st.tuples(st.integers(0, 200), st.floats(0, 2000), st.floats(10, 200)), max_size=40))
def test_every_look_is_in_one_sighting_at_most(looks: list[tuple[int, float, float]]) -> None:
    made = [(index, face(x, x / 2, side)) for index, x, side in sorted(looks)]
    found = gathered(made, tracks=[])
    assert sum(len(s) for s in found) <= len(made)
    for sighting in found:
        assert len(sighting) >= 2 and (np.diff(sighting.frame_index) > 0).all() and (np.diff(sighting.frame_index) <= 30).all()


def test_sightings_lie_beside_the_tracks_on_disk(track: Track, tmp_path: Path) -> None:
    (sighting,) = gathered([(0, face(10, 10)), (15, face(20, 12))], tracks=[])
    second = dataclasses.replace(track, track_id="another")
    save_tracks([track, second], tmp_path / "shot.npz", sightings=[sighting])
    (again,) = load_sightings(tmp_path / "shot.npz")
    np.testing.assert_array_equal(again.box_xyxy, sighting.box_xyxy)
    assert (again.media_id, again.shot_id) == ("film", "shot")
    assert [t.track_id for t in load_tracks(tmp_path / "shot.npz", only={"another"})] == ["another"]
    assert [h.track_id for h in load_heads(tmp_path / "shot.npz")] == [track.track_id, "another"]
    save_tracks([], tmp_path / "none.npz")
    assert load_sightings(tmp_path / "none.npz") == []
