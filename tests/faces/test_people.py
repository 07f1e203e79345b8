"""Who is who: what must not change the answer does not, what the user decided stays, and the actors are told apart."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from actors import followed
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.faces.anchors import Anchor, Finder, anchor_of
from understudy.faces.people import Wish, find_people
from understudy.faces.sheet import TILE, contact_sheet, portraits
from understudy.faces.trackfile import TrackHead, load_heads, save_tracks


def head(track_id: str, vector: np.ndarray, *, media: str = "m", start: int = 0, n: int = 10, px: float = 200.0) -> TrackHead:
    box = np.tile(np.asarray([10, 10, 10 + px, 10 + px], np.float32), (n, 1))
    unit = (vector / np.linalg.norm(vector)).astype(np.float32)
    return TrackHead(track_id, media, f"{media}-shot", np.arange(start, start + n, dtype=np.int32), box, unit, ())


@st.composite
def films(draw: st.DrawFn) -> list[TrackHead]:
    """Tracks of up to five people of any likeness in two videos, some of them at the same time."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    centres = rng.normal(size=(draw(st.integers(1, 5)), 6))
    noise = draw(st.floats(0.0, 1.5))
    return [
        head(
            f"t{i}",
            centres[rng.integers(len(centres))] + noise * rng.normal(size=6),
            media=f"m{rng.integers(2)}",
            start=int(rng.integers(0, 60)),
            n=int(rng.integers(3, 30)),
            px=float(rng.uniform(20, 300)),
        )
        for i in range(draw(st.integers(0, 14)))
    ]


def groups(tracks: list[TrackHead], *wishes: Wish) -> set[tuple[str, ...]]:
    return {person.track_ids for person in find_people(tracks, wishes)}


@settings(max_examples=60, deadline=None)
@given(films(), st.randoms())
def test_the_order_of_tracks_does_not_matter(tracks: list[TrackHead], random) -> None:
    shuffled = list(tracks)
    random.shuffle(shuffled)
    assert groups(shuffled) == groups(tracks)


@settings(max_examples=60, deadline=None)
@given(films())
def test_a_copy_of_a_video_changes_nobody(tracks: list[TrackHead]) -> None:
    """Nor does any other video: who is who inside one is told from it alone."""
    copies = [dataclasses.replace(t, track_id=f"copy-{t.track_id}", media_id=f"copy-{t.media_id}") for t in tracks]
    before = groups(tracks)
    after = groups([*tracks, *copies])
    for media in {t.media_id for t in tracks}:
        here = {t.track_id for t in tracks if t.media_id == media}
        assert _parts(before, here) == _parts(after, here)


def _parts(people: set[tuple[str, ...]], here: set[str]) -> set[frozenset[str]]:
    return {frozenset(here & set(group)) for group in people} - {frozenset()}


@settings(max_examples=60, deadline=None)
@given(films())
def test_two_faces_of_one_frame_are_never_one_person(tracks: list[TrackHead]) -> None:
    by_id = {t.track_id: t for t in tracks}
    for group in groups(tracks):
        seen = [(by_id[name].media_id, frame) for name in group for frame in by_id[name].frame_index.tolist()]
        assert len(seen) == len(set(seen))
    assert sorted(name for group in groups(tracks) for name in group) == sorted(by_id)


@settings(max_examples=60, deadline=None)
@given(films(), st.data())
def test_what_the_user_wants_is_so(tracks: list[TrackHead], data: st.DataObject) -> None:
    names = [t.track_id for t in tracks]
    if len(names) < 3:
        return
    merged = data.draw(st.permutations(names))[:3]
    assert any(set(merged) <= set(group) for group in groups(tracks, Wish(tuple(merged))))
    split = groups(tracks, Wish(tuple(merged)), Wish(tuple(merged[:1]), tuple(merged[1:])))
    (own,) = [group for group in split if merged[0] in group]
    assert merged[1] not in own and merged[2] not in own
    assert any(set(merged[1:]) <= set(group) for group in split), "the last word counts, and no more of it than was said"


def test_a_long_sharp_look_counts_for_more() -> None:
    rng = np.random.default_rng(4)
    person, stranger = rng.normal(size=(2, 128))
    clear = [head(f"clear{i}", person, start=100 * i, n=90) for i in range(3)]
    speck = head("speck", person + 0.9 * stranger, start=500, n=3, px=18)
    (everybody,) = find_people([*clear, speck])
    unit = person / np.linalg.norm(person)
    assert everybody.embedding @ unit > 0.995


def test_a_film_is_grouped_in_seconds() -> None:
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(12, 128))
    who = rng.integers(12, size=1500)
    tracks = [head(f"t{i:04}", centres[w] + 0.4 * rng.normal(size=128), start=20 * i) for i, w in enumerate(who)]
    people = find_people(tracks)
    assert len(people) == 12
    assert all(len({who[int(name[1:])] for name in person.track_ids}) == 1 for person in people)


def test_a_track_is_found_again_after_another_run() -> None:
    vector = np.ones(6)
    track = head("old", vector, start=10, n=20)
    anchor = Anchor.from_json(anchor_of(track).as_json())
    aside = dataclasses.replace(head("aside", vector, start=10, n=20), box_xyxy=track.box_xyxy + 400)
    again = dataclasses.replace(track, track_id="new", box_xyxy=track.box_xyxy + 8)
    assert Finder([aside, again]).find(anchor) == "new"
    assert Finder([dataclasses.replace(aside, track_id="old"), again]).find(anchor) == "new", "a number that now belongs to another face"
    assert Finder([aside]).find(anchor) is None
    assert Finder([dataclasses.replace(again, media_id="another")]).find(anchor) is None


def test_the_actors_are_told_apart_over_all_their_clips(tmp_path: Path) -> None:
    clips = {"A_train": 30, "A_eval": 30, "B_train": 30, "B_eval": 30, "C_eval": 30}
    tracks = [followed(name, n) for name, n in clips.items()]
    people = find_people(tracks)
    names = sorted(sorted(name.split("-")[0] for name in person.track_ids) for person in people)
    assert names == [["A_eval", "A_train"], ["B_eval", "B_train"], ["C_eval"]]
    save_tracks(tracks, tmp_path / "all.npz")
    heads = load_heads(tmp_path / "all.npz")
    assert [p.track_ids for p in find_people(heads)] == [p.track_ids for p in people], "from the heads alone"
    shown = portraits(heads[:2], 5)
    assert len(shown) == 5 and contact_sheet(shown, "A", columns=3).shape == (28 + 2 * TILE, 3 * TILE, 3)
    assert all(t.occluded.min() >= 0 and t.occluded.max() < 0.5 and t.outside.max() == 0 and not t.bridged.any() for t in tracks)
    assert tracks[0].portraits[0] == heads[0].portraits[0]
