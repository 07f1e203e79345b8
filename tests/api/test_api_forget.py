"""Forgetting a person: nothing of the face is left, the receipt holds, and the ledger still verifies."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from actors import clip
from studio import A, B, Desk, main, make_desk, record
from synthetic import cut_clip, write_frames

from understudy import api
from understudy.errors import ProjectBusy, UsageError
from understudy.faces.trackfile import load_tracks
from understudy.pipeline.forget import receipt_holds
from understudy.pipeline.loans import note_loan
from understudy.pipeline.whose import find, seen_in
from understudy.project import Project
from understudy.provenance import ledger
from understudy.run.jobs import Jobs
from understudy.video.probe import media_id
from understudy.video.read import read_frames

DRAFT = {"quality": "draft"}
NAME = "Ada Example-Löwe"


@pytest.fixture
def desk(tmp_path: Path, ready_home: Path) -> Desk:
    desk = make_desk(tmp_path / "desk")
    desk.face.unlink()
    record(desk.face, "face", subject=NAME)
    return desk


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_the_source_is_forgotten(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    made = api.swap(desk.source, desk.target, desk.out, consents=[desk.face, desk.performer], settings=DRAFT)
    project = made.project
    api.make_proxies(project)
    with pytest.raises(UsageError, match="nobody"):
        api.forget(project, "somebody else")
    numbers = [track.embedding.tobytes() for file in (project / "faces").rglob("*.npz") for track in load_tracks(file)]
    (project / "faceset" / ".crops.part.npy").write_bytes(b"left by a crash")
    assert any((project / "faceset").rglob("*.npy")) and any((project / "render").rglob("*.patches"))
    assert main(["forget", NAME.upper(), "--project", str(project)]) == 0
    said = capsys.readouterr().out
    assert "nothing of the person" in said and str(desk.source.resolve()) in said and str(desk.out.resolve()) in said
    left = files(project)
    target = media_id(desk.target)[0]
    assert [path.stem for path in left if path.suffix == ".proxy"] == [target], "the target shows somebody else, who is like the source"
    assert any(path.parent.name == target for path in left if path.suffix == ".npz")
    for path in left:
        data = path.read_bytes()
        assert path.suffix not in (".patches", ".npy", ".png", ".safetensors"), path
        assert not any(vector in data for vector in numbers), path
        assert NAME.encode() not in data and json.dumps(NAME)[1:-1].encode() not in data, path
        assert desk.source.name.encode() not in data, path
    (receipt,) = (project.parents[1] / "home" / "receipts").iterdir()
    assert receipt_holds(receipt) and NAME not in receipt.read_text() and "source.mp4" not in receipt.read_text()
    content = json.loads(receipt.read_text())
    content["receipt"]["removed_files"] += 1
    receipt.write_text(json.dumps(content))
    assert not receipt_holds(receipt)
    assert ledger.verify_chain() == 1 and desk.source.is_file() and desk.out.is_file()
    assert (
        api.swap(desk.source, desk.target, desk.folder / "again.mp4", project=project, consents=[desk.face], settings=DRAFT).video.n_altered == 8
    ), "who agrees anew can be added anew"


def test_the_target_is_forgotten_and_the_source_stays(desk: Desk) -> None:
    project = api.swap(desk.source, desk.target, desk.out, consents=[desk.face, desk.performer], settings=DRAFT).project
    (published,) = api.published_videos(project)
    assert api.account(project).count("data:image/jpeg") == 2
    done = api.forget(project, "target")
    page = api.account(project)
    assert published.sha256 in page and "data:image/jpeg" not in page, "it is still accounted for, without a picture of somebody who was forgotten"
    assert done.files > 3 and done.videos == (desk.target.resolve(),)
    assert any((project / "faceset").rglob("*.npy")) and not any((project / "render").rglob("*.patches"))
    assert not any(file.is_file() for file in (project / "faces" / media_id(desk.target)[0]).rglob("*"))


def beside_each_other(path: Path, left: Path, right: Path, *, n: int) -> Path:
    """Two people in one video, each in a half of the picture."""
    films = [[frame.rgb for frame in read_frames(film, end_index=n)] for film in (left, right)]
    rows = [np.concatenate([cv2.resize(rgb[:, 100:412], (312, 512)) for rgb in pair], axis=1) for pair in zip(*films, strict=True)]
    return write_frames(path, rows)


def test_whoever_is_seen_in_the_other_video_too_is_forgotten_there(desk: Desk) -> None:
    """The source stands at the edge of the target: what was found in it holds this face, and goes."""
    both = beside_each_other(desk.folder / "both.mp4", B, A, n=8)
    project = api.new(desk.folder / "film.understudy", settings=DRAFT)
    api.add(project, desk.source, role="source")
    api.add(project, both, role="target", face="p1")
    api.consent_add(project, desk.face)
    api.extract(project)
    api.make_proxies(project)
    with Project(project) as opened:
        seen = [seen_in(opened, find(opened, who)) for who in (NAME, "target")]
    source, target = (media_id(path)[0] for path in (desk.source, both))
    # forgetting the one who is meant in the target leaves the source's pictures
    assert seen == [{source, target}, {target}]
    api.forget(project, NAME)
    assert not any(path.suffix in (".npz", ".proxy", ".jpg") for path in files(project))


def test_a_lent_face_is_forgotten_where_it_was_borrowed(desk: Desk) -> None:
    """Ada's project lends her face to the cast of two films: one beside it, one elsewhere; a third borrows from somebody else."""
    ada = api.new(desk.folder / "ada", settings=DRAFT)
    api.add(ada, desk.source, role="source")
    api.consent_add(ada, desk.face)
    elsewhere = desk.folder / "elsewhere"
    elsewhere.mkdir()
    films = [api.new(place / "film", settings=DRAFT) for place in (desk.folder, elsewhere)]
    other, cleo = cut_clip(clip("C_eval"), desk.folder / "other.mp4", n=12, every=10), record(desk.folder / "cleo.json", "face", subject="Cleo")
    for film, source in zip(films, ("../ada", "../../ada"), strict=True):
        api.add(film, other, role="source")
        api.add(film, desk.target, role="target")
        for paper in (desk.performer, cleo):
            api.consent_add(film, paper)
        api.extract(film)
        api.cast_set(film, "p1", source=source)
        api.render(film)
        assert any((film / "render").rglob("*.patches"))
    with Project(films[1], lock=True), pytest.raises(ProjectBusy):
        api.forget(ada, NAME)
    assert any((ada / "faceset").rglob("*.npy")), "nothing is removed where not all can be"
    api.cast_remove(films[1], "p1")
    api.forget(ada, NAME)
    for film in films:
        assert not any((film / "render").rglob("*.patches")) and any((film / "faces").rglob("*.npz"))
        assert not api.cast_show(film)
    (receipt,) = (desk.folder.parent / "home" / "receipts").iterdir()
    assert json.loads(receipt.read_text())["receipt"]["projects_that_had_borrowed_the_face"] == 2


def test_a_borrower_that_was_moved_is_named_with_what_to_do(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    ada, film = (api.new(desk.folder / name, settings=DRAFT) for name in ("ada", "film"))
    api.add(ada, desk.source, role="source")
    api.consent_add(ada, desk.face)
    with Project(ada) as opened:
        note_loan(opened, film)
        note_loan(opened, desk.folder / "removed")
    (desk.folder / "far").mkdir()
    film.rename(desk.folder / "far" / "film")
    assert main(["forget", "source", "--project", str(ada)]) == 0
    said = capsys.readouterr().out
    assert f"no longer at {film}" in said and f"no longer at {desk.folder / 'removed'}" in said and "'render'" in said
    (receipt,) = api.receipts()
    assert json.loads(receipt.read_text())["receipt"]["projects_that_had_borrowed_the_face_and_were_not_found"] == 2


def test_whoever_is_named_in_the_cast_is_forgotten_there(desk: Desk) -> None:
    project = api.new(desk.folder / "film", settings=DRAFT)
    api.add(project, desk.source, role="source")
    api.add(project, desk.target, role="target")
    api.consent_add(project, desk.face)
    api.consent_add(project, desk.performer)
    api.extract(project)
    api.cast_set(project, "p1", performer="Nobody, performer")
    packed = desk.folder / "set.faces"
    api.faces_pack(project, packed)
    api.forget(project, "Nobody, performer")
    assert not (project / "cast.toml").exists() and packed.is_file()
    api.forget(project, NAME)
    assert not packed.exists(), "where it went is still known after the other person was forgotten"


def test_layers_packs_and_the_studios_copies_are_forgotten_too(desk: Desk) -> None:
    """What lies outside of the project: found by what was written down when it was made, and only as long as it is still that."""
    copies, originals = desk.folder / "film-videos", desk.folder / "film-consents"
    copies.mkdir()
    originals.mkdir()
    source = desk.source.rename(copies / "upload.mp4")
    record = desk.face.rename(originals / "face-1.consent.json")
    (copies / "other.mp4").write_bytes(desk.target.read_bytes())
    project = desk.folder / "film.understudy"
    api.swap(source, desk.target, desk.out, consents=[record, desk.performer], settings=DRAFT, project=project)
    jobs = Jobs()
    job = jobs.add("train", project=project, args={"about": NAME})
    jobs.stop(job.job)
    api.layers(project, desk.folder / "layers")
    api.layers(project, desk.folder / "kept", layers=["face"])
    api.faces_pack(project, desk.folder / "set.faces")
    api.faces_pack(project, desk.folder / "given away.faces")
    (desk.folder / "layers" / "my own notes.txt").write_text("mine")
    (desk.folder / "given away.faces").write_bytes(b"somebody else's file in its place")
    (desk.folder / "kept" / "layers.json").write_text("{}")
    faces = [track.embedding.tobytes() for file in (project / "faces").rglob("*.npz") for track in load_tracks(file)]
    done = api.forget(project, "source")
    assert done.videos == () and done.exports[0] == desk.out.resolve()
    assert [path.name for path in (desk.folder / "layers").rglob("*")] == ["my own notes.txt"]
    assert files(desk.folder / "kept"), "its list is another one: not ours to remove"
    assert not (desk.folder / "set.faces").exists() and (desk.folder / "given away.faces").is_file()
    assert [path.name for path in files(copies)] == ["other.mp4"] and files(originals) == []
    assert jobs.of(project) == []
    jobs.close()
    left = [path for path in files(desk.folder) if path.is_relative_to(project) or path.parent in (copies, originals)]
    left += files(desk.folder.parent / "home" / "studio")
    for path in left:
        data = path.read_bytes()
        assert NAME.encode() not in data and json.dumps(NAME)[1:-1].encode() not in data and not any(face in data for face in faces), path
    assert ledger.verify_chain() == 3
