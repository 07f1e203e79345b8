"""Reading the visible label off a picture that was found: in whatever size it is shown, wherever it stands.

The plates that the studio draws are compared with the picture by normalised correlation, in the sizes that the label has in a picture and in a
screenshot of one. Anybody can draw such a plate: that it stands there is what the picture says of itself, no proof.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from ..types import U8
from .label import draw_plate, label_text
from .label_place import SQUEEZES, layouts

LEAST_LIKENESS = 0.7
"""Correlation of a plate with the picture from which the label counts as read."""
_LETTERS = 10
"""Pixels to which its letters are brought."""
_SHARES = tuple(np.geomspace(0.016, 0.085, 36).tolist())
"""Heights of a letter as shares of the picture's: the label has 4 % or more of a whole picture, and less where more is shown beside it."""


def reads_label(y: U8) -> bool:
    """Whether the label, in either language, stands in a luma plane uint8 (H, W)."""
    return any(_likeness(y, share) >= LEAST_LIKENESS for share in _SHARES)


def _likeness(y: U8, share: float) -> float:
    """Of the likest plate whose letters are this share of the height."""
    scale = _LETTERS / (share * y.shape[0])
    if scale > 2:
        # letters of less than five pixels are not read
        return 0.0
    small = cv2.resize(y, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    best = 0.0
    for plate in _plates():
        if plate.shape[0] <= small.shape[0] and plate.shape[1] <= small.shape[1]:
            best = max(best, float(np.nan_to_num(cv2.matchTemplate(small, plate, cv2.TM_CCOEFF_NORMED), posinf=0, neginf=0).max()))
    return best


@cache
def _plates() -> tuple[U8, ...]:
    texts = {lines for language in ("en", "nl") for lines in layouts(label_text(language))}
    return tuple(draw_plate(lines, _LETTERS, 1, squeeze) for lines in sorted(texts) for squeeze in SQUEEZES)
