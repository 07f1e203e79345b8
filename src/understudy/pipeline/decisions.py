"""What the user decided about people (merge, split, name), brought to bear on the tracks that there are now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..faces.anchors import Finder, anchor_of
from ..faces.people import Seen, Wish, find_people
from ..store import Store
from ..types import Identity

KINDS = ("merge", "split", "name")


def people_among(store: Store, tracks: Sequence[Seen]) -> list[Identity]:
    """The people of these tracks, as the user wants them told apart and called."""
    finder = Finder(tracks)
    wishes: list[Wish] = []
    for decision in store.decisions("merge", "split"):
        body = decision.body
        wishes.append(Wish(finder.find_all(body["together"]), finder.find_all(body.get("apart", ()))))
    people = find_people(tracks, wishes)
    names: dict[str, str] = {}
    for decision in store.decisions("name"):
        owner = _owner(people, finder.find_all(decision.body["who"]))
        if owner is not None:
            names[owner] = decision.body["name"]
    return [replace(person, name=names.get(person.identity_id) or None) for person in people]


def numbers_of(store: Store, people: Sequence[Identity], tracks: Sequence[Seen]) -> dict[str, int]:
    """`identity_id` -> the number that the person got in this project, for those who have one."""
    finder = Finder(tracks)
    numbers: dict[str, int] = {}
    for number, anchors in store.people().items():
        owner = _owner(people, finder.find_all(anchors))
        if owner is not None:
            numbers.setdefault(owner, number)
    return numbers


def anchors_of(tracks: Sequence[Seen], track_ids: Sequence[str]) -> list[list[Any]]:
    """How these tracks are kept in the database."""
    return [anchor_of(track).as_json() for track in tracks if track.track_id in set(track_ids)]


def _owner(people: Sequence[Identity], track_ids: Sequence[str]) -> str | None:
    """Who has most of these tracks; None where nobody has any."""
    owners = {track_id: person.identity_id for person in people for track_id in person.track_ids}
    counts = Counter(owners[track_id] for track_id in track_ids)
    return min(counts, key=lambda who: (-counts[who], who), default=None)
