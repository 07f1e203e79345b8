"""The lines on this machine's own records: the ledger (this very file, byte for byte) and the fingerprint (what it looks like)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ..errors import KeysMissing, LedgerBroken
from ..provenance import ledger
from ..provenance.mark import fingerprint
from ..types import F32, Finding
from .said import Said, finding


def ledger_finding(sha256: str) -> tuple[ledger.Row | None, Finding]:
    """Whether this machine published this very file, and whether its ledger holds."""
    try:
        count = ledger.verify_chain()
        row = ledger.find_file(sha256)
    except (LedgerBroken, KeysMissing) as error:
        told = Said("ledger_why", {"why": error.why}) if error.why else None
        return None, finding("ledger", "found invalid", "ledger_broken" if isinstance(error, LedgerBroken) else "ledger_no_keys", told)
    if row is None:
        return None, finding("ledger", "not found", "ledger_other" if count else "ledger_empty", Said("ledger_copy") if count else None)
    body = row.body
    return row, finding(
        "ledger",
        "found valid",
        "ledger_this",
        Said("ledger_made", {"when": body["made_on"], "record": body["record_id"]}),
        Said("ledger_label", {"label": body["label"], "altered": body["n_altered"], "frames": body["n_frames"], "model": body["model_id"]}),
        Said("production_consent_records", {"value": ", ".join(body["consent_ids"])}),
        Said("ledger_row", {"row": row.seq}) if row.hash else Said("ledger_announced"),
    )


def fingerprint_finding(
    samples: F32,
    known: ledger.Row | None,
    *,
    own: ledger.Row | None = None,
    find: Callable[[Sequence[ledger.Row]], ledger.Row | None] | None = None,
) -> tuple[ledger.Row | None, Finding]:
    """Whether the pictures look like those of something that was published here. `known`: the record that another layer has already matched.

    `own`: the record of this very file, byte for byte, which needs no comparison. `find` gives the likest of some records (for a video, as
    `fingerprint.likeness` says).
    The unaltered target looks the same as what was made from it, to this layer: it leads to a record and proves nothing.
    """
    if not len(samples) or not (abs(samples).max() > 0):
        return None, finding("fingerprint", "inconclusive", "fingerprint_unreadable")
    try:
        rows = [row for row in ledger.rows() if row.kind == "export" and row.body.get("fingerprint")]
    except (LedgerBroken, KeysMissing):
        return None, finding("fingerprint", "inconclusive", "fingerprint_no_ledger")
    find = find or partial(likest_of, samples)
    likest = find([row for row in rows if known is not None and row.seq == known.seq]) or own or find(rows)
    if likest is None:
        return None, finding("fingerprint", "not found", "fingerprint_none" if rows else "fingerprint_empty")
    record = {"record": likest.body["record_id"], "when": likest.body["made_on"]}
    return likest, finding("fingerprint", "found valid", Said("fingerprint_like", record), Said("fingerprint_meaning"))


def likest_of(samples: F32, rows: Sequence[ledger.Row], *, least: float = fingerprint.LIKE) -> ledger.Row | None:
    """The record whose pictures look most like `samples` (m, LENGTH), as they are, else turned by quarters; None below `least`."""
    for like in (fingerprint.likeness, fingerprint.likeness_turned):
        alike = [(like(samples, fingerprint.unpack(row.body["fingerprint"])), row) for row in rows]
        best = max(alike, key=lambda pair: pair[0], default=None)
        if best is not None and best[0] >= least:
            return best[1]
    return None
