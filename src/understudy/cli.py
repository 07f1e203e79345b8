"""The command line: one thin command for each function of `api`. Results go to stdout, progress and errors to stderr.

Exit codes: 0 done; 1 it cannot be done; 2 the command was not understood; 3 `verify` found nothing; 4 the consent gate refused; 5 the
material was refused; 70 a fault of the program; 130 stopped on request.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.exceptions import CycloptsError, UnknownOptionError
from rich.console import Console
from rich.table import Table

from . import __version__, api
from .cli_consent import app as consent_app
from .cli_forget import forget
from .cli_support import LOOK, PLAIN, STEPS, WHOLE, Quality, as_settings, at_work, ready_tokens, say, show_times, suggestion, typeable
from .crash import write_crash
from .errors import UnderstudyError, UsageError
from .files import write_text
from .reference import settings_lines
from .terminal import draw_error

INTRO = """Put one person's face under another person's performance: consented, labelled, on your own machine.

Begin with `understudy swap --help`. All settings: `understudy settings`. Explanations: the folder docs.
"""

app = App(name="understudy", help=INTRO, version=__version__, help_format="markdown", default_parameter=PLAIN, result_action="return_value")
app.command(consent_app)
app.command(forget, group=LOOK, sort_key=12)

ProjectFlag = Annotated[Path, Parameter(name="--project", help="The project folder.")]
OutFlag = Annotated[Path, Parameter(name=["--out", "-o"], help="Where the result goes (.mp4, .mov, .m4v or .mkv).")]
SetFlag = Annotated[
    tuple[str, ...], Parameter(name="--set", help="Any setting, as NAME=VALUE; may be repeated. `--NAME VALUE` does the same: --encode.crf 20.")
]
QualityFlag = Annotated[Quality | None, Parameter(help="The one dial: draft (at once, no training), standard (minutes), broadcast (hours).")]
MinutesFlag = Annotated[float | None, Parameter(help="Minutes of training in all (the setting train.minutes).")]
ForceFlag = Annotated[bool, Parameter(help="Replace the file that is at the output's place.")]
FaceFlag = Annotated[str | None, Parameter(name="--face", help="Whom to give the new face in the target: p1, p2 …, or a picture of the person.")]
SourceFaceFlag = Annotated[str | None, Parameter(name="--source-face", help="Whose face to take from the source: p1, p2 …, or a picture.")]


# ------------------------------------------------------------------------------------------------- the whole job


@app.command(group=WHOLE, sort_key=0)
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


# -------------------------------------------------------------------------------------------------- step by step


@app.command(group=STEPS, sort_key=1)
def new(
    folder: Annotated[Path, Parameter(help="The folder to make.")], /, *, quality: QualityFlag = None, minutes: MinutesFlag = None, set_: SetFlag = ()
) -> None:
    """Make a project folder, to go step by step.

    For example:

        understudy new film.understudy --quality broadcast
    """
    made = api.new(folder, settings=as_settings(set_, quality=quality, minutes=minutes))
    say(f"Made {made}.\nWhat next:  understudy add FILE --role source --project {shlex.quote(str(made))}")


@app.command(group=STEPS, sort_key=2)
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


@app.command(group=STEPS, sort_key=3)
def extract(*, project: ProjectFlag, face: FaceFlag = None, source_face: SourceFaceFlag = None, set_: SetFlag = ()) -> None:
    """Find cuts, faces and people in both videos, and collect the source's face pictures.

    For example:

        understudy extract --project film.understudy
    """
    with at_work() as context:
        api.extract(project, face=face, source_face=source_face, settings=as_settings(set_), context=context)
    _say_next(project)


@app.command(group=STEPS, sort_key=4)
def train(*, project: ProjectFlag, quality: QualityFlag = None, minutes: MinutesFlag = None, set_: SetFlag = ()) -> None:
    """Let the network learn the source's face. What was trained before counts; Ctrl-C saves.

    For example:

        understudy train --project film.understudy --minutes 30
    """
    with at_work() as context:
        api.train(project, settings=as_settings(set_, quality=quality, minutes=minutes), context=context)
    _say_next(project)


@app.command(group=STEPS, sort_key=5)
def render(*, project: ProjectFlag, quality: QualityFlag = None, set_: SetFlag = ()) -> None:
    """Put the face into every frame of the target, with the best that training gave so far.

    For example:

        understudy render --project film.understudy
    """
    with at_work() as context:
        api.render(project, settings=as_settings(set_, quality=quality), context=context)
    _say_next(project)


@app.command(group=STEPS, sort_key=6)
def publish(*, out: OutFlag, project: ProjectFlag, set_: SetFlag = (), force: ForceFlag = False) -> None:
    """Write what was rendered as a video: labelled, signed, entered in the ledger. The only way out of a project.

    For example:

        understudy publish -o result.mp4 --project film.understudy
    """
    with at_work() as context:
        video = api.publish(project, out, settings=as_settings(set_), overwrite=force, context=context)
    say(f"Published {video.path}: {video.n_altered} of {video.n_frames} frames altered; labelled '{video.label}', signed, in the ledger.")


@app.command(group=STEPS, sort_key=7)
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


# -------------------------------------------------------------------------------------------- looking, setting up


@app.command(group=WHOLE, sort_key=0.5)
def check(
    source: Annotated[Path, Parameter(help="The video of the person whose face is wanted.")],
    target: Annotated[Path, Parameter(help="The video whose performance is kept.")],
    /,
    *,
    project: Annotated[Path | None, Parameter(help="Keep what is found in this project folder, for `swap`; without it nothing is kept.")] = None,
    json: Annotated[Path | None, Parameter(help="Write the report as JSON to this file (.json).")] = None,
    html: Annotated[Path | None, Parameter(help="Write the report as one page with pictures to this file (.html).")] = None,
    face: FaceFlag = None,
    source_face: SourceFaceFlag = None,
    set_: SetFlag = (),
) -> None:
    """Say whether SOURCE will do for TARGET before hours are spent: what is lacking, what to film, what to expect.

    It looks and makes nothing, so it needs no consent records. The pictures on the page are unaltered.

    For example:

        understudy check her.mp4 performance.mp4 --html report.html
    """
    for path, ending in ((json, ".json"), (html, ".html")):
        if path is not None and path.suffix.lower() != ending:
            raise UsageError(f"{path} does not end in {ending}.", remedy=f"name the report {path.stem}{ending}")
    with at_work() as context:
        report = api.check(source, target, project=project, source_face=source_face, face=face, settings=as_settings(set_), context=context)
    say(report.text())
    say()
    for path, text in ((json, report.json()), (html, api.check_page(report))):
        if path is not None:
            write_text(path, text)
            say(f"Report: {path}")
    where = f" --project {shlex.quote(str(project))}" if project else ""
    say(f"What next:  understudy swap {shlex.quote(str(source))} {shlex.quote(str(target))} -o result.mp4{where}")


@app.command(group=LOOK, sort_key=8)
def verify(
    file: Annotated[Path, Parameter(help="The video to look at. Nothing is kept of it.")],
    /,
    *,
    json: Annotated[bool, Parameter(help="Print the report as JSON.")] = False,
) -> int:
    """Say what is known about a video: its credentials, and whether it was made here.

    Exit code 0: valid and ours; 1: broken or altered; 3: nothing found.

    For example:

        understudy verify result.mp4
    """
    with at_work() as context:
        report = api.verify(file, context=context)
    say(report.json() if json else report.text())
    return report.exit_code


@app.command(group=LOOK, sort_key=8)
def trace(
    file: Annotated[Path, Parameter(help="The copy that was found. Nothing is kept of it.")],
    /,
    *,
    json: Annotated[bool, Parameter(help="Print the record as JSON.")] = False,
) -> int:
    """From a copy that was found, recompressed or cropped, back to its record: by the invisible mark, else its looks, else its credentials.

    Prints the record, the consents, the purpose and the inputs. Exit code 0: a record was found; 1: none.

    For example:

        understudy trace found.mp4
    """
    with at_work() as context:
        found = api.trace(file, context=context)
    say(found.json() if json else found.text())
    return found.exit_code


@app.command(group=LOOK, sort_key=9)
def settings() -> None:
    """List every setting with its default and what it does."""
    say("\n".join(settings_lines()))


@app.command(group=LOOK, sort_key=10)
def doctor() -> int:
    """Say what this machine can do, what is missing, and what will be slow.

    For example:

        understudy doctor
    """
    checks = api.doctor()
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for check in checks:
        table.add_row(check.name, check.state, check.words + (f"\nWhat to do: {typeable(check.remedy)}" if check.remedy else ""))
    Console(highlight=False).print(table, markup=False)
    return 1 if any(check.state == "missing" for check in checks) else 0


@app.command(group=LOOK, sort_key=11)
def setup() -> None:
    """Fetch the networks that are not there yet, and make this machine's signing keys. Needed once; `make` does it for you.

    For example:

        understudy setup
    """
    with at_work() as context:
        fetched = api.setup(context=context)
    say(f"Fetched: {', '.join(fetched)}." if fetched else "Everything was there already.")
    say("This machine is ready. What next:  understudy swap --help")


def _say_next(project: Path) -> None:
    following = api.status(project).next_command
    say(f"What next:  {following}" if following else "Everything is done.")


# ----------------------------------------------------------------------------------------------------------- main


def main(tokens: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. No exception leaves it; a person never sees a traceback."""
    typed = list(sys.argv[1:] if tokens is None else tokens)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        result = app(ready_tokens(typed), exit_on_error=False, print_error=False)
        return result if isinstance(result, int) else 0
    except CycloptsError as error:
        usage = UsageError(_first_line(error), remedy=_usage_remedy(error, typed))
        draw_error(usage, console, typeable=typeable)
        return usage.exit_code
    except UnderstudyError as error:
        draw_error(error, console, typeable=typeable)
        return error.exit_code
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    except BrokenPipeError:
        # whoever read the output has gone; there is nobody to tell
        sys.stderr.close()
        return 1
    except Exception as error:
        report = write_crash(error, ["understudy", *typed])
        console.print("Something went wrong that should not: this is a fault of the program, not yours.", style="bold red")
        console.print(f"What is needed to find it is in {report}. Please report it with that file; read it first, it holds file names.", markup=False)
        return 70


def _first_line(error: CycloptsError) -> str:
    return " ".join(str(error).split())


def _usage_remedy(error: CycloptsError, typed: Sequence[str]) -> str:
    if isinstance(error, UnknownOptionError) and error.token is not None:
        near = suggestion(error.token.keyword or error.token.value)
        if near:
            return f"did you mean --{near}? All settings: understudy settings"
    command = next((word for word in typed if not word.startswith("-")), "")
    return f"understudy {command} --help" if command in {*app} else "understudy --help"


if __name__ == "__main__":
    sys.exit(main())
