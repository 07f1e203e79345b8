"""The account of a production for the public: what is real, what is not, why, who agreed and on which ground, with which tools; one page.

A name stands on it only where the record says that the person may be named, or that there is no such person. An unaltered picture of the performer
stands on it only where the record allows it; else it says that the original is not shown. Where a consent that a video stands on was taken back, or
somebody in it was forgotten, no picture of it is shown at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..errors import ConsentError, MediaError, StepMissing
from ..paper.page import render
from ..paper.words import Language
from ..project import Project
from ..provenance import ledger
from ..provenance.complaints import DAYS
from ..provenance.consent import is_revoked, load_record
from ..provenance.consent_record import ConsentRecord
from ..provenance.statement import without_names
from ..store import PUBLISHED_BEFORE
from ..types import U8
from ..video.probe import probe
from ..video.read import read_frames
from ..weights.registry import WEIGHTS
from .consents import agreed_to_be_shown
from .media import footage

_WIDTH = 640
_MOST_VIDEOS = 12


@dataclass(frozen=True, slots=True)
class _Person:
    """Whoever stands behind a consent record, as the public may know them."""

    role: str
    name: str
    """'' where it is not told."""
    exists: bool
    basis: str
    reason: str
    record_id: str
    expires: str
    revoked: bool


def account(project: Project, language: Language, *, studio: str = "") -> str:
    """The page, over everything that this project published. Raises StepMissing where nothing was."""
    rows = _exports(project)
    if not rows:
        raise StepMissing("Nothing was published from this project yet, so there is nothing to account for.", remedy="publish first")
    records = _records(project, rows)
    hidden = [record.subject for record in records.values() if record.person_exists and not record.named]
    production = next((without_names(record.production, hidden) for record in records.values()), "")
    house = project.settings().house
    return render(
        "account.html",
        language,
        studio=studio,
        production=production or project.folder.stem,
        house=house.name,
        contact=house.contact,
        days=DAYS,
        purposes=list(dict.fromkeys(purpose for row in rows for purpose in row.body.get("purposes", ()))),
        people=[_person(record, hidden) for record in records.values()],
        forgotten=sorted({number for row in rows for number in row.body["consent_ids"]} - set(records)),
        videos=[_video(project, row, records) for row in rows[:_MOST_VIDEOS]],
        more=max(0, len(rows) - _MOST_VIDEOS),
        steps=_steps(project),
        networks=[{"origin": one.origin, "licence": one.licence, "sha256": one.sha256} for one in WEIGHTS],
        made_with=sorted({row.body["made_with"] for row in rows}),
    )


def _exports(project: Project) -> list[ledger.Row]:
    """The ledger's rows of what this project published, the newest first."""
    hashes = {row.report["sha256"] for row in project.store.stages() if row.stage in ("publish", PUBLISHED_BEFORE) and "sha256" in row.report}
    return [row for row in reversed(ledger.rows()) if row.kind == "export" and row.body.get("file_sha256") in hashes]


def _records(project: Project, rows: list[ledger.Row]) -> dict[str, ConsentRecord]:
    """The records that these stand on, as far as they are still kept and hold."""
    found: dict[str, ConsentRecord] = {}
    for number in dict.fromkeys(number for row in rows for number in row.body["consent_ids"]):
        try:
            found[number] = load_record(project.consent_file(number))
        except ConsentError:
            continue
    return found


def _person(record: ConsentRecord, hidden: list[str]) -> _Person:
    told = record.named or not record.person_exists
    return _Person(
        role=record.role,
        name=record.subject if told else "",
        exists=record.person_exists,
        basis=record.basis.replace(" ", "_"),
        reason=without_names(record.reason or "", [*hidden, *([] if told else [record.subject])]),
        record_id=record.record_id,
        expires=record.expires or "",
        revoked=is_revoked(record.record_id),
    )


def _video(project: Project, row: ledger.Row, records: dict[str, ConsentRecord]) -> dict[str, Any]:
    body = row.body
    performers = [records[number] for number in body["consent_ids"] if number in records and records[number].role == "performer"]
    may_show = agreed_to_be_shown(performers)
    spans = body.get("labelled_frames") or [[0, 0]]
    index = (spans[0][0] + spans[0][1]) // 2
    stands = all(number in records and not is_revoked(number) for number in body["consent_ids"])
    may_show = may_show and stands
    result = _still(Path(body["out"]), index) if stands else None
    original = None
    if may_show and result is not None:
        try:
            original = _still(footage(project, "target").path, index)
        except (MediaError, StepMissing):
            original = None
    return {
        "record_id": body["record_id"],
        "made_on": body["made_on"],
        "sha256": body["file_sha256"],
        "label": body["label"],
        "frames": body["n_frames"],
        "altered": body["n_altered"],
        "model": "draft" if str(body["model_id"]).startswith("draft") else "trained",
        "result": result,
        "original": original,
        "may_show": may_show,
        "stands": stands,
    }


def _still(path: Path, index: int) -> bytes | None:
    """Frame `index` of a video as JPEG, at most `_WIDTH` pixels wide; None where the file is not at its place, or not readable."""
    if not path.is_file():
        return None
    try:
        for frame in read_frames(path, start_index=index, end_index=index + 1, depth=8, info=probe(path)):
            if frame.rgb is not None:
                return _jpeg(np.asarray(frame.rgb, np.uint8))
    except MediaError:
        return None
    return None


def _jpeg(rgb: U8) -> bytes:
    scale = min(1.0, _WIDTH / rgb.shape[1])
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else rgb
    return cv2.imencode(".jpg", np.ascontiguousarray(small[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 84])[1].tobytes()


def _steps(project: Project) -> dict[str, Any]:
    """What is known of the work: faces, training."""
    rows = project.store.stages()
    faces = [row.report.get("faces") for row in rows if row.stage == "faceset"]
    trained = [row.report for row in rows if row.stage == "train"]
    return {
        "faces": faces[-1] if faces and faces[-1] else 0,
        "minutes": round(trained[-1].get("seconds", 0) / 60, 1) if trained else 0,
        "rounds": trained[-1].get("rounds", 0) if trained else 0,
    }
