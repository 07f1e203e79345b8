"""The shots of a target, and what each has of its own.

>>> [(shot.number, shot.first, shot.last, shot.state) for shot in api.list_shots(film)]
[(1, 0, 7, 'stale')]
>>> own = api.set_shot_settings(film, 1, settings={"merge.colour": 0.5}, keys={"merge.strength": [(0, 1.0), (7, 0.0)]})
>>> api.shot_setting(own, "merge.colour", 3), round(api.shot_setting(own, "merge.strength", 3), 2)
(0.5, 0.57)
>>> bool(api.set_shot_settings(film, 1, clear=["all"]))
False
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from ..events import Context
from ..pipeline.extract import shots_key
from ..pipeline.job import in_words, open_job
from ..pipeline.looking import LookingJob
from ..pipeline.media import footage
from ..pipeline.shotsettings import KEYABLE, PER_SHOT, ShotSettings, change, course_of, find_shot, settings_of
from ..project import Project
from ..types import Curve, Shot
from ..video.read import frame_pts
from .cast import NO_SETTINGS
from .preview import session_of

SHOT_SETTINGS = PER_SHOT
KEYABLE_SETTINGS = KEYABLE
NO_KEYS: Mapping[str, Sequence[tuple[int, float]]] = {}


@dataclass(frozen=True, slots=True)
class ShotState:
    """One shot of the target."""

    number: int
    """1, 2 …"""
    shot_id: str
    first: int
    """Frame."""
    last: int
    """Frame, included."""
    start: Fraction
    """Seconds of the file's clock, as `end`."""
    end: Fraction
    state: Literal["rendered", "stale", "open", "nobody"]
    """stale: rendered before, and something has changed since. nobody: no face is changed in it."""
    own: ShotSettings
    thumbnail: int
    """The frame that stands for it: `api.frame(project, "target", shot.thumbnail, width=160)`."""


def list_shots(project: Path) -> list[ShotState]:
    """The target's shots in order. Raises StepMissing before `extract`, the ConsentErrors."""
    with in_words(project):
        session = session_of(project)
        scene, opened = session.scene(), session.project
        pts, base = frame_pts(scene.footage.path), scene.footage.info.time_base
        rendered_before = {path.stem for path in (opened.folder / "render").glob("*/*.patches")}
        states: list[ShotState] = []
        for number, take in enumerate(scene.takes, start=1):
            shot = take.shot
            done = opened.store.stage(take.key) is not None and take.file.is_file()
            earlier: Literal["stale", "open"] = "stale" if shot.shot_id in rendered_before else "open"
            states.append(
                ShotState(
                    number=number,
                    shot_id=shot.shot_id,
                    first=shot.start_index,
                    last=shot.end_index - 1,
                    start=shot.start_pts * base,
                    end=pts[shot.end_index] * base if shot.end_index < len(pts) else shot.end_pts * base,
                    state="nobody" if not take.tracks else "rendered" if done else earlier,
                    own=take.own,
                    thumbnail=(shot.start_index + shot.end_index - 1) // 2,
                )
            )
        return states


def set_shot_settings(
    project: Path,
    shot: int | str,
    *,
    settings: Mapping[str, Any] = NO_SETTINGS,
    keys: Mapping[str, Sequence[tuple[int, float]]] = NO_KEYS,
    clear: Sequence[str] = (),
) -> ShotSettings:
    """Give one shot of the target settings of its own; only that shot is rendered anew. Returns all that it has then.

    `shot`: its number or id. `settings`: `merge.*` and `swap.light`. `keys`: for a number, (frame of the file, value) pairs, between which it
    goes in a straight line. `clear`: names that follow the project again, or "all". Raises UsageError, UnknownSetting, BadSetting,
    StepMissing, ProjectBusy.
    """
    with open_job(project, flags={}, context=Context()) as job:
        found = _target_shot(job.project, shot)
        own = change(settings_of(job.project, found), found, fixed=settings, keys=keys, clear=clear)
        course_of(job.settings, own)
        job.project.store.put_shot_settings(found.shot_id, own.as_dict() if own else None)
        return own


def shot_setting(own: ShotSettings, name: str, frame: int) -> Any:
    """What a shot's own setting is in a frame; None where the shot follows the project."""
    keys = own.keys.get(name)
    return Curve(tuple(keys)).at(frame) if keys else own.fixed.get(name)


def _target_shot(project: Project, which: int | str) -> Shot:
    target = footage(project, "target")
    job = LookingJob(project, project.settings(), Context())
    return find_shot(project.store.shots(target.media_id, shots_key(job, target.sha256)), which)
