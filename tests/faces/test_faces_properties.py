"""What must hold for any face and any people: geometry there and back, exact times, and people that do not depend on the order of things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from actors import followed
from hypothesis import example, given, settings
from hypothesis import strategies as st

from understudy.config import FaceSettings
from understudy.events import Context, Meter
from understudy.faces.align import apply, crop_matrices, face_height_px, invert, take_crop
from understudy.faces.masks import track_masks
from understudy.faces.mesh import canonical
from understudy.faces.people import find_people
from understudy.faces.track import track_shot
from understudy.faces.warp import cut, square_matrix
from understudy.types import Shot
from understudy.video.probe import probe
from understudy.video.read import frame_pts, read_frames

ACTORS = Path(__file__).parents[2] / "assets" / "actors"
angles = st.floats(-180, 180)


def mesh(*, scale: float, roll: float, yaw: float, pitch: float, x: float, y: float) -> np.ndarray:
    """(478, 3): the mean face turned, enlarged (pixels a centimetre) and put somewhere, in or outside the picture."""
    r, h, p = np.radians([roll, yaw, pitch])
    rz = np.asarray([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    ry = np.asarray([[np.cos(h), 0, np.sin(h)], [0, 1, 0], [-np.sin(h), 0, np.cos(h)]])
    rx = np.asarray([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    points = scale * canonical() @ (rz @ ry @ rx).T + np.asarray([x, y, 0])
    return np.concatenate([points, points[:10]]).astype(np.float32)


faces = st.builds(
    mesh, scale=st.floats(1, 150), roll=angles, yaw=st.floats(-60, 60), pitch=st.floats(-40, 40), x=st.floats(-900, 4700), y=st.floats(-900, 3000)
)


@settings(max_examples=60, deadline=None)
@given(faces, st.sampled_from([64, 128, 256, 512]))
def test_crop_and_frame_are_each_others_inverse(landmarks: np.ndarray, size: int) -> None:
    matrix = crop_matrices(landmarks, size=size)
    there = apply(matrix, landmarks)
    back = apply(invert(matrix), there)
    height = float(face_height_px(landmarks))
    np.testing.assert_allclose(back[:, :2], landmarks[:, :2], atol=2e-3 * height + 2e-3)
    np.testing.assert_allclose(back[:, 2], landmarks[:, 2], atol=2e-3 * height + 2e-3)


@settings(max_examples=60, deadline=None)
@given(faces)
def test_in_its_crop_every_face_is_upright_alike_large_and_in_the_middle(landmarks: np.ndarray) -> None:
    small = apply(crop_matrices(landmarks, size=256), landmarks)
    assert face_height_px(small) == pytest.approx(0.62 * 256, rel=5e-3)
    level = crop_matrices(small, size=256)
    np.testing.assert_allclose(level[:, :2], np.eye(2), atol=6e-3)
    np.testing.assert_allclose(level[:, 2], 0, atol=0.8)


@settings(max_examples=25, deadline=None)
@example(side=256.5, angle=3.0, x=0.0, y=0.0)
@given(st.floats(30, 400), st.floats(-np.pi, np.pi), st.floats(-60, 380), st.floats(-60, 300))
def test_a_cut_shows_the_place_that_its_matrix_names(side: float, angle: float, x: float, y: float) -> None:
    """A picture whose red rises to the right and whose green rises downwards tells where each pixel of a cut came from, also across the border."""
    height, width = 240, 320
    rows, columns = np.mgrid[0:height, 0:width]
    rgb = np.stack([columns * 0.75, rows, np.full((height, width), 200)], -1).astype(np.uint8)
    matrix = square_matrix(np.asarray([x, y]), side, angle, size=64)
    crop = cut(rgb, matrix, size=64).astype(float)
    places = apply(invert(matrix), np.stack(np.meshgrid(np.arange(64), np.arange(64)), -1).reshape(-1, 2).astype(np.float32)).reshape(64, 64, 2)
    margin = 2 + 2 * side / 64
    inside = ((places >= margin) & (places <= np.asarray([width - 1 - margin, height - 1 - margin]))).all(-1)
    outside = ((places < -margin) | (places > np.asarray([width - 1 + margin, height - 1 + margin]))).any(-1)
    assert np.abs(crop[inside][:, 0] / 0.75 - places[inside][:, 0]).max(initial=0) < 3
    assert np.abs(crop[inside][:, 1] - places[inside][:, 1]).max(initial=0) < 3
    assert crop[outside].max(initial=0) == 0


def test_frames_of_tracks_are_those_of_a_file_with_uneven_times(tmp_path: Path) -> None:
    path, times = tmp_path / "uneven.mkv", [0, 40, 90, 91, 200, 240, 333, 400, 480, 500, 640, 641]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25), options={"crf": "18", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 512, 512, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for frame, pts in zip(read_frames(ACTORS / "synthetic_actor_A_eval.mp4", end_index=len(times)), times, strict=True):
            assert frame.rgb is not None
            picture = av.VideoFrame.from_ndarray(frame.rgb, format="rgb24")
            picture.pts, picture.time_base = pts, Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    context = Context()
    with Meter(context, "extract", "uneven", 9) as meter:
        shot = Shot("m", "uneven-shot", 2, 11, times[2], times[11])
        (track,) = track_shot(path, probe(path), shot=shot, media_id="m", settings=FaceSettings(), context=context, meter=meter)
    assert track.frame_index.tolist() == list(range(2, 11))
    assert [frame_pts(path)[i] for i in track.frame_index] == times[2:11]


# -------------------------------------------------------------------------------------------------------------- people


@dataclass(frozen=True)
class Seen:
    track_id: str
    media_id: str
    shot_id: str
    frame_index: np.ndarray
    box_xyxy: np.ndarray
    embedding: np.ndarray


def film(seed: int, people: int, pieces: int) -> list[Seen]:
    """Pieces of a film in which `people` are seen, one piece after the other, by vectors that scatter as those of tracks do."""
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(128, people)))[0].T
    out = []
    for n in range(pieces):
        vector = basis[n % people] + rng.normal(0, 0.03, 128)
        frames = np.arange(n * 100, n * 100 + int(rng.integers(5, 90)), dtype=np.int32)
        box = np.tile(np.asarray([10, 10, 90, 120], np.float32), (len(frames), 1))
        out.append(Seen(f"t{n:02d}", "film", f"s{n}", frames, box, (vector / np.linalg.norm(vector)).astype(np.float32)))
    return out


def groups(tracks: Sequence[Seen]) -> set[frozenset[str]]:
    return {frozenset(person.track_ids) for person in find_people(tracks)}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 16), st.randoms(use_true_random=False))
def test_people_do_not_depend_on_the_order_of_tracks(seed: int, people: int, pieces: int, random) -> None:
    tracks = film(seed, people, pieces)
    mixed = list(tracks)
    random.shuffle(mixed)
    assert [p.track_ids for p in find_people(mixed)] == [p.track_ids for p in find_people(tracks)]
    assert len(groups(tracks)) == min(people, pieces)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(2, 12))
def test_a_second_copy_of_a_track_joins_the_first(seed: int, people: int, pieces: int) -> None:
    tracks = film(seed, people, pieces)
    again = [replace(t, track_id=t.track_id + "-again", frame_index=t.frame_index + 10_000) for t in tracks]
    doubled = {frozenset(name.removesuffix("-again") for name in group) for group in groups([*tracks, *again])}
    assert doubled == groups(tracks)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(2, 12))
def test_two_faces_of_one_frame_are_never_one_person(seed: int, people: int, pieces: int) -> None:
    tracks = film(seed, people, pieces)
    beside = [replace(t, track_id=t.track_id + "-twin") for t in tracks]
    for person in find_people([*tracks, *beside]):
        assert not {name for name in person.track_ids if name + "-twin" in person.track_ids}


# -------------------------------------------------------------------------------------------------------- golden frames


def test_crop_and_mask_look_as_they_did() -> None:
    """Small pictures of what was looked at and found good: a change of geometry, colour or parsing shows here."""

    track = followed("B_eval", 20)
    matrices = crop_matrices(track.landmarks, size=128)
    masks = track_masks(track, np.asarray([0, 10]), apply(matrices, track.landmarks))
    shown = {frame.index: frame.rgb for frame in read_frames(ACTORS / "synthetic_actor_B_eval.mp4", end_index=11)}
    for number, at in enumerate((0, 10)):
        rgb = shown[at]
        assert rgb is not None
        golden = cv2.imread(str(Path(__file__).parent / "golden" / f"B_eval_{at}.png"), cv2.IMREAD_UNCHANGED)
        assert golden is not None
        crop = take_crop(rgb, matrices[at], size=128).rgb
        away = np.abs(crop[..., ::-1].astype(int) - golden[..., :3])
        assert away.mean() < 2.5 and np.percentile(away, 99) < 25
        own, before = masks[number] > 127, golden[..., 3] > 127
        assert (own & before).sum() / (own | before).sum() > 0.97
