"""Contact sheets: they show what they should, and every altered picture says so."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from stillface import PERMITS, Altered, encode, mesh_at, metered, performance, picture

from understudy.config import MergeSettings
from understudy.errors import OutputNotWritable
from understudy.faces.align import take_crop
from understudy.merge.passage import Act, Look
from understudy.merge.patchfile import Patches
from understudy.merge.render import render_shot
from understudy.merge.sheet import Moment, before_after, contact_sheet, face_tile, preview_tiles
from understudy.types import Faceset
from understudy.video.probe import probe

SIZE = (200, 160)


def moment(caption: str = "0.00 s") -> Moment:
    mesh = mesh_at((100, 80), 90)
    p = performance([mesh], size=128)
    frame = picture(SIZE, mesh)
    return Moment(caption, np.full((64, 64, 3), 200, np.uint8), frame, 255 - frame, p.crop_from_frame[0], 128, mesh)


def shown(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture[..., ::-1]


def test_the_sheet_grows_with_its_moments(tmp_path: Path) -> None:
    one = shown(contact_sheet(tmp_path / "a.png", [moment()]))
    five = shown(contact_sheet(tmp_path / "b.png", [moment(f"{i} s") for i in range(5)], in_a_row=[moment()] * 3, title="Übung: A → B"))
    assert five.shape[1] == one.shape[1] == 1496 and five.shape[0] > 1200
    assert not (five[0] - five[0, 0]).any() and five.std() > 30
    assert shown(contact_sheet(tmp_path / "none.jpg", [])).size


def test_every_result_says_that_it_was_altered(tmp_path: Path) -> None:
    m = moment()
    sheet = shown(contact_sheet(tmp_path / "a.png", [m]))
    columns = [sheet[46 : 46 + 232, 16 + k * 240 : 16 + k * 240 + 232] for k in range(3)]
    target, result = columns[1], columns[2]
    assert face_tile(m.result, m).shape == result.shape
    corner = slice(6, 26), slice(-110, -8)
    assert (result[corner].max(-1) < 10).mean() > 0.3 and (result[corner].min(-1) > 200).mean() > 0.05, "light words on black"
    assert (target[corner].max(-1) < 10).mean() < 0.05


def test_a_rendered_clip_gets_its_sheet(tmp_path: Path) -> None:
    mesh = mesh_at((100, 80), 90)
    clip = encode(tmp_path / "clip.mp4", [picture(SIZE, mesh)] * 8)
    p = performance([mesh] * 8, size=128)
    context, meter = metered()
    render_shot(
        clip,
        probe(clip),
        acts=[Act(p, (Look(Altered(lambda rgb, n: rgb[:, ::-1])),))],
        settings=MergeSettings(),
        permits=PERMITS,
        out=tmp_path / "a.patches",
        context=context,
        meter=meter,
    )
    crops = np.stack([take_crop(picture(SIZE, mesh), p.crop_from_frame[0], size=128).rgb] * 3)
    faceset = Faceset(
        identity_id="p1",
        crops=crops,
        masks=np.asarray(p.masks[:3]),
        landmarks=p.landmarks[:3],
        pose_deg=p.pose_deg[:3],
        blendshapes=p.blendshapes[:3],
        sharpness=np.ones(3, np.float32),
        vertex_rgb=p.vertex_rgb[:3],
        frame_index=np.arange(3, dtype=np.int32),
        track_number=np.zeros(3, np.int32),
        crop_from_frame=p.crop_from_frame[:3],
    )
    for name, count in (("few.png", 5), ("many.png", 20)):
        with Patches([tmp_path / "a.patches"]) as patches:
            out = before_after(tmp_path / name, [(faceset, [p])], video=clip, info=probe(clip), patches=patches, title="a → b", count=count)
        assert shown(out).shape[0] > 46 + min(count, 8) * 240
    with Patches([]) as nothing:
        empty = before_after(tmp_path / "empty.png", [(faceset, [p])], video=clip, info=probe(clip), patches=nothing)
    assert shown(empty).size


def test_previews_are_a_grid_of_pictures_of_any_size(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (h, w, 3)).astype(np.uint8) for h, w in ((64, 64), (30, 90), (400, 200))]
    sheet = shown(preview_tiles(tmp_path / "a.jpg", [pictures, pictures[:2]], captions=["a", "b", "c"], title="Round 3", tile=100))
    assert sheet.shape[1] == 3 * 100 + 2 * 8 + 32 and sheet.shape[0] > 230
    assert shown(preview_tiles(tmp_path / "b.png", [])).size


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputNotWritable):
        contact_sheet(tmp_path / "file" / "a.png", [moment()])
