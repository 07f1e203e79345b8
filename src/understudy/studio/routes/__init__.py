"""The routes, one module a screen. Each has a `router`; they are listed here."""

from __future__ import annotations

from fastapi import APIRouter

from . import check, consents, events, faces, house, ledger, people, programs, project, publish, result, settings, start, train, verify

_PROJECT = (project, people, consents, check, faces, train, result, publish, settings)
_HOUSE = (start, verify, ledger, house, events, programs)


def routers() -> list[APIRouter]:
    return [module.router for module in (*_HOUSE, *_PROJECT)]
