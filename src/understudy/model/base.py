"""What the network knows of faces before it has seen the person: where a new person's training starts.

Trained once, by `tools/make_base.py`, on rendered people who do not exist; it has never seen a real person.
"""

from __future__ import annotations

from safetensors.torch import load_file

from ..weights.registry import path
from .network import Corrector
from .textures import MOST


def begin(net: Corrector) -> bool:
    """Let a new network know what the base knows. False, and the network starts at the draft, where it has other textures than the base had (a set
    with hardly any pictures). Raises WeightsMissing, WeightsAltered."""
    if net.n_textures != MOST:
        return False
    missing, unknown = net.load_state_dict(load_file(path("base")), strict=False)
    assert set(missing) == {"features_middle", "features_spread"} and not unknown
    return True
