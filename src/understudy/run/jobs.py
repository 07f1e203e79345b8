"""The queue of long work, on SQLite in the user's home: it outlives a browser, a server and a crash, and every window reads the same.

A worker process takes jobs from it one at a time (`claim`), reports what happens as events, and says how it ended. Jobs of one lane wait for
each other; a short look (lane `desk`) does not wait for hours of training (lane `work`).
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import ProjectBusy, UnderstudyError
from ..events import Event
from ..home import home
from .database import Database

Lane = Literal["work", "desk"]
LANES: tuple[Lane, ...] = ("work", "desk")
State = Literal["queued", "running", "done", "failed", "stopped"]
UNFINISHED = ("queued", "running")
MOST_TRIES = 3
"""A job whose worker died this often is not begun again by itself."""
MIGRATIONS = (
    """
    CREATE TABLE jobs (job INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, kind TEXT NOT NULL, project TEXT NOT NULL, args TEXT NOT NULL,
                       state TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, stop INTEGER NOT NULL DEFAULT 0, made REAL NOT NULL,
                       began REAL, ended REAL, result TEXT, error TEXT) STRICT;
    CREATE INDEX jobs_by_project ON jobs (project, job);
    CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, job INTEGER NOT NULL, at REAL NOT NULL, stage TEXT NOT NULL, kind TEXT NOT NULL,
                         body TEXT NOT NULL) STRICT;
    CREATE INDEX events_by_job ON events (job, stage, kind);
    """,
)


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work as the queue knows it. Times are seconds since 1970."""

    job: int
    lane: Lane
    kind: str
    project: str
    """The project's folder; empty for work that belongs to none."""
    args: dict[str, Any]
    state: State
    stopping: bool
    """Somebody asked it to stop, and it is not there yet."""
    tries: int
    made: float
    began: float | None
    ended: float | None
    result: dict[str, Any] | None
    error: dict[str, str] | None
    """code, what, why, remedy."""

    @property
    def unfinished(self) -> bool:
        return self.state in UNFINISHED


@dataclass(frozen=True, slots=True)
class Seen:
    """One event of one job; `seq` rises over all jobs. Stage `job` tells of a change of state, its kind being the new one."""

    seq: int
    job: int
    at: float
    stage: str
    kind: str
    body: dict[str, Any]


def error_dict(error: UnderstudyError) -> dict[str, str]:
    return {"code": error.code, "what": error.what, "why": error.why, "remedy": error.remedy}


class Jobs:
    """The queue. Every method is one short transaction."""

    def __init__(self, path: Path | None = None) -> None:
        self._db = Database(path or home() / "studio" / "jobs.sqlite", MIGRATIONS)

    def close(self) -> None:
        self._db.close()

    # ------------------------------------------------------------------------------------------------- asking for work

    def add(self, kind: str, *, project: Path | None, args: Mapping[str, Any], lane: Lane = "work") -> Job:
        """Put work at the end of its lane. Raises ProjectBusy where the project has unfinished work in that lane."""
        folder = str(project.resolve()) if project else ""
        with self._db.change() as db:
            if project is not None:
                busy = db.execute(
                    f"SELECT kind FROM jobs WHERE project=? AND lane=? AND state IN {UNFINISHED}",
                    (folder, lane),
                ).fetchone()
                if busy is not None:
                    raise ProjectBusy("This project is being worked on already.", remedy="wait until that is finished, or stop it first")
            cursor = db.execute(
                "INSERT INTO jobs (lane, kind, project, args, state, made) VALUES (?,?,?,?,'queued',?)",
                (lane, kind, folder, json.dumps(dict(args)), time.time()),
            )
            number = cursor.lastrowid
            assert number is not None
            self._tell(db, number, "queued")
        return self.get(number)

    def stop(self, number: int) -> Job:
        """Ask a job to stop: one that waits stops at once, one that runs when it has saved."""
        with self._db.change() as db:
            if db.execute("UPDATE jobs SET state='stopped', ended=? WHERE job=? AND state='queued'", (time.time(), number)).rowcount:
                self._tell(db, number, "stopped")
            elif db.execute("UPDATE jobs SET stop=1 WHERE job=? AND state='running' AND stop=0", (number,)).rowcount:
                self._tell(db, number, "stopping")
        return self.get(number)

    def resume(self, number: int) -> Job:
        """Put a job that stopped or failed into the queue again; it goes on where it was. Raises ProjectBusy as `add` does."""
        with self._db.change() as db:
            row = db.execute("SELECT project, lane, state FROM jobs WHERE job=?", (number,)).fetchone()
            if row is not None and row["state"] in ("stopped", "failed"):
                busy = f"SELECT 1 FROM jobs WHERE project=? AND lane=? AND state IN {UNFINISHED}"
                if row["project"] and db.execute(busy, (row["project"], row["lane"])).fetchone():
                    raise ProjectBusy("This project is being worked on already.", remedy="wait until that is finished, or stop it first")
                db.execute("UPDATE jobs SET state='queued', stop=0, tries=0, ended=NULL, error=NULL WHERE job=?", (number,))
                self._tell(db, number, "queued")
        return self.get(number)

    def forget(self, project: Path) -> None:
        """Remove all that is known of a project's finished work, without a trace."""
        self._db.rows("PRAGMA secure_delete=ON")
        with self._db.change() as db:
            mine = f"SELECT job FROM jobs WHERE project=? AND state NOT IN {UNFINISHED}"
            db.execute(f"DELETE FROM events WHERE job IN ({mine})", (str(project.resolve()),))
            db.execute(f"DELETE FROM jobs WHERE job IN ({mine})", (str(project.resolve()),))
        # old pages are still in the write-ahead log until it is emptied
        self._db.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    # ------------------------------------------------------------------------------------------------- the worker's part

    def claim(self, lane: Lane) -> Job | None:
        """The oldest waiting job of a lane, now running; None where there is none. Call it only while holding the lane's lock."""
        with self._db.change() as db:
            row = db.execute("SELECT job FROM jobs WHERE lane=? AND state='queued' ORDER BY job LIMIT 1", (lane,)).fetchone()
            if row is None:
                return None
            db.execute("UPDATE jobs SET state='running', stop=0, tries=tries+1, began=? WHERE job=?", (time.time(), row["job"]))
            self._tell(db, row["job"], "running")
        return self.get(row["job"])

    def recover(self, lane: Lane) -> None:
        """After a crash: what was running waits again, or has failed for good where it took its worker down too often. Call it holding the lock."""
        with self._db.change() as db:
            for row in db.execute("SELECT job, tries, stop FROM jobs WHERE lane=? AND state='running'", (lane,)).fetchall():
                if row["stop"]:
                    self._end(db, row["job"], "stopped", None, None)
                elif row["tries"] >= MOST_TRIES:
                    gone = {"code": "worker-died", "what": f"The work ended without a word {MOST_TRIES} times.", "why": "", "remedy": ""}
                    self._end(db, row["job"], "failed", None, gone)
                else:
                    db.execute("UPDATE jobs SET state='queued' WHERE job=?", (row["job"],))
                    self._tell(db, row["job"], "queued")

    def back(self, number: int) -> None:
        """The worker was asked to leave: the job waits for the next one, and this try does not count."""
        with self._db.change() as db:
            db.execute("UPDATE jobs SET state='queued', tries=tries-1 WHERE job=? AND state='running'", (number,))
            self._tell(db, number, "queued")

    def end(self, number: int, state: Literal["done", "failed", "stopped"], *, result: Any = None, error: dict[str, str] | None = None) -> None:
        with self._db.change() as db:
            self._end(db, number, state, result, error)

    def report(self, number: int, event: Event) -> None:
        """Keep an event. Of a stage's progress only the newest is kept, so that hours of work stay small."""
        body = {**asdict(event), "preview": str(event.preview) if event.preview else None}
        with self._db.change() as db:
            if event.kind in ("progress", "end"):
                db.execute("DELETE FROM events WHERE job=? AND stage=? AND kind='progress'", (number, event.stage))
            self._insert(db, number, event.stage, event.kind, body)

    # ------------------------------------------------------------------------------------------------------- looking

    def get(self, number: int) -> Job:
        row = self._db.row("SELECT * FROM jobs WHERE job=?", (number,))
        if row is None:
            raise KeyError(number)
        return _job(row)

    def of(self, project: Path) -> list[Job]:
        """All jobs of a project, the newest first."""
        return [_job(row) for row in self._db.rows("SELECT * FROM jobs WHERE project=? ORDER BY job DESC", (str(project.resolve()),))]

    def newest(self, *, limit: int = 200) -> list[Job]:
        return [_job(row) for row in self._db.rows("SELECT * FROM jobs ORDER BY job DESC LIMIT ?", (limit,))]

    def waiting(self, lane: Lane) -> bool:
        """Whether there is unfinished work in a lane, which a worker should be there for."""
        return self._db.row(f"SELECT 1 FROM jobs WHERE lane=? AND state IN {UNFINISHED}", (lane,)) is not None

    def wants_stop(self, number: int) -> bool:
        row = self._db.row("SELECT stop FROM jobs WHERE job=?", (number,))
        return row is not None and bool(row["stop"])

    def events(self, *, after: int = 0, project: Path | None = None, number: int | None = None, limit: int = 1000) -> list[Seen]:
        """Events in order, of all jobs or of a project's or of one job, later than `after`."""
        rows = self._db.rows(
            "SELECT events.* FROM events JOIN jobs USING (job) WHERE seq>?1 AND (?2 IS NULL OR project=?2) AND (?3 IS NULL OR job=?3)"
            " ORDER BY seq LIMIT ?4",
            (after, str(project.resolve()) if project else None, number, limit),
        )
        return [Seen(row["seq"], row["job"], row["at"], row["stage"], row["kind"], json.loads(row["body"])) for row in rows]

    def last_seq(self) -> int:
        row = self._db.row("SELECT seq FROM sqlite_sequence WHERE name='events'")
        return row["seq"] if row else 0

    # ----------------------------------------------------------------------------------------------------------------

    def _end(self, db: sqlite3.Connection, number: int, state: str, result: Any, error: dict[str, str] | None) -> None:
        db.execute(
            "UPDATE jobs SET state=?, stop=0, ended=?, result=?, error=? WHERE job=?",
            (state, time.time(), json.dumps(result) if result is not None else None, json.dumps(error) if error else None, number),
        )
        self._tell(db, number, state)

    def _tell(self, db: sqlite3.Connection, number: int, state: str) -> None:
        self._insert(db, number, "job", state, {})

    def _insert(self, db: sqlite3.Connection, number: int, stage: str, kind: str, body: dict[str, Any]) -> None:
        db.execute("INSERT INTO events (job, at, stage, kind, body) VALUES (?,?,?,?,?)", (number, time.time(), stage, kind, json.dumps(body)))


def _job(row: sqlite3.Row) -> Job:
    return Job(
        job=row["job"],
        lane=row["lane"],
        kind=row["kind"],
        project=row["project"],
        args=json.loads(row["args"]),
        state=row["state"],
        stopping=bool(row["stop"]),
        tries=row["tries"],
        made=row["made"],
        began=row["began"],
        ended=row["ended"],
        result=json.loads(row["result"]) if row["result"] else None,
        error=json.loads(row["error"]) if row["error"] else None,
    )
