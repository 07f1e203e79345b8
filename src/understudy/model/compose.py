"""From a draft and the network's word to the corrected picture, at any size."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as nnf

from . import mesh_map, network
from .light import light_gain
from .textures import Textures, sample

ROWS, COLUMNS = (8, 60), (10, 54)
"""The part of the crop (in 64ths) that can be covered by a face; only there anything is computed."""
_LEAST_SKIN = 0.02
_MOST_ON_SKIN = 7 / 255
"""What a patch of a 64th of the side may change of the draft's colours on plain skin."""
WHOLE = (1.0, 1.0, 1.0)
"""The correction on skin, eyes and mouth alike."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the network looks at, and what the composition needs again."""

    input_BCHW: Tensor
    places_BKHW2: Tensor
    """(B, K, 128, 128, 2) where each place lies in each texture, by the meshes alone."""
    gain_BKCHW: Tensor
    """(B, K, 3, 16, 16) the draft's light on each texture."""
    mesh_B6HW: Tensor
    """(B, 6, 128, 128) attributes of the mesh (see `mesh_map.attributes`)."""
    skin_B1HW: Tensor
    """(B, 1, 64, 64) where the draft covers plain skin: there light is compared."""
    plain_B1HW: Tensor
    """(B, 1, 64, 64) 1 on skin, nearer to lids and lips and out to the cover's very border: there broad patches keep the draft's colours."""
    allowed_BKHW: Tensor
    """(B, K, 64, 64) 1 where a texture may be used; 0 where it shows something else than the face, or would give the answer away."""
    known_B1HW: Tensor
    """(B, 1, 64, 64) 0 where the person's pictures do not show the face (hair hides it): there nothing was learnt, and the draft stays."""


def look(draft_B3HW: Tensor, cover_B2HW: Tensor, maps: list[mesh_map.MeshMap], textures: Textures, *, allowed_BK: Tensor | None = None) -> Seen:
    """`draft` (B, 3, S, S) in [0, 1]; `cover` (B, 2, any, any): its alpha and confidence; `maps`: the drives' meshes, drawn.

    `allowed`: 1 or 0 for each texture (all, if None).
    """
    places, mesh, own = textures.places(maps)
    small = nnf.adaptive_avg_pool2d(draft_B3HW, network.SIDE)
    cover = nnf.adaptive_avg_pool2d(cover_B2HW, network.SIDE)
    mesh_64 = nnf.avg_pool2d(mesh, 2)
    places_64 = nnf.avg_pool2d(places, 2).unflatten(1, (-1, 2)).permute(0, 1, 3, 4, 2)
    laid = sample(textures.small_KCHW, places_64)
    batch, n = laid.shape[:2]
    shown, known = nnf.avg_pool2d(own, 2).split([n, 1], 1)
    skin = cover[:, :1] * (1 - mesh_64[:, 4:5]) * (1 - mesh_64[:, 5:6])
    gain = light_gain(small.repeat_interleave(n, 0), laid.flatten(0, 1), (skin * shown).reshape(-1, 1, *skin.shape[-2:]))
    lit = (laid.flatten(0, 1) * nnf.interpolate(gain, size=network.SIDE, mode="bilinear", align_corners=False)).unflatten(0, (batch, n))
    allowed = shown if allowed_BK is None else shown * allowed_BK[:, :, None, None]
    seen = torch.cat([small - 0.5, cover, mesh_64, ((lit - 0.5) * allowed[:, :, None]).flatten(1, 2)], 1)
    places = places.unflatten(1, (-1, 2)).permute(0, 1, 3, 4, 2)
    near = (1 - nnf.relu(2 * mesh_64[:, 4:6] - 1)).prod(1, keepdim=True)
    return Seen(seen, places, gain.unflatten(0, (batch, n)), mesh, skin * known, (4 * cover[:, :1]).clamp_max(1) * near, allowed, known)


def compose(
    draft_B3HW: Tensor,
    alpha_B1HW: Tensor,
    seen: Seen,
    correction: network.Correction,
    textures: Textures,
    *,
    parts: tuple[float, float, float] = WHOLE,
) -> Tensor:
    """The corrected picture within the window, (B, 3, h, w) in about [0, 1]. `alpha` is the draft's, (B, 1, S, S): where it fades, so does the
    correction, as it does where nothing is known. `parts`: how much of the correction is taken (0..1) on skin, eyes and mouth."""
    side = draft_B3HW.shape[-1]
    n = correction.share_BKHW.shape[1]
    plain = window(draft_B3HW)
    flow = _finer(correction.flow_BLHW2.permute(0, 1, 4, 2, 3).flatten(1, 2))
    places = window(seen.places_BKHW2.permute(0, 1, 4, 2, 3).flatten(1, 2)) + window(flow[:, 2:])
    places = _to(places, side).unflatten(1, (n, 2)).permute(0, 1, 3, 4, 2)
    own = _to(window(flow[:, :2]), side).permute(0, 2, 3, 1) + _straight(side, draft_B3HW.device)
    base = nnf.grid_sample(draft_B3HW, 2 * own - 1, mode="bilinear", padding_mode="border", align_corners=False)
    # textures are lit and weighed in one: share and gain are both smooth, so their product may be taken before it is enlarged
    gain = nnf.interpolate(seen.gain_BKCHW.flatten(1, 2), size=network.SIDE, mode="bilinear", align_corners=False).unflatten(1, (n, 3))
    share = correction.share_BKHW * seen.allowed_BKHW
    weight = (share[:, :, None] * gain).flatten(1, 2)
    rest = torch.cat([weight, 1 - share.sum(1, keepdim=True), correction.colour_B3HW, correction.detail_B1HW], 1)
    weight, kept, colour, detail = _to(window(rest), side).split([3 * n, 1, 3, 1], 1)
    laid = sample(textures.picture_KCHW, places).flatten(1, 2)
    made = kept * base + (weight * laid).unflatten(1, (n, 3)).sum(1)
    made = made + detail * (made - nnf.avg_pool2d(made, 3, 1, 1, count_include_pad=False)) + colour
    made = made * _draft_light(plain, made, seen)
    made = made - _stain(plain, made, seen)
    share = window(alpha_B1HW) * _to(window(seen.known_B1HW), side)
    if parts != WHOLE:
        eyes, mouth = _to(window(seen.mesh_B6HW[:, 4:6]), side).split(1, 1)
        share = share * (parts[0] * (1 - eyes - mouth).clamp_min(0) + parts[1] * eyes + parts[2] * mouth).clamp_max(1)
    return plain + share * (made - plain)


def _draft_light(plain_B3HW: Tensor, made_B3HW: Tensor, seen: Seen) -> Tensor:
    """Factors that give the skin back the light that the draft has: in training the network sees only the source's own light, and must not
    bring it along to a target that stands in another."""
    skin = window(seen.skin_B1HW)
    unit = plain_B3HW.shape[-2] // skin.shape[-2]
    gain = light_gain(nnf.avg_pool2d(plain_B3HW, unit), nnf.avg_pool2d(made_B3HW, unit), skin)
    return nnf.interpolate(gain, size=plain_B3HW.shape[-2:], mode="bilinear", align_corners=False)


def _stain(plain_B3HW: Tensor, made_B3HW: Tensor, seen: Seen) -> Tensor:
    """What has changed of the draft's colours on plain skin in patches of a few hundredths of the side and more, and of smaller patches what goes
    beyond a bound: to be taken off again. There the draft is right, its light being the target's; what is learnt about skin's colour is the light of
    the source's own film, learnt by heart."""
    skin = window(seen.plain_B1HW)
    unit = plain_B3HW.shape[-2] // skin.shape[-2]
    change = nnf.avg_pool2d(made_B3HW - plain_B3HW, unit)
    around, weight = (nnf.avg_pool2d(x, 3, 1, 1) for x in (change * skin, skin))
    broad = around / (weight + _LEAST_SKIN)
    small = change - broad
    beyond = skin * (broad + small - small.clamp(-_MOST_ON_SKIN, _MOST_ON_SKIN))
    return nnf.interpolate(beyond, size=plain_B3HW.shape[-2:], mode="bilinear", align_corners=False)


def window(x: Tensor) -> Tensor:
    """The part of (…, S, S) that is computed."""
    unit = x.shape[-1] // network.SIDE
    return x[..., ROWS[0] * unit : ROWS[1] * unit, COLUMNS[0] * unit : COLUMNS[1] * unit]


def _finer(x: Tensor) -> Tensor:
    return nnf.interpolate(x, size=mesh_map.SIDE, mode="bilinear", align_corners=False)


def _to(x: Tensor, side: int) -> Tensor:
    """A window of any grid -> the window of a picture of `side`."""
    unit = side // network.SIDE
    size = ((ROWS[1] - ROWS[0]) * unit, (COLUMNS[1] - COLUMNS[0]) * unit)
    return x if x.shape[-2:] == size else nnf.interpolate(x, size=size, mode="bilinear", align_corners=False)


def _straight(side: int, device: torch.device) -> Tensor:
    """(h, w, 2) the window's own places, in shares of the side."""
    unit = side // network.SIDE
    y = (torch.arange(ROWS[0] * unit, ROWS[1] * unit, device=device) + 0.5) / side
    x = (torch.arange(COLUMNS[0] * unit, COLUMNS[1] * unit, device=device) + 0.5) / side
    return torch.stack(torch.broadcast_tensors(x[None, :], y[:, None]), -1)
