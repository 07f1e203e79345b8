"""What a poor copy keeps of a picture: half the size and coded coarsely, by the encoder that makes most of the copies in the world.

The embedder looks at this while it works, so that the mark goes where such a copy keeps it.
"""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext

from ...types import U8

QUANTISER = "25"
"""About what x264's crf 28 uses for key frames: what they lose, the frames between them do not bring back."""
_LEAST_SIDE = 16


class Copyist:
    """Copies single pictures of one size."""

    def __init__(self) -> None:
        self._encoder: VideoCodecContext | None = None
        self._decoder = cast(VideoCodecContext, av.CodecContext.create("h264", "r"))
        self._count = 0

    def copy(self, y: U8) -> U8:
        """(H/2, W/2) uint8: the luma (H, W) as such a copy shows it. The same picture gives the same copy each time."""
        height, width = (max(_LEAST_SIDE, side // 4 * 2) for side in y.shape)
        whole = np.full((height * 3 // 2, width), 128, np.uint8)
        whole[:height] = cv2.resize(y, (width, height), interpolation=cv2.INTER_AREA)
        encoder = self._encoder or self._open(width, height)
        frame = av.VideoFrame.from_ndarray(whole, format="yuv420p")
        frame.pts, self._count = self._count, self._count + 1
        for packet in encoder.encode(frame):
            for picture in self._decoder.decode(packet):
                return np.ascontiguousarray(picture.to_ndarray()[:height], np.uint8)
        # the decoder held it back
        return np.ascontiguousarray(self._decoder.decode(None)[-1].to_ndarray()[:height], np.uint8)

    def _open(self, width: int, height: int) -> VideoCodecContext:
        encoder = cast(VideoCodecContext, av.CodecContext.create("libx264", "w"))
        encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
        encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
        # every picture by itself, in one thread: nothing depends on the machine or on what was copied before
        encoder.options = {"qp": QUANTISER, "preset": "veryfast", "tune": "zerolatency", "g": "1", "threads": "1"}
        self._decoder.thread_count = 1
        self._encoder = encoder
        return encoder
