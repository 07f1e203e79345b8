"""Who is meant by somebody to be forgotten, and in which of the project's videos that person is seen.

In the person's own video (the source, or the target) whoever is meant there is the person. In every other video a face is the person's where the
grouping into people says so, with the user's own word about who is who. Whoever is meant in that other video, and is not the same by that grouping,
is somebody else, however alike. Faces of people whom nobody knows count from a lower likeness on: what is removed of them is a cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ConsentError, FaceError, ProjectBroken, UsageError
from ..faces.choose import choose_person
from ..faces.people import SAME_PERSON
from ..faces.trackfile import TrackHead, load_heads
from ..project import Project
from ..provenance.consent import load_record
from ..provenance.consent_record import ConsentRecord
from ..store import MediaRow
from ..types import F32, Role
from .decisions import numbers_of, people_among

MAYBE_SAME = 0.45
"""Likeness (cosine) from which a face of somebody unknown counts as the person's."""
_ROLES: dict[str, Role] = {"face": "source", "performer": "target"}


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Somebody to be forgotten."""

    roles: tuple[Role, ...]
    media: tuple[MediaRow, ...]
    """The person's own videos."""
    records: tuple[tuple[Path, ConsentRecord], ...]
    embeddings: F32
    """(N, 128): of every face of these videos, whoever it is."""

    @property
    def names(self) -> set[str]:
        return {record.subject for _, record in self.records}

    @property
    def record_ids(self) -> list[str]:
        return sorted(record.record_id for _, record in self.records)


def find(project: Project, person: str) -> Person:
    """Whom `person` means: source, target, the name on a consent record, or its number. Raises UsageError where that is nobody."""
    wanted = person.strip().casefold()
    found: list[tuple[Path, ConsentRecord]] = []
    roles: set[Role] = {role for role in ("source", "target") if role == wanted}
    kept = [(role, project.absolute(path)) for role in _ROLES for path in project.store.consents(role)]
    for role, path in kept:
        try:
            record = load_record(path)
        except ConsentError:
            continue
        if wanted in (_ROLES[role], record.subject.casefold(), record.record_id):
            found.append((path, record))
            roles.add(_ROLES[role])
    if not roles:
        raise UsageError(
            f"'{person}' is nobody in the project {project.folder.name}.",
            remedy="say source or target, or the name or number on the person's consent record",
        )
    media = tuple(row for row in project.store.media() if row.role in roles)
    own = [head.embedding for row in media for file in (project.folder / "faces" / row.media_id).glob("*.npz") for head in _heads(file) or ()]
    return Person(tuple(sorted(roles)), media, tuple(found), np.array(own, np.float32).reshape(len(own), -1 if own else 0))


def seen_in(project: Project, who: Person) -> set[str]:
    """`media_id` of every video in which the person is seen: the person's own, and any other with the person's face in it. A file of faces that
    cannot be read counts as if it held the person's."""
    found = {row.media_id for row in who.media}
    looks = [_Look(project, who, files) for files in _by_settings(project)]
    faces = [head.embedding for look in looks for head in look.own]
    mean = np.mean(faces, axis=0) if faces else None
    for look in looks:
        found |= look.unreadable
        if mean is not None:
            found |= look.media_of_the_person(np.stack(faces), np.asarray(mean / np.linalg.norm(mean), np.float32))
    return found


def _heads(file: Path) -> list[TrackHead] | None:
    try:
        return load_heads(file)
    except ProjectBroken:
        return None


def _by_settings(project: Project) -> Iterator[list[Path]]:
    """The files of faces, those that were made under the same settings together: each face is in them once."""
    made: dict[str, list[Path]] = {}
    for file in sorted((project.folder / "faces").glob("*/*.npz")):
        made.setdefault(file.stem.rpartition("-")[2], []).append(file)
    yield from made.values()


class _Look:
    """What the files of one setting say about who is seen where."""

    def __init__(self, project: Project, who: Person, files: list[Path]) -> None:
        read = [(file.parent.name, _heads(file)) for file in files]
        self.unreadable = {media_id for media_id, heads in read if heads is None}
        self.heads = [head for _, heads in read for head in heads or ()]
        self.people = people_among(project.store, self.heads)
        rows, mine = {row.media_id: row for row in project.store.media()}, {row.media_id for row in who.media}
        self.own: list[TrackHead] = []
        known: set[str] = set()
        """Faces of those who are meant in the other videos."""
        for media_id in {head.media_id for head in self.heads}:
            meant = _meant(project, rows.get(media_id), [head for head in self.heads if head.media_id == media_id], everybody=media_id in mine)
            if media_id in mine:
                self.own += meant
            else:
                known |= {head.track_id for head in meant}
        self._known = known

    def media_of_the_person(self, faces: F32, mean: F32) -> set[str]:
        """`faces` (N, 128) and `mean` (128,): of the person, over all settings."""
        own, found = {head.track_id for head in self.own}, set[str]()
        for somebody in self.people:
            tracks = [head for head in self.heads if head.track_id in somebody.track_ids]
            ids = {head.track_id for head in tracks}
            if ids & own or float(somebody.embedding @ mean) >= SAME_PERSON:
                found |= {head.media_id for head in tracks}
            elif not ids & self._known:
                found |= {head.media_id for head in tracks if float((faces @ head.embedding).max()) > MAYBE_SAME}
        return found


def _meant(project: Project, row: MediaRow | None, heads: list[TrackHead], *, everybody: bool) -> list[TrackHead]:
    """The faces of whoever is meant in a video. Where that cannot be told: with `everybody` all of them, else none."""
    people = people_among(project.store, heads)
    numbers = {f"person-{number}": identity_id for identity_id, number in numbers_of(project.store, people, heads).items()}
    face = row.face if row is not None else None
    if face is not None and (picture := project.absolute(face)).is_file():
        face = str(picture)
    try:
        person = choose_person(people, heads, face=face, sheet=project.folder, also=numbers)
    except FaceError:
        return heads if everybody else []
    return [head for head in heads if head.track_id in person.track_ids]
