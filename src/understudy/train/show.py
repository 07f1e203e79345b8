"""What a round is shown by: the worst and a typical moment of the target and of the pictures held out, beside the last round's."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..types import U8, Faceset, SwappedFace
from .preview import Row, Tile, write_preview
from .target import Target, nearest_picture
from .trainer import Trainer


class Show:
    """The moments, the same in every round, and how they looked after the last one."""

    def __init__(self, faceset: Faceset, target: Target | None) -> None:
        self._set, self._target = faceset, target
        self._held: list[int] = []
        self._last: dict[str, U8] = {}
        self._last_name = ""

    def remember(self, trainer: Trainer, faces: list[SwappedFace], *, number: int) -> None:
        """Take the state as it is for the last round: before the next is shown beside it."""
        for row in self._rows(trainer, faces, name=f"round {number}"):
            self._last[row.caption] = row.tiles[-1].picture
        self._last_name = f"round {number}"

    def write(self, path: Path, trainer: Trainer, faces: list[SwappedFace], *, number: int) -> None:
        """Write the picture of a round; `faces` are the network's on all looks of the target. Raises DiskFull."""
        rows = self._rows(trainer, faces, name=f"round {number}")
        write_preview(path, rows)
        self._last = {row.caption: row.tiles[-1].picture for row in rows}
        self._last_name = f"round {number}"

    def _rows(self, trainer: Trainer, faces: list[SwappedFace], *, name: str) -> list[Row]:
        rows = self._target_rows(self._target, faces, name=name) if self._target is not None else []
        if not self._held:
            self._held = trainer.worst_and_typical()
        for title, held in zip(("worst held out", "typical held out"), self._held, strict=True):
            pictures = trainer.shown(held)
            before = [Tile("source (held out)", pictures["truth"]), Tile("draft", pictures["draft"], made=True)]
            rows.append(self._row(title, before, pictures["trained"], name))
        return rows

    def _target_rows(self, target: Target, faces: list[SwappedFace], *, name: str) -> list[Row]:
        rows = []
        for title, i in zip(("worst", "typical"), target.worst_and_typical(), strict=False):
            look = target.looks[i]
            before = [
                Tile("source", np.asarray(self._set.crops[nearest_picture(self._set, look)])),
                Tile("target", look.crop.rgb),
                Tile("draft", look.put(look.draft), made=True),
            ]
            rows.append(self._row(f"{title}, {look.caption}", before, look.put(faces[i]), name))
        return rows

    def _row(self, caption: str, before: list[Tile], picture: U8, name: str) -> Row:
        last = self._last.get(caption)
        beside = [] if last is None else [Tile(self._last_name, last, made=True)]
        return Row(caption, [*before, *beside, Tile(name, picture, made=True)])
