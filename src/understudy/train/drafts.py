"""What training starts from: for every picture of the set, the draft that is made of it without itself and its neighbours.

So the truth is known: the draft is the question, the picture itself the answer. Drafts are made once and kept on the disk, each with its
checksum, so that making them may be broken off anywhere and goes on where it stopped.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.lib.format import open_memmap

from ..events import Context, Meter
from ..files import translate
from ..swap.drive import performance_of_faceset
from ..types import F32, U8, Drive, FaceCrop, Faceset, Performance, SwappedFace

COVER_SIDE = 128
_APART_SHARE, _MOST_APART = 1 / 12, 12
_AT_ONCE = 16


class Base(Protocol):
    """A swapper that can leave pictures out: what training corrects. `swap.draft.DraftSwapper` is one."""

    @property
    def model_id(self) -> str: ...

    def plan(self, performance: Performance, *, apart: int = 0) -> Sequence[Drive]: ...

    def swap(self, crop: FaceCrop, drive: Drive) -> SwappedFace: ...

    def whole(self, crop: FaceCrop, drive: Drive) -> SwappedFace: ...


@dataclass(frozen=True, slots=True, eq=False)
class Drafts:
    """Position i is made of picture i."""

    rgb: U8
    """(N, S, S, 3)"""
    cover: U8
    """(N, 2, 128, 128): alpha and confidence, of 255."""
    mesh: F32
    """(N, 478, 3): the driven mesh in pixels of (S, S)."""

    @property
    def size(self) -> int:
        return self.rgb.shape[1]


def apart_for(n: int) -> int:
    """How many neighbours on either side are left out with a picture: half a second, fewer in a small set."""
    return max(1, min(_MOST_APART, int(n * _APART_SHARE)))


def make_drafts(faceset: Faceset, base: Base, *, size: int, folder: Path, threads: int, context: Context) -> Drafts:
    """Open the drafts in `folder`, making those that are missing or damaged. Raises DiskFull, Interrupted."""
    performance = _at_size(performance_of_faceset(faceset), size)
    drives = base.plan(performance, apart=apart_for(len(faceset)))
    n = len(faceset)
    rgb = _opened(folder / "rgb.npy", (n, size, size, 3), np.uint8)
    cover = _opened(folder / "cover.npy", (n, 2, COVER_SIDE, COVER_SIDE), np.uint8)
    checks = _opened(folder / "checks.npy", (n,), np.uint32)

    def make(i: int) -> None:
        crop = FaceCrop(rgb=at_side(np.asarray(faceset.crops[i]), size), crop_from_frame=performance.crop_from_frame[i])
        face = base.whole(crop, drives[i])
        rgb[i] = np.rint(np.clip(face.rgb, 0, 255))
        both = np.stack([at_side(face.alpha, COVER_SIDE), at_side(face.confidence, COVER_SIDE)])
        cover[i] = np.rint(np.clip(both, 0, 1) * 255)
        checks[i] = _check(rgb[i], cover[i])

    missing = [i for i in range(n) if checks[i] == 0 or checks[i] != _check(rgb[i], cover[i])]
    if missing:
        with ThreadPoolExecutor(threads) as pool, Meter(context, "train", "drafts to learn from", len(missing)) as meter:
            for start in range(0, len(missing), _AT_ONCE):
                part = missing[start : start + _AT_ONCE]
                list(pool.map(make, part))
                meter.step(len(part))
        for array in (rgb, cover, checks):
            array.flush()
    return Drafts(rgb=rgb, cover=cover, mesh=np.stack([drive.mesh for drive in drives]))


def at_side(picture: np.ndarray, side: int) -> np.ndarray:
    """A square picture, larger or smaller."""
    if picture.shape[0] == side:
        return picture
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA if picture.shape[0] > side else cv2.INTER_LINEAR)


def _at_size(performance: Performance, size: int) -> Performance:
    """The same in crops of another size."""
    factor = size / performance.size
    move = np.asarray([factor / 2 - 0.5, factor / 2 - 0.5], np.float32)
    landmarks = performance.landmarks * np.float32(factor)
    landmarks[..., :2] += move
    matrices = performance.crop_from_frame * np.float32(factor)
    matrices[..., 2] += move
    return replace(performance, size=size, landmarks=landmarks, crop_from_frame=matrices)


def _check(rgb: np.ndarray, cover: np.ndarray) -> int:
    """CRC-32, never 0, which means: not made yet."""
    return zlib.crc32(np.ascontiguousarray(cover).data, zlib.crc32(np.ascontiguousarray(rgb).data)) or 1


def _opened(path: Path, shape: tuple[int, ...], dtype: type) -> np.memmap:
    """A writable memory map; a new one, all zeros, where there is none of this kind. Its place on the disk is taken at once: a disk that is full
    must be told here, not by a signal in the middle of a write."""
    try:
        found = open_memmap(path, mode="r+")
        if found.shape == shape and found.dtype == dtype:
            return found
    except (OSError, ValueError):
        pass
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        array = open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        with path.open("rb+") as file:
            os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise translate(error, path) from error
    return array
