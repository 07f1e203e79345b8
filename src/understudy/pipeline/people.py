"""Everybody who is seen in a project's videos, and the user's decisions about who is who. What was found is read; only `find_everybody` looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import FaceError, UsageError
from ..events import Context
from ..faces.choose import choose_person
from ..faces.sheet import contact_sheet, encoded, plain, portraits
from ..faces.trackfile import TrackHead, load_heads
from ..project import Project
from ..types import Identity, Role
from ..video.index import frame_index
from .admit import admit
from .decisions import KINDS, anchors_of, numbers_of, people_among
from .extract import cut, follow, named_face, shots_key, track_files
from .job import Job
from .media import Footage, ask_for, footage, footages

SHEET_FACES = 32
_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class PersonTrack:
    """One person through one shot."""

    track_id: str
    media_id: str
    shot_id: str
    start_s: float
    end_s: float
    frames: int
    picture: bytes
    """JPEG of 128 px; empty where no frame was good enough."""


@dataclass(frozen=True, slots=True)
class PersonMedia:
    """One person in one video."""

    media_id: str
    video: str
    role: Role
    face: str
    """`p1` …: what `--face` calls the person in this video."""
    frames: int
    seconds: float
    meant: bool
    """Whether this is who lends the face (source) or is replaced (target), by the user's word or because the person is clearly the main one."""


@dataclass(frozen=True, slots=True)
class ProjectPerson:
    """One person over the whole project."""

    person_id: str
    """`person-1` …: stays the same when videos are added."""
    name: str | None
    media: tuple[PersonMedia, ...]
    tracks: tuple[PersonTrack, ...]
    """By video and time."""
    frames: int
    seconds: float
    picture: bytes
    """JPEG of 128 px."""
    pictures: tuple[bytes, ...]
    """Up to 32, from as many tracks as there are."""

    @property
    def track_ids(self) -> tuple[str, ...]:
        return tuple(track.track_id for track in self.tracks)

    @property
    def title(self) -> str:
        """The name, else the number."""
        return self.name or self.person_id

    def sheet(self) -> bytes:
        """The contact sheet: a JPEG of up to 32 faces under the name and the time on screen."""
        pieces = f"{len(self.tracks)} piece{'s' if len(self.tracks) > 1 else ''}"
        return encoded(contact_sheet(self.pictures, f"{plain(self.title)}   {self.seconds:.1f} s in {pieces}"))


def list_people(project: Project) -> tuple[ProjectPerson, ...]:
    """Everybody found so far, by number. Videos (or shots) that were not followed yet are left out."""
    return tuple(_Everybody(project).people())


def find_everybody(job: Job) -> None:
    """Find cuts and follow every face in all videos, without deciding who is meant. Raises what extraction raises."""
    for video in footages(job.project):
        shots = cut(job, video)
        admit(job, video)
        follow(job, video, shots)


def choose_for(project: Project, role: Role, person: str) -> ProjectPerson:
    """Say who lends the face (source) or is replaced (target). Kept by the person's number, which outlives another run. Raises UsageError."""
    everybody = _Everybody(project)
    chosen = everybody.made_of(everybody.find(person))
    if not any(part.role == role for part in chosen.media):
        raise UsageError(f"{chosen.title} is not seen in the {role}.", remedy="choose somebody who is: understudy people PROJECT")
    ask_for(project, footage(project, role), chosen.person_id)
    return _Everybody(project).person_of(chosen.track_ids)


def name_person(project: Project, person: str, name: str) -> ProjectPerson:
    """Call a person by a name (empty: by none again). Raises UsageError."""
    name = " ".join(name.split())
    everybody = _Everybody(project)
    identity = everybody.find(person)
    other = next((who for who in everybody.identities if who.name and who.name.lower() == name.lower() and who is not identity), None)
    if other is not None:
        raise UsageError(f"Somebody else is called {other.name} already.", remedy="choose another name, or merge the two if they are the same person")
    if len(name) > _NAME_LENGTH or _is_number(name):
        raise UsageError(f"'{name}' cannot be a name.", remedy=f"use at most {_NAME_LENGTH} characters, and not p1 or person-1")
    project.store.decide("name", {"who": everybody.anchors(identity.track_ids), "name": name})
    return _Everybody(project).person_of(identity.track_ids)


def merge_people(project: Project, persons: Sequence[str]) -> ProjectPerson:
    """Two or more people are one. Raises UsageError."""
    everybody = _Everybody(project)
    found = [everybody.find(person) for person in persons]
    track_ids = sorted({track_id for identity in found for track_id in identity.track_ids})
    if len({identity.identity_id for identity in found}) < 2:
        raise UsageError("Two different people are needed to make one of them.", remedy="name two people: understudy people PROJECT")
    project.store.decide("merge", {"together": everybody.anchors(track_ids)})
    return _Everybody(project).person_of(track_ids)


def split_person(project: Project, person: str, track_ids: Sequence[str]) -> ProjectPerson:
    """Some pieces of a person are somebody else: returns the new person. Raises UsageError."""
    everybody = _Everybody(project)
    identity = everybody.find(person)
    moved = [track_id for track_id in identity.track_ids if track_id in set(track_ids)]
    strange = sorted(set(track_ids) - set(moved))
    if strange or not moved or len(moved) == len(identity.track_ids):
        raise UsageError(
            f"These pieces are not {person}'s: {', '.join(strange)}." if strange else "Some of the pieces, but not all, are needed.",
            remedy="the pieces of each person are listed by: understudy people PROJECT list --tracks",
        )
    rest = [track_id for track_id in identity.track_ids if track_id not in moved]
    project.store.decide("split", {"together": everybody.anchors(moved), "apart": everybody.anchors(rest)})
    return _Everybody(project).person_of(moved)


def can_undo_people(project: Project) -> bool:
    """Whether there is a merge, split or name to take back."""
    return bool(project.store.decisions(*KINDS))


def undo_people(project: Project) -> str | None:
    """Take back the last merge, split or name; returns which it was, None where there is none."""
    undone = project.store.undo(*KINDS)
    return undone.kind if undone else None


class _Everybody:
    """All tracks found so far and the people that they make."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._videos = {video.media_id: video for video in footages(project)}
        self._frames = {video.media_id: frame_index(video.path) for video in self._videos.values()}
        job = Job(project, project.settings(), Context())
        self.heads = [head for video in self._videos.values() for head in heads_of(job, video)]
        self.identities = people_among(project.store, self.heads)
        self._numbers = numbers_of(project.store, self.identities, self.heads)
        for identity in self.identities:
            if identity.identity_id not in self._numbers:
                self._numbers[identity.identity_id] = project.store.number_person(self.anchors(identity.track_ids))
        self._faces: dict[tuple[str, str], str] = {}
        self._meant: set[tuple[str, str]] = set()
        for video in self._videos.values():
            self._look_at(video)

    def anchors(self, track_ids: Sequence[str]) -> list[list[object]]:
        return anchors_of(self.heads, track_ids)

    def find(self, person: str) -> Identity:
        """By number (`person-2`, `2`) or name."""
        word = person.strip().lower()
        for identity in self.identities:
            number = self._numbers[identity.identity_id]
            if word in (f"person-{number}", str(number), (identity.name or "").lower() or None):
                return identity
        known = ", ".join(made.title for made in self.people()) or "nobody; faces are looked for by: understudy extract"
        raise UsageError(f"There is nobody called '{person}' in the project.", why=f"Known are: {known}.", remedy="see: understudy people PROJECT")

    def people(self) -> list[ProjectPerson]:
        return [self.made_of(identity) for identity in sorted(self.identities, key=lambda who: self._numbers[who.identity_id])]

    def person_of(self, track_ids: Sequence[str]) -> ProjectPerson:
        """The person who has these tracks."""
        return self.made_of(next(identity for identity in self.identities if set(track_ids) <= set(identity.track_ids)))

    def _look_at(self, video: Footage) -> None:
        """What `--face` calls each person in a video (by the same order as `find_people` gives for one), and who is meant there."""
        heads = [head for head in self.heads if head.media_id == video.media_id]
        here = people_among(self._project.store, heads)
        owners = {local.identity_id: next(who for who in self.identities if local.track_ids[0] in who.track_ids) for local in here}
        for local in here:
            self._faces.setdefault((owners[local.identity_id].identity_id, video.media_id), local.identity_id)
        numbers = {f"person-{self._numbers[owners[local.identity_id].identity_id]}": local.identity_id for local in reversed(here)}
        try:
            chosen = choose_person(here, heads, face=named_face(self._project, video), sheet=video.path, also=numbers)
        except FaceError:
            return  # nobody, or it is not clear: extraction says so, and which ones there are
        self._meant.add((owners[chosen.identity_id].identity_id, video.media_id))

    def made_of(self, identity: Identity) -> ProjectPerson:
        own = [head for head in self.heads if head.track_id in set(identity.track_ids)]
        tracks = sorted((self._track(head) for head in own), key=lambda t: (list(self._videos).index(t.media_id), t.start_s, t.track_id))
        media = tuple(self._in_video(identity, video, own) for video in self._videos.values() if any(h.media_id == video.media_id for h in own))
        pictures = portraits(own, SHEET_FACES)
        return ProjectPerson(
            person_id=f"person-{self._numbers[identity.identity_id]}",
            name=identity.name,
            media=media,
            tracks=tuple(tracks),
            frames=sum(part.frames for part in media),
            seconds=sum(part.seconds for part in media),
            picture=pictures[0] if pictures else b"",
            pictures=tuple(pictures),
        )

    def _track(self, head: TrackHead) -> PersonTrack:
        index = self._frames[head.media_id]
        start, end = (float((index.pts[int(frame)] - index.pts[0]) * index.time_base) for frame in head.frame_index[[0, -1]])
        picture = head.portraits[0] if head.portraits else b""
        return PersonTrack(head.track_id, head.media_id, head.shot_id, round(start, 3), round(end, 3), len(head), picture)

    def _in_video(self, identity: Identity, video: Footage, own: list[TrackHead]) -> PersonMedia:
        frames = sum(len(head) for head in own if head.media_id == video.media_id)
        seconds, key = frames / float(video.info.frame_rate), (identity.identity_id, video.media_id)
        return PersonMedia(video.media_id, video.path.name, video.row.role, self._faces[key], frames, seconds, key in self._meant)


def heads_of(job: Job, video: Footage) -> list[TrackHead]:
    """The tracks of a video that were found so far."""
    shots = job.project.store.shots(video.media_id, shots_key(job, video.sha256))
    return [head for file in track_files(job, shots) if file.is_file() for head in load_heads(file)]


def _is_number(name: str) -> bool:
    tail = name.lower().removeprefix("person-").removeprefix("p")
    return tail.isdigit()
