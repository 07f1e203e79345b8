"""Colour: there and back again for every matrix, range, depth and layout; painting touches nothing outside its patch."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.types import ColorInfo, Patch, Planes
from understudy.video.color import paint, rgb_from_planes

ALL = list(product(("bt601", "bt709", "bt2020"), (False, True), (8, 10), ("420", "422", "444", "gray")))


def color(matrix="bt709", full=False, depth=8, chroma="420") -> ColorInfo:
    return ColorInfo("bt709", "bt709", matrix, full, depth, chroma, True)


def flat(info: ColorInfo, width: int, height: int, seed: int | None = None) -> Planes:
    """Mid-gray planes, or random ones."""
    rng = np.random.default_rng(seed)
    dtype = np.uint8 if info.bit_depth == 8 else np.uint16
    top = 1 << info.bit_depth
    cw = {"444": width, "gray": 0}.get(info.chroma, -(-width // 2))
    ch = {"420": -(-height // 2), "gray": 0}.get(info.chroma, height)
    make = (lambda h, w: np.full((h, w), top // 2, dtype)) if seed is None else (lambda h, w: rng.integers(0, top, (h, w), dtype=dtype))
    return Planes(make(height, width), make(ch, cw), make(ch, cw), info)


@pytest.mark.parametrize(("matrix", "full", "depth", "chroma"), ALL)
def test_there_and_back(matrix, full, depth, chroma):
    info = color(matrix, full, depth, chroma)
    top = 65535 if depth > 8 else 255
    dtype = np.uint16 if depth > 8 else np.uint8
    colours = np.array(list(product((0, 0.25, 0.6, 1), repeat=3))) * top
    if chroma == "gray":
        colours[:] = colours[:, :1]
    for colour in colours:
        rgb = np.broadcast_to(colour, (16, 16, 3)).round().astype(dtype)
        painted = paint(flat(info, 16, 16), [Patch((0, 0), rgb, np.full((16, 16), 255, np.uint8))])
        back = rgb_from_planes(painted)
        assert back.dtype == dtype
        step = top / ((1 << depth) - 1)
        assert np.abs(back.astype(float) - rgb).max() <= 2.2 * step * (1 if full else 1.17)


def test_known_values():
    """ITU-R BT.709: pure red, limited range, 8 bits is (63, 102, 240); white is 235."""
    red = np.broadcast_to(np.array([255, 0, 0], np.uint8), (8, 8, 3)).copy()
    whole = np.full((8, 8), 255, np.uint8)
    planes = paint(flat(color(), 8, 8), [Patch((0, 0), red, whole)])
    assert (planes.y[0, 0], planes.u[0, 0], planes.v[0, 0]) == (63, 102, 240)
    white = paint(flat(color(depth=10), 8, 8), [Patch((0, 0), np.full((8, 8, 3), 65535, np.uint16), whole)])
    assert (white.y[0, 0], white.u[0, 0], white.v[0, 0]) == (940, 512, 512)


@settings(max_examples=120, deadline=None)
@given(
    kind=st.sampled_from(ALL),
    size=st.tuples(st.integers(5, 40), st.integers(5, 40)),
    at=st.tuples(st.integers(-12, 44), st.integers(-12, 44)),
    patch=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    seed=st.integers(0, 2**32 - 1),
)
def test_samples_under_alpha_0_keep_their_bits(kind, size, at, patch, seed):
    info = color(*kind)
    width, height = size
    planes = flat(info, width, height, seed)
    rng = np.random.default_rng(seed)
    alpha = np.where(rng.random(patch[::-1]) < 0.3, rng.integers(0, 256, patch[::-1]), 0).astype(np.uint8)
    deep = info.bit_depth > 8
    rgb = rng.integers(0, 65536 if deep else 256, (*alpha.shape, 3)).astype(np.uint16 if deep else np.uint8)
    before = [a.copy() for a in (planes.y, planes.u, planes.v)]
    painted = paint(planes, [Patch(at, rgb, alpha)])

    canvas = np.zeros((height + 200, width + 200), np.uint8)
    canvas[100 + at[1] :, 100 + at[0] :][: alpha.shape[0], : alpha.shape[1]] = alpha
    touched = canvas[100 : 100 + height, 100 : 100 + width] > 0
    assert np.array_equal(painted.y[~touched], planes.y[~touched])
    if info.chroma != "gray":
        by, bx = (2 if info.chroma == "420" else 1), (1 if info.chroma == "444" else 2)
        padded = np.pad(touched, ((0, -height % by), (0, -width % bx)))
        some = padded.reshape(padded.shape[0] // by, by, padded.shape[1] // bx, bx).any(axis=(1, 3))
        assert np.array_equal(painted.u[~some], planes.u[~some]) and np.array_equal(painted.v[~some], planes.v[~some])
    assert all(np.array_equal(a, b) for a, b in zip(before, (planes.y, planes.u, planes.v), strict=True))


def test_colour_does_not_seep_in_from_under_alpha_0():
    """A patch that is green wherever its alpha is 0 must leave no green."""
    rgb = np.full((16, 16, 3), (0, 255, 0), np.uint8)
    rgb[5:11, 5:11] = 128
    alpha = np.zeros((16, 16), np.uint8)
    alpha[5:11, 5:11] = 255
    painted = paint(flat(color(full=True), 16, 16), [Patch((0, 0), rgb, alpha)])
    assert np.abs(rgb_from_planes(painted).astype(int) - 128).max() <= 2


def test_later_patches_lie_on_top():
    whole = np.full((4, 4), 255, np.uint8)
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    painted = paint(flat(color(), 8, 8), [Patch((2, 2), black, whole), Patch((2, 2), white, whole)])
    assert (painted.y[2:6, 2:6] == 235).all()


def test_smooth_colour_survives_420():
    """A colour ramp painted into 4:2:0 comes back at its place: the siting of both ways agrees."""
    ramp = np.linspace(40, 210, 64)
    rgb = np.stack([np.tile(ramp, (64, 1)), np.full((64, 64), 120.0), np.tile(ramp[:, None], (1, 64))], axis=2).round().astype(np.uint8)
    painted = paint(flat(color(), 64, 64), [Patch((0, 0), rgb, np.full((64, 64), 255, np.uint8))])
    assert np.abs(rgb_from_planes(painted)[4:-4, 4:-4].astype(int) - rgb[4:-4, 4:-4]).max() <= 3
