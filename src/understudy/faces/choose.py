"""The one person meant in a video: named by the user, shown on a picture, or clearly the main one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from ..config import FaceSettings
from ..errors import NoFace, PersonAbsent, SeveralPeople
from ..types import F32, Identity
from .detect import Detector
from .embed import aligned, embed
from .landmark import from_box, from_mesh
from .people import Seen

_SAME_AS_PICTURE = 0.4
"""Cosine from which a single picture, whose vector is less sure than a track's, is of the person; the nearest person is taken."""
_CLEAR_SHARE = 0.6
_CLEAR_RATIO = 2.0
_LARGEST_PICTURE = 1280


def choose_person(
    identities: Sequence[Identity],
    tracks: Sequence[Seen],
    *,
    face: str | None,
    sheet: Path,
    frame_rate: Fraction | None = None,
    also: Mapping[str, str] | None = None,
) -> Identity:
    """The person meant: the one that `face` names (`p1` …, a name, or a picture file of the person), else the one who clearly dominates.

    To dominate is to have at least 60 % of the time on screen weighted by the face's area, or twice as much as the next one. Raises NoFace,
    PersonAbsent, or SeveralPeople with the list of who is there and the path of their `sheet`. `frame_rate` turns frames into seconds;
    `also`: other words for an `identity_id`, lower case.
    """
    if not identities:
        raise NoFace("No face was found in the video.", remedy="use a video in which a face is seen, at least 20 pixels high")
    listing = _listing(identities, frame_rate)
    if face is not None:
        word = face.strip().lower()
        word = (also or {}).get(word, word)
        for identity in identities:
            if word in (identity.identity_id, (identity.name or identity.identity_id).lower()):
                return identity
        if Path(face).is_file():
            return _like_picture(identities, Path(face), listing=listing, sheet=sheet)
        raise PersonAbsent(
            f"There is nobody called '{face}' in the video, and no picture file of that name.",
            why=f"Seen are: {listing}. Their pictures: {sheet}",
            remedy="name one of them with --face, for example: --face p1",
        )
    return _main_one(identities, tracks, listing=listing, sheet=sheet)


def _main_one(identities: Sequence[Identity], tracks: Sequence[Seen], *, listing: str, sheet: Path) -> Identity:
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


def _area_time(identity: Identity, tracks: Sequence[Seen]) -> float:
    boxes = np.concatenate([t.box_xyxy for t in tracks if t.track_id in identity.track_ids])
    return float((boxes[:, 2:] - boxes[:, :2]).prod(1).sum())


def _listing(identities: Sequence[Identity], frame_rate: Fraction | None) -> str:
    def time(frames: int) -> str:
        return f"{float(frames / frame_rate):.1f} seconds" if frame_rate else f"{frames} frames"

    return ", ".join(f"{called(i)} ({time(i.n_frames)})" for i in identities)


def called(identity: Identity) -> str:
    """`p1`, or `p1 Anna` where the person has a name."""
    return f"{identity.identity_id} {identity.name}" if identity.name else identity.identity_id


def _like_picture(identities: Sequence[Identity], picture: Path, *, listing: str, sheet: Path) -> Identity:
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
