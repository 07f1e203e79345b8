"""What lies in a project, for showing: its videos, its consents, what was published, and unaltered pictures of the two videos.

>>> sorted((role, row.info["name"]) for role, row in api.videos(film).items())
[('source', 'her.mp4'), ('target', 'performance.mp4')]
>>> api.consents(film)["face"].problem is None
True
>>> [video.path.name for video in api.published_videos(film)]
['out.mp4']
>>> api.settings_of(film).quality
'draft'
>>> api.change_settings(film, {"merge.feather": 0.1}).merge.feather
0.1
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from ..config import Settings, flatten, read_toml, settings_from
from ..errors import ConsentAltered, ConsentError, StepMissing
from ..events import Context
from ..permits import Action
from ..pipeline.consents import needed_for
from ..pipeline.job import in_words, open_job
from ..pipeline.media import footage, locate
from ..project import Project
from ..provenance.consent import issue_permit, load_record
from ..provenance.consent_record import ConsentRecord
from ..provenance.label import make_label
from ..store import MediaRow
from ..types import U8, Role, VideoInfo
from ..video.probe import probe
from ..video.read import read_frames


@dataclass(frozen=True, slots=True)
class KeptConsent:
    """A consent record in a project, the newest of its role."""

    role: Literal["face", "performer"]
    record: ConsentRecord | None
    """None where it cannot be read any more."""
    problem: ConsentError | None
    """Why it does not hold today; None where it does."""


@dataclass(frozen=True, slots=True)
class PublishedVideo:
    """A labelled video that this project brought out."""

    path: Path
    sha256: str
    label: str
    frames: int
    altered: int

    @property
    def there(self) -> bool:
        return self.path.is_file()


def videos(project: Path) -> dict[Role, MediaRow]:
    """The project's videos by role, as far as there are any."""
    with in_words(project), Project(project) as opened:
        return {row.role: row for row in reversed(opened.store.media())}


def video_path(project: Path, role: Role) -> Path:
    """Where a video of the project lies now. Raises StepMissing, MediaChanged."""
    with in_words(project), Project(project) as opened:
        rows = opened.store.media(role)
        if not rows:
            raise StepMissing(f"The project has no {role} yet.", remedy="add the video first")
        return locate(opened, rows[0])


def video_info(path: Path) -> VideoInfo:
    """What a file says of itself. Raises the MediaErrors: a file that is no video is told here."""
    return probe(path)


def consents(project: Path) -> dict[str, KeptConsent]:
    """For `face` and `performer`: the newest record of the project that holds, else the newest, and what is wrong with it."""
    kept: dict[str, KeptConsent] = {}
    with in_words(project), Project(project) as opened:
        needed = needed_for(opened.settings())
        for role in ("face", "performer"):
            for path in (opened.absolute(name) for name in opened.store.consents(role)):
                found = _kept(path, role, needed)
                if role not in kept or found.problem is None:
                    kept[role] = found
                if found.problem is None:
                    break
    return kept


def _kept(path: Path, role: Literal["face", "performer"], needed: Sequence[Action]) -> KeptConsent:
    record = None
    try:
        if not path.is_file():
            raise ConsentAltered(f"The project's consent record {path.name} is gone.", remedy="record the consent again")
        record = load_record(path)
        issue_permit(path, role=role, actions=needed)
    except ConsentError as error:
        return KeptConsent(role, record, error)
    return KeptConsent(role, record, None)


def published_videos(project: Path) -> list[PublishedVideo]:
    """What was published from this project, the newest first; a file that was published anew counts once."""
    found: dict[str, PublishedVideo] = {}
    with in_words(project), Project(project) as opened:
        for row in reversed(opened.store.stages()):
            if row.stage == "publish":
                report = row.report
                video = PublishedVideo(Path(report["path"]), report["sha256"], report["label"], report["frames"], report["altered"])
                found.setdefault(report["path"], video)
    return list(found.values())


def exchange_roles(project: Path) -> None:
    """Let the source be the target and the target the source. What was found in either is kept; who is meant in each goes along."""
    with open_job(project, flags={}, context=Context()) as job:
        for row in job.project.store.media():
            job.project.store.put_media(replace(row, role="target" if row.role == "source" else "source"))


def settings_of(project: Path) -> Settings:
    """The settings that the project works with."""
    with in_words(project), Project(project) as opened:
        return opened.settings()


def change_settings(project: Path, changes: Mapping[str, Any]) -> Settings:
    """Keep settings (`section.name`: value) in the project; another quality takes its own presets with it. Raises UnknownSetting, BadSetting."""
    with open_job(project, flags={}, context=Context()) as job:
        kept = flatten(read_toml(project / "project.toml"))
        settings = settings_from(None, {**kept, **changes})
        job.project.save_settings(settings)
        return settings


def picture(project: Path, role: Role, *, share: float = 0.5, long_side: int = 640) -> bytes:
    """An unaltered frame of a video as JPEG, at `share` (0..1) of its length, no larger than `long_side` pixels. Raises StepMissing, MediaErrors."""
    with in_words(project), Project(project) as opened:
        media = footage(opened, role)
        return _jpeg(_small(_frame(media.path, media.info, share), long_side))


def label_picture(project: Path, *, language: Literal["en", "nl"], share: float = 0.5, long_side: int = 1280) -> bytes:
    """An unaltered frame of the target with the label as it will be: JPEG."""
    with in_words(project), Project(project) as opened:
        media = footage(opened, "target")
        frame = _frame(media.path, media.info, share).copy()
        patch = make_label(media.info, language).patch
        (x, y), (h, w) = patch.xy, patch.alpha.shape
        frame[y : y + h, x : x + w] = (patch.rgb >> 8).astype(np.uint8)
        return _jpeg(_small(frame, long_side))


def _frame(path: Path, info: VideoInfo, share: float) -> U8:
    count = info.n_frames or max(1, round(info.duration * info.frame_rate))
    index = min(max(0, round(share * (count - 1))), count - 1)
    for frame in read_frames(path, start_index=index, end_index=index + 1, depth=8, info=info):
        if frame.rgb is not None:
            return np.asarray(frame.rgb, np.uint8)
    raise StepMissing(f"{path.name} has no picture there.", remedy="choose an earlier moment")


def _small(rgb: U8, long_side: int) -> U8:
    scale = long_side / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    return np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg(rgb: U8) -> bytes:
    return cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 86])[1].tobytes()
