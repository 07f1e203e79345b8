"""Faces lent by one project to the cast of another: kept in mind where they are lent, so that a face that is to be forgotten is found there, too.

The lender's project keeps the pictures, the model and the consent; what the borrower has of the face are merged frames and previews. A borrower is
found by the lender's note of it, and by the casts of the projects beside the lender's.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from ..project import Project
from ..run.stage import stage_key
from ..store import StageRow
from ..types import F32
from .castfile import CAST, cast_in, read_cast, write_cast
from .outside import forget_jobs

LENT = "lent"
_FOLDERS = ("render", "previews")


def note_loan(lender: Project, borrower: Path) -> None:
    """Keep in mind who has the face. The same borrower again is fine."""
    place = str(borrower.resolve())
    key = stage_key(LENT, place)
    if lender.store.stage(key) is None:
        lender.store.stage_done(StageRow(key, LENT, "", 0.0, {"path": place}))


def borrowers(lender: Project) -> list[Path]:
    """Folders of the projects that have, or had, a face of this one in their cast, as far as they are still at their place."""
    noted = _noted(lender)
    own = lender.folder.resolve()
    beside = [file.parent.resolve() for file in own.parent.glob(f"*/{CAST}") if _borrows(file.parent, own)]
    return [folder for folder in sorted({*noted, *beside}) if folder != own and (folder / "project.sqlite").is_file()]


def moved_away(lender: Project) -> list[Path]:
    """Where projects were that borrowed a face of this one, and are not any more: moved, or removed."""
    return sorted({folder for folder in _noted(lender) if not (folder / "project.sqlite").is_file()})


def _noted(lender: Project) -> list[Path]:
    return [Path(row.report["path"]) for row in lender.store.stages() if row.stage == LENT]


def _borrows(folder: Path, lender: Path) -> bool:
    try:
        return any((folder / face.source).resolve() == lender for face in cast_in(folder))
    except (OSError, UsageError):
        return False


def take_out_of_cast(project: Project, *, names: Collection[str], lender: Path | None) -> None:
    """The cast without the faces that `lender` lends, and without the parts in which somebody is called one of `names`."""
    meant = {name.casefold() for name in names}
    try:
        faces = read_cast(project)
    except UsageError:
        # somebody is writing it by hand: the search says so if a name stands in it
        return
    kept = tuple(
        face
        for face in faces
        if not meant & {face.person.casefold(), (face.performer or "").casefold(), (face.of or "").casefold()}
        and (lender is None or (project.folder / face.source).resolve() != lender.resolve())
    )
    if kept != faces:
        write_cast(project, kept)


@dataclass(frozen=True, slots=True)
class Loan:
    """A borrower's project, open and locked."""

    borrower: Project

    def files(self) -> Iterator[Path]:
        """What may show the face: every merged frame and preview, which are made anew without it."""
        for name in _FOLDERS:
            yield from (path for path in (self.borrower.folder / name).rglob("*") if path.is_file())

    def end(self, *, lender: Path, names: Collection[str]) -> None:
        """Take the face out of the cast, and out of what the studio knows of the borrower's finished work."""
        take_out_of_cast(self.borrower, names=names, lender=lender)
        forget_jobs(self.borrower)
        for name in _FOLDERS:
            for path in sorted((self.borrower.folder / name).rglob("*"), reverse=True):
                if path.is_dir() and not any(path.iterdir()):
                    shutil.rmtree(path)

    def search(self, embeddings: F32) -> tuple[int, list[Path]]:
        """Of every file that is left: how many there are, and those in which the face still is, by place or by its numbers."""
        numbers = [vector.tobytes() for vector in embeddings]
        doomed = set(self.files())
        files = [path for path in sorted(self.borrower.folder.rglob("*")) if path.is_file()]
        return len(files), [path for path in files if path in doomed or _holds(path, numbers)]


def _holds(path: Path, numbers: list[bytes]) -> bool:
    data = path.read_bytes()
    return any(number in data for number in numbers)
