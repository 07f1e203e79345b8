"""A small studio for tests: consent records, a rendered face, and one call that publishes a clip for real."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from networks import link_networks

from understudy.config import settings_from
from understudy.events import Context
from understudy.merge.patchfile import Patches, PatchWriter
from understudy.provenance.consent import issue_permit, save_record
from understudy.provenance.consent_record import ConsentRecord, new_record
from understudy.provenance.keys import make_keys
from understudy.provenance.publish import publish
from understudy.types import LabelledVideo, Patch, Permit
from understudy.video.probe import probe

FACE = (30, 36)
"""Where the stand-in for a rendered face lies, and it is 20 x 16 pixels."""


def record(role: str = "face", **changes: Any) -> ConsentRecord:
    """A complete record of a person who exists."""
    values: dict[str, Any] = {
        "subject": "Anna de Vries",
        "purpose": "documentary about the harbour",
        "production": "Harbour",
        "channels": ["television", "web"],
        "actions": ["train", "render", "publish"],
        "expires": "2099-12-31",
        "basis": "consent",
        "recorded_by": "Editor One",
    }
    return new_record(role=role, **{**values, **changes})


def signed(folder: Path, role: str = "face", **changes: Any) -> Path:
    """A signed record on disk; keys are made where there are none."""
    make_keys()
    made = record(role, **changes)
    path = folder / f"{made.record_id}.consent.json"
    save_record(made, path)
    return path


def permits(folder: Path, **changes: Any) -> tuple[Permit, Permit]:
    """Of the face, then of the performer."""
    face, performer = (issue_permit(signed(folder, role, **changes), role=role, actions=["publish"]) for role in ("face", "performer"))
    return face, performer


def rendered(folder: Path, frames: Iterable[int]) -> Patches:
    """A green face with a soft edge in each of `frames`."""
    path = folder / "shot.patches"
    alpha = np.full((16, 20), 255, np.uint8)
    alpha[0], alpha[-1] = 0, 120
    with PatchWriter(path) as writer:
        for index in frames:
            writer.put(index, Patch(FACE, np.full((16, 20, 3), (20, 200, 60), np.uint8), alpha))
    return Patches([path])


def publish_clip(
    target: Path, out: Path, *, frames: Iterable[int] = range(3, 9), settings: dict[str, Any] | None = None, report: Any = None, **changes: Any
) -> LabelledVideo:
    """Publish `target` with the stand-in face in `frames`."""
    link_networks()
    arguments: dict[str, Any] = {
        "patches": rendered(target.parent, frames),
        "permits": changes.pop("permits", None) or permits(target.parent),
        "settings": settings_from(flags={"encode.preset": "ultrafast", **(settings or {})}),
        "sources": [changes.pop("source", None) or target],
        "model_id": "draft",
        "context": Context(report) if report else Context(),
    }
    return publish(target, probe(target), out, **{**arguments, **changes})
