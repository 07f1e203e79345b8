"""The modes and transfers that other programs' users know: each does what its name says, by degrees, and holds still over time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stillface import Altered, encode, mesh_at, performance, picture
from test_merge_render import before_after, detail, render

from understudy.config import MergeSettings
from understudy.merge.membrane import membranes
from understudy.merge.transfer import Transfer, change_for, transferred
from understudy.types import F32, Performance
from understudy.video.color import rgb_from_planes

SIZE, N = (240, 200), 7
KINDS: tuple[Transfer, ...] = ("rct", "lct", "mkl", "idt", "sot", "hist")
TINT = np.float32([18, -10, -14])


def colours(rng: np.random.Generator, mean: tuple[float, float, float], spread: float) -> np.ndarray:
    # no axis so narrow that the limits of what is believed (half to twice the contrast) are met
    mixing = np.linalg.qr(rng.normal(0, 1, (3, 3)))[0] * rng.uniform(0.8, 1.3, 3)
    return np.clip(np.float32(mean) + spread * rng.standard_normal((600, 3)) @ mixing, 0, 255).astype(np.float32)


def lab(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(np.clip(rgb, 0, 255).astype(np.float32)[None] / 255, cv2.COLOR_RGB2Lab)[0]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), shift=st.floats(-40, 40), spread=st.floats(5, 12))
def test_a_transfer_brings_the_colours_over(kind: Transfer, seed: int, shift: float, spread: float) -> None:
    rng = np.random.default_rng(seed)
    face, target = colours(rng, (120, 110, 100), 8), colours(rng, (120 + shift, 110, 100 - shift / 2), spread)
    change = change_for(kind, face, target)
    moved = change(face)
    assert np.abs(moved.mean(0) - target.mean(0)).max() < 2.5
    # rct moves the spreads of L*a*b*, and may widen those of RGB
    before, after, wanted = ((lab(x) if kind == "rct" else x).std(0) for x in (face, moved, target))
    assert np.abs(after - wanted).sum() < 1.1 * np.abs(before - wanted).sum() + 2.5
    np.testing.assert_allclose(transferred(face, change, degree=0), face, atol=1e-4)
    half = transferred(face, change, degree=0.5)
    np.testing.assert_allclose(half, (face + moved) / 2, atol=0.01)
    far = change(np.float32([[0, 0, 0], [255, 255, 255]]))
    assert np.isfinite(far).all() and np.abs(far).max() < 900


def test_a_membrane_goes_on_smoothly_from_the_border() -> None:
    size = 128
    x, y = np.meshgrid(np.linspace(-1, 1, size), np.linspace(-1, 1, size))
    share = np.clip((0.75 - np.hypot(x, y)) * 12, 0, 1).astype(np.float32)
    ramp = np.stack([100 + 40 * x, 90 + 20 * y, 80 + 0 * x], 2).astype(np.float32)
    spoiled = ramp + 60 * np.exp(-(x**2 + y**2) / 0.05)[..., None].astype(np.float32)
    face, target = membranes(spoiled, ramp, share)
    inner = cv2.resize(share, face.shape[1::-1], interpolation=cv2.INTER_AREA) > 0.9
    exact = cv2.resize(ramp, face.shape[1::-1], interpolation=cv2.INTER_AREA)
    # a linear ramp is its own smooth continuation, and what lies inside does not count
    assert np.abs(face - exact)[inner].max() < 3 and np.abs(target - exact)[inner].max() < 3


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Performance]:
    mesh = mesh_at((120, 100), 130)
    path = encode(tmp_path_factory.mktemp("modes") / "still.mp4", [picture(SIZE, mesh, grain=1.0, seed=n) for n in range(N)])
    return path, performance([mesh] * N, size=192)


def merged(still: tuple[Path, Performance], out: Path, change: Any, **chosen: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(before, after (N, H, W, 3) as float32, alpha (N, H, W))."""
    path, acted = still
    render(path, out, acted, swapper=Altered(change), settings=MergeSettings(**chosen))
    rows = before_after(path, out)
    pictures = [np.stack([rgb_from_planes(row[k], depth=8) for row in rows]).astype(np.float32) for k in (1, 2)]
    return pictures[0], pictures[1], np.stack([row[3] for row in rows])


def tinted(rgb: F32, n: int) -> F32:
    return np.asarray(rgb + TINT, np.float32)


@pytest.mark.parametrize(
    "chosen",
    [
        *({"transfer": kind} for kind in ("rct", "lct", "mkl", "idt", "sot")),
        {"mode": "hist-match"},
        {"mode": "seamless"},
        {"mode": "seamless", "transfer": "none"},
    ],
    ids=lambda chosen: " ".join(chosen.values()),
)
def test_a_tinted_face_gets_the_targets_colour_and_holds_still(chosen: dict[str, str], still: tuple[Path, Performance], tmp_path: Path) -> None:
    before, after, alpha = merged(still, tmp_path / "a.patches", tinted, **chosen)
    solid = alpha > 250
    away = (after - before)[solid].mean(0)
    assert np.abs(away).max() < 4, away
    means = np.array([picture[mask].mean(0) for picture, mask in zip(after - before, solid, strict=True)])
    assert np.abs(np.diff(means, axis=0)).max() < 0.6
    none = merged(still, tmp_path / "b.patches", tinted, **chosen, colour=0)[1]
    assert np.abs((none - before)[solid].mean(0) - TINT).max() < 4, "at degree 0 nothing of it is done"


def test_raw_is_as_it_was_made(still: tuple[Path, Performance], tmp_path: Path) -> None:
    before, after, alpha = merged(still, tmp_path / "a.patches", tinted, mode="raw")
    assert np.abs((after - before)[alpha > 250].mean(0) - TINT).max() < 2
    near = np.stack([cv2.dilate(mask, np.ones((5, 5), np.uint8)) for mask in alpha])
    assert (after == before)[near == 0].all()


def test_the_mask_is_drawn_in_and_let_out(still: tuple[Path, Performance], tmp_path: Path) -> None:
    areas = [(merged(still, tmp_path / "a.patches", tinted, erode=erode)[2] > 128).sum() for erode in (0.15, 0.05, 0.0, -0.1)]
    assert areas[0] < 0.85 * areas[1] < 0.95 * areas[2] and areas[3] >= areas[2]


def test_the_face_is_scaled(still: tuple[Path, Performance], tmp_path: Path) -> None:
    areas = [(merged(still, tmp_path / "a.patches", tinted, face_scale=scale, mode="raw", erode=-0.1)[2] > 128).sum() for scale in (0.85, 1.0)]
    assert 0.65 < areas[0] / areas[1] < 0.9


def test_sharper_softer_and_of_fewer_pixels(still: tuple[Path, Performance], tmp_path: Path) -> None:
    found = {}
    for name, chosen in {
        "plain": {},
        "sharp": {"sharpen": 0.8},
        "soft": {"sharpen": -0.8},
        "few": {"output_scale": 0.25, "mode": "raw"},
        "raw": {"mode": "raw"},
    }.items():
        _, after, alpha = merged(still, tmp_path / "a.patches", lambda rgb, n: rgb, **chosen)
        found[name] = detail(after[3].astype(np.uint8), alpha[3] > 250)
    assert found["sharp"] > 1.25 * found["plain"] > 1.6 * found["soft"]
    assert found["few"] < 0.6 * found["raw"]
