"""The wall of the source's faces: every face that was found of the person, kept or left out and why, and the user's word about each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from ..errors import UsageError
from ..faces.sheet import encoded
from ..faces.trackfile import TrackHead
from ..faceset.curate import candidates_of, choose
from ..faceset.extract import own_tracks
from ..faceset.sorting import keep_orders, matching, order
from ..faceset.thumbs import has_thumbs, thumb_sheet
from ..faceset.trash import KINDS, Standing, spoken_of
from ..faceset.wall import PROPERTIES, Wall, build_wall, load_wall
from ..faceset.wallplan import GREY, PER_SHEET
from ..files import write_text
from ..project import Project
from ..run.stage import stage_key
from ..store import Store
from ..video.read import read_frames
from .extract import find_person, shots_key, spoken, track_files, who_is_meant
from .job import Job
from .media import footage
from .people import heads_of


@dataclass(frozen=True, slots=True)
class WallFace:
    """One face. `number` counts from 0 in the order of time and stays the same until the video is followed anew."""

    number: int
    frame: int
    track_id: str
    kept: bool
    reason: str | None
    """Why it is left out: `thrown out` (by the user), `unsure`, `too small`, `cut off`, `covered`, `blurred`, `duplicate`, `too many`."""
    by_user: bool
    """True where the user threw it out, or wants it though the rules leave it out."""
    sheet: Path
    """JPEG of 10 x 10 thumbnails of 96 px."""
    sheet_xy: tuple[int, int]
    """Where the thumbnail begins on its sheet, in pixels."""
    values: Mapping[str, float]
    """Every name of `faceset.wall.PROPERTIES`."""


@dataclass(frozen=True, slots=True)
class FaceWall:
    """The faces that were asked for, in the order that was asked for."""

    person: str
    faces: tuple[WallFace, ...]
    total: int
    kept: int
    left_out: Mapping[str, int]
    """Of all faces, by reason. `duplicate` and `too many` are told without regard to the user's word: the set itself may differ by a few."""
    can_undo: bool
    wall: str
    """Names the pictures: another one where the video, the person or the tracking is another (see `thumbnails`)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Open:
    wall: Wall
    sheets: list[Path]
    person: str
    media_id: str
    heads: dict[str, TrackHead]
    """The person's."""
    reasons: list[str | None]
    """By the rules alone."""
    said: Standing


def make_wall(job: Job) -> None:
    """Find the source's person and make the wall, where it is not there yet. Raises what extraction raises."""
    source = footage(job.project, "source")
    person = find_person(job, source)
    folder = job.project.wall_folder(person.key)
    if not (folder / "wall.json").is_file() or not has_thumbs(folder):
        build_wall(
            source.path,
            source.info,
            tracks=person.own_tracks,
            everybody=heads_of(job, source),
            identity=person.identity,
            folder=folder,
            context=job.context,
        )
    if not _reasons_file(job, folder).is_file():
        mine = own_tracks(person.own_tracks, person.identity)
        _, reasons = choose(candidates_of(mine), settings=job.settings.faceset)
        spots = [(track.track_id, frame) for track in mine for frame in track.frame_index.tolist()]
        wall, why = load_wall(folder), dict(zip(spots, reasons, strict=True))
        by_number = [why[spot] for spot in zip(wall.track_ids, wall.frame_index.tolist(), strict=True)]
        write_text(_reasons_file(job, folder), json.dumps(by_number))
    keep_orders(load_wall(folder))


def is_made(job: Job) -> bool:
    """Whether `list_faces` can answer at once."""
    return _opened(job) is not None


def list_faces(job: Job, *, sort: str, reverse: bool, where: Sequence[str], shown: str) -> FaceWall | None:
    """The faces that fit, in order; None where the wall is not made yet. Raises UsageError for an unknown order or condition."""
    opened = _opened(job)
    if opened is None:
        return None
    wall, fits = opened.wall, matching(opened.wall, where)
    columns = [wall.values[name].tolist() for name in PROPERTIES]
    made = [_face(opened, number, dict(zip(PROPERTIES, values, strict=True))) for number, values in enumerate(zip(*columns, strict=True))]
    wanted = {"all": lambda f: True, "kept": lambda f: f.kept, "left-out": lambda f: not f.kept, "trash": lambda f: f.reason == "thrown out"}
    if shown not in wanted:
        raise UsageError(f"'{shown}' says nothing about faces.", remedy=f"choose one of: {', '.join(wanted)}")
    faces = tuple(made[number] for number in order(wall, sort, reverse=reverse).tolist() if fits[number] and wanted[shown](made[number]))
    counts: dict[str, int] = {}
    for face in made:
        if face.reason is not None:
            counts[face.reason] = counts.get(face.reason, 0) + 1
    can_undo = bool(job.project.store.decisions(*KINDS))
    return FaceWall(opened.person, faces, len(made), sum(face.kept for face in made), counts, can_undo, opened.wall.folder.name)


def thumbnails(project: Project, wall: str, numbers: Sequence[int]) -> bytes:
    """JPEG of the thumbnails of some faces, 1 to 100, in rows of ten in the order given. `wall` is `FaceWall.wall`. Raises UsageError."""
    folder = project.folder / "faceset" / wall
    if not re.fullmatch(r"wall-[0-9a-f]{16}", wall) or not has_thumbs(folder):
        raise UsageError("There is no such wall of faces any more.", remedy=f"understudy faces '{project.folder}'")
    return thumb_sheet(folder, numbers)


def picture_of(job: Job, number: int, *, size: int) -> bytes:
    """JPEG of `size` x `size`: the frame around a face, as it is in the video, the face about half as high. Raises UsageError, MediaErrors."""
    opened = _must_be_open(job)
    (number,) = _checked(opened, [number])
    track_id, index = _spot(opened, number)
    head = opened.heads[track_id]
    box = head.box_xyxy[int(np.searchsorted(head.frame_index, index))]
    source = footage(job.project, "source")
    frame = next(frame for frame in read_frames(source.path, start_index=index, end_index=index + 1, depth=8, info=source.info))
    scale = size / (2.1 * float(max(box[2:] - box[:2])))
    shift = size / 2 - scale * (box[:2] + box[2:]) / 2
    matrix = np.asarray([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    rgb = cv2.warpAffine(np.asarray(frame.rgb), matrix, (size, size), flags=flags, borderValue=(GREY, GREY, GREY))
    return encoded(np.asarray(rgb, np.uint8))


def drop_faces(job: Job, numbers: Sequence[int]) -> int:
    """Throw faces out of the set; returns how many that were not out yet."""
    opened = _must_be_open(job)
    return _say(job, opened, "drop faces", [n for n in _checked(opened, numbers) if _spot(opened, n) not in opened.said.out])


def restore_faces(job: Job, numbers: Sequence[int]) -> int:
    """Bring faces back: those thrown out are left to the rules again, those that the rules leave out are wanted. Returns how many that changed."""
    opened = _must_be_open(job)
    return _say(job, opened, "restore faces", [n for n in _checked(opened, numbers) if not _face(opened, n, {}).kept])


def undo_faces(store: Store) -> int:
    """Take back the last throwing out or bringing back; returns how many faces that was, 0 where there was none."""
    undone = store.undo(*KINDS)
    return len(undone.body["faces"]) if undone else 0


def _opened(job: Job) -> _Open | None:
    source = footage(job.project, "source")
    shots = job.project.store.shots(source.media_id, shots_key(job, source.sha256))
    if not shots or not all(file.is_file() for file in track_files(job, shots)):
        return None
    heads = heads_of(job, source)
    identity, _, key = who_is_meant(replace(job, rows=[]), source, heads, shots=shots)
    folder = job.project.wall_folder(key)
    if not (folder / "wall.json").is_file() or not has_thumbs(folder) or not _reasons_file(job, folder).is_file():
        return None
    own = [head for head in heads if head.track_id in identity.track_ids]
    reasons = json.loads(_reasons_file(job, folder).read_text(encoding="utf-8"))
    name = identity.name or identity.identity_id
    wall = load_wall(folder)
    return _Open(wall, wall.sheets(), name, source.media_id, {h.track_id: h for h in own}, reasons, spoken(job.project.store, own))


def _must_be_open(job: Job) -> _Open:
    opened = _opened(job)
    if opened is None:
        raise UsageError("The faces were not looked at yet.", remedy=f"understudy faces '{job.project.folder}'")
    return opened


def _reasons_file(job: Job, folder: Path) -> Path:
    return folder / f"reasons-{stage_key('reasons', job.settings.faceset.model_dump())[:16]}.json"


def _spot(opened: _Open, number: int) -> tuple[str, int]:
    return opened.wall.track_ids[number], int(opened.wall.frame_index[number])


def _face(opened: _Open, number: int, values: Mapping[str, float]) -> WallFace:
    track_id, frame = _spot(opened, number)
    out, wanted = (track_id, frame) in opened.said.out, (track_id, frame) in opened.said.wanted
    reason = "thrown out" if out else None if wanted else opened.reasons[number]
    by_user = out or (wanted and opened.reasons[number] is not None)
    return WallFace(number, frame, track_id, reason is None, reason, by_user, opened.sheets[number // PER_SHEET], Wall.place(number), values)


def _checked(opened: _Open, numbers: Sequence[int]) -> list[int]:
    strange = [n for n in numbers if not 0 <= n < len(opened.wall)]
    if strange or not numbers:
        raise UsageError(
            f"There is no face {strange[0]}." if strange else "No face was named.", remedy=f"faces have the numbers 0 to {len(opened.wall) - 1}"
        )
    return sorted(set(numbers))


def _say(job: Job, opened: _Open, kind: str, numbers: Sequence[int]) -> int:
    frames: dict[str, list[int]] = {}
    for number in numbers:
        track_id, frame = _spot(opened, number)
        frames.setdefault(track_id, []).append(frame)
    faces = [spoken for track_id, at in frames.items() for spoken in spoken_of(opened.heads[track_id], np.asarray(at))]
    if faces:
        job.project.store.decide(kind, {"media": opened.media_id, "faces": faces})
    return len(faces)
