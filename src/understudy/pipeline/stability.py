"""The stability report over a project: every rendered shot looked at once, its numbers and its worst frames kept."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..errors import StepMissing
from ..events import Meter
from ..faces.align import take_crop
from ..faces.choose import called
from ..files import write_text
from ..merge.patchfile import Patches
from ..merge.sheet import marked
from ..merge.stability import SIDE, Figures, Observer, badness
from ..run.local import pending
from ..run.stage import Unit, stage_key
from ..swap.drive import performance_of
from ..types import U8, Performance
from ..video.color import paint, rgb_from_planes
from ..video.read import read_frames
from .job import Job
from .scene import Scene, Take

RULES = 2
"""Part of every key: numbers of other rules are not mixed."""
KINDS = ("flicker", "seam", "colour", "apart")
_LANDMARKED = 240
"""The result's mesh is measured in at most about so many frames of a shot."""
_THUMB = 224


@dataclass(frozen=True, slots=True)
class WorstFrame:
    """A frame that is worst in one respect."""

    kind: str
    frame: int
    seconds: float
    """From the target's beginning."""
    value: float
    picture: bytes
    """JPEG: the target's face, and beside it the result's, which carries the words AI MODIFIED."""


@dataclass(frozen=True, slots=True)
class ShotStability:
    """One person in one shot."""

    shot: int
    """1, 2 …"""
    first: int
    last: int
    person: str
    frames: int
    """In which the face was changed."""
    flicker: float | None
    seam: float | None
    seam_of_target: float | None
    colour: float | None
    mouth: float | None
    eyes: float | None
    apart: float | None
    worst: tuple[WorstFrame, ...]
    turned_away: int = 0
    """Frames in which the face fades out, or is left as it is, because its source never turns that far."""


def stability(job: Job, scene: Scene) -> tuple[ShotStability, ...]:
    """The numbers of every rendered shot, in order. Raises StepMissing where no shot is rendered."""
    takes = [
        (number, take)
        for number, take in enumerate(scene.takes, start=1)
        if take.tracks and take.file.is_file() and job.project.store.stage(take.key) is not None
    ]
    if not takes:
        raise StepMissing("No shot is rendered, so there is nothing to report on.", remedy="run first: understudy render")
    meter = Meter(job.context, "render", "looking at the rendered shots")
    units = [_unit(job, scene, number, take, meter) for number, take in takes]
    left = {unit.key for unit in pending(units, job.project.store)}
    if left:
        meter.total = sum(take.shot.end_index - take.shot.start_index for (_, take), unit in zip(takes, units, strict=True) if unit.key in left)
        with meter:
            job.run("render", units)
    else:
        job.run("render", units)
    return tuple(found for unit in units for found in _read(unit.output))


def _unit(job: Job, scene: Scene, number: int, take: Take, meter: Meter) -> Unit:
    key = stage_key("stability", RULES, take.key)
    out = job.project.folder / "previews" / "stability" / f"{key[:16]}.json"

    def work() -> dict[str, Any]:
        found = _look(scene, take, number, meter)
        out.parent.mkdir(parents=True, exist_ok=True)
        write_text(out, json.dumps([_as_json(one) for one in found], indent=1) + "\n")
        return {"looked_at": sum(one.frames for one in found)}

    return Unit(key, f"report on {take.subject}", out, work)


def _look(scene: Scene, take: Take, number: int, meter: Meter) -> list[ShotStability]:
    performances = [performance_of(track, size=SIDE) for track in take.tracks]
    observers = [Observer(p, landmark_every=max(1, len(p) // _LANDMARKED)) for p in performances]
    info, shot = scene.footage.info, take.shot
    rendered = scene.job.project.store.stage(take.key)
    away = rendered.report.get("turned_away", {}) if rendered else {}
    with Patches([take.file]) as patches:
        for frame in read_frames(scene.footage.path, want="planes", start_index=shot.start_index, end_index=shot.end_index, info=info):
            if frame.planes is not None:
                found = patches.at(frame.index)
                for observer in observers:
                    observer.see(frame.index, frame.planes, found)
            meter.step()
        out = []
        for act, (track, performance, observer) in enumerate(zip(take.tracks, performances, observers, strict=True)):
            figures = observer.figures()
            person = next(called(who) for who in scene.person.everybody if track.track_id in who.track_ids)
            worst = _worst(scene, patches, performance, figures)
            numbers = _numbers(figures)
            turned = int(away.get(str(act), 0))
            out.append(
                ShotStability(number, shot.start_index, shot.end_index - 1, person, figures.frames, **numbers, worst=worst, turned_away=turned)
            )
    return out


def _numbers(figures: Figures) -> dict[str, float | None]:
    names = ("flicker", "seam", "seam_of_target", "colour", "mouth", "eyes", "apart")
    return {name: None if (value := getattr(figures, name)) is None else round(value, 4) for name in names}


def _worst(scene: Scene, patches: Patches, performance: Performance, figures: Figures) -> tuple[WorstFrame, ...]:
    found = []
    for kind in KINDS:
        moment = figures.worst(kind)
        value = None if moment is None else badness(moment, kind)
        # a face that is nowhere more restless than the target has no worst frame
        if moment is None or value is None or (kind == "flicker" and value <= 0):
            continue
        for frame in read_frames(scene.footage.path, want="planes", start_index=moment.index, end_index=moment.index + 1, info=scene.footage.info):
            assert frame.planes is not None
            t = int(np.searchsorted(performance.frame_index, moment.index))
            matrix = performance.crop_from_frame[t]
            pictures = [rgb_from_planes(planes, depth=8) for planes in (frame.planes, paint(frame.planes, patches.at(moment.index)))]
            crops = [take_crop(np.asarray(picture, np.uint8), matrix, size=SIDE).rgb for picture in pictures]
            seconds = float(frame.index / scene.footage.info.frame_rate)
            found.append(WorstFrame(kind, moment.index, round(seconds, 3), round(value, 3), _pair(*crops)))
    return tuple(found)


def result_alone(picture: bytes) -> bytes:
    """Of a worst frame's picture the result's face alone."""
    both = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert both is not None
    return cv2.imencode(".jpg", np.ascontiguousarray(both[:, both.shape[1] // 2 :]), [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()


def _pair(target: U8, result: U8) -> bytes:
    """Both faces beside each other; the altered one says what it is."""
    tiles = [cv2.resize(crop, (_THUMB, _THUMB), interpolation=cv2.INTER_AREA) for crop in (target, result)]
    both = np.concatenate([tiles[0], marked(np.asarray(tiles[1], np.uint8))], axis=1)
    return cv2.imencode(".jpg", np.ascontiguousarray(both[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()


def _as_json(found: ShotStability) -> dict[str, Any]:
    body = asdict(found)
    body["worst"] = [{**asdict(worst), "picture": base64.b64encode(worst.picture).decode()} for worst in found.worst]
    return body


def _read(path: Path) -> Sequence[ShotStability]:
    out = []
    for body in json.loads(path.read_text(encoding="utf-8")):
        worst = tuple(WorstFrame(**{**one, "picture": base64.b64decode(one["picture"])}) for one in body.pop("worst"))
        out.append(ShotStability(**body, worst=worst))
    return out
