"""Taking a file that a browser sends: streamed to the disk as it comes, limited, looked at, and only then given its name."""

from __future__ import annotations

import re
import secrets
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from .. import api
from ..errors import UnderstudyError, UploadRefused
from ..files import part_of, private_folder, translate
from ..verify.still import STILLS, check_still, is_still

MOST_BYTES = 200 << 30
"""Of one file."""
LEFT_FREE = 1 << 30
"""Bytes of the disk that an upload leaves alone: working files are to come."""
_SUFFIXES = {".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mxf", ".mts", ".m2ts", ".ts", ".mpg", ".mpeg", ".ogv", ".3gp", ".wmv", ".flv"}
_FOUND_WRONG = "the browser did not send it as a file is sent"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an upload may take."""

    most_bytes: int = MOST_BYTES
    left_free: int = LEFT_FREE


async def take_video(request: Request, folder: Path, *, limits: Limits) -> Path:
    """Stream the one file of a multipart request into `folder`, see that it is a video, and return where it is.

    Raises UploadRefused, DiskFull, and the MediaErrors of probing; whatever is raised, nothing is left behind.
    """
    return await _take(request, folder, limits=limits, look=api.video_info, suffixes=_SUFFIXES, suffix=".mp4")


async def take_found(request: Request, folder: Path, *, limits: Limits) -> Path:
    """The same for what is only looked at: a video or a picture."""
    return await _take(request, folder, limits=limits, look=_look_at_found, suffixes=_SUFFIXES | STILLS, suffix=".mp4")


async def take_set(request: Request, folder: Path, *, limits: Limits) -> Path:
    """The same for a packed set of faces; it is only told whether it is a zip, and looked through when it is unpacked."""
    return await _take(request, folder, limits=limits, look=_look_at_set, suffixes={".faceset"}, suffix=".faceset")


def _look_at_found(path: Path) -> None:
    if is_still(path):
        check_still(path)
    else:
        api.video_info(path)


def _look_at_set(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        raise UploadRefused("This is no packed set of faces.", remedy="choose a file that was packed with: understudy faces PROJECT pack FILE")


async def _take(request: Request, folder: Path, *, limits: Limits, look: Callable[[Path], object], suffixes: set[str], suffix: str) -> Path:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limits.most_bytes:
        raise _too_large(limits)
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise UploadRefused("This is no file.", why=_FOUND_WRONG, remedy="drop the video on the page, or choose it there")
    made = not folder.exists()
    private_folder(folder)
    _check_room(folder, int(length) if length.isdigit() else 0, limits)
    incoming = _Incoming(folder, limits, look, suffixes, suffix)
    try:
        parser = MultipartParser(options[b"boundary"], callbacks=incoming.callbacks())  # type: ignore[arg-type]
        async for chunk in request.stream():
            if chunk:
                await run_in_threadpool(parser.write, chunk)
        await run_in_threadpool(parser.finalize)
        return await run_in_threadpool(incoming.finish)
    except (MultipartParseError, ClientDisconnect) as error:
        raise UploadRefused("The file did not arrive whole.", why=str(error) or _FOUND_WRONG, remedy="send it once more") from error
    except OSError as error:
        raise translate(error, folder / incoming.name) from error
    finally:
        incoming.clear()
        if made and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


@dataclass(slots=True)
class _Incoming:
    """The file on its way: what the parser of the multipart body calls."""

    folder: Path
    limits: Limits
    look: Callable[[Path], object]
    suffixes: set[str]
    suffix: str
    """Of a name that has none of `suffixes`."""
    name: str = ""
    part: Path | None = None
    file: IO[bytes] | None = None
    size: int = 0
    whole: bool = False
    _field: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _headers: dict[bytes, bytes] = field(default_factory=dict)

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._headers.clear,
            "on_header_field": lambda data, start, end: self._field.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._begin,
            "on_part_data": self._take,
            "on_end": self._end,
        }

    def _header_end(self) -> None:
        self._headers[bytes(self._field).lower()] = bytes(self._value)
        self._field.clear()
        self._value.clear()

    def _begin(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if b"filename" not in options or self.file is not None:
            raise UploadRefused("This is not one file.", why=_FOUND_WRONG, remedy="send one video at a time")
        self.name = _clean(options[b"filename"].decode("utf-8", "replace"), self.suffixes, self.suffix)
        self.part = part_of(self.folder / f"{secrets.token_hex(4)}-{self.name}")
        self.file = self.part.open("xb")

    def _take(self, data: bytes, start: int, end: int) -> None:
        assert self.file is not None
        before, self.size = self.size, self.size + end - start
        if self.size > self.limits.most_bytes:
            raise _too_large(self.limits)
        if self.size >> 26 != before >> 26:
            _check_room(self.folder, 0, self.limits)
        self.file.write(memoryview(data)[start:end])

    def _end(self) -> None:
        self.whole = True

    def finish(self) -> Path:
        """Look at what came, and give it its name."""
        if self.file is None or self.part is None or not self.whole:
            raise UploadRefused("The file did not arrive whole.", why=_FOUND_WRONG, remedy="send it once more")
        self.file.close()
        try:
            self.look(self.part)
        except UnderstudyError as error:
            # the person knows the file by its own name
            error.what, error.why, error.remedy = (text.replace(self.part.name, self.name) for text in (error.what, error.why, error.remedy))
            raise
        place = _free_name(self.folder, self.name)
        self.part.replace(place)
        self.part = None
        return place

    def clear(self) -> None:
        if self.file is not None:
            self.file.close()
        if self.part is not None:
            self.part.unlink(missing_ok=True)


def _clean(name: str, suffixes: set[str], usual: str) -> str:
    """A file name that is only that: no folder, no hidden file, nothing that a system takes amiss, one of the endings that are taken."""
    base = re.split(r"[/\\]", name)[-1]
    stem, dot, suffix = base.rpartition(".")
    suffix = f".{suffix.lower()}" if dot else ""
    stem = re.sub(r"[^\w .()+-]+", "-", stem if dot else base).strip(" .-")[:80] or "video"
    return stem + (suffix if suffix in suffixes else usual)


def _free_name(folder: Path, name: str) -> Path:
    path, number = folder / name, 2
    while path.exists():
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
        number += 1
    return path


def _check_room(folder: Path, coming: int, limits: Limits) -> None:
    free = shutil.disk_usage(folder).free
    if free - coming < limits.left_free:
        raise UploadRefused(
            "There is not enough room on the disk for this video.",
            why=f"{free / 1e9:.1f} GB are free, of which {limits.left_free / 1e9:.1f} GB are kept for working.",
            remedy=f"free some space on the disk of {folder.parent}",
        )


def _too_large(limits: Limits) -> UploadRefused:
    return UploadRefused(
        "This file is too large.", why=f"The studio takes files of up to {limits.most_bytes / 1e9:.0f} GB.", remedy="cut it into pieces first"
    )
