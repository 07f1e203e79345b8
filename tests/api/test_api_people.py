"""People over a whole project: who they are, what the user decides, and that another run keeps to it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from studio import A, main, side_by_side
from synthetic import cut_clip

from understudy import api
from understudy.errors import PersonAbsent, SeveralPeople, UsageError
from understudy.faces.track import watch_shot
from understudy.pipeline import extract
from understudy.types import Shot


@pytest.fixture
def project(ready_home: Path, tmp_path: Path) -> Path:
    """Source: actor A. Target: A on the left, C on the right."""
    folder = api.new(tmp_path / "film")
    api.add(folder, cut_clip(A, tmp_path / "source.mp4", n=24, every=10), role="source")
    api.add(folder, side_by_side(tmp_path / "both.mp4", n=8), role="target", face="p1")
    assert api.people(folder) == ()
    api.extract(folder)
    return folder


def seen(project: Path) -> list[list[str]]:
    return [[f"{part.role} {part.frames}" for part in person.media] for person in api.people(project)]


def test_one_person_in_two_videos_and_what_the_user_decides(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = api.people(project)
    assert seen(project) == [["source 24", "target 8"], ["target 8"]]
    assert (first.person_id, second.person_id, first.frames) == ("person-1", "person-2", 32)
    assert first.seconds == pytest.approx(32 / 25) and first.media[0].face == "p1"
    assert sorted(part.face for person in (first, second) for part in person.media if part.role == "target") == ["p1", "p2"]
    assert len(first.tracks) == 2 and first.tracks[0].start_s == 0 and first.tracks[0].end_s == pytest.approx(0.92)
    tile = cv2.imdecode(np.frombuffer(second.picture, np.uint8), cv2.IMREAD_COLOR)
    assert tile is not None and tile.shape == (128, 128, 3)
    sheet = cv2.imdecode(np.frombuffer(first.sheet(), np.uint8), cv2.IMREAD_COLOR)
    assert sheet is not None and sheet.shape == (156, 1024, 3)

    assert main(["people", str(project), "name", "2", "Clara Löwe"]) == 0
    assert main(["people", str(project), "list", "--tracks", "--sheets", str(tmp_path / "sheets")]) == 0
    said = capsys.readouterr().out
    assert "Clara Löwe" in said and f"piece {second.tracks[0].track_id}" in said and (tmp_path / "sheets" / "person-2.jpg").is_file()
    with pytest.raises(UsageError, match="called Clara Löwe already"):
        api.person_name(project, "person-1", "clara löwe")
    for bad in ("p3", "person-9", "x" * 61):
        with pytest.raises(UsageError, match="cannot be a name"):
            api.person_name(project, "person-1", bad)
    with pytest.raises(UsageError, match=r"Known are: person-1, Clara Löwe"):
        api.person_name(project, "Nobody", "Ada")

    piece = first.tracks[1].track_id
    with pytest.raises(UsageError, match="These pieces are not person-2's"):
        api.person_split(project, "person-2", [piece])
    with pytest.raises(UsageError, match="but not all"):
        api.person_split(project, "person-2", [second.tracks[0].track_id])
    new = api.person_split(project, "person-1", [piece])
    assert new.person_id == "person-3" and seen(project) == [["source 24"], ["target 8"], ["target 8"]]
    merged = api.people_merge(project, ["Clara Löwe", "person-3"])
    assert (merged.person_id, merged.name, merged.frames) == ("person-2", "Clara Löwe", 16), "even of one frame, if the user says so"
    assert seen(project) == [["source 24"], ["target 16"]]

    # another run with other settings finds other tracks, and keeps to it
    api.extract(project, settings={"faces.detect_every": 4, "faces.parse_every": 6})
    assert seen(project) == [["source 24"], ["target 16"]] and [p.title for p in api.people(project)] == ["person-1", "Clara Löwe"]
    assert [api.people_undo(project) for _ in range(4)] == ["merge", "split", "name", None]
    assert seen(project) == [["source 24", "target 8"], ["target 8"]]
    assert [p.title for p in api.people(project)] == ["person-1", "person-2"]
    assert main(["people", str(project), "merge", "1"]) == 2 and main(["people", str(project), "undo"]) == 0
    assert "nothing to take back" in capsys.readouterr().out


def test_names_and_numbers_choose_who_is_meant(project: Path) -> None:
    second = api.people(project)[1]
    api.person_name(project, second.person_id, "Clara")
    rows = api.extract(project, face="clara")
    assert api.status(project).lines[1].detail.endswith("person: clara")
    again = api.extract(project, face="person-2")
    assert [row.key for row in rows] == [row.key for row in again]
    with pytest.raises(PersonAbsent, match=r"nobody called 'p9'.*"):
        api.extract(project, face="p9")
    with pytest.raises(PersonAbsent, match="names nobody"):
        api.extract(project, face="Dora")
    assert not [row for row in api.extract(project, source_face="person-1", face="p2") if row.key not in {r.key for r in rows}], "nothing anew"


def test_following_that_breaks_off_loses_the_piece_in_work_alone(ready_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = api.new(tmp_path / "film")
    api.add(folder, cut_clip(A, tmp_path / "source.mp4", n=12, every=10), role="source")
    begun: list[int] = []
    last = 8

    def watched(*given: Any, shot: Shot, **how: Any) -> Any:
        begun.append(shot.start_index)
        if shot.start_index == last:
            raise SystemExit("as if the power failed")
        return watch_shot(*given, shot=shot, **how)

    monkeypatch.setattr(extract, "find_shots", partial(extract.find_shots, max_frames=4))
    monkeypatch.setattr(extract, "watch_shot", watched)
    with pytest.raises(SystemExit):
        api.people_find(folder)
    kept = {file: file.stat().st_mtime_ns for file in (folder / "faces").rglob("*.npz")}
    assert begun == [0, 4, 8] and len(kept) == 2
    last = -1
    (person,) = api.people_find(folder)
    assert begun == [0, 4, 8, 8] and person.frames == 12
    assert all(file.stat().st_mtime_ns == then for file, then in kept.items()) and len(list((folder / "faces").rglob("*.*"))) == 3


def test_everybody_is_found_without_deciding_who_is_meant(ready_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = api.new(tmp_path / "film")
    api.add(folder, cut_clip(A, tmp_path / "source.mp4", n=8, every=10), role="source")
    api.add(folder, side_by_side(tmp_path / "both.mp4", n=6), role="target")
    with pytest.raises(SeveralPeople):
        api.extract(folder)
    assert main(["people", str(folder), "find"]) == 0 and "person-2" in capsys.readouterr().out
    first, second = api.people(folder)
    assert [(part.role, part.meant) for part in first.media] == [("source", True), ("target", False)]
    assert [(part.role, part.meant) for part in second.media] == [("target", False)]
    with pytest.raises(UsageError, match="not seen in the source"):
        api.person_choose(folder, "source", "person-2")
    assert main(["people", str(folder), "choose", "target", "2"]) == 0 and "person-2 is replaced" in capsys.readouterr().out
    assert main(["people", str(folder), "choose", "performer", "2"]) == 2
    # by the number, which a merge, a split and another run leave as it is
    api.person_name(folder, "person-2", "Clara")
    assert [part.meant for part in api.people(folder)[1].media] == [True]
    assert api.person_choose(folder, "target", "person-1").media[1].meant and not api.people(folder)[1].media[0].meant
    api.extract(folder)
    assert api.status(folder).lines[1].detail.endswith("person: person-1")


def test_names_go_when_a_person_is_forgotten(project: Path) -> None:
    api.person_name(project, "person-1", "Augusta Ada")
    api.people_merge(project, ["person-1", "person-2"])
    api.forget(project, "source")
    assert b"Augusta" not in (project / "project.sqlite").read_bytes()
    assert api.people_undo(project) is None
