"""Consents, and forgetting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..events import Context
from ..pipeline.binding import bind_again
from ..pipeline.consents import keep_record
from ..pipeline.forget import Forgotten
from ..pipeline.forget import forget as forget_person
from ..pipeline.job import open_job
from ..provenance.consent import ConsentRecord, describe, load_record, new_record, revoke, save_record


def consent_new(path: Path, **fields: Any) -> ConsentRecord:
    """Write a signed consent record; `fields` are those of `provenance.consent.new_record`. Raises ConsentInvalid, OutputExists, KeysMissing."""
    record = new_record(**fields)
    save_record(record, path)
    return record


def consent_add(project: Path, record: Path, *, same_person: bool = False) -> ConsentRecord:
    """Put a consent record into a project. `same_person`: it is of the one whose face pictures are there, under another name than before."""
    with open_job(project, flags={}, context=Context()) as job:
        kept = keep_record(job.project, record)
        if same_person and kept.role == "face":
            bind_again(job.project, subject=kept.subject, record_id=kept.record_id, record_sha256=kept.sha256)
        return kept


def consent_read(path: Path) -> ConsentRecord:
    """A record, after checking its signature. Raises ConsentMissing, ConsentAltered, ConsentInvalid."""
    return load_record(path)


def consent_show(path: Path) -> str:
    """A record in plain words, after checking its signature."""
    return describe(load_record(path))


def consent_revoke(path_or_id: str, *, reason: str) -> list[str]:
    """Take a consent back, for good. Returns the exports that stand on it, to be looked after."""
    path = Path(path_or_id)
    record_id = load_record(path).record_id if path.is_file() else path_or_id
    return [row.body["out"] for row in revoke(record_id, reason=reason)]


def forget(project: Path, person: str) -> Forgotten:
    """Remove everything of a person from a project: faces, embeddings, models, merged frames, previews; with a signed receipt.

    `person`: source, target, or the name or number on the consent record. Raises UsageError, ForgetIncomplete, KeysMissing.
    """
    with open_job(project, flags={}, context=Context()) as job:
        return forget_person(job.project, person)
