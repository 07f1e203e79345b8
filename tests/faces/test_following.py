"""Following faces through real (rendered) video, against the exact truth of every frame."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from understudy.config import FaceSettings
from understudy.errors import NoFace, PersonAbsent, ProjectBroken, SeveralPeople
from understudy.events import Context, Meter
from understudy.faces.align import apply, crop_matrices
from understudy.faces.choose import choose_person
from understudy.faces.detect import Detector
from understudy.faces.landmark import from_box
from understudy.faces.masks import track_masks
from understudy.faces.mesh import BLENDSHAPE_NAMES
from understudy.faces.people import find_people
from understudy.faces.segment import SIDE
from understudy.faces.sheet import people_sheet
from understudy.faces.smooth import smooth_landmarks
from understudy.faces.track import track_shot
from understudy.faces.trackfile import load_tracks, save_tracks
from understudy.faces.values import occluded_share, outside_share
from understudy.types import Shot, Track
from understudy.video.probe import probe
from understudy.video.read import read_frames

ACTORS = Path(__file__).parents[2] / "assets" / "actors"


def follow(clip: str, n: int) -> list[Track]:
    return follow_file(ACTORS / f"synthetic_actor_{clip}.mp4", n, name=clip)


def follow_file(path: Path, n: int, *, name: str = "file") -> list[Track]:
    context = Context()
    with Meter(context, "extract", name, n) as meter:
        shot = Shot(name, f"{name}-shot", 0, n, 0, n)
        return track_shot(path, probe(path), shot=shot, media_id=name, settings=FaceSettings(), context=context, meter=meter)


@pytest.fixture(scope="module")
def actor() -> Track:
    (track,) = follow("A_eval", 150)
    return track


@pytest.fixture(scope="module")
def other() -> Track:
    (track,) = follow("C_eval", 20)
    return track


def test_every_frame_is_followed(actor: Track) -> None:
    assert actor.frame_index.tolist() == list(range(150))
    assert actor.presence.min() > 0.9
    assert actor.key_index[0] == 0 and 150 - actor.key_index[-1] <= FaceSettings().parse_every
    assert np.diff(actor.key_index).max() <= FaceSettings().parse_every and len(actor.key_index) <= 12, "nothing comes before this face"
    assert np.linalg.norm(actor.embedding) == pytest.approx(1, abs=1e-5)


def test_a_face_found_late_is_followed_back_to_where_it_began(tmp_path: Path) -> None:
    path = tmp_path / "late.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25), options={"crf": "18", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 512, 512, "yuv420p"
        for frame in read_frames(ACTORS / "synthetic_actor_A_eval.mp4", end_index=14):
            assert frame.rgb is not None
            picture = np.full_like(frame.rgb, 90) if frame.index < 5 else frame.rgb
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    (track,) = follow_file(path, 14)
    assert track.frame_index.tolist() == list(range(5, 14)), "the detector looked at frames 4 and 8"


def test_a_face_that_is_hidden_for_a_moment_is_bridged_and_marked(tmp_path: Path) -> None:
    path = tmp_path / "hidden.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25), options={"crf": "18", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 512, 512, "yuv420p"
        for frame in read_frames(ACTORS / "synthetic_actor_A_eval.mp4", end_index=30):
            assert frame.rgb is not None
            picture = np.full_like(frame.rgb, 90) if 16 <= frame.index < 20 else frame.rgb
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    (track,) = follow_file(path, 30)
    assert track.frame_index.tolist() == list(range(30))
    assert np.flatnonzero(track.bridged).tolist() == [16, 17, 18, 19]
    assert track.presence[16:20].max() < 0.5 < track.presence[:16].min()
    step = np.abs(np.diff(track.landmarks[..., :2], axis=0)).mean((1, 2))
    assert step[14:21].max() < 4, "no jump"
    assert track.occluded[16:20].min() > 0.9 and max(track.occluded[:16].max(), track.occluded[20:].max()) < 0.3
    small = apply(crop_matrices(track.landmarks, size=SIDE), track.landmarks)
    own = (track_masks(track, np.arange(30), small) > 127).mean((1, 2))
    assert own[16:20].max() < 0.02 and min(own[:16].min(), own[20:].min()) > 0.7 * np.median(own[:16]), "nothing is painted where there is no face"


def test_what_lies_outside_the_picture_is_told(actor: Track) -> None:
    right = actor.landmarks.copy()
    right[..., 0] += 512 - np.median(actor.landmarks[0, :, 0])
    share = outside_share(right, size_wh=(512, 512))
    assert 0.4 < share[0] < 0.6
    covered = occluded_share(right, actor.key_index, actor.key_classes, size_wh=(512, 512))
    assert covered.max() < 0.35, "only what is in the picture counts"


def test_pose_and_expression_agree_with_the_truth(actor: Track) -> None:
    with np.load(ACTORS / "synthetic_actor_A_eval.npz", allow_pickle=False) as truth:
        pose, weights, names = truth["yaw_pitch_roll"][:150], truth["weights"][:150], list(truth["names"])
    for axis in range(3):
        sign = np.sign(np.corrcoef(actor.pose_deg[:, axis], pose[:, axis])[0, 1])
        error = actor.pose_deg[:, axis] - sign * pose[:, axis]
        error = np.abs(error - np.median(error))
        assert np.median(error) < 2 and np.percentile(error, 95) < 5
    for ours, theirs, least in (("eyeBlinkLeft", "eyeBlink_L", 0.88), ("mouthSmileLeft", "mouthSmile_L", 0.8), ("jawOpen", "jawOpen", 0.75)):
        measured = actor.blendshapes[:, BLENDSHAPE_NAMES.index(ours)]
        assert np.corrcoef(measured, weights[:, names.index(theirs)])[0, 1] > least


def test_skin_is_found_where_the_face_is(actor: Track) -> None:
    middle = actor.key_classes[:, 60:90, 50:78]
    assert (middle == 3).mean() > 0.8
    assert (actor.key_classes[:, :, :6] == 3).mean() < 0.05


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_turned_pictures_are_searched_too(turn: int) -> None:
    rgb = next(iter(read_frames(ACTORS / "synthetic_actor_A_eval.mp4", end_index=1))).rgb
    assert rgb is not None
    upright = from_box(rgb, Detector(FaceSettings()).find(rgb)[0]).landmarks
    turned = np.ascontiguousarray(np.rot90(rgb, turn))
    (face, *_) = Detector(FaceSettings()).find(turned, rotations=True)
    measured = from_box(turned, face)
    assert measured.presence > 0.9
    x, y = measured.landmarks[:, 0], measured.landmarks[:, 1]
    size = rgb.shape[0] - 1
    back = {1: (size - y, x), 2: (size - x, size - y), 3: (y, size - x)}[turn]
    assert np.abs(np.stack(back, -1) - upright[:, :2]).mean() < 4


def test_tracks_survive_the_disk_and_damage_is_named(actor: Track, tmp_path: Path) -> None:
    file = tmp_path / "shot.npz"
    save_tracks([actor], file)
    (again,) = load_tracks(file)
    assert again.track_id == actor.track_id
    np.testing.assert_array_equal(again.landmarks, actor.landmarks)
    np.testing.assert_allclose(again.blendshapes, actor.blendshapes, atol=1e-3)
    save_tracks([], tmp_path / "none.npz")
    assert load_tracks(tmp_path / "none.npz") == []
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ProjectBroken, match="extract"):
        load_tracks(file)


def test_meshes_are_mapped_and_the_file_stays_as_it_is(actor: Track, tmp_path: Path) -> None:
    file, packed = tmp_path / "shot.npz", tmp_path / "packed.npz"
    save_tracks([actor, dataclasses.replace(actor, track_id="again")], file)
    for track in load_tracks(file):
        assert isinstance(track.landmarks.base, np.memmap) and track.landmarks.flags.aligned and track.vertex_rgb.flags.aligned
        track.landmarks[:] = 0
    with np.load(file, allow_pickle=False) as arrays:
        np.savez_compressed(packed, allow_pickle=False, **dict(arrays))
    for track in (*load_tracks(file), *load_tracks(packed)):
        np.testing.assert_array_equal(track.landmarks, actor.landmarks)
        np.testing.assert_array_equal(track.vertex_rgb, actor.vertex_rgb)


def test_smoothing_steadies_a_still_face_and_keeps_a_blink() -> None:
    rng = np.random.default_rng(1)
    still = np.tile(rng.uniform(100, 400, (1, 478, 3)), (60, 1, 1)).astype(np.float32)
    noisy = still + rng.normal(0, 0.2, still.shape).astype(np.float32)
    noisy[30:33, 159, 1] += 8  # an upper lid that goes down for three frames
    out = smooth_landmarks(noisy, np.arange(60, dtype=np.int32))
    quiet = np.r_[0:24, 39:60]
    assert np.abs(out - still)[quiet].mean() < 0.65 * np.abs(noisy - still)[quiet].mean()
    assert np.abs(out[30:33, 159, 1] - noisy[30:33, 159, 1]).max() < 0.3


def test_smoothing_has_no_lag() -> None:
    walk = (np.arange(40)[:, None, None] * np.ones((1, 478, 3)) * 1.5).astype(np.float32)
    np.testing.assert_allclose(smooth_landmarks(walk, np.arange(40, dtype=np.int32)), walk, atol=1e-3)


def named(track: Track, name: str, *, later: int = 0, length: int | None = None) -> Track:
    n = length or len(track)
    cut = {
        k: getattr(track, k)[:n]
        for k in ("box_xyxy", "landmarks", "presence", "pose_deg", "blendshapes", "sharpness", "vertex_rgb", "bridged", "outside", "occluded")
    }
    keys = track.key_index < n
    return dataclasses.replace(
        track, track_id=name, frame_index=track.frame_index[:n] + later, key_index=track.key_index[keys], key_classes=track.key_classes[keys], **cut
    )


def test_tracks_become_people(actor: Track, other: Track) -> None:
    first, again, stranger = named(actor, "a"), named(actor, "b", later=500, length=20), named(other, "c")
    people = find_people([stranger, first, again])
    assert [p.track_ids for p in people] == [("a", "b"), ("c",)]
    assert [p.identity_id for p in people] == ["p1", "p2"]
    together = find_people([first, named(actor, "b")])
    assert len(together) == 2, "two faces in one frame are two people, however alike"
    elsewhere = dataclasses.replace(named(actor, "b"), media_id="another video")
    assert len(find_people([first, elsewhere])) == 1, "the same frame of another video is another moment"


def test_the_right_person_is_chosen(actor: Track, other: Track, tmp_path: Path) -> None:
    tracks = [named(actor, "a", length=20), named(other, "c")]
    people = find_people(tracks)
    sheet = tmp_path / "sheet.png"
    with pytest.raises(SeveralPeople, match=r"p1 .* p2"):
        choose_person(people, tracks, face=None, sheet=sheet)
    assert choose_person(people, tracks, face="p2", sheet=sheet).identity_id == "p2"
    with pytest.raises(PersonAbsent, match="p1"):
        choose_person(people, tracks, face="p7", sheet=sheet)
    with pytest.raises(NoFace):
        choose_person([], [], face=None, sheet=sheet)
    alone = [named(actor, "a"), named(other, "c", length=10)]
    assert choose_person(find_people(alone), alone, face=None, sheet=sheet).track_ids == ("a",)


def test_a_picture_of_the_person_names_them(actor: Track, other: Track, tmp_path: Path) -> None:
    tracks = [named(actor, "a", length=20), named(other, "c")]
    people = find_people([tracks[1]])
    picture = people_sheet(tmp_path / "person.png", identities=people, tracks=[tracks[1]], frame_rate=Fraction(25))
    everybody = find_people(tracks)
    assert choose_person(everybody, tracks, face=str(picture), sheet=picture).track_ids == ("c",)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(PersonAbsent, match="not a picture"):
        choose_person(everybody, tracks, face=str(tmp_path / "text.png"), sheet=picture)
