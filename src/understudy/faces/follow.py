"""One face that is being followed through a shot: what is measured frame by frame, until it becomes a Track."""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

import cv2
import numpy as np

from ..types import F32, N_LANDMARKS, U8, Track
from .align import apply, crop_matrices
from .embed import aligned, embed
from .landmark import SIDE, Measured, as_given
from .lanes import Lanes
from .mesh import BROW_LEFT, BROW_RIGHT, EYE_LEFT, EYE_RIGHT, FACE_OVAL, LIPS_INNER, LIPS_OUTER, N_SKIN, pose_deg, turn_deg
from .occluder import comes_before, parsed
from .segment import SIDE as CLASSES_SIDE
from .segment import head_of
from .smooth import smooth_landmarks
from .values import occluded_share, outside_share
from .warp import Picture, cut, size_hw

_PORTRAITS = 3
"""How many pictures the identity is taken from: they cost 20-40 ms each."""
_PORTRAIT_EVERY = 8
_PORTRAIT_PX = 128
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 88]
_SOONEST = 4
"""Frames between two parsed ones at least ..."""
_COVERED_EVERY = 2
"""... and while something lies before the face: a hand moves by itself, no mesh carries it."""
_TURNED_DEG = 18
"""Turn of the head, across or up and down, up to which what was parsed is carried by the mesh alone."""
_OTHER_COLOUR = 35
"""Grey levels by which a point of the face must differ, light apart, to show something else than before."""
_OTHER_SHARE = 0.03
"""Share of such points from which something has come before the face, or has gone."""
_PENDING = 6
"""Frames whose small pictures may still be waited for; each holds its picture in memory."""
_MOVING = {*EYE_RIGHT, *EYE_LEFT, *BROW_RIGHT, *BROW_LEFT, *LIPS_OUTER, *LIPS_INNER, *FACE_OVAL}
_CALM = np.asarray([i for i in range(N_SKIN) if i not in _MOVING], np.intp)


def mesh_box(landmarks: np.ndarray) -> F32:
    """(..., 478, 3) -> (..., 4): the box around the mesh."""
    xy = np.asarray(landmarks, np.float32)[..., :2]
    return np.concatenate([xy.min(-2), xy.max(-2)], -1)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes."""
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    union = (a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - inner
    return float(inner / max(union, 1e-9))


class Followed:
    """Gathers a face's measurements; keeps small pictures only.

    Where the face is is known at once. What is only kept (colours, sharpness, small pictures, classes) is made in order on a thread aside:
    following does not wait for it.
    """

    def __init__(self, *, parse_every: int, lanes: Lanes) -> None:
        self._lanes = lanes
        self._parse_every = parse_every
        self.index: list[int] = []
        self.meshes: list[F32] = []
        self.presence: list[float] = []
        self._sharpness: list[float] = []
        self._colours: list[U8] = []
        self._keys: list[tuple[int, Future[U8]]] = []
        self._key_turn = (0.0, 0.0)
        self._heads: list[tuple[int, U8]] = []
        """What could be parsed later of the frames since the one parsed last but one."""
        self._settled = -1
        self._something_before = False
        self._noting: deque[Future[None]] = deque()
        self._portraits: list[tuple[float, int, U8, U8]] = []
        self._bridged: list[bool] = []
        self._size_wh = (0, 0)
        self.lost_for = 0
        """Frames since it was last seen; 0 while it is seen."""
        self.doubts = 0
        """Looks of the detector in a row that did not find it."""

    def __len__(self) -> int:
        return len(self.index)

    @property
    def box(self) -> F32:
        """Where it was seen last."""
        return mesh_box(self.meshes[-1])

    def box_at(self, index: int) -> F32 | None:
        """Where it was in a frame, or None."""
        at = bisect_left(self.index, index)
        return mesh_box(self.meshes[at]) if at < len(self.index) and self.index[at] == index else None

    def bridge(self, frames: list[tuple[int, Picture]], index: int, landmarks: F32) -> None:
        """Take in the `frames` (rising) in which the face was lost before `index`, where its mesh is `landmarks`.

        Something may be before the face there, or no face at all: these frames and those beside them are parsed, so that masks do not
        take one for the other. The frame where it was seen last may be among `frames`; it is known already.
        """
        first, start = self.meshes[-1], self.index[-1]
        for between, picture in frames:
            if between == start:
                self._aside(self._parse, picture, len(self.index) - 1)
                continue
            share = np.float32((between - start) / (index - start))
            mesh = np.asarray((1 - share) * first + share * landmarks, np.float32)
            self.add(picture, between, as_given(picture, mesh), bridged=True)

    def add(self, picture: Picture, index: int, measured: Measured, *, bridged: bool = False) -> None:
        """Take in one frame's measurement."""
        number = len(self.index)
        self.lost_for = 0
        self._bridged.append(bridged)
        height, width = size_hw(picture)
        self._size_wh = (width, height)
        self.index.append(index)
        self.meshes.append(measured.landmarks)
        self.presence.append(measured.presence)
        self._aside(self._note, picture, measured, number)

    def _aside(self, work: Callable[..., None], *given: object) -> None:
        self._noting.append(self._lanes.notes.submit(work, *given))
        while len(self._noting) > _PENDING or (self._noting and self._noting[0].done()):
            self._noting.popleft().result()

    def _note(self, picture: Picture, measured: Measured, number: int) -> None:
        sharpness = _sharpness(measured.crop)
        self._sharpness.append(sharpness)
        self._colours.append(_colours(measured))
        if self._must_parse(number):
            self._parse(picture, number)
        elif number % _SOONEST == 0:
            self._heads.append((number, head_of(picture, self.meshes[number])))
        if number % _PORTRAIT_EVERY == 0 and not self._bridged[number]:
            self._consider_portrait(picture, measured, sharpness, number)

    def _parse(self, picture: Picture, number: int) -> None:
        if self._keys:
            if self._keys[-1][0] == number:
                return
            self._settle()  # so that work does not pile up
        self._key_turn = turn_deg(self.meshes[number])
        self._keys.append((number, self._lanes.aside.submit(parsed, head_of(picture, self.meshes[number]), self._small(number))))

    def _small(self, number: int) -> F32:
        """The mesh in its standard crop of the classes' size."""
        mesh = self.meshes[number]
        return apply(crop_matrices(mesh, size=CLASSES_SIDE), mesh)

    def _settle(self) -> bool:
        """Whether something lay before the face in the frame parsed last. If it was not there in the one before, the frames between are parsed
        as well, back to where it came."""
        number, classes = self._keys[-1]
        if self._settled != number:
            came = comes_before(classes.result(), self._small(number))
            earlier = [(at, head) for at, head in self._heads if at < number]
            if came and not self._something_before:
                for at, head in reversed(earlier):
                    classes = self._lanes.aside.submit(parsed, head, self._small(at))
                    self._keys.append((at, classes))
                    if not comes_before(classes.result(), self._small(at)):
                        break
                self._keys.sort(key=lambda key: key[0])
            self._heads = self._heads[len(earlier) :]
            self._settled, self._something_before = number, came
        return self._something_before

    def _must_parse(self, number: int) -> bool:
        """At least every so often; sooner where the head has turned, where something lies before the face, where the colours say that it has come
        or gone, or where the face was lost."""
        if not self._keys or any(self._bridged[max(number - 1, 0) : number + 1]):
            return True
        key = self._keys[-1][0]
        since = self.index[number] - self.index[key]
        if since < min(_COVERED_EVERY if self._something_before else _SOONEST, self._parse_every):
            return False
        if since >= self._parse_every or math.dist(turn_deg(self.meshes[number]), self._key_turn) > _TURNED_DEG:
            return True
        return self._settle() or _covered(self._colours[key], self._colours[number])

    def _consider_portrait(self, picture: Picture, measured: Measured, sharpness: float, number: int) -> None:
        yaw, pitch = np.radians(turn_deg(measured.landmarks))
        box = mesh_box(measured.landmarks)
        size = min(1.0, float(box[3] - box[1]) / 112)
        value = float(measured.presence * np.cos(yaw) ** 2 * np.cos(pitch) ** 2 * size * sharpness)
        full = len(self._portraits) == _PORTRAITS
        if full and value <= self._portraits[0][0]:
            return
        shown = cut(picture, crop_matrices(measured.landmarks, size=_PORTRAIT_PX), size=_PORTRAIT_PX)
        (heapq.heapreplace if full else heapq.heappush)(self._portraits, (value, number, aligned(picture, measured.landmarks), shown))

    def track(self, *, track_id: str, media_id: str, shot_id: str) -> Track:
        """Everything at once: steadied mesh, pose, expression, identity."""
        while self._noting:
            self._noting.popleft().result()
        self._settle()
        index = np.asarray(self.index, np.int32)
        best = sorted(self._portraits, reverse=True, key=lambda portrait: portrait[:2])
        embedding = self._lanes.aside.submit(embed, [face for _, _, face, _ in best], [value for value, *_ in best])
        landmarks = smooth_landmarks(np.stack(self.meshes).astype(np.float32), index)
        key_index = np.asarray([number for number, _ in self._keys], np.int32)
        key_classes = np.stack([classes.result() for _, classes in self._keys]).reshape(-1, CLASSES_SIDE, CLASSES_SIDE)
        return Track(
            track_id=track_id,
            media_id=media_id,
            shot_id=shot_id,
            frame_index=index,
            box_xyxy=mesh_box(landmarks),
            landmarks=landmarks,
            presence=np.asarray(self.presence, np.float32),
            pose_deg=pose_deg(landmarks),
            blendshapes=self._lanes.expressions(landmarks),
            sharpness=np.asarray(self._sharpness, np.float32),
            vertex_rgb=np.stack(self._colours),
            embedding=embedding.result(),
            key_index=key_index,
            key_classes=key_classes,
            bridged=np.asarray(self._bridged, np.bool_),
            outside=outside_share(landmarks, size_wh=self._size_wh),
            occluded=occluded_share(landmarks, key_index, key_classes, size_wh=self._size_wh),
            portraits=tuple(_jpeg(shown) for *_, shown in best),
        )


def _jpeg(rgb: U8) -> bytes:
    return cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), _JPEG)[1].tobytes()


def _sharpness(crop: U8) -> float:
    """Mean absolute Laplacian of the luma in the middle of the face, the face being 128 px high."""
    low, high = SIDE // 4, SIDE - SIDE // 4
    side = round((high - low) * 128 / (SIDE / 1.5))
    gray = cv2.resize(cv2.cvtColor(crop[low:high, low:high], cv2.COLOR_RGB2GRAY), (side, side), interpolation=cv2.INTER_AREA)
    return float(np.abs(cv2.Laplacian(gray, cv2.CV_16S)).mean())


def _colours(measured: Measured) -> U8:
    """(478, 3): the crop, blurred over about a thirtieth of the face, at the mesh points."""
    soft = cv2.blur(measured.crop, (7, 7))
    xy = np.clip(np.rint(measured.crop_landmarks[:, :2]), 0, SIDE - 1).astype(np.intp)
    return np.asarray(soft[xy[:, 1], xy[:, 0]], np.uint8).reshape(N_LANDMARKS, 3)


def _covered(before: U8, now: U8) -> bool:
    """Whether many points of the face (478, 3) show another colour than before, the change of light (a gain for each channel) apart."""
    a, b = (colours[_CALM].astype(np.float32) + 8 for colours in (before, now))
    gain = np.median(b / a, axis=0)
    return bool((np.abs(b - gain * a).mean(-1) > _OTHER_COLOUR).mean() > _OTHER_SHARE)
