"""The threads that follow a shot: pictures are decoded ahead, several faces are measured at once, slow networks run aside.

Each network runs on one thread of its own, which on a few processors is quicker than one network on all of them (it would wait for itself).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeVar

import cv2
import numpy as np

from ..types import F32
from ..weights.sessions import threads
from .landmark import Measured, blendshapes, from_mesh
from .warp import Picture

T = TypeVar("T")
_AHEAD = 4
"""Pictures decoded before they are wanted."""


class Lanes:
    """Use as a context manager, around the work on one shot."""

    def __init__(self) -> None:
        self.aside: Executor = ThreadPoolExecutor(1, thread_name_prefix="faces-aside")
        """One thread for networks that following does not wait for."""
        self.notes: Executor = ThreadPoolExecutor(1, thread_name_prefix="faces-notes")
        """One thread for the small things that are kept of every frame; they are made in the order in which they are handed in."""
        self._beside = [ThreadPoolExecutor(1, thread_name_prefix=f"faces-{lane}") for lane in range(1, threads())]
        self._cv_threads = cv2.getNumThreads()

    def __enter__(self) -> Self:
        cv2.setNumThreads(1)  # its own threads would only wait beside ours
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for pool in (self.notes, self.aside, *self._beside):
            pool.shutdown(cancel_futures=error is not None)
        cv2.setNumThreads(self._cv_threads)

    def measure(self, picture: Picture, meshes: Sequence[F32]) -> list[Measured]:
        """Every face from its mesh in the frame before, in order."""
        return self._spread(lambda mesh, lane: from_mesh(picture, mesh, lane=lane), meshes)

    def expressions(self, landmarks: F32) -> F32:
        """`landmark.blendshapes`, (T, 478, 3) -> (T, 52), a part on every thread."""
        parts = [part for part in np.array_split(landmarks, 1 + len(self._beside)) if len(part)]
        return np.concatenate(self._spread(lambda part, lane: blendshapes(part, lane=lane), parts))

    def _spread(self, work: Callable[[F32, int], T], items: Sequence[F32]) -> list[T]:
        """`work(item, lane)` for all items: every lane, the caller's included, takes each n-th of them."""
        n = min(1 + len(self._beside), len(items))
        waiting = {lane: self._beside[lane - 1].submit(lambda at: [work(item, at) for item in items[at::n]], lane) for lane in range(1, n)}
        done = {0: [work(item, 0) for item in items[0 :: max(n, 1)]], **{lane: future.result() for lane, future in waiting.items()}}
        return [done[number % n][number // n] for number in range(len(items))]


def ahead(items: Iterable[T]) -> Generator[T]:
    """The same items, made a few ahead on a thread of their own. An error comes where it would have come."""
    ready: queue.Queue[tuple[bool, T | BaseException | None]] = queue.Queue(_AHEAD)
    over = threading.Event()

    def put(good: bool, item: T | BaseException | None) -> None:
        while not over.is_set():
            with suppress(queue.Full):
                ready.put((good, item), timeout=0.1)
                return

    def make() -> None:
        try:
            for item in items:
                put(True, item)
                if over.is_set():
                    return
            put(False, None)
        except BaseException as error:  # whatever it is, it is the caller's
            put(False, error)

    maker = threading.Thread(target=make, name="faces-ahead", daemon=True)
    maker.start()
    try:
        while True:
            good, item = ready.get()
            if good:
                yield item  # pyright: ignore[reportReturnType]
            elif item is None:
                return
            else:
                raise item  # pyright: ignore[reportGeneralTypeIssues]
    finally:
        over.set()
        maker.join()
