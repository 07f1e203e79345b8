"""The command `understudy account`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from .. import api
from ..paper.words import Language
from .flags import ForceFlag
from .support import say, write_page


def account(
    production: Annotated[Path, Parameter(help="The project folder.")],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], help="The page to write (.html); without it, PROJECT-account.html.")] = None,
    language: Annotated[Language, Parameter(help="en or nl.")] = "en",
    force: ForceFlag = False,
) -> None:
    """Write a page for the public about what a project published: what is real and what is not, why, who agreed, how to check it.

    Names and unaltered pictures stand on it only where the consent records allow them.

    For example:

        understudy account film.understudy --language nl -o account.html
    """
    page = api.account(production, language=language)
    path = out or Path(f"{production.stem}-account.html")
    write_page(path, page, force=force)
    say(f"Written: {path}")
