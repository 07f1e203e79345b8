"""The label: there, large enough, readable before any background, in every size and layout, and nothing else touched."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from publishing import rendered

from understudy.config import settings_from
from understudy.errors import BadSetting
from understudy.provenance.label import Label, label_for, label_spans, label_text, make_label
from understudy.types import ColorInfo, Planes, VideoInfo
from understudy.video.color import paint, rgb_from_planes

SIZES = [(96, 64), (97, 63), (176, 144), (320, 240), (640, 360), (720, 1280), (1920, 1080), (3840, 2160)]


def video(size, *, transfer="bt709", matrix="bt709", full=False, depth=8, chroma="420", aspect=Fraction(1)) -> VideoInfo:
    color = ColorInfo("bt709", transfer, matrix, full, depth, chroma, True)
    return VideoInfo(Path("x.mp4"), size, Fraction(25), Fraction(1, 25), Fraction(1), 25, 0, color, "h264", "mp4", (), aspect)


def background(info: VideoInfo, kind: str) -> Planes:
    width, height = info.size_wh
    top, dtype = (1 << info.color.bit_depth) - 1, np.uint8 if info.color.bit_depth == 8 else np.uint16
    rng = np.random.default_rng(1)
    y = {
        "black": np.full((height, width), top // 16),
        "white": np.full((height, width), top * 235 // 255),
        "noise": rng.integers(0, top, (height, width)),
    }
    small = {"420": (-(-height // 2), -(-width // 2)), "422": (height, -(-width // 2)), "444": (height, width), "gray": (0, 0)}[info.color.chroma]
    chroma = [np.full(small, middle).astype(dtype) for middle in (top // 3, top * 2 // 3)]
    return Planes(y[kind].astype(dtype), *chroma, info.color)


def light(rgb: np.ndarray, transfer: str = "bt709") -> np.ndarray:
    """Relative luminance of 8- or 16-bit RGB; for PQ of 203 cd/m² white (WCAG 2.2; SMPTE ST 2084)."""
    signal = rgb.astype(np.float64) / np.iinfo(rgb.dtype).max
    if transfer == "smpte2084":
        power = signal ** (1 / 78.84375)
        linear = (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125) * 10000 / 203
    else:
        linear = np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(rgb: np.ndarray, label: Label, transfer: str = "bt709") -> float:
    """Between the label's full-ink pixels and its bare plate, in a whole picture."""
    (x, y), (h, w) = label.patch.xy, label.patch.alpha.shape
    ink = label.patch.rgb[:, :, 0].astype(float)
    seen = light(rgb[y : y + h, x : x + w], transfer)
    letters, plate = seen[ink > 0.9 * ink.max()], seen[ink == ink.min()]
    return float((np.median(letters) + 0.05) / (np.median(plate) + 0.05))


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("size", SIZES)
def test_size_and_place(size, language):
    label = make_label(video(size), language)
    (x, y), (h, w) = label.patch.xy, label.patch.alpha.shape
    assert label.text == label_text(language)
    assert x >= 0 and y >= 0 and x + w <= size[0] and y + h <= size[1]
    # top right: nearer to these sides than to the others
    assert size[0] - (x + w) <= max(x, 2) and y <= size[1] - (y + h)
    assert label.letter_height >= 0.04 * size[1]


def test_letters_are_as_high_as_said():
    label = make_label(video((1920, 1080)), "en")
    rows = np.flatnonzero((label.patch.rgb[:, :, 0] > 40000).any(axis=1))
    gaps = np.flatnonzero(np.diff(rows) > 1)
    first = rows[: gaps[0] + 1] if len(gaps) else rows
    assert abs(first[-1] - first[0] + 1 - label.letter_height) <= 1 and label.letter_height >= 44


@pytest.mark.parametrize("kind", ["black", "white", "noise"])
@pytest.mark.parametrize("chroma", ["420", "422", "444", "gray"])
@pytest.mark.parametrize(
    ("depth", "full", "transfer", "matrix"),
    [(8, False, "bt709", "bt601"), (8, True, "bt709", "bt709"), (10, False, "bt709", "bt709"), (10, False, "smpte2084", "bt2020")],
)
def test_contrast_before_every_background(kind, chroma, depth, full, transfer, matrix):
    for size in ((96, 64), (640, 360)):
        info = video(size, depth=depth, full=full, chroma=chroma, transfer=transfer, matrix=matrix)
        label = make_label(info, "en")
        before = background(info, kind)
        after = paint(before, [label.patch])
        assert contrast(rgb_from_planes(after), label, transfer) >= 4.5
        (x, y), (h, w) = label.patch.xy, label.patch.alpha.shape
        outside = np.ones_like(before.y, bool)
        outside[y : y + h, x : x + w] = False
        assert np.array_equal(before.y[outside], after.y[outside])
        if chroma == "420":
            changed = np.argwhere(before.u != after.u)
            assert changed.min(axis=0).tolist() == [y // 2, x // 2] and changed.max(axis=0).tolist() == [(y + h) // 2 - 1, (x + w) // 2 - 1]


def test_hdr_white_is_graphics_white_and_not_the_brightest_light():
    info = video((640, 360), depth=10, transfer="smpte2084", matrix="bt2020")
    label = make_label(info, "en")
    rgb = rgb_from_planes(paint(background(info, "black"), [label.patch]))
    assert 0.8 < light(rgb, "smpte2084").max() < 1.3


def test_oblong_pixels_keep_the_shape_of_letters():
    square, oblong = make_label(video((720, 576)), "en"), make_label(video((720, 576), aspect=Fraction(64, 45)), "en")
    shown = oblong.patch.alpha.shape[1] * 64 / 45
    assert abs(shown / square.patch.alpha.shape[1] - 1) < 0.05 and oblong.letter_height == square.letter_height


def test_it_stays_inside_the_crops_where_it_can_and_names_those_that_lose_it():
    assert make_label(video((1920, 1080)), "en").lost_in == ("9:16",)
    assert make_label(video((1080, 1080)), "en").lost_in == ("9:16",)
    assert make_label(video((1080, 1080)), "en", heads=[(350, 400, 760, 900)]).lost_in == ()
    assert make_label(video((1080, 1920)), "en").lost_in == ("1:1", "4:5")


def covered(label: Label, head: tuple[int, int, int, int]) -> float:
    """Share of a box (left, top, right, bottom) that the label hides."""
    x, y, w, h = label.box_xywh
    wide, high = min(x + w, head[2]) - max(x, head[0]), min(y + h, head[3]) - max(y, head[1])
    return max(0, wide) * max(0, high) / ((head[2] - head[0]) * (head[3] - head[1]))


@pytest.mark.parametrize("language", ["en", "nl"])
def test_of_the_layouts_that_are_allowed_it_takes_the_one_that_leaves_faces_free(language):
    """A face at the top right of wide video; one that fills the upper half of upright video; one in the middle of a square."""
    for size, head in (((1920, 1080), (1100, 160, 1600, 800)), ((1080, 1920), (250, 260, 850, 1000)), ((512, 512), (150, 90, 360, 400))):
        free, label = make_label(video(size), language), make_label(video(size), language, heads=[head])
        assert covered(label, head) <= covered(free, head) and covered(label, head) < 0.06
        assert label.letter_height >= 0.04 * size[1] and " ".join(label.lines) == label_text(language).replace("\n", " ")


def test_another_corner_needs_a_reason_and_gets_its_own_place(tmp_path):
    with pytest.raises(BadSetting, match="reason"):
        settings_from(flags={"label.place": "bottom-left"})
    chosen = settings_from(flags={"label.place": "bottom-left", "label.reason": "channel-logo"}).label
    with rendered(tmp_path, [3]) as patches:
        label = label_for(video((640, 360)), chosen, patches)
    x, y, w, h = label.box_xywh
    assert x + w <= 320 and y > 180 and y + h <= 360 and (label.place, label.reason) == ("bottom-left", "channel-logo")
    # a reason alone moves nothing
    idle = settings_from(flags={"label.reason": "subtitles"}).label
    with rendered(tmp_path, [3]) as patches:
        assert label_for(video((640, 360)), idle, patches).reason == "none"


def test_even_the_smallest_picture_has_one():
    for size in ((16, 16), (24, 640), (640, 24)):
        label = make_label(video(size), "nl")
        (x, y), (h, w) = label.patch.xy, label.patch.alpha.shape
        assert x >= 0 and x + w <= size[0] and y >= 0 and y + h <= size[1]


def test_spans_are_bridged_below_two_seconds():
    times = [Fraction(i, 10) for i in range(200)]
    assert label_spans(times, []) == []
    assert label_spans(times, [5]) == [(5, 5)]
    assert label_spans(times, [5, 6, 7, 24, 25]) == [(5, 25)]
    assert label_spans(times, [5, 25]) == [(5, 5), (25, 25)]
    # one frame a minute: neighbours belong together however far apart in time
    assert label_spans([Fraction(60 * i) for i in range(5)], [1, 2, 4]) == [(1, 2), (4, 4)]
