"""What nobody asked to change does not change: samples beside the painted face, and the times of a long clip at 30000/1001."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from publishing import rendered
from synthetic import Clip, write_clip

from understudy.config import EncodeSettings
from understudy.types import Planes
from understudy.video.color import paint
from understudy.video.probe import probe
from understudy.video.read import frame_pts, read_frames
from understudy.video.write import write_video

NTSC = Fraction(1001, 30000)


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1"])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le"])
def test_beside_the_face_every_sample_is_the_targets_to_the_encoder_and_through_it(make_clip, tmp_path, pix_fmt, codec):
    """Merged frames before label and mark, written without loss and read again."""
    path = make_clip("in.mp4", pix_fmt=pix_fmt, n=6)
    patches = rendered(tmp_path, range(2, 5))
    merged = ((paint(f.planes, patches.at(f.index)), f.pts) for f in read_frames(path, want="planes") if f.planes)
    encode = EncodeSettings(codec=codec, quality="lossless", preset="ultrafast")
    write_video(tmp_path / "out.mp4", merged, info=probe(path), encode=encode, audio_from=None, context_check=lambda: None)
    for before, after in zip(read_frames(path, want="planes"), read_frames(tmp_path / "out.mp4", want="planes"), strict=True):
        assert before.planes is not None and after.planes is not None
        support = np.zeros(before.planes.y.shape, bool)
        for patch in patches.at(before.index):
            (x, y), (h, w) = patch.xy, patch.alpha.shape
            support[y : y + h, x : x + w] = patch.alpha > 0
        np.testing.assert_array_equal(before.planes.y[~support], after.planes.y[~support])
        assert not support.any() or not np.array_equal(before.planes.y[support], after.planes.y[support])
        colour = support.reshape(32, 2, 48, 2).any((1, 3))
        for name in "uv":
            np.testing.assert_array_equal(getattr(before.planes, name)[~colour], getattr(after.planes, name)[~colour])


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv"])
def test_ten_minutes_at_30000_1001_do_not_drift(tmp_path, name):
    n = 17982
    path = tmp_path / "one.mp4"
    write_clip(path, Clip(size=(32, 32), time_base=Fraction(1, 30000), pts=[0, 1001]))
    info = probe(path)
    grey = Planes(np.full((32, 32), 90, np.uint8), np.full((16, 16), 128, np.uint8), np.full((16, 16), 128, np.uint8), info.color)
    encode = EncodeSettings(preset="ultrafast", crf=40)
    frames = ((grey, 1001 * index) for index in range(n))
    write_video(tmp_path / name, frames, info=info, encode=encode, audio_from=None, context_check=lambda: None)
    base, pts = probe(tmp_path / name).time_base, frame_pts(tmp_path / name)
    assert len(pts) == n and max(abs(at * base - index * NTSC) for index, at in enumerate(pts)) <= (Fraction(1, 1000) if name.endswith("mkv") else 0)
    assert abs(probe(tmp_path / name).duration - n * NTSC) < NTSC
