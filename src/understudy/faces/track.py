"""Following every face through one shot, in one pass over its frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..config import FaceSettings
from ..events import Context, Meter
from ..types import U8, Face, Shot, Track, VideoInfo
from ..video.read import read_frames
from .detect import Detector
from .follow import Followed, mesh_box, overlap
from .landmark import from_box, from_mesh

_SURE = 0.5
"""Presence from which the mesh alone is believed."""
_SAME = 0.3
"""Overlap from which a found box and a followed face are the same one."""
_SURE_FIND = 0.85
"""Score from which the detector alone is believed: strong profiles have a low presence."""
_LOST_FRAMES = 12
"""A face is waited for this long; after that the same person is a new track."""
_SEARCH_EVERY = 4
"""How often to search while somebody is lost or nobody is there."""
_SHORTEST = 3
"""Frames; shorter tracks are wrong finds."""
_SMALLEST_PX = 16


def track_shot(path: Path, info: VideoInfo, *, shot: Shot, media_id: str, settings: FaceSettings, context: Context, meter: Meter) -> list[Track]:
    """All faces of a shot, each as one Track, in the order in which they appear.

    The detector looks at the shot's start, where a face is lost, and every `detect_every` frames; in between the mesh follows itself.
    Memory grows with the number of faces seen (about 20 kB a face and frame), not with the size of the pictures.
    """
    follower = _Follower(settings)
    for frame in read_frames(path, want="rgb", start_index=shot.start_index, end_index=shot.end_index, depth=8, info=info):
        context.check()
        if frame.rgb is None:
            continue
        follower.step(frame.rgb, frame.index)
        meter.step()
    shortest = min(_SHORTEST, max(1, shot.end_index - shot.start_index))
    kept = [f for f in follower.all() if len(f) >= shortest and float(np.median(f.presence)) >= _SURE / 2]
    return [followed.track(track_id=f"{shot.shot_id[:12]}-{number}", media_id=media_id, shot_id=shot.shot_id) for number, followed in enumerate(kept)]


class _Follower:
    """The faces in sight, the lost ones that may come back, and those that are over."""

    def __init__(self, settings: FaceSettings) -> None:
        self._settings = settings
        self._detector = Detector(settings)
        self._live: list[Followed] = []
        self._over: list[Followed] = []
        self._count = 0

    def all(self) -> list[Followed]:
        return sorted([*self._over, *self._live], key=lambda f: f.index[0])

    def step(self, rgb: U8, index: int) -> None:
        """Take in the next frame."""
        unsure = self._follow(rgb, index)
        regular = self._count % self._settings.detect_every == 0
        lacking = not self._live or any(f.lost_for for f in self._live)
        if regular or unsure or (lacking and self._count % _SEARCH_EVERY == 0):
            self._search(rgb, index, rotations=regular and not self._live, unsure=unsure)
        self._count += 1
        self._retire(index)

    def _follow(self, rgb: U8, index: int) -> dict[int, Followed]:
        """Measure every face in sight from its last mesh. Returns those whose mesh alone is not to be believed."""
        unsure: dict[int, Followed] = {}
        for followed in self._live:
            if followed.lost_for:
                followed.lost_for += 1
                continue
            measured = from_mesh(rgb, followed.meshes[-1])
            box = mesh_box(measured.landmarks)
            if measured.presence >= _SURE and _plausible(box, rgb):
                followed.add(rgb, index, measured)
            else:
                followed.lost_for = 1
                unsure[id(followed)] = followed
        return unsure

    def _search(self, rgb: U8, index: int, *, rotations: bool, unsure: dict[int, Followed]) -> None:
        """Let the detector look: confirm the faces in sight, take up lost ones again, begin new ones."""
        found = self._detector.find(rgb, rotations=rotations)
        free = list(found)
        for followed in self._live:
            match = max(free, key=lambda face: overlap(face.box_xyxy, followed.box), default=None)
            if match is None or overlap(match.box_xyxy, followed.box) < _SAME:
                followed.doubts += 1
                continue
            free = [face for face in free if face is not match]
            followed.doubts = 0
            if followed.lost_for:
                self._take(followed, rgb, index, match)
        for face in free:
            if all(overlap(face.box_xyxy, f.box) < _SAME for f in self._live if not f.lost_for):
                fresh = Followed(parse_every=self._settings.parse_every)
                if self._take(fresh, rgb, index, face):
                    self._live.append(fresh)

    @staticmethod
    def _take(followed: Followed, rgb: U8, index: int, face: Face) -> bool:
        """Measure a found face twice (the second time framed by its own mesh) and add it if it is one."""
        first = from_box(rgb, face)
        if not _plausible(mesh_box(first.landmarks), rgb) or overlap(mesh_box(first.landmarks), face.box_xyxy) < _SAME:
            return False
        second = from_mesh(rgb, first.landmarks)
        measured = second if second.presence >= first.presence else first
        if not _plausible(mesh_box(measured.landmarks), rgb):
            return False
        if measured.presence < _SURE and (face.score < _SURE_FIND or measured.presence < 0.05):
            return False
        followed.add(rgb, index, measured)
        return True

    def _retire(self, index: int) -> None:
        """Let go of faces that are gone, of those that the detector denied three times, and of the younger of two on one face."""
        gone: list[Followed] = []
        for number, followed in enumerate(self._live):
            seen = [f for f in self._live[:number] if not f.lost_for and f not in gone]
            doubled = not followed.lost_for and any(overlap(f.box, followed.box) > 0.55 for f in seen)
            denied = followed.doubts >= 3 and bool(followed.presence) and followed.presence[-1] < 0.9
            if followed.lost_for > _LOST_FRAMES or doubled or denied:
                gone.append(followed)
        self._over += gone
        self._live = [f for f in self._live if f not in gone]


def _plausible(box: np.ndarray, rgb: U8) -> bool:
    """A mesh must have a size and its middle must lie in the picture."""
    width, height = box[2] - box[0], box[3] - box[1]
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    inside = 0 <= x < rgb.shape[1] and 0 <= y < rgb.shape[0]
    return bool(inside and max(width, height) >= _SMALLEST_PX and min(width, height) > 0.2 * max(width, height))
