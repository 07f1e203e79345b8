"""The consent records of a production on their way out: one signed file, and beside it the scans, which a stranger can check without this machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import ConsentMissing, OutputExists
from ..files import part_of, put_folder, translate
from . import ledger, papers
from .consent import load_record, revocation_of
from .consent_record import ConsentRecord
from .consent_scan import scan_beside

FORMAT = "understudy.consent-bundle/1"
FILE = "consents.json"


@dataclass(frozen=True, slots=True)
class ExportedConsents:
    """What was written: the signed file, the records in it, and the scans beside it."""

    file: Path
    records: tuple[ConsentRecord, ...]
    scans: int


def export_consents(records: Sequence[Path], out: Path, *, overwrite: bool = False) -> ExportedConsents:
    """Write the records at these paths to `out`: a file where the name ends in .json, else a new folder with the scans as well.

    What leaves holds the names of the people. Raises ConsentMissing where there is none, ConsentAltered, KeysMissing, OutputExists, DiskFull …
    """
    if not records:
        raise ConsentMissing("There is no consent record to hand out.", remedy="make one first: understudy consent new")
    alone = out.suffix.lower() == ".json"
    if out.exists() and not (overwrite and alone):
        raise OutputExists(f"{out} is already there.", why="Nothing is overwritten unasked.", remedy="choose another name with -o, or add --force")
    loaded = {record.record_id: (record, path) for path in records for record in (load_record(path),)}
    content: dict[str, Any] = {
        "productions": sorted({record.production for record, _ in loaded.values()}),
        "papers": [_entry(record, path) for record, path in loaded.values()],
        "exported_on": datetime.now(UTC).isoformat(timespec="seconds"),
        "made_with": f"Understudy {__version__}",
        "how_to_check": [
            *papers.HOW_TO_CHECK,
            "Each of 'papers' holds a whole consent record with its own signature, the revocation if there is one, and what was published with it.",
        ],
    }
    paper = papers.seal(FORMAT, content)
    found = tuple(record for record, _ in loaded.values())
    if alone:
        return ExportedConsents(papers.write(out, paper), found, 0)
    part = part_of(out)
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        papers.write(part / FILE, paper)
        scans = sum(_copy_scan(record, path, part) for record, path in loaded.values())
        put_folder(part, out)
    except OSError as error:
        raise translate(error, out) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return ExportedConsents(out / FILE, found, scans)


def _entry(record: ConsentRecord, path: Path) -> dict[str, Any]:
    exports = [
        {name: row.body.get(name) for name in ("record_id", "file_sha256", "made_on", "label")} for row in ledger.exports_with(record.record_id)
    ]
    return {"paper": json.loads(path.read_bytes()), "revocation": revocation_of(record.record_id), "published": exports}


def _copy_scan(record: ConsentRecord, path: Path, folder: Path) -> bool:
    if record.scan is None or not (place := scan_beside(path, record.scan)).is_file():
        return False
    shutil.copyfile(place, folder / f"{record.record_id}.scan.{record.scan.kind}")
    return True
