"""The whole job in one call."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import differences, flatten, read_toml, settings_from
from ..events import Context, Event
from ..pipeline.castfile import read_cast
from ..pipeline.consents import Permits, check_records, needed_for, permits_of
from ..pipeline.deliver import deliver, publish_key
from ..pipeline.job import Job, in_words, open_job
from ..pipeline.learn import learn, wants_training
from ..pipeline.media import Footage, check_face, footage
from ..pipeline.media import add as add_media
from ..pipeline.render import sheet
from ..project import Project
from ..provenance.publish import check_output, published
from ..provenance.signer import Signer
from ..run.stage import stage_key
from ..store import StageRow
from ..types import LabelledVideo
from .cast import NO_SETTINGS, check_machine, check_videos, find_cast, render_cast


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
    signer: Signer | None = None,
) -> Swapped:
    """The target's performance with the source's face, as one labelled video at `out`.

    Works in `project` (default: beside `out`, named after it), which keeps everything: after a stop or a crash the same call goes on, and
    a finished one returns at once. Where training is asked for, a first version without it is published as `<out>.draft` on the way.
    `command` is what the person typed, for the remedy of a missing consent; `signer` as in `publish`. Everything that can
    be wrong is found before long work begins.
    """
    context = context or Context()
    folder = project or out.with_name(f"{out.stem}.understudy")
    with in_words(folder):
        exists = (folder / "project.sqlite").is_file()
        chosen = settings_from(read_toml(folder / "project.toml") if exists else None, settings)
        check_videos(source, target)
        if not exists:
            check_records(consents, *needed_for(chosen), retry=command)
            check_machine()
            for name in (source_face, face):
                if name is not None:
                    check_face(name)
            check_output(out, inputs=(source, target), overwrite=overwrite, encode=chosen.encode)
            Project.create(folder).close()
    with open_job(folder, flags=settings, context=context) as job:
        check_machine()
        add_media(job.project, source, role="source", face=source_face)
        add_media(job.project, target, role="target", face=face)
        permits = permits_of(job.project, *needed_for(job.settings), records=consents, retry=command)
        _tell_kept_settings(job, settings)
        return _swap(job, out, permits=permits, overwrite=overwrite, signer=signer)


def _swap(job: Job, out: Path, *, permits: Permits, overwrite: bool, signer: Signer | None) -> Swapped:
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
    check_output(out, inputs=(source.path, target.path), overwrite=overwrite, encode=job.settings.encode)
    # a draft that was published here makes room for the next one; anybody else's file does not
    replace_draft = overwrite or (draft_out is not None and published(draft_out) is not None)
    if draft_out is not None:
        check_output(draft_out, inputs=(source.path, target.path), overwrite=replace_draft, encode=job.settings.encode)
    job.keep_settings()
    cast = find_cast(job, source, target)
    draft = None
    if draft_out is not None:
        first = render_cast(job, cast, permits=permits, draft=True)
        draft = deliver(job, draft_out, target=target, rendered=first, overwrite=replace_draft, signer=signer)
        learn(job, cast.faceset, key=cast.key, permits=permits, target=(cast.target, cast.target_person))
    rendered = render_cast(job, cast, permits=permits, draft=False)
    # noted before, so that a run that is killed right after publishing is known to be finished
    note = StageRow(key, "swap", out.name, 0.0, {"publish_key": publish_key(job, target, rendered)})
    job.project.store.stage_done(note)
    video = deliver(job, out, target=target, rendered=rendered, overwrite=overwrite, signer=signer)
    picture = sheet(job, target, cast.target_person, rendered)
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
    records = [permit.record_sha256 for permit in permits.every]
    cast = [face.model_dump(mode="json") for face in read_cast(job.project)]
    return stage_key("swap", people, job.settings.model_dump(), records, *([cast] if cast else []))
