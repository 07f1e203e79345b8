"""The frozen textures: a few sharp pictures of the person, as different as possible, each with its mesh."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as nnf

from ..faces.masks import clear_of_hair
from ..faces.mesh import FACE_OVAL, N_SKIN, canonical, eye_opening, mouth_opening
from ..faceset.curate import spread
from ..types import F32, Faceset
from .mesh_map import N_POINTS, SHARE_UNIT, MeshMap, attributes, topology, widened

MOST = 6
_SHARP_SHARE = 0.5
"""Textures come from the sharper half of the pictures."""
_SMALL = 96
_KNOWN_FROM, _KNOWN_TO = 0.8, 0.97
"""Of a place that shows the face itself in less than this share of the pictures nothing can be learnt; from the second on, all that there is."""
_LARGER = 1.5
"""Textures are kept this much larger than the picture: sampling between pixels of the same size would soften them."""


def choose_textures(faceset: Faceset, rows: NDArray[np.intp], shapes: F32, n: int = MOST) -> NDArray[np.intp]:
    """Positions of at most `n` of `rows`, spread over pose and expression, among the sharper ones. The closest eyes and the widest mouth are there.

    `shapes` (N, D): what counts as expression and pose, in units of a clear difference.
    """
    sharp = rows[np.argsort(-faceset.sharpness[rows], kind="stable")]
    sharp = np.sort(sharp[: max(n, round(_SHARP_SHARE * len(sharp)))])
    mouth, eyes = mouth_opening(faceset.landmarks[sharp]), eye_opening(faceset.landmarks[sharp]).mean(-1)
    chosen = [int(sharp[mouth.argmax()]), int(sharp[eyes.argmin()])]
    for place in spread(shapes[sharp], min(n, len(sharp))).tolist():
        if int(sharp[place]) not in chosen:
            chosen.append(int(sharp[place]))
    return np.asarray(list(dict.fromkeys(chosen))[:n], np.intp)


def texture_side(side: int) -> int:
    """Side of the textures for pictures of `side`."""
    return int(_LARGER * side)


class Textures:
    """K textures for pictures of side `size`, and where each of their mesh points lies. Nothing in here is trained."""

    def __init__(self, faceset: Faceset, rows: NDArray[np.intp], *, side: int) -> None:
        pictures = [np.asarray(faceset.crops[row]) for row in rows]
        self.rows = rows
        self.picture_KCHW = _planes([_reduced(p, side) for p in pictures])
        self.small_KCHW = _planes([_reduced(p, _SMALL) for p in pictures])
        points = np.stack([widened(faceset.landmarks[row], size=faceset.size) for row in rows])  # (K, P, 2)
        own = own_at_points(faceset)
        known = np.clip((own.mean(0) - _KNOWN_FROM) / (_KNOWN_TO - _KNOWN_FROM), 0, 1)
        self.own_PK = torch.from_numpy(np.concatenate([own[rows], known[None]]).T.copy())
        self.points_PD = torch.from_numpy(points.transpose(1, 0, 2).reshape(N_POINTS, -1).copy())

    def __len__(self) -> int:
        return len(self.rows)

    def places(self, maps: list[MeshMap]) -> tuple[Tensor, Tensor, Tensor]:
        """Where each place of the maps lies in each texture, (B, 2K, 128, 128) in shares of the side; its mesh attributes (B, 6, 128, 128); and
        (B, K + 1, 128, 128) in 0..1 where each texture, and last the set as a whole, shows the face itself there and not hair."""
        values = torch.cat([self.points_PD, _attributes(), self.own_PK], 1)
        corners = _corners()[torch.from_numpy(np.stack([m.triangle for m in maps])).long()]  # (B, H, W, 3)
        share = torch.from_numpy(np.stack([m.share for m in maps])).to(torch.float32) / SHARE_UNIT
        second, third = share[..., :1], share[..., 1:]
        carried = values[corners[..., 0]] * (1 - second - third) + values[corners[..., 1]] * second + values[corners[..., 2]] * third
        places, mesh, own = carried.permute(0, 3, 1, 2).split([self.points_PD.shape[1], _attributes().shape[1], self.own_PK.shape[1]], 1)
        return places, mesh.contiguous(), own.clamp(0, 1)


def own_at_points(faceset: Faceset) -> F32:
    """(N, N_POINTS) 0..1: where each picture shows the face itself at the points of its mesh, clear of hair, whose edge would be drawn on somebody
    else's cheek; the rings outside are nothing of it."""
    side = faceset.masks.shape[-1]
    xy = np.clip(np.rint((faceset.landmarks[:, :N_SKIN, :2] + 0.5) * (side / faceset.size) - 0.5), 0, side - 1).astype(np.intp)
    out = np.zeros((len(faceset), N_POINTS), np.float32)
    out[:, :N_SKIN] = clear_of_hair(faceset.masks, faceset.landmarks, size=faceset.size)[
        np.arange(len(faceset))[:, None], xy[..., 1], xy[..., 0]
    ] / np.float32(255)
    # the mask ends at the outline, on which points lie: there the point just inside counts
    out[:, list(FACE_OVAL)] = np.maximum(out[:, list(FACE_OVAL)], out[:, _inner()])
    return out


@cache
def _inner() -> list[int]:
    """For each point of the outline the nearest one of the mesh that is none."""
    model = canonical()
    others = np.setdiff1d(np.arange(N_SKIN), FACE_OVAL)
    gap = np.linalg.norm(model[list(FACE_OVAL)][:, None] - model[others][None], axis=-1)
    return others[gap.argmin(1)].tolist()


def sample(picture_KCHW: Tensor, places_BKHW2: Tensor) -> Tensor:
    """(B, K, C, h, w): each picture looked up at its places, given as shares of the side. The pictures are shared by all of the batch, not copied."""
    batch, n, height, width, _ = places_BKHW2.shape
    grid = (2 * places_BKHW2 - 1).transpose(0, 1).reshape(n, batch * height, width, 2)
    out = nnf.grid_sample(picture_KCHW, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return out.unflatten(2, (batch, height)).permute(2, 0, 1, 3, 4)


def _reduced(picture: np.ndarray, side: int) -> np.ndarray:
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA) if side < picture.shape[0] else picture


def _planes(pictures: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32) / 255)


def _corners() -> Tensor:
    return torch.from_numpy(topology()).long()


def _attributes() -> Tensor:
    return torch.from_numpy(attributes())
