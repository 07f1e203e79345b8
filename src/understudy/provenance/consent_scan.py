"""The signed paper behind a consent record: a scan or photograph of it, known by its hash, kept beside the record."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..errors import ConsentAltered, ConsentInvalid
from ..files import sha256_file, write_bytes

ScanKind = Literal["pdf", "png", "jpg", "tif"]
_HEADS: tuple[tuple[bytes, ScanKind], ...] = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"II*\0", "tif"),
    (b"MM\0*", "tif"),
)
MOST_BYTES = 50_000_000


class Scan(BaseModel):
    """What a record knows of its signed paper."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sha256: str
    kind: ScanKind


def scan_of(path: Path) -> Scan:
    """Look at a scan. Raises ConsentInvalid where it is no PDF or picture, or too large. Nothing in it is interpreted."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise ConsentInvalid(f"The scan {path} cannot be read.", why=error.strerror or "", remedy="check the name and the permissions") from None
    kind: ScanKind | None = next((kind for start, kind in _HEADS if head.startswith(start)), None)
    if kind is None:
        raise ConsentInvalid(f"{path.name} is not a scan.", why="It is neither a PDF nor a PNG, JPEG or TIFF picture.", remedy="scan the paper again")
    if size > MOST_BYTES:
        raise ConsentInvalid(f"{path.name} is too large for a scan.", remedy=f"make it smaller than {MOST_BYTES // 1_000_000} MB")
    return Scan(sha256=sha256_file(path), kind=kind)


def scan_beside(record: Path, scan: Scan) -> Path:
    """Where the scan of the record at this path lies: `face.consent.json` -> `face.scan.pdf`."""
    return record.with_name(f"{record.name.removesuffix('.json').removesuffix('.consent')}.scan.{scan.kind}")


def keep_scan(scan: Scan, source: Path, place: Path) -> None:
    """Copy the scan to its place, unless it is there. Raises ConsentAltered where `source` is not the scan any more."""
    if source.resolve() == place.resolve():
        return
    data = source.read_bytes()
    write_bytes(place, data)
    check_scan(scan, place)


def check_scan(scan: Scan, place: Path) -> None:
    """Raise ConsentAltered where another file lies in the scan's place. That it is missing is no fault: paper is kept in many places."""
    if place.is_file() and sha256_file(place) != scan.sha256:
        raise ConsentAltered(
            f"{place.name} is not the signed paper that the consent record was made with.",
            why="Its SHA-256 is another one than the record has.",
            remedy="put the original scan back, or take the file away: the record holds by itself",
        )
