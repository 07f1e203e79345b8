"""HDR's static metadata (SMPTE ST 2086 mastering display, CTA-861.3 light levels): from a decoded frame to an encoder's words."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from fractions import Fraction
from typing import cast

from av.sidedata.sidedata import SideData, Type
from av.video.frame import VideoFrame

from ..types import HdrStatic

_CHROMATICITY_UNIT = 50000
_LUMINANCE_UNIT = 10000
_MASTERING = struct.Struct("=20i2i")
"""libavutil's AVMasteringDisplayMetadata: ten fractions (R, G, B, white as x and y; least and greatest luminance), two flags."""


def static_metadata(frame: VideoFrame) -> HdrStatic | None:
    """What the frame says about the display it was graded on and how bright it gets; None where it says neither."""
    sides = cast(Iterable[SideData], frame.side_data)
    found = {side.type: bytes(side) for side in sides}
    mastering = found.get(Type.MASTERING_DISPLAY_METADATA)
    light = found.get(Type.CONTENT_LIGHT_LEVEL)
    display = _mastering(mastering) if mastering is not None and len(mastering) >= _MASTERING.size else None
    levels = struct.unpack_from("=2I", light) if light is not None else None
    return HdrStatic(display, levels) if display or levels else None


def _mastering(data: bytes) -> tuple[int, ...] | None:
    values = _MASTERING.unpack_from(data)
    if not (values[20] and values[21]) or 0 in values[1:20:2]:
        return None
    parts = [Fraction(values[i], values[i + 1]) for i in range(0, 20, 2)]
    return tuple(round(p * _CHROMATICITY_UNIT) for p in parts[:8]) + tuple(round(p * _LUMINANCE_UNIT) for p in (parts[9], parts[8]))


def _in_units(mastering: tuple[int, ...], *, whole: bool) -> list[str]:
    """As the standard counts, or (SVT-AV1) as chromaticities and cd/m²."""
    if whole:
        return [str(value) for value in mastering]
    units = [_CHROMATICITY_UNIT] * 8 + [_LUMINANCE_UNIT] * 2
    return [f"{value / unit:.6f}" for value, unit in zip(mastering, units, strict=True)]


def encoder_words(hdr: HdrStatic | None, *, codec: str) -> list[str]:
    """`name=value` for libx264 (`x264-params`), libx265 (`x265-params`) or libsvtav1 (`svtav1-params`)."""
    words = []
    if hdr is not None and hdr.mastering is not None:
        rx, ry, gx, gy, bx, by, wx, wy, top, bottom = _in_units(hdr.mastering, whole=codec != "libsvtav1")
        name = "master-display" if codec == "libx265" else "mastering-display"
        words.append(f"{name}=G({gx},{gy})B({bx},{by})R({rx},{ry})WP({wx},{wy})L({top},{bottom})")
    if hdr is not None and hdr.light_levels is not None:
        name = {"libx265": "max-cll", "libsvtav1": "content-light"}.get(codec, "cll")
        words.append(f"{name}={hdr.light_levels[0]},{hdr.light_levels[1]}")
    return words
