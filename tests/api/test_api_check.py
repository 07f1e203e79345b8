"""The data doctor on real pictures: the actors, cut so that it is known what they show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from studio import A, B, main
from synthetic import cut_clip

from understudy import api
from understudy.errors import NoFace, SameFile
from understudy.events import Context, Event


@pytest.fixture
def target(ready_home: Path, tmp_path: Path) -> Path:
    """Actor B for a second: speaks with the mouth open, and blinks."""
    return cut_clip(B, tmp_path / "target.mp4", n=22, start=150, every=2)


def test_what_a_source_lacks_is_said(target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second of A without a blink and with the mouth nearly closed. The work is kept in the project and not done twice."""
    source = cut_clip(A, tmp_path / "<source>.mp4", n=21, start=226)
    project, page, report = tmp_path / "film", tmp_path / "report.html", tmp_path / "report.json"
    words = ["check", str(source), str(target), "--project", str(project), "--html", str(page), "--json", str(report)]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "blinking" in said and "aah" in said and "Weak" in said and f"--project {project}" in said
    made = json.loads(report.read_text(encoding="utf-8"))
    found = {finding["code"]: finding for finding in made["findings"]}
    assert {"mouth-open", "eyes-closed", "few-pictures"} <= set(found) and made["outlook"] == "weak"
    assert found["eyes-closed"]["target_frame"] in range(10, 15), "the blink is in the middle"
    html = page.read_text(encoding="utf-8")
    assert "&lt;source&gt;.mp4" in html and "<source>" not in html
    assert html.count("data:image/jpeg;base64,") == sum((f["target_frame"] is not None) + (f["source_frame"] is not None) for f in found.values())
    events: list[Event] = []
    again = api.check(source, target, project=project, context=Context(report=events.append))
    assert json.loads(again.json()) == made, "the same judgement"
    assert not [event for event in events if event.kind == "start"], "nothing is done twice"
    assert not list((project / "consents").iterdir()) and not list(project.rglob("*.mp4"))


def test_wide_material_is_good_and_nothing_is_left_behind(target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = cut_clip(A, tmp_path / "source.mp4", n=204, start=20)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    report = api.check(source, target)
    assert report.outlook == "good", report.text()
    assert not [f for f in report.findings if f.severity != "minor"]
    assert not list(scratch.iterdir()), "without a project nothing is kept"


def test_errors_are_the_usual_ones(target: Path, tmp_path: Path, make_clip, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NoFace, match="No face"):
        api.check(make_clip(size=(320, 240)), target)
    with pytest.raises(SameFile):
        api.check(target, target)
    assert main(["check", str(A), str(target), "--html", str(tmp_path / "target.mp4")]) == 2
    assert "does not end in .html" in capsys.readouterr().err
    assert target.stat().st_size > 1000, "a video is never overwritten by a report"
    assert main(["check", str(tmp_path / "none.mp4"), str(target)]) == 1
    assert "Traceback" not in capsys.readouterr().err
