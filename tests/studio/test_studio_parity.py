"""Nothing can be done in the studio alone or with the commands alone: every command has its place in the studio, and every function of `api` both."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

from cyclopts import App

from understudy import api
from understudy.cli.app import app
from understudy.studio.routes import routers

SRC = Path(__file__).parents[2] / "src" / "understudy"
PLACES = {
    "account": "GET /p/{place}/account",
    "consent new": "POST /p/{place}/consents/{role}",
    "consent show": "GET /p/{place}/consents",
    "consent form": "GET /p/{place}/consents/{role}/form",
    "consent export": "GET /p/{place}/consents.json",
    "consent add": "POST /p/{place}/consents/{role}/file",
    "consent revoke": "POST /ledger/consents/{record_id}/revoke",
    "ledger list": "GET /ledger",
    "ledger check": "POST /ledger/check",
    "ledger export": "GET /ledger/book.json",
    "complaint new": "POST /ledger/complaints",
    "complaint list": "GET /ledger/complaints",
    "complaint show": "GET /ledger/complaints",
    "complaint close": "POST /ledger/complaints/{number}/close",
    "swap": "POST /p/{place}/make",
    "new": "POST /api/projects",
    "add": "POST /api/projects/{place}/upload/{role}",
    "extract": "POST /api/projects/{place}/jobs",
    "train": "POST /p/{place}/train",
    "render": "POST /api/projects/{place}/jobs",
    "publish": "POST /p/{place}/publish",
    "layers": "POST /p/{place}/layers",
    "shots": "POST /p/{place}/shot/{number}",
    "strokes list": "GET /p/{place}/piece/strokes",
    "strokes add": "POST /p/{place}/strokes",
    "strokes undo": "POST /p/{place}/strokes/undo",
    "strokes remove": "POST /p/{place}/strokes/{number}/remove",
    "cast show": "GET /p/{place}/piece/cast",
    "cast set": "POST /p/{place}/cast",
    "cast morph": "POST /p/{place}/cast/morph",
    "cast remove": "POST /p/{place}/cast/{number}/remove",
    "report": "GET /verify/{job}/report.json",
    "status": "GET /p/{place}",
    "faces list": "GET /p/{place}/faces/list",
    "faces sort": "GET /p/{place}/faces/list",
    "faces drop": "POST /p/{place}/faces/drop",
    "faces restore": "POST /p/{place}/faces/restore",
    "faces undo": "POST /p/{place}/faces/undo",
    "faces pack": "POST /p/{place}/faces/pack",
    "faces unpack": "POST /p/{place}/faces/upload/",
    "people list": "GET /p/{place}/people",
    "people find": "POST /p/{place}/people",
    "people name": "POST /p/{place}/people/{number}/name",
    "people merge": "POST /p/{place}/people/merge",
    "people split": "POST /p/{place}/people/{number}/split",
    "people choose": "POST /p/{place}/people/{number}/choose",
    "people undo": "POST /p/{place}/people/undo",
    "check": "POST /p/{place}/check",
    "verify": "POST /verify/upload/",
    "trace": "POST /verify/upload/",
    "settings": "GET /p/{place}/settings",
    "doctor": "GET /machine",
    "forget": "POST /ledger/forget",
}
"""command -> where the studio does the same"""
ELSEWHERE = {
    "cast check": "is not on the screen Check yet, which looks at the one source",
    "keys show": "the keys are looked after by whoever administers the machine, on a terminal",
    "keys use": "see keys show",
    "keys machine": "see keys show",
    "studio": "is the studio",
    "setup": "is done before there is a studio: it fetches the networks",
}
"""Commands that have no place in the studio, and why."""
OTHERWISE = {
    "cast_check": "see ELSEWHERE",
    "keys_machine": "see ELSEWHERE",
    "keys_show": "see ELSEWHERE",
    "keys_use": "see ELSEWHERE",
    "report": "the page of a verification gives the same report",
    "swap": "the studio has `make`, over a project",
    "check": "the studio has `check_project`",
    "check_page": "the screen Check is that page",
    "status": "the project's page shows each step",
    "setup": "see above",
    "consent_show": "the page shows each record",
}
"""Functions of `api` that commands use and the studio need not, and why."""


def commands(group: App, before: tuple[str, ...] = ()) -> set[str]:
    """Every command, and every action of those that have several."""
    found: set[str] = set()
    for name in (name for name in group if not name.startswith("-")):
        command = group[name]
        words = (*before, name)
        if command.default_command is None:
            found |= commands(command, words)
            continue
        hint = get_type_hints(command.default_command).get("action")
        found |= {" ".join((*words, action)) for action in get_args(hint)} if get_origin(hint) is Literal else {" ".join(words)}
    return found


def routes() -> set[str]:
    return {f"{method} {getattr(route, 'path', '')}" for router in routers() for route in router.routes for method in getattr(route, "methods", ())}


def asked_of_api(folder: Path) -> set[str]:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    return set(re.findall(r"\bapi\.([a-z]\w+)", texts)) & set(api.__all__)


def test_every_command_has_its_place_in_the_studio() -> None:
    assert commands(app) == set(PLACES) | set(ELSEWHERE), "a command without a place, or a place without a command: see PLACES above"
    assert {place for place in PLACES.values() if place not in routes()} == set()


def test_what_commands_ask_of_the_api_the_studio_asks_too() -> None:
    lacking = asked_of_api(SRC / "cli") - asked_of_api(SRC / "studio")
    assert lacking == set(OTHERWISE) & asked_of_api(SRC / "cli"), lacking
