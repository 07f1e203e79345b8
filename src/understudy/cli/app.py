"""The command line: one thin command for each function of `api`. Results go to stdout, progress and errors to stderr.

Exit codes: 0 done; 1 it cannot be done; 2 the command was not understood; 3 `verify` found nothing; 4 the consent gate refused; 5 the
material was refused; 70 a fault of the program; 130 stopped on request.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App
from cyclopts.exceptions import CycloptsError, UnknownOptionError
from rich.console import Console

from .. import __version__
from ..crash import write_crash
from ..errors import UnderstudyError, UsageError
from ..terminal import draw_error
from . import look, steps
from .account import account
from .cast import cast
from .complaint import app as complaint_app
from .consent import app as consent_app
from .faces import faces
from .forget import forget
from .keys import app as keys_app
from .ledger import app as ledger_app
from .people import people
from .report import report
from .shots import shots
from .strokes import strokes
from .studio import studio
from .support import LOOK, PLAIN, STEPS, WHOLE, ready_tokens, suggestion, typeable
from .training import train

INTRO = """Put one person's face under another person's performance: consented, labelled, on your own machine.

Begin with `understudy swap --help`. All settings: `understudy settings`. Explanations: the folder docs.
"""

app = App(name="understudy", help=INTRO, version=__version__, help_format="markdown", default_parameter=PLAIN, result_action="return_value")
app.command(consent_app)
app.command(ledger_app)
app.command(complaint_app)
app.command(keys_app)
app.command(steps.swap, group=WHOLE, sort_key=0)
app.command(steps.new, group=STEPS, sort_key=1)
app.command(steps.add, group=STEPS, sort_key=2)
app.command(steps.extract, group=STEPS, sort_key=3)
app.command(train, group=STEPS, sort_key=4)
app.command(steps.render, group=STEPS, sort_key=5)
app.command(steps.publish, group=STEPS, sort_key=6)
app.command(steps.layers, group=STEPS, sort_key=6.5)
app.command(steps.status, group=STEPS, sort_key=7)
app.command(shots, group=STEPS, sort_key=5.5)
app.command(strokes, group=STEPS, sort_key=5.6)
app.command(report, group=STEPS, sort_key=5.7)
app.command(cast, group=STEPS, sort_key=4.5)
app.command(studio, group=WHOLE, sort_key=0.2)
app.command(faces, group=STEPS, sort_key=7.2)
app.command(people, group=STEPS, sort_key=7.1)
app.command(look.check, group=WHOLE, sort_key=0.5)
app.command(look.verify, group=LOOK, sort_key=8)
app.command(look.trace, group=LOOK, sort_key=8)
app.command(account, group=LOOK, sort_key=8.7)
app.command(look.settings, group=LOOK, sort_key=9)
app.command(look.doctor, group=LOOK, sort_key=10)
app.command(look.setup, group=LOOK, sort_key=11)
app.command(forget, group=LOOK, sort_key=12)


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
