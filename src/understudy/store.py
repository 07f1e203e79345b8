"""`project.sqlite`: what the project knows, in WAL mode, with migrations. Large arrays are plain files beside it.

Every method is one short transaction, so a kill at any moment leaves the last finished state.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import DiskFull, ProjectBroken
from .types import Role, Shot

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE media (media_id TEXT PRIMARY KEY, path TEXT NOT NULL, sha256 TEXT NOT NULL, role TEXT NOT NULL,
                        face TEXT, added REAL NOT NULL, info TEXT NOT NULL) STRICT;
    CREATE TABLE shots (media_id TEXT NOT NULL, key TEXT NOT NULL, shot_id TEXT NOT NULL, start_index INTEGER NOT NULL,
                        end_index INTEGER NOT NULL, start_pts INTEGER NOT NULL, end_pts INTEGER NOT NULL,
                        PRIMARY KEY (media_id, key, shot_id)) STRICT;
    CREATE TABLE stages (key TEXT PRIMARY KEY, stage TEXT NOT NULL, subject TEXT NOT NULL, finished REAL NOT NULL,
                         seconds REAL NOT NULL, report TEXT NOT NULL) STRICT;
    CREATE TABLE consents (record_id TEXT PRIMARY KEY, role TEXT NOT NULL, path TEXT NOT NULL, added REAL NOT NULL) STRICT;
    """,
    """
    CREATE TABLE shot_settings (shot_id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
    """,
    """
    CREATE TABLE decisions (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, made REAL NOT NULL, body TEXT NOT NULL) STRICT;
    CREATE TABLE people (number INTEGER PRIMARY KEY, anchors TEXT NOT NULL) STRICT;
    """,
    """
    CREATE TABLE strokes (stroke_id INTEGER PRIMARY KEY AUTOINCREMENT, shot_id TEXT NOT NULL, frame INTEGER NOT NULL, kind TEXT NOT NULL,
                          polygons TEXT NOT NULL, brush BLOB) STRICT;
    """,
)

PUBLISHED_BEFORE = "published before somebody was forgotten"
"""Name of a stage of which nothing but the hash of what came out is kept."""
OF_THE_SOURCE = "AND stage NOT IN ('pack', 'lent')"


@dataclass(frozen=True, slots=True)
class MediaRow:
    """One added file. `path` is relative to the project where the file lies inside it."""

    media_id: str
    path: str
    sha256: str
    role: Role
    face: str | None
    """The person meant, as given by --face; None = the dominant one."""
    info: dict[str, Any]
    """What probe said when it was added, for display."""


@dataclass(frozen=True, slots=True)
class StageRow:
    """One finished piece of work: its key is the hash of everything that it depends on."""

    key: str
    stage: str
    subject: str
    seconds: float
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the user decided about people or faces; a new run of any step heeds it."""

    number: int
    kind: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StrokeRow:
    """What somebody painted on one frame of the target."""

    stroke_id: int
    shot_id: str
    frame: int
    kind: str
    """include, exclude or clear."""
    polygons: list[list[list[float]]]
    """Corners (x, y) in frame pixels."""
    brush: bytes | None
    """A PNG of the frame's size: painted where it is light (or, where it has an alpha channel, where that is opaque)."""


def _stage_row(key: str, stage: str, subject: str, seconds: float, report: str) -> StageRow:
    return StageRow(key, stage, subject, seconds, json.loads(report))


class Store:
    """Opens (and makes or migrates) the database at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._db = sqlite3.connect(path, timeout=30.0, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._migrate()
        except sqlite3.DatabaseError as error:
            # the low byte is the kind; the rest says which system call it was
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
                raise DiskFull(
                    f"The disk is full or fails: the database {path} could not be written.",
                    why="Everything that was finished before is kept.",
                    remedy="free some space there, then run the same command again",
                ) from error
            raise ProjectBroken(
                f"The project's database {path} cannot be opened.", why=str(error), remedy="restore it from a copy, or make a new project"
            ) from error

    def close(self) -> None:
        self._db.close()

    def _migrate(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > len(MIGRATIONS):
            raise ProjectBroken("This project was made by a newer Understudy.", remedy="update Understudy, then open it again")
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            with self._transaction():
                for statement in filter(str.strip, script.split(";")):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version={number}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # media

    def put_media(self, row: MediaRow) -> None:
        """Add a file, or replace the one of the same id."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO media VALUES (?,?,?,?,?,?,?)",
                (row.media_id, row.path, row.sha256, row.role, row.face, time.time(), json.dumps(row.info)),
            )

    def drop_media(self, media_id: str) -> None:
        with self._transaction():
            self._db.execute("DELETE FROM media WHERE media_id=?", (media_id,))

    def media(self, role: Role | None = None) -> list[MediaRow]:
        """All files, or those of one role, in the order in which they were added."""
        rows = self._db.execute(
            "SELECT media_id, path, sha256, role, face, info FROM media WHERE ?1 IS NULL OR role=?1 ORDER BY added, media_id", (role,)
        )
        return [MediaRow(media_id, path, sha256, role, face, json.loads(info)) for media_id, path, sha256, role, face, info in rows]

    def erase(self, media_ids: Sequence[str], record_ids: Sequence[str], *, source: bool) -> None:
        """Remove these files and consents, their shots, decisions about people and the log of all stages (it names files), without a trace.

        What stays of the log: the hash of everything that was published, for the account of it; and, unless it is the `source` that goes, where
        packed and lent faces of it went.
        """
        self._db.execute("PRAGMA secure_delete=ON")
        with self._transaction():
            for media_id in media_ids:
                self._db.execute("DELETE FROM media WHERE media_id=?", (media_id,))
                self._db.execute("DELETE FROM shots WHERE media_id=?", (media_id,))
            for record_id in record_ids:
                self._db.execute("DELETE FROM consents WHERE record_id=?", (record_id,))
            self._db.execute(
                "UPDATE stages SET stage=?, subject='', report=json_object('sha256', json_extract(report, '$.sha256')) WHERE stage='publish'",
                (PUBLISHED_BEFORE,),
            )
            self._db.execute(f"DELETE FROM stages WHERE stage<>? {'' if source else OF_THE_SOURCE}", (PUBLISHED_BEFORE,))
            self._db.execute("DELETE FROM shot_settings")
            # who is called what and seen where; what was said about single faces of other videos stays
            self._db.execute("DELETE FROM decisions WHERE kind NOT IN ('drop faces', 'restore faces')")
            self._db.executemany("DELETE FROM decisions WHERE instr(body, ?)", [(media_id,) for media_id in media_ids])
            self._db.execute("DELETE FROM people")
            self._db.execute("DELETE FROM strokes")
        # old pages are still in the write-ahead log until it is emptied
        self._db.execute("VACUUM")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # shots

    def put_shots(self, media_id: str, key: str, shots: list[Shot]) -> None:
        """Keep the cutting of one file under one key (hash of file and settings)."""
        with self._transaction():
            self._db.execute("DELETE FROM shots WHERE media_id=? AND key=?", (media_id, key))
            self._db.executemany(
                "INSERT INTO shots VALUES (?,?,?,?,?,?,?)",
                [(media_id, key, s.shot_id, s.start_index, s.end_index, s.start_pts, s.end_pts) for s in shots],
            )

    def shots(self, media_id: str, key: str) -> list[Shot]:
        rows = self._db.execute(
            "SELECT shot_id, start_index, end_index, start_pts, end_pts FROM shots WHERE media_id=? AND key=? ORDER BY start_index", (media_id, key)
        )
        return [Shot(media_id, *row) for row in rows]

    def put_shot_settings(self, shot_id: str, body: dict[str, Any] | None) -> None:
        """Keep what a shot has of its own; None: nothing any more."""
        with self._transaction():
            self._db.execute("DELETE FROM shot_settings WHERE shot_id=?", (shot_id,))
            if body is not None:
                self._db.execute("INSERT INTO shot_settings VALUES (?,?)", (shot_id, json.dumps(body)))

    def shot_settings(self, shot_id: str) -> dict[str, Any] | None:
        row = self._db.execute("SELECT body FROM shot_settings WHERE shot_id=?", (shot_id,)).fetchone()
        return json.loads(row[0]) if row else None

    def all_shot_settings(self) -> list[tuple[str, str]]:
        """(shot_id, JSON) of every shot that has something of its own."""
        return self._db.execute("SELECT shot_id, body FROM shot_settings ORDER BY shot_id").fetchall()

    # strokes

    def put_stroke(self, shot_id: str, frame: int, kind: str, polygons: list[list[list[float]]], brush: bytes | None) -> int:
        """Keep a stroke and return its number; numbers rise and none is given twice."""
        with self._transaction():
            row = (shot_id, frame, kind, json.dumps(polygons), brush)
            made = self._db.execute("INSERT INTO strokes (shot_id, frame, kind, polygons, brush) VALUES (?,?,?,?,?)", row)
        assert made.lastrowid is not None
        return made.lastrowid

    def strokes(self, shot_id: str | None = None) -> list[StrokeRow]:
        """The strokes of a shot, or of all, in the order in which they were made."""
        rows = self._db.execute(
            "SELECT stroke_id, shot_id, frame, kind, polygons, brush FROM strokes WHERE ?1 IS NULL OR shot_id=?1 ORDER BY stroke_id", (shot_id,)
        )
        return [StrokeRow(number, shot, frame, kind, json.loads(polygons), brush) for number, shot, frame, kind, polygons, brush in rows]

    def drop_stroke(self, stroke_id: int) -> None:
        with self._transaction():
            self._db.execute("DELETE FROM strokes WHERE stroke_id=?", (stroke_id,))

    # stages

    def stage_done(self, row: StageRow) -> None:
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO stages VALUES (?,?,?,?,?,?)",
                (row.key, row.stage, row.subject, time.time(), row.seconds, json.dumps(row.report)),
            )

    def stage(self, key: str) -> StageRow | None:
        """The finished work of this key, or None."""
        row = self._db.execute("SELECT key, stage, subject, seconds, report FROM stages WHERE key=?", (key,)).fetchone()
        return _stage_row(*row) if row else None

    def stages(self) -> list[StageRow]:
        rows = self._db.execute("SELECT key, stage, subject, seconds, report FROM stages ORDER BY finished, key")
        return [_stage_row(*row) for row in rows]

    def drop_stage(self, key: str) -> None:
        with self._transaction():
            self._db.execute("DELETE FROM stages WHERE key=?", (key,))

    # consents

    def put_consent(self, record_id: str, role: str, path: str) -> None:
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO consents VALUES (?,?,?,?)", (record_id, role, path, time.time()))

    def consents(self, role: str) -> list[str]:
        """Paths of the records kept for a role, newest first, relative to the project."""
        return [row[0] for row in self._db.execute("SELECT path FROM consents WHERE role=? ORDER BY added DESC", (role,))]

    # the user's decisions

    def decide(self, kind: str, body: dict[str, Any]) -> Decision:
        """Keep a decision; it counts after all earlier ones."""
        with self._transaction():
            number = self._db.execute("INSERT INTO decisions (kind, made, body) VALUES (?,?,?)", (kind, time.time(), json.dumps(body))).lastrowid
        return Decision(number or 0, kind, body)

    def decisions(self, *kinds: str) -> list[Decision]:
        """Those of these kinds, in the order in which they were made."""
        rows = self._db.execute("SELECT number, kind, body FROM decisions ORDER BY number")
        return [Decision(number, kind, json.loads(body)) for number, kind, body in rows if kind in kinds]

    def undo(self, *kinds: str) -> Decision | None:
        """Take back the last decision of these kinds; None where there is none."""
        last = next(reversed(self.decisions(*kinds)), None)
        if last is not None:
            with self._transaction():
                self._db.execute("DELETE FROM decisions WHERE number=?", (last.number,))
        return last

    def people(self) -> dict[int, list[list[Any]]]:
        """The numbers that people have got, with the anchors of their tracks at that time."""
        return {number: json.loads(anchors) for number, anchors in self._db.execute("SELECT number, anchors FROM people ORDER BY number")}

    def number_person(self, anchors: list[list[Any]]) -> int:
        """Give the next number to the person of these anchors."""
        with self._transaction():
            number = self._db.execute("SELECT COALESCE(MAX(number), 0) + 1 FROM people").fetchone()[0]
            self._db.execute("INSERT INTO people VALUES (?,?)", (number, json.dumps(anchors)))
        return number
