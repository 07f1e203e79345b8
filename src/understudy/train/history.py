"""Every round that was ever trained: its figures, its words and its picture, one pair of files each, numbered in the order in which they were made.

Nothing here is needed to go on with the training, and nothing is ever overwritten: after going back the new rounds are added behind the old ones.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..files import write_text
from .verdict import Verdict

PICTURE = ".jpg"
_DATA = ".json"


@dataclass(frozen=True, slots=True)
class Round:
    """One round, as it is kept."""

    number: int
    """Which round of the training it was; after going back numbers come again."""
    step: int
    attempt: int
    """How often training had gone back of itself."""
    faces: int
    """Pictures seen since the start."""
    seconds: float
    """Of training since the start."""
    written: float
    """Seconds since 1970."""
    better: bool
    """Whether it is better than the draft, and so may be used."""
    gain: float
    """By how much (mean logarithm of the errors' ratios)."""
    losses: dict[str, float]
    """Means over the round: `loss` and its parts."""
    figures: dict[str, float]
    """Everything measured: of the draft (`draft_…`) and of the network on pictures held out, and on the target (`target_…`)."""
    words: tuple[str, ...]
    """The same for a person."""
    word: str = ""
    """How good it is, in one word (see `verdict.WORDS`)."""
    enough: bool = False
    """Whether more training will not make a difference that can be seen."""
    seconds_left: float | None = None
    """Of training until the next word, or until nothing more is to be gained, as it was foreseen then; None where it could not be."""
    preview: Path | None = field(default=None, compare=False)
    """The picture; None where it is missing."""

    def is_of(self, facts: Mapping[str, Any]) -> bool:
        """Whether it is the round that a checkpoint's facts tell of. After going back steps come again, but never after the same time."""
        return self.step == facts["step"] and self.seconds == facts["seconds"]


class History:
    """The rounds in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def rounds(self) -> list[Round]:
        """All, oldest first; a file that cannot be read is left out."""
        found = []
        for path in sorted(self.folder.glob(f"*{_DATA}")) if self.folder.is_dir() else []:
            made = _read(path)
            if made is not None:
                found.append(made)
        return found

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Whether the round that a checkpoint's facts tell of is here."""
        return any(made.is_of(facts) for made in self.rounds())

    def add(self, facts: Mapping[str, Any], *, batch: int, words: tuple[str, ...], verdict: Verdict, picture: Callable[[Path], None]) -> Round:
        """Keep the round that a checkpoint's facts tell of; `picture` writes its preview to the path that it is given. Raises DiskFull."""
        last = self._last()
        path = self.folder / f"{int(last.stem) + 1 if last else 1:06d}{_DATA}"
        picture(path.with_suffix(PICTURE))
        made = Round(
            number=int(facts["rounds"]),
            step=int(facts["step"]),
            attempt=int(facts["attempt"]),
            faces=int(facts["step"]) * batch,
            seconds=float(facts["seconds"]),
            written=time.time(),
            better=bool(facts["beats_draft"]),
            gain=float(facts["gain"]),
            losses=dict(facts.get("losses", {})),
            figures={
                **facts["trained"],
                **{f"draft_{name}": value for name, value in facts["draft"].items()},
                **{f"target_{name}": value for name, value in facts.get("target", {}).items()},
            },
            words=words,
            word=verdict.word,
            enough=verdict.enough,
            seconds_left=verdict.seconds,
            preview=path.with_suffix(PICTURE),
        )
        write_text(path, json.dumps({name: value for name, value in asdict(made).items() if name != "preview"}, indent=1))
        return made

    def _last(self) -> Path | None:
        return max(self.folder.glob(f"*{_DATA}"), default=None) if self.folder.is_dir() else None


def _read(path: Path) -> Round | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        picture = path.with_suffix(PICTURE)
        return Round(**{**data, "words": tuple(data["words"])}, preview=picture if picture.is_file() else None)
    except (OSError, ValueError, TypeError, KeyError):
        return None
