"""Work done ahead in a thread of its own, so that decoding, painting and encoding overlap: order kept, memory bounded, stopped at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
_TICK = 0.1
"""Seconds after which a waiting thread looks whether it is still wanted."""


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None


def ahead(items: Iterable[T], *, most: int = 4) -> Iterator[T]:
    """The items, made up to `most` ahead in another thread. What making them raises is raised here, in its place.

    When the iterator is closed or thrown away the thread stops after the item in work, and `items` is closed there.
    """
    made: queue.Queue[T | _End] = queue.Queue(maxsize=most)
    stop = threading.Event()

    def put(item: T | _End) -> bool:
        while not stop.is_set():
            with suppress(queue.Full):
                made.put(item, timeout=_TICK)
                return True
        return False

    def work() -> None:
        source = iter(items)
        try:
            for item in source:
                if not put(item):
                    return
            put(_End(None))
        except BaseException as error:
            put(_End(error))
        finally:
            close = getattr(source, "close", None)
            if close is not None:
                close()

    thread = threading.Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            item = made.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        stop.set()
        thread.join()
