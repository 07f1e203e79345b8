"""A file, a folder of layers, or a folder of whatever: which of the checks looks at it."""

from __future__ import annotations

from pathlib import Path

from ..errors import MediaError, MediaIsFolder
from ..events import Context
from .layer_record import PICTURES, layer_finding
from .layers import INDEX, is_layers, verify_layers, verify_picture
from .report import Report
from .report import verify as verify_file
from .still import is_still, verify_still

VIDEOS = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".mts", ".m2ts", ".ts", ".mxf", ".wmv", ".flv", ".3gp", ".ogv"})


def verify(path: Path, *, context: Context | None = None) -> Report:
    """What is known about a video, a picture, a folder of layers, or a picture out of one. Reads only. Raises the MediaErrors; MediaIsFolder for a
    folder of something else."""
    if path.is_file() and path.suffix.lower() in PICTURES and (layer_finding(path) is not None or not is_still(path)):
        return verify_picture(path)
    if path.is_file() and is_still(path):
        return verify_still(path, context=context)
    return verify_layers(path, context=context) if path.is_dir() and is_layers(path) else verify_file(path, context=context)


def verify_all(folder: Path, *, context: Context | None = None) -> tuple[list[Report], list[tuple[Path, MediaError]]]:
    """Reports on every video and every export of layers in a folder and below it, by name; and what could not be looked at, with the reason."""
    if is_layers(folder):
        return [verify(folder, context=context)], []
    reports, failed = list[Report](), list[tuple[Path, MediaError]]()
    exports = [path.parent for path in folder.rglob(INDEX) if is_layers(path.parent)]
    inside = [path for path in folder.rglob("*") if path.suffix.lower() in VIDEOS and path.is_file() and not path.name.startswith(".")]
    videos = [path for path in inside if not any(path.is_relative_to(export) for export in exports)]
    for path in sorted([*videos, *exports]):
        try:
            reports.append(verify(path, context=context))
        except MediaError as error:
            failed.append((path, error))
    if not reports and not failed:
        raise MediaIsFolder(f"{folder} is a folder without videos.", remedy="give a video, or a folder in which there are some")
    return reports, failed
