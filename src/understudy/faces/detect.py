"""Finding faces in a picture (YuNet: Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023)."""

from __future__ import annotations

import numpy as np

from ..config import FaceSettings
from ..types import Face
from ..weights.sessions import yunet
from .warp import Picture, reduced, size_hw

_TURNS = (1, 2, 3)
_UPRIGHT = 0.9
"""An upright face scores about 0.93. A turned one is often found as well, with up to 0.89 and eyes in the wrong place."""


class Detector:
    """Finds faces. Holds one opened network; serves one thread at a time."""

    def __init__(self, settings: FaceSettings) -> None:
        self._long_side = settings.detect_long_side
        self._net = yunet(score=settings.detect_score)

    def find(self, picture: Picture, *, rotations: bool = False) -> list[Face]:
        """Faces in a picture, the largest first, in its pixels.

        With `rotations`, a picture in which no upright face is found for sure is searched again turned by quarters; the best turn counts.
        """
        bgr = np.ascontiguousarray(reduced(picture, self._long_side)[..., ::-1])
        rows = self._rows(bgr)
        for turn in _TURNS if rotations and _best(rows) < _UPRIGHT else ():
            turned = self._rows(np.ascontiguousarray(np.rot90(bgr, turn)))
            if _best(turned) > _best(rows):
                rows = _unturned(turned, turn, bgr.shape[1], bgr.shape[0])
        # pixel centres are at integers: positions scale about the corner of the first pixel
        height, width = size_hw(picture)
        ratio = np.asarray([width / bgr.shape[1], height / bgr.shape[0]], np.float64)
        faces = [_face(row, ratio) for row in rows]
        return sorted(faces, key=lambda f: -float(np.prod(f.box_xyxy[2:] - f.box_xyxy[:2])))

    def _rows(self, bgr: np.ndarray) -> np.ndarray:
        """(n, 15): x0, y0, x1, y1, five points, score, in pixels of `bgr`."""
        self._net.setInputSize((bgr.shape[1], bgr.shape[0]))
        found = self._net.detect(bgr)[1]
        rows = np.zeros((0, 15)) if found is None else np.array(found, np.float64)
        rows[:, 2:4] += rows[:, :2]
        return rows[np.isfinite(rows).all(1)]


def _best(rows: np.ndarray) -> float:
    return float(rows[:, 14].max()) if len(rows) else 0.0


def _unturned(rows: np.ndarray, turn: int, width: int, height: int) -> np.ndarray:
    """Rows found in a picture turned `turn` quarters anticlockwise, in the pixels of the upright one of width x height."""
    points = rows[:, :14].reshape(-1, 7, 2)
    x, y = points[..., 0], points[..., 1]
    back = {1: (width - 1 - y, x), 2: (width - 1 - x, height - 1 - y), 3: (y, height - 1 - x)}[turn]
    points = np.stack(back, -1)
    corners = np.concatenate([points[:, :2].min(1), points[:, :2].max(1)], 1)
    return np.concatenate([corners, points[:, 2:].reshape(-1, 10), rows[:, 14:]], 1)


def _face(row: np.ndarray, ratio: np.ndarray) -> Face:
    points = (row[:14].reshape(7, 2) + 0.5) * ratio - 0.5
    return Face(box_xyxy=points[:2].reshape(4).astype(np.float32), score=float(row[14]), points5=points[2:].astype(np.float32))
