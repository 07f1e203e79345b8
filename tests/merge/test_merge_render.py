"""Faces back in their frames: on the pixel, on the frame, in the right bits; and nothing else is touched."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from stillface import PERMITS, Altered, encode, mesh_at, metered, performance, permit, picture

from understudy.config import FaceSettings, MergeSettings
from understudy.errors import ConsentMissing, ConsentScope, DiskFull, Interrupted
from understudy.events import Context, Meter
from understudy.faces.align import face_height_px
from understudy.faces.track import track_shot
from understudy.faceset.extract import deserved_size
from understudy.merge.passage import Act, Look
from understudy.merge.patchfile import Patches
from understudy.merge.render import render_shot
from understudy.swap.drive import performance_of
from understudy.types import F32, Drive, Performance, Planes, Shot, Track
from understudy.video.color import paint, rgb_from_planes
from understudy.video.probe import probe
from understudy.video.read import read_frames

ACTOR = Path(__file__).parents[2] / "assets" / "actors" / "synthetic_actor_B_eval.mp4"
N = 24
SIZE = (240, 200)


def render(
    path: Path, out: Path, *performances: Performance, swapper: Any = None, settings: MergeSettings | None = None, context: Context | None = None
):
    context, meter = metered(context)
    report = render_shot(
        path,
        probe(path),
        acts=[Act(p, (Look(swapper or Altered()),)) for p in performances],
        settings=settings or MergeSettings(),
        permits=PERMITS,
        out=out,
        context=context,
        meter=meter,
    )
    return report, meter


def before_after(path: Path, out: Path) -> list[tuple[int, Planes, Planes, np.ndarray]]:
    """(index, before, after, alpha in the frame) of every frame."""
    rows = []
    with Patches([out]) as patches:
        for frame in read_frames(path, want="planes"):
            assert frame.planes is not None
            found = patches.at(frame.index)
            alpha = np.zeros(frame.planes.y.shape, np.uint8)
            for patch in found:
                (x, y), (h, w) = patch.xy, patch.alpha.shape
                assert min(x, y) >= 0 and y + h <= alpha.shape[0] and x + w <= alpha.shape[1], "a patch lies within its frame"
                assert patch.alpha[0].any() and patch.alpha[-1].any() and patch.alpha[:, 0].any() and patch.alpha[:, -1].any(), (
                    "and is no larger than needed"
                )
                alpha[y : y + h, x : x + w] = np.maximum(alpha[y : y + h, x : x + w], patch.alpha)
            rows.append((frame.index, frame.planes, paint(frame.planes, found), alpha))
    return rows


def detail(rgb: np.ndarray, where: np.ndarray) -> float:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.abs(cv2.Laplacian(grey, cv2.CV_32F))[where].mean())


@pytest.fixture(scope="module")
def track() -> Track:
    context = Context()
    with Meter(context, "extract", "B", N) as meter:
        shot = Shot("B", "B-shot", 0, N, 0, N)
        (found,) = track_shot(ACTOR, probe(ACTOR), shot=shot, media_id="B", settings=FaceSettings(), context=context, meter=meter)
    return found


@pytest.fixture(scope="module")
def acted(track: Track) -> Performance:
    return performance_of(track, size=deserved_size(face_height_px(track.landmarks)))


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Performance]:
    """A face that holds still for 14 frames."""
    mesh = mesh_at((120, 100), 120)
    path = encode(tmp_path_factory.mktemp("still") / "still.mp4", [picture(SIZE, mesh, grain=0.5, seed=n) for n in range(14)])
    return path, performance([mesh] * 14, size=192)


def test_the_target_itself_comes_back(acted: Performance, tmp_path: Path) -> None:
    report, meter = render(ACTOR, tmp_path / "a.patches", acted)
    assert report == {"frames": N, "altered": N, "damaged": 0, "confidence": 0.5, "turned_away": {}, "untouched": []} and meter.done == N
    rows = before_after(ACTOR, tmp_path / "a.patches")
    assert [index for index, *_ in rows if index < N] == list(range(N))
    for index, before, after, alpha in rows:
        if index >= N:
            assert not alpha.any()
            continue
        away = np.abs(rgb_from_planes(before, depth=8).astype(int) - rgb_from_planes(after, depth=8))
        assert (alpha > 250).mean() > 0.08
        assert away[alpha > 250].mean() < 1 and np.percentile(away[alpha > 250], 95) <= 3
        np.testing.assert_array_equal(before.y[alpha == 0], after.y[alpha == 0])
        ratio = detail(rgb_from_planes(after, depth=8), alpha > 250) / detail(rgb_from_planes(before, depth=8), alpha > 250)
        assert 0.9 < ratio < 1.15


def test_what_is_changed_moves_with_the_face(acted: Performance, track: Track, tmp_path: Path) -> None:
    tinted = Altered(lambda rgb, n: rgb + np.float32([0, 30, 0]))
    render(ACTOR, tmp_path / "a.patches", acted, swapper=tinted, settings=MergeSettings(colour=0))
    for t, (_, before, after, _alpha) in enumerate(before_after(ACTOR, tmp_path / "a.patches")[:N]):
        green = rgb_from_planes(after, depth=8)[..., 1].astype(int) - rgb_from_planes(before, depth=8)[..., 1]
        changed = (green > 15).astype(np.uint8)
        face = np.zeros_like(changed)
        cv2.fillConvexPoly(face, np.rint(cv2.convexHull(np.ascontiguousarray(track.landmarks[t, :468, :2]))).astype(np.int32), 1)
        assert (changed & ~cv2.dilate(face, np.ones((5, 5), np.uint8))).sum() < 0.001 * face.sum()
        assert (changed & face).sum() > 0.75 * face.sum()


def test_a_wavering_swapper_is_held_steady(still: tuple[Path, Performance], tmp_path: Path) -> None:
    path, acted = still
    rng = np.random.default_rng(3)
    factors = rng.uniform(0.88, 1.12, (20, 3)).astype(np.float32)
    swapper = Altered(lambda rgb, n: rgb * factors[n] + 2 * (n % 2))
    means: dict[float, np.ndarray] = {}
    for degree in (0.0, 1.0):
        render(path, tmp_path / "a.patches", acted, swapper=swapper, settings=MergeSettings(colour=degree))
        rows = before_after(path, tmp_path / "a.patches")
        means[degree] = np.array([rgb_from_planes(after, depth=8)[alpha > 250].mean(0) for _, _, after, alpha in rows])
        own = np.array([rgb_from_planes(before, depth=8)[alpha > 250].mean(0) for _, before, _, alpha in rows])
    assert means[0.0].std(0).max() > 5, "the swapper does waver"
    assert np.abs(np.diff(means[1.0], axis=0)).max() < 0.8
    assert np.abs(means[1.0] - own).max() < 1.5


def test_a_flash_lights_the_face_too(tmp_path: Path) -> None:
    mesh = mesh_at((120, 100), 120)
    frames = [np.clip(picture(SIZE, mesh) * (1.25 if n == 5 else 1.0), 0, 255).astype(np.uint8) for n in range(10)]
    plain = frames[0]
    path = encode(tmp_path / "flash.mp4", frames)
    acted = performance([mesh] * 10, size=192)
    reference = Altered(lambda rgb, n: rgb if n != 5 else rgb / 1.25)
    render(path, tmp_path / "a.patches", acted, swapper=reference)
    _, before, after, alpha = before_after(path, tmp_path / "a.patches")[5]
    a, b = (rgb_from_planes(p, depth=8)[alpha > 250].mean() for p in (before, after))
    assert abs(a - b) < 2 and a > plain.mean() * 1.1


def test_absent_frames_are_not_touched(still: tuple[Path, Performance], tmp_path: Path) -> None:
    path, _ = still
    acted = performance([mesh_at((120, 100), 120)] * 5, size=128, frame_index=[2, 3, 4, 9, 10])
    report, meter = render(path, tmp_path / "a.patches", acted)
    assert (report["frames"], report["altered"], meter.done) == (9, 5, 9)
    assert Patches([tmp_path / "a.patches"]).frames() == [2, 3, 4, 9, 10]


def test_where_the_source_never_turns_that_far_the_face_fades_out_and_that_is_said(still: tuple[Path, Performance], tmp_path: Path) -> None:
    path, acted = still
    shown = [1.0] * 8 + [0.5] * 2 + [0.0] * (len(acted) - 10)

    class NeverTurned(Altered):
        def plan(self, performance: Performance) -> list[Drive]:
            return [replace(drive, shown=share) for drive, share in zip(super().plan(performance), shown, strict=True)]

    report, _ = render(path, tmp_path / "a.patches", acted, swapper=NeverTurned())
    assert Patches([tmp_path / "a.patches"]).frames() == acted.frame_index[:10].tolist()
    assert report["turned_away"] == {"0": len(acted) - 8} and report["untouched"] == []
    shown = [0.0] * len(acted)
    report, _ = render(path, tmp_path / "a.patches", acted, swapper=NeverTurned())
    assert report["altered"] == 0 and report["turned_away"] == {"0": len(acted)} and report["untouched"] == [], "said once"


def test_nobody_at_all(still: tuple[Path, Performance], tmp_path: Path) -> None:
    report, _ = render(still[0], tmp_path / "a.patches")
    assert report["frames"] == report["altered"] == 0 and Patches([tmp_path / "a.patches"]).frames() == []


def test_the_strength_is_the_share(still: tuple[Path, Performance], tmp_path: Path) -> None:
    path, acted = still
    report, _ = render(path, tmp_path / "a.patches", acted, settings=MergeSettings(strength=0))
    assert report["altered"] == 0
    render(path, tmp_path / "a.patches", acted, settings=MergeSettings(strength=0.05))
    assert Patches([tmp_path / "a.patches"]).at(3)[0].alpha.max() == 128, "close to nothing the whole face fades"
    x, y = np.meshgrid(np.arange(192), np.arange(192))
    spot = 70 * np.exp(-((x - 96) ** 2 + (y - 96) ** 2) / 200)[..., None].astype(np.float32)
    spotted = Altered(lambda rgb, n: np.clip(rgb + spot, 0, 255))
    away = []
    for strength in (0.25, 0.5, 1.0):
        render(path, tmp_path / "a.patches", acted, swapper=spotted, settings=MergeSettings(strength=strength))
        _, before, after, alpha = before_after(path, tmp_path / "a.patches")[5]
        assert alpha.max() == 255
        away.append((after.y.astype(int) - before.y)[90:110, 110:130].mean())
    assert away[0] < 0.7 * away[1] < 0.5 * away[2]


@pytest.mark.parametrize(
    ("pix_fmt", "size", "centre", "roll"),
    [
        ("yuv420p10le", (240, 200), (120, 100), 0),
        ("yuv422p10le", (240, 200), (30, 90), 20),
        ("yuv444p", (241, 201), (231, 195), -40),
        ("yuv422p", (240, 201), (120, 8), 180),
        ("gray", (241, 201), (120, 100), 90),
    ],
)
def test_other_depths_odd_sizes_and_faces_cut_by_the_border(
    pix_fmt: str, size: tuple[int, int], centre: tuple[int, int], roll: float, tmp_path: Path
) -> None:
    mesh = mesh_at(centre, 130, roll_deg=roll)
    path = encode(tmp_path / "clip.mp4", [picture(size, mesh)] * 6, pix_fmt=pix_fmt)
    out = tmp_path / "a.patches"
    render(path, out, performance([mesh] * 6, size=256))
    deep = "10" in pix_fmt
    for index, before, after, alpha in before_after(path, out):
        (patch,) = Patches([out]).at(index)
        assert patch.rgb.dtype == (np.uint16 if deep else np.uint8)
        np.testing.assert_array_equal(before.y[alpha == 0], after.y[alpha == 0])
        away = np.abs(rgb_from_planes(before, depth=8).astype(int) - rgb_from_planes(after, depth=8))
        assert away[alpha > 250].mean() < 1.5
    if deep:
        assert len(np.unique(Patches([out]).at(0)[0].rgb)) > 300, "more than 8 bits are really there"
    if centre[0] in (30, 231):
        edge = alpha[:, 0] if centre[0] == 30 else alpha[:, -1]
        assert (edge == 255).sum() > 30, "no seam where the frame itself cuts the face"


def test_a_face_wholly_outside_is_no_patch(tmp_path: Path) -> None:
    mesh = mesh_at((120, 100), 120)
    path = encode(tmp_path / "clip.mp4", [picture(SIZE, mesh)] * 4)
    report, _ = render(path, tmp_path / "a.patches", performance([mesh_at((-400, 100), 120)] * 4, size=128))
    assert report["altered"] == 0


@pytest.mark.parametrize(("of_target", "of_face"), [(1.6, 0.0), (0.0, 0.7), (2.0, 0.5)])
def test_sharpness_follows_the_target(of_target: float, of_face: float, tmp_path: Path) -> None:
    mesh = mesh_at((240, 200), 260)
    size = (480, 400)
    path = encode(tmp_path / "clip.mp4", [picture(size, mesh, blur=of_target)] * 6)
    acted = performance([mesh] * 6, size=384)
    source = cv2.warpAffine(picture(size, mesh, blur=of_face), acted.crop_from_frame[0], (384, 384), flags=cv2.INTER_CUBIC)
    render(path, tmp_path / "a.patches", acted, swapper=Altered(lambda rgb, n: source))
    for _, before, after, alpha in before_after(path, tmp_path / "a.patches"):
        ratio = detail(rgb_from_planes(after, depth=8), alpha > 250) / detail(rgb_from_planes(before, depth=8), alpha > 250)
        assert 0.8 < ratio < 1.2


@pytest.mark.parametrize("height", [40, 700])
def test_small_and_large_faces_keep_their_sharpness(height: int, tmp_path: Path) -> None:
    """A face of 40 pixels in a crop of 128 is reduced on the way back, one of 700 in 512 enlarged."""
    size = (int(height * 1.4) // 2 * 2, int(height * 1.4) // 2 * 2)
    mesh = mesh_at((size[0] / 2, size[1] / 2), height)
    path = encode(tmp_path / "clip.mp4", [picture(size, mesh, blur=0.7)] * 3)
    render(path, tmp_path / "a.patches", performance([mesh] * 3, size=deserved_size(np.float32([height]))))
    _, before, after, alpha = before_after(path, tmp_path / "a.patches")[1]
    ratio = detail(rgb_from_planes(after, depth=8), alpha > 250) / detail(rgb_from_planes(before, depth=8), alpha > 250)
    assert 0.8 < ratio < 1.2


def test_grain_follows_the_target_and_is_the_same_every_time(tmp_path: Path) -> None:
    mesh = mesh_at((120, 100), 120)
    path = encode(tmp_path / "clip.mp4", [picture(SIZE, mesh, grain=4, seed=n) for n in range(6)], crf="1")
    acted = performance([mesh] * 6, size=192)
    clean = cv2.warpAffine(picture(SIZE, mesh), acted.crop_from_frame[0], (192, 192), flags=cv2.INTER_CUBIC)
    files = [tmp_path / "a.patches", tmp_path / "b.patches"]
    for file in files:
        render(path, file, acted, swapper=Altered(lambda rgb, n: clean))
    assert files[0].read_bytes() == files[1].read_bytes()
    rows = before_after(path, files[0])
    flicker = [
        np.abs(rgb_from_planes(rows[3][k], depth=8).astype(int) - rgb_from_planes(rows[2][k], depth=8))[rows[3][3] > 250].mean() for k in (1, 2)
    ]
    assert 0.4 < flicker[1] / flicker[0] < 1.2


def test_a_damaged_frame_is_left_out(make_clip, tmp_path: Path) -> None:
    path = make_clip("hurt.avi", n=20, size=(160, 128), codec="mjpeg", pix_fmt="yuvj420p", options={"qscale": "2"})
    data = bytearray(path.read_bytes())
    starts = [i for i in range(len(data) - 3) if data[i : i + 3] == b"\xff\xd8\xff"]
    data[starts[12] : starts[13] - 16] = bytes(starts[13] - 16 - starts[12])
    path.write_bytes(data)
    shown = {frame.index for frame in read_frames(path)}
    report, meter = render(path, tmp_path / "a.patches", performance([mesh_at((80, 64), 80)] * 20, size=128))
    assert set(Patches([tmp_path / "a.patches"]).frames()) == shown and report["damaged"] == 20 - len(shown) and meter.done == 20


def test_stopping_leaves_nothing_and_the_rest_undone(still: tuple[Path, Performance], tmp_path: Path) -> None:
    path, acted = still
    context = Context()

    def change(rgb: F32, n: int) -> F32:
        if n == 4:
            context.stop.set()
        return rgb

    swapper = Altered(change)
    with pytest.raises(Interrupted):
        render(path, tmp_path / "a.patches", acted, swapper=swapper, context=context)
    assert swapper.calls < len(acted) and list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(still: tuple[Path, Performance], tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, limits[1]))
    try:
        with pytest.raises(DiskFull):
            render(*still[:1], tmp_path / "a.patches", still[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("permits", "error"),
    [
        ((), ConsentMissing),
        (PERMITS[:1], ConsentMissing),
        (PERMITS[1:], ConsentMissing),
        ((permit("face"), permit("performer", actions=("train",))), ConsentScope),
    ],
)
def test_without_consent_nothing_is_rendered(still: tuple[Path, Performance], permits: tuple, error: type, tmp_path: Path) -> None:
    path, acted = still
    context, meter = metered()
    swapper = Altered()
    with pytest.raises(error):
        render_shot(
            path,
            probe(path),
            acts=[Act(acted, (Look(swapper),))],
            settings=MergeSettings(),
            permits=permits,
            out=tmp_path / "a.patches",
            context=context,
            meter=meter,
        )
    assert swapper.calls == 0 and list(tmp_path.iterdir()) == []


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    mesh = mesh_at((120, 100), 120)
    frame = picture(SIZE, mesh)
    peaks = []
    for n in (25, 100):
        path = encode(tmp_path / f"{n}.mp4", [frame] * n, crf="30")
        acted = performance([mesh] * n, size=192)
        tracemalloc.start()
        render(path, tmp_path / "a.patches", acted)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0], "four times as long; how many threads are busy at once differs from run to run"
