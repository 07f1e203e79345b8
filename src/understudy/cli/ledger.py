"""`understudy ledger`: what left this machine, listed, checked, and handed out."""

from __future__ import annotations

import json as json_
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from .. import api
from ..provenance.book import in_words
from .support import LOOK, PLAIN, say

app = App(name="ledger", help="The ledger: everything that was published on this machine.", group=LOOK, sort_key=8.5, default_parameter=PLAIN)


@app.command(name="list")
def list_(
    *,
    kind: Annotated[Literal["export", "revocation", "complaint"] | None, Parameter(help="Only rows of this kind.")] = None,
    json: Annotated[bool, Parameter(help="Print the rows as JSON.")] = False,
) -> None:
    """List the ledger's rows, oldest first.

    For example:

        understudy ledger list --kind export
    """
    rows = api.ledger_list(kind)
    if json:
        say(json_.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False))
    else:
        say("\n".join(map(in_words, rows)) if rows else "Nothing yet.")


@app.command
def check(file: Annotated[Path | None, Parameter(help="An exported ledger; without it, the one of this machine.")] = None, /) -> None:
    """Recompute the chain of a ledger and its signature.

    For example:

        understudy ledger check
    """
    found = api.ledger_check(file)
    whose = "this machine's own key" if found.ours else "a key that is not this machine's"
    say(f"The ledger holds: {found.rows} rows, none altered, removed or moved.")
    if found.public_key:
        say(f"Signed with {whose}: {found.public_key}")


@app.command
def export(
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"], help="The file to write (.json).")],
    force: Annotated[bool, Parameter(help="Replace the file that is at the output's place.")] = False,
) -> None:
    """Write the whole ledger as one signed file that others can check without Understudy (tools/check_papers.py).

    It holds paths of this machine and the user's name: rows are whole, or their hashes would not fit.

    For example:

        understudy ledger export -o ledger.json
    """
    rows = api.ledger_export(out, overwrite=force)
    say(f"Wrote {rows} rows to {out}. To check it elsewhere: python tools/check_papers.py {out}")
