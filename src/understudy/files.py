"""Writing files so that a crash, a kill or a full disk never leaves half of one: beside, flushed to the disk, renamed."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import DiskFull, OutputNotWritable


def part_of(path: Path) -> Path:
    """The unfinished name of `path`; keeps the last suffix so that muxers still know the format."""
    return path.with_name(f".{path.stem}.part{path.suffix}")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a `.part` path to write to; when the block succeeds it is fsynced and renamed to `path`, else removed.

    Raises DiskFull and OutputNotWritable in place of the operating system's errors.
    """
    part = part_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        _remove(part)
        raise translate(error, path) from error
    except BaseException:
        _remove(part)
        raise


def _remove(part: Path) -> None:
    """Remove what was begun; nothing was if its folder is not one, or the name is none."""
    with suppress(OSError):
        part.unlink(missing_ok=True)


def private_folder(folder: Path) -> Path:
    """`folder`, made with all that is missing above it, for the user alone."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=0o700, exist_ok=True)
    return folder


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def translate(error: OSError, path: Path) -> Exception:
    """The error of the tree that says in words what an OSError at `path` means; the error itself if it is another one."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(
            f"The disk is full: {path.name} could not be written.",
            why="Everything that was finished before is kept.",
            remedy=f"free some space on the disk of {path.parent}, then run the same command again",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG):
        return _not_writable(path)
    return error


def _not_writable(path: Path) -> OutputNotWritable:
    return OutputNotWritable(
        f"{path} cannot be written.",
        why=f"The folder {path.parent} does not allow it.",
        remedy="choose another folder with -o, or make it writable",
    )


def put_folder(part: Path, folder: Path) -> None:
    """Let a finished folder take its place (of an older one, if there is one), so that it outlives a power cut."""
    for file in part.iterdir():
        with file.open("rb+") as handle:
            os.fsync(handle.fileno())
    sync_folder(part)
    if folder.exists():
        old = part_of(folder).with_suffix(".old")
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
        part.rename(folder)
        shutil.rmtree(old)
    else:
        part.rename(folder)
    sync_folder(folder.parent)


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a small file whole or not at all."""
    with whole_file(path) as part:
        try:
            part.write_bytes(data)
        except FileNotFoundError as error:
            # the folder is there and takes no files, as /proc does
            raise _not_writable(path) from error


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode("utf-8"))
