"""A merged frame taken apart for compositing: plate, face and matte, so that plate x (1 - matte) + face is the result again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..types import F32, Patch, Planes
from ..video.color import rgb_from_planes


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """One frame's layers: float32, code values on a scale of 0..1."""

    plate: F32
    """(H, W, 3): the target as decoded, untouched."""
    face: F32
    """(H, W, 3): the swapped faces multiplied by the matte, black elsewhere."""
    matte: F32
    """(H, W): 1 where the face covers the plate."""

    @property
    def result(self) -> F32:
        """(H, W, 3): the merged picture, with one colour for each pixel, before label and mark."""
        return self.plate * (1 - self.matte[..., None]) + self.face

    @property
    def straight(self) -> F32:
        """(H, W, 4): the face not multiplied, and the matte as its alpha."""
        solid = np.where(self.matte > 0, self.matte, 1)[..., None]
        return np.concatenate([np.clip(self.face / solid, 0, 1), self.matte[..., None]], axis=2).astype(np.float32)


def take_apart(planes: Planes, patches: Sequence[Patch]) -> Layers:
    """The layers of a frame with its patches, later ones on top. Patches may reach over the picture's edge."""
    rgb = rgb_from_planes(planes)
    plate = rgb.astype(np.float32) / np.float32(65535 if rgb.dtype == np.uint16 else 255)
    face, matte = np.zeros_like(plate), np.zeros(planes.y.shape, np.float32)
    height, width = planes.y.shape
    for patch in patches:
        (x, y), h, w = patch.xy, patch.alpha.shape[0], patch.alpha.shape[1]
        left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
        if left >= right or top >= bottom:
            continue
        there, part = (slice(top, bottom), slice(left, right)), (slice(top - y, bottom - y), slice(left - x, right - x))
        alpha = patch.alpha[part].astype(np.float32) / 255
        colour = patch.rgb[part].astype(np.float32) / np.float32(65535 if patch.rgb.dtype == np.uint16 else 255)
        face[there] = face[there] * (1 - alpha[..., None]) + colour * alpha[..., None]
        matte[there] = matte[there] * (1 - alpha) + alpha
    return Layers(plate, face, matte)
