"""What notebooks and programs import: one function for each command, over one project folder.

    from pathlib import Path
    from understudy import api
    result = api.swap(Path("her.mp4"), Path("performance.mp4"), Path("out.mp4"), consents=[Path("her.consent.json"), Path("actor.consent.json")])

`settings` are flat: {"train.minutes": 10}; `context` takes the events (see `events`). Every error is one of `errors`.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .config import differences, flatten, read_toml, settings_from
from .doctor import examine as doctor
from .events import Context, Event
from .faceset.report import Report as CheckReport
from .faceset.report_page import page as check_page
from .pipeline.check import check as check_pair
from .pipeline.consents import Permits, check_records, permits_of
from .pipeline.deliver import deliver, publish_key
from .pipeline.extract import Person, collect, faceset_key, find_person
from .pipeline.forget import Forgotten
from .pipeline.forget import forget as forget_person
from .pipeline.job import Job, in_words, open_job
from .pipeline.learn import draft_swapper, learn, swapper_for, wants_training
from .pipeline.media import Footage, ask_for, check_face, footage, same_file
from .pipeline.media import add as add_media
from .pipeline.render import Rendered, sheet
from .pipeline.render import render as render_target
from .pipeline.status import Status, status_of
from .project import Project
from .provenance import keys
from .provenance.consent import ConsentRecord, describe, load_record, new_record, revoke, save_record
from .provenance.publish import check_output, published
from .run.stage import stage_key
from .store import MediaRow, StageRow
from .types import Faceset, LabelledVideo, Role
from .verify.report import Report, verify
from .verify.trace import Trace, trace
from .video.probe import media_id, probe
from .weights.fetch import fetch_missing
from .weights.registry import WEIGHTS
from .weights.registry import path as weight_path

__all__ = [
    "CheckReport",
    "ConsentRecord",
    "Forgotten",
    "Report",
    "Status",
    "Swapped",
    "Trace",
    "add",
    "check",
    "check_page",
    "consent_new",
    "consent_revoke",
    "consent_show",
    "doctor",
    "extract",
    "forget",
    "new",
    "publish",
    "render",
    "setup",
    "status",
    "swap",
    "trace",
    "train",
    "verify",
]

NO_SETTINGS: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Swapped:
    """What `swap` made."""

    video: LabelledVideo
    draft: LabelledVideo | None
    """The first complete version, where a trained one follows it."""
    project: Path
    sheet: Path
    """A picture of before and after."""
    already: bool
    """True where everything was done before."""
    minutes: float
    """Of training, as the settings had it; 0 where there was none, or where rounds were counted and not minutes."""
    seconds: Mapping[str, float]
    """What each stage took, whichever run did it."""


# ------------------------------------------------------------------------------------------------- the whole job


def swap(
    source: Path,
    target: Path,
    out: Path,
    *,
    consents: Sequence[Path] = (),
    source_face: str | None = None,
    face: str | None = None,
    settings: Mapping[str, Any] = NO_SETTINGS,
    project: Path | None = None,
    overwrite: bool = False,
    context: Context | None = None,
    command: str = "",
) -> Swapped:
    """The target's performance with the source's face, as one labelled video at `out`.

    Works in `project` (default: beside `out`, named after it), which keeps everything: after a stop or a crash the same call goes on, and
    a finished one returns at once. Where training is asked for, a first version without it is published as `<out>.draft` on the way.
    `command` is what the person typed, for the remedy of a missing consent. Everything that can be wrong is found before long work begins.
    """
    context = context or Context()
    folder = project or out.with_name(f"{out.stem}.understudy")
    with in_words(folder):
        exists = (folder / "project.sqlite").is_file()
        settings_from(read_toml(folder / "project.toml") if exists else None, settings)
        _check_pair(source, target)
        if not exists:
            check_records(consents, retry=command)
            _check_machine()
            for name in (source_face, face):
                if name is not None:
                    check_face(name)
            check_output(out, inputs=(source, target), overwrite=overwrite)
            Project.create(folder).close()
    with open_job(folder, flags=settings, context=context) as job:
        _check_machine()
        add_media(job.project, source, role="source", face=source_face)
        add_media(job.project, target, role="target", face=face)
        permits = permits_of(job.project, records=consents, retry=command)
        _tell_kept_settings(job, settings)
        return _swap(job, out, permits=permits, overwrite=overwrite)


def _swap(job: Job, out: Path, *, permits: Permits, overwrite: bool) -> Swapped:
    source, target = footage(job.project, "source"), footage(job.project, "target")
    key = _swap_key(job, source, target, permits)
    draft_out = out.with_stem(f"{out.stem}.draft") if wants_training(job) else None
    known = job.project.store.stage(key)
    done = published(out, run_key=known.report["publish_key"]) if known else None
    if known is not None and done is not None:
        draft = published(draft_out) if draft_out else None
        return Swapped(
            video=done,
            draft=draft,
            project=job.project.folder,
            sheet=job.project.preview_file("before-after.png"),
            already=True,
            minutes=_minutes(job),
            seconds=known.report.get("seconds", {}),
        )
    check_output(out, inputs=(source.path, target.path), overwrite=overwrite)
    # a draft that was published here makes room for the next one; anybody else's file does not
    replace_draft = overwrite or (draft_out is not None and published(draft_out) is not None)
    if draft_out is not None:
        check_output(draft_out, inputs=(source.path, target.path), overwrite=replace_draft)
    job.keep_settings()
    cast = _find_cast(job, source, target)
    draft = None
    if draft_out is not None:
        first = _render(job, cast, permits=permits, draft=True)
        draft = deliver(job, draft_out, source=source, target=target, rendered=first, permits=permits, overwrite=replace_draft)
        learn(job, cast.faceset, key=cast.key, permits=permits)
    rendered = _render(job, cast, permits=permits, draft=False)
    # noted before, so that a run that is killed right after publishing is known to be finished
    note = StageRow(key, "swap", out.name, 0.0, {"publish_key": publish_key(job, source, target, rendered, permits)})
    job.project.store.stage_done(note)
    video = deliver(job, out, source=source, target=target, rendered=rendered, permits=permits, overwrite=overwrite)
    picture = sheet(job, target, cast.target_person, rendered, faceset=cast.faceset)
    seconds = _seconds(job.rows)
    job.project.store.stage_done(dataclasses.replace(note, seconds=sum(seconds.values()), report={**note.report, "seconds": seconds}))
    return Swapped(
        video=video,
        draft=draft,
        project=job.project.folder,
        sheet=picture,
        already=False,
        minutes=_minutes(job),
        seconds=seconds,
    )


def _minutes(job: Job) -> float:
    return job.settings.train.minutes if wants_training(job) and not job.settings.train.rounds else 0.0


def _tell_kept_settings(job: Job, given: Mapping[str, Any]) -> None:
    """Say which settings come from the project and not from this call: they may be of an earlier day."""
    kept = {name: value for name, value in flatten(differences(job.project.settings())).items() if name not in given}
    if kept:
        words = ", ".join(f"{name} = {value}" for name, value in kept.items())
        job.context.report(Event("probe", "note", f"the project says: {words} ({job.project.folder / 'project.toml'})"))


def _seconds(rows: Sequence[StageRow]) -> dict[str, float]:
    """Seconds of work by stage, each piece once, whichever run did it."""
    seconds: dict[str, float] = {}
    for row in {row.key: row for row in rows}.values():
        # training counts its own time, over all its sittings
        took = row.report["seconds"] if row.stage == "train" else row.seconds
        seconds[row.stage] = seconds.get(row.stage, 0.0) + took
    return seconds


def _swap_key(job: Job, source: Footage, target: Footage, permits: Permits) -> str:
    """Names the whole work: everything that its result depends on."""
    people = [source.sha256, source.row.face, target.sha256, target.row.face]
    return stage_key("swap", people, job.settings.model_dump(), [permit.record_sha256 for permit in permits.both])


def _check_pair(source: Path, target: Path) -> None:
    """Both are videos, and not the same one."""
    probe(source)
    probe(target)
    if source.stat().st_size == target.stat().st_size and media_id(source) == media_id(target):
        raise same_file(source, target)


def _check_machine() -> None:
    """Everything that the set-up puts on a machine is there and unaltered."""
    for weight in WEIGHTS:
        weight_path(weight.name)
    keys.public_key()


# -------------------------------------------------------------------------------------------------- step by step


@dataclass(frozen=True, slots=True, eq=False)
class _Cast:
    """Both people, found, and the source's pictures."""

    source: Footage
    target: Footage
    target_person: Person
    faceset: Faceset
    key: str
    """The faceset's."""


def _find_cast(job: Job, source: Footage, target: Footage) -> _Cast:
    lender = find_person(job, source)
    performer = find_person(job, target)
    return _Cast(source, target, performer, collect(job, source, lender), faceset_key(job, lender))


def _render(job: Job, cast: _Cast, *, permits: Permits, draft: bool) -> Rendered:
    swapper = draft_swapper(job, cast.faceset, permits) if draft else swapper_for(job, cast.faceset, key=cast.key, permits=permits)
    return render_target(job, cast.target, cast.target_person, swapper=swapper, permits=permits)


def new(folder: Path, *, settings: Mapping[str, Any] = NO_SETTINGS) -> Path:
    """Make a project folder. Raises ProjectExists."""
    Project.create(folder, settings=settings_from(None, settings)).close()
    return folder


def add(project: Path, file: Path, *, role: Role, face: str | None = None, replace: bool = False, context: Context | None = None) -> MediaRow:
    """Put a video into a project, as source or target; `face` names the person meant (p1 …, or a picture file)."""
    with open_job(project, flags={}, context=context or Context()) as job:
        return add_media(job.project, file, role=role, face=face, replace=replace)


def consent_add(project: Path, record: Path) -> ConsentRecord:
    """Put a consent record into a project."""
    from .pipeline.consents import keep_record

    with open_job(project, flags={}, context=Context()) as job:
        return keep_record(job.project, record)


def extract(
    project: Path,
    *,
    source_face: str | None = None,
    face: str | None = None,
    settings: Mapping[str, Any] = NO_SETTINGS,
    context: Context | None = None,
) -> tuple[StageRow, ...]:
    """Find cuts, faces and people in both videos, and collect the source's face pictures. The faces asked for are kept in the project."""
    with open_job(project, flags=settings, context=context or Context()) as job:
        job.keep_settings()
        source, target = footage(job.project, "source"), footage(job.project, "target")
        _find_cast(job, ask_for(job.project, source, source_face), ask_for(job.project, target, face))
        return tuple(job.rows)


def train(project: Path, *, settings: Mapping[str, Any] = NO_SETTINGS, context: Context | None = None) -> tuple[StageRow, ...]:
    """Let the network learn the source's face, as long as the settings say."""
    with open_job(project, flags=settings, context=context or Context()) as job:
        job.keep_settings()
        permits = permits_of(job.project)
        cast = _find_cast(job, footage(job.project, "source"), footage(job.project, "target"))
        if wants_training(job):
            learn(job, cast.faceset, key=cast.key, permits=permits)
        return tuple(job.rows)


def render(project: Path, *, settings: Mapping[str, Any] = NO_SETTINGS, context: Context | None = None) -> tuple[StageRow, ...]:
    """Put the face into every frame of the target, with the best that training gave so far."""
    with open_job(project, flags=settings, context=context or Context()) as job:
        job.keep_settings()
        permits = permits_of(job.project)
        _render(job, _find_cast(job, footage(job.project, "source"), footage(job.project, "target")), permits=permits, draft=False)
        return tuple(job.rows)


def publish(
    project: Path, out: Path, *, settings: Mapping[str, Any] = NO_SETTINGS, overwrite: bool = False, context: Context | None = None
) -> LabelledVideo:
    """Write what was rendered to `out`: labelled, signed, entered in the ledger. Renders first what is not rendered yet."""
    with open_job(project, flags=settings, context=context or Context()) as job:
        job.keep_settings()
        permits = permits_of(job.project)
        source, target = footage(job.project, "source"), footage(job.project, "target")
        if published(out) is None:
            check_output(out, inputs=(source.path, target.path), overwrite=overwrite)
        rendered = _render(job, _find_cast(job, source, target), permits=permits, draft=False)
        return deliver(job, out, source=source, target=target, rendered=rendered, permits=permits, overwrite=overwrite)


def status(project: Path) -> Status:
    """What there is in a project, and what comes next. Changes nothing."""
    with in_words(project), Project(project) as opened:
        return status_of(opened)


# ---------------------------------------------------------------------------------------------------- looking


def check(
    source: Path,
    target: Path,
    *,
    project: Path | None = None,
    source_face: str | None = None,
    face: str | None = None,
    settings: Mapping[str, Any] = NO_SETTINGS,
    context: Context | None = None,
) -> CheckReport:
    """What the target asks for that the source's material does not show, and what to expect of a swap: before hours are spent.

    Needs no consent records: it looks, and makes nothing. In `project` (made where there is none) what was found is kept and used by `swap`, and
    what was found before is not looked for again; without one, everything is forgotten when it returns. `check_page` makes the HTML page of
    a report. Raises what extraction raises: the MediaErrors, NoFace, SeveralPeople, PersonAbsent, TooFewFaces.
    """
    with in_words(project or Path(tempfile.gettempdir())):
        _check_pair(source, target)
        if project is not None:
            return _check(source, target, project, source_face=source_face, face=face, settings=settings, context=context)
        with tempfile.TemporaryDirectory(prefix="understudy-check-") as folder:
            return _check(source, target, Path(folder) / "check", source_face=source_face, face=face, settings=settings, context=context)


def _check(
    source: Path, target: Path, folder: Path, *, source_face: str | None, face: str | None, settings: Mapping[str, Any], context: Context | None
) -> CheckReport:
    if not (folder / "project.sqlite").is_file():
        Project.create(folder, settings=settings_from(None, settings)).close()
    with open_job(folder, flags=settings, context=context or Context()) as job:
        add_media(job.project, source, role="source", face=source_face)
        add_media(job.project, target, role="target", face=face)
        return check_pair(job, footage(job.project, "source"), footage(job.project, "target"))


# ------------------------------------------------------------------------------------------------------ consents


def consent_new(path: Path, **fields: Any) -> ConsentRecord:
    """Write a signed consent record; `fields` are those of `provenance.consent.new_record`. Raises ConsentInvalid, OutputExists, KeysMissing."""
    record = new_record(**fields)
    save_record(record, path)
    return record


def consent_show(path: Path) -> str:
    """A record in plain words, after checking its signature."""
    return describe(load_record(path))


def consent_revoke(path_or_id: str, *, reason: str) -> list[str]:
    """Take a consent back, for good. Returns the exports that stand on it, to be looked after."""
    path = Path(path_or_id)
    record_id = load_record(path).record_id if path.is_file() else path_or_id
    return [row.body["out"] for row in revoke(record_id, reason=reason)]


def forget(project: Path, person: str) -> Forgotten:
    """Remove everything of a person from a project: faces, embeddings, models, merged frames, previews; with a signed receipt.

    `person`: source, target, or the name or number on the consent record. Raises UsageError, ForgetIncomplete, KeysMissing.
    """
    with open_job(project, flags={}, context=Context()) as job:
        return forget_person(job.project, person)


# --------------------------------------------------------------------------------------------------- the machine


def setup(*, context: Context | None = None) -> list[str]:
    """Fetch the networks that are missing and make the keys. Returns the names of what was fetched."""
    fetched = fetch_missing(context=context or Context())
    keys.make_keys()
    return fetched
