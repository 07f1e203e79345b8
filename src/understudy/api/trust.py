"""Consents: made, shown, taken back, printed as a form, handed out; and forgetting.

>>> record = api.consent_read(Path("her.consent.json"))
>>> record.subject, record.role, record.expires
('Anna de Vries', 'face', '2099-12-31')
>>> "Anna de Vries" in api.consent_show(Path("her.consent.json"))
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..events import Context
from ..home import home
from ..paper.words import Language
from ..pipeline.account import account as account_page
from ..pipeline.binding import bind_again
from ..pipeline.consents import keep_record
from ..pipeline.forget import Forgotten
from ..pipeline.forget import forget as forget_person
from ..pipeline.job import in_words, open_job
from ..project import Project
from ..provenance.consent import load_record, revoke, save_record
from ..provenance.consent_bundle import ExportedConsents, export_consents
from ..provenance.consent_form import FormFields, fields_of
from ..provenance.consent_form import consent_form as form_page
from ..provenance.consent_record import ROLES, ConsentRecord, new_record
from ..provenance.consent_words import describe

_SHARED = ("purpose", "production", "channels", "expires", "recorded_by")
"""What the form of one person takes over from the record of another of the same project."""


def consent_new(path: Path, *, scan: Path | None = None, **fields: Any) -> ConsentRecord:
    """Write a signed consent record; `fields` are those of `provenance.consent.new_record`. Raises ConsentInvalid, OutputExists, KeysMissing.

    `scan`: a PDF or picture of the signed paper; the record holds its hash, and a copy is put beside the record.
    """
    record = new_record(scan=scan, **fields)
    save_record(record, path, scan=scan)
    return record


def consent_form(*, language: Language = "en", record: Path | None = None, project: Path | None = None, studio: str = "", **fields: Any) -> str:
    """A consent form to print, as one HTML page: filled in from a record, else from what the project knows, else from `fields` (`FormFields`).

    `fields` win over what the project knows; what nobody knows is left as a line. Raises ConsentInvalid, UsageError without a role.
    """
    house = {}
    known: dict[str, Any] = {}
    if project is not None:
        with in_words(project), Project(project) as opened:
            settings = opened.settings().house
            house = {"house": settings.name, "contact": settings.contact}
            known = _known(opened)
    given = {name: tuple(value) if isinstance(value, (list, tuple)) else value for name, value in fields.items() if value not in (None, "", ())}
    if record is not None:
        return form_page(replace(fields_of(load_record(record), **house), **given), language, studio=studio)
    if "role" not in given:
        raise UsageError("It was not said whose form it is.", remedy="give the role: face, performer or voice")
    return form_page(FormFields(**{**known, **house, **given}), language, studio=studio)


def _known(project: Project) -> dict[str, Any]:
    for path in _records(project):
        if path.is_file():
            record = load_record(path)
            return {name: value for name in _SHARED if (value := getattr(record, name))}
    return {}


def _records(project: Project) -> list[Path]:
    return [project.absolute(kept) for role in ROLES for kept in project.store.consents(role)]


def consent_export(out: Path, *, project: Path | None = None, records: Sequence[Path] = (), overwrite: bool = False) -> ExportedConsents:
    """Write the records of a project, and `records`, as one signed file (`out` ends in .json) or as a folder with their scans.

    Raises ConsentMissing where there is none, ConsentAltered, OutputExists, KeysMissing.
    """
    kept = list(records)
    if project is not None:
        with in_words(project), Project(project) as opened:
            kept += [path for path in _records(opened) if path.is_file()]
    return export_consents(kept, out, overwrite=overwrite)


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


def account(project: Path, *, language: Language = "en", studio: str = "") -> str:
    """The account of what a project published, as one HTML page for the public: no name and no original that a record does not allow.

    Raises StepMissing where nothing was published.
    """
    with in_words(project), Project(project) as opened:
        return account_page(opened, language, studio=studio)


def consent_file(project: Path, record_id: str) -> Path:
    """Where a project keeps the record of this number."""
    with in_words(project), Project(project) as opened:
        return opened.consent_file(record_id)


def consent_show(path: Path) -> str:
    """A record in plain words, after checking its signature."""
    return describe(load_record(path))


def consent_revoke(path_or_id: str, *, reason: str) -> list[str]:
    """Take a consent back, for good. Returns the exports that stand on it, to be looked after."""
    path = Path(path_or_id)
    record_id = load_record(path).record_id if path.is_file() else path_or_id
    return [row.body["out"] for row in revoke(record_id, reason=reason)]


def receipts() -> list[Path]:
    """The signed receipts of everybody who was forgotten on this machine, the newest first."""
    return sorted((home() / "receipts").glob("forgotten-*.json"), key=lambda path: (-path.stat().st_mtime, path.name))


def forget(project: Path, person: str) -> Forgotten:
    """Remove everything of a person from a project: faces, embeddings, models, merged frames, previews, also those that other projects made of the
    lent face; with a signed receipt.

    `person`: source, target, or the name or number on the consent record. Raises UsageError, ProjectBusy, ForgetIncomplete, KeysMissing.
    """
    with open_job(project, flags={}, context=Context()) as job:
        return forget_person(job.project, person)
