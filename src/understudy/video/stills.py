"""Single pictures at full depth for compositing: PNG with 16 bits, and OpenEXR. Values are the video's own code values, never tone-mapped.

PNG names curve and primaries in `cICP` (PNG 3, ITU-T H.273 numbers) and holds straight alpha; OpenEXR names them in its header and holds
colour already multiplied by alpha, as each format's standard says. An XMP packet goes into PNG's `iTXt` (ISO 16684-3), and into the attribute `xmp`
of OpenEXR's header, which has no agreed place for one.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import OpenEXR

from ..errors import OutputError
from ..files import part_of, translate
from ..types import F32, ColorInfo
from .probe import PRIMARIES, TRANSFERS, UNKNOWN_TAG

_HEAD = 33
"""Bytes of a PNG's signature and its first chunk."""


def write_png16(path: Path, picture: F32, *, color: ColorInfo, about: str, xmp: str = "") -> None:
    """`picture` float32 in 0..1: gray (H, W), RGB (H, W, 3), or RGB with straight alpha (H, W, 4). `about` goes in as a comment, `xmp` as it is."""
    values = np.rint(np.clip(picture, 0, 1) * 65535).astype(np.uint16)
    order = {2: values, 3: values[..., [2, 1, 0, 3][: values.shape[-1]]]}[values.ndim]
    data = cv2.imencode(".png", np.ascontiguousarray(order), [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
    code = bytes([_code(PRIMARIES, color.primaries), _code(TRANSFERS, color.transfer), 0, 1])
    chunks = _chunk(b"cICP", code) + _chunk(b"tEXt", b"Comment\0" + about.encode("latin-1", "replace"))
    if xmp:
        # neither compressed nor translated, as the packet must be findable
        chunks += _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp.encode("utf-8"))
    _place(path, data[:_HEAD] + chunks + data[_HEAD:])


def write_exr(path: Path, picture: F32, *, color: ColorInfo, about: str, xmp: str = "") -> None:
    """`picture` float32 in 0..1: gray (H, W), RGB (H, W, 3), or RGB multiplied by alpha (H, W, 4); written as half floats, ZIP."""
    names = "Y" if picture.ndim == 2 else "RGBA"[: picture.shape[2]]
    half = picture.astype(np.float16)
    channels = {name: np.ascontiguousarray(half if picture.ndim == 2 else half[..., n]) for n, name in enumerate(names)}
    header = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "comments": about,
        "understudy:transfer": color.transfer,
        "understudy:primaries": color.primaries,
        **({"xmp": xmp} if xmp else {}),
    }
    part = part_of(path)
    try:
        with OpenEXR.File(header, channels) as file:
            file.write(str(part))
        part.rename(path)
    except OSError as error:
        raise translate(error, path) from error
    except RuntimeError as error:
        # the library says in words only what the system said
        raise _explain(error, path) from error


def _explain(error: RuntimeError, path: Path) -> Exception:
    try:
        # the system says it plainly to whoever writes by hand
        _place(path, bytes(1 << 20))
        path.unlink()
    except (OSError, OutputError) as known:
        return known
    return OutputError(f"{path.name} could not be written.", why=str(error), remedy="try --format png16")


def _place(path: Path, data: bytes) -> None:
    part = part_of(path)
    try:
        part.write_bytes(data)
        part.rename(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise translate(error, path) from error


def _code(table: dict[int, str], name: str) -> int:
    return next((code for code, known in table.items() if known == name), UNKNOWN_TAG)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
