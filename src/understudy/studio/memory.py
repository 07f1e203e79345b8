"""What the studio remembers between two starts: which projects it knows, and which browsers were let in. In the user's home."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from ..errors import ProjectNotFound
from ..home import home
from ..run.database import Database

MIGRATIONS = (
    """
    CREATE TABLE places (place TEXT PRIMARY KEY, name TEXT NOT NULL, folder TEXT NOT NULL UNIQUE, opened REAL NOT NULL) STRICT;
    CREATE TABLE sessions (hash TEXT PRIMARY KEY, csrf TEXT NOT NULL, made REAL NOT NULL) STRICT;
    """,
)
SESSION_SECONDS = 7 * 24 * 3600.0
"""How long a browser that was let in stays so."""


@dataclass(frozen=True, slots=True)
class Place:
    """A project that the studio knows. A page names it by `place`, never by its path."""

    place: str
    name: str
    folder: Path
    opened: float

    @property
    def videos(self) -> Path:
        """Where videos that are dropped on the studio go: beside the project, for they are the user's own."""
        return self.folder.parent / f"{self.folder.stem}-videos"

    @property
    def results(self) -> Path:
        """Where published videos go."""
        return self.folder.parent / f"{self.folder.stem}-results"


@dataclass(frozen=True, slots=True)
class Session:
    """A browser, or a program, that showed its token."""

    csrf: str
    """What every request that changes something must bring along."""


class Memory:
    """Every method is one short transaction."""

    def __init__(self, path: Path | None = None) -> None:
        self._db = Database(path or home() / "studio" / "studio.sqlite", MIGRATIONS)

    def close(self) -> None:
        self._db.close()

    # places

    def places(self) -> list[Place]:
        """Those that are still there, the one opened last first."""
        rows = self._db.rows("SELECT place, name, folder, opened FROM places ORDER BY opened DESC")
        found = [Place(row["place"], row["name"], Path(row["folder"]), row["opened"]) for row in rows]
        return [place for place in found if (place.folder / "project.sqlite").is_file()]

    def place(self, place: str) -> Place:
        """Raises ProjectNotFound."""
        row = self._db.row("SELECT place, name, folder, opened FROM places WHERE place=?", (place,))
        if row is None or not (Path(row["folder"]) / "project.sqlite").is_file():
            raise ProjectNotFound("There is no such project any more.", remedy="choose another one on the first page")
        return Place(row["place"], row["name"], Path(row["folder"]), row["opened"])

    def know(self, folder: Path, *, name: str) -> Place:
        """Remember a project folder; the same folder keeps its place."""
        folder = folder.resolve()
        with self._db.change() as db:
            db.execute(
                "INSERT INTO places VALUES (?,?,?,?) ON CONFLICT (folder) DO UPDATE SET opened=excluded.opened",
                (secrets.token_hex(6), name, str(folder), time.time()),
            )
        row = self._db.row("SELECT place FROM places WHERE folder=?", (str(folder),))
        assert row is not None
        return self.place(row["place"])

    def touch(self, place: str) -> None:
        with self._db.change() as db:
            db.execute("UPDATE places SET opened=? WHERE place=?", (time.time(), place))

    def drop(self, place: str) -> None:
        """Forget where a project is; its folder stays."""
        with self._db.change() as db:
            db.execute("DELETE FROM places WHERE place=?", (place,))

    # sessions

    def let_in(self) -> tuple[str, Session]:
        """A new session and the secret that names it, of which only a hash is kept."""
        secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
        with self._db.change() as db:
            db.execute("DELETE FROM sessions WHERE made<?", (time.time() - SESSION_SECONDS,))
            db.execute("INSERT INTO sessions VALUES (?,?,?)", (_hash(secret), csrf, time.time()))
        return secret, Session(csrf)

    def session(self, secret: str) -> Session | None:
        row = self._db.row("SELECT csrf FROM sessions WHERE hash=? AND made>?", (_hash(secret), time.time() - SESSION_SECONDS))
        return Session(row["csrf"]) if row else None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def folder_name(name: str) -> str:
    """A project's name as a folder can be called."""
    return re.sub(r"[^\w-]+", "-", name.strip().lower(), flags=re.ASCII).strip("-")[:60] or "project"
