"""An open project together with its settings and the world outside: what every step is given."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..config import Settings
from ..errors import DiskFull, NotEnoughMemory
from ..events import Context, StageName
from ..files import translate
from ..project import Project
from ..run.local import run_units
from ..run.stage import Unit
from ..store import StageRow


@dataclass(frozen=True, slots=True)
class Job:
    """One run of one or more steps."""

    project: Project
    settings: Settings
    context: Context
    rows: list[StageRow] = field(default_factory=list)
    """The records of everything that this run did or found done, in order: for the table of times."""

    def keep_settings(self) -> None:
        """Write the settings in use into `project.toml`, so that the next command goes on with them. Call it when nothing refuses them any more."""
        if self.settings != self.project.settings():
            self.project.save_settings(self.settings)

    def run(self, stage: StageName, units: Sequence[Unit]) -> list[StageRow]:
        rows = run_units(units, store=self.project.store, stage=stage, context=self.context)
        self.rows.extend(rows)
        return rows


@contextmanager
def open_job(folder: Path, *, flags: Mapping[str, Any], context: Context) -> Iterator[Job]:
    """Open the project for work, with flags (`section.name`) on top of its settings: nobody else may work in it meanwhile."""
    with in_words(folder), Project(folder, lock=True) as project:
        yield Job(project, project.settings(flags), context)


@contextmanager
def in_words(folder: Path) -> Iterator[None]:
    """Turn what the operating system and the database say about a full disk, a forbidden folder or short memory into errors of the tree."""
    try:
        yield
    except OSError as error:
        # a path in the error is the file itself; without one, all that is known is the project
        raise translate(error, Path(error.filename) if isinstance(error.filename, str) else folder / "project.sqlite") from error
    except sqlite3.OperationalError as error:
        # the low byte is the kind; the rest says which system call it was
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise
        raise DiskFull(
            f"The disk is full or fails: the database of {folder} could not be written.",
            why="Everything that was finished before is kept.",
            remedy="free some space there, then run the same command again",
        ) from error
    except MemoryError as error:
        raise NotEnoughMemory(
            "There is not enough free memory for this work.", remedy="close other programs, or choose smaller pictures: --set train.size=128"
        ) from error
