"""What was made of a person and lies outside of the project's folder, found by what was written down when it was made.

    layers     a folder that `layers` exported: by its row in the ledger, as long as its signed list is the one that was entered
    packs      a packed set of faces: by the project's note of it, as long as the file is the one that was written
    the studio its copies of videos that were dropped on it, and its originals of consent records, beside the project

Published videos are not among them: they are out, and are named so that whoever has them can be told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..files import sha256_file
from ..home import home
from ..project import Project
from ..provenance import ledger
from ..provenance.layer_lists import INDEX, files_of_layers
from ..run.jobs import Jobs
from ..run.stage import stage_key
from ..store import MediaRow, StageRow

PACK = "pack"


def note_pack(project: Project, file: Path) -> None:
    """Keep in mind where a packed set went, so that it can be forgotten."""
    report = {"path": str(file.resolve()), "sha256": sha256_file(file)}
    project.store.stage_done(StageRow(stage_key(PACK, report["path"]), PACK, file.name, 0.0, report))


def made_outside(project: Project, *, media: Sequence[MediaRow], record_ids: Sequence[str], source: bool) -> Iterator[Path]:
    """The files. `source`: whether it is the one whose face pictures were packed."""
    for record_id in record_ids:
        for row in ledger.exports_with(record_id):
            index = Path(row.body["out"])
            if index.name == INDEX and index.is_file() and sha256_file(index) == row.body["file_sha256"]:
                yield from files_of_layers(index)
    for row in project.store.stages() if source else ():
        file = Path(row.report["path"]) if row.stage == PACK else None
        if file is not None and file.is_file() and sha256_file(file) == row.report["sha256"]:
            yield file
    yield from (file for row in media if (file := project.absolute(row.path)).parent.resolve() == _beside(project, "videos"))
    for path in _beside(project, "consents").glob("*.consent.json"):
        if _record_id(path) in record_ids:
            yield path


def folders_beside(project: Project) -> list[Path]:
    """Where the studio keeps what belongs to a project, its results apart."""
    return [folder for name in ("videos", "consents") if (folder := _beside(project, name)).is_dir()]


def forget_jobs(project: Project) -> None:
    """What the studio's queue knows of the project's finished work: names of files, words about consents."""
    if (home() / "studio" / "jobs.sqlite").is_file():
        jobs = Jobs()
        try:
            jobs.forget(project.folder)
        finally:
            jobs.close()


def _beside(project: Project, name: str) -> Path:
    folder = project.folder.resolve()
    return folder.parent / f"{folder.stem}-{name}"


def _record_id(path: Path) -> str:
    try:
        return str(json.loads(path.read_bytes())["record"]["record_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
