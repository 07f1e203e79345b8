"""The invisible mark as evidence: valid only where the number is in the ledger and the picture is the one that got it.

A mark can be lifted from one video and laid over another (the patterns are no secret, and averaging frames brings them out). So a mark whose
picture does not match its record proves nothing but that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ..errors import LedgerBroken, MediaError
from ..provenance import ledger
from ..provenance.mark import fingerprint
from ..provenance.mark.scan import Scan, Stretch, scan
from ..types import F32, Finding, Frame
from .said import Said, finding

COPIED = Said("mark_copied").text()


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the mark in a file says."""

    state: Literal["ours", "copied", "unknown", "none", "unreadable"]
    """ours: in the ledger, and the picture matches; copied: in the ledger, and it does not; unknown: a mark, but no number of this ledger;
    none: no mark; unreadable: the picture is too small, or damaged."""
    row: ledger.Row | None
    """The record that the number leads to."""
    scan: Scan

    @property
    def samples(self) -> F32:
        """(m, fingerprint.LENGTH): what the part that carries the mark looks like; the whole file, where none is ours."""
        marked = self.scan.samples_with(int(self.row.body["watermark"], 16)) if self.state == "ours" and self.row is not None else self.scan.samples
        return marked if len(marked) else self.scan.samples


def look(path: Path, *, check: Callable[[], None] = lambda: None, see: Callable[[Frame], None] | None = None, own: ledger.Row | None = None) -> Look:
    """Read the mark of a video. A ledger that does not hold is as good as none, a damaged picture unreadable. `see` gets every frame that is read.

    `own`: the record of this very file, byte for byte: its picture needs no comparison (a second of a tiny picture may fail one).
    """
    try:
        found = scan(path, check=check, see=see)
    except MediaError:
        # a file that is cut short, for example: the other layers say so
        return nothing_seen()
    return look_at(found, own=own)


def look_at(found: Scan, *, own: ledger.Row | None = None) -> Look:
    """What a scan says, with the ledger. `own`: as in `look`."""
    if not found.readable:
        return Look("unreadable", None, found)
    state: Literal["copied", "unknown", "none"] = "none"
    copied: ledger.Row | None = None
    if any(stretch.mark.present for stretch in found.stretches):
        state = "unknown"
    for number in found.numbers():
        try:
            row = ledger.find_mark(number)
        except LedgerBroken:
            row = None
        if row is None:
            continue
        if (own is not None and row.seq == own.seq) or matches(found, row, number):
            return Look("ours", row, found)
        state, copied = "copied", row
    return Look(state, copied, found)


def nothing_seen() -> Look:
    """Where there is no picture to look at."""
    return Look("unreadable", None, Scan((), np.zeros((0, fingerprint.LENGTH), np.float32)))


def matches(found: Scan, row: ledger.Row, number: int) -> bool:
    """Whether the pictures look like those of the record, in the crop that the mark's place tells or in a usual one."""
    known = fingerprint.unpack(row.body.get("fingerprint", ""))
    places = [stretch.mark.placement.crop for stretch in found.stretches if stretch.mark.number == number]
    seen = found.samples_with(number)
    like = fingerprint.likeness(seen, known, only=[*_rounded(places), *fingerprint.crops()])
    return like >= fingerprint.LIKE or fingerprint.likeness_turned(seen, known) >= fingerprint.LIKE


def _rounded(places: Sequence[fingerprint.Crop]) -> list[fingerprint.Crop]:
    """To hundredths: the same cut, found in several stretches, is tried once."""
    cut = {(*(float(np.round(side, 2)) for side in place[:4]), place[4]) for place in places}
    return [(left, top, right, bottom, mirrored) for left, top, right, bottom, mirrored in sorted(cut)]


def finding_of(seen: Look) -> Finding:
    """The line of the report."""
    evidence = [_words(stretch) for stretch in seen.scan.stretches if stretch.mark.present]
    if seen.state == "unreadable":
        return finding("watermark", "inconclusive", "mark_unreadable")
    if seen.state == "none":
        return finding("watermark", "not found", "mark_none")
    if seen.state == "unknown":
        return finding("watermark", "inconclusive", "mark_unknown" if seen.scan.numbers() else "mark_no_number", *evidence)
    assert seen.row is not None
    record = Said("mark_record", {"record": seen.row.body["record_id"], "when": seen.row.body["made_on"]})
    if seen.state == "copied":
        return finding("watermark", "found invalid", "mark_copied", record, Said("mark_copied_how"), *evidence)
    return finding("watermark", "found valid", "mark_ours", record, *evidence)


def _words(stretch: Stretch) -> Said:
    mark = stretch.mark
    key = ("mark_read" if mark.number is not None else "mark_unread") + ("_mirrored" if mark.placement.mirrored else "")
    if stretch.begin == stretch.end:
        # one picture, no time
        key += "_picture"
    number = {"number": f"{mark.number:08x}"} if mark.number is not None else {}
    return Said(key, {"begin": f"{stretch.begin:.1f}", "end": f"{stretch.end:.1f}", "z": f"{mark.z:.1f}", **number})
