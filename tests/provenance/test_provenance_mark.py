"""The invisible mark: read back in every depth and size, after what the world does to videos; never seen where there is none."""

from __future__ import annotations

import itertools
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from actors import clip
from synthetic import cut_clip

from understudy.provenance.mark import fingerprint
from understudy.provenance.mark.code import SYMBOLS, number_of, symbols_of
from understudy.provenance.mark.detect import LEAST_Z, Mark, find
from understudy.provenance.mark.embed import Marker
from understudy.provenance.mark.gather import Gatherer, score
from understudy.provenance.mark.grid import COARSE, COARSEST, FINE, symbol_chips, sync_chips
from understudy.provenance.mark.placement import Placement
from understudy.video.read import read_frames

NUMBER = 0x5EAF00D1
GOLDEN = Path(__file__).with_name("golden")


def lumas(path: Path, count: int = 40) -> list[np.ndarray]:
    """The luma of the first frames, uint8."""
    return [frame.planes.y for frame in itertools.islice(read_frames(path, want="planes"), count) if frame.planes is not None]


def read(frames: list[np.ndarray], depth: int = 8) -> Mark:
    gatherer = Gatherer()
    for y in frames:
        gatherer.add(np.ascontiguousarray(y), depth)
    return find(gatherer)


def marked_with(frames: list[np.ndarray], number: int = NUMBER, depth: int = 8) -> list[np.ndarray]:
    marker = Marker(number)
    return [marker.mark(y, depth) for y in frames]


def encoded(frames: list[np.ndarray], path: Path, crf: int) -> list[np.ndarray]:
    """Through H.264 and back."""
    height, width = frames[0].shape
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": str(crf), "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for y in frames:
            whole = np.full((height * 3 // 2, width), 128, np.uint8)
            whole[:height] = y
            out.mux(stream.encode(av.VideoFrame.from_ndarray(whole, format="yuv420p")))
        out.mux(stream.encode(None))
    return lumas(path, len(frames))


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> list[np.ndarray]:
    """A person who does not exist, at 960x960."""
    return lumas(cut_clip(clip("B_eval"), tmp_path_factory.mktemp("mark") / "b.mp4", n=40, size=(960, 960)))


@pytest.fixture(scope="module")
def marked(plain) -> list[np.ndarray]:
    return marked_with(plain)


def test_a_number_survives_symbols_that_are_wrong():
    noise = np.random.default_rng(2)
    soft = symbols_of(NUMBER) + noise.normal(0, 1.1, SYMBOLS)
    wrong = (soft > 0) != (symbols_of(NUMBER) > 0)
    assert wrong.sum() > 25 and number_of(soft) == NUMBER
    assert number_of(np.where(np.arange(SYMBOLS) % 5 == 0, 0, symbols_of(NUMBER))) == NUMBER
    assert number_of(np.where(np.arange(SYMBOLS) < 80, -1, 1) * symbols_of(NUMBER)) is None


def test_noise_gives_no_number():
    noise = np.random.default_rng(5)
    assert not [soft for soft in noise.normal(size=(40, SYMBOLS)) if number_of(soft) is not None]


def test_the_mark_is_read_and_hardly_seen(plain, marked):
    found = read(marked)
    assert found.present and found.number == NUMBER
    error = np.mean([(a.astype(float) - b) ** 2 for a, b in zip(plain, marked, strict=True)])
    assert 10 * np.log10(255**2 / error) >= 42
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(plain, marked, strict=True)) <= 16


def test_ten_bits(plain):
    wide = [(y.astype(np.uint16) << 2) + 1 for y in plain[:20]]
    made = marked_with(wide, depth=10)
    assert made[0].dtype == np.uint16 and max(int(y.max()) for y in made) < 1024
    found = read(made, 10)
    assert found.present and found.number == NUMBER


@pytest.mark.parametrize("size", [(426, 240), (1921, 1081), (270, 480)])
def test_any_size(plain, size):
    frames = [cv2.resize(y, size, interpolation=cv2.INTER_AREA) for y in plain[:10]]
    found = read(marked_with(frames))
    assert found.present and found.number == NUMBER


def crop(y: np.ndarray) -> np.ndarray:
    height, width = y.shape
    part = y[round(0.03 * height) : round(0.93 * height), round(0.08 * width) : round(0.98 * width)]
    return cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)


def turn(y: np.ndarray) -> np.ndarray:
    height, width = y.shape
    return cv2.warpAffine(y, cv2.getRotationMatrix2D((width / 2, height / 2), -2.2, 1.05), (width, height))


TREATMENTS = {
    "crf 28": lambda frames, path: encoded(frames, path, 28),
    "half size, crf 28": lambda frames, path: encoded([cv2.resize(y, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for y in frames], path, 28),
    "crop": lambda frames, path: [crop(y) for y in encoded(frames, path, 23)],
    "mirror": lambda frames, path: [y[:, ::-1] for y in encoded(frames, path, 23)],
    "turn": lambda frames, path: [turn(y) for y in frames],
    "darker": lambda frames, path: [cv2.convertScaleAbs(y, alpha=0.8) for y in frames],
}


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_copies_are_read(marked, tmp_path, treatment):
    found = read(TREATMENTS[treatment](marked, tmp_path / "copy.mp4"))
    assert found.present and found.number == NUMBER, found.z


def test_a_turned_copy_is_read_though_a_part_of_the_pattern_is_seen_unturned():
    """A plain picture carries the mark so clearly that the search without turns finds it in the middle of the frame, where no number can be read."""
    grain = np.random.default_rng(4)
    ramp = np.tile(np.linspace(60, 190, 640, dtype=np.float32), (360, 1))
    copies = [turn(y) for y in marked_with([np.asarray(ramp + grain.normal(0, 1, ramp.shape), np.uint8) for _ in range(12)])]
    found = read(copies)
    assert found.present and found.number == NUMBER, (found.z, found.placement)


def test_dark_places_are_changed_less():
    grain = np.random.default_rng(4).normal(0, 1, (360, 640))
    dark, bright = ([np.asarray(level + grain, np.uint8)] for level in (24, 120))
    change = [float(np.std(marked_with(frames)[0].astype(float) - frames[0])) for frames in (dark, bright)]
    assert change[0] < 0.7 * change[1]


def test_unmarked_pictures_do_not_trigger(plain):
    noise = np.random.default_rng(1)
    flat = [np.full((240, 320), 90, np.uint8)]
    grain = [noise.integers(0, 255, (360, 640), np.uint8) for _ in range(3)]
    for frames in ([crop(y) for y in plain[:8]], flat, grain):
        assert read(frames).z < LEAST_Z


PATTERNS = {FINE: "fe0c697d3d7723e5", COARSE: "9f75db8795f8a7f2", COARSEST: "78a636912bc738cb"}


@pytest.mark.parametrize("grid", PATTERNS, ids=lambda grid: f"{grid.columns}x{grid.rows}")
def test_the_patterns_stay_what_they_are(grid):
    """What was published is read for ever: another pattern would be another mark."""
    signs = np.packbits(np.concatenate([sync_chips(grid).ravel(), symbol_chips(grid).ravel()]) > 0)
    assert sha256(signs.tobytes()).hexdigest()[:16] == PATTERNS[grid]


def test_what_was_marked_before_very_small_pictures_had_their_own_grid_is_read():
    picture = cv2.imread(str(GOLDEN / "marked_at_180_lines.png"), cv2.IMREAD_GRAYSCALE)
    assert picture is not None and picture.shape == (180, 320)
    found = read([np.asarray(picture, np.uint8)])
    assert found.present and found.number == 0x01D5EED5


def test_a_very_small_picture_is_read_from_half_of_its_size(plain, tmp_path):
    frames = marked_with([cv2.resize(y[:540], (320, 180), interpolation=cv2.INTER_AREA) for y in plain])
    found = read(TREATMENTS["half size, crf 28"](frames, tmp_path / "copy.mp4"))
    assert found.present and found.number == NUMBER, found.z


def test_a_number_that_is_read_counts_for_the_score(plain):
    """In noise the sync pattern alone falls below what is asked long before the number cannot be read."""
    grain = np.random.default_rng(6)
    frames = marked_with([cv2.resize(y, (320, 320), interpolation=cv2.INTER_AREA) for y in plain[:6]])
    noisy = [np.clip(y + grain.normal(0, 62, y.shape), 0, 255).astype(np.uint8) for y in frames]
    gatherer = Gatherer()
    for y in noisy:
        gatherer.add(y, 8)
    alone = max(score(gatherer.view(grid), grid, Placement(aspect=gatherer.aspect)) for grid in (FINE, COARSE, COARSEST))
    found = find(gatherer)
    assert alone < LEAST_Z < found.z and found.number == NUMBER


def test_two_numbers_are_told_apart(plain):
    assert read(marked_with(plain[:10], 7)).number == 7
    assert read(marked_with(plain[:10], 2**32 - 1)).number == 2**32 - 1


def test_the_fingerprint_knows_a_copy_and_no_other(plain, marked):
    known = fingerprint.unpack(fingerprint.pack([fingerprint.sample(y) for y in plain[::10]]))
    copy = np.stack([fingerprint.sample(cv2.resize(crop(y), (300, 200))) for y in marked[5::10]])
    mirrored = np.stack([fingerprint.sample(np.ascontiguousarray(y[:, ::-1])) for y in marked[5::10]])
    other = np.stack([fingerprint.sample(y) for y in lumas(clip("A_eval"), 30)[::10]])
    assert fingerprint.likeness(copy, known) > fingerprint.LIKE and fingerprint.likeness(mirrored, known) > fingerprint.LIKE
    assert fingerprint.likeness(other, known) < fingerprint.LIKE
    assert fingerprint.likeness(known[:0], known) == fingerprint.likeness(known, known[:0]) == -1


def test_fingerprints_stay_small_however_long_the_video():
    sampler = fingerprint.Sampler(Fraction(2 * 3600))
    picture = np.tile(np.arange(64, dtype=np.uint8), (36, 1))
    for second in range(0, 2 * 3600, 2):
        sampler.see(picture, Fraction(second))
    assert len(sampler.samples) <= fingerprint.MOST_SAMPLES and len(fingerprint.pack(sampler.samples)) < 110_000


def test_upright_pictures_carry_the_grid_on_its_side(plain):
    upright = np.ascontiguousarray(plain[0][:, 200:740])
    lying = np.ascontiguousarray(upright.T)
    assert np.array_equal(Marker(NUMBER).mark(upright, 8), Marker(NUMBER).mark(lying, 8).T)


@pytest.fixture(scope="module")
def upright(plain) -> list[np.ndarray]:
    return marked_with([np.ascontiguousarray(y[:, 200:740]) for y in plain[:20]])


@pytest.mark.parametrize("treatment", ["half size, crf 28", "crop", "mirror", "turn"])
def test_upright_copies_are_read(upright, tmp_path, treatment):
    found = read(TREATMENTS[treatment](upright, tmp_path / "copy.mp4"))
    assert found.present and found.number == NUMBER, found.z


def test_the_crop_of_an_upright_picture_is_told_as_the_picture_stands(upright):
    left, top, right, bottom, mirrored = read([np.ascontiguousarray(crop(y)[:, ::-1]) for y in upright]).placement.crop
    assert mirrored and (left, top, right, bottom) == pytest.approx((0.08, 0.03, 0.98, 0.93), abs=0.02)
    left, top, right, bottom, mirrored = read([crop(y) for y in upright]).placement.crop
    assert not mirrored and (left, top, right, bottom) == pytest.approx((0.08, 0.03, 0.98, 0.93), abs=0.02)
