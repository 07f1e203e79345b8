"""The trained swapper: the draft, corrected by the network that has learnt this person."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from ..config import Settings
from ..model import network
from ..model.checkpoint import Checkpoints, State, key_of
from ..model.compose import COLUMNS, ROWS, compose, look, window
from ..model.features import N_FEATURES, features
from ..model.mesh_map import draw
from ..model.network import Corrector
from ..model.textures import Textures, texture_side
from ..permits import require
from ..types import F32, Drive, FaceCrop, Faceset, Performance, Permit, SwappedFace
from .draft import DraftSwapper
from .swapper import Swapper


class TrainedSwapper:
    """See `Swapper`. Open one with `open`."""

    def __init__(self, base: Swapper, faceset: Faceset, state: State, *, tensors_sum: str) -> None:
        """Join a draft with a checkpoint that was trained on it."""
        self._base, self._set = base, faceset
        self._rows = np.asarray(state.facts["textures"], np.intp)
        self._net = Corrector(n_textures=len(self._rows), n_features=N_FEATURES)
        self._net.load_state_dict({name.removeprefix("mean."): value for name, value in state.tensors.items() if name.startswith("mean.")})
        self._net.eval()
        self._id = f"trained-{hashlib.sha256(f'{base.model_id} {tensors_sum}'.encode()).hexdigest()[:16]}"
        self._textures = lru_cache(maxsize=4)(self._load_textures)

    @staticmethod
    def open(folder: Path, faceset: Faceset, *, settings: Settings, permit: Permit) -> Swapper:
        """The best checkpoint in `folder` joined with the draft; the plain draft where no checkpoint is better than it.

        `permit` must cover rendering with this face. Raises CheckpointBroken where checkpoints are there but none can be read.
        """
        require(permit, role="face", action="render")
        return corrected(DraftSwapper.fit(faceset, settings=settings.swap, permit=permit), folder, faceset, settings=settings)

    @property
    def model_id(self) -> str:
        return self._id

    def plan(self, performance: Performance) -> Sequence[Drive]:
        """The draft's plan: what the network needs is in it."""
        return self._base.plan(performance)

    def swap(self, crop: FaceCrop, drive: Drive) -> SwappedFace:
        """The draft, with the network's correction where a face can be. Alpha and confidence are the draft's."""
        face = self._base.swap(crop, drive)
        with _alone(), torch.inference_mode():
            return self._corrected(face, drive)

    def _corrected(self, face: SwappedFace, drive: Drive) -> SwappedFace:
        size = face.rgb.shape[0]
        side = -(-size // network.SIDE) * network.SIDE
        draft = nnf.interpolate(_planes(face.rgb) / 255, size=side, mode="bilinear", align_corners=False) if side != size else _planes(face.rgb) / 255
        cover = torch.from_numpy(np.stack([face.alpha, face.confidence]))[None]
        alpha = cover[:, :1] if side == size else nnf.interpolate(cover[:, :1], size=side, mode="bilinear", align_corners=False)
        textures = self._textures(side)
        seen = look(draft, cover, [draw(drive.mesh, size=size)], textures)
        told = self._net(seen.input_BCHW, torch.from_numpy(features(drive.mesh[None])))
        change = (compose(draft, alpha, seen, told, textures) - window(draft)).nan_to_num(0.0, 0.0, 0.0)
        return SwappedFace(rgb=_changed(face.rgb, change, side), alpha=face.alpha, confidence=face.confidence)

    def _load_textures(self, side: int) -> Textures:
        return Textures(self._set, self._rows, side=texture_side(side))


def corrected(base: Swapper, folder: Path, faceset: Faceset, *, settings: Settings) -> Swapper:
    """`base` joined with the best checkpoint in `folder` that was trained on it; `base` itself where none is better."""
    checkpoints = Checkpoints(folder, key=key_of(faceset, settings.train, draft_id=base.model_id))
    best = checkpoints.best()
    return base if best is None else TrainedSwapper(base, faceset, best, tensors_sum=checkpoints.sum_of(best))


@contextmanager
def _alone() -> Iterator[None]:
    """One thread: for one small picture two are hardly quicker, and far slower as soon as anything else runs on the machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _planes(picture: F32) -> Tensor:
    """(S, S, 3) -> (1, 3, S, S)."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]


def _changed(rgb: F32, change_13HW: Tensor, side: int) -> F32:
    """The picture with the window's change added; the change is brought to the picture's size where that is not a multiple of the network's grid."""
    size = rgb.shape[0]
    if side != size:
        unit = side // network.SIDE
        margins = (COLUMNS[0], network.SIDE - COLUMNS[1], ROWS[0], network.SIDE - ROWS[1])
        whole = nnf.pad(change_13HW, [unit * margin for margin in margins])
        change = nnf.interpolate(whole, size=size, mode="bilinear", align_corners=False)[0].permute(1, 2, 0).numpy()
        return np.clip(rgb + 255 * change, 0, 255).astype(np.float32)
    out = rgb.copy()
    part = window(torch.from_numpy(out.transpose(2, 0, 1)))
    part.add_(change_13HW[0], alpha=255).clamp_(0, 255)
    return out
