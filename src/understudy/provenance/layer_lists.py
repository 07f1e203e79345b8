"""What stands beside the pictures of an export of layers: geometry, lists of the shots, an explanation, signed records."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..video.timeline import edl, timeline
from . import keys
from .layer_job import INDEX, KINDS, LAYERS, RECORD, LayerJob
from .ledger_store import canonical


def write_geometry(job: LayerJob, index: int, pts: int, faces: list[dict[str, Any]]) -> None:
    """The time of a frame and what is known of its faces."""
    time: Fraction = pts * job.info.time_base
    content = {"frame": index, "pts": pts, "seconds": f"{time.numerator}/{time.denominator}", "timecode": job.timecode(index), "faces": faces}
    (job.folder / "geometry" / f"geometry.{index:06}.json").write_text(json.dumps(content) + "\n", encoding="utf-8")


def write_lists(job: LayerJob) -> None:
    """shots.edl, shots.otio and README.txt."""
    rate, title = job.info.frame_rate, "understudy"
    (job.folder / "shots.edl").write_text(edl(job.shots, rate=rate, start=job.start, drop=job.drop, title=title), encoding="ascii")
    ordered = {layer: job.media(layer) for layer in LAYERS if layer in job.layers}
    (job.folder / "shots.otio").write_text(timeline(ordered, job.shots, rate=rate, start=job.start, title=title), encoding="utf-8")
    lines = [f"  {layer:8}{KINDS[layer]}" for layer in LAYERS if layer in job.layers]
    multiplied = " (the face is already multiplied by the matte)" if job.form == "exr" else ""
    text = f"""Layers for compositing, made by Understudy (record {job.record["record_id"]}).

{chr(10).join(lines)}

result = plate x (1 - matte) + face x matte{multiplied}, before its label and invisible mark.
All values are the video's own code values, on a scale from 0 to 1: not linear light, not tone-mapped
(curve: {job.info.color.transfer}, primaries: {job.info.color.primaries}, matrix: {job.info.color.matrix}).

Face and matte are unlabelled intermediates. They stand on consent records, named in NAME.record.json, and may be used for what is agreed there only.
Whatever is made from them and shown must say that it was altered with AI.

geometry/   for every frame: time, timecode, each face's crop matrix and mesh in pixels
shots.edl, shots.otio   the shots, with the target's timecode
{INDEX}   the signed list of the records; the ledger has its SHA-256
"""
    (job.folder / "README.txt").write_text(text, encoding="utf-8")


def write_signed(path: Path, content: dict[str, Any]) -> None:
    """A record and this machine's signature under it (Ed25519 over its canonical JSON)."""
    signature = {"algorithm": "Ed25519", "public_key": keys.public_key(), "value": keys.sign(canonical(content)).hex()}
    path.write_text(json.dumps({"format": RECORD, "record": content, "signature": signature}, indent=1) + "\n", encoding="utf-8")


def flush(folder: Path) -> None:
    """Bring every file of a folder to the disk."""
    for path in filter(Path.is_file, folder.rglob("*")):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def files_of_layers(index: Path) -> Iterator[Path]:
    """Every file of the export whose signed list is `index`, as far as it is there; nothing that somebody else put beside them."""
    folder = index.parent
    for record in json.loads(index.read_bytes())["record"]["records"]:
        try:
            listed = json.loads((folder / record).read_bytes())["record"]["files"]
        except (OSError, ValueError, KeyError, TypeError):
            listed = {}
        yield from (folder / name for name in listed if (folder / name).is_file())
        yield folder / record
    yield from sorted((folder / "geometry").glob("geometry.*.json"))
    yield from (
        path for name in ("shots.edl", "shots.otio", "README.txt", "result.files.json", "result.files.c2pa") if (path := folder / name).is_file()
    )
    yield index
