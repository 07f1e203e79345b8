"""Opening a video file: which stream is the picture, and what an open or read error means in words."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer
from av.error import DecoderNotFoundError, EOFError, FFmpegError, InvalidDataError
from av.stream import Disposition
from av.video.stream import VideoStream

from ..errors import (
    MediaEmpty,
    MediaError,
    MediaIsFolder,
    MediaNoPicture,
    MediaNotFound,
    MediaNotVideo,
    MediaTruncated,
    MediaUnsupported,
)

_STILL_FORMATS = ("image2", "_pipe", "gif", "tty")
"""Names (or tails of names) of readers that take a picture or any text for a film."""


def check_file(path: Path) -> None:
    """Raise MediaNotFound, MediaIsFolder or MediaEmpty unless `path` is a file with bytes in it."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise MediaNotFound(f"There is no file {path}.", remedy="check the name; put quotes round a path with spaces") from None
    except OSError as error:
        raise MediaError(f"{path} cannot be read.", why=error.strerror or "", remedy="check the permissions of the file and its folders") from None
    if path.is_dir():
        raise MediaIsFolder(f"{path} is a folder, not a video.", remedy="name the video file inside it")
    if status.st_size == 0:
        raise MediaEmpty(f"{path.name} is empty (0 bytes).", why="The copy or download did not happen.", remedy="get the file again")


@contextmanager
def open_media(path: Path) -> Iterator[InputContainer]:
    """Open a media file for reading; every error of the media library becomes one of the tree, in words."""
    check_file(path)
    try:
        # metadata_errors: names in odd encodings are no reason to refuse a film
        with av.open(str(path), "r", metadata_errors="replace") as container:
            if any(name == still or name.endswith(still) for name in container.format.name.split(",") for still in _STILL_FORMATS):
                raise MediaNotVideo(f"{path.name} is not a video.", why=f"It reads as '{container.format.name}'.", remedy="give a video file")
            yield container
    except FFmpegError as error:
        raise _explain(error, path) from error


def picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream that a player shows: the first one marked default, else the first. Cover pictures do not count.

    Raises MediaNoPicture, and MediaUnsupported where its codec is unknown.
    """
    moving = [s for s in container.streams.video if not s.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)]
    if not moving:
        if not container.streams.audio:
            raise MediaNotVideo(f"{path.name} is not a video.", why="There is neither picture nor sound in it.", remedy="give a video file")
        raise MediaNoPicture(f"{path.name} has no moving picture.", why="It has only sound.", remedy="give a video file")
    stream = next((s for s in moving if s.disposition & Disposition.default), moving[0])
    if stream.codec_context is None:
        raise MediaUnsupported(
            f"The picture in {path.name} is in a format that cannot be decoded.", remedy="convert the video to H.264 or HEVC (mp4 or mov)"
        )
    return stream


def _explain(error: FFmpegError, path: Path) -> MediaError:
    if isinstance(error, DecoderNotFoundError):
        return MediaUnsupported(f"{path.name} is in a format that cannot be decoded.", remedy="convert the video to H.264 or HEVC (mp4 or mov)")
    if error.errno in (errno.EACCES, errno.EPERM):
        return MediaError(f"{path} cannot be read.", why="The file does not allow it.", remedy="check the permissions of the file")
    if isinstance(error, InvalidDataError | EOFError):
        if _lacks_index(path):
            return MediaTruncated(
                f"{path.name} is cut short.", why="Its index, which comes at the end, is missing.", remedy="copy or download the file again"
            )
        return MediaNotVideo(f"{path.name} is not a video that can be read.", why="Its content is not that of a video.", remedy="give a video file")
    return MediaError(f"{path.name} cannot be read.", why=error.strerror or str(error), remedy="try to play it; if it does not play, get it again")


def _lacks_index(path: Path) -> bool:
    """True for a file of the mp4 family (ISO 14496-12) without the `moov` box."""
    names = []
    with path.open("rb") as file:
        size = path.stat().st_size
        at = 0
        while at + 8 <= size and len(names) < 1000:
            file.seek(at)
            head = file.read(16)
            length, name = int.from_bytes(head[:4], "big"), head[4:8]
            if length == 1 and len(head) == 16:
                length = int.from_bytes(head[8:16], "big")
            names.append(name)
            if length < 8:
                break
            at += length
    known = {b"ftyp", b"mdat", b"free", b"wide", b"skip"}
    return bool(names) and names[0] in known and b"moov" not in names
