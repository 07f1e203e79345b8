"""Bringing a picture of the face into the light of another, so that the two can be mixed without a seam."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as nnf

SIDE = 16
"""Side of the grid on which light is compared: coarse enough that no feature of the face counts as light."""
_FEWEST = 0.02
_LEAST, _MOST = 0.4, 2.5


def light_gain(wanted_BCHW: Tensor, given_BCHW: Tensor, weight_B1HW: Tensor) -> Tensor:
    """(B, 3, 16, 16): by how much `given` must be multiplied, place by place, to stand in the light of `wanted`.

    `weight`: 1 where both show plain skin. Where there is none the neighbours' gain runs on, and far from any the overall one.
    """
    wanted, given = (_blurred(nnf.adaptive_avg_pool2d(x * weight_B1HW, SIDE)) for x in (wanted_BCHW, given_BCHW))
    overall = wanted.mean((2, 3), keepdim=True) / given.mean((2, 3), keepdim=True).clamp_min(1e-4)
    return ((wanted + _FEWEST * overall) / (given + _FEWEST)).clamp(_LEAST, _MOST)


def _blurred(x: Tensor) -> Tensor:
    """Binomial blur over 5 x 5 cells."""
    kernel = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=x.device, dtype=x.dtype) / 16
    channels = x.shape[1]
    x = nnf.conv2d(x, kernel.view(1, 1, 5, 1).expand(channels, 1, 5, 1), padding=(2, 0), groups=channels)
    return nnf.conv2d(x, kernel.view(1, 1, 1, 5).expand(channels, 1, 1, 5), padding=(0, 2), groups=channels)
