"""Every way in is checked: each command and each function of `api` that makes something refuses, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from networks import link_all_but
from studio import Desk, main, make_desk

from understudy import api
from understudy.errors import RefusedMaterial, WeightsMissing
from understudy.project import Project
from understudy.provenance import gate, ledger

DRAFT = {"quality": "draft"}


@pytest.fixture
def desk(tmp_path: Path, ready_home: Path) -> Desk:
    return make_desk(tmp_path / "desk")


def prepared(desk: Desk) -> Path:
    """A project that lacks nothing."""
    project = api.new(desk.folder / "p", settings=DRAFT)
    for path in (desk.face, desk.performer):
        api.consent_add(project, path)
    api.add(project, desk.source, role="source")
    api.add(project, desk.target, role="target")
    return project


WAYS: dict[str, Callable[[Desk, Path], object]] = {
    "swap": lambda desk, project: api.swap(desk.source, desk.target, desk.out, consents=[desk.face, desk.performer], settings=DRAFT),
    "extract": lambda desk, project: api.extract(project),
    "train": lambda desk, project: api.train(project, settings={"quality": "standard"}),
    "render": lambda desk, project: api.render(project),
    "publish": lambda desk, project: api.publish(project, desk.out),
}
COMMANDS: dict[str, Callable[[Desk, Path], list[str]]] = {
    "swap": lambda desk, project: desk.swap(),
    "extract": lambda desk, project: ["extract", "--project", str(project)],
    "train": lambda desk, project: ["train", "--project", str(project), "--quality", "standard"],
    "render": lambda desk, project: ["render", "--project", str(project)],
    "publish": lambda desk, project: ["publish", "-o", str(desk.out), "--project", str(project)],
}


def made(folder: Path) -> list[Path]:
    """Everything of faces, models, merged frames and previews under a folder, and every video that is not an input."""
    parts = ("faces", "people", "faceset", "model", "previews")
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [f for f in files if any(part in f.parts for part in parts) or f.suffix == ".patches" or f.stem.lstrip(".").startswith("out")]


def test_every_way_in_refuses_and_makes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    project = prepared(desk)
    monkeypatch.setattr(gate, "score", lambda rgb: 0.99)
    for name, way in WAYS.items():
        with pytest.raises(RefusedMaterial, match=r"the source source\.mp4"):
            way(desk, project)
        assert made(desk.folder) == [], name
    for name, command in COMMANDS.items():
        assert main(command(desk, project)) == 5, name
        assert "sexual material" in capsys.readouterr().err
        assert made(desk.folder) == [], name
    assert ledger.rows() == []
    with Project(project) as opened:
        (row,) = [row for row in opened.store.stages() if row.stage == "gate"]
        assert row.subject == "source.mp4" and row.report["share"] == 1.0


def test_every_way_in_fails_closed_without_the_network(desk: Desk, ready_home: Path) -> None:
    project = prepared(desk)
    api.extract(project)  # looked at, and kept: which must not be enough
    link_all_but("open-nsfw.onnx", ready_home)
    for name, way in WAYS.items():
        with pytest.raises(WeightsMissing, match="refusing sexual material"):
            way(desk, project)
        assert not desk.out.exists(), name


def test_each_video_is_looked_at_once_and_the_door_does_not_believe_the_project(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    project = prepared(desk)
    score, calls = gate.score, 0

    def count(rgb: object) -> float:
        nonlocal calls
        calls += 1
        return score(rgb)  # type: ignore[arg-type]

    monkeypatch.setattr(gate, "score", count)
    api.extract(project)
    looked = calls
    assert looked >= 2, "both videos"
    api.render(project)
    assert calls == looked
    # another process, in which somebody has tampered with what the project remembers, or with the pictures since
    gate._seen.clear()
    monkeypatch.setattr(gate, "score", lambda rgb: 0.99)
    with pytest.raises(RefusedMaterial):
        api.publish(project, desk.out)
    assert not desk.out.exists() and ledger.rows() == []
    with Project(project) as opened:
        assert any(row.stage == "gate" and "refused" in row.report for row in opened.store.stages())
