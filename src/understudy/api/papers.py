"""The ledger on its way out and the register of complaints.

>>> [row.kind for row in api.ledger_list("export")]
['export']
>>> api.ledger_check().ours
True
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import PaperBroken
from ..provenance import ledger, papers
from ..provenance.book import FORMAT, export_book
from ..provenance.complaints import Complaint, close_complaint, find_complaint, list_complaints, missing_complaints, new_complaint
from ..provenance.ledger_store import Row


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """A ledger whose chain and signature hold."""

    rows: int
    public_key: str
    """'' where nothing was signed on this machine yet."""
    ours: bool
    """Signed with this machine's key."""


def ledger_list(kind: str | None = None) -> list[Row]:
    """The ledger's rows, oldest first; of one kind (export, revocation, complaint) where it is named. Checks nothing: see `ledger_check`."""
    return [row for row in ledger.rows() if kind is None or row.kind == kind]


def ledger_export(out: Path, *, overwrite: bool = False) -> int:
    """Write the whole ledger as signed JSON; returns the number of rows. Raises LedgerBroken, KeysMissing, OutputExists …"""
    return export_book(out, overwrite=overwrite)


def ledger_check(file: Path | None = None) -> LedgerCheck:
    """Check this machine's ledger, or an exported one. Raises LedgerBroken, or PaperBroken, with the first thing that is off."""
    if file is None:
        count = ledger.verify_chain()
        return LedgerCheck(count, papers.keys.public_key() if papers.keys.have_keys() else "", ours=True)
    found = papers.check(file)
    if found.format != FORMAT:
        raise PaperBroken(
            f"{file.name} is not an exported ledger.", why=f"It is a paper of the kind {found.format}.", remedy="give an exported ledger"
        )
    return LedgerCheck(found.rows, found.public_key, found.ours)


def complaint_new(**fields: Any) -> Complaint:
    """Write a complaint down and enter it in the ledger; `fields` are those of `provenance.complaints.new_complaint`. Raises ComplaintInvalid."""
    return new_complaint(**fields)


def complaint_list(*, open_only: bool = False) -> list[Complaint]:
    """All complaints, what is due first at the top."""
    return list_complaints(open_only=open_only)


def complaint_missing() -> list[str]:
    """Numbers of complaints that the ledger has and the register has not."""
    return missing_complaints()


def complaint_show(complaint_id: str) -> Complaint:
    """One complaint. Raises ComplaintUnknown."""
    return find_complaint(complaint_id)


def complaint_close(complaint_id: str, *, outcome: str, statement: str, closed_by: str) -> Complaint:
    """Decide a complaint, for good; a signed statement without names is written (`statement_file`). Raises ComplaintUnknown, ComplaintInvalid."""
    return close_complaint(complaint_id, outcome=outcome, statement=statement, closed_by=closed_by)
