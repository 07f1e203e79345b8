"""The signed record beside one file out of an export of layers: whether that file is the one that it speaks of.

face.mov                    face.record.json
result/result.000004.png    result.record.json
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files import sha256_file
from ..provenance import keys
from ..provenance.credentials import plain
from ..provenance.layer_job import KINDS, RECORD
from ..provenance.ledger_store import canonical
from ..types import Finding
from .said import Said, finding

PICTURES = frozenset({".png", ".exr"})


@dataclass(frozen=True, slots=True)
class Signed:
    """A record whose signature fits."""

    content: dict[str, Any]
    public_key: str

    @property
    def other_key(self) -> Said | None:
        """The remark where it is not this machine's."""
        return None if keys.have_keys() and self.public_key == keys.public_key() else Said("layers_key")


def read_signed(path: Path) -> Signed | None:
    """What a signed record says; None where its signature does not fit, or it is none."""
    try:
        whole = json.loads(path.read_bytes())
        signature = whole["signature"]
        holds = whole["format"] == RECORD and keys.signature_holds(canonical(whole["record"]), signature["value"], signature["public_key"])
        return Signed(whole["record"], signature["public_key"]) if holds else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def record_of(path: Path) -> tuple[Path, str]:
    """Where the record of a layer's file would be, and what the file is called in it."""
    if path.suffix.lower() in PICTURES:
        return path.parent.parent / f"{path.parent.name}.record.json", f"{path.parent.name}/{path.name}"
    return path.with_name(f"{path.stem}.record.json"), path.name


def layer_finding(path: Path) -> Finding | None:
    """The line on a layer's video or picture; None where no record of ours lies beside it."""
    record, name = record_of(path)
    if not record.is_file() or RECORD.encode() not in record.read_bytes():
        return None
    shown = Said("layers_record", {"name": plain(record.name)})
    signed = read_signed(record)
    if signed is None:
        return finding("layers", "found invalid", "layer_changed", Said("layers_signature", {"name": plain(record.name)}))
    if signed.content.get("files", {}).get(name) != sha256_file(path):
        return finding("layers", "found invalid", "layer_changed", Said("layers_file", {"name": plain(name)}), shown, signed.other_key)
    layer = signed.content["layer"]
    alone = Said("layers_intermediate", {"name": layer}) if signed.content["intermediate"] and layer in KINDS else None
    return finding("layers", "found valid", "layer_whole", shown, signed.other_key, alone)
