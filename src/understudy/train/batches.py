"""What the network is shown: which pictures, how often, and with which small changes.

Every batch is a pure function of the seed, the attempt and the step, so a training that goes on after a break sees the same as one that never
stopped, and there is no generator whose state could be lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as nnf

from ..model.compose import window
from ..model.features import LEAST_SPREAD, features
from ..model.mesh_map import MeshMap, draw
from ..model.textures import Textures, choose_textures, texture_side
from ..types import F32, Faceset
from .drafts import Drafts, apart_for, at_side

_HELD_SHARE, _HELD_RUN, _GUARD = 0.12, 15, 4
_MOST_MEASURED = 24
_NEIGHBOURS, _AT_ONCE = 8, 1024
_MOST_RARE, _LEAST_RARE = 3.0, 0.5
_TINT, _LIGHT = 0.10, 0.08
"""Spread of the random colour and of the random light on draft and truth alike: at a swap the draft stands in a stranger's light."""


@dataclass(frozen=True, slots=True)
class Batch:
    """B pictures. The draft is what the network starts from, the truth where it should arrive."""

    truth_B3HW: Tensor
    draft_B3HW: Tensor
    cover_B2HW: Tensor
    """(B, 2, 128, 128): alpha, confidence."""
    alpha_B1HW: Tensor
    own_B1HW: Tensor
    """Where the truth shows the face itself, and not hair or a hand; the window only."""
    face_B1HW: Tensor
    """The same where the draft covers it."""
    features_BF: Tensor
    allowed_BK: Tensor
    maps: list[MeshMap]


class Material:
    """A person's set made ready for training: split, textures, drawn meshes."""

    def __init__(self, faceset: Faceset, drafts: Drafts) -> None:
        self.faceset, self.drafts = faceset, drafts
        n = len(faceset)
        self.held, self.train = split(n)
        self.features = features(drafts.mesh)
        self.least_spread = torch.from_numpy(LEAST_SPREAD)
        usual = _in_spreads(self.features, self.train)
        self.rarity = _rarity(usual[self.train])
        rows = choose_textures(faceset, self.train, usual)
        self.textures = Textures(faceset, rows, side=texture_side(drafts.size))
        self.allowed = (np.abs(np.arange(n)[:, None] - rows[None]) > apart_for(n)).astype(np.float32)
        self._maps: dict[int, MeshMap] = {}

    def measured(self) -> NDArray[np.intp]:
        """The held-out pictures that measurements are made on: at most 24, evenly spread."""
        return self.held[np.unique(np.linspace(0, len(self.held) - 1, _MOST_MEASURED).round().astype(np.intp))]

    def drawn(self, *, seed: int, attempt: int, step: int, n: int, share: slice = slice(None)) -> Batch:
        """The training batch of a step, or the part of it at `share`."""
        chance = np.random.default_rng([seed % 2**32, attempt, step])
        batch = self.batch(self.train[chance.choice(len(self.train), n, p=self.rarity)][share])
        light = _random_light(chance, n, batch.truth_B3HW.shape[-1])[share]
        return Batch(
            truth_B3HW=batch.truth_B3HW * light,
            draft_B3HW=batch.draft_B3HW * light,
            cover_B2HW=batch.cover_B2HW,
            alpha_B1HW=batch.alpha_B1HW,
            own_B1HW=batch.own_B1HW,
            face_B1HW=batch.face_B1HW,
            features_BF=batch.features_BF,
            allowed_BK=batch.allowed_BK,
            maps=batch.maps,
        )

    def batch(self, rows: NDArray[np.intp]) -> Batch:
        """These pictures, unchanged."""
        side = self.drafts.size
        truth = np.stack([at_side(np.asarray(self.faceset.crops[row]), side) for row in rows])
        cover = _unit(self.drafts.cover[rows])
        own = _unit(np.asarray(self.faceset.masks[rows])[:, None])
        alpha, own = (nnf.interpolate(x, size=side, mode="bilinear", align_corners=False) for x in (cover[:, :1], own))
        return Batch(
            truth_B3HW=_unit(truth.transpose(0, 3, 1, 2)),
            draft_B3HW=_unit(self.drafts.rgb[rows].transpose(0, 3, 1, 2)),
            cover_B2HW=cover,
            alpha_B1HW=alpha,
            own_B1HW=window(own),
            face_B1HW=window(alpha * own),
            features_BF=torch.from_numpy(self.features[rows]),
            allowed_BK=torch.from_numpy(self.allowed[rows]),
            maps=[self._map(int(row)) for row in rows],
        )

    def _map(self, row: int) -> MeshMap:
        """Drawn when it is first needed: a picture that is never drawn costs nothing."""
        if row not in self._maps:
            self._maps[row] = draw(self.drafts.mesh[row], size=self.drafts.size)
        return self._maps[row]


def split(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions held out (in runs of time, about 12 %) and those for training; the pictures next to a held-out run are in neither."""
    run = max(2, min(_HELD_RUN, round(_HELD_SHARE * n)))
    count = max(1, round(_HELD_SHARE * n / run))
    held, near = np.zeros(n, bool), np.zeros(n, bool)
    guard = min(_GUARD, n // 20)
    for i in range(count):
        start = int((i + 0.5) * n / count - run / 2)
        held[start : start + run] = True
        near[max(0, start - guard) : start + run + guard] = True
    return np.flatnonzero(held), np.flatnonzero(~near)


def _in_spreads(values: F32, rows: NDArray[np.intp]) -> F32:
    spread = np.maximum(values[rows].std(0), LEAST_SPREAD)
    return np.clip((values - np.median(values[rows], 0)) / spread, -3, 3).astype(np.float32)


def _rarity(usual: F32) -> NDArray[np.float64]:
    """Chances (sum 1): pictures with few like them are drawn more often, within bounds."""
    n, reach = len(usual), min(_NEIGHBOURS, len(usual) - 1)
    if reach < 1:
        return np.full(n, 1 / n)
    square = (usual**2).sum(1)
    near = np.empty(n, np.float64)
    for start in range(0, n, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        away = np.maximum(square[part, None] + square[None] - 2 * usual[part] @ usual.T, 0) / usual.shape[1]
        near[part] = np.sqrt(np.partition(away, reach, axis=1)[:, : reach + 1].sum(1) / reach)
    chance = np.clip(near / max(float(near.mean()), 1e-6), _LEAST_RARE, _MOST_RARE)
    return chance / chance.sum()


def _random_light(chance: np.random.Generator, n: int, side: int) -> Tensor:
    """(n, 3, side, side) factors: a tint for the whole and a smooth light over the picture."""
    tint = torch.from_numpy(chance.normal(1, _TINT, (n, 3, 1, 1)).astype(np.float32))
    light = torch.from_numpy(chance.normal(1, _LIGHT, (n, 1, 4, 4)).astype(np.float32))
    return (tint * nnf.interpolate(light, size=side, mode="bilinear", align_corners=False)).clamp(0.6, 1.5)


def _unit(values: np.ndarray) -> Tensor:
    """uint8 of any shape -> float32 in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(values)).to(torch.float32) / 255
