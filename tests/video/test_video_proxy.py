"""Proxies: every frame once more, small, in its place; whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from understudy.errors import Interrupted, ProjectBroken
from understudy.events import Context, Meter
from understudy.video.probe import probe
from understudy.video.proxy import LONG_SIDE, Proxy, make_proxy
from understudy.video.read import read_frames


def test_every_frame_is_there_small_and_in_its_place(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    clip = make_clip("wide.mp4", size=(960, 540), n=9)
    out = tmp_path / "proxies" / "wide.proxy"
    make_proxy(clip, probe(clip), out, meter=Meter(Context(), "probe", "copies"))
    proxy = Proxy(out)
    frames = list(read_frames(clip, want="rgb", max_side=LONG_SIDE, depth=8))
    assert len(proxy) == len(frames) == 9
    for frame in frames:
        assert frame.rgb is not None
        shown = proxy.rgb(frame.index)
        assert shown.shape == frame.rgb.shape and max(shown.shape[:2]) == LONG_SIDE
        errors = [float(np.abs(shown.astype(int) - other.rgb).mean()) for other in frames if other.rgb is not None]
        assert int(np.argmin(errors)) == frame.index and errors[frame.index] < 4
    with pytest.raises(IndexError):
        proxy.jpeg(9)


def test_a_proxy_that_was_cut_short_or_stopped_is_none(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    clip = make_clip(n=6)
    out = tmp_path / "clip.proxy"
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        make_proxy(clip, probe(clip), out, meter=Meter(Context(stop=stop), "probe", "copies"))
    assert [path for path in tmp_path.iterdir() if "proxy" in path.name] == []
    make_proxy(clip, probe(clip), out, meter=Meter(Context(), "probe", "copies"))
    whole = out.read_bytes()
    for data in (whole[:-5], whole[:-20] + b"x" + whole[-19:], b"short"):
        out.write_bytes(data)
        with pytest.raises(ProjectBroken):
            Proxy(out)
