"""The label of published files is read off their frames, letter by letter: before every background, and after the crops of social media."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from actors import clip
from publishing import publish_clip
from reading import read_capitals

from understudy.provenance import ledger
from understudy.video.read import read_frames

pytestmark = pytest.mark.usefixtures("isolated_home")
CROPS = {"1:1": Fraction(1), "4:5": Fraction(4, 5), "9:16": Fraction(9, 16)}
PLAIN = 2
"""Unaltered frames before and after."""


def backgrounds(width: int, height: int) -> list[np.ndarray]:
    """Twenty, RGB uint8: flat, patterned at the size of the letters and finer, noisy, written over, photographed."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    noise = np.random.default_rng(1)
    step = max(4, height // 24)
    flat = [np.full((height, width, 3), colour, np.uint8) for colour in ((0, 0, 0), (255, 255, 255), (128, 128, 128), (200, 30, 30), (30, 60, 220))]
    waves = [x // step, y // step, (x + y) // step, x // step + y // step, x // 2, (x - width) ** 2 // (step * 90) + y**2 // (step * 90)]
    stripes = [np.repeat(((wave % 2) * 255).astype(np.uint8)[..., None], 3, axis=2) for wave in waves]
    ramp = np.repeat((x * 255 // width).astype(np.uint8)[..., None], 3, axis=2)
    grain = noise.integers(0, 255, (height, width, 3), np.uint8)
    coarse = cv2.resize(noise.integers(0, 255, (height // 12, width // 12, 3), np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    words = []
    for ink, paper in ((255, 0), (0, 255)):
        page = np.full((height, width, 3), paper, np.uint8)
        for line in range(0, height + 40, 2 * step):
            cv2.putText(page, "AI MODIFIED NOT " * 12, (-line % 37, line), (ink, ink, ink), cv2.FontFace("sans"), 2 * step, 650)
        words.append(page)
    person = next(frame.rgb for frame in read_frames(clip("B_eval")) if frame.rgb is not None)
    photo = cv2.resize(person[:, :, :3], (width, height))
    close = cv2.resize(person[60:200, 200:340], (width, height))
    return [*flat, *stripes, ramp, ramp[:, ::-1].copy(), grain, coarse, *words, photo, close, 255 - photo]


def filmed(path: Path, pictures: list[np.ndarray]) -> Path:
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "14"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        out.mux(stream.encode(None))
    return path


def seen(rgb: np.ndarray, box: list[int]) -> str:
    x, y, w, h = box
    return "".join(read_capitals(rgb[y : y + h, x : x + w]))


def centre_crop(size: tuple[int, int], ratio: Fraction) -> tuple[int, int, int, int]:
    """Left, top, width, height of the largest centred cut."""
    width, height = min(size[0], int(size[1] * ratio)), min(size[1], int(size[0] / ratio))
    return -(-(size[0] - width) // 2), -(-(size[1] - height) // 2), width, height


@pytest.mark.parametrize("size", [(1280, 720), (720, 720), (720, 1280)])
def test_it_is_read_before_twenty_backgrounds_and_after_the_crops_that_keep_it(tmp_path, size):
    pictures = backgrounds(*size)
    assert len(pictures) == 20
    plain = [pictures[2]] * PLAIN
    target = filmed(tmp_path / "in.mp4", [*plain, *pictures, *plain])
    made = publish_clip(target, tmp_path / "out.mp4", frames=range(PLAIN, PLAIN + 20), settings={"encode.crf": 26, "encode.preset": "veryfast"})
    told = ledger.rows()[-1].body["label_set"]
    x, y, w, h = told["box_xywh"]
    cuts = {name: centre_crop(size, ratio) for name, ratio in CROPS.items()}
    kept = {name for name, (left, top, wide, high) in cuts.items() if left <= x and top <= y and x + w <= left + wide and y + h <= top + high}
    assert kept == set(CROPS) - set(told["lost_in_crops"]) and kept
    for frame in read_frames(made.path):
        assert frame.rgb is not None
        if not PLAIN <= frame.index < PLAIN + 20:
            assert seen(frame.rgb, [x, y, w, h]) != "AIMODIFIED"
            continue
        assert seen(frame.rgb, [x, y, w, h]) == "AIMODIFIED", frame.index
        for name in kept:
            left, top, wide, high = cuts[name]
            # as a phone shows it: half the pixels
            small = cv2.resize(frame.rgb[top : top + high, left : left + wide], (wide // 2, high // 2), interpolation=cv2.INTER_AREA)
            box = [(x - left + 1) // 2, (y - top + 1) // 2, w // 2 - 1, h // 2 - 1]
            assert seen(small, box) == "AIMODIFIED", (frame.index, name)
