"""A few moments of the target with the draft on them: what every round is shown on, and judged by, besides the source's own pictures.

Of the target nothing is ever learnt: one person's network serves any target.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..events import Context
from ..faces.align import take_crop
from ..faces.mesh import eye_opening, mouth_opening
from ..faceset.curate import spread
from ..permits import require
from ..swap.drive import performance_of
from ..swap.swapper import Base
from ..types import F32, U8, Drive, FaceCrop, Faceset, Performance, Permit, SwappedFace, Track, VideoInfo
from ..video.read import read_frames

MOMENTS = 6
_MOST_SHOTS, _LONGEST = 6, 240
"""So many shots, the longest first, and of each so many frames, are planned: more would cost time and tell the same."""
_REACH = 1
"""A moment is a frame with so many before and after it, by which flicker is seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The target as training is given it: the video, and the tracks of the person in it."""

    path: Path
    info: VideoInfo
    tracks: Sequence[Track]
    permit: Permit
    """The performer's; must cover rendering."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One frame of a moment."""

    moment: int
    """0, 1, …"""
    shot: int
    caption: str
    crop: FaceCrop
    own: F32
    """(S, S) 0..1: where the target's own face shows."""
    mesh: F32
    """(478, 3) the target's, in crop pixels."""
    drive: Drive
    draft: SwappedFace

    def put(self, face: SwappedFace) -> U8:
        """The crop with the face on it, as a merge would lay it."""
        share = (face.alpha * self.own)[..., None]
        return np.rint(np.clip(self.crop.rgb + share * (face.rgb - self.crop.rgb), 0, 255)).astype(np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The moments, the frames of each in order of time."""

    looks: tuple[Look, ...]
    wanted_mouth: tuple[F32, ...]
    """For each planned shot, how wide the mouth is to open in its frames (see `faces.mesh.mouth_opening`)."""
    wanted_eyes: tuple[F32, ...]

    @property
    def middles(self) -> list[int]:
        """Positions of the middle frame of every moment."""
        moments = np.asarray([look.moment for look in self.looks])
        return [int(np.flatnonzero(moments == moment)[(moments == moment).sum() // 2]) for moment in np.unique(moments)]

    def worst_and_typical(self) -> list[int]:
        """Of the moments the one of which the draft is least sure, and one in the middle."""
        order = sorted(self.middles, key=lambda i: _sureness(self.looks[i].draft))
        return list(dict.fromkeys((order[0], order[len(order) // 2])))


def find_target(scene: Scene, base: Base, *, size: int, context: Context) -> Target | None:
    """Choose the moments and make the draft of them, in crops of `size`; None where the person is not followed anywhere.

    Raises ConsentMissing, ConsentScope, ConsentExpired; Interrupted; the MediaErrors of reading.
    """
    require(scene.permit, role="performer", action="train")
    shots = sorted((track for track in scene.tracks if len(track) > 2 * _REACH), key=len, reverse=True)[:_MOST_SHOTS]
    shots.sort(key=lambda track: int(track.frame_index[0]))
    planned: list[tuple[Performance, Sequence[Drive]]] = []
    for track in shots:
        context.check()
        performance = performance_of(track, size=size, part=_middle(len(track)))
        planned.append((performance, base.plan(performance)))
    if not planned:
        return None
    looks: list[Look] = []
    for moment, (shot, t) in enumerate(_moments([performance for performance, _ in planned])):
        context.check()
        looks += _looked(scene, base, *planned[shot], at=t, moment=moment, shot=shot)
    meshes = [np.stack([drive.mesh for drive in drives]) for _, drives in planned]
    return Target(tuple(looks), tuple(map(mouth_opening, meshes)), tuple(eye_opening(mesh).mean(-1) for mesh in meshes)) if looks else None


def nearest_picture(faceset: Faceset, look: Look) -> int:
    """The source's picture in the pose and with the expression that is most like the frame's."""
    pose = (((faceset.pose_deg - look.drive.pose_deg) / 10) ** 2).sum(1)
    mouth = (8 * (mouth_opening(faceset.landmarks) - mouth_opening(look.drive.mesh))) ** 2
    eyes = (5 * (eye_opening(faceset.landmarks) - eye_opening(look.drive.mesh)).mean(-1)) ** 2
    return int((pose + mouth + eyes).argmin())


def _looked(scene: Scene, base: Base, performance: Performance, drives: Sequence[Drive], *, at: int, moment: int, shot: int) -> Iterator[Look]:
    places = {int(performance.frame_index[t]): t for t in range(at - _REACH, at + _REACH + 1)}
    for frame in read_frames(scene.path, info=scene.info, start_index=min(places), end_index=max(places) + 1, depth=8):
        t = places.get(frame.index)
        if t is None or frame.rgb is None:
            continue
        crop = take_crop(frame.rgb, performance.crop_from_frame[t], size=performance.size)
        own = cv2.resize(np.asarray(performance.masks[t]), (performance.size, performance.size), interpolation=cv2.INTER_LINEAR)
        yield Look(
            moment=moment,
            shot=shot,
            caption=f"{float(frame.time):.2f} s",
            crop=crop,
            own=np.asarray(own / 255, np.float32),
            mesh=performance.landmarks[t],
            drive=drives[t],
            draft=base.whole(crop, drives[t]),
        )


def _middle(n: int) -> slice:
    """The middle of a long shot, all of a short one."""
    start = max(0, (n - _LONGEST) // 2)
    return slice(start, start + min(n, _LONGEST))


def _moments(performances: Sequence[Performance]) -> list[tuple[int, int]]:
    """(shot, position) of frames as different as possible in pose, mouth and eyes, whose neighbours in time are there too."""
    places: list[tuple[int, int]] = []
    values = []
    for shot, performance in enumerate(performances):
        whole = _whole(performance.frame_index)
        places += [(shot, int(t)) for t in whole]
        meshes = performance.landmarks[whole]
        values.append(np.column_stack([performance.pose_deg[whole, :2] / 12, 8 * mouth_opening(meshes), 5 * eye_opening(meshes).mean(-1)]))
    if not places:
        return []
    chosen = spread(np.concatenate(values).astype(np.float32), min(MOMENTS, len(places)))
    return [places[i] for i in sorted(set(chosen.tolist()))]


def _whole(frame_index: NDArray[np.int32]) -> NDArray[np.intp]:
    """Positions whose neighbours on both sides are the frames just before and after."""
    t = np.arange(_REACH, len(frame_index) - _REACH)
    return t[(frame_index[t + _REACH] - frame_index[t - _REACH]) == 2 * _REACH]


def _sureness(face: SwappedFace) -> float:
    return float((face.confidence * face.alpha).sum() / max(float(face.alpha.sum()), 1e-6))
