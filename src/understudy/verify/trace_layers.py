"""From a folder of layers, or of pictures out of one, back to its record: by the signed list in it, else by the invisible mark of its pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from ..errors import MediaNotVideo
from ..files import sha256_file
from ..provenance import ledger
from ..provenance.layer_lists import INDEX
from ..provenance.mark import fingerprint
from ..provenance.mark.detect import LEAST_SIDE, Gatherer, find
from ..provenance.mark.scan import MOST_FRAMES, Scan, Stretch
from .watermark import look, matches

_LUMA = np.array([0.0722, 0.7152, 0.2126], np.float32)
"""Of blue, green and red (BT.709): the mark is the same in all three, so other weights would do as well."""


@dataclass(frozen=True, slots=True, eq=False)
class FolderLook:
    """What a folder gave: the record, if any, and what its pictures look like."""

    by: Literal["list", "watermark"] | None
    row: ledger.Row | None
    scan: Scan


def look_into(folder: Path, *, check: Callable[[], None]) -> FolderLook:
    """Raises MediaNotVideo where there is neither a list nor a picture that may carry a mark."""
    nothing = Scan((), np.zeros((0, fingerprint.LENGTH), np.float32))
    index = folder / INDEX
    row = ledger.find_file(sha256_file(index)) if index.is_file() else None
    if row is not None:
        return FolderLook("list", row, nothing)
    videos = sorted(folder.glob("result*.mov"))
    if videos:
        seen = look(videos[0], check=check)
        return FolderLook("watermark" if seen.state == "ours" else None, seen.row if seen.state == "ours" else None, seen.scan)
    pictures = sorted(folder.rglob("result.*.png")) or sorted(folder.glob("*.png"))
    if not pictures and not index.is_file():
        raise MediaNotVideo(
            f"{folder.name} holds no layers: neither {INDEX} nor PNG pictures nor a result.mov.",
            why="Of OpenEXR pictures alone the mark is not read.",
            remedy="give the folder that `understudy layers` made, or a video file",
        )
    scan = _scan(pictures, check=check) or nothing
    for number in scan.numbers():
        found = ledger.find_mark(number)
        if found is not None and matches(scan, found, number):
            return FolderLook("watermark", found, scan)
    return FolderLook(None, None, scan)


def _scan(pictures: list[Path], *, check: Callable[[], None]) -> Scan | None:
    """Of some of the pictures, evenly spread, read as one stretch."""
    gatherer, samples = Gatherer(), list[np.ndarray]()
    for path in pictures[:: max(1, -(-len(pictures) // MOST_FRAMES))]:
        check()
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        if bgr is None or min(bgr.shape[:2]) < LEAST_SIDE:
            continue
        luma = np.rint(bgr.astype(np.float32) @ _LUMA).astype(bgr.dtype)
        samples.append(fingerprint.sample(luma))
        gatherer.add(luma, 16 if bgr.dtype == np.uint16 else 8)
    return Scan((Stretch(0.0, 0.0, find(gatherer), np.stack(samples)),), np.stack(samples)) if gatherer.count else None
