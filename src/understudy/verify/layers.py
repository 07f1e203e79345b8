"""A folder of layers: whether every file in it is the one that was signed, and what the result in it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import MediaNotVideo
from ..events import Context, Meter
from ..files import sha256_file
from ..provenance import credentials, keys
from ..provenance.credentials import Credentials
from ..provenance.layer_job import INDEX, KINDS, RECORD
from ..provenance.ledger import canonical
from ..types import Finding
from .conclude import Evidence, conclude, conflicts
from .credentials import credentials_findings
from .registry import ledger_finding
from .report import Report, verify
from .said import Said, finding
from .watermark import nothing_seen

_MOST_NAMED = 8
_UNSIGNED = {INDEX, "README.txt", "shots.edl", "shots.otio"}
"""Beside the pictures: lists that anybody may make anew; only the first is signed, by itself."""


def is_layers(folder: Path) -> bool:
    """Whether the folder is an export of layers."""
    return (folder / INDEX).is_file()


def verify_layers(folder: Path, *, context: Context | None = None) -> Report:
    """Compare every file of an export of layers with its signed record. Reads only. Raises MediaNotVideo for another folder."""
    if not is_layers(folder):
        raise MediaNotVideo(f"{folder} is no export of layers.", remedy=f"give a video, or a folder with {INDEX} in it")
    context = context or Context()
    index = folder / INDEX
    sha256 = sha256_file(index)
    row, ledger_line = ledger_finding(sha256)
    video = verify(folder / "result.mov", context=context) if (folder / "result.mov").is_file() else None
    with Meter(context, "verify", "Comparing the layers") as meter:
        layers_line = _layers(folder, meter)
    if video is not None:
        # the video in it is looked at as any other; what is said of it stands, and the layers are one line more
        findings = (layers_line, *(line for line in video.findings if line.check != "ledger"), ledger_line)
        broken = layers_line.verdict == "found invalid"
        return Report(folder.name, sha256, index.stat().st_size, findings, video.conclusion, 1 if broken else video.exit_code, video.conflicting)
    found = _listing(folder)
    findings = (layers_line, *credentials_findings(found), ledger_line, *_unseen(folder))
    seen = Evidence(found, row, nothing_seen(), None, findings)
    conclusion, exit_code = conclude(seen)
    if layers_line.verdict == "found valid" and conclusion == "inconclusive":
        conclusion = "not_proved"
    return Report(folder.name, sha256, index.stat().st_size, findings, conclusion, exit_code, conflicts(seen))


def _unseen(folder: Path) -> tuple[Finding, ...]:
    said = "layers_mark_sequence" if (folder / "result").is_dir() else "layers_no_video"
    return (
        finding("watermark", "not applicable", said),
        finding("fingerprint", "not applicable", said),
        finding("forensics", "not applicable", said),
    )


def _listing(folder: Path) -> Credentials:
    """The credentials of a result that is a sequence: beside the list of its pictures."""
    listing = folder / "result.files.json"
    return credentials.read(listing) if listing.is_file() else Credentials("none")


def _layers(folder: Path, meter: Meter) -> Finding:
    index = _signed(folder / INDEX)
    if index is None:
        return finding("layers", "found invalid", "layers_changed", Said("layers_signature", {"name": INDEX}))
    wrong: list[Said] = []
    compared, known, intermediates = 0, set(_UNSIGNED), list[Said]()
    for name, sha256 in index["records"].items():
        path = folder / name
        record = _signed(path)
        known.add(name)
        if record is None or sha256_file(path) != sha256:
            wrong.append(Said("layers_signature", {"name": credentials.plain(name)}))
            continue
        if record["intermediate"] and record["layer"] in KINDS:
            intermediates.append(Said("layers_intermediate", {"name": record["layer"]}))
        for file, expected in record["files"].items():
            meter.context.check()
            known.add(file)
            compared += 1
            place = folder / file
            if not place.is_file() or sha256_file(place) != expected:
                wrong.append(Said("layers_file", {"name": credentials.plain(file)}))
    wrong += [Said("layers_file", {"name": credentials.plain(name)}) for name in _added(folder, known)]
    key = None if _public(folder / INDEX) == (keys.public_key() if keys.have_keys() else "") else Said("layers_key")
    count = Said("layers_files", {"n": compared})
    if wrong:
        more = Said("layers_more", {"n": len(wrong) - _MOST_NAMED}) if len(wrong) > _MOST_NAMED else None
        return finding("layers", "found invalid", "layers_changed", *wrong[:_MOST_NAMED], more, key, count)
    return finding("layers", "found valid", "layers_whole", key, count, *intermediates)


def _added(folder: Path, known: set[str]) -> list[str]:
    """Pictures that no record knows. Geometry and what a file manager leaves are not pictures."""
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    extra = {"result.files.json", "result.files.c2pa"}
    return sorted(name for name in names - known - extra if not name.startswith(("geometry/", ".")))


def _signed(path: Path) -> dict[str, Any] | None:
    """What a signed record says; None where its signature does not fit, or it is none."""
    try:
        whole = json.loads(path.read_bytes())
        signature = whole["signature"]
        holds = whole["format"] == RECORD and keys.signature_holds(canonical(whole["record"]), signature["value"], signature["public_key"])
        return whole["record"] if holds else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _public(path: Path) -> str:
    return json.loads(path.read_bytes())["signature"]["public_key"]
