"""Whether a file is good enough for its silence to mean anything: how large and how long faces are seen, how hard it was compressed.

The limits are our own, published here: nothing is said about a face below `LEAST_FACE` pixels, one seen for less than `LEAST_SECONDS`, or pictures
with fewer bits than `LEAST_BITS` for each pixel, where tests of the invisible mark begin to fail (docs/benchmarks.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..config import FaceSettings
from ..errors import WeightsAltered, WeightsMissing
from ..faces.detect import Detector
from ..types import Finding, Frame, VideoInfo
from ..video.color import rgb_from_planes
from ..video.probe import probe
from .said import Said, finding

LEAST_FACE = 80
"""Pixels: width or height of a face's box, whichever is larger."""
LEAST_SECONDS = 1.0
LEAST_BITS = {"h264": 0.02, "hevc": 0.012, "vp9": 0.012, "av1": 0.008}
"""Bits for each pixel of each frame, sound included."""
_OTHER_BITS = 0.02
_EVERY = 0.5
"""Seconds between two looks."""


@dataclass(slots=True)
class Material:
    """Sees frames of one file, and says at the end what they are good for."""

    path: Path
    info: VideoInfo = field(init=False)
    faces: bool = True
    """False where the network that finds faces cannot be used."""
    largest: float = 0.0
    seconds: float = 0.0
    _last: float | None = None
    _detector: Detector | None = None

    def __post_init__(self) -> None:
        self.info = probe(self.path)
        try:
            self._detector = Detector(FaceSettings())
        except (WeightsMissing, WeightsAltered):
            self.faces = False

    def see(self, frame: Frame) -> None:
        """Look for a face, where the last look is long enough ago."""
        time = float(frame.time)
        if self._detector is None or frame.planes is None or (self._last is not None and 0 <= time - self._last < _EVERY - 1e-6):
            return
        # a look stands for the time to the next one, and never for more than there is
        lasts = min(_EVERY, float(self.info.duration))
        self._last = time
        found = self._detector.find(rgb_from_planes(frame.planes, depth=8))
        if found:
            sides = found[0].box_xyxy[2:] - found[0].box_xyxy[:2]
            self.largest = max(self.largest, float(np.max(sides)))
            self.seconds = min(self.seconds + lasts, float(self.info.duration))

    @property
    def bits(self) -> float:
        """Bits for each pixel of each frame."""
        width, height = self.info.size_wh
        frames = self.info.n_frames or float(self.info.duration * self.info.frame_rate)
        return self.path.stat().st_size * 8 / max(1.0, width * height * float(frames))

    @property
    def squeezed(self) -> bool:
        return self.bits < LEAST_BITS.get(self.info.codec, _OTHER_BITS)

    def finding(self) -> Finding:
        """The line on traces in the picture, which are not looked for yet; what could not be judged in any case is said."""
        doubts = [
            Said("face_small", {"least": LEAST_FACE, "size": round(self.largest)}) if 0 < self.largest < LEAST_FACE else None,
            Said("face_short", {"least": f"{LEAST_SECONDS:g}"}) if 0 < self.seconds < LEAST_SECONDS else None,
            Said("squeezed") if self.squeezed else None,
        ]
        if any(doubts):
            return finding("forensics", "inconclusive", "forensics_material", *doubts)
        seen = Said("no_face") if self.faces and not self.seconds else Said("no_detector") if not self.faces else None
        return finding("forensics", "not applicable", "forensics_later", seen)
