"""What the swap on the target is like, in figures that no loss knows: likeness, expression, sharpness, flicker and light.

Judged by the network that tells people apart and by the mesh network, on the same few moments of the target in every round. Likeness is set against
what this target allows: the source's own pictures, laid on the same heads, would not score more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..faces.embed import aligned, embed
from ..faces.landmark import from_mesh
from ..faces.mesh import eye_opening, mouth_opening
from ..types import F32, U8, Faceset, SwappedFace
from .drafts import at_side
from .judge import plain_skin
from .target import Look, Target, nearest_picture

_PORTRAITS = 12
_LEAST_GAP = 0.1
"""Of the embedder's cosine: where source and target are hardly told apart, likeness says nothing."""
_MOVES = 0.04
"""Spread of an opening over the moments below which nothing moves enough to be judged."""
_INSIDE, _BROAD = 0.9, 0.05
"""From this share on a place is wholly the swapped face; width over which light is compared, as a share of the crop's side."""


@dataclass(frozen=True, slots=True)
class Aspects:
    """Of one version of the face on the target; NaN where the target does not show it (a mouth that never moves)."""

    likeness: float
    """0: no more like the source than the target's own face; 1: as like as the source's own pictures on the same heads."""
    mouth: float
    """Correlation of the mouth's opening, measured on the result, with the wanted one."""
    eyes: float
    sharpness: float
    """Mean absolute Laplacian over that of the source's own pictures at that size."""
    flicker: float
    """Second difference over three neighbouring frames, over the target's own."""
    light: float
    """Deviation of the broad shading from the target's, overall brightness apart: 0.1 is a tenth lighter or darker here and there."""

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


class Judge:
    """Knows the source and the target, and judges faces on it."""

    def __init__(self, faceset: Faceset, target: Target, *, held: NDArray[np.intp]) -> None:
        self._target = target
        rows = held[np.unique(np.linspace(0, len(held) - 1, min(_PORTRAITS, len(held))).round().astype(np.intp))]
        self._source = embed([aligned(np.asarray(faceset.crops[row]), faceset.landmarks[row]) for row in rows])
        nearest = {i: nearest_picture(faceset, target.looks[i]) for i in target.middles}
        pasted = {i: _laid(target.looks[i], at_side(np.asarray(faceset.crops[row]), target.looks[i].crop.size)) for i, row in nearest.items()}
        # single pictures are blurred by movement: sharpness is set against the mean of many
        self._portraits = [at_side(np.asarray(faceset.crops[row]), target.looks[0].crop.size) for row in rows]
        self._least = self._likeness({i: target.looks[i].crop.rgb for i in target.middles})
        self._most = self._likeness(pasted)

    def __call__(self, faces: Sequence[SwappedFace]) -> Aspects:
        """`faces`: one for each of the target's looks, in their order."""
        looks = self._target.looks
        shown = [look.put(face) for look, face in zip(looks, faces, strict=True)]
        meshes = np.stack([from_mesh(picture, look.drive.mesh).landmarks for picture, look in zip(shown, looks, strict=True)])
        wanted = np.stack([look.drive.mesh for look in looks])
        gap = self._most - self._least
        raw = self._likeness({i: shown[i] for i in self._target.middles})
        return Aspects(
            likeness=(raw - self._least) / gap if gap > _LEAST_GAP else float("nan"),
            mouth=_alike(mouth_opening(meshes), mouth_opening(wanted)),
            eyes=_alike(eye_opening(meshes).mean(-1), eye_opening(wanted).mean(-1)),
            sharpness=float(np.mean([self._sharpness(i, shown[i], faces[i]) for i in self._target.middles])),
            flicker=self._flicker(shown, faces),
            light=float(np.mean([_other_light(looks[i], shown[i], faces[i]) for i in self._target.middles])),
        )

    def _likeness(self, pictures: dict[int, U8]) -> float:
        """Mean cosine with the source; each picture's mesh is measured anew."""
        looks = self._target.looks
        vectors = [embed([aligned(rgb, from_mesh(rgb, looks[i].mesh).landmarks)]) for i, rgb in pictures.items()]
        return float(np.mean([vector @ self._source for vector in vectors]))

    def _sharpness(self, i: int, shown: U8, face: SwappedFace) -> float:
        inside = _inside(self._target.looks[i], face)
        return _grain(shown, inside) / max(float(np.mean([_grain(own, inside) for own in self._portraits])), 1e-3)

    def _flicker(self, shown: Sequence[U8], faces: Sequence[SwappedFace]) -> float:
        looks, made, own = self._target.looks, 0.0, 0.0
        for i in self._target.middles:
            if not 0 < i < len(looks) - 1 or looks[i - 1].moment != looks[i + 1].moment:
                continue
            inside = _inside(looks[i], faces[i])
            made += _trembling(shown[i - 1], shown[i], shown[i + 1], inside)
            own += _trembling(looks[i - 1].crop.rgb, looks[i].crop.rgb, looks[i + 1].crop.rgb, inside)
        return made / own if own > 0 else float("nan")


def _laid(look: Look, own: U8) -> U8:
    """The source's own picture on the target's head, in the same standard crop."""
    share = (look.draft.alpha * look.own)[..., None]
    return np.rint(look.crop.rgb + share * (own.astype(np.float32) - look.crop.rgb)).astype(np.uint8)


def _inside(look: Look, face: SwappedFace) -> NDArray[np.bool_]:
    inside = (face.alpha * look.own) > _INSIDE
    return inside if inside.any() else face.alpha > 0


def _grain(rgb: U8, inside: NDArray[np.bool_]) -> float:
    """Mean absolute Laplacian of the luma."""
    return float(np.abs(cv2.Laplacian(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.CV_32F))[inside].mean())


def _trembling(before: U8, now: U8, after: U8, inside: NDArray[np.bool_]) -> float:
    a, b, c = (cv2.GaussianBlur(rgb.astype(np.float32), (0, 0), 1.0)[inside] for rgb in (before, now, after))
    return float(np.abs(b - (a + c) / 2).mean())


def _other_light(look: Look, shown: U8, face: SwappedFace) -> float:
    weight = (face.alpha * look.own * plain_skin(look)).astype(np.float32)
    if weight.sum() < 1:
        return float("nan")
    width = _BROAD * look.crop.size
    spread = cv2.GaussianBlur(weight, (0, 0), width) + 1e-3
    luma = [cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) + 8 for rgb in (shown, look.crop.rgb)]
    made, own = (np.log(np.maximum(cv2.GaussianBlur(value * weight, (0, 0), width) / spread, 1)) for value in luma)
    away = made - own
    mean = float((away * weight).sum() / weight.sum())
    return float(np.sqrt((weight * (away - mean) ** 2).sum() / weight.sum()))


def _alike(made: F32, wanted: F32) -> float:
    if np.ptp(wanted) < _MOVES or np.ptp(made) == 0:
        return float("nan")
    return float(np.corrcoef(made, wanted)[0, 1])
