"""Where a new person's training starts: the shipped base, for networks of its kind."""

from __future__ import annotations

import torch

from understudy.model.base import begin
from understudy.model.features import N_FEATURES
from understudy.model.network import SIDE, Corrector
from understudy.model.textures import MOST


def said(net: Corrector) -> torch.Tensor:
    """All that it asks for on a grey picture, as one vector."""
    with torch.inference_mode():
        told = net(torch.zeros(1, 11 + 3 * net.n_textures, SIDE, SIDE), torch.zeros(1, N_FEATURES))
    return torch.cat([part.flatten() for part in (told.share_BKHW, told.flow_BLHW2, told.colour_B3HW, told.detail_B1HW)])


def test_a_network_with_the_usual_textures_starts_with_what_the_base_knows() -> None:
    first, second = (Corrector(n_textures=MOST, n_features=N_FEATURES) for _ in range(2))
    assert not said(first).any()
    assert begin(first) and begin(second)
    assert said(first).any() and torch.equal(said(first), said(second)), "whatever it held before is gone"
    assert all(torch.isfinite(value).all() and value.dtype == torch.float32 for value in first.state_dict().values())


def test_what_is_usual_for_the_person_is_not_the_bases_to_say() -> None:
    net = Corrector(n_textures=MOST, n_features=N_FEATURES)
    usual = torch.randn(30, N_FEATURES, generator=torch.Generator().manual_seed(0))
    net.set_range(usual, least_F=torch.full((N_FEATURES,), 0.1))
    middle = net.features_middle.clone()
    begin(net)
    assert torch.equal(net.features_middle, middle)


def test_with_fewer_textures_a_network_starts_at_the_draft() -> None:
    net = Corrector(n_textures=MOST - 1, n_features=N_FEATURES)
    assert not begin(net) and not said(net).any()
