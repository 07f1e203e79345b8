"""The actors that ship with the repository, followed and cut for tests."""

from __future__ import annotations

from pathlib import Path

from understudy.config import FacesetSettings, FaceSettings
from understudy.events import Context, Meter
from understudy.faces.people import find_people
from understudy.faces.track import track_shot
from understudy.faceset.extract import build_faceset
from understudy.swap.drive import performance_of
from understudy.types import Faceset, Performance, Permit, Shot, Track
from understudy.video.probe import probe

ACTORS = Path(__file__).parents[1] / "assets" / "actors"
FACE = Permit("record-1", "0" * 64, "Actor A", "face", frozenset({"train", "render", "publish"}), "tests", None, person_exists=False)
PERFORMER = Permit("record-2", "0" * 64, "Actor B", "performer", frozenset({"train", "render", "publish"}), "tests", None, person_exists=False)


def clip(name: str) -> Path:
    """`A_eval` -> the path of that actor's clip."""
    return ACTORS / f"synthetic_actor_{name}.mp4"


def followed(name: str, n: int) -> Track:
    """The one face of a clip's first n frames."""
    context = Context()
    with Meter(context, "extract", name, n) as meter:
        (track,) = track_shot(
            clip(name),
            probe(clip(name)),
            shot=Shot(name, f"{name}-shot", 0, n, 0, n),
            media_id=name,
            settings=FaceSettings(),
            context=context,
            meter=meter,
        )
    return track


def faceset_of(name: str, n: int, folder: Path, *, size: int) -> Faceset:
    """The set of a clip's first n frames."""
    tracks = [followed(name, n)]
    (identity,) = find_people(tracks)
    settings = FacesetSettings(size=size)
    return build_faceset(clip(name), probe(clip(name)), tracks=tracks, identity=identity, folder=folder, settings=settings, context=Context())[0]


def performance_from(name: str, n: int, *, size: int) -> Performance:
    """The performance of a clip's first n frames."""
    return performance_of(followed(name, n), size=size)
