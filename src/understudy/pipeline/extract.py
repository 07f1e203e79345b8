"""STEPS 1 to 3 over a project: cuts, faces, the person meant, and the source's pictures. Each part is done once and found again by its key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import FaceError
from ..events import Event, Meter
from ..faces.choose import called, choose_person
from ..faces.sheet import people_sheet
from ..faces.track import watch_shot
from ..faces.trackfile import TrackHead, load_heads, load_tracks, save_tracks
from ..faceset.extract import build_faceset, load_faceset
from ..faceset.trash import KINDS, Standing, standing
from ..project import Project
from ..run.local import pending
from ..run.stage import Unit, stage_key
from ..store import Store
from ..types import Faceset, Identity, Shot, Track
from ..video.shots import find_shots
from ..weights.registry import weight
from .admit import admit
from .decisions import numbers_of, people_among
from .job import Job
from .media import Footage

NETWORKS = ("yunet", "landmarker", "multiclass", "sface")
"""Those whose work the tracks are."""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """The one person meant in one video: who, and where."""

    shots: list[Shot]
    own_tracks: list[Track]
    """The person's tracks, shot by shot. Nobody else's are held: a film has many."""
    identity: Identity
    everybody: list[Identity]
    key: str
    """Names the choice and everything that it rests on."""

    heads: list[TrackHead]
    """Everybody's tracks, as far as they tell who it is."""
    files: list[Path]
    """Of all tracks, one for each shot."""

    def tracks_of(self, who: Identity) -> list[Track]:
        """Anybody's of the video; those of others are read from their files."""
        if who.identity_id == self.identity.identity_id:
            return self.own_tracks
        return [track for file in self.files for track in load_tracks(file, only=who.track_ids)]

    def tracks_in(self, shot: Shot) -> list[Track]:
        """Everybody's in one shot, read from its file."""
        return load_tracks(self.files[self.shots.index(shot)])


def shots_key(job: Job, sha256: str) -> str:
    """What the cutting of a file depends on: its content and the setting."""
    return stage_key("shots", sha256, job.settings.video.shot_threshold)


def cut(job: Job, footage: Footage) -> list[Shot]:
    """The shots of a video, found once."""
    key, store = shots_key(job, footage.sha256), job.project.store

    def work() -> dict[str, Any]:
        threshold = job.settings.video.shot_threshold
        shots = find_shots(footage.path, footage.info, media_id=footage.media_id, threshold=threshold, context=job.context)
        store.put_shots(footage.media_id, key, shots)
        return {"shots": len(shots)}

    job.run("shots", [Unit(key, footage.path.name, store.path, work)])
    return store.shots(footage.media_id, key)


def tracks_key(job: Job) -> str:
    """What the tracks of any shot depend on, the shot apart: settings and networks."""
    return stage_key("tracks", job.settings.faces.model_dump(), [weight(name).sha256 for name in NETWORKS])


def track_files(job: Job, shots: list[Shot]) -> list[Path]:
    key = tracks_key(job)
    return [job.project.tracks_file(shot.media_id, shot.shot_id, key) for shot in shots]


def follow(job: Job, footage: Footage, shots: list[Shot]) -> list[TrackHead]:
    """Every face of every shot; a shot that was followed before is read from its file. Of faces that no mesh fits a note is given."""
    files = track_files(job, shots)
    meter = Meter(job.context, "extract", f"following the faces in {footage.path.name}")

    def unit(shot: Shot, file: Path) -> Unit:
        def work() -> dict[str, Any]:
            tracks, sightings = watch_shot(
                footage.path, footage.info, shot=shot, media_id=footage.media_id, settings=job.settings.faces, context=job.context, meter=meter
            )
            save_tracks(tracks, file, sightings=sightings)
            return {"tracks": len(tracks), "frames": shot.end_index - shot.start_index, "sightings": len(sightings)}

        return Unit(stage_key(tracks_key(job), shot.shot_id), f"{footage.path.name}, frames {shot.start_index} to {shot.end_index - 1}", file, work)

    units = [unit(shot, file) for shot, file in zip(shots, files, strict=True)]
    left = {u.key for u in pending(units, job.project.store)}
    if not left:
        job.run("extract", units)
    else:
        meter.total = sum(shot.end_index - shot.start_index for shot, u in zip(shots, units, strict=True) if u.key in left)
        with meter:
            rows = job.run("extract", units)
        _tell_of_sightings(job, footage, sum(row.report.get("sightings", 0) for row in rows))
    return [head for file in files for head in load_heads(file)]


def _tell_of_sightings(job: Job, footage: Footage, n: int) -> None:
    if n:
        faces = "one face is" if n == 1 else f"{n} faces are"
        why = "too much from the side, too small or too dark to be followed; nothing is changed in them"
        job.context.report(Event("extract", "note", f"{footage.path.name}: {faces} seen {why}"))


def who_is_meant(job: Job, footage: Footage, tracks: Sequence[Track | TrackHead], *, shots: list[Shot]) -> tuple[Identity, list[Identity], str]:
    """Which of the people is meant, everybody, and the key of the choice. The sheet of the people is written in any case.

    Raises NoFace, PersonAbsent, SeveralPeople.
    """
    store = job.project.store
    people = people_among(store, tracks)
    rests_on = [tracks_key(job), [shot.shot_id for shot in shots]]
    key = stage_key("people", rests_on, [[person.name, person.track_ids] for person in people])
    sheet = job.project.people_sheet(footage.media_id, key)

    def work() -> dict[str, Any]:
        people_sheet(sheet, identities=people, tracks=tracks, frame_rate=footage.info.frame_rate)
        return {"people": {person.identity_id: person.n_frames for person in people}}

    if people:
        job.run("extract", [Unit(key, f"people in {footage.path.name}", sheet, work)])
    named = named_face(job.project, footage)
    numbers = {f"person-{number}": identity_id for identity_id, number in numbers_of(store, people, tracks).items()}
    try:
        person = choose_person(people, tracks, face=named, sheet=sheet, frame_rate=footage.info.frame_rate, also=numbers)
    except FaceError as error:
        # said of the video by its name and role, with the flag that belongs to it
        flag = "--source-face" if footage.row.role == "source" else "--face"
        why = f"The {footage.row.role} is {footage.path.name}. {error.why}".strip()
        raise type(error)(error.what, why=why, remedy=error.remedy.replace("--face", flag)) from None
    return person, people, stage_key("person", rests_on, person.track_ids)


def named_face(project: Project, footage: Footage) -> str | None:
    """Who was asked for in a video: a name, a number, or the path of a picture; None where nobody was."""
    face = footage.row.face
    picture = project.absolute(face) if face else None
    return str(picture) if picture and picture.is_file() else face


def find_person(job: Job, footage: Footage, *, alone: bool = True) -> Person:
    """Cuts, faces and the person meant, of one video; before anything is made from it, the refusal check. `alone`: nobody else is meant, too."""
    shots = cut(job, footage)
    admit(job, footage)
    heads = follow(job, footage, shots)
    identity, everybody, key = who_is_meant(job, footage, heads, shots=shots)
    files = track_files(job, shots)
    own = [track for file in files for track in load_tracks(file, only=identity.track_ids)]
    person = Person(shots, own, identity, everybody, key, heads, files)
    if alone:
        _tell_of_others(job, footage, person)
    return person


def _tell_of_others(job: Job, footage: Footage, person: Person) -> None:
    """Nobody has said that the others agreed: nothing is learnt from their faces, and nothing is changed in them."""
    others = [who for who in person.everybody if who.identity_id != person.identity.identity_id]
    if others:
        names = ", ".join(f"{called(who)} ({who.n_frames} frames)" for who in others)
        what = "nothing is taken from their faces" if footage.row.role == "source" else "their faces stay as they are"
        whom = called(person.identity)
        job.context.report(Event("extract", "note", f"{footage.path.name}: {whom} is meant; also seen, and skipped: {names}; {what}"))


def faceset_key(job: Job, person: Person) -> str:
    """What the set rests on; the user's word about single faces is in it, so that training sees it."""
    return set_key(job, person.key, spoken(job.project.store, person.own_tracks))


def set_key(job: Job, person_key: str, standing: Standing) -> str:
    return stage_key("faceset", person_key, job.settings.faceset.model_dump(), *standing.as_parts())


def spoken(store: Store, tracks: Sequence[Track | TrackHead]) -> Standing:
    """What the user said about single faces of these tracks."""
    return standing([(decision.kind, decision.body) for decision in store.decisions(*KINDS)], tracks)


def collect(job: Job, footage: Footage, person: Person) -> Faceset:
    """The source's face pictures. Raises TooFewFaces."""
    key = faceset_key(job, person)
    folder = job.project.faceset_folder(key)

    def work() -> dict[str, Any]:
        faceset, left_out = build_faceset(
            footage.path,
            footage.info,
            tracks=person.own_tracks,
            identity=person.identity,
            others=sum(who.n_frames for who in person.everybody if who.identity_id != person.identity.identity_id),
            folder=folder,
            settings=job.settings.faceset,
            context=job.context,
            standing=spoken(job.project.store, person.own_tracks),
        )
        return {"faces": len(faceset), "size": faceset.size, "left_out": left_out}

    job.run("faceset", [Unit(key, footage.path.name, folder / "report.json", work)])
    return load_faceset(folder)
