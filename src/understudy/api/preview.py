"""Looking at single frames: source, target, result, and what a frame would become under other settings.

>>> seen = api.preview(film, 3, settings={"merge.strength": 0.5}, width=480)
>>> seen.altered, seen.result.shape, seen.matte.max()
(True, (480, 480, 3), np.uint8(255))
>>> Path("result.jpg").write_bytes(api.frame(film, "result", 3, width=480)) > 5000
True
>>> api.quick_frame(film, "target", 3) is None      # not before the small copies are made
True
>>> api.make_proxies(film)
>>> api.quick_frame(film, "target", 3)[:2] == bytes([0xFF, 0xD8])
True
>>> [str(at) for at in api.frame_times(film, "target")[:3]]
['0', '1/25', '2/25']
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..events import Context
from ..pipeline import proxies
from ..pipeline.consents import permits_of
from ..pipeline.job import in_words
from ..pipeline.looking import LookingJob
from ..pipeline.media import footage
from ..pipeline.scene import Scene
from ..pipeline.session import Preview, Session, Which
from ..project import Project
from ..types import Role
from ..video.read import frame_pts
from .cast import NO_SETTINGS, find_cast
from .cast import scene_of as cast_scene

_MOST_OPEN = 2
_open: OrderedDict[Path, Session] = OrderedDict()
_guard = threading.Lock()


def frame(project: Path, which: Which, index: int, *, width: int = 960, exact: bool = True) -> bytes:
    """Frame `index` of the `source`, the `target` or the `result` of a project as JPEG, at most `width` pixels wide.

    The result is taken from the rendered frames where its shot is rendered, else it is merged now; with a face it carries the visible label.
    `exact=False`: where it is merged now, only this frame is looked at, as by `preview`, which takes a fraction of the time.
    The project stays open in memory for the next call (`close_previews`), is not locked, and nothing is written into it but its own search
    for a moved video. Raises UsageError for a frame that there is not, StepMissing before `extract`, for the result the ConsentErrors.
    """
    with in_words(project):
        return session_of(project).frame(which, index, width=width, exact=exact)


def quick_frame(project: Path, which: Which, index: int) -> bytes | None:
    """The same at once and small (640 pixels at most), for scrubbing: JPEG, or None where it is not to be had at once.

    That is the case before `make_proxies`, and for the result in shots that are not rendered as they are now. Raises as `frame` does.
    """
    with in_words(project):
        return session_of(project).quick(which, index)


def frame_times(project: Path, role: Role) -> list[Fraction]:
    """When each frame of a video is shown, in seconds after the first: its exact times, whatever its rate does. Raises StepMissing."""
    with in_words(project), Project(project) as opened:
        media = footage(opened, role)
        pts = frame_pts(media.path)
        return [(one - pts[0]) * media.info.time_base for one in pts]


def make_proxies(project: Path, *, context: Context | None = None) -> None:
    """Make what `quick_frame` reads: every frame of both videos once more, small. Those that are there are kept, and nothing is locked.

    Takes about as long as playing the videos a few times faster than they are, and 25 kB a frame. Raises Interrupted, DiskFull, the MediaErrors.
    """
    with in_words(project), Project(project) as opened:
        proxies.make_proxies(opened, context=context or Context())


def has_proxies(project: Path) -> bool:
    """Whether all videos of the project have one."""
    with in_words(project), Project(project) as opened:
        return not proxies.missing_proxies(opened)


def preview(project: Path, index: int, *, settings: Mapping[str, Any] = NO_SETTINGS, width: int = 960, exact: bool = False) -> Preview:
    """What frame `index` of the target becomes with the model as it is now, without rendering the shot.

    `settings`: those that a shot can have of its own (`merge.*`, `swap.light`), on top of the shot's. By default only this frame is looked
    at; with `exact` also the frames around it over which the render averages, and the result is the render's own, bit for bit. Raises
    UsageError, UnknownSetting, BadSetting, StepMissing before `extract`, the ConsentErrors.
    """
    with in_words(project):
        return session_of(project).preview(index, settings=settings, width=width, exact=exact)


def close_previews() -> None:
    """Let go of all projects that are kept open for looking."""
    with _guard:
        while _open:
            _open.popitem()[1].close()


def session_of(project: Path) -> Session:
    """The project, kept open for looking."""
    folder = project.resolve()
    with _guard:
        gone = folder in _open and not _open[folder].holds()
        if gone:
            _open.pop(folder).close()
        if folder not in _open:
            _open[folder] = Session(folder, build=scene_of)
        _open.move_to_end(folder)
        while len(_open) > _MOST_OPEN:
            _open.popitem(last=False)[1].close()
        return _open[folder]


def scene_of(project: Project) -> Scene:
    """The scene of a project as it is, with everything made before. Raises StepMissing, the ConsentErrors."""
    job = LookingJob(project, project.settings(), Context())
    permits = permits_of(project, "render")
    cast = find_cast(job, footage(project, "source"), footage(project, "target"))
    return cast_scene(job, cast, permits=permits, draft=False, remember=False)
