"""The command `understudy studio`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from .support import say


def studio(
    *,
    project: Annotated[Path | None, Parameter(help="Show this project folder in the studio as well.")] = None,
    port: Annotated[int | None, Parameter(help="The port on this machine; without it 8787, or a free one.")] = None,
    no_browser: Annotated[bool, Parameter(help="Only print the address.")] = False,
) -> None:
    """Open the studio: all of the work in a browser, on this machine alone. Work goes on when the browser or the studio is closed.

    For example:

        understudy studio
    """
    # the web parts take a second to load, and no other command needs them
    from ..studio.serve import serve

    def tell(address: str) -> None:
        say(f"The studio is open:  {address}")
        print("The address works once, and on this machine only. Ctrl-C closes the studio; work that runs goes on.", flush=True)

    serve(project=project, port=port, browser=not no_browser, say=tell)
