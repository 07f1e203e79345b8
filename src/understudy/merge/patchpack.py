"""A patch as bytes and back, without loss.

With 8 bits: MagicYUV, FFmpeg's quickest lossless coding of RGB with alpha (each value minus what its neighbours to the left and above let
expect, Huffman codes). With 16 bits, which it does not know: row by row green, red - green, blue - green, and after all rows alpha, each value minus
the one above, deflated. Both leave about a third of the raw size.
"""

from __future__ import annotations

import zlib
from fractions import Fraction
from typing import Any, cast

import av
import cv2
import numpy as np
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from ..types import U8, Patch

_CODEC, _FORMAT = "magicyuv", "gbrap"
_ORDER = (1, 2, 0)
"""Where green, blue and red stand in RGB."""


def packed(patch: Patch) -> bytes:
    """Colour counts only where alpha is above 0 and is zeroed elsewhere."""
    shown = cv2.copyTo(patch.rgb, (patch.alpha > 0).astype(np.uint8))
    return _magic(shown, patch.alpha) if shown.dtype == np.uint8 else _deflated(shown, patch.alpha)


def unpacked(data: bytes, *, size_wh: tuple[int, int], depth: int) -> tuple[np.ndarray, U8]:
    """(rgb, alpha) of a patch of that size; `depth`: bytes of each value. Raises ValueError for what was not packed so."""
    return _unmagic(data, size_wh) if depth == 1 else _inflated(data, size_wh)


def _magic(rgb: np.ndarray, alpha: U8) -> bytes:
    height, width = alpha.shape
    frame = VideoFrame(width, height, _FORMAT)
    for plane, values in zip(frame.planes, (*(rgb[..., n] for n in _ORDER), alpha), strict=True):
        _samples(plane)[:, :width] = values
    coder = cast(VideoCodecContext, av.CodecContext.create(_CODEC, "w"))
    coder.width, coder.height, coder.pix_fmt, coder.time_base = width, height, _FORMAT, Fraction(1)
    coder.thread_count, coder.options = 1, {"pred": "gradient"}
    (packet,) = (*coder.encode(frame), *coder.encode(None))
    return bytes(packet)


def _unmagic(data: bytes, size_wh: tuple[int, int]) -> tuple[np.ndarray, U8]:
    coder = cast(VideoCodecContext, av.CodecContext.create(_CODEC, "r"))
    coder.width, coder.height = size_wh
    coder.thread_count = 1
    try:
        frames = [*coder.decode(av.Packet(data)), *coder.decode(None)]
    except FFmpegError as error:
        raise ValueError(str(error)) from error
    if [(frame.width, frame.height, frame.format.name) for frame in frames] != [(*size_wh, _FORMAT)]:
        raise ValueError("a picture's size differs from the index")
    green, blue, red, alpha = (_samples(plane)[:, : size_wh[0]] for plane in frames[0].planes)
    return np.asarray(cv2.merge([red, green, blue])), alpha.copy()


def _samples(plane: Any) -> U8:
    """(height, line) a plane's own memory."""
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)


def _deflated(rgb: np.ndarray, alpha: U8) -> bytes:
    """Differences wrap around, so nothing is lost."""
    height, width = alpha.shape
    planes: np.ndarray = np.empty((height, 3, width), rgb.dtype)
    green = planes[:, 0]
    green[:] = rgb[..., 1]
    np.subtract(rgb[..., 0], green, out=planes[:, 1])
    np.subtract(rgb[..., 2], green, out=planes[:, 2])
    planes[1:] -= planes[:-1].copy()
    steps = alpha.copy()
    steps[1:] -= alpha[:-1]
    # the upper bytes deflate well, the lower hardly: keep them apart
    parts = np.stack([(planes >> 8).astype(np.uint8), (planes & 255).astype(np.uint8)])
    deflate = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 8, zlib.Z_RLE)
    return deflate.compress(parts.tobytes()) + deflate.compress(steps.tobytes()) + deflate.flush()


def _inflated(data: bytes, size_wh: tuple[int, int]) -> tuple[np.ndarray, U8]:
    width, height = size_wh
    area = width * height
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(data, 7 * area + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if len(raw) != 7 * area or not inflate.eof:
        raise ValueError("a picture's size differs from the index")
    values: U8 = np.frombuffer(raw, np.uint8)
    parts = values[: 6 * area].reshape(2, height, 3, width)
    planes = parts[0].astype(np.uint16) << 8 | parts[1]
    alpha = values[6 * area :].reshape(height, width).copy()
    for rows in (planes, alpha):
        # much quicker than a cumulative sum, which goes value by value
        for below, above in zip(rows[1:], rows[:-1], strict=True):
            np.add(below, above, out=below)
    planes[:, 1:] += planes[:, :1]
    return np.asarray(cv2.merge([planes[:, 1], planes[:, 0], planes[:, 2]])), alpha
