"""Reading what a browser shows: pictures as arrays, how alike two are, and waiting for what is to come."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from playwright.sync_api import Error


def shown(element: Any) -> np.ndarray:
    """(H, W, 3) RGB of an element as it is on the screen; once more where the page has just put a new one in its place."""
    for left in range(4, -1, -1):
        try:
            data = np.frombuffer(element.screenshot(), np.uint8)
            break
        except Error as failed:
            if "not attached" not in str(failed) or not left:
                raise
    return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]


def frame_of(path: Path, index: int) -> np.ndarray:
    """(H, W, 3) RGB of one frame of a file."""
    with av.open(str(path)) as container:
        for i, frame in enumerate(container.decode(video=0)):
            if i == index:
                return frame.to_ndarray(format="rgb24")
    raise AssertionError(f"{path.name} has no frame {index}")


def apart(a: np.ndarray, b: np.ndarray, *, box: tuple[float, float, float, float] = (0, 0, 1, 1)) -> float:
    """Mean difference of two pictures (of 255) within a box of shares (left, top, right, bottom), after bringing both to one size."""
    small = [cv2.resize(np.ascontiguousarray(picture), (192, 192), interpolation=cv2.INTER_AREA).astype(np.float32) for picture in (a, b)]
    left, top, right, bottom = (round(192 * side) for side in box)
    return float(np.abs(small[0] - small[1])[top:bottom, left:right].mean())


def show_moment(video: Any, seconds: float) -> None:
    """Bring a player to a moment and wait until it is drawn."""
    video.evaluate(
        """(one, t) => new Promise((done, fail) => {
            const drawn = () => requestAnimationFrame(() => requestAnimationFrame(() => done(null)));
            const go = () => { one.addEventListener('seeked', drawn, {once: true}); one.currentTime = t; };
            if (one.error) fail(new Error('the browser cannot play this'));
            one.readyState >= 2 ? go() : one.addEventListener('loadeddata', go, {once: true});
        })""",
        seconds,
    )


def until(page: Any, condition: str, *, seconds: float = 240) -> None:
    """Wait until a JavaScript condition holds. It is asked from outside: the page's own rules forbid to run text as a script."""
    end = time.monotonic() + seconds
    while not asked(page, condition):
        assert time.monotonic() < end, f"this did not come to hold: {condition}"
        page.wait_for_timeout(50)


def asked(page: Any, condition: str) -> Any:
    """What an expression is worth in the page; None while another page comes in its place, and where what it asks for is not there yet."""
    try:
        return page.evaluate(condition)
    except Error as failed:
        if not any(words in str(failed) for words in ("context was destroyed", "Cannot read properties of null")):
            raise
        return None


@contextmanager
def tasks_of(page: Any) -> Iterator[list[float]]:
    """Fills the list, at the end, with the processor time in seconds of each task of the pages' main threads: what the machine does besides is no
    part of it."""
    tasks: list[float] = []
    browser = page.context.browser
    browser.start_tracing(page=page, categories=["toplevel"])
    try:
        yield tasks
    finally:
        trace = browser.stop_tracing()
    events = json.loads(trace)["traceEvents"]
    main = {(one["pid"], one["tid"]) for one in events if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"}
    tasks += [one["tdur"] / 1e6 for one in events if (one["pid"], one["tid"]) in main and one["name"].endswith("RunTask") and "tdur" in one]


_WIDER = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() =>
    done(document.documentElement.scrollWidth > document.documentElement.clientWidth))))"""


def wider(page: Any) -> list[int]:
    """Of a desk's, a tablet's and a phone's width, those on which the page reaches beyond the window."""
    found = []
    for width in (1440, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate(_WIDER):
            found.append(width)
    return found
