"""Drawing pages: templates with the studio's words in the language of the browser, and errors as a person reads them."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from .. import __version__
from ..errors import UnderstudyError
from ..run.jobs import error_dict
from .i18n import LANGUAGES, NAMES, Words, best_language
from .live import step_words
from .memory import Place
from .safety import UPLOADS, Refusal
from .screens import screens

_HERE = Path(__file__).parent
LANGUAGE_COOKIE = "understudy_language"
_loader = FileSystemLoader(_HERE / "templates")
_environment = Environment(loader=_loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_environment.globals["step_words"] = step_words
# all are fetched at once, where one would be found in another only after that one had come
_environment.globals["modules"] = sorted(
    path.relative_to(_HERE / "static").as_posix() for path in (_HERE / "static" / "js").rglob("*.js") if path.name != "print.js"
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error in words of the browser's language. `exact` is what the program said, where `what` is a translation of its kind."""

    code: str
    what: str
    why: str
    remedy: str
    exact: str = ""


def words_of(request: Request) -> Words:
    """The language that was chosen, else the browser's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    for language in LANGUAGES:
        if language == chosen:
            return Words(language)
    return Words(best_language(request.headers.get("accept-language", "")))


def page(request: Request, template: str, /, *, place: Place | None = None, screen: str = "", status: int = 200, **values: Any) -> HTMLResponse:
    """A page (or a piece of one) from a template. `screen` is the name of the screen that is open."""
    session = request.scope.get("session")
    html = _environment.get_template(template).render(
        t=words_of(request),
        csrf=session.csrf if session else "",
        place=place,
        screen=screen,
        screens=screens(),
        dark=any(one.dark for one in screens() if one.name == screen),
        languages=NAMES,
        here=request.url.path,
        version=__version__,
        **values,
    )
    return HTMLResponse(html, status_code=status)


def prepare() -> None:
    """What the first pages would otherwise wait for: all templates and sentences are read; between two of them others have their turn."""
    for language in LANGUAGES:
        Words(language)
    for name in _loader.list_templates():
        _environment.get_template(name)
        time.sleep(0.002)
    # what is loaded by now stays: the collector need not look through all of it in the middle of a long list
    gc.collect()
    gc.freeze()


def go(request: Request, path: str) -> Response:
    """Lead the browser on after something was done: htmx by its header, a program by an ordinary redirect."""
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": path})
    return Response(status_code=303, headers={"Location": path})


def trouble(words: Words, error: UnderstudyError | Mapping[str, str]) -> Trouble:
    """What to show of an error. The catalogue has what to do in the studio; the program's own remedies name commands."""
    found = error_dict(error) if isinstance(error, UnderstudyError) else error
    code = found["code"]
    key = next((known for known in (f"error.{code}", f"error.{code.rpartition('.')[0]}") if words.has(f"{known}.do")), "error.error")
    remedy = words(f"{key}.do")
    if words.language == "en":
        return Trouble(code, found["what"], found["why"], remedy)
    exact = " ".join(part for part in (found["what"], found["why"]) if part)
    return Trouble(code, words(f"{key}.what"), "", remedy, exact)


def error_page(request: Request, error: UnderstudyError, *, status: int = 400) -> Response:
    """An error as a page, as a piece of one for htmx, or as JSON for programs."""
    if _of_a_program(request):
        found = trouble(words_of(request), error)
        return JSONResponse({**error_dict(error), "shown": {"what": found.what, "remedy": found.remedy}}, status_code=status)
    piece = bool(request.headers.get("hx-request"))
    shown = page(request, "error_piece.html" if piece else "error.html", status=status, trouble=trouble(words_of(request), error))
    if piece:
        shown.headers["HX-Retarget"] = "#trouble"
        shown.headers["HX-Reswap"] = "innerHTML"
    return shown


def _of_a_program(request: Request) -> bool:
    """Whether the answer is read by a script or a program, and not shown as it is."""
    return request.url.path.startswith("/api/") or UPLOADS in request.url.path


def refusal_page(request: Request, refusal: Refusal) -> Response:
    words = words_of(request)
    found = Trouble(f"refused.{refusal.reason}", words(f"refused.{refusal.reason}.what"), "", words(f"refused.{refusal.reason}.do"))
    if _of_a_program(request):
        shown = {"what": found.what, "remedy": found.remedy}
        return JSONResponse({"code": found.code, **shown, "why": "", "shown": shown}, status_code=refusal.status)
    return page(request, "refused.html", status=refusal.status, trouble=found)
