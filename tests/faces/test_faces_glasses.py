"""Glasses are told from a frame around the eyes, and a passing hand is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from understudy.config import FaceSettings
from understudy.events import Context, Meter
from understudy.faces.align import apply, crop_matrices
from understudy.faces.detect import Detector
from understudy.faces.glasses import GLASSES_SHARE, glasses_score, glasses_share, wears_glasses
from understudy.faces.landmark import from_box
from understudy.faces.masks import track_masks
from understudy.faces.occluder import parsed
from understudy.faces.segment import OTHER, SIDE, head_of
from understudy.faces.track import track_shot
from understudy.types import Shot, Track
from understudy.video.probe import probe
from understudy.video.read import read_frames

ACTOR = Path(__file__).parents[2] / "assets" / "actors" / "synthetic_actor_A_eval.mp4"


@pytest.fixture(scope="module")
def bare() -> Track:
    context = Context()
    with Meter(context, "extract", "bare", 10) as meter:
        shot = Shot("bare", "bare-shot", 0, 10, 0, 10)
        settings = FaceSettings(parse_every=4)
        (track,) = track_shot(ACTOR, probe(ACTOR), shot=shot, media_id="bare", settings=settings, context=context, meter=meter)
    return track


def test_an_actor_without_glasses_wears_none(bare: Track) -> None:
    assert wears_glasses([bare]) is False and wears_glasses([]) is None


def test_a_thing_before_the_eyes_for_a_moment_is_no_pair_of_glasses(bare: Track) -> None:
    passing = bare.key_classes.copy()
    passing[1, 40:60] = OTHER
    assert wears_glasses([replace(bare, key_classes=passing)]) is False
    always = bare.key_classes.copy()
    always[:, 40:60] = OTHER
    assert wears_glasses([replace(bare, key_classes=always)]) is True


def test_of_a_head_turned_away_nothing_is_said(bare: Track) -> None:
    pose = bare.pose_deg.copy()
    pose[:, 0] = 50
    assert glasses_score([replace(bare, pose_deg=pose)]) is None


def test_a_frame_drawn_around_the_eyes_is_seen() -> None:
    (frame,) = read_frames(ACTOR, end_index=1)
    assert frame.rgb is not None
    mesh = from_box(frame.rgb, Detector(FaceSettings()).find(frame.rgb)[0]).landmarks
    drawn = frame.rgb.copy()
    eyes = [mesh[[33, 133], :2].mean(0), mesh[[362, 263], :2].mean(0)]
    apart = float(np.linalg.norm(eyes[1] - eyes[0]))
    for eye in eyes:
        cv2.circle(drawn, np.rint(eye).astype(int).tolist(), round(0.38 * apart), (15, 15, 15), round(0.07 * apart), cv2.LINE_AA)
    start, end = (np.rint(eyes[0] + s * (eyes[1] - eyes[0])).astype(int).tolist() for s in (0.4, 0.6))
    cv2.line(drawn, start, end, (15, 15, 15), round(0.07 * apart))
    small = apply(crop_matrices(mesh, size=SIDE), mesh)
    bare, worn = (glasses_share(parsed(head_of(picture, mesh), small), small) for picture in (frame.rgb, drawn))
    assert bare < GLASSES_SHARE < worn


def test_the_rim_is_left_out_of_a_performers_mask_where_it_is_to_stay(bare: Track) -> None:
    small = apply(crop_matrices(bare.landmarks, size=SIDE), bare.landmarks)
    at = int(np.rint(small[bare.key_index[0], 6, 1]))
    classes = bare.key_classes.copy()
    classes[:, at : at + 2, 30:98] = OTHER
    worn = replace(bare, key_classes=classes)
    middle = int(np.rint(small[0, 6, 0]))
    whole, without = (track_masks(worn, np.arange(len(worn)), small, without_glasses=asked) for asked in (False, True))
    assert whole[0, at, middle] == 255 and without[0, at : at + 2, middle].max() < 40
    np.testing.assert_array_equal(without[0, at + 12 :], whole[0, at + 12 :])
