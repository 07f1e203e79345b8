"""A list of shots as an editing program reads it: OpenTimelineIO (with one track for each layer) and a CMX 3600 edit decision list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from .timecode import timecode_of


def edl(shots: Sequence[tuple[int, int]], *, rate: Fraction, start: int, drop: bool, title: str) -> str:
    """CMX 3600 text: one event for each shot (first frame, frame after the last); `start` is the timecode's count of frame 0."""
    lines = [f"TITLE: {title}", f"FCM: {'' if drop else 'NON-'}DROP FRAME", ""]
    for number, (first, end) in enumerate(shots, start=1):
        from_to = f"{timecode_of(start + first, rate, drop=drop)} {timecode_of(start + end, rate, drop=drop)}"
        lines += [f"{number:03}  AX       V     C        {from_to} {from_to}", f"* FROM CLIP NAME: {title} SHOT {number:03}"]
    return "\n".join(lines) + "\n"


def timeline(layers: Mapping[str, str], shots: Sequence[tuple[int, int]], *, rate: Fraction, start: int, title: str) -> str:
    """OTIO's JSON. `layers`: for each track its media: `NAME.mov`, or `NAME/NAME..png` for NAME/NAME.000000.png and so on; bottom first."""
    counted = float(rate)
    first, end = shots[0][0], shots[-1][1]
    made = otio.schema.Timeline(title, global_start_time=otio.opentime.RationalTime(start + first, counted))
    for name, media in layers.items():
        track = otio.schema.Track(name, kind=otio.schema.TrackKind.Video)
        available = _range(start + first, end - first, counted)
        for number, (shot_first, shot_end) in enumerate(shots, start=1):
            reference = _media(media, first, counted, available)
            track.append(otio.schema.Clip(f"{name} shot {number:03}", reference, _range(start + shot_first, shot_end - shot_first, counted)))
        made.tracks.append(track)
    return made.to_json_string() + "\n"


def _range(first: int, length: int, rate: float) -> Any:
    return otio.opentime.TimeRange(otio.opentime.RationalTime(first, rate), otio.opentime.RationalTime(length, rate))


def _media(media: str, first: int, rate: float, available: Any) -> Any:
    if media.endswith(".mov"):
        return otio.schema.ExternalReference(media, available)
    folder, _, name = media.rpartition("/")
    prefix, _, suffix = name.rpartition(".")
    return otio.schema.ImageSequenceReference(
        f"{folder}/", prefix, f".{suffix}", first, 1, rate, 6, otio.schema.ImageSequenceReference.MissingFramePolicy.error, available
    )
