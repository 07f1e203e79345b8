"""The screens of the studio in the order of the work: what the navigation shows. A screen's own code is in `routes/NAME.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Screen:
    """One entry of the navigation; its words are `nav.NAME` of the catalogue."""

    name: str
    scope: Literal["project", "house"]
    """project: below `/p/PLACE/NAME`; house: `/NAME`, for the whole studio."""
    dark: bool = False
    """A room for looking at pictures."""


_SCREENS = (
    Screen("project", "project"),
    Screen("people", "project"),
    Screen("consents", "project"),
    Screen("check", "project"),
    Screen("faces", "project", dark=True),
    Screen("train", "project", dark=True),
    Screen("result", "project", dark=True),
    Screen("publish", "project"),
    Screen("settings", "project"),
    Screen("verify", "house"),
    Screen("ledger", "house"),
    Screen("programs", "house"),
    Screen("machine", "house"),
)


def screens() -> tuple[Screen, ...]:
    return _SCREENS
