"""What there is in a project and what comes next, read from its database and its files; nothing is computed anew."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import UnderstudyError
from ..events import Context
from ..project import Project
from ..store import MediaRow, StageRow
from .consents import NEEDED, needed_for, permits_of
from .extract import shots_key, track_files
from .job import Job
from .learn import wants_training


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the way."""

    step: str
    done: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Status:
    """A project's lines in the order of the way, and the command that comes next (None: all is done)."""

    project: Path
    lines: tuple[Line, ...]
    next_command: str | None


def status_of(project: Project) -> Status:
    job = Job(project, project.settings(), Context())
    rows = project.store.stages()
    where = f"--project {shlex.quote(str(project.folder))}"
    steps: list[tuple[Line, str]] = []
    for role in ("source", "target"):
        media = project.store.media(role)
        steps.append((_media_line(project, role, media), f"understudy add FILE --role {role} {where}"))
    steps.append(_consents(job, where))
    steps.append((_faces_line(job), f"understudy extract {where}"))
    steps.append((_line("Face pictures", _latest(rows, "faceset"), _faceset_words), f"understudy extract {where}"))
    if wants_training(job):
        steps.append((_line("Training", _latest(rows, "train"), _train_words), f"understudy train {where}"))
    steps.append(
        (_line("Merged faces", [row for row in _latest(rows, "render") if "altered" in row.report], _render_words), f"understudy render {where}")
    )
    steps.append((_published_line(rows), f"understudy publish -o OUT.mp4 {where}"))
    following = next((command for line, command in steps if not line.done), None)
    return Status(project.folder, tuple(line for line, _ in steps), following)


def _media_line(project: Project, role: str, media: Sequence[MediaRow]) -> Line:
    name = role.capitalize()
    if not media:
        return Line(name, False, "not added yet")
    info = media[0].info
    width, height = info["size_wh"]
    words = f"{info['name']}, {info['seconds']:.1f} s, {width}x{height}, {info['rate']:.5g} pictures a second"
    if media[0].face:
        words += f", person: {media[0].face}"
    if not project.absolute(media[0].path).is_file():
        words += " (not at its place any more; it is searched for near the project)"
    return Line(name, True, words)


def _consents(job: Job, where: str) -> tuple[Line, str]:
    project = job.project
    missing = [role for role in NEEDED if not project.store.consents(role)]
    command = " ; ".join(f"understudy consent new --role {role} {where}" for role in missing) or f"understudy consent new --role face {where}"
    if missing:
        return Line("Consents", False, f"no record for: {', '.join(missing)}"), command
    try:
        permits = permits_of(project, *needed_for(job.settings))
    except UnderstudyError as error:
        return Line("Consents", False, error.what), command
    words = "; ".join(f"{p.role}: {p.subject}, {f'until {p.valid_until}' if p.valid_until else 'no end'}" for p in permits.every)
    return Line("Consents", True, words), command


def _faces_line(job: Job) -> Line:
    store = job.project.store
    done = total = 0
    known = bool(store.media())
    for row in store.media():
        shots = store.shots(row.media_id, shots_key(job, row.sha256))
        known = known and bool(shots)
        files = track_files(job, shots)
        total += len(files)
        done += sum(file.is_file() for file in files)
    if not total:
        return Line("Faces", False, "not looked for yet")
    return Line("Faces", known and done == total and len(store.media()) == 2, f"{done} of {total} shots")


def _line(step: str, rows: list[StageRow], words: Callable[[list[StageRow]], str]) -> Line:
    return Line(step, bool(rows), words(rows) if rows else "not yet")


def _latest(rows: Sequence[StageRow], stage: str) -> list[StageRow]:
    return [row for row in rows if row.stage == stage]


def _faceset_words(rows: list[StageRow]) -> str:
    report = rows[-1].report
    left = ", ".join(f"{count} {reason}" for reason, count in report["left_out"].items())
    return f"{report['faces']} of {report['size']}x{report['size']} pixels" + (f"; left out: {left}" if left else "")


def _train_words(rows: list[StageRow]) -> str:
    return f"{rows[-1].report['seconds'] / 60:.1f} minutes, {rows[-1].report['rounds']} rounds; " + (
        "better than the draft" if rows[-1].report["beats_draft"] else "not better than the draft, which is used"
    )


def _render_words(rows: list[StageRow]) -> str:
    return f"{sum(row.report['altered'] for row in rows)} frames, in {len(rows)} piece{'s' if len(rows) > 1 else ''}"


def _published_line(rows: Sequence[StageRow]) -> Line:
    published = [row for row in rows if row.stage == "publish"]
    there = [row.report["path"] for row in published if Path(row.report["path"]).is_file()]
    if there:
        return Line("Published", True, ", ".join(there))
    return Line("Published", False, "published before, but the file was moved or removed" if published else "not yet")
