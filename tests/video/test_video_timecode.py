"""Timecode: the names of frames, also where numbers are left out."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.video.timecode import frames_of, is_timecode, timecode_of

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(("text", "rate", "count"), [
    ("00:00:00:00", Fraction(25), 0),
    ("01:00:00:00", Fraction(25), 90000),
    ("00:01:00:00", NTSC, 1800),
    ("00:00:59;29", NTSC, 1799),
    ("00:01:00;02", NTSC, 1800),
    ("00:10:00;00", NTSC, 17982),
    ("01:00:00;00", NTSC, 107892),
    ("01:00:00;00", Fraction(60000, 1001), 215784),
])  # fmt: skip
def test_known_frames(text, rate, count):
    assert frames_of(text, rate) == count and timecode_of(count, rate, drop=";" in text) == text


@given(st.integers(0, 24 * 107892 - 1), st.booleans())
def test_there_and_back(count, drop):
    assert frames_of(timecode_of(count, NTSC, drop=drop), NTSC) == count


@pytest.mark.parametrize("text", ["", "1:2:3:4", "24:00:00:00", "00:00:00:30", "00:61:00:00"])
def test_others_are_none(text):
    assert not is_timecode(text, NTSC)


def test_dropping_is_for_30_and_60_only():
    assert not is_timecode("00:00:00;00", Fraction(25)) and is_timecode("00:00:00;00", Fraction(60000, 1001))
