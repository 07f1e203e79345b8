"""A small SQLite database in WAL mode with migrations, for what belongs to this user and to no project: the queue, the studio's memory."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import DatabaseBroken
from ..files import private_folder


class Database:
    """Opens (and makes or migrates) the database at `path`. One connection, used by one thread at a time; other processes may use it as well."""

    def __init__(self, path: Path, migrations: Sequence[str]) -> None:
        self.path = path
        self._lock = threading.RLock()
        private_folder(path.parent)
        try:
            self._db = sqlite3.connect(path, timeout=30.0, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._migrate(migrations)
        except sqlite3.DatabaseError as error:
            raise DatabaseBroken(
                f"The database {path} cannot be opened.", why=str(error), remedy="move that file away; projects and videos are not in it"
            ) from error

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _migrate(self, migrations: Sequence[str]) -> None:
        with self.change():
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version > len(migrations):
                raise DatabaseBroken(f"{self.path} was made by a newer Understudy.", remedy="update Understudy, then try again")
            for script in migrations[version:]:
                for statement in filter(str.strip, script.split(";")):
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version={len(migrations)}")

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def row(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        with self._lock:
            return self._db.execute(query, values).fetchone()
