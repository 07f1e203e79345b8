"""Whether a person has a dark beard, and how far down it reaches."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import cv2
import numpy as np

from ..types import F32, U8, Track
from .masks import hull, parsed_around
from .mesh import FACE_OVAL, LIPS_OUTER, N_SKIN, canonical
from .segment import BODY_SKIN, FACE_SKIN, SIDE

DARKER, GREYER = 0.22, 0.04
"""By how much (natural logarithms) the jaw is darker than the cheeks, and its red weaker beside its blue, from where on it is taken for a beard.
All full dark beards of 28 clips are above both. So is very dark skin with shine on the cheeks, which this does not tell apart: who asks must look
at the other face, too."""
_BLACK = 12.0
_SOFT = 0.8
_ON_NECK = 7
"""Pixels of the map; about six millimetres to each side."""
_LUMA = np.asarray([0.299, 0.587, 0.114], np.float32)


def beard_score(vertex_rgb: U8) -> tuple[float, float]:
    """How much darker, and how much greyer, the jaw is than the cheeks: medians over frames of (T, 478, 3) colours, in natural logarithms."""
    colours = vertex_rgb[:, :N_SKIN].astype(np.float32)
    lumas = np.log(colours @ _LUMA + _BLACK)
    reds = np.log((colours[..., 0] + _BLACK) / (colours[..., 2] + _BLACK))
    jaw, cheeks = _jaw_and_cheeks()
    dark, grey = (float(np.median(x[:, cheeks].mean(1) - x[:, jaw].mean(1))) for x in (lumas, reds))
    return dark, grey


def has_dark_beard(tracks: Iterable[Track]) -> bool:
    """Whether the person of these tracks seems to have a dark beard (see `DARKER`)."""
    dark, grey = beard_score(np.concatenate([np.asarray(track.vertex_rgb[:: max(1, len(track) // 32)]) for track in tracks]))
    return dark >= DARKER and grey >= GREYER


def face_masks(track: Track, positions: np.ndarray, landmarks: F32, *, own: U8) -> U8:
    """Masks (N, 128, 128) for frames of a track: 255 where the face shows, its beard included, inside the mesh and beside it
    down to the edge of the jaw.

    What was parsed is carried to the wanted frames by the motion of the mesh's border. `positions`: (N,) places 0..T-1 in the track; `landmarks`:
    (T, 478, 3) the whole track's meshes in their standard crops at 128 px; `own`: their masks inside the mesh (see `masks.track_masks`), which know
    of hands.
    """
    keys = [_with_the_neck(classes) for classes in track.key_classes]
    ring = landmarks[:, list(FACE_OVAL), :2]
    out = np.empty((len(positions), SIDE, SIDE), np.uint8)
    for i, position in enumerate(positions):
        a, b, share = parsed_around(track, int(position))
        found = np.zeros((SIDE, SIDE), np.float32)
        for k, part in ((a, 1 - share), (b, share)):
            if part > 0:
                found += np.float32(part) * _carried(keys[k], ring[track.key_index[k]], ring[position])
        shown = np.rint(255 * np.clip(cv2.GaussianBlur(found, (0, 0), _SOFT), 0, 1))
        out[i] = np.where(hull(landmarks[position]) == 255, np.minimum(shown, own[i]), shown)
    return out


def _with_the_neck(classes: U8) -> F32:
    """(128, 128) 1 on the face and where the neck begins: hairs stand out over the jaw."""
    face = (classes == FACE_SKIN).astype(np.uint8)
    wide = cv2.dilate(face, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_ON_NECK, _ON_NECK)))
    return (face | (wide & (classes == BODY_SKIN))).astype(np.float32)


def _carried(shown: F32, start: F32, end: F32) -> F32:
    """A map (128, 128), moved as the mesh's border (36, 2) moves from `start` to `end`, as a whole: beside the mesh anything finer would run away."""
    back = np.linalg.lstsq(np.c_[end, np.ones(len(end))].astype(np.float64), start.astype(np.float64), rcond=None)[0].T
    return np.asarray(
        cv2.warpAffine(shown, back, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


@cache
def _jaw_and_cheeks() -> tuple[np.ndarray, np.ndarray]:
    """Points on the lower cheeks, jaw and chin, off the lips and the border; and on the upper cheeks, where no beard grows."""
    points = canonical()
    border = np.linalg.norm(points[:, None] - points[list(FACE_OVAL)][None], axis=-1).min(1)
    lips = np.linalg.norm(points[:, None] - points[list(LIPS_OUTER)][None], axis=-1).min(1)
    jaw = (border > 0.4) & (border < 2.6) & (points[:, 1] > 1.0) & (lips > 0.5)
    cheeks = (border > 0.8) & (np.abs(points[:, 0]) > 2.5) & (points[:, 1] > -1.5) & (points[:, 1] < 1.0)
    return np.flatnonzero(jaw), np.flatnonzero(cheeks)
