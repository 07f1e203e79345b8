"""The pictures of people that pages show, kept while they are looked at: reading them anew for each picture would read all tracks each time."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from pathlib import Path
from threading import Lock

from .. import api

_MOST = 4
"""Projects of which pictures are kept."""


class Portraits:
    """`look` reads who there is; `picture` gives pictures of what was read last, or reads anew where that was something else."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Path, tuple[str, tuple[api.ProjectPerson, ...]]] = OrderedDict()
        self._lock = Lock()

    def look(self, folder: Path) -> tuple[str, tuple[api.ProjectPerson, ...]]:
        """(stamp, people). The stamp changes with everything that changes a picture."""
        people = api.people(folder)
        stamp = sha256(repr([(person.person_id, person.track_ids) for person in people]).encode()).hexdigest()[:12]
        with self._lock:
            self._kept[folder] = (stamp, people)
            self._kept.move_to_end(folder)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return stamp, people

    def person(self, folder: Path, stamp: str, person_id: str) -> api.ProjectPerson | None:
        """The person as of `stamp`, as far as it is still so."""
        with self._lock:
            kept = self._kept.get(folder)
        people = kept[1] if kept and kept[0] == stamp else self.look(folder)[1]
        return next((person for person in people if person.person_id == person_id), None)

    def drop(self, folder: Path) -> None:
        """Let go of a project's pictures."""
        with self._lock:
            self._kept.pop(folder, None)
