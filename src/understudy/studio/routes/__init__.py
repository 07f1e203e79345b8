"""The routes, one module a screen. Each has a `router`; they are listed here."""

from __future__ import annotations

from fastapi import APIRouter

from . import (
    bundles,
    cast,
    check,
    consents,
    events,
    faces,
    house,
    ledger,
    people,
    programs,
    programs_result,
    project,
    publish,
    result,
    settings,
    shot,
    start,
    strokes,
    train,
    verify,
)

_PROJECT = (project, people, consents, check, faces, train, result, shot, strokes, cast, publish, bundles, settings)
_HOUSE = (start, verify, ledger, house, events, programs, programs_result)


def routers() -> list[APIRouter]:
    return [module.router for module in (*_HOUSE, *_PROJECT)]
