"""A folder of layers, or one picture out of it: whether every file is the one that was signed, and what the result says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from ..errors import MediaNotVideo
from ..events import Context, Meter
from ..files import sha256_file
from ..provenance import credentials
from ..provenance.credentials import Credentials
from ..provenance.layer_job import INDEX, KINDS
from ..provenance.xmp import says_generated
from ..types import Finding
from .conclude import Evidence, conclude, conflicts
from .credentials import credentials_findings
from .layer_record import layer_finding, read_signed, record_of
from .registry import ledger_finding
from .report import Report, verify
from .said import Said, finding
from .watermark import nothing_seen

_MOST_NAMED = 8
_LISTING = "result.files.json"
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
        findings = (layers_line, *(line for line in video.findings if line.check not in ("ledger", "layers")), ledger_line)
        size, said = index.stat().st_size, video.conflicting
        if layers_line.verdict == "found valid":
            return Report(folder.name, sha256, size, findings, video.conclusion, video.exit_code, said)
        # the video may be whole: the export is not
        proved = video.conclusion == "proved"
        said = (*said, Said("conflict_layers")) if proved else said
        return Report(folder.name, sha256, size, findings, "not_proved" if proved else video.conclusion, 1, said)
    found = _listing(folder)
    findings = (layers_line, *credentials_findings(found), ledger_line, *_unseen(folder))
    seen = Evidence(found, row, nothing_seen(), None, findings)
    conclusion, exit_code = conclude(seen)
    return Report(folder.name, sha256, index.stat().st_size, findings, conclusion, exit_code, conflicts(seen))


def verify_picture(path: Path) -> Report:
    """What is known about one picture of a sequence. Reads only. Raises MediaNotVideo where no record lies beside it."""
    line = layer_finding(path)
    if line is None:
        raise MediaNotVideo(
            f"{path.name} is one picture, and no signed record of layers lies beside it.",
            why=f"It was looked for at {record_of(path)[0]}.",
            remedy="give the whole folder that `understudy layers` made; for single pictures out of one ask `understudy trace` FOLDER",
        )
    sha256, stated = sha256_file(path), says_generated(path)
    found = _listed(path, sha256)
    # the ledger knows an export by its list
    ledger_line = finding("ledger", "not applicable", "layer_ledger")
    unseen = (finding(check, "not applicable", "layers_one_picture") for check in ("watermark", "fingerprint", "forensics"))
    findings = (line, *credentials_findings(found, stated=stated), ledger_line, *unseen)
    seen = Evidence(found, None, nothing_seen(), None, findings, stated)
    conclusion, exit_code = conclude(seen)
    return Report(path.name, sha256, path.stat().st_size, findings, conclusion, exit_code, conflicts(seen))


def _listed(picture: Path, sha256: str) -> Credentials:
    """The credentials of the list of pictures; they speak for this one only where it is in the list as it is."""
    found = _listing(picture.parent.parent) if picture.parent.name == "result" else Credentials("none")
    if found.state != "valid":
        return found
    listed = json.loads((picture.parent.parent / _LISTING).read_bytes())
    return found if listed.get(picture.name) == sha256 else replace(found, state="invalid", problems=("assertion.dataHash.mismatch",))


def _unseen(folder: Path) -> tuple[Finding, ...]:
    said = "layers_mark_sequence" if (folder / "result").is_dir() else "layers_no_video"
    return (
        finding("watermark", "not applicable", said),
        finding("fingerprint", "not applicable", said),
        finding("forensics", "not applicable", said),
    )


def _listing(folder: Path) -> Credentials:
    """The credentials of a result that is a sequence: beside the list of its pictures."""
    listing = folder / _LISTING
    return credentials.read(listing) if listing.is_file() else Credentials("none")


def _layers(folder: Path, meter: Meter) -> Finding:
    index = read_signed(folder / INDEX)
    if index is None:
        return finding("layers", "found invalid", "layers_changed", Said("layers_signature", {"name": INDEX}))
    wrong: list[Said] = []
    compared, known, intermediates, files = 0, set(_UNSIGNED), list[Said](), dict[str, list[str]]()
    for name, sha256 in index.content["records"].items():
        path = folder / name
        signed = read_signed(path)
        known.add(name)
        if signed is None or sha256_file(path) != sha256:
            wrong.append(Said("layers_signature", {"name": credentials.plain(name)}))
            continue
        record = signed.content
        if record["intermediate"] and record["layer"] in KINDS:
            intermediates.append(Said("layers_intermediate", {"name": record["layer"]}))
        files[record["layer"]] = sorted(record["files"])
        for file, expected in record["files"].items():
            meter.context.check()
            known.add(file)
            compared += 1
            place = folder / file
            if not place.is_file() or sha256_file(place) != expected:
                wrong.append(Said("layers_file", {"name": credentials.plain(file)}))
    wrong += [Said("layers_file", {"name": credentials.plain(name)}) for name in _added(folder, known)]
    count = Said("layers_files", {"n": compared})
    if wrong:
        more = Said("layers_more", {"n": len(wrong) - _MOST_NAMED}) if len(wrong) > _MOST_NAMED else None
        return finding("layers", "found invalid", "layers_changed", *wrong[:_MOST_NAMED], more, index.other_key, count)
    names = [name for name in KINDS if any(says_generated(folder / file) for file in files.get(name, ())[:1])]
    stated = Said("layers_stated", {"names": ", ".join(names)}) if names else None
    return finding("layers", "found valid", "layers_whole", index.other_key, count, stated, *intermediates)


def _added(folder: Path, known: set[str]) -> list[str]:
    """Pictures that no record knows. Geometry and what a file manager leaves are not pictures."""
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    extra = {_LISTING, "result.files.c2pa"}
    return sorted(name for name in names - known - extra if not name.startswith(("geometry/", ".")))
