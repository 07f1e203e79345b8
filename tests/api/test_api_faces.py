"""The wall of faces: what is on it, its orders, the trash, and the packed set."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from studio import A, B, main, record
from synthetic import cut_clip

from understudy import api
from understudy.config import FaceSettings
from understudy.errors import ConsentMissing, PackBroken, UsageError
from understudy.events import Context, Event
from understudy.faceset.extract import load_faceset


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("clips")
    return cut_clip(A, folder / "source.mp4", n=120, every=2), cut_clip(B, folder / "target.mp4", n=8, start=40)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_clip(A, tmp_path_factory.mktemp("short") / "source.mp4", n=30, every=4)


@pytest.fixture
def project(ready_home: Path, tmp_path: Path, clips: tuple[Path, Path]) -> Path:
    folder = api.new(tmp_path / "film", settings={"faceset.max_faces": 100})
    api.add(folder, clips[0], role="source")
    api.add(folder, clips[1], role="target")
    return folder


def sets(project: Path) -> list[Path]:
    return [path for path in (project / "faceset").iterdir() if not path.name.startswith("wall")]


def test_the_wall_its_orders_and_the_trash(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not api.faces_made(project)
    events: list[Event] = []
    wall = api.faces(project, context=Context(report=events.append))
    assert wall.total == len(wall.faces) == 120 and wall.person == "p1" and not wall.can_undo
    assert [face.number for face in wall.faces] == list(range(120)) == [face.frame for face in wall.faces]
    assert wall.kept + sum(wall.left_out.values()) == 120 and wall.kept <= 100
    assert all(set(face.values) == set(api.FACE_PROPERTIES) and np.isfinite(list(face.values.values())).all() for face in wall.faces)
    assert min(face.values["likeness"] for face in wall.faces) > 0.5 and {face.values["others"] for face in wall.faces} == {0}
    assert max(f.values["yaw"] for f in wall.faces) - min(f.values["yaw"] for f in wall.faces) > 20
    again: list[Event] = []
    assert api.faces(project, context=Context(report=again.append)).faces == wall.faces and not again, "made once"
    look_at_the_thumbnails(wall)

    for name in api.FACE_SORTS:
        found = api.faces(project, sort=name)
        assert sorted(face.number for face in found.faces) == list(range(120)), name
        back = api.faces(project, sort=name, reverse=True)
        assert [f.number for f in back.faces] == [f.number for f in found.faces][::-1], name
        if name in api.FACE_PROPERTIES:
            values = [face.values[name] for face in found.faces]
            assert values in (sorted(values), sorted(values, reverse=True)), name
    shuffled, similar = ([f.values["brightness"] for f in api.faces(project, sort=name).faces] for name in ("unlike", "similar"))
    assert np.abs(np.diff(similar)).mean() < np.abs(np.diff(shuffled)).mean()
    best = api.faces(project, sort="best").faces[:12]
    assert len({(face.values["yaw"] // 15, face.values["pitch"] // 15, face.values["mouth"] > 0.2, face.values["eyes"] < 0.5) for face in best}) > 6
    turned = api.faces(project, where=["yaw>5", "mouth<0.3"])
    assert 0 < len(turned.faces) < 120 and all(f.values["yaw"] > 5 and f.values["mouth"] < 0.3 for f in turned.faces)
    for bad in ("jaw>5", "yaw", "yaw>>5", "yaw>x"):
        with pytest.raises(UsageError, match="no condition"):
            api.faces(project, where=[bad])
    with pytest.raises(UsageError, match="yaw"):
        api.faces(project, sort="yawn")

    api.extract(project)
    (first,) = sets(project)
    inside = [face.number for face in wall.faces if face.kept][:6]
    outside = next(face for face in wall.faces if not face.kept)
    assert api.faces_drop(project, inside) == 6 and api.faces_drop(project, inside) == 0
    assert api.faces_restore(project, [outside.number]) == 1
    trash = api.faces(project, shown="trash")
    assert [face.number for face in trash.faces] == inside and all(face.by_user and not face.kept for face in trash.faces)
    changed = api.faces(project)
    assert changed.left_out["thrown out"] == 6 and changed.faces[outside.number].kept and changed.faces[outside.number].by_user and changed.can_undo
    api.extract(project)
    (second,) = set(sets(project)) - {first}
    frames = load_faceset(second).frame_index.tolist()
    assert not set(frames) & set(inside) and outside.frame in frames and set(load_faceset(first).frame_index.tolist()) >= set(inside)
    assert json.loads((second / "report.json").read_text())["left_out"]["thrown out"] == 6

    # the tracks are looked for again with other settings: the user's word holds
    api.extract(project, settings={"faces.parse_every": 10})
    (third,) = set(sets(project)) - {first, second}
    assert not set(load_faceset(third).frame_index.tolist()) & set(inside) and outside.frame in load_faceset(third).frame_index
    assert [f.number for f in api.faces(project, shown="trash").faces] == inside
    api.extract(project, settings={"faces.parse_every": FaceSettings().parse_every})
    assert set(sets(project)) == {first, second, third}

    assert (api.faces_undo(project), api.faces_undo(project), api.faces_undo(project)) == (1, 6, 0)
    assert api.faces(project).faces == wall.faces
    api.extract(project)
    assert set(sets(project)) == {first, second, third}, "as before, and found again"

    assert main(["faces", str(project), "drop", "3", "7-9"]) == 0 and "4 faces thrown out" in capsys.readouterr().out
    assert main(["faces", str(project), "restore", "--shown", "trash", "--where", "time>=0"]) == 0 and "4 faces" in capsys.readouterr().out
    assert main(["faces", str(project), "sort", "quality", "--limit", "5"]) == 0 and "more (--limit)" in capsys.readouterr().out
    for words in (["drop"], ["drop", "x"], ["drop", "9-7"], ["drop", "120"], ["sort"], ["pack"]):
        assert main(["faces", str(project), *words]) == 2, words


def look_at_the_thumbnails(wall: api.FaceWall) -> None:
    """Each is where it is said to be, and shows the face of its own frame: light and dark ones as their brightness says."""
    sheets = {face.sheet: cv2.imread(str(face.sheet)) for face in wall.faces}
    assert len(sheets) == 2
    shown = []
    for face in wall.faces:
        x, y = face.sheet_xy
        sheet = sheets[face.sheet]
        assert sheet is not None and sheet.shape == (960, 960, 3)
        shown.append(sheet[y + 34 : y + 62, x + 34 : x + 62].mean())
    assert np.corrcoef(shown, [face.values["brightness"] for face in wall.faces])[0, 1] > 0.8


def test_a_set_is_packed_and_unpacked_with_its_consent(
    project: Path, tmp_path: Path, clips: tuple[Path, Path], short: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.add(project, short, role="source", replace=True)
    file = tmp_path / "a.faceset"
    with pytest.raises(ConsentMissing, match="not in the project"):
        api.faces_pack(project, file)
    assert not file.exists()
    api.consent_add(project, record(tmp_path / "face.json", "face"))
    api.faces(project)
    api.faces_drop(project, [1, 2])
    assert main(["faces", str(project), "pack", str(file)]) == 0
    (made,) = sets(project)

    other = api.new(tmp_path / "other", settings={"faceset.max_faces": 100})
    with pytest.raises(ConsentMissing):
        api.faces_unpack(other, file)
    api.consent_add(other, record(tmp_path / "another.json", "face"))
    with pytest.raises(ConsentMissing):
        api.faces_unpack(other, file)
    api.consent_add(other, tmp_path / "face.json")
    assert not api.faces_unpack(other, file).fits, "there is no source yet"
    api.add(other, short, role="source")
    api.add(other, clips[1], role="target")
    done = api.faces_unpack(other, file)
    assert done.fits and done.folder.name == made.name
    for name in ("crops.npy", "masks.npy", "rest.npz", "report.json"):
        assert (done.folder / name).read_bytes() == (made / name).read_bytes()
    assert [face.number for face in api.faces(other, shown="trash").faces] == [1, 2], "the trash came along"
    api.extract(other)
    assert sets(other) == [done.folder], "found, not made anew"
    assert main(["faces", str(project), "pack", str(file)]) == 1 and "is there already" in capsys.readouterr().err

    with zipfile.ZipFile(file) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    whole = json.loads(parts["contents.json"])
    altered = {**whole, "contents": whole["contents"].replace(json.loads(whole["contents"])["consent"]["record_id"], "consent-0")}
    for name, data in (
        ("crops.npy", parts["crops.npy"][:-1] + b"x"),
        ("masks.npy", parts["masks.npy"] + b"x"),
        ("rest.npz", b""),
        ("contents.json", json.dumps(altered).encode()),
        ("contents.json", b"[]"),
    ):
        bad = tmp_path / "bad.faceset"
        with zipfile.ZipFile(bad, "w") as out:
            for part, bytes_ in {**parts, name: data}.items():
                out.writestr(part, bytes_)
        with pytest.raises(PackBroken):
            api.faces_unpack(other, bad)
    (tmp_path / "text.faceset").write_text("no pack")
    with pytest.raises(PackBroken):
        api.faces_unpack(other, tmp_path / "text.faceset")
    assert load_faceset(done.folder).size == load_faceset(made).size and not list((other / "faceset").glob(".*"))

    api.forget(other, "target")
    assert [face.number for face in api.faces(other, shown="trash").faces] == [1, 2], "the source's trash is the source's"
    api.forget(other, "source")
    assert api.faces_undo(other) == 0 and not any((other / "faceset").rglob("*.jpg"))
