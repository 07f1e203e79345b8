"""One face of the draft, corrected by the network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from ..model import network
from ..model.compose import COLUMNS, ROWS, WHOLE, compose, look, window
from ..model.features import features
from ..model.mesh_map import draw
from ..model.network import Corrector
from ..model.textures import Textures
from ..types import F32, Drive, SwappedFace
from .light import drain
from .mouth import opening
from .planner import DraftDrive


def grid_side(size: int) -> int:
    """The least side not below `size` that the network's grid divides."""
    return -(-size // network.SIDE) * network.SIDE


def corrected_face(face: SwappedFace, drive: Drive, *, net: Corrector, textures: Textures, parts: tuple[float, float, float] = WHOLE) -> SwappedFace:
    """The draft's face with the network's correction where a face can be. Alpha and confidence are the draft's.

    `textures` are for pictures of `grid_side` of the face's own; `parts`: see `compose`.
    """
    with _alone(), torch.inference_mode():
        size = face.rgb.shape[0]
        side = grid_side(size)
        draft = _sized(_planes(face.rgb) / 255, side)
        cover = torch.from_numpy(np.stack([face.alpha, face.confidence]))[None]
        seen = look(draft, cover, [draw(drive.mesh, size=size)], textures)
        told = net(seen.input_BCHW, torch.from_numpy(features(drive.mesh[None])))
        change = (compose(draft, _sized(cover[:, :1], side), seen, told, textures, parts=parts) - window(draft)).nan_to_num(0.0, 0.0, 0.0)
        rgb = _changed(face.rgb, change, side)
        if isinstance(drive, DraftDrive) and drive.brightest is not None and drive.colour_left < 1:
            # the network knows the source in colour; what it adds is drained of it as the draft is
            rgb -= face.rgb
            drain(rgb, drive.brightest, drive.colour_left)
            rgb += face.rgb
        if isinstance(drive, DraftDrive) and drive.borrowed > 0:
            # the network knows the source's mouth; what is the performer's stays as it is
            kept = np.float32(drive.borrowed) * opening(drive.mesh, box=(0, 0, size, size), soft=0.006 * size)
            rgb += kept[..., None] * (face.rgb - rgb)
        return SwappedFace(rgb=rgb, alpha=face.alpha, confidence=face.confidence)


@contextmanager
def _alone() -> Iterator[None]:
    """One thread: for one small picture two are hardly quicker, and far slower as soon as anything else runs on the machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _sized(x_BCHW: Tensor, side: int) -> Tensor:
    return x_BCHW if x_BCHW.shape[-1] == side else nnf.interpolate(x_BCHW, size=side, mode="bilinear", align_corners=False)


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
