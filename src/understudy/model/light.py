"""Bringing a picture of the face into the light of another, so that the two can be mixed without a seam."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as nnf

_CELL = 4
"""Light is compared over cells of 4 x 4 places (of the 64 across a crop): coarse enough that no feature of the face counts as light."""
_FEWEST = 0.02
_LEAST, _MOST = 0.4, 2.5


def light_gain(wanted_BCHW: Tensor, given_BCHW: Tensor, weight_B1HW: Tensor) -> Tensor:
    """(B, 3, H/4, W/4): by how much `given` must be multiplied, place by place, to stand in the light of `wanted`. On the 64-grid or part of it.

    `weight`: 1 where both show plain skin. Where there is none the neighbours' gain runs on, and far from any the overall one.
    """
    wanted, given = (_blurred(nnf.avg_pool2d(x * weight_B1HW, _CELL)) for x in (wanted_BCHW, given_BCHW))
    overall = wanted.mean((2, 3), keepdim=True) / given.mean((2, 3), keepdim=True).clamp_min(1e-4)
    return ((wanted + _FEWEST * overall) / (given + _FEWEST)).clamp(_LEAST, _MOST)


def _blurred(x: Tensor) -> Tensor:
    """Three times the mean over 3 x 3 cells: nearly a Gaussian of 1.4 cells. Outside counts as nothing, in both pictures alike."""
    for _ in range(3):
        x = nnf.avg_pool2d(x, 3, 1, 1)
    return x
