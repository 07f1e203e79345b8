"""The two people of the demo, who do not exist: their clips, and what their consent records say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import MediaNotFound
from ..types import Role

CLIPS = Path(__file__).parents[3] / "assets" / "actors"
PEOPLE = {"face": "Synthetic actor A", "performer": "Synthetic actor B"}
_FILES: dict[Role, str] = {"source": "synthetic_actor_A_train.mp4", "target": "synthetic_actor_B_train.mp4"}


def demo_clip(role: Role) -> Path:
    """The demo's video in a role. Raises MediaNotFound where the program was installed without it."""
    path = CLIPS / _FILES[role]
    if not path.is_file():
        raise MediaNotFound(
            f"The demo's {role} {path.name} is not here.",
            why="The demo clips come with the repository, not with the installed program alone.",
            remedy="name a video of your own, or work in a copy of the repository",
        )
    return path


def is_demo(path: Path) -> bool:
    """Whether a video is one of the demo's."""
    return path.parent.resolve() == CLIPS.resolve()


def demo_record(role: str) -> dict[str, Any]:
    """The fields of the record (`consent_new`) of the one who lends the face (`face`) or plays (`performer`)."""
    return {
        "subject": PEOPLE[role],
        "role": role,
        "purpose": "showing what Understudy does",
        "production": "The demo of Understudy",
        "channels": ["this machine"],
        "actions": ["train", "render", "publish"],
        "expires": None,
        "basis": "person does not exist",
        "recorded_by": "Understudy's demo",
        "person_exists": False,
    }
