"""Painted places: they stay the target's, follow the face, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from studio import A, B, record
from synthetic import cut_clip

from understudy import api
from understudy.api.preview import scene_of
from understudy.errors import StepMissing, UsageError
from understudy.project import Project

MOUTH = (61, 40, 0, 270, 291, 321, 17, 91)
N = 16


def corners(mesh: np.ndarray) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in mesh[list(MOUTH), :2]]


def inside(mesh: np.ndarray, *, grown: int) -> np.ndarray:
    """(512, 512) the mouth, `grown` by so many pixels (less than 0: shrunk)."""
    out = np.zeros((512, 512), np.uint8)
    cv2.fillPoly(out, [np.rint(mesh[list(MOUTH), :2]).astype(np.int32)], 255)
    kernel = np.ones((2 * abs(grown) + 1,) * 2, np.uint8)
    return (cv2.dilate(out, kernel) if grown > 0 else cv2.erode(out, kernel)) > 0


@pytest.fixture
def project(ready_home: Path, tmp_path: Path):
    folder = api.new(tmp_path / "film", settings={"quality": "draft"})
    api.add(folder, cut_clip(A, tmp_path / "source.mp4", n=24, every=10), role="source")
    # every fourth frame: the head moves a lot
    api.add(folder, cut_clip(B, tmp_path / "target.mp4", n=N, start=20, every=4), role="target")
    for role in ("face", "performer"):
        api.consent_add(folder, record(tmp_path / f"{role}.json", role))
    with pytest.raises(UsageError):
        api.add_stroke(folder, 3, "exclude", polygons=[[(1, 1), (9, 1), (9, 9)]])
    api.extract(folder)
    yield folder
    api.close_previews()


def test_an_excluded_place_stays_the_targets_and_follows_the_face(project: Path) -> None:
    with Project(project) as opened:
        (take,) = scene_of(opened).takes
    (track,) = take.tracks
    meshes = {int(index): track.landmarks[t] for t, index in enumerate(track.frame_index)}
    plain = {index: api.preview(project, index, width=512) for index in (0, 4, 15)}
    moved = float(np.linalg.norm(meshes[15][13, :2] - meshes[4][13, :2]))
    assert moved > 8, "the mouth is elsewhere by then"
    number = api.add_stroke(project, 4, "exclude", polygons=[corners(meshes[4])])
    for index, before in plain.items():
        after = api.preview(project, index, width=512)
        place, away = inside(meshes[index], grown=-4), ~inside(meshes[index], grown=24)
        away &= np.indices((512, 512))[0] > 80  # below the label
        assert place.sum() > 150 and (before.result[place] != before.target[place]).mean() > 0.5
        np.testing.assert_array_equal(after.result[place], after.target[place], f"frame {index}: the target's own samples")
        assert (after.matte[place] == 0).all()
        # the soft seam is smoothed with a wide kernel, whose last digit may be felt far away
        assert np.abs(after.matte[away].astype(int) - before.matte[away]).max() <= 1, "elsewhere the mask is as it was"
        assert np.abs(after.result[away].astype(int) - before.result[away]).mean() < 1
        # four pixels share one colour sample
        untouched = away & (cv2.dilate(after.matte, np.ones((3, 3), np.uint8)) == 0)
        np.testing.assert_array_equal(after.result[untouched], after.target[untouched])

    brush = np.zeros((512, 512, 4), np.uint8)
    brush[inside(meshes[10], grown=0), 3] = 255
    again = api.add_stroke(project, 10, "include", brush=cv2.imencode(".png", brush)[1].tobytes())
    held, ended = api.preview(project, 9, width=512), api.preview(project, 11, width=512)
    assert (held.matte[inside(meshes[9], grown=-4)] == 0).all(), "until the next painted frame"
    assert (ended.matte[inside(meshes[11], grown=-6)] > 200).mean() > 0.9
    undone = api.undo_stroke(project)
    assert undone is not None and undone.stroke_id == again and [row.stroke_id for row in api.list_strokes(project)] == [number]
    api.remove_stroke(project, number)
    assert api.undo_stroke(project) is None
    back = api.preview(project, 4, width=512)
    np.testing.assert_array_equal(back.result, plain[4].result)


def test_a_stroke_is_rendered_and_wrong_ones_are_refused(project: Path) -> None:
    api.render(project)
    assert api.list_shots(project)[0].state == "rendered"
    api.add_stroke(project, 4, "exclude", polygons=[[(200, 200), (320, 200), (320, 420), (200, 420)]])
    assert api.list_shots(project)[0].state == "stale"
    exact = api.preview(project, 6, width=512, exact=True)
    api.render(project)
    assert api.list_shots(project)[0].state == "rendered"
    assert api.frame(project, "result", 6, width=512) == exact.jpeg("result")
    for kind, shape in (("exclude", {}), ("paint", {"polygons": [[(1, 1), (9, 1), (9, 9)]]}), ("include", {"polygons": [[(1, 1), (9, 1)]]})):
        with pytest.raises(UsageError):
            api.add_stroke(project, 4, kind, **shape)  # type: ignore[arg-type]
    small = cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1].tobytes()
    for brush in (small, b"no picture"):
        with pytest.raises(UsageError):
            api.add_stroke(project, 4, "include", brush=brush)
    with pytest.raises((UsageError, StepMissing)):
        api.add_stroke(project, 400, "clear")
