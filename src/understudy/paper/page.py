"""Drawing a page: a template, the words of a language, and values from outside, each of which is escaped wherever it stands.

The page forbids itself everything but its own style and the pictures inside it: should a value ever slip through, no script runs.
"""

from __future__ import annotations

import base64
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .. import __version__
from .words import Language, Words

_HERE = Path(__file__).parent


@cache
def style() -> str:
    """The one style sheet, as it stands inside every page."""
    return (_HERE / "style.css").read_text(encoding="utf-8")


@cache
def policy(*, scripts: bool = False) -> str:
    """The content security policy of a page; with `scripts` for the studio, which adds its own print button."""
    digest = base64.b64encode(sha256(style().encode("utf-8")).digest()).decode("ascii")
    own = "; script-src 'self'" if scripts else ""
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'{own}"


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def render(template: str, language: Language, /, *, studio: str = "", **values: Any) -> str:
    """The whole HTML document. `studio` is the address under which the studio hands out the page as a file, where the studio shows it."""
    # what stands in the address bar as `data:` is base64 and says nothing else, so a picture cannot leave its attribute
    return (
        _environment()
        .get_template(template)
        .render(
            t=Words(language),
            style=style(),
            policy=policy(scripts=bool(studio)),
            studio=studio,
            version=__version__,
            picture=lambda jpeg: f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}",
            **values,
        )
    )
