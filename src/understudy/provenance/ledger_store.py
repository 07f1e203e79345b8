"""The ledger's file: rows in SQLite that each carry the hash of the one before, and a signed head. What stands in them is `ledger`'s."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ..errors import LedgerBroken, OutputNotWritable
from ..files import private_folder, translate
from ..home import home
from . import keys

Kind = Literal["export", "revocation", "complaint"]
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS rows (seq INTEGER PRIMARY KEY, row TEXT NOT NULL, hash TEXT NOT NULL, file_sha256 TEXT) STRICT",
    "CREATE INDEX IF NOT EXISTS rows_by_file ON rows (file_sha256)",
    "CREATE TABLE IF NOT EXISTS head (one INTEGER PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL, signature TEXT NOT NULL) STRICT",
    "CREATE TRIGGER IF NOT EXISTS rows_stay BEFORE UPDATE ON rows BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS rows_remain BEFORE DELETE ON rows BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
)
FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `hash` is the SHA-256 (hex) of its canonical JSON, which holds the hash of the row before; '' while it is only announced."""

    seq: int
    hash: str
    time: str
    """UTC, ISO 8601."""
    kind: Kind
    body: dict[str, Any]


def canonical(value: Any) -> bytes:
    """The one JSON text of a value: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def folder_of_ledger() -> Path:
    return home() / "ledger"


@contextmanager
def opened(*, create: bool = False) -> Iterator[sqlite3.Connection | None]:
    """The open database; None where there is none yet (and `create` is off)."""
    path = folder_of_ledger() / "ledger.sqlite"
    # an empty file is what a kill leaves in the moment between opening and the first row
    if not create and not (path.is_file() and path.stat().st_size):
        yield None
        return
    with storage_errors(path):
        private_folder(path.parent)
        try:
            # isolation_level None: transactions are written out; a rollback journal, fully synchronous: a row is on the disk when it is said to be
            with closing(sqlite3.connect(path, timeout=30.0, isolation_level=None)) as db:
                db.execute("PRAGMA synchronous=FULL")
                # a kill in the middle of the very first row leaves, once rolled back, a file without tables
                begun = create or db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
                yield db if begun else None
        except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
            raise _explain(error, path) from error


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise translate(error, path) from error


def append_row(db: sqlite3.Connection, kind: Kind, body: Mapping[str, Any]) -> Row:
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in _SCHEMA:
            db.execute(statement)
        seq, before = end_of(db)
        row = {"seq": seq + 1, "before": before, "time": now(), "kind": kind, "body": dict(body)}
        text = canonical(row)
        hashed = hashlib.sha256(text).hexdigest()
        signature = keys.sign(canonical({"seq": seq + 1, "hash": hashed})).hex()
        db.execute("INSERT INTO rows VALUES (?,?,?,?)", (seq + 1, text.decode("utf-8"), hashed, body.get("file_sha256")))
        db.execute("INSERT OR REPLACE INTO head VALUES (1,?,?,?)", (seq + 1, hashed, signature))
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
    return Row(seq + 1, hashed, row["time"], kind, dict(body))


def end_of(db: sqlite3.Connection) -> tuple[int, str]:
    """(number, hash) of the last row, checked against the signed head."""
    last = db.execute("SELECT seq, row, hash FROM rows ORDER BY seq DESC LIMIT 1").fetchone()
    if last and hashlib.sha256(last[1].encode("utf-8")).hexdigest() != last[2]:
        raise broken(f"Row {last[0]} was altered.")
    end = (last[0], last[2]) if last else (0, FIRST)
    if head_of(db) != end:
        raise broken("The signed head does not belong to the last row: rows at the end were removed or added.")
    return end


def head_of(db: sqlite3.Connection) -> tuple[int, str]:
    found = db.execute("SELECT seq, hash, signature FROM head").fetchone()
    if found is None:
        return 0, FIRST
    seq, hashed, signature = found
    if not keys.signature_holds(canonical({"seq": seq, "hash": hashed}), signature, keys.public_key()):
        raise broken("Its head was not signed with this machine's key.")
    return seq, hashed


def row_of(text: str, hashed: str) -> Row:
    inside = json.loads(text)
    return Row(inside["seq"], hashed, inside["time"], inside["kind"], inside["body"])


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _explain(error: Exception, path: Path) -> Exception:
    """What trouble with the file means: a full or closed disk, another process, else a broken ledger."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    system = {sqlite3.SQLITE_FULL: errno.ENOSPC, sqlite3.SQLITE_READONLY: errno.EROFS, sqlite3.SQLITE_CANTOPEN: errno.EACCES}.get(code)
    if system is not None:
        return translate(OSError(system, os.strerror(system)), path)
    if code == sqlite3.SQLITE_BUSY:
        return OutputNotWritable("The ledger of exports is in use by another process.", remedy="wait a moment, then run the same command again")
    return broken(f"The file cannot be read ({error}).")


def broken(why: str) -> LedgerBroken:
    return LedgerBroken(
        "The ledger of exports does not hold.",
        why=why,
        remedy=f"keep the folder {folder_of_ledger()} as evidence: move it away; a new ledger begins with the next export",
    )
