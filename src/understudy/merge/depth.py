"""Who stands before whom: people of one shot who come near each other, composed from back to front.

A face's true size hardly differs between people, so the one that is drawn larger (pixels a centimetre, whatever its pose and expression) is nearer
to the camera. Averaged over time, so that two at the same distance do not change places from frame to frame.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..faces.mesh import FACE_OVAL, fit_rigid
from ..types import F32, Track

_STEADY = 12.0
"""Frames over which the order is averaged (sigma)."""
_HEAD = 1.25
"""A head's outline beside the outline of its face, for seeing whether two come near each other."""
_ROOM = 1.06
"""A face in front hides a little more than its mesh: the one that it is given may be wider."""
_SOFT = 0.012
"""Softness of that edge, as a share of the crop's side."""


class Place:
    """One track's standing among the others of its shot."""

    def __init__(self, own: Track, others: Sequence[Track], sizes: dict[str, dict[int, float]]) -> None:
        self._own, self._others, self._sizes = own, tuple(others), sizes
        self._at = {track.track_id: {int(index): t for t, index in enumerate(track.frame_index)} for track in (own, *others)}

    def nearness(self, index: int) -> float:
        """Pixels a centimetre of face in this frame, averaged over time; 0 where the person is not there."""
        return self._sizes[self._own.track_id].get(index, 0.0)

    def before(self, index: int) -> list[F32]:
        """The outlines (N, 2), in frame pixels, of the faces that are nearer in this frame and come near this one."""
        t = self._at[self._own.track_id].get(index)
        if t is None:
            return []
        mine, found = self._own.box_xyxy[t], []
        for other in self._others:
            u = self._at[other.track_id].get(index)
            if u is not None and self._sizes[other.track_id][index] > self.nearness(index) and _touch(mine, other.box_xyxy[u]):
                found.append(_outline(other.landmarks[u]))
        return found


def places(tracks: Sequence[Track]) -> dict[str, Place]:
    """For the tracks of one shot that ever come near another one: their places, by `track_id`."""
    near: dict[str, list[Track]] = {}
    for i, one in enumerate(tracks):
        for other in tracks[:i]:
            if _meet(one, other):
                near.setdefault(one.track_id, []).append(other)
                near.setdefault(other.track_id, []).append(one)
    sizes = {track.track_id: _sizes(track) for track in tracks if track.track_id in near}
    return {track.track_id: Place(track, near[track.track_id], sizes) for track in tracks if track.track_id in near}


def behind(share: F32, outlines: Sequence[F32], *, crop_from_frame: F32) -> F32:
    """The mask (S, S) without what the outlines of nearer faces (frame pixels) hide."""
    if not outlines:
        return share
    size = share.shape[0]
    hidden = np.zeros((size, size), np.uint8)
    for outline in outlines:
        points = outline @ crop_from_frame[:, :2].T + crop_from_frame[:, 2]
        cv2.fillConvexPoly(hidden, np.rint(points * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(hidden, (0, 0), max(0.6, _SOFT * size))
    return np.asarray(share * (1 - np.maximum(soft, hidden).astype(np.float32) / 255), np.float32)


def _sizes(track: Track) -> dict[int, float]:
    """By frame: pixels a centimetre, averaged over time."""
    scale = np.log(np.maximum(fit_rigid(track.landmarks)[0].astype(np.float64), 1e-6))
    frames = track.frame_index.astype(np.float64)
    radius = int(3 * _STEADY)
    out: dict[int, float] = {}
    for t, frame in enumerate(frames):
        near = slice(max(0, t - radius), t + radius + 1)
        weight = np.exp(-0.5 * ((frames[near] - frame) / _STEADY) ** 2)
        out[int(frame)] = float(np.exp((weight * scale[near]).sum() / weight.sum()))
    return out


def _meet(one: Track, other: Track) -> bool:
    _, i, j = np.intersect1d(one.frame_index, other.frame_index, return_indices=True)
    return any(_touch(a, b) for a, b in zip(one.box_xyxy[i], other.box_xyxy[j], strict=True))


def _touch(a: F32, b: F32) -> bool:
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = _grown(a), _grown(b)
    return ax0 < bx1 and bx0 < ax1 and ay0 < by1 and by0 < ay1


def _grown(box: F32) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(value) for value in box)
    dx, dy = (_HEAD - 1) / 2 * (x1 - x0), (_HEAD - 1) / 2 * (y1 - y0)
    return x0 - dx, y0 - dy, x1 + dx, y1 + dy


def _outline(mesh: F32) -> F32:
    """The convex outline of a face's mesh, a little wider, (N, 2)."""
    hull = cv2.convexHull(np.ascontiguousarray(mesh[list(FACE_OVAL), :2])).reshape(-1, 2)
    middle = hull.mean(0)
    return np.asarray(middle + _ROOM * (hull - middle), np.float32)
