"""The ledger: what left this studio, in rows that each carry the hash of the one before, with a signed head.

It lies in home()/ledger as one SQLite file (`ledger_store`). Rows are only ever added. A row that was removed, altered or put in another order breaks
the chain; a row that was cut off at the end leaves a head that points to nothing. (Who has the keys can of course write a whole new
ledger: this is evidence for honest people, not a safe.)

An export is announced before its file gets its final name and entered after: `pending/` holds what a crash left in between, and the
next export enters it (`recover`).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ..files import part_of, private_folder, sha256_file, sync_folder
from . import keys
from .ledger_store import FIRST, Kind, Row, append_row, broken, canonical, end_of, folder_of_ledger, head_of, now, opened, row_of, storage_errors

_ABOUT = (
    "record_id",
    "purposes",
    "label",
    "label_set",
    "consents",
    "model_id",
    "made_on",
    "target_sha256",
    "source_sha256",
    "sources_sha256",
    "refusal_check",
    "n_frames",
)


def record_hash(body: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of what an export's row says about the production, its files apart. The Content Credentials carry it, so that row and file can be
    shown to belong together by anybody who has both."""
    return hashlib.sha256(canonical({name: body.get(name) for name in _ABOUT})).hexdigest()


def append(kind: Kind, body: Mapping[str, Any]) -> Row:
    """Add a row at the end, and sign the new head. Raises LedgerBroken where the end of the chain does not hold, and KeysMissing."""
    with opened(create=True) as db:
        assert db is not None
        return append_row(db, kind, body)


def rows() -> list[Row]:
    """All rows, oldest first. Reads only, checks nothing: see `verify_chain`."""
    with opened() as db:
        return [row_of(*found) for found in db.execute("SELECT row, hash FROM rows ORDER BY seq")] if db else []


def find_file(sha256: str) -> Row | None:
    """The newest row of the export whose file has this SHA-256 (also one that was announced and not yet entered), or None. Reads only."""
    found = _entered(sha256)
    if found is not None:
        return found
    for path in _pending():
        announced = _read_pending(path)
        if announced is not None and announced["body"].get("file_sha256") == sha256:
            return Row(0, "", announced["time"], "export", announced["body"])
    return None


def _entered(sha256: str) -> Row | None:
    with opened() as db:
        found = db.execute("SELECT row, hash FROM rows WHERE file_sha256=? ORDER BY seq DESC LIMIT 1", (sha256,)).fetchone() if db else None
    return row_of(*found) if found else None


def find_mark(number: int) -> Row | None:
    """The newest export whose invisible mark carries this number, or None. Reads only."""
    return _newest("watermark", f"{number:08x}")


def find_record(record_id: str) -> Row | None:
    """The newest export with this record's name ("production-…"), or None. Reads only."""
    return _newest("record_id", record_id)


def find_revocation(record_id: str) -> Row | None:
    """The row by which this consent was taken back, or None. Reads only."""
    return _newest("record_id", record_id, kind="revocation")


def _newest(name: str, value: str, *, kind: Kind = "export") -> Row | None:
    # rows are canonical JSON, in which a pair of name and text can be written in one way only
    pair = canonical({name: value}).decode("utf-8")[1:-1]
    with opened() as db:
        found = db.execute("SELECT row, hash FROM rows WHERE instr(row, ?) ORDER BY seq DESC", (pair,)).fetchall() if db else []
    made = (row_of(*each) for each in found)
    return next((row for row in made if row.kind == kind and row.body.get(name) == value), None)


def exports_with(record_id: str) -> list[Row]:
    """Every export that stands on this consent record, oldest first."""
    return [row for row in rows() if row.kind == "export" and record_id in row.body.get("consent_ids", ())]


def verify_chain() -> int:
    """Recompute the whole chain and the head's signature; returns the number of rows. Raises LedgerBroken with the first thing that is off."""
    with opened() as db:
        if db is None:
            return 0
        before, count = FIRST, 0
        for seq, text, hashed, file in db.execute("SELECT seq, row, hash, file_sha256 FROM rows ORDER BY seq"):
            count += 1
            if seq != count:
                raise broken(f"Row {count} is missing.")
            if hashlib.sha256(text.encode("utf-8")).hexdigest() != hashed:
                raise broken(f"Row {seq} was altered.")
            inside = json.loads(text)
            if inside["seq"] != seq or inside["before"] != before or inside["body"].get("file_sha256") != file:
                raise broken(f"Row {seq} does not follow on the row before it.")
            before = hashed
        if head_of(db) != (count, before):
            raise broken("The signed head does not belong to the last row: rows at the end were removed or added.")
        return count


def whole_book() -> dict[str, Any]:
    """The ledger as it is signed: rows as text with their hashes, oldest first, and the signed head. Raises LedgerBroken, KeysMissing."""
    verify_chain()
    with opened() as db:
        found = db.execute("SELECT row, hash FROM rows ORDER BY seq").fetchall() if db else []
        head = db.execute("SELECT seq, hash, signature FROM head").fetchone() if db else None
    rows = [{"row": row, "hash": hashed} for row, hashed in found]
    return {"rows": rows, "head": dict(zip(("seq", "hash", "signature"), head, strict=True)) if head else None}


def chain_fault(book: Mapping[str, Any], public: str) -> str:
    """What is off in a `whole_book` whose head is signed with the key `public` (hex); '' where it holds."""
    before, count = FIRST, 0
    try:
        for entry in book["rows"]:
            count += 1
            inside = json.loads(entry["row"])
            if hashlib.sha256(entry["row"].encode("utf-8")).hexdigest() != entry["hash"]:
                return f"Row {count} was altered."
            if inside["seq"] != count or inside["before"] != before:
                return f"Row {count} does not follow on the row before it."
            before = entry["hash"]
        head = book["head"]
        if head is None:
            return "The signed head is missing." if count else ""
        if (head["seq"], head["hash"]) != (count, before):
            return "The signed head does not belong to the last row: rows at the end were removed or added."
        if not keys.signature_holds(canonical({"seq": count, "hash": before}), head["signature"], public):
            return "Its head was not signed with the key that signed the export."
    except (ValueError, LookupError, TypeError, AttributeError):
        return f"Row {count} is damaged."
    return ""


def check_end() -> None:
    """Raise LedgerBroken where the end of the chain does not hold: worth knowing before long work. Quick however long the ledger is."""
    with opened() as db:
        if db is not None:
            end_of(db)


@contextmanager
def announced(body: Mapping[str, Any], out: Path) -> Iterator[None]:
    """Announce the export `out`, let the block give the file its final name, and enter the row.

    A kill in between leaves the announcement for `recover`; an error in the block withdraws it. `body` must have `file_sha256`.
    """
    with storage_errors(folder_of_ledger()):
        folder = private_folder(folder_of_ledger() / "pending")
        path = folder / f"{secrets.token_hex(8)}.json"
        part = path.with_suffix(".part")
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        # the lock says that the process which announced is alive; the system releases it however that process ends
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            with storage_errors(path):
                os.write(handle, canonical({"time": now(), "out": str(out.resolve()), "body": body}))
                os.fsync(handle)
                part.rename(path)
                sync_folder(folder)
            yield
        except BaseException:
            path.unlink(missing_ok=True)
            part.unlink(missing_ok=True)
            raise
        append("export", body)
        path.unlink()
    finally:
        os.close(handle)


def recover() -> list[Row]:
    """Enter the exports that a crash left announced: those whose file got its final name. Returns their rows."""
    added = []
    for path in _pending():
        with ExitStack() as stack:
            try:
                file = stack.enter_context(path.open("rb"))
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (FileNotFoundError, BlockingIOError):
                # its own process finished it, or is still at it
                continue
            found = _read_pending(path)
            sha256 = found["body"]["file_sha256"] if found else ""
            if found and _happened(Path(found["out"]), sha256) and _entered(sha256) is None:
                added.append(append("export", found["body"]))
            path.unlink(missing_ok=True)
    return added


def _happened(out: Path, sha256: str) -> bool:
    """Whether the announced file got its final name. One that is gone was moved away, unless it still waits under its unfinished name."""
    if out.is_file() and sha256_file(out) == sha256:
        return True
    # a folder is filled under an unfinished name of its own, its files have theirs
    waiting = (part_of(out), part_of(out.parent) / out.name)
    return not any(part.is_file() and sha256_file(part) == sha256 for part in waiting) and not out.exists()


def _pending() -> list[Path]:
    return sorted((folder_of_ledger() / "pending").glob("*.json"))


def _read_pending(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
