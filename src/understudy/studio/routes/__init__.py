"""The routes, one module a screen. Each has a `router`; they are listed here."""

from __future__ import annotations

from fastapi import APIRouter

from . import check, consents, events, house, people, programs, project, publish, result, settings, start, train, verify


def routers() -> list[APIRouter]:
    return [module.router for module in (start, project, people, consents, check, train, result, publish, settings, verify, house, events, programs)]
