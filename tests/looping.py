"""A project with as many faces as a test needs, in the time that a short clip takes: the clip runs round and round, and so do its tracks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np

from understudy import api
from understudy.events import Context
from understudy.faces.trackfile import load_tracks, save_tracks
from understudy.pipeline.extract import cut, track_files
from understudy.pipeline.job import open_job
from understudy.pipeline.media import footage
from understudy.types import Shot, Track

ONE_SHOT = {"video.shot_threshold": 20.0}
"""The short clip is one shot."""
_PER_FRAME = ("box_xyxy", "landmarks", "presence", "pose_deg", "blendshapes", "sharpness", "vertex_rgb", "bridged", "outside", "occluded")


def looped_clip(clip: Path, path: Path, *, times: int) -> Path:
    """Write a clip `times` times one after the other, packet by packet. Returns `path`."""
    with av.open(str(clip)) as given, av.open(str(path), "w") as out:
        stream = given.streams.video[0]
        copied = out.add_stream_from_template(stream)
        packets = [packet for packet in given.demux(stream) if packet.size]
        length = max(packet.pts or 0 for packet in packets) + (packets[0].duration or 0)
        for turn in range(times):
            given.seek(0)
            for packet in given.demux(stream):
                if packet.size:
                    packet.pts, packet.dts, packet.stream = (packet.pts or 0) + turn * length, (packet.dts or 0) + turn * length, copied
                    out.mux(packet)
    return path


def looped_project(folder: Path, clip: Path, *, times: int) -> Path:
    """A new project at `folder` whose source is the clip `times` over, with every face in it followed."""
    short = api.new(folder.with_name(f"{folder.name}-once"), settings=ONE_SHOT)
    api.add(short, clip, role="source")
    api.people_find(short)
    made = api.new(folder, settings=ONE_SHOT)
    api.add(made, looped_clip(clip, folder.with_name(f"{folder.name}.mp4"), times=times), role="source")
    with open_job(short, flags={}, context=Context()) as once, open_job(made, flags={}, context=Context()) as job:
        first = footage(once.project, "source")
        shots = cut(once, first)
        ((file,), n) = track_files(once, shots), shots[-1].end_index
        tracks = load_tracks(file)
        source = footage(job.project, "source")
        parts = cut(job, source)
        for part, place in zip(parts, track_files(job, parts), strict=True):
            save_tracks([_round(track, part, times=times, n=n, number=i) for i, track in enumerate(tracks)], place)
    return made


def _round(track: Track, part: Shot, *, times: int, n: int, number: int) -> Track:
    """The frames of a shot of a track that goes round `times`, every `n` frames."""
    frames = np.concatenate([track.frame_index + turn * n for turn in range(times)]).astype(np.int32)
    inside = np.flatnonzero((frames >= part.start_index) & (frames < part.end_index))
    keys = np.concatenate([track.key_index + turn * len(track) for turn in range(times)])
    of_part = np.isin(keys, inside)
    spots = inside % len(track)
    return replace(
        track,
        track_id=f"{part.shot_id}-{number}",
        media_id=part.media_id,
        shot_id=part.shot_id,
        frame_index=frames[inside],
        key_index=(keys[of_part] - inside[0]).astype(np.int32),
        key_classes=np.tile(track.key_classes, (times, 1, 1))[of_part],
        **{name: getattr(track, name)[spots] for name in _PER_FRAME},
    )
