"""Work ahead: in order, never far ahead, its errors where they belong, and stopped at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from understudy.video.ahead import ahead


def test_in_order_and_never_further_ahead_than_asked() -> None:
    made: list[int] = []

    def work() -> Iterator[int]:
        for n in range(50):
            made.append(n)
            yield n

    for n, item in enumerate(ahead(work(), most=3)):
        assert item == n and len(made) <= n + 6
        if n == 10:
            time.sleep(0.05)


def test_an_error_comes_in_its_place() -> None:
    def work() -> Iterator[int]:
        yield from range(5)
        raise OSError("full")

    seen = []
    with pytest.raises(OSError, match="full"):
        for item in ahead(work()):
            seen.append(item)
    assert seen == list(range(5))


def test_leaving_stops_the_work_and_closes_it() -> None:
    closed = threading.Event()

    def work() -> Iterator[int]:
        try:
            yield from range(10**9)
        finally:
            closed.set()

    items = ahead(work())
    assert next(items) == 0
    items.close()  # type: ignore[attr-defined]
    assert closed.is_set(), "and not after a thousand million items"
    assert not [thread for thread in threading.enumerate() if thread.name == "ahead"]
