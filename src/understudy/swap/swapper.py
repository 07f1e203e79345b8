"""The one interface behind which every way of putting a face under a performance stands.

`plan` sees a whole shot (or, live, one frame) and decides everything that needs time: shape, retrieval, light. `swap` is then a pure
function of one picture and its drive, so frames can be made in any order, again, or in parallel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from ..types import Drive, FaceCrop, Performance, SwappedFace


@runtime_checkable
class Swapper(Protocol):
    """One source person's face, ready to be put under any performance."""

    @property
    def model_id(self) -> str:
        """Names what made the face (part of every key and of the ledger's row): the same id gives the same pictures."""
        ...

    def plan(self, performance: Performance) -> Sequence[Drive]:
        """One drive for each of the performance's frames, in its crop pixels."""
        ...

    def swap(self, crop: FaceCrop, drive: Drive) -> SwappedFace:
        """The source's face under `drive`, as large as `crop` (the target's own picture of that frame)."""
        ...
