"""The driving mesh: the source's face making the target's expression, in the target's pose.

Neutral shape of the source, movements of the target (Garrido et al., "Automatic Face Reenactment", CVPR 2014, do the same with fewer points); lids
and lips by how far they are open in each person's own range, because a blink or a closed mouth must close; the border is the target's own.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ..faces.mesh import EYE_LEFT, EYE_RIGHT, IRIS_LEFT, IRIS_RIGHT, LIPS_INNER, LIPS_OUTER, canonical, eye_opening
from ..types import F32, N_LANDMARKS, Performance
from .person import Person, measure, pose
from .regions import inner_weight, lid_weight, side_weight

_TABLE = 24
_CLOSED_SHARE = 0.3
"""Where a person is never seen to blink: the opening of a closed eye as a share of the usual one."""
_BLINK_SHARE = 0.55
_USUAL = 0.30
"""Opening of an eye at rest over its width, mean of nine people on video (0.26 to 0.37)."""
_WIDE_AWAKE, _HALF_SHUT, _SHUT = 0.1, 0.4, 0.72
"""Readings of a blink: of an eye at rest, from which it says nothing about the eye at rest, of a closed eye."""
_DOUBT = 3.0
"""Frames of an open eye that count as much as what is known of eyes in general."""
_BORDER_CM = 2.2
"""Within this distance from the border the source's shape gives way to the target's."""
_UPPER, _LOWER = LIPS_INNER[1:10], LIPS_INNER[19:10:-1]
"""Points that face each other over the mouth's opening."""
_RINGS = (EYE_RIGHT, EYE_LEFT)


class Retarget:
    """Puts performances into the shape of one source person."""

    def __init__(self, source: Person) -> None:
        self.source = source
        openings = eye_opening(source.shapes)
        self._ranges = [_range(openings[:, side], source.blinks[:, side]) for side in (0, 1)]
        self._lids = [_lid_table(source.deltas, openings[:, side]) for side in (0, 1)]

    def shapes(self, target: Person) -> F32:
        """(T, 478, 3) the source's face with the target's expression, in centimetres, without pose."""
        deltas = target.deltas.copy()
        out = self.source.neutral + deltas
        out = self._lips(out, target)
        return self._eyes(out, target)

    def meshes(self, performance: Performance) -> tuple[F32, F32]:
        """Driving meshes (T, 478, 3) in crop pixels, and the same as shapes (T, 478, 3) in centimetres without pose."""
        target = measure(performance.landmarks, performance.blendshapes)
        shapes = self.shapes(target)
        driven = pose(shapes, target.scale, target.rotation, target.shift)
        share = inner_weight(0.0, _BORDER_CM)[:, None]
        return (performance.landmarks + share * (driven - performance.landmarks)).astype(np.float32), shapes

    def _lips(self, shapes: F32, target: Person) -> F32:
        """Open the inner lips as far as the target's are open, measured in mouth widths: closed stays closed."""
        own = target.shapes
        width = _mouth_width(self.source.neutral) / max(_mouth_width(target.neutral), 1e-6)
        wanted = (own[:, _LOWER] - own[:, _UPPER]) * width
        lacking = wanted - (shapes[:, _LOWER] - shapes[:, _UPPER])
        upper, lower = _lip_shares()
        shapes = shapes - np.einsum("vp,tpc->tvc", upper, lacking / 2)
        return (shapes + np.einsum("vp,tpc->tvc", lower, lacking / 2)).astype(np.float32)

    def _eyes(self, shapes: F32, target: Person) -> F32:
        """Lids in the source's own forms at the target's opening; irises as far to the side as the target's."""
        openings = eye_opening(target.shapes)
        out = shapes.copy()
        for side, (ring, iris) in enumerate(zip(_RINGS, (IRIS_RIGHT, IRIS_LEFT), strict=True)):
            closed, usual = _range(openings[:, side], target.blinks[:, side])
            share = (openings[:, side] - closed) / max(usual - closed, 1e-6)
            own_closed, own_usual = self._ranges[side]
            wanted = np.clip(own_closed + share * (own_usual - own_closed), 0.0, 1.6 * own_usual)
            levels, forms = self._lids[side]
            lids = self.source.neutral + _at(wanted, levels, forms)
            weight = (lid_weight() * side_weight(side))[:, None]
            # the lids follow the rest of the face (a raised cheek lifts the lower lid): keep the eye corners where the expression puts them
            middle = (out[:, ring[0]] + out[:, ring[8]] - lids[:, ring[0]] - lids[:, ring[8]]) / 2
            out = (out + weight * (lids + middle[:, None] - out)).astype(np.float32)
            out = _close(out, ring, wanted, side)
            out[:, iris] = _irises(out, target.shapes, ring, iris)
        return out.astype(np.float32)


def _range(opening: np.ndarray, blink: np.ndarray) -> tuple[float, float]:
    """(closed, usual) opening of an eye over a performance: `usual` from the frames in which it is read as open (`blink`), and the fewer these are,
    the more as people's eyes usually are; `closed` is guessed where it is never seen."""
    share = np.clip((_HALF_SHUT - blink) / (_HALF_SHUT - _WIDE_AWAKE), 0, 1)
    awake = float(share.sum())
    usual = _USUAL
    if awake > 0:
        # a lid that is read as a little lowered is half believed: narrow eyes read so, too
        at_rest = opening / (1 - 0.5 * np.clip(blink - _WIDE_AWAKE, 0, None) / _SHUT)
        seen = _weighted_median(at_rest, share)
        usual = (awake * seen + _DOUBT * _USUAL) / (awake + _DOUBT)
    least = float(np.quantile(opening, 0.004)) if len(opening) > 20 else usual
    return (least if least < _BLINK_SHARE * usual else _CLOSED_SHARE * usual), usual


def _weighted_median(values: np.ndarray, weight: np.ndarray) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(reached, 0.5 * reached[-1])])


def _lid_table(deltas: F32, opening: np.ndarray) -> tuple[np.ndarray, F32]:
    """Openings (K,) rising and the mean movement (K, 478, 3) of the pictures with about that opening."""
    levels = np.linspace(float(opening.min()), float(opening.max()), _TABLE)
    reach = max(0.02, (levels[-1] - levels[0]) / 12)
    weights = np.exp(-0.5 * ((opening[None] - levels[:, None]) / reach) ** 2)
    weights /= weights.sum(1, keepdims=True)
    found = weights @ opening
    forms = np.einsum("kn,nvc->kvc", weights, deltas)
    order = np.argsort(found)
    return found[order], forms[order].astype(np.float32)


def _at(wanted: np.ndarray, levels: np.ndarray, forms: F32) -> F32:
    """Forms at the wanted openings (T,), between the table's levels; beyond its ends the end's form."""
    place = np.clip(np.searchsorted(levels, wanted) - 1, 0, len(levels) - 2)
    gap = np.maximum(levels[place + 1] - levels[place], 1e-6)
    share = np.clip((wanted - levels[place]) / gap, 0, 1).astype(np.float32)[:, None, None]
    return ((1 - share) * forms[place] + share * forms[place + 1]).astype(np.float32)


def _close(shapes: F32, ring: tuple[int, ...], wanted: np.ndarray, side: int) -> F32:
    """Scale the lids' distance so that the opening is the wanted one: the table has no forms beyond what the source shows."""
    now = eye_opening(shapes)[:, side]
    factor = np.clip(wanted / np.maximum(now, 1e-3), 0.0, 1.8).astype(np.float32)
    out = shapes.copy()
    upper, lower = list(ring[1:8]), list(ring[15:8:-1])
    middle = 0.35 * shapes[:, upper] + 0.65 * shapes[:, lower]  # the upper lid does most of the way
    for points in (upper, lower):
        out[:, points] = middle + factor[:, None, None] * (shapes[:, points] - middle)
    return out


def _irises(shapes: F32, target: F32, ring: tuple[int, ...], iris: tuple[int, ...]) -> F32:
    """(T, 5, 3): the iris points at the target's place between the eye corners."""
    a, b = shapes[:, ring[0]], shapes[:, ring[8]]
    ta, tb = target[:, ring[0]], target[:, ring[8]]
    scale = np.linalg.norm(b - a, axis=-1) / np.maximum(np.linalg.norm(tb - ta, axis=-1), 1e-6)
    away = target[:, iris] - (ta + tb)[:, None] / 2
    return (a + b)[:, None] / 2 + scale[:, None, None] * away


def _mouth_width(neutral: F32) -> float:
    return float(np.linalg.norm(neutral[LIPS_OUTER[0]] - neutral[LIPS_OUTER[10]]))


@cache
def _lip_shares() -> tuple[F32, F32]:
    """How far each point (478) goes along with each of the 9 inner points of the upper, and of the lower lip."""
    points = canonical()
    middle = float(points[[13, 14], 1].mean())
    out = []
    for row, below in ((_UPPER, False), (_LOWER, True)):
        gap = np.linalg.norm(points[:, None, :2] - points[None, row, :2], axis=-1)
        share = np.exp(-0.5 * (gap / 0.35) ** 2)
        reach = np.clip(share.sum(1), 0, None)
        share *= (np.minimum(1.0, share.max(1)) / np.maximum(reach, 1e-9))[:, None]
        half = points[:, 1] > middle if below else points[:, 1] < middle
        share[~half] = 0
        own = np.eye(len(row))
        share[list(row)] = own
        out.append(np.concatenate([share, np.zeros((N_LANDMARKS - len(points), len(row)))]).astype(np.float32))
    return out[0], out[1]
