"""The trained swapper: the draft, corrected by the network that has learnt this person."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..config import Settings
from ..model.checkpoint import Checkpoints, State, key_of
from ..model.features import N_FEATURES
from ..model.network import Corrector
from ..model.textures import Textures, texture_side
from ..permits import Action, require
from ..types import Drive, FaceCrop, Faceset, Performance, Permit, SwappedFace
from .correct import corrected_face, grid_side
from .draft import DraftSwapper
from .swapper import Base, Swapper


class TrainedSwapper:
    """See `Swapper`. Open one with `open`."""

    def __init__(self, base: Base, faceset: Faceset, state: State, *, tensors_sum: str) -> None:
        """Join a draft with a checkpoint that was trained on it."""
        self._base, self._set = base, faceset
        self._rows = np.asarray(state.facts["textures"], np.intp)
        self._net = Corrector(n_textures=len(self._rows), n_features=N_FEATURES)
        self._net.load_state_dict({name.removeprefix("mean."): value for name, value in state.tensors.items() if name.startswith("mean.")})
        self._net.eval()
        skin, eyes, mouth = state.facts["parts"]
        self._parts = (float(skin), float(eyes), float(mouth))
        self._id = f"trained-{hashlib.sha256(f'{base.model_id} {tensors_sum}'.encode()).hexdigest()[:16]}"
        self._textures = lru_cache(maxsize=4)(self._load_textures)

    @staticmethod
    def open(folder: Path, faceset: Faceset, *, settings: Settings, permit: Permit, action: Action = "render") -> Swapper:
        """The best checkpoint in `folder` joined with the draft; the plain draft where no checkpoint is better than it.

        `permit` must cover `action` with this face. Raises CheckpointBroken where checkpoints are there but none can be read.
        """
        require(permit, role="face", action=action)
        return corrected(DraftSwapper.fit(faceset, settings=settings.swap, permit=permit, action=action), folder, faceset, settings=settings)

    @property
    def model_id(self) -> str:
        return self._id

    def plan(self, performance: Performance) -> Sequence[Drive]:
        """The draft's plan: what the network needs is in it."""
        return self._base.plan(performance)

    def swap(self, crop: FaceCrop, drive: Drive) -> SwappedFace:
        """The draft, with the network's correction where a face can be. Alpha and confidence are the draft's."""
        face = self._base.whole(crop, drive)
        return corrected_face(face, drive, net=self._net, textures=self._textures(grid_side(face.rgb.shape[0])), parts=self._parts)

    def _load_textures(self, side: int) -> Textures:
        return Textures(self._set, self._rows, side=texture_side(side))


def corrected(base: Base, folder: Path, faceset: Faceset, *, settings: Settings) -> Swapper:
    """`base` joined with the best checkpoint in `folder` that was trained on it; `base` itself where none is better."""
    checkpoints = Checkpoints(folder, key=key_of(faceset, settings.train, draft_id=base.model_id))
    best = checkpoints.best()
    return base if best is None else TrainedSwapper(base, faceset, best, tensors_sum=checkpoints.sum_of(best))
