"""The thumbnails of a wall one by one, so that a screen can ask for sheets of the faces that it shows, in the order in which it shows them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ..errors import ProjectBroken, UsageError
from ..types import U8
from .wallplan import COLUMNS, GREY, JPEG, PER_SHEET, THUMB

PICTURES, ENDS = "thumbs.bin", "thumbs.npy"
"""JPEG pictures one after the other, and (N,) int64 where each ends."""


class ThumbWriter:
    """Writes the thumbnails of a wall as they are cut, in the order of the faces."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = (folder / PICTURES).open("wb")
        self._ends: list[int] = []

    def add(self, thumb: U8) -> None:
        """(THUMB, THUMB, 3) RGB"""
        self._file.write(cv2.imencode(".jpg", np.ascontiguousarray(thumb[..., ::-1]), JPEG)[1].tobytes())
        self._ends.append(self._file.tell())

    def close(self) -> None:
        self._file.close()
        np.save(self._folder / ENDS, np.asarray(self._ends, np.int64), allow_pickle=False)


def has_thumbs(folder: Path) -> bool:
    return (folder / ENDS).is_file()


def thumb_sheet(folder: Path, numbers: Sequence[int]) -> bytes:
    """JPEG of the faces `numbers`, 1 to 100 of them, in rows of ten as on the wall's own sheets. Raises UsageError, ProjectBroken."""
    try:
        ends = np.load(folder / ENDS, allow_pickle=False)
        strange = [n for n in numbers if not 0 <= n < len(ends)]
        if strange or not 1 <= len(numbers) <= PER_SHEET:
            raise UsageError("A sheet shows 1 to 100 faces of the wall.", why=f"There is no face {strange[0]}." if strange else "")
        sheet = np.full((-(-len(numbers) // COLUMNS) * THUMB, COLUMNS * THUMB, 3), GREY, np.uint8)
        with (folder / PICTURES).open("rb") as file:
            for place, number in enumerate(numbers):
                begin = int(ends[number - 1]) if number else 0
                file.seek(begin)
                picture = cv2.imdecode(np.frombuffer(file.read(int(ends[number]) - begin), np.uint8), cv2.IMREAD_COLOR)
                y, x = place // COLUMNS * THUMB, place % COLUMNS * THUMB
                sheet[y : y + THUMB, x : x + THUMB] = np.asarray(picture)
    except (OSError, ValueError, cv2.error) as error:
        raise ProjectBroken(f"The thumbnails in {folder} cannot be read.", why=str(error), remedy="delete that folder and look again") from error
    return cv2.imencode(".jpg", sheet, JPEG)[1].tobytes()
