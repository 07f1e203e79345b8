"""One person's set from a video: what is in it, what is left out, and that half of one is never seen."""

from __future__ import annotations

import dataclasses
import json
import threading
from pathlib import Path

import numpy as np
import pytest

from understudy.config import FacesetSettings, FaceSettings
from understudy.errors import Interrupted, ProjectBroken, TooFewFaces
from understudy.events import Context, Meter
from understudy.faces.people import find_people
from understudy.faces.track import track_shot
from understudy.faceset.curate import spread
from understudy.faceset.extract import build_faceset, deserved_size, load_faceset
from understudy.faceset.trash import Standing
from understudy.types import Identity, Shot, Track
from understudy.video.probe import probe

CLIP = Path(__file__).parents[2] / "assets" / "actors" / "synthetic_actor_B_eval.mp4"


@pytest.fixture(scope="module")
def found() -> tuple[list[Track], Identity]:
    context = Context()
    with Meter(context, "extract", "faces", 40) as meter:
        tracks = track_shot(
            CLIP, probe(CLIP), shot=Shot("m", "shot", 0, 40, 0, 40), media_id="m", settings=FaceSettings(), context=context, meter=meter
        )
    return tracks, find_people(tracks)[0]


def build(found: tuple[list[Track], Identity], folder: Path, **settings: object):
    return build_faceset(
        CLIP,
        probe(CLIP),
        tracks=found[0],
        identity=found[1],
        folder=folder,
        settings=FacesetSettings.model_validate(settings),
        context=Context(),
    )


def test_the_set_is_whole_and_in_crop_pixels(found: tuple[list[Track], Identity], tmp_path: Path) -> None:
    faceset, left_out = build(found, tmp_path / "set")
    assert len(faceset) + sum(left_out.values()) == 40
    assert faceset.size % 64 == 0 and 128 <= faceset.size <= 512
    assert isinstance(faceset.crops, np.memmap) and not faceset.crops.flags.writeable
    nose = faceset.landmarks[:, 1, :2] / faceset.size
    assert np.all((nose > 0.3) & (nose < 0.7))
    assert faceset.masks[:, 60:80, 54:74].mean() > 200, "the middle of the face is the face's own"
    assert faceset.masks[:, :4].max() == 0
    report = json.loads((tmp_path / "set" / "report.json").read_text(encoding="utf-8"))
    assert report["faces"] == len(faceset) and report["left_out"] == left_out
    assert [p.name for p in tmp_path.iterdir()] == ["set"]


def test_at_most_so_many_and_the_most_different(found: tuple[list[Track], Identity], tmp_path: Path) -> None:
    faceset, left_out = build(found, tmp_path / "set", max_faces=16, size=128)
    assert len(faceset) == 16 and faceset.size == 128
    assert left_out["too many"] > 0
    assert np.all(np.diff(faceset.frame_index) > 0)


def test_reasons_are_counted(found: tuple[list[Track], Identity], tmp_path: Path) -> None:
    (track,), identity = found
    sharp, presence, landmarks = track.sharpness.copy(), track.presence.copy(), track.landmarks.copy()
    sharp[:4], presence[4:6] = 0.01, 0.1
    outside = track.outside.copy()
    outside[6:9] = 0.5
    landmarks[9:11] *= 0.05
    stranger = dataclasses.replace(track, track_id="stranger")
    occluded, bridged = track.occluded.copy(), track.bridged.copy()
    occluded[11:16], bridged[16] = 0.8, True
    changed = {"presence": presence, "landmarks": landmarks, "occluded": occluded, "bridged": bridged, "outside": outside}
    bad = dataclasses.replace(track, sharpness=sharp, **changed)
    _, left_out = build(([bad, stranger], identity), tmp_path / "set")
    assert left_out.pop("duplicate", 0) >= 0
    assert left_out == {"wrong person": 40, "unsure": 3, "too small": 2, "cut off": 3, "covered": 5, "blurred": 4}


def test_the_users_word_stands_above_the_rules(found: tuple[list[Track], Identity], tmp_path: Path) -> None:
    (track,), identity = found
    sharp = track.sharpness.copy()
    sharp[:4] = 0.01
    blurred = dataclasses.replace(track, sharpness=sharp)
    said = Standing(frozenset({(track.track_id, 20), (track.track_id, 30)}), frozenset({(track.track_id, 2)}))
    faceset, left_out = build_faceset(
        CLIP,
        probe(CLIP),
        tracks=[blurred],
        identity=identity,
        folder=tmp_path / "set",
        settings=FacesetSettings(max_faces=16, size=128),
        context=Context(),
        standing=said,
    )
    frames = faceset.frame_index.tolist()
    assert 2 in frames and not {20, 30} & set(frames) and len(frames) == 16
    assert left_out["thrown out"] == 2 and left_out["blurred"] == 3


def test_too_few_is_said_with_reasons(found: tuple[list[Track], Identity], tmp_path: Path) -> None:
    (track,), identity = found
    tiny = dataclasses.replace(track, landmarks=(track.landmarks * np.asarray(0.05, np.float32)))
    with pytest.raises(TooFewFaces, match="40 too small"):
        build(([tiny], identity), tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_stopping_leaves_nothing_half(found: tuple[list[Track], Identity], tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        build_faceset(
            CLIP,
            probe(CLIP),
            tracks=found[0],
            identity=found[1],
            folder=tmp_path / "set",
            settings=FacesetSettings(),
            context=Context(stop=stop),
        )
    assert list(tmp_path.iterdir()) == []


def test_a_set_is_replaced_whole_and_damage_is_named(found: tuple[list[Track], Identity], tmp_path: Path) -> None:
    build(found, tmp_path / "set", size=128)
    again, _ = build(found, tmp_path / "set", size=192)
    assert again.size == 192
    assert [p.name for p in tmp_path.iterdir()] == ["set"]
    (tmp_path / "set" / "rest.npz").write_bytes(b"x")
    with pytest.raises(ProjectBroken):
        load_faceset(tmp_path / "set")


@pytest.mark.parametrize(("height", "size"), [(20, 128), (100, 128), (200, 320), (5000, 512)])
def test_no_crop_is_enlarged_beyond_what_is_stored(height: float, size: int) -> None:
    assert deserved_size(np.full(3, height, np.float32)) == size


def test_spread_takes_the_far_ones() -> None:
    features = np.asarray([[0], [0.1], [0.2], [10], [-10]], np.float32)
    assert set(spread(features, 3).tolist()) >= {3, 4}
    assert sorted(spread(features, 5).tolist()) == [0, 1, 2, 3, 4]
