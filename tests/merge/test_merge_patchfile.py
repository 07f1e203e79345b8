"""Patches on disk: every bit comes back, damage is named, nothing is left of an interrupted file."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.errors import DiskFull, Interrupted, OutputNotWritable, ProjectBroken
from understudy.merge.patchfile import Patches, PatchWriter
from understudy.types import Patch


def random_patch(seed: int, *, width: int = 40, height: int = 30, deep: bool = False, xy: tuple[int, int] = (3, -4)) -> Patch:
    rng = np.random.default_rng(seed)
    dtype = np.uint16 if deep else np.uint8
    rgb = rng.integers(0, np.iinfo(dtype).max, (height, width, 3), endpoint=True).astype(dtype)
    alpha = (rng.integers(0, 256, (height, width)) * (rng.random((height, width)) < 0.7)).astype(np.uint8)
    alpha[0, 0] = 255
    return Patch(xy=xy, rgb=rgb, alpha=alpha)


def same(a: Patch, b: Patch) -> None:
    assert a.xy == b.xy and a.rgb.dtype == b.rgb.dtype
    np.testing.assert_array_equal(a.alpha, b.alpha)
    np.testing.assert_array_equal(a.rgb[a.alpha > 0], b.rgb[a.alpha > 0])
    assert not b.rgb[b.alpha == 0].any()


def write(path: Path, *patches: tuple[int, Patch]) -> Path:
    with PatchWriter(path) as writer:
        for index, patch in patches:
            writer.put(index, patch)
    return path


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 2**40),
            st.integers(1, 60),
            st.integers(1, 60),
            st.booleans(),
            st.tuples(st.integers(-5000, 9000), st.integers(-5000, 9000)),
        ),
        max_size=6,
    )
)
def test_every_bit_that_counts_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list) -> None:
    put = [(index, random_patch(n, width=w, height=h, deep=deep, xy=xy)) for n, (index, w, h, deep, xy) in enumerate(rows)]
    path = write(tmp_path_factory.mktemp("patches") / "shot.patches", *put)
    with Patches([path]) as patches:
        assert patches.frames() == sorted({index for index, _ in put})
        for index in patches.frames():
            expected = [patch for i, patch in put if i == index]
            for a, b in zip(expected, patches.at(index), strict=True):
                same(a, b)
        assert patches.at(-1) == []


def test_several_shots_are_one_row_of_frames(tmp_path: Path) -> None:
    first = write(tmp_path / "1.patches", (4, random_patch(1)), (2, random_patch(2)))
    empty = write(tmp_path / "2.patches")
    last = write(tmp_path / "3.patches", (9, random_patch(3)), (4, random_patch(4)))
    with Patches([first, empty, last]) as patches:
        assert patches.frames() == [2, 4, 9]
        for found, seed in zip(patches.at(4), (1, 4), strict=True):
            same(random_patch(seed), found)
    assert Patches([]).frames() == [] and Patches([]).at(3) == []


def test_a_patch_that_changes_nothing_is_left_out(tmp_path: Path) -> None:
    nothing = Patch(xy=(0, 0), rgb=np.zeros((5, 5, 3), np.uint8), alpha=np.zeros((5, 5), np.uint8))
    assert Patches([write(tmp_path / "a.patches", (1, nothing))]).frames() == []


def test_wrong_arrays_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="alpha"), PatchWriter(tmp_path / "a.patches") as writer:
        writer.put(0, Patch(xy=(0, 0), rgb=np.zeros((5, 5, 3), np.uint8), alpha=np.zeros((4, 5), np.uint8)))
    assert list(tmp_path.iterdir()) == []


def test_it_is_small(tmp_path: Path) -> None:
    y, x = np.mgrid[:300, :300].astype(np.float32)
    grain = np.random.default_rng(0).normal(0, 1.5, (300, 300, 3))
    rgb = np.clip(np.stack([180 - y / 4, 130 + x / 9, 110 + x / 20], -1) + grain, 0, 255).astype(np.uint8)
    alpha = np.clip((1 - ((x - 150) / 120) ** 2 - ((y - 150) / 140) ** 2) * 1500, 0, 255).astype(np.uint8)
    patch = Patch(xy=(0, 0), rgb=rgb, alpha=alpha)
    with PatchWriter(tmp_path / "a.patches") as writer:
        writer.put(0, patch)
    assert (tmp_path / "a.patches").stat().st_size < 0.5 * 300 * 300 * 3


@pytest.mark.parametrize("error", [Interrupted("Stopped."), RuntimeError("a fault")])
def test_an_interrupted_file_leaves_nothing_and_keeps_the_old_one(tmp_path: Path, error: Exception) -> None:
    path = write(tmp_path / "a.patches", (1, random_patch(1)))
    with pytest.raises(type(error)), PatchWriter(path) as writer:
        writer.put(2, random_patch(2))
        raise error
    assert list(tmp_path.iterdir()) == [path] and Patches([path]).frames() == [1]


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DiskFull), PatchWriter(tmp_path / "a.patches") as writer:
        writer.put(2, random_patch(2))
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputNotWritable):
        write(tmp_path / "file" / "a.patches", (1, random_patch(1)))


def test_damage_is_named_with_the_remedy(tmp_path: Path) -> None:
    path = write(tmp_path / "a.patches", (1, random_patch(1)), (2, random_patch(2)))
    whole = path.read_bytes()
    for length in (0, 5, 8, 30, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ProjectBroken, match="understudy render"):
            Patches([path])
    with pytest.raises(ProjectBroken, match="understudy render"):
        Patches([tmp_path / "missing.patches"])


@settings(deadline=None, max_examples=80)
@given(share=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_one_altered_byte_is_always_noticed(tmp_path_factory: pytest.TempPathFactory, share: float, flip: int) -> None:
    path = write(tmp_path_factory.mktemp("patches") / "a.patches", (1, random_patch(1)), (2, random_patch(2)))
    data = bytearray(path.read_bytes())
    data[int(share * len(data))] ^= flip
    path.write_bytes(data)
    with pytest.raises(ProjectBroken, match="understudy render"), Patches([path]) as patches:
        for index in patches.frames():
            patches.at(index)


def test_the_system_refuses_more_bytes(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(DiskFull), PatchWriter(tmp_path / "a.patches") as writer:
            for index in range(20):
                writer.put(index, random_patch(index, width=200, height=200))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
