"""From a copy found somewhere back to the record of what was made: by the invisible mark, else by what it looks like, else by its credentials."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..events import Context, Meter
from ..provenance import credentials, ledger
from ..provenance.mark.scan import Scan
from ..video.source import check_file, open_media
from .registry import likest_of
from .still import is_still, look_at_still
from .trace_layers import look_into
from .watermark import COPIED, look

By = Literal["watermark", "fingerprint", "credentials", "list"]
FOUND, NOT_FOUND = 0, 1
ALONE = "One picture holds little of the mark and is easily mistaken for another: give the video, where you have it."
_HOW = {
    "watermark": "by its invisible mark, and the picture matches the record",
    "fingerprint": "by what it looks like alone; look at both before you rely on it",
    "credentials": "by the Content Credentials that it carries",
    "list": "by the signed list of its layers",
}


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a file comes from, as far as this machine's ledger knows."""

    name: str
    by: By | None
    record: dict[str, Any]
    """The body of the export's row in the ledger, without the fingerprint; empty where nothing was found."""
    row: int
    """The row's number; 0 where nothing was found."""
    remarks: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0: a record was found; 1: none."""
        return FOUND if self.by else NOT_FOUND

    def text(self) -> str:
        """For the terminal."""
        if self.by is None:
            return "\n".join([f"{self.name}: no record was found on this machine.", *self.remarks])
        body = self.record
        lines = [
            f"{self.name}: {body['record_id']}, found {_HOW[self.by]}.",
            f"Made on {body['made_on']} by {body['made_by']}, with {body['made_with']}; row {self.row} of the ledger.",
            f"Published as: {body['out']}",
            f"Purpose: {'; '.join(body.get('purposes', ())) or 'not written down'}",
            f"Label: {body['label']}; altered frames: {body['n_altered']} of {body['n_frames']}; model: {body['model_id']}",
            *(f"Consent: {record} (SHA-256 {sha256})" for record, sha256 in body["consents"].items()),
            f"Target: SHA-256 {body['target_sha256']}",
            *(f"Source: SHA-256 {sha256}" for sha256 in body.get("sources_sha256", [body["source_sha256"]])),
            *self.remarks,
        ]
        return "\n".join(lines)

    def json(self) -> str:
        """The same for programs."""
        content = {"file": self.name, "by": self.by, "row": self.row, "record": self.record, "remarks": list(self.remarks)}
        return json.dumps(content, indent=2, ensure_ascii=False)


def trace(path: Path, *, context: Context | None = None) -> Trace:
    """Find the record of a video, of one picture out of it, or of a folder of layers or pictures. Reads only. Raises MediaNotFound, MediaNotVideo …,
    and LedgerBroken."""
    context = context or Context()
    if path.is_dir():
        return _trace_folder(path, context)
    check_file(path)
    if is_still(path):
        return _trace_still(path, context)
    remarks: list[str] = []
    with Meter(context, "verify", "Tracing") as meter:
        with open_media(path):
            pass
        ledger.verify_chain()
        meter.step(message="Looking for the invisible mark")
        seen = look(path, check=context.check)
        if seen.state == "ours" and seen.row is not None:
            return _traced(path, "watermark", seen.row)
        if seen.state == "copied" and seen.row is not None:
            remarks.append(f"{COPIED} Its number belongs to {seen.row.body['record_id']}.")
        meter.step(message="Comparing with what was published")
        likest = _likest(seen.scan)
        if likest is not None:
            return _traced(path, "fingerprint", likest, remarks)
        row = _by_credentials(path)
    if row is not None:
        return _traced(path, "credentials", row, remarks)
    return Trace(path.name, None, {}, 0, tuple(remarks))


def _trace_still(path: Path, context: Context) -> Trace:
    remarks: list[str] = []
    with Meter(context, "verify", "Tracing") as meter:
        ledger.verify_chain()
        meter.step(message="Looking for the invisible mark")
        seen = look_at_still(path, check=context.check)
        if seen.mark.state == "ours" and seen.mark.row is not None:
            return _traced(path, "watermark", seen.mark.row)
        if seen.mark.state == "copied" and seen.mark.row is not None:
            remarks.append(f"{COPIED} Its number belongs to {seen.mark.row.body['record_id']}.")
        meter.step(message="Comparing with what was published")
        likest = seen.likest(ledger.rows())
        if likest is not None:
            return _traced(path, "fingerprint", likest, [*remarks, ALONE])
        row = _by_credentials(path)
    if row is not None:
        return _traced(path, "credentials", row, remarks)
    if seen.label:
        remarks.append("The visible label was read in it, so it says of itself that it is out of an altered video.")
    return Trace(path.name, None, {}, 0, (*remarks, ALONE))


def _by_credentials(path: Path) -> ledger.Row | None:
    found = credentials.read(path)
    return ledger.find_record(str(found.production.get("record_id", ""))) if found.ours else None


def _trace_folder(folder: Path, context: Context) -> Trace:
    with Meter(context, "verify", "Tracing") as meter:
        ledger.verify_chain()
        meter.step(message="Looking for the list and the invisible mark")
        seen = look_into(folder, check=context.check)
        if seen.by is not None and seen.row is not None:
            return _traced(folder, seen.by, seen.row)
        likest = _likest(seen.scan)
    return _traced(folder, "fingerprint", likest) if likest is not None else Trace(folder.name, None, {}, 0)


def _likest(scan: Scan) -> ledger.Row | None:
    """The export that looks most like it, if any looks like it at all."""
    return likest_of(scan.samples, _with_fingerprint())


def _with_fingerprint() -> list[ledger.Row]:
    return [row for row in ledger.rows() if row.kind == "export" and row.body.get("fingerprint")]


def _traced(path: Path, by: By, row: ledger.Row, remarks: list[str] | None = None) -> Trace:
    record = {name: value for name, value in row.body.items() if name != "fingerprint"}
    return Trace(path.name, by, record, row.seq, tuple(remarks or ()))
