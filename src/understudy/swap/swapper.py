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


@runtime_checkable
class Base(Swapper, Protocol):
    """A swapper on which a network can be trained that corrects it. `swap.draft.DraftSwapper` is one."""

    def whole(self, crop: FaceCrop, drive: Drive) -> SwappedFace:
        """As `swap`, and the same where the face is; beside it, where `swap` may give anything, the picture goes on."""
        ...
