"""Reading: every frame once, in order, with its time; a range equals the same part of a full read."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from synthetic import Clip, mark, picture

from understudy.types import Frame
from understudy.video.probe import probe
from understudy.video.read import frame_pts, read_frames

KINDS = {
    "h264 with B-frames": ("a.mp4", {"options": {"preset": "fast", "crf": "8", "g": "10", "bf": "3"}}),
    "h264 open gop, transport stream": ("a.ts", {"options": {"preset": "fast", "crf": "8", "g": "8", "x264-params": "open-gop=1"}}),
    "h264 gradual refresh": ("a.mkv", {"options": {"preset": "fast", "crf": "8", "g": "12", "x264-params": "intra-refresh=1"}}),
    "hevc": ("a.mkv", {"codec": "libx265", "options": {"preset": "ultrafast", "crf": "8", "x265-params": "log-level=none:keyint=8"}}),
    "mpeg1 program stream": ("a.mpg", {"codec": "mpeg1video", "time_base": Fraction(1, 25), "options": {"qscale": "2", "bf": "2", "g": "8"}}),
    "mpeg4 avi, no times": ("a.avi", {"codec": "mpeg4", "time_base": Fraction(1, 25), "options": {"bf": "2", "g": "8", "b": "2000000"}}),
    "vp8 webm": ("a.webm", {"codec": "libvpx", "time_base": Fraction(1, 1000), "options": {"b": "1000000", "g": "8", "auto-alt-ref": "1"}}),
    "vp9 webm": ("a.webm", {"codec": "libvpx-vp9", "time_base": Fraction(1, 1000), "options": {"b": "1000000", "g": "8", "cpu-used": "8"}}),
    "clock starts late": ("a.mp4", {"pts": [100 + 512 * i for i in range(30)]}),
    "variable rate": ("a.mp4", {"pts": [512 * i + 97 * (i % 5) for i in range(30)]}),
    "ten bit 4:2:2": ("a.mov", {"pix_fmt": "yuv422p10le"}),
    "4:4:4": ("a.mp4", {"pix_fmt": "yuv444p"}),
    "gray": ("a.mp4", {"pix_fmt": "gray", "tags": {"color_range": 2}}),
    "odd sides": ("a.mp4", {"pix_fmt": "yuv444p", "size": (97, 63)}),
    "odd sides 4:2:0": ("a.mkv", {"codec": "ffv1", "pix_fmt": "yuv420p", "size": (97, 63), "options": {}}),
    "rgb": ("a.mkv", {"codec": "ffv1", "pix_fmt": "bgr0", "options": {}}),
    "twelve bit": ("a.mkv", {"codec": "ffv1", "pix_fmt": "yuv422p12le", "options": {}}),
    "semi-planar": ("a.mp4", {"pix_fmt": "nv12"}),
    "palette": ("a.mov", {"codec": "qtrle", "pix_fmt": "rgb24", "time_base": Fraction(1, 25), "options": {}}),
}


def same(a: Frame, b: Frame) -> bool:
    assert a.planes and b.planes and a.rgb is not None and b.rgb is not None
    arrays = ((a.rgb, b.rgb), (a.planes.y, b.planes.y), (a.planes.u, b.planes.u), (a.planes.v, b.planes.v))
    return (a.index, a.pts) == (b.index, b.pts) and all(np.array_equal(x, y) for x, y in arrays)


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_is_read_in_order_and_ranges_agree(make_clip, kind):
    name, how = KINDS[kind]
    clip = Clip(n=30, **how)
    path = make_clip(name, n=30, **how)
    info = probe(path)
    frames = list(read_frames(path, want="both", info=info))
    assert [f.index for f in frames] == list(range(30))
    assert [f.pts for f in frames] == frame_pts(path)
    assert info.n_frames == 30
    assert info.size_wh == clip.size
    for i, frame in enumerate(frames):
        assert frame.rgb is not None and frame.rgb.shape == (clip.size[1], clip.size[0], 3) and frame.rgb.dtype == np.uint8
        assert abs(float(frame.rgb[4:12, 4:12].mean()) - mark(i)) < 6
        assert np.abs(frame.rgb.astype(float) - picture(clip, i) if kind != "gray" else np.zeros(1)).mean() < 8
    for start, end in ((0, 3), (7, 9), (8, 20), (13, 14), (22, 30), (29, 30), (29, 99), (5, 5)):
        part = list(read_frames(path, want="both", info=info, start_index=start, end_index=end))
        assert len(part) == len(frames[start:end])
        assert all(same(a, b) for a, b in zip(part, frames[start:end], strict=True))


def test_times_are_exact(make_clip):
    pts = [100 + 512 * i + 31 * (i % 3) for i in range(10)]
    path = make_clip("vfr.mp4", pts=pts)
    frames = list(read_frames(path))
    assert [f.time for f in frames] == [Fraction(p, 12800) for p in pts]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_rotation_flag_turns_the_picture_upright(make_clip, turn):
    path = make_clip("turned.mp4", rotation=turn, size=(96, 64))
    info = probe(path)
    upright = np.rot90(picture(Clip(size=(96, 64)), 0), -turn // 90)
    first = next(read_frames(path, want="both", info=info))
    assert info.rotation_deg == turn
    assert first.rgb is not None and first.rgb.shape == upright.shape
    assert info.size_wh == (upright.shape[1], upright.shape[0])
    assert np.abs(first.rgb.astype(float) - upright).mean() < 6


def test_rotated_422_is_read_as_444_of_the_right_size(make_clip):
    path = make_clip("turned.mov", rotation=90, pix_fmt="yuv422p")
    info = probe(path)
    planes = next(read_frames(path, want="planes", info=info)).planes
    assert planes is not None and info.color.chroma == "444"
    assert planes.y.shape == planes.u.shape == (96, 64)


def test_ten_bits_stay_ten_bits(make_clip):
    path = make_clip("deep.mp4", pix_fmt="yuv420p10le", n=3)
    frame = next(read_frames(path, want="both", depth="native"))
    assert frame.planes is not None and frame.rgb is not None
    assert frame.planes.y.dtype == np.uint16 and frame.planes.y.max() < 1024
    assert frame.rgb.dtype == np.uint16
    eight = next(read_frames(path, depth=8))
    assert eight.rgb is not None and eight.rgb.dtype == np.uint8
    assert np.abs(frame.rgb.astype(float) / 257 - eight.rgb).max() < 1.1


def test_max_side_scales_down_and_never_up(make_clip):
    path = make_clip("big.mp4", size=(160, 120), n=2)
    full = next(read_frames(path)).rgb
    small = next(read_frames(path, max_side=80)).rgb
    same_size = next(read_frames(path, max_side=999)).rgb
    assert full is not None and small is not None and same_size is not None
    assert small.shape == (60, 80, 3) and same_size.shape == full.shape
    averaged = full.reshape(60, 2, 80, 2, 3).mean(axis=(1, 3))
    assert np.abs(small - averaged).mean() < 2


def test_a_damaged_picture_leaves_the_other_indices_right(make_clip):
    path = make_clip("hurt.mkv", n=30, codec="mjpeg", pix_fmt="yuvj420p", options={"qscale": "2"}, time_base=Fraction(1, 1000))
    data = bytearray(path.read_bytes())
    starts = [i for i in range(len(data) - 3) if data[i : i + 3] == b"\xff\xd8\xff"]
    data[starts[12] : starts[12] + 400] = bytes(400)
    path.write_bytes(data)
    frames = list(read_frames(path))
    assert {f.index for f in frames} >= set(range(30)) - {12}
    for frame in frames:
        assert frame.rgb is not None
        assert frame.index == 12 or abs(float(frame.rgb[4:12, 4:12].mean()) - mark(frame.index)) < 6


def test_real_clips_ranges_agree(shared_clips):
    for name in ("face_recognition_short_hamilton_clip.mp4", "pyfeat_no_face.mp4", "torchcodec_nasa_13013_vfr.mp4", "grid_bbaf2n.mpg"):
        path = shared_clips / name
        info = probe(path)
        frames = list(read_frames(path, want="both", info=info, end_index=40))
        assert [f.index for f in frames] == list(range(40))
        part = list(read_frames(path, want="both", info=info, start_index=31, end_index=35))
        assert len(part) == 4 and all(same(a, b) for a, b in zip(part, frames[31:35], strict=True))
