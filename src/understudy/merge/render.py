"""The swapped face put back into the target's frames: for every frame the changed region, as a patch; the rest is never touched.

Frames are decoded once, in order. A face waits for `REACH` frames to come, so that its contrast and texture can be averaged over time on
both sides; nothing else is kept, so memory does not grow with the length of the shot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..config import MergeSettings
from ..events import Context, Meter
from ..permits import require
from ..types import Frame, Permit, VideoInfo
from ..video.ahead import ahead
from ..video.read import read_frames
from ..weights.sessions import threads
from .around import REACH
from .course import Course
from .passage import Act, Measured, Passage
from .patchfile import PatchWriter


def render_shot(
    path: Path,
    info: VideoInfo,
    *,
    acts: Sequence[Act],
    settings: MergeSettings | Course,
    permits: Sequence[Permit],
    out: Path,
    context: Context,
    meter: Meter,
) -> dict[str, Any]:
    """Write the patches of all frames that `acts` cover to `out` (see `patchfile`), whole or not at all, and return a report.

    `meter` is stepped once for every frame between the first and the last that an act has. Frames that are too damaged to decode, and
    frames in which the person is absent, get no patch. 10-bit video gives 16-bit patches.

    Report: `frames` in the range, `altered` (with a patch), `damaged` (not decoded), `confidence` (mean of the swapper's own, 0..1),
    `untouched` (numbers of the acts in which no frame was changed: the face could not be told from its surroundings), `turned_away` (number of an act
    and how many frames the face is faded in: its source never turns that far).
    Raises ConsentMissing, ConsentScope, ConsentExpired; Interrupted; DiskFull, OutputNotWritable; the MediaErrors of reading.
    """
    for role in ("face", "performer"):
        for permit in [p for p in permits if p.role == role] or [None]:
            require(permit, role=role, action="render")
    course = settings if isinstance(settings, Course) else Course(settings)
    faces: list[Passage] = []
    for act in acts:
        if len(act.performance):
            context.check()
            faces.append(Passage(act, info=info, course=course))
    first = min((face.first for face in faces), default=0)
    end = max((face.last for face in faces), default=-1) + 1
    decoded, seen = 0, first
    with PatchWriter(out) as writer:
        altered: set[int] = set()

        def keep(up_to: int) -> None:
            # of one frame the farthest first: the file keeps the order, and later patches lie on top
            ready = [(index, face.nearness(index), patch) for face in faces for index, patch in face.ready(up_to=up_to)]
            for index, _, patch in sorted(ready, key=lambda found: found[:2]):
                writer.put(index, patch)
                altered.add(index)

        frames = ahead(read_frames(path, want="planes", start_index=first, end_index=end, info=info)) if faces else ()
        for index, swapped in _in_order(frames, lambda frame: [face.swap(frame) for face in faces]):
            for face, made in zip(faces, swapped, strict=True):
                if made is not None:
                    face.take(made)
            keep(index - REACH)
            decoded += 1
            meter.step(index + 1 - seen)
            seen = index + 1
        context.check()
        keep(end)
        meter.step(end - seen)
    total = sum(face.seen for face in faces)
    return {
        "frames": end - first,
        "altered": len(altered),
        "damaged": end - first - decoded,
        "confidence": round(sum(face.confidence for face in faces) / max(total, 1), 4),
        "turned_away": {str(number): len(away) for number, face in enumerate(faces) if (away := face.turned_away())},
        "untouched": [number for number, face in enumerate(faces) if not face.seen and face.plays()],
    }


def _in_order(frames: Iterable[Frame], work: Callable[[Frame], list[Measured | None]]) -> Iterator[tuple[int, list[Measured | None]]]:
    """The work on each frame, done a few frames ahead on the processor's other threads, given back in the frames' order."""
    workers = threads()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="swap")
    waiting: deque[tuple[int, Future[list[Measured | None]]]] = deque()
    try:
        for frame in frames:
            waiting.append((frame.index, pool.submit(work, frame)))
            if len(waiting) > workers:
                index, made = waiting.popleft()
                yield index, made.result()
        for index, made in waiting:
            yield index, made.result()
    finally:
        pool.shutdown(cancel_futures=True)
