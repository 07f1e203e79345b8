"""A file's frames, one after the other, upright, with exact times. Nothing is kept: memory does not grow with length."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

import cv2
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from av.video.stream import VideoStream

from ..errors import MediaUnsupported
from ..types import ColorInfo, Frame, Planes, VideoInfo
from .color import rgb_from_planes, rgb_from_yuv444
from .index import FrameIndex, decode, frame_index, nominal_step, rising_pts
from .probe import is_rgb, probe
from .source import open_media, picture_stream

_EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def frame_pts(path: Path) -> list[int]:
    """The pts of every frame that is shown, rising, in the file's time base: position in the list = `Frame.index`.

    Made from the packets, without decoding (files whose packets have no usable times are decoded once).
    """
    return list(frame_index(path).pts)


def read_frames(
    path: Path,
    *,
    want: Literal["rgb", "planes", "both"] = "rgb",
    start_index: int = 0,
    end_index: int | None = None,
    max_side: int | None = None,
    depth: Literal["native", 8] = 8,
    info: VideoInfo | None = None,
) -> Iterator[Frame]:
    """Yield the frames `start_index` (included) to `end_index` (excluded; None: all) in the order of presentation.

    A range is sought, not decoded from the beginning, and gives the same frames as a full read. rgb is uint8 (H, W, 3) for
    `depth` 8, else as the file has it; `max_side` scales it down (area average) so that its longer side is at most that; planes are
    never scaled. A picture that is too damaged to decode is left out: the others keep their `index`. `info` saves a second probe.

    Raises the MediaErrors of `probe`.
    """
    color = (info or probe(path)).color
    index = frame_index(path)
    end = len(index.pts) if end_index is None else min(end_index, len(index.pts))
    size: tuple[int, int] | None = None
    for position, pts, picture in _pictures(path, index, max(start_index, 0), end):
        size = size or (picture.width, picture.height)
        if (picture.width, picture.height) != size:
            raise MediaUnsupported(f"The picture of {path.name} changes its size on the way.", remedy="convert it to one size first")
        yield _frame(picture, position, pts, index, want=want, max_side=max_side, depth=depth, color=color)


def _frame(
    picture: VideoFrame,
    position: int,
    pts: int,
    index: FrameIndex,
    *,
    want: Literal["rgb", "planes", "both"],
    max_side: int | None,
    depth: Literal["native", 8],
    color: ColorInfo,
) -> Frame:
    planes = planes_of(picture, color)
    rgb = None
    if want != "planes":
        height, width = planes.y.shape
        small = max_side is not None and max(height, width) > max_side
        rgb = small_rgb(planes, max_side or 0, depth) if small else rgb_from_planes(planes, depth=depth)
    return Frame(rgb, planes if want != "rgb" else None, pts, index.time_base, position)


def _pictures(path: Path, index: FrameIndex, start: int, end: int) -> Iterator[tuple[int, int, VideoFrame]]:
    """(index, pts, picture) for the wanted range, beginning at the nearest key frame that really gives the first wanted frame."""
    if start >= end:
        return
    if not index.by_packets:
        yield from _counted(path, start, end)
        return
    place = {pts: i for i, pts in enumerate(index.pts)}
    key = index.key_before(start)
    while True:
        found = _sought(path, index, place, key, start, end)
        first = next(found, None)
        # Some streams cannot show a key frame's followers at once (gradual refresh, imprecise seek): begin earlier.
        if key == 0 or (first is not None and first[0] == start):
            break
        found.close()
        key = index.key_before(key - 1)
    if first is not None:
        yield first
        yield from found


def _sought(path: Path, index: FrameIndex, place: dict[int, int], key: int, start: int, end: int):
    with open_media(path) as container:
        stream = _open_stream(container, path)
        if key > 0:
            container.seek(index.pts[key], stream=stream, backward=True)
        seen = -1
        landed = None
        for picture in decode(container, stream, from_key=key > 0):
            position = place.get(picture.pts) if picture.pts is not None else None
            if position is None or position <= seen:
                continue
            if landed is None and key > 0:
                landed = position
                if landed > start:
                    return
            seen = position
            if position >= end:
                return
            if position >= max(start, key):
                yield position, index.pts[position], picture
            if position == end - 1:
                return


def _counted(path: Path, start: int, end: int) -> Iterator[tuple[int, int, VideoFrame]]:
    """For files without usable times: always from the beginning, counting."""
    with open_media(path) as container:
        stream = _open_stream(container, path)
        step = nominal_step(stream)
        pts: int | None = None
        for position, picture in enumerate(decode(container, stream)):
            pts = rising_pts(picture, pts, step)
            if position >= start:
                yield position, pts, picture
            if position >= end - 1:
                return


def _open_stream(container: InputContainer, path: Path) -> VideoStream:
    stream = picture_stream(container, path)
    stream.thread_type = "AUTO"
    return stream


def plane_format(color: ColorInfo) -> str:
    """The name of the sample layout in which frames are read and written: yuv420p, yuv422p10le, gray …"""
    base = "gray" if color.chroma == "gray" else f"yuv{color.chroma}p"
    return base if color.bit_depth == 8 else f"{base}10le"


def planes_of(picture: VideoFrame, color: ColorInfo) -> Planes:
    """The samples of a decoded picture, upright. Formats other than 8 or 10 bit planar Y'CbCr are brought to the nearest of these."""
    wanted = plane_format(color)
    turn = round(-picture.rotation / 90) % 4
    if picture.format.name.replace("yuvj", "yuv") != wanted:
        picture = _converted(picture, wanted, color)
    dtype = np.uint8 if color.bit_depth == 8 else np.uint16
    # rot90 turns anticlockwise for positive k
    arrays = [np.ascontiguousarray(np.rot90(_samples(picture, i, dtype), -turn)) for i in range(1 if color.chroma == "gray" else 3)]
    if len(arrays) == 1:
        empty = np.zeros((0, 0), dtype)
        arrays += [empty, empty]
    return Planes(arrays[0], arrays[1], arrays[2], color)


def _converted(picture: VideoFrame, wanted: str, color: ColorInfo) -> VideoFrame:
    span = ColorRange.JPEG if color.full_range else ColorRange.MPEG
    if is_rgb(picture.format):
        return picture.reformat(format=wanted, dst_colorspace=Colorspace.ITU709, dst_color_range=span, interpolation=_EXACT)
    matrix = {"bt601": Colorspace.ITU601, "bt709": Colorspace.ITU709, "bt2020": Colorspace.BT2020}[color.matrix]
    return picture.reformat(
        format=wanted, src_colorspace=matrix, dst_colorspace=matrix, src_color_range=span, dst_color_range=span, interpolation=_EXACT
    )


def _samples(picture: VideoFrame, number: int, dtype: type) -> np.ndarray:
    plane = picture.planes[number]
    rows = np.frombuffer(cast(Any, plane), dtype).reshape(plane.height, plane.line_size // np.dtype(dtype).itemsize)
    return rows[:, : plane.width]


def small_rgb(planes: Planes, max_side: int, depth: Literal["native", 8]) -> np.ndarray:
    """The picture in RGB with its longer side at `max_side`, for pictures that are larger. Scaled in the stored samples: much less work than
    making the full picture first, and the same to within a grey level."""
    height, width = planes.y.shape
    scale = max_side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    y = cv2.resize(planes.y, size, interpolation=cv2.INTER_AREA)
    if planes.color.chroma == "gray":
        u = v = np.full_like(y, 1 << (planes.color.bit_depth - 1))
    else:
        u, v = (cv2.resize(c, size, interpolation=cv2.INTER_AREA if c.shape[1] >= size[0] else cv2.INTER_LINEAR) for c in (planes.u, planes.v))
    return rgb_from_yuv444(cv2.merge([y, u, v]), color=planes.color, depth=depth)
