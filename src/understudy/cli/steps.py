"""The commands that do the job: whole, and step by step."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Literal, cast

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from .. import api
from ..provenance.layer_job import LAYERS, Layer
from .flags import FaceFlag, ForceFlag, MinutesFlag, OutFlag, ProjectFlag, QualityFlag, SetFlag, SourceFaceFlag
from .support import as_settings, at_work, say, show_times


def swap(
    source: Annotated[Path, Parameter(help="The video of the person whose face is wanted.")],
    target: Annotated[Path, Parameter(help="The video whose performance is kept.")],
    /,
    *,
    out: OutFlag,
    consent: Annotated[tuple[Path, ...], Parameter(help="A consent record; give one for the source and one for the target's performer.")] = (),
    face: FaceFlag = None,
    source_face: SourceFaceFlag = None,
    quality: QualityFlag = None,
    minutes: MinutesFlag = None,
    set_: SetFlag = (),
    project: Annotated[Path | None, Parameter(help="The project folder; without it, beside the output and named after it.")] = None,
    force: ForceFlag = False,
) -> None:
    """The whole job: the performance of TARGET with the face of SOURCE, as one labelled video.

    Stop it at any time with Ctrl-C; the same command goes on where it was.

    For example:

        understudy swap her.mp4 performance.mp4 -o result.mp4 --consent face.consent.json --consent performer.consent.json
    """
    typed = f"understudy swap {shlex.quote(str(source))} {shlex.quote(str(target))} -o {shlex.quote(str(out))}"
    with at_work() as context:
        done = api.swap(
            source,
            target,
            out,
            consents=consent,
            source_face=source_face,
            face=face,
            settings=as_settings(set_, quality=quality, minutes=minutes),
            project=project,
            overwrite=force,
            context=context,
            command=typed,
        )
    say("Already done; nothing has changed since." if done.already else "Done.")
    say(f"Result:  {done.video.path}")
    say(f"         {done.video.n_altered} of {done.video.n_frames} frames altered; labelled '{done.video.label}', signed, in the ledger")
    if done.draft is not None:
        say(f"Draft:   {done.draft.path} (made before the training)")
    say(f"Picture: {done.sheet} (before and after)")
    say(f"Project: {done.project} (working files and previews; not needed for the result)")
    show_times(done.seconds)
    say(f"What next:  understudy verify {shlex.quote(str(done.video.path))}")
    if done.minutes:
        say(f"To train longer:  {typed} --force --minutes {2 * max(done.minutes, 5):g}")


def new(
    folder: Annotated[Path, Parameter(help="The folder to make.")], /, *, quality: QualityFlag = None, minutes: MinutesFlag = None, set_: SetFlag = ()
) -> None:
    """Make a project folder, to go step by step.

    For example:

        understudy new film.understudy --quality broadcast
    """
    made = api.new(folder, settings=as_settings(set_, quality=quality, minutes=minutes))
    say(f"Made {made}.\nWhat next:  understudy add FILE --role source --project {shlex.quote(str(made))}")


def add(
    file: Annotated[Path, Parameter(help="The video.")],
    /,
    *,
    role: Annotated[Literal["source", "target"], Parameter(help="source: whose face is wanted. target: whose performance is kept.")],
    project: ProjectFlag,
    face: Annotated[str | None, Parameter(help="The person meant, where several are seen: p1, p2 …, or a picture of the person.")] = None,
    replace: Annotated[bool, Parameter(help="Let this file take the place of the one that has the role.")] = False,
) -> None:
    """Put a video into a project.

    For example:

        understudy add her.mp4 --role source --project film.understudy
    """
    with at_work() as context:
        row = api.add(project, file, role=role, face=face, replace=replace, context=context)
    say(f"{row.info['name']} is the {row.role} now: {row.info['seconds']:.1f} s, {row.info['frames']} frames.")
    _say_next(project)


def extract(*, project: ProjectFlag, face: FaceFlag = None, source_face: SourceFaceFlag = None, set_: SetFlag = ()) -> None:
    """Find cuts, faces and people in both videos, and collect the source's face pictures.

    For example:

        understudy extract --project film.understudy
    """
    with at_work() as context:
        api.extract(project, face=face, source_face=source_face, settings=as_settings(set_), context=context)
    _say_next(project)


def render(
    *,
    project: ProjectFlag,
    quality: QualityFlag = None,
    shot: Annotated[tuple[int, ...], Parameter(help="The number of a shot to render; may be repeated. Without it, all.")] = (),
    set_: SetFlag = (),
) -> None:
    """Put the face into every frame of the target, with the best that training gave so far.

    For example:

        understudy render --project film.understudy

        understudy render --project film.understudy --shot 2 --shot 3
    """
    with at_work() as context:
        api.render(project, shots=shot, settings=as_settings(set_, quality=quality), context=context)
    _say_next(project)


def publish(*, out: OutFlag, project: ProjectFlag, set_: SetFlag = (), force: ForceFlag = False) -> None:
    """Write what was rendered as a video: labelled, signed, entered in the ledger. The only way out of a project.

    For example:

        understudy publish -o result.mp4 --project film.understudy
    """
    with at_work() as context:
        video = api.publish(project, out, settings=as_settings(set_), overwrite=force, context=context)
    say(f"Published {video.path}: {video.n_altered} of {video.n_frames} frames altered; labelled '{video.label}', signed, in the ledger.")


def layers(
    project: Annotated[Path, Parameter(help="The project folder.")],
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"], help="The folder to make.")],
    layers: Annotated[str, Parameter(help="Which, with commas between them: plate,face,matte,result.")] = ",".join(LAYERS),
    format_: Annotated[
        Literal["png16", "exr", "prores4444"],
        Parameter(name="--format", help="png16, exr: a sequence for each layer. prores4444: a video for each, the face with alpha."),
    ] = "png16",
    set_: SetFlag = (),
) -> None:
    """Write what was rendered as layers for a compositing program: at full depth, with the shots, the timecode and the faces' places.

    For example:

        understudy layers film.understudy -o layers --layers plate,face,matte --format exr
    """
    wanted = [name.strip() for name in layers.split(",") if name.strip()]
    with at_work() as context:
        made = api.layers(project, out, layers=cast(list[Layer], wanted), form=format_, settings=as_settings(set_), context=context)
    say(f"Wrote {', '.join(made.layers)} of the frames {made.first} to {made.end - 1} into {made.folder}; signed, in the ledger.")
    say(f"Read {made.folder / 'README.txt'} first.")


def status(project: Annotated[Path, Parameter(help="The project folder.")], /) -> None:
    """What there is in a project, and what comes next.

    For example:

        understudy status film.understudy
    """
    found = api.status(project)
    table = Table(title=str(found.project), title_justify="left", box=None, pad_edge=False)
    for heading in ("Step", "", ""):
        table.add_column(heading, no_wrap=heading == "Step", overflow="fold")
    for line in found.lines:
        table.add_row(line.step, "done" if line.done else "open", line.detail)
    console = Console(highlight=False)
    console.print(table, markup=False)
    say("Everything is done." if found.next_command is None else f"What next:  {found.next_command}")


def _say_next(project: Path) -> None:
    following = api.status(project).next_command
    say(f"What next:  {following}" if following else "Everything is done.")
