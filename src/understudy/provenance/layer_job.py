"""What the parts of one export of layers share: which frames, which files, which names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ..types import Shot, VideoInfo
from ..video.timecode import frames_of, is_timecode, timecode_of
from . import credentials

Layer = Literal["plate", "face", "matte", "result"]
LayerFormat = Literal["png16", "exr", "prores4444"]
LAYERS: tuple[Layer, ...] = get_args(Layer)
RECORD = "understudy.layer/1"
INDEX = "layers.json"
"""Written last: the list of everything in the folder, and what the ledger's row is about."""
ENDINGS = {"png16": "png", "exr": "exr", "prores4444": "mov"}
KINDS = {
    "plate": "the target as decoded, untouched",
    "face": "the swapped face alone: an intermediate for compositing, not to be shown by itself",
    "matte": "how far the face covers the plate: an intermediate for compositing",
    "result": "the merged picture, labelled and marked",
}


@dataclass(frozen=True, slots=True)
class LayerJob:
    """One export, into `folder` while it is unfinished."""

    folder: Path
    target: Path
    info: VideoInfo
    layers: tuple[Layer, ...]
    form: LayerFormat
    shots: tuple[tuple[int, int], ...]
    record: dict[str, Any]

    @property
    def first(self) -> int:
        return self.shots[0][0]

    @property
    def end(self) -> int:
        return self.shots[-1][1]

    @property
    def drop(self) -> bool:
        return self.start_code is not None and self.start_code[8] in ";.,"

    @property
    def start_code(self) -> str | None:
        code = self.info.timecode
        return code if code is not None and is_timecode(code, self.info.frame_rate) else None

    @property
    def start(self) -> int:
        """The timecode's count of the target's frame 0."""
        return frames_of(self.start_code, self.info.frame_rate) if self.start_code else 0

    def timecode(self, index: int) -> str:
        return timecode_of(self.start + index, self.info.frame_rate, drop=self.drop)

    def about(self, layer: str) -> str:
        return f"Understudy layer '{layer}': {KINDS[layer]}. {credentials.SOURCE_TYPE if layer != 'plate' else ''} {self.record['record_id']}"

    def media(self, layer: str) -> str:
        return f"{layer}.mov" if self.form == "prores4444" else f"{layer}/{layer}..{ENDINGS[self.form]}"

    def files(self, layer: str) -> list[Path]:
        found = [self.folder / f"{layer}.mov"] if self.form == "prores4444" else (self.folder / layer).iterdir()
        return sorted(found)


def shots_between(shots: Sequence[Shot], altered: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """(first, end) of every shot from the first to the last in which anything was altered; they follow each other without a gap."""
    ranges = [(shot.start_index, shot.end_index) for shot in shots]
    touched = [n for n, (first, end) in enumerate(ranges) if any(first <= index < end for index in altered)]
    return tuple(ranges[touched[0] : touched[-1] + 1]) if touched else ((altered[0], altered[-1] + 1),)
