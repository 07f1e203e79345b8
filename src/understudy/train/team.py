"""Several processes that share each step of a training: each takes its part of the batch, and their gradients are added up.

The training's own process is the first. It alone holds the state (optimiser, running mean, counters), measures, and writes checkpoints and events.
The helpers hold nothing that could be lost: with each step they are told the weights and which step it is. So a training that goes back or goes on
after a break need not tell them, and where one of them ends, the first goes on alone. They talk by gloo over the machine's own loopback.
"""

from __future__ import annotations

import mmap
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed import FileStore  # pyright: ignore[reportPrivateImportUsage]

_LONGEST_WAIT = timedelta(hours=2)
"""A helper waits while the first process measures, shows and saves a round."""


class HelpersLost(Exception):
    """One of the processes has ended."""


class Team:
    """One process's place among those that share each step. `Team()` is a training alone."""

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    @property
    def share(self) -> slice:
        """Which pictures of a batch are this process's."""
        return slice(self.rank, None, self.size)

    def sum(self, value: Tensor) -> Tensor:
        """The sum over all processes, the same in each. Raises HelpersLost."""
        if self.size == 1:
            return value
        out = value.detach().clone()
        self._do(dist.all_reduce, out)
        return out

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """As `sum`, in place and in one go."""
        if self.size > 1:
            flat = self.sum(torch.cat([tensor.flatten() for tensor in tensors]))
            _fill(tensors, flat)

    def tell(self, net: nn.Module, *, attempt: int, step: int) -> None:
        """Let the helpers do this step with these weights. Raises HelpersLost."""
        if self.size > 1:
            self._do(dist.broadcast, torch.tensor([attempt, step]), src=0)
            self._do(dist.broadcast, _flat(net), src=0)

    def hear(self, net: nn.Module) -> tuple[int, int]:
        """What `tell` told: (attempt, step), the weights put into `net`. Raises HelpersLost when the first process is gone."""
        told, weights = torch.zeros(2, dtype=torch.int64), _flat(net)
        self._do(dist.broadcast, told, src=0)
        self._do(dist.broadcast, weights, src=0)
        with torch.no_grad():
            _fill(list(net.parameters()), weights)
        attempt, step = told.tolist()
        return attempt, step

    def alone(self) -> None:
        """From now on this process does the whole of each step."""
        self.rank, self.size = 0, 1

    def _do(self, what: Callable[..., Any], tensor: Tensor, **how: Any) -> None:
        try:
            what(tensor, **how)
        except RuntimeError as error:  # gloo knows no finer one
            raise HelpersLost(str(error)) from error


@contextmanager
def gathered(helper: Callable[..., None], *given: Any, size: int) -> Iterator[Team]:
    """A team of `size` processes; in each but this one `helper(team, *given)` runs. Alone where the helpers do not come up.

    `helper` is named by its module; memory-mapped arrays among `given` are opened there by their files, everything else is copied.
    """
    if size == 1:
        yield Team()
        return
    with ExitStack() as stack:
        meeting = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="understudy-"))) / "meeting"
        spawning = multiprocessing.get_context("spawn")
        helpers = [spawning.Process(target=_help, args=(str(meeting), rank, size, helper, given), daemon=True) for rank in range(1, size)]
        for process in helpers:
            process.start()
            stack.callback(process.join)
            stack.callback(process.kill)  # it holds nothing that could be lost
        store = FileStore(str(meeting), size)
        while not store.check([f"here-{rank}" for rank in range(1, size)]):
            if not all(process.is_alive() for process in helpers):
                yield Team()
                return
            time.sleep(0.05)
        _join(store, 0, size)
        stack.callback(dist.destroy_process_group)
        yield Team(0, size)


def _help(meeting: str, rank: int, size: int, helper: Callable[..., None], given: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first process's to answer
    store = FileStore(meeting, size)
    store.set(f"here-{rank}", "yes")
    try:
        _join(store, rank, size)
        helper(Team(rank, size), *given)
    except HelpersLost:
        pass  # the first process was killed
    os._exit(0)  # the group's own threads wait for processes that may be gone


def _join(store: FileStore, rank: int, size: int) -> None:
    if sys.platform != "win32":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
    dist.init_process_group("gloo", store=store, rank=rank, world_size=size, timeout=_LONGEST_WAIT)


def _flat(net: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in net.parameters()])


def _fill(tensors: Sequence[Tensor], flat: Tensor) -> None:
    for tensor, part in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
        tensor.copy_(part.view_as(tensor))


def _by_file(array: np.memmap) -> str | tuple[Any, ...]:
    """How a memory-mapped array goes to another process: by its file; a part of one as a copy."""
    if isinstance(array.base, mmap.mmap) and array.flags.c_contiguous:
        return _opened, (str(array.filename), array.dtype, array.shape, array.offset)
    return np.array(array, subok=False).__reduce__()


def _opened(file: str, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int) -> np.memmap:
    return np.memmap(file, dtype=dtype, shape=shape, offset=offset, mode="r")


ForkingPickler.register(np.memmap, _by_file)
