"""Which encoder writes a picture, in which layout of samples and how well: from the settings, the target's own layout and the kind of file."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from ..config import EncodeSettings
from ..errors import BadSetting, OutputFormat
from ..types import ColorInfo, HdrStatic, VideoInfo
from .containers import container_for
from .hdr import encoder_words

_ENDINGS = {"h264": (".mp4", ".mov", ".m4v", ".mkv"), "hevc": (".mp4", ".mov", ".m4v", ".mkv"), "av1": (".mp4", ".mkv"), "prores": (".mov", ".mkv")}
_ENCODERS = {"h264": "libx264", "hevc": "libx265", "av1": "libsvtav1", "prores": "prores_ks"}
_CRF = {
    "h264": {"small": 24, "good": 17, "best": 12},
    "hevc": {"small": 25, "good": 17, "best": 12},
    "av1": {"small": 40, "good": 26, "best": 15},
}
_MOST_CRF = {"h264": 51, "hevc": 51, "av1": 63}
_SVT_PRESETS = {"ultrafast": "9", "veryfast": "8", "fast": "7", "medium": "6", "slow": "4"}
"""SVT-AV1's own numbers for about the same patience; its presets above 9 are not for keeping."""
_PRORES_422, _PRORES_HQ, _PRORES_4444 = "2", "3", "4"


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the pictures of one file are encoded."""

    encoder: str
    """FFmpeg's name of it."""
    options: dict[str, str]
    color: ColorInfo
    """The layout that is written: the target's own where the codec can hold it."""
    tag: str | None = None
    """Four letters that a player asks for."""
    bit_rate: int | None = None
    """Bits a second; None where quality is what is kept."""


def check_encoding(path: Path, encode: EncodeSettings) -> None:
    """Raise what would stop `encoding_for` for a file of this name, before long work: OutputFormat, BadSetting."""
    container_for(path)
    suffix = path.suffix.lower()
    if suffix not in _ENDINGS[encode.codec]:
        raise OutputFormat(
            f"A {suffix} file cannot hold {encode.codec}.",
            why="Hardly any player or editing program would open it.",
            remedy=f"end the output's name with {' or '.join(_ENDINGS[encode.codec])}, or choose another codec: --encode.codec h264",
        )
    if encode.codec == "prores" and (encode.quality == "lossless" or encode.crf >= 0 or encode.bitrate):
        said = "lossless" if encode.quality == "lossless" else "of a chosen crf or bitrate"
        raise BadSetting(f"ProRes is never {said}.", remedy="choose --encode.quality small, good or best, or another codec: --encode.codec hevc")
    if encode.crf >= 0 and encode.bitrate:
        raise BadSetting("Both a crf and a bitrate are set.", why="One keeps the quality, the other the size.", remedy="set one of them")


def encoding_for(info: VideoInfo, encode: EncodeSettings, suffix: str) -> Encoding:
    """The encoder and its words for pictures like the target's. Ask `check_encoding` first."""
    color = replace(info.color, chroma="420") if info.color.chroma == "gray" else info.color
    if encode.codec == "prores":
        return _prores(color, encode)
    options = _rate(encode)
    if encode.codec == "av1":
        # it writes to the terminal by itself, and there is no other way to stop it
        os.environ.setdefault("SVT_LOG", "1")
        lossless = encode.quality == "lossless" and _by_word(encode)
        # in 10 bits its lossless holds within a key frame only (4.0 is off by up to two levels in the frames that lean on others)
        options |= {"preset": _SVT_PRESETS[encode.preset], **({"g": "1"} if lossless and color.bit_depth > 8 else {})}
        words = [*encoder_words(info.hdr, codec="libsvtav1"), *(["lossless=1"] if lossless else [])]
        _say(options, "svtav1-params", words)
        return Encoding("libsvtav1", options, replace(color, chroma="420"), bit_rate=_bits(encode))
    encoder = _ENCODERS[encode.codec]
    # so that a frame that is asked to be a key frame is one at which playing and cutting can begin
    options |= {"preset": encode.preset, "forced-idr": "1"}
    words = encoder_words(info.hdr, codec=encoder)
    if encode.codec == "hevc":
        words += ["log-level=none", *(["lossless=1"] if encode.quality == "lossless" and _by_word(encode) else [])]
    _say(options, f"{encoder.removeprefix('lib')}-params", words)
    # Apple's players take HEVC only under this tag
    return Encoding(encoder, options, color, "hvc1" if encode.codec == "hevc" and suffix != ".mkv" else None, _bits(encode))


def hdr_by_boxes(encode: EncodeSettings, hdr: HdrStatic | None, suffix: str) -> bool:
    """Whether the display that HDR was graded on must be told by the file, as the codec has no place for it."""
    return encode.codec == "prores" and hdr is not None and suffix == ".mov"


def lost_metadata(encode: EncodeSettings, hdr: HdrStatic | None, suffix: str) -> bool:
    """Whether the display that HDR was graded on cannot be told at all. (Its curve and primaries always are.)"""
    return encode.codec == "prores" and hdr is not None and suffix != ".mov"


def _by_word(encode: EncodeSettings) -> bool:
    return encode.crf < 0 and not encode.bitrate


def _bits(encode: EncodeSettings) -> int | None:
    return encode.bitrate * 1000 or None


def _rate(encode: EncodeSettings) -> dict[str, str]:
    if encode.bitrate:
        return {}
    if encode.crf >= 0:
        return {"crf": str(min(encode.crf, _MOST_CRF[encode.codec]))}
    if encode.quality == "lossless":
        # x264's crf 0 is lossless in 8 bits only; the others have a word of their own
        return {"qp": "0"} if encode.codec == "h264" else {}
    return {"crf": str(_CRF[encode.codec][encode.quality])}


def _say(options: dict[str, str], name: str, words: list[str]) -> None:
    if words:
        options[name] = ":".join(words)


def _prores(color: ColorInfo, encode: EncodeSettings) -> Encoding:
    """ProRes is 10-bit, 4:2:2 or 4:4:4, and always in video range."""
    full_colour = encode.quality == "best" and color.chroma == "444"
    profile = _PRORES_422 if encode.quality == "small" else _PRORES_4444 if full_colour else _PRORES_HQ
    written = replace(color, bit_depth=10, chroma="444" if full_colour else "422", full_range=False)
    return Encoding("prores_ks", {"profile": profile, "vendor": "apl0"}, written)
