"""The command `understudy train`: rounds of learning, looking at them, and going back."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from .. import api
from ..errors import UsageError
from ..events import duration
from .flags import MinutesFlag, ProjectFlag, QualityFlag, SetFlag, UntilFlag
from .support import as_settings, at_work, say


def train(
    *,
    project: ProjectFlag,
    quality: QualityFlag = None,
    minutes: MinutesFlag = None,
    until: UntilFlag = None,
    set_: SetFlag = (),
    go_back: Annotated[bool, Parameter(help="Do not train: list the moments that can be gone back to, or go back with --to.")] = False,
    to: Annotated[str | None, Parameter(help="With --go-back: the moment, as the list names it. Nothing is lost by it.")] = None,
) -> None:
    """Let the network learn the source's face. What was trained before counts; Ctrl-C saves.

    For example:

        understudy train --project film.understudy --minutes 30

        understudy train --project film.understudy --until good

        understudy train --project film.understudy --go-back
    """
    if to is not None and not go_back:
        raise UsageError("--to says where to go back to, and needs --go-back.", remedy=f"add --go-back --to {to}")
    if to is not None:
        there = api.go_back(project, to)
        say(f"Training stands at round {there.rounds} again ({_when(there.written)}). The others are kept; --go-back lists them.")
    elif go_back:
        _list(project)
    else:
        with at_work() as context:
            api.train(project, settings=as_settings(set_, quality=quality, minutes=minutes, until=until), context=context)
    following = api.status(project).next_command
    say(f"What next:  {following}" if following else "Everything is done.")


def _list(project: Path) -> None:
    for kept in api.training_state(project).checkpoints:
        verdict = (
            f"{100 * kept.gain:.0f} % better than the draft" if kept.better else "not used, the draft is better" if kept.measured else "not measured"
        )
        state = "training stands here" if kept.standing else "put aside" if kept.aside else ""
        words = "; ".join(part for part in (verdict, "used" if kept.used else "", state) if part)
        say(f"{kept.name}  {_when(kept.written)}, round {kept.rounds}, trained for {duration(kept.seconds)}: {words}")
        if kept.preview:
            say(f"    {kept.preview}")
    say(f"Go back to one of them with:  understudy train --project {shlex.quote(str(project))} --go-back --to NAME")


def _when(written: float) -> str:
    return time.strftime("%d %b %H:%M:%S", time.localtime(written))
