"""Where the film cuts. Long takes are divided, so that work on them is saved piece by piece."""

from __future__ import annotations

import hashlib
import itertools
import json
import warnings
from fractions import Fraction
from pathlib import Path

from ..errors import MediaTruncated
from ..events import Context, Meter
from ..types import Shot, VideoInfo
from .index import frame_index
from .read import read_frames

with warnings.catch_warnings():
    # it asks for a progress bar that is never drawn, which is complained of in a notebook
    warnings.simplefilter("ignore")
    from scenedetect.common import FrameTimecode
    from scenedetect.detectors import AdaptiveDetector

LOOK_SIDE = 160
"""Longer side, in pixels, of the pictures that cuts are searched in."""
MIN_SHOT_SECONDS = Fraction(1, 2)


def find_shots(path: Path, info: VideoInfo, *, media_id: str, threshold: float, max_frames: int = 1500, context: Context) -> list[Shot]:
    """Cut the video into shots of at most `max_frames` frames: together they hold every frame once, in order.

    `threshold`: how many times stronger than in the neighbouring frames the change must be (scenedetect's adaptive detector:
    change of hue, saturation and brightness over the mean of two frames before and after). Never empty. Raises the
    MediaErrors of `read_frames`.
    """
    index = frame_index(path)
    cuts = _cuts(path, info, threshold=threshold, n_frames=len(index.pts), context=context)
    edges = [0, *cuts, len(index.pts)]
    ends = [*index.pts, index.pts[-1] + index.last_duration]
    shots = []
    for begin, end in itertools.pairwise(edges):
        for a, b in _pieces(begin, end, max_frames):
            name = json.dumps([media_id, a, b, threshold, max_frames, LOOK_SIDE])
            shots.append(Shot(media_id, hashlib.sha256(name.encode()).hexdigest()[:16], a, b, ends[a], ends[b]))
    return shots


def _cuts(path: Path, info: VideoInfo, *, threshold: float, n_frames: int, context: Context) -> list[int]:
    """Indices of the first frames of new shots, rising, without 0."""
    # counted in frames, not seconds: the detector is given indices and cannot be misled by a variable rate
    shortest = max(2, round(info.frame_rate * MIN_SHOT_SECONDS))
    detector = AdaptiveDetector(adaptive_threshold=threshold, min_scene_len=shortest)
    cuts: list[int] = []
    seen = 0
    with Meter(context, "shots", f"Looking for cuts in {path.name}", n_frames) as meter:
        for frame in read_frames(path, max_side=LOOK_SIDE, info=info):
            assert frame.rgb is not None
            found = detector.process_frame(FrameTimecode(frame.index, fps=25.0), frame.rgb[:, :, ::-1])
            cuts += [timecode.frame_num for timecode in found]
            seen += 1
            meter.step()
    if not seen:
        raise MediaTruncated(f"No picture in {path.name} can be decoded.", why="The file is damaged.", remedy="copy or download the file again")
    return sorted({cut for cut in cuts if 0 < cut < n_frames})


def _pieces(begin: int, end: int, max_frames: int) -> list[tuple[int, int]]:
    """Divide begin..end into the fewest nearly equal pieces of at most `max_frames`."""
    count = max(1, -(-(end - begin) // max_frames))
    edges = [begin + (end - begin) * i // count for i in range(count + 1)]
    return list(itertools.pairwise(edges))
