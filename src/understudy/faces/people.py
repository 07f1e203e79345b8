"""Who is who: tracks become identities, and the one person meant is chosen."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from ..config import FaceSettings
from ..errors import NoFace, PersonAbsent, SeveralPeople
from ..files import translate, whole_file
from ..types import F32, U8, Identity, Track, VideoInfo
from ..video.read import read_frames
from .align import crop_matrices, take_crop
from .detect import Detector
from .embed import aligned, embed
from .landmark import from_box, from_mesh

SAME_PERSON = 0.55
"""Cosine of two groups' mean vectors from which they are one person. Above SFace's published 0.363: hard pairs of strangers reach more."""
_SAME_AS_PICTURE = 0.4
"""The same for a single picture, whose vector is less sure; the nearest person is taken."""
_CLEAR_SHARE = 0.6
_CLEAR_RATIO = 2.0
_TILE = 192
_LARGEST_PICTURE = 1280


def find_people(tracks: list[Track]) -> list[Identity]:
    """Group the tracks of one or several videos into people, most time on screen first: `p1`, `p2` …

    Agglomerative clustering of the tracks' mean embeddings, weighted by their length; two faces seen in one frame of one video are never one person.
    """
    groups = [[i] for i in range(len(tracks))]
    frames = [{(t.media_id, index) for index in t.frame_index.tolist()} for t in tracks]
    while True:
        best = _nearest(groups, tracks, frames)
        if best is None:
            break
        a, b = best
        groups[a] += groups.pop(b)
        frames[a] |= frames.pop(b)
    order = sorted(groups, key=lambda group: (-sum(len(tracks[i]) for i in group), min(tracks[i].track_id for i in group)))
    return [
        Identity(
            identity_id=f"p{number}",
            track_ids=tuple(sorted(tracks[i].track_id for i in group)),
            embedding=_mean(group, tracks),
            n_frames=sum(len(tracks[i]) for i in group),
        )
        for number, group in enumerate(order, start=1)
    ]


def _nearest(groups: list[list[int]], tracks: list[Track], frames: list[set[tuple[str, int]]]) -> tuple[int, int] | None:
    """The two groups that are most alike and may be one person, or None."""
    if len(groups) < 2:
        return None
    means = np.stack([_mean(group, tracks) for group in groups])
    alike = means @ means.T
    for a in range(len(groups)):
        alike[a, : a + 1] = -1
        for b in range(a + 1, len(groups)):
            if alike[a, b] >= SAME_PERSON and not frames[a].isdisjoint(frames[b]):
                alike[a, b] = -1
    a, b = np.unravel_index(int(alike.argmax()), alike.shape)
    return (int(a), int(b)) if alike[a, b] >= SAME_PERSON else None


def _mean(group: list[int], tracks: list[Track]) -> F32:
    total = np.sum([tracks[i].embedding * np.sqrt(len(tracks[i])) for i in group], axis=0)
    return (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)


def choose_person(identities: list[Identity], tracks: list[Track], *, face: str | None, sheet: Path, frame_rate: Fraction | None = None) -> Identity:
    """The person meant: the one that `face` names (`p1` … or a picture file of the person), else the one who clearly dominates.

    To dominate is to have at least 60 % of the time on screen weighted by the face's area, or twice as much as the next one. Raises NoFace,
    PersonAbsent, or SeveralPeople with the list of who is there and the path of their `sheet`. `frame_rate` turns frames into seconds.
    """
    if not identities:
        raise NoFace("No face was found in the video.", remedy="use a video in which a face is seen, at least 20 pixels high")
    listing = _listing(identities, frame_rate)
    if face is not None:
        named = {i.identity_id: i for i in identities}.get(face.strip().lower())
        if named is not None:
            return named
        if Path(face).is_file():
            return _like_picture(identities, Path(face), listing=listing, sheet=sheet)
        raise PersonAbsent(
            f"There is nobody called '{face}' in the video, and no picture file of that name.",
            why=f"Seen are: {listing}. Their pictures: {sheet}",
            remedy="name one of them with --face, for example: --face p1",
        )
    weight = {i.identity_id: _area_time(i, tracks) for i in identities}
    ranked = sorted(identities, key=lambda i: -weight[i.identity_id])
    first = weight[ranked[0].identity_id]
    second = weight[ranked[1].identity_id] if len(ranked) > 1 else 0.0
    if first >= _CLEAR_SHARE * sum(weight.values()) or first >= _CLEAR_RATIO * second:
        return ranked[0]
    raise SeveralPeople(
        "Several people are seen in the video, and none is clearly the main one.",
        why=f"Seen are: {listing}. Their pictures: {sheet}",
        remedy="say which one is meant, for example: --face p1 (or a picture file of the person)",
    )


def _area_time(identity: Identity, tracks: list[Track]) -> float:
    boxes = np.concatenate([t.box_xyxy for t in tracks if t.track_id in identity.track_ids])
    return float((boxes[:, 2:] - boxes[:, :2]).prod(1).sum())


def _listing(identities: list[Identity], frame_rate: Fraction | None) -> str:
    def time(frames: int) -> str:
        return f"{float(frames / frame_rate):.1f} seconds" if frame_rate else f"{frames} frames"

    return ", ".join(f"{i.identity_id} ({time(i.n_frames)})" for i in identities)


def _like_picture(identities: list[Identity], picture: Path, *, listing: str, sheet: Path) -> Identity:
    vector = embed_picture(picture)
    best = max(identities, key=lambda i: float(i.embedding @ vector))
    if float(best.embedding @ vector) < _SAME_AS_PICTURE:
        raise PersonAbsent(
            f"The person on {picture.name} is not in the video.",
            why=f"Seen are: {listing}. Their pictures: {sheet}",
            remedy="name the person with --face, for example: --face p1",
        )
    return best


def embed_picture(picture: Path) -> F32:
    """(128,) of the largest face on a picture file. Raises PersonAbsent where there is none, or where it is no picture."""
    bgr = cv2.imdecode(np.frombuffer(picture.read_bytes(), np.uint8), cv2.IMREAD_COLOR) if picture.stat().st_size else None
    if bgr is None:
        raise PersonAbsent(f"{picture.name} is not a picture that can be read.", remedy="give a JPEG or PNG of the person, or a name such as p1")
    scale = min(1.0, _LARGEST_PICTURE / max(bgr.shape[:2]))
    rgb = np.ascontiguousarray(cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[..., ::-1], np.uint8)
    found = Detector(FaceSettings()).find(rgb, rotations=True)
    if not found:
        raise PersonAbsent(f"No face was found on {picture.name}.", remedy="give a picture on which the face is large and sharp")
    mesh = from_mesh(rgb, from_box(rgb, found[0]).landmarks).landmarks
    return embed([aligned(rgb, mesh)])


def people_sheet(path: Path, *, video: Path, info: VideoInfo, identities: list[Identity], tracks: list[Track]) -> Path:
    """Write a picture (.jpg or .png) with four faces of each person, the name, and the time on screen. Returns `path`."""
    rows = [_row(identity, tracks, video=video, info=info) for identity in identities]
    picture = np.concatenate(rows) if rows else np.full((_TILE, _TILE, 3), 32, np.uint8)
    encoded = cv2.imencode(path.suffix or ".jpg", np.ascontiguousarray(picture[..., ::-1]))[1]
    try:
        with whole_file(path) as part:
            part.write_bytes(encoded.tobytes())
    except OSError as error:
        raise translate(error, path) from error
    return path


def _row(identity: Identity, tracks: list[Track], *, video: Path, info: VideoInfo) -> U8:
    mine = [t for t in tracks if t.track_id in identity.track_ids]
    index = np.concatenate([t.frame_index for t in mine])
    meshes = np.concatenate([t.landmarks for t in mine])
    quality = np.concatenate([t.presence * np.cos(np.radians(t.pose_deg[:, 0])) * t.sharpness for t in mine])
    order = np.argsort(index, kind="stable")
    row = np.full((_TILE + 28, 4 * _TILE, 3), 32, np.uint8)
    for column, part in enumerate(np.array_split(order, min(4, len(order)))):
        best = int(part[quality[part].argmax()])
        for frame in read_frames(video, want="rgb", start_index=int(index[best]), end_index=int(index[best]) + 1, depth=8, info=info):
            if frame.rgb is not None:
                crop = take_crop(frame.rgb, crop_matrices(meshes[best], size=_TILE), size=_TILE)
                row[28:, column * _TILE : (column + 1) * _TILE] = crop.rgb
    text = f"{identity.identity_id}   {float(identity.n_frames / info.frame_rate):.1f} s"
    cv2.putText(row, text, (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1, cv2.LINE_AA)
    return row
