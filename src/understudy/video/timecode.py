"""SMPTE timecode (ST 12-1): the name that a cutting room has for a frame. It counts frames, also where time and clock drift apart."""

from __future__ import annotations

import re
from fractions import Fraction

_SHAPE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.,])(\d\d\d?)")
_MOST_RATE = 240


def nominal_rate(rate: Fraction) -> int:
    """Frames in a second of timecode: 30 for 30000/1001."""
    return max(1, round(rate))


def is_timecode(text: str, rate: Fraction) -> bool:
    """Whether `text` can count frames at this rate (drop-frame counting is for 30 and 60 only)."""
    found = _SHAPE.fullmatch(text)
    if found is None or nominal_rate(rate) > _MOST_RATE:
        return False
    hours, minutes, seconds, frames = (int(found[n]) for n in (1, 2, 3, 5))
    drop_fits = found[4] == ":" or nominal_rate(rate) % 30 == 0
    return hours < 24 and minutes < 60 and seconds < 60 and frames < nominal_rate(rate) and drop_fits


def frames_of(text: str, rate: Fraction) -> int:
    """The number of frames from 00:00:00:00 to `text`, which must be a timecode at this rate."""
    found = _SHAPE.fullmatch(text)
    if found is None or not is_timecode(text, rate):
        raise ValueError(f"{text} is not a timecode at {rate} frames a second")
    hours, minutes, seconds, frames = (int(found[n]) for n in (1, 2, 3, 5))
    nominal = nominal_rate(rate)
    count = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
    if found[4] == ":":
        return count
    # two numbers of each 30 are left out every minute, but for every tenth
    whole_minutes = hours * 60 + minutes
    return count - nominal // 15 * (whole_minutes - whole_minutes // 10)


def timecode_of(count: int, rate: Fraction, *, drop: bool = False) -> str:
    """The timecode `count` frames after 00:00:00:00; begins again after 24 hours."""
    nominal = nominal_rate(rate)
    if drop:
        left_out = nominal // 15
        in_minute, in_ten = 60 * nominal - left_out, 600 * nominal - 9 * left_out
        tens, rest = divmod(count, in_ten)
        # the first minute of each ten is whole
        minutes = max(0, (rest - left_out) // in_minute)
        count += left_out * (9 * tens + minutes)
    seconds, frames = divmod(count, nominal)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours % 24:02}:{minutes:02}:{seconds:02}{';' if drop else ':'}{frames:02}"
