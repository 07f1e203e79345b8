"""The kinds of video file that can be written, by the ending of the name."""

from __future__ import annotations

from pathlib import Path

from ..errors import OutputFormat

FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}


def container_for(path: Path) -> str:
    """The muxer's name for an output path; OutputFormat where the ending is not one of FORMATS. Ask before long work begins."""
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise OutputFormat(
            f"'{path.suffix or path.name}' is not a kind of video that can be written.",
            why="The ending of the output's name says which kind of file it becomes.",
            remedy=f"end the output's name with {', '.join(FORMATS)}",
        )
    return found
