"""Consent records for measurements, whose results stay in bench/out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from understudy import api

EVERYTHING = ("train", "render", "publish")


def consent(folder: Path, role: Any, *, by: str, name: str = "") -> Path:
    """A record for the role, made once in the folder. `name`: for several people of one role."""
    path = folder / f"{name or role}.consent.json"
    if not path.exists():
        api.consent_new(
            path,
            subject=f"bench {name or role}",
            role=role,
            purpose="measuring the swap on this machine",
            production="bench",
            channels=("none: stays on this machine",),
            actions=EVERYTHING,
            expires=None,
            basis="consent",
            recorded_by=by,
            person_exists=False,
        )
    return path
