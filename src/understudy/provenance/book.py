"""The ledger on its way out: a signed file with every row and the head, which a stranger can check again without this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from .. import __version__
from ..errors import OutputExists
from . import ledger, papers

FORMAT = "understudy.ledger/1"


def export_book(out: Path, *, overwrite: bool = False) -> int:
    """Write the whole ledger to `out` (JSON, signed). Returns the number of rows.

    Rows are whole, or their hashes would not fit: they hold paths of this machine and the user's name. Raises LedgerBroken, KeysMissing,
    OutputExists, DiskFull, OutputNotWritable.
    """
    if out.exists() and not overwrite:
        raise OutputExists(f"{out} is already there.", why="Nothing is overwritten unasked.", remedy="choose another name with -o, or add --force")
    content = {
        **ledger.whole_book(),
        "exported_on": datetime.now(UTC).isoformat(timespec="seconds"),
        "made_with": f"Understudy {__version__}",
        "how_to_check": [
            *papers.HOW_TO_CHECK,
            "Every 'row' is a text whose SHA-256 is 'hash' and which holds, as 'before', the hash of the row before it (64 zeros in the first one)."
            ' The signature of \'head\' covers {"hash": …, "seq": …} of the last row.',
        ],
    }
    papers.write(out, papers.seal(FORMAT, content))
    return len(content["rows"])


def in_words(row: ledger.Row) -> str:
    """One row in a line, for a list."""
    body = row.body
    if row.kind == "export":
        words = f"published {body.get('record_id', 'a video')}: {body.get('out', '')}"
    elif row.kind == "revocation":
        words = f"consent {body.get('record_id', '')} taken back"
    else:
        words = f"complaint {body.get('complaint_id', '')} {body.get('event', '')}" + (f": {body['outcome']}" if body.get("outcome") else "")
    return f"{row.seq:>5}  {row.time[:16].replace('T', ' ')}  {words}"
