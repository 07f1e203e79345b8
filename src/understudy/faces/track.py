"""Following every face through one shot, in one pass over its frames."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from pathlib import Path

import numpy as np

from ..config import FaceSettings
from ..events import Context, Meter
from ..types import Face, Shot, Sighting, Track, VideoInfo
from ..video.read import read_frames
from .detect import Detector
from .follow import Followed, mesh_box, overlap
from .landmark import Measured, from_box, from_mesh
from .lanes import Lanes, ahead
from .sight import Sightings
from .warp import Picture, bytes_of, size_hw

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
_DOUBLE = 0.55
"""Overlap from which two meshes lie on one face."""
_RECENT_BYTES = 128 << 20
"""Room for the last frames, in which a face that is found late is followed back."""


def track_shot(path: Path, info: VideoInfo, *, shot: Shot, media_id: str, settings: FaceSettings, context: Context, meter: Meter) -> list[Track]:
    """All faces of a shot that a mesh fits, each as one Track, in the order in which they appear. See `watch_shot`."""
    return watch_shot(path, info, shot=shot, media_id=media_id, settings=settings, context=context, meter=meter)[0]


def watch_shot(
    path: Path, info: VideoInfo, *, shot: Shot, media_id: str, settings: FaceSettings, context: Context, meter: Meter
) -> tuple[list[Track], list[Sighting]]:
    """All faces of a shot that a mesh fits, in the order in which they appear, and those that only the detector sees.

    The detector looks at the shot's start, where a face is lost, and every `detect_every` frames; in between the mesh follows itself. A face
    found late is followed back to where it began. Memory grows with the number of faces seen (about 20 kB a face and frame), not with the
    size of the pictures.
    """
    with (
        Lanes() as lanes,
        closing(ahead(read_frames(path, want="planes", start_index=shot.start_index, end_index=shot.end_index, info=info))) as frames,
    ):
        follower = _Follower(settings, lanes)
        for frame in frames:
            context.check()
            if frame.planes is None:
                continue
            follower.step(frame.planes, frame.index)
            meter.step()
        shortest = min(_SHORTEST, max(1, shot.end_index - shot.start_index))
        kept = [f for f in follower.all() if len(f) >= shortest and float(np.median(f.presence)) >= _SURE / 2]
        tracks = [f.track(track_id=f"{shot.shot_id[:12]}-{number}", media_id=media_id, shot_id=shot.shot_id) for number, f in enumerate(kept)]
        return tracks, follower.aside.all(media_id=media_id, shot_id=shot.shot_id, tracks=tracks)


class _Follower:
    """The faces in sight, the lost ones that may come back, and those that are over."""

    def __init__(self, settings: FaceSettings, lanes: Lanes) -> None:
        self._settings = settings
        self._lanes = lanes
        self._detector = Detector(settings)
        self._live: list[Followed] = []
        self._over: list[Followed] = []
        self._count = 0
        self._recent: deque[tuple[int, Picture]] = deque()
        self.aside = Sightings(gap=2 * settings.detect_every)
        """What the detector sees and the mesh does not fit."""

    def all(self) -> list[Followed]:
        return sorted([*self._over, *self._live], key=lambda f: f.index[0])

    def step(self, picture: Picture, index: int) -> None:
        """Take in the next frame."""
        unsure = self._follow(picture, index)
        regular = self._count % self._settings.detect_every == 0
        lacking = not self._live or any(f.lost_for for f in self._live)
        if regular or unsure or (lacking and self._count % _SEARCH_EVERY == 0):
            self._search(picture, index, rotations=regular and not self._live, unsure=unsure)
        self._count += 1
        self._retire(index)
        self._recent.append((index, picture))
        while len(self._recent) > min(self._settings.detect_every, _RECENT_BYTES // bytes_of(picture)):
            self._recent.popleft()

    def _follow(self, picture: Picture, index: int) -> dict[int, Followed]:
        """Measure every face in sight from its last mesh. Returns those whose mesh alone is not to be believed."""
        unsure: dict[int, Followed] = {}
        for followed in self._live:
            if followed.lost_for:
                followed.lost_for += 1
        seen = [followed for followed in self._live if not followed.lost_for]
        for followed, measured in zip(seen, self._lanes.measure(picture, [f.meshes[-1] for f in seen]), strict=True):
            box = mesh_box(measured.landmarks)
            if measured.presence >= _SURE and _plausible(box, picture):
                followed.add(picture, index, measured)
            else:
                followed.lost_for = 1
                unsure[id(followed)] = followed
        return unsure

    def _search(self, picture: Picture, index: int, *, rotations: bool, unsure: dict[int, Followed]) -> None:
        """Let the detector look: confirm the faces in sight, take up lost ones again, begin new ones."""
        found = self._detector.find(picture, rotations=rotations)
        free = list(found)
        for followed in self._live:
            match = max(free, key=lambda face: overlap(face.box_xyxy, followed.box), default=None)
            if match is None or overlap(match.box_xyxy, followed.box) < _SAME:
                followed.doubts += 1
                continue
            free = [face for face in free if face is not match]
            followed.doubts = 0
            if followed.lost_for:
                self._take(followed, picture, index, match)
        for face in free:
            if all(overlap(face.box_xyxy, f.box) < _SAME for f in self._live if not f.lost_for):
                fresh = Followed(parse_every=self._settings.parse_every, lanes=self._lanes)
                if self._take(fresh, picture, index, face):
                    self._live.append(fresh)
                else:
                    self.aside.note(index, face)

    def _take(self, followed: Followed, picture: Picture, index: int, face: Face) -> bool:
        """Measure a found face twice (the second time framed by its own mesh) and add it, and what was missed of it, if it is one."""
        first = from_box(picture, face)
        if not _plausible(mesh_box(first.landmarks), picture) or overlap(mesh_box(first.landmarks), face.box_xyxy) < _SAME:
            return False
        second = from_mesh(picture, first.landmarks)
        measured = second if second.presence >= first.presence else first
        if not _plausible(mesh_box(measured.landmarks), picture):
            return False
        if measured.presence < _SURE and (face.score < _SURE_FIND or measured.presence < 0.05):
            return False
        missed = self._before(followed, measured)
        self._bridge(followed, *((missed[0][1], missed[0][2]) if missed else (index, measured)))
        for earlier in missed:
            followed.add(*earlier)
        followed.add(picture, index, measured)
        return True

    def _bridge(self, followed: Followed, index: int, measured: Measured) -> None:
        """Draw the face through the frames between where it was lost and where it is seen again, if it did not go elsewhere."""
        if followed.index and overlap(followed.box, mesh_box(measured.landmarks)) > 0:
            frames = [(between, picture) for between, picture in self._recent if followed.index[-1] <= between < index]
            if frames and frames[-1][0] > followed.index[-1]:
                followed.bridge(frames, index, measured.landmarks)

    def _before(self, followed: Followed, measured: Measured) -> list[tuple[Picture, int, Measured]]:
        """The face in the frames before, back to where it was seen last, or to where it began."""
        missed: list[tuple[Picture, int, Measured]] = []
        for index, picture in reversed(self._recent):
            if measured.presence < _SURE or (followed.index and index <= followed.index[-1]):
                break
            last, measured = mesh_box(measured.landmarks), from_mesh(picture, measured.landmarks)
            box = mesh_box(measured.landmarks)
            others = [f.box_at(index) for f in (*self._live, *self._over) if f is not followed]
            doubled = any(other is not None and overlap(other, box) > _DOUBLE for other in others)
            if measured.presence < _SURE or not _plausible(box, picture) or doubled or overlap(last, box) < _SAME:
                break
            missed.append((picture, index, measured))
        return missed[::-1]

    def _retire(self, index: int) -> None:
        """Let go of faces that are gone, of those that the detector denied three times, and of the younger of two on one face."""
        gone: list[Followed] = []
        for number, followed in enumerate(self._live):
            seen = [f for f in self._live[:number] if not f.lost_for and f not in gone]
            doubled = not followed.lost_for and any(overlap(f.box, followed.box) > _DOUBLE for f in seen)
            denied = followed.doubts >= 3 and bool(followed.presence) and followed.presence[-1] < 0.9
            if followed.lost_for > _LOST_FRAMES or doubled or denied:
                gone.append(followed)
        self._over += gone
        self._live = [f for f in self._live if f not in gone]


def _plausible(box: np.ndarray, picture: Picture) -> bool:
    """A mesh must have a size and its middle must lie in the picture."""
    width, height = box[2] - box[0], box[3] - box[1]
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    picture_height, picture_width = size_hw(picture)
    inside = 0 <= x < picture_width and 0 <= y < picture_height
    return bool(inside and max(width, height) >= _SMALLEST_PX and min(width, height) > 0.2 * max(width, height))
