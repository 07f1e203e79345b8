"""A faceset as one file: a zip of its four files, their checksums, and the consent record that it stands on. No pickle, nothing that runs.

The list of contents is signed by the machine that packed it; the signature says where it comes from, the checksums that it is whole.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from ..errors import PackBroken
from ..files import put_folder, sha256_file, translate, whole_file
from .extract import load_faceset

FORMAT = "understudy.faceset/1"
FILES = ("crops.npy", "masks.npy", "rest.npz", "report.json")
_LIST = "contents.json"
_LARGEST_LIST = 16 << 20
_PIECE = 1 << 20


def pack(folder: Path, file: Path, *, about: Mapping[str, Any], sign: Callable[[bytes], Mapping[str, str]]) -> None:
    """Write the set in `folder` to `file`. `about` goes into the list of contents; `sign` gives the signature over the list."""
    load_faceset(folder)
    sums = {name: {"sha256": sha256_file(folder / name), "bytes": (folder / name).stat().st_size} for name in FILES}
    listed = json.dumps({"format": FORMAT, **about, "files": sums}, sort_keys=True)
    with whole_file(file) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as out:
        out.writestr(_LIST, json.dumps({"contents": listed, "signature": dict(sign(listed.encode()))}))
        for name in FILES:
            out.write(folder / name, name)


def read_list(file: Path, *, holds: Callable[[bytes, Mapping[str, str]], bool]) -> dict[str, Any]:
    """The list of contents. Raises PackBroken where it is not a pack, or where its signature does not hold (`holds`)."""
    try:
        with zipfile.ZipFile(file) as packed:
            if packed.getinfo(_LIST).file_size > _LARGEST_LIST:
                raise ValueError("its list of contents is too long")
            whole = json.loads(packed.read(_LIST))
        listed: dict[str, Any] = json.loads(whole["contents"])
        if listed["format"] != FORMAT or set(listed["files"]) != set(FILES):
            raise ValueError(f"format {listed['format']}")
        if not holds(whole["contents"].encode(), whole["signature"]):
            raise ValueError("the signature of its list of contents does not hold")
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise _broken(file, error) from error
    return listed


def unpack(file: Path, folder: Path, listed: Mapping[str, Any]) -> int:
    """Put the set into `folder` (replaced if it is there) and say how many pictures it has. Raises PackBroken where a checksum is off."""
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        with zipfile.ZipFile(file) as packed:
            for name in FILES:
                with packed.open(name) as data, (part / name).open("wb") as out:
                    if _copied(data, out, most=listed["files"][name]["bytes"]) != listed["files"][name]["sha256"]:
                        raise ValueError(f"the checksum of {name} is off")
        n = len(load_faceset(part))
        put_folder(part, folder)
        return n
    except OSError as error:
        raise translate(error, folder) from error
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise _broken(file, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _copied(data: IO[bytes], out: IO[bytes], *, most: int) -> str:
    """Copy at most `most` bytes (and one more, so that the sum is off) and return their SHA-256."""
    digest, left = hashlib.sha256(), most + 1
    while left and (piece := data.read(min(_PIECE, left))):
        digest.update(piece)
        out.write(piece)
        left -= len(piece)
    return digest.hexdigest()


def _broken(file: Path, error: Exception) -> PackBroken:
    return PackBroken(f"{file.name} is not a whole packed faceset.", why=str(error), remedy="have it packed again: understudy faces … pack")
