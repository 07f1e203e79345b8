"""A project with as many faces as a test needs, in the time of a short clip: the clip runs round and round, and so do its tracks and its wall."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np

from understudy import api
from understudy.events import Context
from understudy.faces.trackfile import load_tracks, save_tracks
from understudy.faceset.sorting import keep_orders
from understudy.faceset.thumbs import ENDS, PICTURES
from understudy.faceset.wall import load_wall
from understudy.pipeline.extract import cut, shots_key, track_files, tracks_key, who_is_meant
from understudy.pipeline.job import Job, open_job
from understudy.pipeline.media import Footage, footage
from understudy.pipeline.people import heads_of
from understudy.run.stage import Unit, stage_key
from understudy.types import Shot, Track
from understudy.video.index import frame_index

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


def looped_project(folder: Path, clip: Path, *, times: int, wall: bool = False) -> Path:
    """A new project at `folder` whose source is the clip `times` over, with every face in it followed; with `wall`, looked at, too."""
    short = api.new(folder.with_name(f"{folder.name}-once"), settings=ONE_SHOT)
    api.add(short, clip, role="source")
    api.people_find(short)
    if wall:
        api.faces(short)
    made = api.new(folder, settings=ONE_SHOT)
    api.add(made, looped_clip(clip, folder.with_name(f"{folder.name}.mp4"), times=times), role="source")
    with open_job(short, flags={}, context=Context()) as once, open_job(made, flags={}, context=Context()) as job:
        first = footage(once.project, "source")
        shots = cut(once, first)
        ((file,), n) = track_files(once, shots), shots[-1].end_index
        tracks = load_tracks(file)
        source = footage(job.project, "source")
        parts = _one_shot(job, source) if wall else cut(job, source)
        for part, place in zip(parts, track_files(job, parts), strict=True):
            round_ = [_round(track, part, times=times, n=n, number=i) for i, track in enumerate(tracks)]
            # noted as done, so that another run finds it and looks at nothing again
            job.run("extract", [Unit(stage_key(tracks_key(job), part.shot_id), source.path.name, place, _saving(round_, place))])
        if wall:
            _round_wall(once, job, first, source, times=times)
    return made


def _one_shot(job: Job, source: Footage) -> list[Shot]:
    """The whole video as one shot, without looking for cuts."""
    pts = frame_index(source.path).pts
    shot = Shot(source.media_id, f"{source.media_id}-whole", 0, len(pts), int(pts[0]), int(pts[-1]) + 1)
    key, store = shots_key(job, source.sha256), job.project.store

    def work() -> dict[str, Any]:
        store.put_shots(source.media_id, key, [shot])
        return {"shots": 1}

    job.run("shots", [Unit(key, source.path.name, store.path, work)])
    return [shot]


def _saving(tracks: list[Track], place: Path) -> Callable[[], dict[str, Any]]:
    def work() -> dict[str, Any]:
        save_tracks(tracks, place)
        return {"tracks": len(tracks)}

    return work


def _round_wall(once: Job, job: Job, first: Footage, source: Footage, *, times: int) -> None:
    """The short clip's wall `times` over, under the name that the long one's has."""
    (old,) = [path for path in (once.project.folder / "faceset").iterdir() if path.name.startswith("wall-")]
    shots = job.project.store.shots(source.media_id, shots_key(job, source.sha256))
    _, _, key = who_is_meant(job, source, heads_of(job, source), shots=shots)
    new = job.project.wall_folder(key)
    new.mkdir(parents=True)
    with np.load(old / "wall.npz", allow_pickle=False) as file:
        arrays = {name: np.tile(file[name], (times,) + (1,) * (file[name].ndim - 1)) for name in file.files}
    each, n = len(arrays["frame_index"]) // times, len(frame_index(first.path).pts)
    turns = np.repeat(np.arange(times), each)
    arrays["frame_index"] = (arrays["frame_index"] + turns * n).astype(np.int32)
    arrays["value/time"] = (arrays["value/time"] + turns * n / float(first.info.frame_rate)).astype(np.float32)
    np.savez(new / "wall.npz", allow_pickle=False, **arrays)
    ends = np.load(old / ENDS)
    np.save(new / ENDS, np.concatenate([ends + turn * ends[-1] for turn in range(times)]))
    (new / PICTURES).write_bytes((old / PICTURES).read_bytes() * times)
    ids = [head.track_id for head in heads_of(job, source)]
    (new / "wall.json").write_text(json.dumps({"track_ids": ids}), encoding="utf-8")
    for reasons in old.glob("reasons-*.json"):
        (new / reasons.name).write_text(json.dumps(json.loads(reasons.read_text(encoding="utf-8")) * times), encoding="utf-8")
    keep_orders(load_wall(new))


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
