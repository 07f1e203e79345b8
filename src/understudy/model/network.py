"""The correcting network: looks at the draft and at the textures laid over it, at 64 px, and says how to mix and move them.

Residual U-shape from 64 to 8 px, the expression's numbers modulating it (FiLM, Perez et al. 2018). About 1.2 M parameters. Its last layer
starts at zero, which means: change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

SIDE = 64
"""Side of its inputs and outputs, whatever the size of the picture."""
N_FIXED = 11
"""Input channels besides the textures': draft rgb, alpha, confidence, and six of the mesh map."""
_CODE = 96
_WIDTHS = (48, 80, 128)
_FINE = 24
_FARTHEST = 3.0
_FLOW_REACH = 0.03
"""No place is moved by more than about this share of the crop's side."""
_FLOW_STEP, _COLOUR_REACH = 0.01, 0.15
"""What a flow of 1 means, as a share of the side; and the most that a colour is changed by."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What the network asks for, on its 64 x 64 grid."""

    share_BKHW: Tensor
    """How much of each texture; the draft has the rest. Their magnitudes never sum to more than 1."""
    flow_BLHW2: Tensor
    """(B, 1 + K, 64, 64, 2): by how much to look elsewhere in the draft (first) and in each texture, in shares of the side."""
    colour_B3HW: Tensor
    """To be added."""
    detail_B1HW: Tensor
    """By how much the picture's fine detail is to be strengthened: moving and mixing pictures softens them."""


class _Block(nn.Module):
    """Two 3x3 convolutions beside the way straight through, modulated by the code."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.film = nn.Linear(_CODE, 2 * width)
        _zero(self.film.weight)
        _zero(self.film.bias)
        nn.init.normal_(self.second.weight, std=0.1 / (9 * width) ** 0.5)
        _zero(self.second.bias)

    def forward(self, x_BCHW: Tensor, code_BD: Tensor) -> Tensor:
        gain, shift = self.film(code_BD)[:, :, None, None].chunk(2, 1)
        y = nnf.silu(self.first(nnf.silu(x_BCHW)))
        return x_BCHW + self.second(y * (1 + gain) + shift)


def _zero(parameter: Tensor | None) -> None:
    if parameter is not None:
        nn.init.zeros_(parameter)


class Corrector(nn.Module):
    """See the module. `n_textures` is K, `n_features` the length of the expression's vector."""

    features_middle: Tensor
    features_spread: Tensor

    def __init__(self, *, n_textures: int, n_features: int) -> None:
        super().__init__()
        fine, (a, b, c) = N_FIXED + 3 * n_textures, _WIDTHS
        self.n_textures = n_textures
        self.register_buffer("features_middle", torch.zeros(n_features))
        self.register_buffer("features_spread", torch.ones(n_features))
        self.code = nn.Sequential(nn.Linear(n_features, 128), nn.SiLU(), nn.Linear(128, _CODE), nn.SiLU())
        self.stem = nn.Conv2d(4 * fine, a, 3, padding=1)
        self.down_32, self.to_16, self.down_16 = _Block(a), nn.Conv2d(a, b, 2, stride=2), _Block(b)
        self.to_8, self.middle, self.middle_2 = nn.Conv2d(b, c, 2, stride=2), _Block(c), _Block(c)
        self.back_16, self.up_16 = nn.Conv2d(c, 4 * b, 1), _Block(b)
        self.back_32, self.up_32 = nn.Conv2d(b, 4 * a, 1), _Block(a)
        self.back_64 = nn.Conv2d(a, 4 * _FINE, 1)
        self.look = nn.Conv2d(fine, _FINE, 3, padding=1)
        self.last = nn.Conv2d(_FINE, n_textures + 2 * (1 + n_textures) + 4, 3, padding=1)
        _zero(self.last.weight)
        _zero(self.last.bias)

    def set_range(self, features_NF: Tensor, *, least_F: Tensor) -> None:
        """Measure what expressions are usual for this person; `least` is the smallest spread that counts as one."""
        self.features_middle.copy_(features_NF.median(0).values)
        self.features_spread.copy_(features_NF.std(0, correction=0).maximum(least_F))

    def usual(self, features_BF: Tensor) -> Tensor:
        """The features in units of this person's own spread, held within what it may be trusted with."""
        return ((features_BF - self.features_middle) / self.features_spread).clamp(-_FARTHEST, _FARTHEST)

    def forward(self, seen_BCHW: Tensor, features_BF: Tensor) -> Correction:
        """`seen` (B, 11 + 3K, 64, 64), `features` (B, F) as `features.features` measures them."""
        code = self.code(self.usual(features_BF))
        x_32 = self.down_32(self.stem(nnf.pixel_unshuffle(seen_BCHW, 2)), code)
        x_16 = self.down_16(self.to_16(x_32), code)
        x = self.middle_2(self.middle(self.to_8(x_16), code), code)
        x = self.up_16(x_16 + nnf.pixel_shuffle(self.back_16(x), 2), code)
        x = self.up_32(x_32 + nnf.pixel_shuffle(self.back_32(x), 2), code)
        x = nnf.silu(nnf.pixel_shuffle(self.back_64(nnf.silu(x)), 2) + self.look(seen_BCHW))
        share, flow, colour, detail = self.last(x).split([self.n_textures, 2 * (1 + self.n_textures), 3, 1], 1)
        share, colour, detail = torch.tanh(share), torch.tanh(colour), torch.tanh(detail)
        share = share / (1 + nnf.relu(share.abs().sum(1, keepdim=True) - 1))
        # a place that is not a number crashes the looking up; the other outputs still tell that something is wrong
        flow = _FLOW_REACH * torch.tanh(flow * (_FLOW_STEP / _FLOW_REACH)).nan_to_num()
        flow = flow.unflatten(1, (1 + self.n_textures, 2)).permute(0, 1, 3, 4, 2)
        return Correction(share, flow, _COLOUR_REACH * colour, detail)
