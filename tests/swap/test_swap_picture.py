"""Pictures: drawing with the mesh, light, the inside of a mouth, and the whole draft against the truth."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from actors import FACE, clip
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.config import SwapSettings
from understudy.faces.align import take_crop
from understudy.faces.mesh import BROW_LEFT, BROW_RIGHT, FACE_OVAL, LIPS_INNER, canonical, mouth_opening
from understudy.swap.draft import DraftSwapper
from understudy.swap.drive import performance_of_faceset
from understudy.swap.light import gains, measure_light
from understudy.swap.mouth import inside, shortfall
from understudy.swap.planner import DraftDrive
from understudy.swap.regions import eye_weight, inner_weight, mouth_weight
from understudy.swap.strands import strands
from understudy.swap.warp import continued, draw, sample, with_rim
from understudy.types import Drive, FaceCrop, Faceset, Performance
from understudy.video.read import read_frames


def frontal(size: int, *, scale: float = 0.6) -> np.ndarray:
    mesh = np.concatenate([canonical(), np.zeros((10, 3), np.float32)])
    mesh = mesh * (scale * size / np.ptp(canonical()[:, 1]))
    mesh[:, :2] += size / 2
    return mesh.astype(np.float32)


@settings(max_examples=15, deadline=None)
@given(scale=st.floats(0.3, 0.8), step=st.sampled_from([1, 2]), tilt=st.floats(-30, 30))
def test_places_are_carried_to_themselves(scale: float, step: int, tilt: float) -> None:
    mesh = frontal(128, scale=scale)
    turn = np.radians(tilt)
    xy = mesh[:, :2] - 64
    mesh[:, 0], mesh[:, 1] = 64 + np.cos(turn) * xy[:, 0] - np.sin(turn) * xy[:, 1], 64 + np.sin(turn) * xy[:, 0] + np.cos(turn) * xy[:, 1]
    raster = draw(with_rim(mesh), size=128, step=step)
    places = raster.carry(with_rim(mesh)[:, :2], outside=np.nan)
    y, x = np.mgrid[0:128, 0:128]
    inside_mesh = np.zeros((128, 128), np.uint8)
    cv2.fillPoly(inside_mesh, [np.rint(mesh[list(FACE_OVAL), :2]).astype(np.int32)], 1)
    inside_mesh = cv2.erode(inside_mesh, np.ones((5, 5), np.uint8)).astype(bool)
    away = np.abs(places - np.stack([x, y], -1))[inside_mesh]
    assert np.isfinite(away).all()
    assert np.quantile(away, 0.99) < 0.75 * step


def test_near_hides_far() -> None:
    mesh = frontal(128)
    turned = mesh.copy()
    turned[:, 0] = 64 + 0.5 * (mesh[:, 0] - 64) + 0.87 * mesh[:, 2]
    turned[:, 2] = -0.87 * (mesh[:, 0] - 64) + 0.5 * mesh[:, 2]
    depth = draw(with_rim(turned), size=128).carry(continued(turned[:, 2:]), outside=1e9)[..., 0]
    nose = np.rint(turned[1, :2]).astype(int)
    assert depth[nose[1], nose[0]] == pytest.approx(turned[1, 2], abs=3)


def test_regions_lie_where_they_should() -> None:
    assert mouth_weight()[[13, 14, 0, 17]].min() > 0.95 and mouth_weight()[[10, 33, 263, 6]].max() == 0
    assert eye_weight()[[159, 145, 386, 374]].min() > 0.9 and eye_weight()[[1, 13, 152]].max() == 0
    assert inner_weight(0, 1)[list(FACE_OVAL)].max() == 0 and inner_weight(0, 1)[[1, 4, 13]].min() == 1


def test_the_targets_light_reaches_the_source() -> None:
    rng = np.random.default_rng(0)
    landmarks = np.repeat(frontal(128)[None], 12, 0)
    masks = np.full((12, 128, 128), 255, np.uint8)
    steps = np.arange(12, dtype=np.int64)
    skin = np.full((12, 478, 3), 120.0) + rng.normal(0, 1, (12, 478, 3))
    side = np.concatenate([canonical()[:, 0], np.zeros(10)]) / 7
    lit = skin * np.exp(0.4 * side)[None, :, None] * np.asarray([1.1, 1.0, 0.85])
    source = measure_light(skin.astype(np.uint8), masks, landmarks, size=128, steps=steps)
    target = measure_light(np.clip(lit, 0, 255).astype(np.uint8), masks, landmarks, size=128, steps=steps)
    rows = np.arange(12)
    gain = gains(target, rows, source, rows, degree=1.0)
    wanted = lit / skin
    inner = np.flatnonzero(inner_weight(0.3, 0.8) > 0.9)[:400]
    assert np.abs(gain - wanted)[:, inner].mean() < 0.06
    np.testing.assert_allclose(gains(target, rows, source, rows, degree=0.0), 1)


def test_a_beard_of_the_target_is_not_light() -> None:
    landmarks = np.repeat(frontal(128)[None], 6, 0)
    masks, steps = np.full((6, 128, 128), 255, np.uint8), np.arange(6, dtype=np.int64)
    skin = np.full((6, 478, 3), 150, np.uint8)
    bearded = skin.copy()
    below = np.concatenate([canonical()[:, 1] > canonical()[61, 1], np.zeros(10, bool)])
    bearded[:, below] = 60
    plain = measure_light(skin, masks, landmarks, size=128, steps=steps)
    beard = measure_light(bearded, masks, landmarks, size=128, steps=steps)
    gain = gains(beard, np.arange(6), plain, np.arange(6), degree=1.0)
    assert gain[:, below].mean() > 0.75, "the source's chin is not painted dark"


def test_shine_of_the_source_keeps_its_skins_colour() -> None:
    """A grey nose under a cold lamp: under a warm one it is skin. A person's own light is left as it is."""
    landmarks = np.repeat(frontal(128)[None], 6, 0)
    masks, steps = np.full((6, 128, 128), 255, np.uint8), np.arange(6, dtype=np.int64)
    skin = np.tile(np.asarray([170, 130, 110], np.uint8), (6, 478, 1))
    shining = skin.copy()
    nose = np.concatenate([np.linalg.norm(canonical() - canonical()[4], axis=1) < 1.5, np.zeros(10, bool)])
    shining[:, nose] = 150
    plain, grey = (measure_light(colours, masks, landmarks, size=128, steps=steps) for colours in (skin, shining))
    rows = np.arange(6)
    made = gains(plain, rows, grey, rows, degree=1.0)[0, 4] * shining[0, 4]
    assert made[0] / made[2] > 1.25 > 1.0 == shining[0, 4, 0] / shining[0, 4, 2]
    np.testing.assert_allclose(gains(grey, rows, grey, rows, degree=1.0), 1, atol=1e-3)


def test_hard_light_is_softened_as_far_as_the_targets_is_soft() -> None:
    """Streaks of light and shade two centimetres apart, on a target with none, with weak and with as strong ones that lie elsewhere."""
    landmarks = np.repeat(frontal(128)[None], 6, 0)
    masks, steps, rows = np.full((6, 128, 128), 255, np.uint8), np.arange(6, dtype=np.int64), np.arange(6)
    across, down = (np.concatenate([canonical()[:, axis], np.zeros(10)]) for axis in (0, 1))

    def streaks(places: np.ndarray, strength: float) -> np.ndarray:
        colours = np.asarray([150.0, 120.0, 100.0]) * np.exp(strength * np.sin(places * np.pi))[:, None]
        return np.repeat(colours[None], 6, 0).astype(np.uint8)

    hard = streaks(across, 0.14)
    source = measure_light(hard, masks, landmarks, size=128, steps=steps)
    skin = inner_weight(1.0, 1.5) > 0.9
    left = []
    for strength in (0.0, 0.07, 0.14):
        target = measure_light(streaks(down, strength), masks, landmarks, size=128, steps=steps)
        made = np.log(gains(target, rows, source, rows, degree=1.0)[0] * hard[0]).mean(-1)[skin]
        left.append(float(abs(np.corrcoef(made, np.sin(across * np.pi)[skin])[0, 1]) * made.std()))
    assert left[0] < 0.75 * left[2] and left[0] < left[1] < left[2]


def test_hair_next_to_skin_is_not_light() -> None:
    """A lock over one cheek, and the shadow beside it: the cheek is not lit more for it."""
    landmarks = np.repeat(frontal(128)[None], 6, 0)
    steps = np.arange(6, dtype=np.int64)
    masks = np.full((6, 128, 128), 255, np.uint8)
    edge = int(np.rint(landmarks[0, 205, 0])) - 2
    masks[:, : int(landmarks[0, 152, 1]) - 30, :edge] = 0
    skin = np.full((6, 478, 3), 150, np.uint8)
    shaded = skin.copy()
    shaded[:, landmarks[0, :, 0] < edge + 2] = 60
    full = measure_light(skin, np.full((6, 128, 128), 255, np.uint8), landmarks, size=128, steps=steps)
    hairy = measure_light(shaded, masks, landmarks, size=128, steps=steps)
    gain = gains(full, np.arange(6), hairy, np.arange(6), degree=1.0)
    assert gain[:, [50, 205, 36, 4]].max() < 1.1


def test_a_strand_on_the_forehead_is_found_and_brows_and_bare_skin_are_not() -> None:
    mesh = frontal(256)
    bare = np.full((256, 256, 3), 170, np.uint8)
    for ring in (BROW_RIGHT, BROW_LEFT):
        cv2.fillPoly(bare, [cv2.convexHull(np.rint(mesh[list(ring), :2]).astype(np.int32))], (60, 50, 40))
    assert strands(bare, mesh).max() == 0
    hairy = bare.copy()
    start, end = (np.rint(mesh[i, :2]).astype(int) for i in (109, 9))
    cv2.line(hairy, tuple(map(int, start)), tuple(map(int, (start + end) // 2)), (40, 30, 25), 3)
    found = strands(hairy, mesh)
    on = (start + (end - start) // 4).astype(int)
    assert found[on[1], on[0]] > 0.9
    assert found[int(mesh[4, 1]), int(mesh[4, 0])] == 0 and (found > 0.5).mean() < 0.03


def test_teeth_do_not_stretch() -> None:
    size = 128
    closed, opened = frontal(size), frontal(size)
    opened[list(LIPS_INNER[1:10]), 1] -= 2
    opened[list(LIPS_INNER[11:]), 1] += 14
    assert shortfall(opened, opened) == 0 and shortfall(opened, closed) == 0
    assert shortfall(closed, opened) == 1
    picture = np.full((size, size, 3), 200, np.uint8)
    rgb, alpha = inside(picture, closed, opened, box=(0, 0, size, size))
    middle = np.rint(opened[[13, 14], :2].mean(0)).astype(int)
    assert alpha[middle[1], middle[0]] > 0.9 and alpha[5, 5] == 0
    assert rgb[middle[1], middle[0]].max() < 80, "what nobody has seen is dark, not lip or skin"


def test_pictures_are_sampled_exactly() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    y, x = np.mgrid[0:20, 0:30]
    np.testing.assert_allclose(sample(picture, np.stack([x, y], -1).astype(np.float32)), picture, atol=1)


def test_own_pictures_are_made_again_from_others(source: Faceset) -> None:
    draft = DraftSwapper.fit(source, settings=SwapSettings(), permit=FACE)
    performance = performance_of_faceset(source)
    drives = draft.plan(performance, apart=4)
    errors = []
    for i in range(10, len(source), 20):
        truth = np.asarray(source.crops[i])
        used = {layer.row for layer in drives[i].layers}
        assert all(abs(row - i) > 4 for row in used)
        face = draft.swap(take_crop(truth, np.eye(2, 3), size=source.size), drives[i])
        errors.append(np.abs(face.rgb - truth)[face.alpha > 0.9].mean())
    assert np.mean(errors) < 9


def test_the_result_is_the_source_and_not_the_target(source: Faceset, performance: Performance) -> None:
    """A's face under B's performance, against A's own picture of the same expression, pose and light."""
    draft = DraftSwapper.fit(source, settings=SwapSettings(), permit=FACE)
    drives = draft.plan(performance)
    nearer = []
    for t in range(5, 40, 10):
        index = int(performance.frame_index[t])
        frame = next(iter(read_frames(clip("B_eval"), start_index=index, end_index=index + 1)))
        assert frame.rgb is not None
        crop = take_crop(frame.rgb, performance.crop_from_frame[t], size=performance.size)
        face = draft.swap(crop, drives[t])
        row = int(np.abs(source.frame_index - index).argmin())
        raster = draw(with_rim(drives[t].mesh), size=performance.size)
        truth = sample(np.asarray(source.crops[row]), raster.carry(with_rim(source.landmarks[row])[:, :2]))
        inner = face.alpha > 0.95
        nearer.append(structure_error(face.rgb[inner], truth[inner]) < 0.8 * structure_error(crop.rgb[inner].astype(np.float32), truth[inner]))
    assert all(nearer)


def structure_error(made: np.ndarray, truth: np.ndarray) -> float:
    """Mean difference after the best gain and offset of each channel: the truth stands in its own light."""
    fitted = np.stack([np.polyval(np.polyfit(made[:, c], truth[:, c], 1), made[:, c]) for c in range(3)], 1)
    return float(np.abs(fitted - truth).mean())


@pytest.mark.parametrize("size", [128, 130, 137])
def test_the_face_alone_is_drawn_as_in_the_whole_picture(source: Faceset, performance: Performance, size: int) -> None:
    """Whatever the crop's side divides by, and wherever the face lies, also beside the crop."""
    draft = DraftSwapper.fit(source, settings=SwapSettings(), permit=FACE)
    scale = np.float32(size / performance.size)
    drive = draft.plan(performance)[5]
    crop = FaceCrop(rgb=np.zeros((size, size, 3), np.uint8), crop_from_frame=performance.crop_from_frame[5])
    for away in ((0, 0), (-0.45, -0.35), (0.5, 0.2), (3, 3)):
        mesh = (drive.mesh * scale + np.asarray([away[0] * size, away[1] * size, 0], np.float32)).astype(np.float32)
        face, whole = (make(crop, replace(drive, mesh=mesh)) for make in (draft.swap, draft.whole))
        assert (face.alpha.max() > 0.9) == (away != (3, 3)) and np.abs(face.alpha - whole.alpha).max() < 0.01
        if face.alpha.max() > 0.9:
            assert np.abs(face.rgb - whole.rgb)[face.alpha > 0.5].max() < 3


def test_only_its_own_drives_are_taken(source: Faceset, performance: Performance) -> None:
    draft = DraftSwapper.fit(source, settings=SwapSettings(), permit=FACE)
    own = draft.plan(performance)[0]
    plain = Drive(
        mesh=own.mesh, target_mesh=own.target_mesh, pose_deg=own.pose_deg, blendshapes=own.blendshapes, target_vertex_rgb=own.target_vertex_rgb
    )
    with pytest.raises(TypeError, match="own plan"):
        draft.swap(take_crop(np.zeros((192, 192, 3), np.uint8), np.eye(2, 3), size=192), plain)


def test_a_source_of_three_pictures_is_enough(source: Faceset, performance: Performance) -> None:
    few = Faceset(
        identity_id="p1",
        crops=source.crops[:3],
        masks=source.masks[:3],
        landmarks=source.landmarks[:3],
        pose_deg=source.pose_deg[:3],
        blendshapes=source.blendshapes[:3],
        sharpness=source.sharpness[:3],
        vertex_rgb=source.vertex_rgb[:3],
        frame_index=source.frame_index[:3],
        track_number=source.track_number[:3],
        crop_from_frame=source.crop_from_frame[:3],
    )
    draft = DraftSwapper.fit(few, settings=SwapSettings(), permit=FACE)
    face = draft.swap(take_crop(np.zeros((192, 192, 3), np.uint8), np.eye(2, 3), size=192), draft.plan(performance)[3])
    assert np.isfinite(face.rgb).all() and face.alpha.max() > 0.9


def test_teeth_that_the_source_never_shows_are_the_performers(source: Faceset, performance: Performance) -> None:
    """A source with pictures of a closed mouth only; a performer with a picture painted green between the lips."""
    closed = np.flatnonzero(mouth_opening(source.landmarks) < 0.02)[:20]
    names = ("crops", "masks", "landmarks", "pose_deg", "blendshapes", "sharpness", "vertex_rgb", "frame_index", "track_number", "crop_from_frame")
    silent = replace(source, **{name: np.asarray(getattr(source, name))[closed] for name in names})
    t = int(mouth_opening(performance.landmarks).argmax())
    crop = np.zeros((performance.size, performance.size, 3), np.uint8)
    cv2.fillPoly(crop, [np.rint(performance.landmarks[t, list(LIPS_INNER), :2]).astype(np.int32)], (0, 255, 0))

    def green(faceset: Faceset) -> float:
        draft = DraftSwapper.fit(faceset, settings=SwapSettings(), permit=FACE)
        drive = draft.plan(performance)[t]
        x, y = np.rint(drive.mesh[[13, 14], :2].mean(0)).astype(int)
        rgb = draft.swap(FaceCrop(crop, np.eye(2, 3, dtype=np.float32)), drive).rgb[y, x]
        return float(rgb[1] - rgb[[0, 2]].max())

    assert green(silent) > 150 and green(source) < 40


def test_lips_that_the_source_never_makes_are_told_for_the_whole_performance(source: Faceset, performance: Performance) -> None:
    """The whole source knows the performer's open mouths; its closed ones alone do not."""
    closed = np.flatnonzero(mouth_opening(source.landmarks) < 0.02)[:20]
    names = ("crops", "masks", "landmarks", "pose_deg", "blendshapes", "sharpness", "vertex_rgb", "frame_index", "track_number", "crop_from_frame")
    silent = replace(source, **{name: np.asarray(getattr(source, name))[closed] for name in names})
    known, unknown = (
        [drive.borrowed for drive in DraftSwapper.fit(faceset, settings=SwapSettings(), permit=FACE).plan(performance)]
        for faceset in (source, silent)
    )
    assert np.median(known) == 0 and max(known) < 0.5
    assert min(unknown) > 0.5


def test_teeth_and_shine_are_not_raised_with_dark_skin(source: Faceset, performance: Performance) -> None:
    """A source with skin half as bright and a white dot on the cheek: the dot does not get twice as bright with the skin."""
    lamp = replace(performance, vertex_rgb=np.clip(performance.vertex_rgb.astype(np.float32) * 1.3, 0, 230).astype(np.uint8))
    crops = (np.asarray(source.crops) * 0.5).astype(np.uint8)
    dark = replace(source, crops=crops, vertex_rgb=(source.vertex_rgb * 0.5).astype(np.uint8))
    dotted = crops.copy()
    for picture, mesh in zip(dotted, source.landmarks, strict=True):
        x, y = np.rint(mesh[50, :2]).astype(int)
        cv2.circle(picture, (int(x), int(y)), 2, tuple(int(c) for c in np.minimum(picture[y, x] * 1.5, 255)), -1)
    crop = FaceCrop(np.zeros((performance.size, performance.size, 3), np.uint8), np.eye(2, 3, dtype=np.float32))

    def at_dot(faceset: Faceset) -> float:
        draft = DraftSwapper.fit(faceset, settings=SwapSettings(), permit=FACE)
        drive = draft.plan(lamp)[0]
        assert isinstance(drive, DraftDrive)
        x, y = np.rint(drive.mesh[50, :2]).astype(int)
        return float(draft.swap(crop, replace(drive, brightest=None)).rgb[y - 1 : y + 2, x - 1 : x + 2].mean())

    assert 1.02 < at_dot(replace(dark, crops=dotted)) / at_dot(dark) < 1.3


def test_shine_of_the_source_does_not_turn_white_under_a_stronger_lamp(source: Faceset, performance: Performance) -> None:
    """The whole face of the performer is brighter; the skin of the result is hardly brighter than theirs, and teeth and eyes may be."""
    bright = np.clip(performance.vertex_rgb.astype(np.float32) * 1.4, 0, 235).astype(np.uint8)
    lamp = replace(performance, vertex_rgb=bright)
    draft = DraftSwapper.fit(source, settings=SwapSettings(), permit=FACE)
    drive = draft.plan(lamp)[0]
    assert isinstance(drive, DraftDrive) and drive.brightest is not None
    crop = FaceCrop(np.zeros((performance.size, performance.size, 3), np.uint8), np.eye(2, 3, dtype=np.float32))
    over = []
    for limited in (drive, replace(drive, brightest=None)):
        face = draft.swap(crop, limited)
        cheeks = np.zeros(face.alpha.shape, np.uint8)
        cv2.fillPoly(cheeks, [np.rint(drive.mesh[[50, 205, 4, 425, 280, 6], :2]).astype(np.int32)], 1)
        beyond = np.maximum(face.rgb - drive.brightest, 0)[(cheeks > 0) & (face.alpha > 0.5)]
        over.append(float(np.mean(beyond)))
    assert over[0] < 0.4 * over[1]


@pytest.mark.parametrize("tone", [(1.0, 1.0, 1.0), (1.0, 0.85, 0.65)], ids=["grey", "sepia"])
def test_a_picture_without_colour_gets_a_face_without_colour(source: Faceset, performance: Performance, tone: tuple[float, float, float]) -> None:
    """An old film, or one that was toned: lips are of the skin's tint. In a picture with colour nothing is taken away."""
    draft = DraftSwapper.fit(source, settings=SwapSettings(), permit=FACE)
    toned = (performance.vertex_rgb @ np.asarray([0.2126, 0.7152, 0.0722], np.float32))[..., None] * np.asarray(tone, np.float32)
    crop = FaceCrop(np.zeros((performance.size, performance.size, 3), np.uint8), np.eye(2, 3, dtype=np.float32))

    def variety(of: Performance) -> float:
        face = draft.swap(crop, draft.plan(of)[0])
        tints = np.log(face.rgb[face.alpha > 0.9] + 12)
        tints -= tints.mean(1, keepdims=True)
        return float(np.linalg.norm(tints.std(0)))

    assert variety(replace(performance, vertex_rgb=toned.astype(np.uint8))) < 0.25 * variety(performance)
    drives = draft.plan(performance)
    assert all(isinstance(drive, DraftDrive) and drive.colour_left == 1 for drive in drives)
