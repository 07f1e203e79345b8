"""Pictures of people made from the portraits that their tracks carry: contact sheets, and one picture for a list."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

import cv2
import numpy as np

from ..files import write_bytes
from ..types import U8, Identity, Track
from .choose import called
from .trackfile import TrackHead

TILE = 128
_HEAD = 28
_GREY = 32


def portraits(tracks: Sequence[Track | TrackHead], most: int) -> list[bytes]:
    """At most `most` JPEG pictures of one person: the best of every track (long ones first), then their second best, and so on."""
    ranked = sorted(tracks, key=lambda t: (-len(t), t.track_id))
    rounds = zip_longest(*(track.portraits for track in ranked))
    return [picture for pictures in rounds for picture in pictures if picture is not None][:most]


def contact_sheet(pictures: Sequence[bytes], title: str, *, columns: int = 8) -> U8:
    """(H, W, 3): JPEG pictures of `TILE` px side by side under a line of words."""
    rows = max(1, -(-len(pictures) // columns))
    sheet = np.full((_HEAD + rows * TILE, columns * TILE, 3), _GREY, np.uint8)
    for number, picture in enumerate(pictures):
        bgr = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
        y, x = _HEAD + number // columns * TILE, number % columns * TILE
        sheet[y : y + TILE, x : x + TILE] = np.asarray(bgr)[..., ::-1]
    cv2.putText(sheet, title, (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (255, 255, 255), 1, cv2.LINE_AA)
    return sheet


def people_sheet(path: Path, *, identities: Sequence[Identity], tracks: Sequence[Track | TrackHead], frame_rate: Fraction) -> Path:
    """Write a picture (.jpg or .png) with four faces of each person, the name, and the time on screen. Returns `path`."""
    rows: list[U8] = []
    for identity in identities:
        shown = portraits([t for t in tracks if t.track_id in identity.track_ids], 4)
        rows.append(contact_sheet(shown, f"{plain(called(identity))}   {float(identity.n_frames / frame_rate):.1f} s", columns=4))
    picture = np.concatenate(rows) if rows else np.full((TILE, TILE, 3), _GREY, np.uint8)
    write_bytes(path, encoded(picture, path.suffix or ".jpg"))
    return path


def encoded(picture: U8, kind: str = ".jpg") -> bytes:
    """A picture (H, W, 3) RGB as the bytes of a JPEG or PNG file."""
    return cv2.imencode(kind, np.ascontiguousarray(picture[..., ::-1]))[1].tobytes()


def plain(text: str) -> str:
    """What the font of a drawn sheet can show."""
    return text.encode("ascii", "replace").decode("ascii")
