"""Forgetting a person: nothing of the face is left, the receipt holds, and the ledger still verifies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from studio import Desk, main, make_desk, record

from understudy import api
from understudy.errors import UsageError
from understudy.faces.trackfile import load_tracks
from understudy.pipeline.forget import receipt_holds
from understudy.provenance import ledger
from understudy.run.jobs import Jobs
from understudy.video.probe import media_id

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
    assert not any(path.suffix == ".proxy" and path.stem == media_id(desk.source)[0] for path in left)
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
    done = api.forget(project, "target")
    assert done.files > 3 and done.videos == (desk.target.resolve(),)
    assert any((project / "faceset").rglob("*.npy")) and not any((project / "render").rglob("*.patches"))
    assert not any(file.is_file() for file in (project / "faces" / media_id(desk.target)[0]).rglob("*"))


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
