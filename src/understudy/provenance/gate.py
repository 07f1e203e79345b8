"""Refusing sexual material: the source, the target and every result are looked at, and nothing is made from what is refused.

Yahoo's open_nsfw (github.com/yahoo/open_nsfw) gives each sampled picture a score in 0..1. Sampled are the first frame of every second (oftener in
a video of less than half a minute, so that one wrong score does not decide) and the first frame after every cut. The rules are constants,
published here and in docs/benchmarks.md; no setting, flag or environment variable changes them. Where the network is missing or altered, nothing
passes.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..errors import MediaTruncated, RefusedMaterial
from ..events import Context, Meter
from ..types import Planes, VideoInfo
from ..video.color import rgb_from_planes
from ..video.read import read_frames
from ..weights.registry import path as weight_path
from ..weights.registry import weight
from ..weights.sessions import onnx

NETWORK = "open_nsfw"
SCORE = 0.5
"""A picture whose score is above this counts. The network's makers call scores above 0.8 very likely and below 0.2 very unlikely to be
sexual; the middle is taken, because a face swapped wrongly into such a picture hurts more than one refused wrongly."""
SHARE = 0.1
"""Refused above this share of counting samples in any `WINDOW`: one wrong score in ten does no harm, four seconds in thirty do."""
WINDOW = 30
"""Samples over which the share is taken (half a minute, and less where it cuts): a scene cannot be diluted by a long film around it."""
OFTENEST = 0.2
"""Seconds between two samples of a short video, at the least. From `WINDOW` seconds on it is one."""
CUT = 24.0
"""Mean change of luma between two frames, in grey levels of 255, above which there is a cut. Too many cuts cost time and nothing else."""
_SIDE, _CROP = 256, 224
_MEAN_BGR = np.array([104, 117, 123], np.float32)
_THUMB = 24

RULES: dict[str, Any] = {"network": weight(NETWORK).sha256, "score": SCORE, "share": SHARE, "window": WINDOW, "oftenest": OFTENEST, "cut": CUT}
"""What a verdict depends on, the pictures apart."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What looking at one video gave."""

    samples: int
    over: int
    """Samples above SCORE."""
    share: float
    """The largest share of them in any window."""
    highest: float
    """The highest score."""

    @property
    def passed(self) -> bool:
        # written so that nothing seen, or a share that is not a number, does not pass
        return self.samples > 0 and self.share <= SHARE

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def require_network() -> None:
    """Raise WeightsMissing or WeightsAltered where the network is not the one that was checked."""
    weight_path(NETWORK)


def score(rgb: np.ndarray) -> float:
    """How likely a picture (uint8, (H, W, 3)) is to be sexual, 0..1, prepared as open_nsfw was trained: squeezed to 256 x 256, the middle 224."""
    edge = (_SIDE - _CROP) // 2
    small = cv2.resize(rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)[edge : edge + _CROP, edge : edge + _CROP, ::-1]
    session = onnx(NETWORK)
    batch = np.ascontiguousarray(small.astype(np.float32) - _MEAN_BGR)[None]
    return float(session.run(None, {session.get_inputs()[0].name: batch})[0][0, 1])


class Watcher:
    """Sees the frames of one video in their order, and scores those that must be looked at. `what` names the video in a refusal; `duration` (seconds)
    is what it says of itself."""

    def __init__(self, what: str, *, duration: float) -> None:
        require_network()
        self.what = what
        self._step = min(1.0, max(OFTENEST, duration / WINDOW))
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._share = self._highest = 0.0
        self._samples = self._over = 0
        self._place: int | None = None
        self._thumb: np.ndarray | None = None

    def see(self, planes: Planes, seconds: float) -> None:
        """Look at a frame shown at `seconds`."""
        thumb = _thumb_of(planes)
        cut = self._thumb is None or float(np.abs(thumb - self._thumb).mean()) > CUT
        self._thumb = thumb
        place = math.floor(seconds / self._step)
        if not cut and place == self._place:
            return
        self._place = place
        value = score(rgb_from_planes(planes, depth=8))
        # a score that is not a number counts
        counts = not value <= SCORE
        self._samples += 1
        self._over += counts
        self._highest = max(self._highest, value)
        self._recent.append(counts)
        if self._samples >= WINDOW:
            self._share = max(self._share, sum(self._recent) / WINDOW)

    @property
    def settled(self) -> bool:
        """Whether the video is refused already, whatever may follow."""
        return self._share > SHARE

    def verdict(self) -> Verdict:
        """What the frames seen so far give."""
        share = self._share if self._samples >= WINDOW else self._over / max(1, self._samples)
        return Verdict(self._samples, self._over, round(share, 3), round(self._highest, 3))


def _thumb_of(planes: Planes) -> np.ndarray:
    """A few hundred luma samples of a frame, in grey levels of 255, float32."""
    height, width = planes.y.shape
    thumb = planes.y[:: max(1, height // _THUMB), :: max(1, width // _THUMB)].astype(np.float32)
    return thumb / (1 << (planes.color.bit_depth - 8))


_seen: dict[tuple[str, int, int], Verdict] = {}
"""Verdicts of this process by path, size and time of change: one job asks several times."""


def admit(path: Path, info: VideoInfo, *, what: str, context: Context) -> Verdict:
    """`look`, and raise RefusedMaterial where the video is refused."""
    return refuse_unless_passed(look(path, info, what=what, context=context), what)


def look(path: Path, info: VideoInfo, *, what: str, context: Context) -> Verdict:
    """Look at a video, up to where it is refused for certain. Raises WeightsMissing, WeightsAltered, Interrupted, and what reading raises."""
    require_network()
    status = path.stat()
    key = str(path.resolve()), status.st_size, status.st_mtime_ns
    if key in _seen:
        return _seen[key]
    watcher = Watcher(what, duration=float(info.duration))
    with Meter(context, "gate", f"looking at {path.name}", info.n_frames) as meter:
        for frame in read_frames(path, want="planes", info=info):
            assert frame.planes is not None
            watcher.see(frame.planes, float(frame.time))
            if watcher.settled:
                break
            meter.step()
    verdict = watcher.verdict()
    if not verdict.samples:
        raise MediaTruncated(f"No picture in {path.name} can be decoded.", why="The file is damaged.", remedy="copy or download the file again")
    _seen[key] = verdict
    return verdict


def refuse_unless_passed(verdict: Verdict, what: str) -> Verdict:
    """The verdict, where it lets the video pass; else RefusedMaterial. Neither scores nor places are told: they would help to get round it."""
    if verdict.passed:
        return verdict
    raise RefusedMaterial(
        f"Understudy makes nothing from this: {what} looks like sexual material.",
        why="A face put into such pictures does lasting harm, whoever agreed on paper; so this is refused in any case, and nothing was written.",
        remedy="if the video is nothing of the kind, MISUSE.md says how to report a wrong refusal; do not send the video",
    )
