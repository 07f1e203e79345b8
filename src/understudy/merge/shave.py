"""A beard of the target that would stand as a ring round the jaw of a source who has none: painted over with skin.

The swapped face ends where the mesh does, softly; a beard goes on beyond it to the edge of the jaw. Where the target is darker there than the swapped
skin nearby, it gets that skin's colour; where it is not, and below the jaw's edge, nothing changes.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..faces.align import FACE_SHARE
from ..faces.mesh import FACE_OVAL, canonical
from ..swap.regions import ramp
from ..types import F32, U8
from .place import trimmed

_NOSE, _LIP = 2, 13
"""Mesh points between which the region begins: a beard is left to go over into the hair before the ears."""
_FADES_CM, _TURNED_CM = (0.5, 1.0), 1.5
"""Distance from the mesh's border over which the region ends, and how much further on the side that a turned head shows: there is cheek behind it."""
_NOSE_TIP, _SIDES = 1, (234, 454)
_ONLY_THEIRS = (0.05, 0.13)
"""By how much (natural logarithm) the target's lower face is darker than the swapped one from where on it counts as a beard that only one has."""
_DARKER = (0.04, 0.16)
"""The same for a single place and the skin nearby."""
_NEAR_CM, _FAR_CM, _FAR_COUNTS = 0.45, 1.6, 0.03
_HAIR_CM = 0.12
_EDGE = 1.6
"""Strengthens the parsed face's soft edge: hairs stand over it."""
_BLACK = 12.0
_LUMA = np.asarray([0.299, 0.587, 0.114], np.float32)


def shaved(face: F32, target: U8, share: F32, *, shown: U8, mesh: F32) -> tuple[F32, F32]:
    """The swapped face (S, S, 3) and its mask (S, S) 0..1, grown over what is left of a beard.

    `target` (S, S, 3): the crop; `shown` (M, M): 255 where the target's face is, down to the edge of the jaw; `mesh` (478, 3): the target's, in crop
    pixels. Both are given back as they are where the target has no beard that the swapped face lacks.
    """
    size = share.shape[0]
    cm = FACE_SHARE * size / float(np.ptp(canonical()[:, 1]))
    where = _region(mesh, shown, size=size, cm=cm)
    box = trimmed(where)
    if box is None:
        return face, share
    # only there does anything change
    part, region = share[box], where[box]
    theirs, ours = (_logs(cv2.GaussianBlur(np.asarray(x[box], np.float32), (0, 0), max(0.4, 0.5 * _HAIR_CM * cm))) for x in (target, face))
    strength = _strength(ours - theirs, part * region)
    if strength <= 0:
        return face, share
    skin = _continued(face[box], part, cm=cm)
    reach = max(3, int(2 * _HAIR_CM * cm) | 1)
    beard = cv2.dilate(ramp(_logs(skin) - theirs, *_DARKER), np.ones((reach, reach), np.uint8))
    beard = cv2.GaussianBlur(beard, (0, 0), max(0.6, _HAIR_CM * cm)) * region * np.float32(strength)
    grown = part + (1 - part) * beard
    old = np.divide(part, grown, out=np.ones_like(part), where=grown > 1e-4)
    face, share = face.copy(), share.copy()
    face[box] += (1 - old)[..., None] * (skin - face[box])
    share[box] = grown
    return face, share


def _region(mesh: F32, shown: U8, *, size: int, cm: float) -> F32:
    """(S, S) 0..1: the lower face, and the jaw beyond the mesh. Smooth: every second pixel is reckoned."""
    whole, size, cm = size, size // 2, cm / 2
    mesh = np.asarray((mesh[:, :2] + 0.5) / 2 - 0.5, np.float32)
    inside = np.zeros((size, size), np.uint8)
    cv2.fillPoly(inside, [cv2.convexHull(np.rint(mesh[list(FACE_OVAL), :2]).astype(np.int32))], 1)
    away = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
    down = mesh[152, :2] - mesh[10, :2]
    down = down / max(float(np.linalg.norm(down)), 1e-6)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    nose, lip = (float(mesh[k, :2] @ down) for k in (_NOSE, _LIP))
    face = np.clip(_EDGE * cv2.resize(shown, (size, size), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255, 0, 1)
    beyond = away - _TURNED_CM * cm * _shown_side(mesh, x, y, down)
    below = ramp(x * down[0] + y * down[1], nose, max(lip, nose + 1))
    found = np.asarray(face * below * ramp(beyond, _FADES_CM[1] * cm, _FADES_CM[0] * cm), np.float32)
    return np.asarray(cv2.resize(found, (whole, whole), interpolation=cv2.INTER_LINEAR), np.float32)


def _shown_side(mesh: F32, x: F32, y: F32, down: F32) -> F32:
    """(S, S) 0..1: how much of the side of the head is seen beside the mesh: 0 of a face from the front, 1 on one side of a half profile."""
    across = np.asarray([down[1], -down[0]], np.float32)
    tip, first, second = (float(mesh[k, :2] @ across) for k in (_NOSE_TIP, *_SIDES))
    turned = (abs(tip - first) - abs(tip - second)) / max(abs(first - second), 1.0)
    place = (x * across[0] + y * across[1] - tip) / (0.5 * (first - second))
    return np.asarray(np.clip(2 * turned, 0, 1) * ramp(place, 0.2, 0.8) + np.clip(-2 * turned, 0, 1) * ramp(-place, 0.2, 0.8), np.float32)


def _strength(lighter: F32, weight: F32) -> float:
    """0..1: how surely only the target has a beard. `lighter`: the swapped face's logarithm less the target's."""
    total = float(weight.sum())
    return float(ramp(np.asarray((lighter * weight).sum() / total), *_ONLY_THEIRS)) if total >= 1 else 0.0


def _continued(face: F32, share: F32, *, cm: float) -> F32:
    """(h, w, 3) the swapped skin, smoothly carried over its border, the nearest counting most."""
    height, width = share.shape
    few = (max(16, width // 4), max(16, height // 4))
    scale = cm * few[0] / width
    sure = np.clip(2 * share - 1, 0, 1)
    known = cv2.resize(cv2.merge([face * sure[..., None], sure]), few, interpolation=cv2.INTER_AREA)
    near, far = (cv2.GaussianBlur(known, (0, 0), sigma * scale) for sigma in (_NEAR_CM, _FAR_CM))
    total = near + np.float32(_FAR_COUNTS) * far
    return np.asarray(cv2.resize(total[..., :3] / np.maximum(total[..., 3:], 1e-5), (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _logs(picture: np.ndarray) -> F32:
    return np.asarray(np.log(picture @ _LUMA + _BLACK), np.float32)
