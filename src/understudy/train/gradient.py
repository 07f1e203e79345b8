"""The gradient of one step, made by one process or by several that share the batch.

Each process takes its pictures of the batch. The loss is a weighted mean over all of them, so each part counts by the weight that lies on it, and
the sum is the whole batch's gradient whatever the number of processes (data parallelism, with the exact mean instead of a mean of means).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as nnf

from ..config import TrainSettings
from ..model.compose import WHOLE, compose, look, window
from ..model.features import N_FEATURES
from ..model.losses import loss_parts, total
from ..model.network import Corrector
from ..model.textures import Textures
from ..types import Faceset
from .batches import Batch, Material
from .drafts import Drafts
from .team import Team

_EYES, _MOUTH = 4.0, 3.0
"""How much more an error counts there than on the rest of the face."""
_HIDDEN = 0.5
"""How much it counts where something hides the face."""


def new_network(material: Material) -> Corrector:
    """As it is before any training: it leaves the draft as it is."""
    net = Corrector(n_textures=len(material.textures), n_features=N_FEATURES)
    net.set_range(torch.from_numpy(material.features[material.train]), least_F=material.least_spread)
    return net


def corrected(net: Corrector, batch: Batch, textures: Textures, *, parts: tuple[float, float, float] = WHOLE) -> tuple[Tensor, Tensor]:
    """The corrected pictures and how much each place belongs to an eye and to the mouth (B, 2, h, w); the window only."""
    seen = look(batch.draft_B3HW, batch.cover_B2HW, batch.maps, textures, allowed_BK=batch.allowed_BK)
    made = compose(batch.draft_B3HW, batch.alpha_B1HW, seen, net(seen.input_BCHW, batch.features_BF), textures, parts=parts)
    side = batch.draft_B3HW.shape[-1]
    return made, window(nnf.interpolate(seen.mesh_B6HW[:, 4:6], size=side, mode="bilinear", align_corners=False))


def gradient(net: Corrector, material: Material, settings: TrainSettings, team: Team, *, attempt: int, step: int) -> dict[str, float]:
    """Put the gradient of a step's batch into the network's parameters. Returns the loss and its parts over the whole batch; where the loss is not
    finite there is no gradient. Raises HelpersLost."""
    batch = material.drawn(seed=settings.seed, attempt=attempt, step=step, n=settings.batch, share=team.share)
    made, regions = corrected(net, batch, material.textures)
    # where the picture shows hair or a hand the answer is the draft itself: whatever nothing asks for there would be seen at a swap
    answer = torch.lerp(window(batch.draft_B3HW), window(batch.truth_B3HW), batch.own_B1HW)
    weight = window(batch.alpha_B1HW) * torch.lerp(
        batch.own_B1HW.new_tensor(_HIDDEN), 1 + _EYES * regions[:, :1] + _MOUTH * regions[:, 1:], batch.own_B1HW
    )
    parts = loss_parts(made, answer, weight)
    mine = weight.sum()
    share = mine / team.sum(mine).clamp_min(1e-6)
    loss = total(parts) * share
    names = ["loss", *parts]
    sums = team.sum(torch.stack([loss.detach(), *(part.detach() * share for part in parts.values())]))
    figures = dict(zip(names, sums.tolist(), strict=True))
    net.zero_grad()
    if math.isfinite(figures["loss"]):
        loss.backward()
        team.add_up([parameter.grad for parameter in net.parameters() if parameter.grad is not None])
    return figures


def help_with(team: Team, faceset: Faceset, drafts: Drafts, settings: TrainSettings, threads: int) -> None:
    """A helper's part of every step, until the first process ends (HelpersLost)."""
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    material = Material(faceset, drafts)
    net = new_network(material)
    while True:
        attempt, step = team.hear(net)
        gradient(net, material, settings, team, attempt=attempt, step=step)
