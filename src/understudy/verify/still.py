"""One picture: a screenshot of a published video, whole, cut, scaled or within the screen of a phone.

It holds far less than a video: the mark is often too weak in one picture, and one picture is easier to mistake for another. So nothing that is
not found in it means anything, and the report says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..errors import MediaError, MediaNotVideo
from ..events import Context, Meter
from ..files import sha256_file
from ..provenance import credentials, ledger
from ..provenance.label_read import reads_label
from ..provenance.mark import fingerprint
from ..provenance.mark.bars import inside_bars
from ..provenance.mark.detect import LEAST_SIDE, find
from ..provenance.mark.gather import Gatherer
from ..provenance.mark.scan import Scan, Stretch
from ..provenance.mark.window import window_in
from ..provenance.xmp import says_generated
from ..types import F32, U8
from ..video.source import check_file
from .conclude import Evidence, conclude, conflicts
from .credentials import credentials_findings
from .registry import fingerprint_finding, ledger_finding, likest_of
from .report import Report
from .said import Said, finding
from .watermark import Look, finding_of, look_at

STILLS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})
LIKE = 0.93
"""Correlation from which one picture is taken for one on record: more than for a video, because it is compared alone with every second of each."""


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """What one picture shows."""

    mark: Look
    samples: tuple[F32, ...]
    """Each (1, fingerprint.LENGTH): what the whole picture looks like, and what lies within a border or a screen."""
    label: bool
    """Whether the visible label was read."""

    def likest(self, rows: Sequence[ledger.Row]) -> ledger.Row | None:
        """The export of which it looks like a picture, if any."""
        known = [row for row in rows if row.kind == "export" and row.body.get("fingerprint")]
        found = (likest_of(sample, known, least=LIKE) for sample in self.samples)
        return next((row for row in found if row is not None), None)


def is_still(path: Path) -> bool:
    """Whether a file is named as a picture."""
    return path.suffix.lower() in STILLS


def check_still(path: Path) -> None:
    """Raise MediaNotFound, MediaEmpty or MediaNotVideo unless a file is a picture that can be read."""
    _luma(path)


def look_at_still(path: Path, *, check: Callable[[], None] = lambda: None) -> Still:
    """Read a picture. Raises MediaNotFound, MediaEmpty, MediaNotVideo for what is none."""
    y = _luma(path)
    bars = inside_bars(y, 8, least=LEAST_SIDE)
    window = window_in(y, least=LEAST_SIDE)
    places = [y, *(place.of(y) for place in dict.fromkeys((bars, window)) if place is not None)]
    stretches, samples = list[Stretch](), list[F32]()
    for place in places:
        check()
        seen = fingerprint.sample(place)[None]
        samples.append(seen)
        if min(place.shape) >= LEAST_SIDE:
            gathered = Gatherer()
            gathered.add(place, 8)
            mark = find(gathered)
            if not mark.read:
                over = find(gathered.turned_over())
                mark = over if over.read else mark
            stretches.append(Stretch(0.0, 0.0, mark, seen))
            if stretches[-1].mark.read:
                break
    return Still(look_at(Scan(tuple(stretches), np.concatenate(samples))), tuple(samples), any(reads_label(place) for place in places))


def verify_still(path: Path, *, context: Context | None = None) -> Report:
    """What is known about one picture. Reads only. Raises the MediaErrors."""
    check_file(path)
    with Meter(context or Context(), "verify", "Checking") as meter:
        seen = look_at_still(path, check=meter.context.check)
        sha256 = sha256_file(path)
        meter.step(message="Checking the credentials")
        found, stated = credentials.read(path), says_generated(path)
        row, ledger_line = ledger_finding(sha256)
        like, fingerprint_line = fingerprint_finding(
            seen.mark.samples, seen.mark.row if seen.mark.state == "ours" else row, own=row, find=seen.likest
        )
    label = finding("label", "found valid", "label_read", Said("label_meaning")) if seen.label else finding("label", "not found", "label_none")
    mark = finding_of(seen.mark) if seen.mark.state != "none" else finding("watermark", "inconclusive", "mark_none_picture")
    traces = finding("forensics", "not applicable", "forensics_later")
    findings = (*credentials_findings(found, stated=stated), ledger_line, mark, fingerprint_line, label, traces)
    evidence = Evidence(found, row, seen.mark, like, findings, stated or seen.label)
    conclusion, exit_code = conclude(evidence)
    # one picture in which nothing is seen says nothing: it may be out of a marked video all the same
    said = "inconclusive" if conclusion == "nothing" else conclusion
    return Report(path.name, sha256, path.stat().st_size, findings, said, exit_code, conflicts(evidence))


def _luma(path: Path) -> U8:
    """(H, W) uint8, turned as its metadata say."""
    check_file(path)
    try:
        data = np.fromfile(path, np.uint8)
        y = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    except OSError as error:
        raise MediaError(f"{path} cannot be read.", why=error.strerror or "", remedy="check the permissions of the file and its folders") from None
    except cv2.error:
        y = None
    if y is None:
        raise MediaNotVideo(f"{path.name} is not a picture that can be read.", remedy="give a PNG or JPEG picture, or the video")
    return np.asarray(y, np.uint8)
