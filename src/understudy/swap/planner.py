"""What the draft will do over a whole performance: the source's shape under the target's movements, and which of its pictures serve each frame.

Makes no picture: it only chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..config import SwapSettings
from ..faces.mesh import eye_opening, mouth_opening
from ..types import F32, Drive, Faceset, Performance
from .light import Lit, brightest, colour_left, gains, measure_light
from .mouth import unseen
from .person import gaze, measure
from .reach import shown
from .regions import eye_weight, frown_weight, inner_weight, mouth_weight, ramp
from .retarget import Retarget
from .retrieve import Choice, cheapest_path, cross_faded

Region = Literal["skin", "mouth", "right eye", "left eye"]
_JUMP: dict[Region, float] = {"skin": 2.5, "mouth": 0.6, "right eye": 0.5, "left eye": 0.5}
_FADE: dict[Region, int] = {"skin": 4, "mouth": 1, "right eye": 1, "left eye": 1}
_OTHER_EYE = 0.35
"""How much the other eye counts when a picture is chosen for one: both come from one picture where there is one, but in a wink each has its own."""
_SHARP_ENOUGH = 0.85
_OPEN = 0.04
_FOREIGN = (15.0, 17.0)
"""Median distance of the lips from which an open mouth begins to be one that the source never makes, and surely is: near together, for half of each
one's teeth is nobody's."""
_HIDDEN = 15.0
"""What it costs when all skin that the target shows is under hair in the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One picture of the source, for one region of one frame."""

    region: Region
    row: int
    share: float
    gain: F32
    """(478, 3) factors on its colours."""
    cost: float
    """How far it is from what is wanted; 0 is the very thing."""


@dataclass(frozen=True, slots=True, eq=False)
class DraftDrive(Drive):
    """A drive together with the source's pictures that will serve it."""

    layers: tuple[Layer, ...] = ()
    brightest: F32 | None = None
    """(3,) code values about which the performer's skin is brightest (see `light.brightest`)."""
    colour_left: float = 1.0
    """0..1: how much of the source's differences in colour the performer's picture would show (see `light.colour_left`)."""
    borrowed: float = 0.0
    """0..1: how much of what shows between the lips is the performer's own, because the source never opens the mouth, or never like this."""


class DraftPlanner:
    """Knows one source's set, and plans performances with it."""

    def __init__(self, faceset: Faceset, *, settings: SwapSettings) -> None:
        self._set = faceset
        self._settings = settings
        self._person = measure(faceset.landmarks, faceset.blendshapes)
        self._retarget = Retarget(self._person)
        track, frame = faceset.track_number, faceset.frame_index
        self._follows = np.concatenate([[False], (np.diff(track) == 0) & (np.diff(frame) <= 3)])
        self._steps = (frame + 10_000_000 * track.astype(np.int64)).astype(np.int64)
        self._light = measure_light(faceset.vertex_rgb, faceset.masks, faceset.landmarks, size=faceset.size, steps=self._steps)
        self._gaze = gaze(self._person.shapes)
        self._openings = eye_opening(self._person.shapes)
        best = np.quantile(faceset.sharpness, 0.8)
        self._blur = np.clip(_SHARP_ENOUGH - faceset.sharpness / max(float(best), 1e-6), 0, 1)

    def plan(self, performance: Performance, *, apart: int = 0) -> list[DraftDrive]:
        """One drive for each frame, with the source's pictures chosen over the whole performance.

        With `apart`, the performance is the faceset's own and no picture within `apart` places of a frame serves it: what the draft
        can do for pictures that it has not seen.
        """
        meshes, shapes = self._retarget.meshes(performance)
        if apart:
            meshes, shapes = performance.landmarks, self._person.shapes
        lit = measure_light(
            performance.vertex_rgb, performance.masks, performance.landmarks, size=performance.size, steps=performance.frame_index.astype(np.int64)
        )
        bright = brightest(lit)
        left = 1.0 if apart else 1 - self._settings.light * (1 - colour_left(lit, self._light))
        yaw = performance.pose_deg[:, 0]
        reached = np.ones(len(yaw), np.float32) if apart else shown(yaw, performance.frame_index, self._set.pose_deg[:, 0])
        barred = self._barred(len(performance), apart)
        layers: list[list[Layer]] = [[] for _ in range(len(performance))]
        for region, cost in self._costs(performance, shapes, lit).items():
            cost[barred] += 1e4
            path = cheapest_path(cost, jump=_JUMP[region], follows=self._follows)
            faded = cross_faded(path, reach=_FADE[region], follows=self._follows)
            self._add_layers(layers, region, [_allowed(choices, barred[t]) for t, choices in enumerate(faded)], cost, lit)
        borrowed = np.zeros(len(performance)) if apart else self._borrowed(shapes, meshes, layers)
        return [
            DraftDrive(
                mesh=meshes[t],
                target_mesh=performance.landmarks[t],
                pose_deg=performance.pose_deg[t],
                blendshapes=performance.blendshapes[t],
                target_vertex_rgb=performance.vertex_rgb[t],
                shown=float(reached[t]),
                layers=tuple(layers[t]),
                brightest=bright[t],
                colour_left=left,
                borrowed=float(borrowed[t]),
            )
            for t in range(len(performance))
        ]

    def _borrowed(self, shapes: F32, meshes: F32, layers: Sequence[Sequence[Layer]]) -> np.ndarray:
        """(T,) 0..1. Whether the pictures chosen for the open mouth show other lips than are wanted is one number for all frames: teeth must not
        change hands while somebody speaks."""
        mouths = [[layer for layer in chosen if layer.region == "mouth"] for chosen in layers]
        closed = [sum(layer.share * unseen(self._set.landmarks[layer.row], meshes[t]) for layer in chosen) for t, chosen in enumerate(mouths)]
        apart = self._lips(shapes)
        found = [sum(layer.share * apart[t, layer.row] for layer in mouths[t]) for t in np.flatnonzero(mouth_opening(meshes) > _OPEN).tolist()]
        foreign = ramp(np.asarray(np.median(found)), *_FOREIGN) if found else 0.0
        return np.maximum(closed, foreign)

    def _lips(self, shapes: F32) -> np.ndarray:
        """(T, N) how far the lips of `shapes` are from those of the source's pictures; 1 is a clear difference."""
        weight = mouth_weight()
        return _squared(_rows(shapes, weight, 0.10), _rows(self._person.shapes, weight, 0.10))

    def _barred(self, n: int, apart: int) -> NDArray[np.bool_]:
        if not apart:
            return np.zeros((n, len(self._set)), bool)
        places = np.arange(len(self._set))
        return np.abs(places[:n, None] - places[None]) <= apart

    def _costs(self, performance: Performance, shapes: F32, lit: Lit) -> dict[Region, np.ndarray]:
        """(T, N) for each region: squared distances in units of what is just seen, so 1 is a clear difference."""
        source = self._person.shapes
        upper_face = inner_weight(0.2, 1.0) * (1 - mouth_weight()) * (1 - eye_weight())
        pose = _squared(performance.pose_deg[:, :2] / 9, self._set.pose_deg[:, :2] / 9)
        brows = _squared(_rows(shapes, upper_face, 0.22), _rows(source, upper_face, 0.22))
        frown = _squared(_rows(shapes, frown_weight(), 0.16), _rows(source, frown_weight(), 0.16))
        lips = self._lips(shapes)
        eyes = self._eyes(shapes)
        shade = _squared(_shade(lit.changing) / 0.10, _shade(self._light.changing) / 0.10)
        blur = (6 * self._blur)[None]
        hidden = lit.seen @ (1 - self._light.seen).T / np.maximum(lit.seen.sum(1, keepdims=True), 1)
        return {
            "skin": pose + brows + frown + 0.15 * lips + shade + 2 * blur + _HIDDEN * hidden,
            "mouth": 0.5 * pose + lips + 0.4 * shade + blur,
            "right eye": 0.5 * pose + 0.5 * frown + eyes[0] + 0.3 * shade + blur,
            "left eye": 0.5 * pose + 0.5 * frown + eyes[1] + 0.3 * shade + blur,
        }

    def _eyes(self, shapes: F32) -> tuple[np.ndarray, np.ndarray]:
        """(T, N) for the right and the left eye: by how far it is open and where it looks, and a little by the other eye."""
        openings, looks = eye_opening(shapes), gaze(shapes)
        right, left = (
            _squared(openings[:, [side]] / 0.025, self._openings[:, [side]] / 0.025)
            + _squared(looks[:, 2 * side : 2 * side + 2] / 0.042, self._gaze[:, 2 * side : 2 * side + 2] / 0.042)
            for side in (0, 1)
        )
        other = _OTHER_EYE
        return (1 - other) * right + other * left, (1 - other) * left + other * right

    def _add_layers(self, layers: list[list[Layer]], region: Region, faded: Sequence[Sequence[Choice]], cost: np.ndarray, lit: Lit) -> None:
        frames = np.asarray([t for t, choices in enumerate(faded) for _ in choices], np.intp)
        chosen = [choice for choices in faded for choice in choices]
        rows = np.asarray([choice.row for choice in chosen], np.intp)
        factors = gains(lit, frames, self._light, rows, degree=self._settings.light)
        for t, choice, gain in zip(frames, chosen, factors, strict=True):
            layers[t].append(Layer(region, choice.row, choice.share, gain, float(cost[t, choice.row])))


def _squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(T, D), (N, D) -> (T, N) squared distances."""
    return np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T, 0)


def _rows(shapes: F32, weight: np.ndarray, unit_cm: float) -> np.ndarray:
    """Shapes (T, 478, 3) -> (T, D): weighted so that squared distances are means over the region, in units of `unit_cm`."""
    chosen = np.flatnonzero(weight > 0.05)
    share = np.sqrt(weight[chosen] / weight[chosen].sum()) / unit_cm
    return (shapes[:, chosen] * share[:, None]).reshape(len(shapes), -1)


def _shade(changing: F32) -> np.ndarray:
    """(N, 478, 3) -> (N, D): brightness of the changing light at points spread over the face, squared distances being means."""
    points = np.flatnonzero(inner_weight(0.3, 0.6) > 0.5)[::6]
    return changing[:, points].mean(-1) / np.sqrt(len(points))


def _allowed(choices: Sequence[Choice], barred: NDArray[np.bool_]) -> tuple[Choice, ...]:
    """Cross-fading may bring a barred picture in: leave it out unless nothing else is there."""
    kept = [choice for choice in choices if not barred[choice.row]] or list(choices)
    total = sum(choice.share for choice in kept)
    return tuple(Choice(choice.row, choice.share / total) for choice in kept)
