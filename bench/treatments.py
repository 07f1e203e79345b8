"""What the world does to a video, for `bench/watermark.py`: each treatment takes marked pictures and gives the luma of a copy."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import av
import cv2
import numpy as np

from understudy.video.read import read_frames
from understudy.video.schedule import leave_real_time

Picture = np.ndarray
"""(3H/2, W) uint8: planes of 4:2:0 under each other, as PyAV has them."""
Treatment = Callable[[list[Picture]], list[np.ndarray]]
Size = Callable[[int, int], tuple[int, int]]


def luma(picture: Picture) -> np.ndarray:
    return np.ascontiguousarray(picture[: picture.shape[0] * 2 // 3])


def load(path: Path, count: int) -> list[Picture]:
    """8-bit 4:2:0, sides cut to whole colour samples."""
    pictures = []
    for frame in itertools.islice(read_frames(path), count):
        assert frame.rgb is not None
        height, width = (side // 2 * 2 for side in frame.rgb.shape[:2])
        shown = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.rgb[:height, :width]), format="rgb24")
        pictures.append(shown.to_ndarray(format="yuv420p"))
    return pictures


def encoded(codec: str, options: dict[str, str], *, size: Size = lambda w, h: (w, h)) -> Treatment:
    def treat(pictures: list[Picture]) -> list[np.ndarray]:
        height, width = luma(pictures[0]).shape
        w, h = (side // 2 * 2 for side in size(width, height))
        file = io.BytesIO()
        with av.open(file, "w", format="matroska") as out:
            stream = cast(Any, out.add_stream(codec, rate=25, options=options))
            stream.width, stream.height, stream.pix_fmt = w, h, "yuv420p"
            for index, picture in enumerate(pictures):
                frame = av.VideoFrame.from_ndarray(picture, format="yuv420p").reformat(width=w, height=h)
                frame.pts = index
                out.mux(stream.encode(frame))
                leave_real_time()
            out.mux(stream.encode(None))
        file.seek(0)
        with av.open(file, "r") as back:
            return [luma(frame.to_ndarray(format="yuv420p")) for frame in back.decode(video=0)]

    return treat


def x264(crf: int, preset: str = "veryfast", **more: Any) -> Treatment:
    return encoded("libx264", {"crf": str(crf), "preset": preset}, **more)


def half(w: int, h: int) -> tuple[int, int]:
    return w // 2, h // 2


def _lines(height: int) -> Size:
    return lambda w, h: (round(w * height / min(w, h)), round(h * height / min(w, h)))


def _then(treat: Treatment, change: Callable[[np.ndarray], np.ndarray]) -> Treatment:
    return lambda pictures: [change(y) for y in treat(pictures)]


def crop(y: np.ndarray) -> np.ndarray:
    """A tenth of each side taken off, more on the left and below; brought to the old size."""
    h, w = y.shape
    part = y[round(0.02 * h) : round(0.92 * h), round(0.07 * w) : round(0.97 * w)]
    return cv2.resize(part, (w, h), interpolation=cv2.INTER_AREA)


def _box(y: np.ndarray) -> np.ndarray:
    y = y.copy()
    y[: y.shape[0] // 5, y.shape[1] // 2 :] = 16
    return y


def _turned(y: np.ndarray) -> np.ndarray:
    h, w = y.shape
    return cv2.warpAffine(y, cv2.getRotationMatrix2D((w / 2, h / 2), 2.0, 1.06), (w, h), borderMode=cv2.BORDER_REPLICATE)


def _face_blurred(y: np.ndarray) -> np.ndarray:
    """An ellipse of a third of the width and half of the height in the middle, unrecognisable."""
    h, w = y.shape
    place = np.zeros((h, w), np.float32)
    cv2.ellipse(place, (w // 2, int(0.45 * h)), (w // 6, h // 4), 0, 0, 360, (1.0,), -1)
    blurred = cv2.GaussianBlur(y, (0, 0), h / 30)
    return np.where(place > 0, blurred, y)


def _thinned(pictures: list[Picture]) -> list[np.ndarray]:
    """25 frames a second made 20: every fifth left out."""
    return x264(23)([picture for index, picture in enumerate(pictures) if index % 5 != 4])


def _filmed_off_a_screen(pictures: list[Picture]) -> list[np.ndarray]:
    """Seen a little from the side, soft, with the moiré of two grids, noise and another contrast; then coded."""
    height, width = luma(pictures[0]).shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    shares = [[-0.010, -0.006], [0.004, -0.012], [0.012, 0.009], [-0.006, 0.004]]
    seen = corners + np.array(shares, np.float32) * [width, height]
    matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    x, y_ = np.meshgrid(np.arange(width), np.arange(height))
    moire = 3 * np.sin(x * 0.71 + y_ * 0.03) * np.sin(y_ * 0.67 - x * 0.02)
    noise = np.random.default_rng(1)
    filmed = []
    for picture in pictures:
        flat = cv2.warpPerspective(luma(picture), matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        soft = cv2.GaussianBlur(flat, (0, 0), max(0.6, height / 1200)).astype(np.float32)
        made = 255 * (soft / 255) ** 0.9 + moire + noise.normal(0, 3, soft.shape)
        whole = picture.copy()
        whole[:height] = np.clip(made, 0, 255).astype(np.uint8)
        filmed.append(whole)
    return x264(23)(filmed)


def treatments(*, quick: bool) -> dict[str, Treatment]:
    crf23 = x264(23)
    found = {
        "H.264 crf 28": x264(28),
        "half size, crf 28 (preset medium)": x264(28, "medium", size=half),
        "crop 10 %, resized, crf 23": _then(crf23, crop),
        "mirrored, crf 23": _then(crf23, lambda y: np.ascontiguousarray(y[:, ::-1])),
    }
    if quick:
        return found
    return {
        "H.264 crf 18": x264(18),
        "H.264 crf 23": crf23,
        **found,
        "half size, crf 28 (preset veryfast)": x264(28, size=half),
        "H.264 crf 33": x264(33),
        "HEVC crf 28": encoded("libx265", {"crf": "28", "preset": "veryfast", "x265-params": "log-level=none"}),
        "VP9 crf 35": encoded("libvpx-vp9", {"crf": "35", "b": "0", "deadline": "realtime", "cpu-used": "6"}),
        "AV1 crf 40": encoded("libsvtav1", {"crf": "40", "preset": "9"}),
        "360 lines, crf 28": x264(28, size=_lines(360)),
        "brightness -15 %, crf 23": _then(crf23, lambda y: cv2.convertScaleAbs(y, alpha=0.85)),
        "box over a tenth, crf 23": _then(crf23, _box),
        "face blurred, crf 23": _then(crf23, _face_blurred),
        "20 of 25 frames, crf 23": _thinned,
        "turned 2 degrees, crf 23": _then(crf23, _turned),
        "filmed off a screen": _filmed_off_a_screen,
    }
