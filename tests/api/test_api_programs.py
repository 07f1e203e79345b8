"""What programs get from `api`: values and events in place of text, and errors of the tree."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from studio import A, Desk, frames_of, make_desk, record

from understudy import api
from understudy.errors import ConsentScope, Interrupted, MediaChanged, NoFace, UnknownSetting
from understudy.events import Context, Event
from understudy.project import Project

DRAFT = {"quality": "draft"}


@pytest.fixture
def desk(ready_home: Path, tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "desk")


def swap(desk: Desk, **changes: object) -> api.Swapped:
    arguments = {"consents": [desk.face, desk.performer], "settings": DRAFT, **changes}
    return api.swap(desk.source, desk.target, desk.out, **arguments)  # type: ignore[arg-type]


def test_swap_returns_what_it_made_and_tells_how_far_it_is(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    events: list[Event] = []
    done = swap(desk, context=Context(report=events.append))
    assert done.video.path == desk.out and done.video.n_altered == done.video.n_frames == 8 and done.draft is None and not done.already
    assert set(done.seconds) == {"shots", "gate", "extract", "faceset", "render", "publish"}
    assert done.sheet.is_file() and done.project.is_dir()
    stages = [event.stage for event in events if event.kind == "end"]
    assert stages == ["shots", "gate", "extract", "shots", "gate", "extract", "faceset", "render", "publish"]
    for event in events:
        assert event.total is None or event.done <= event.total, event
    assert capfd.readouterr() == ("", ""), "nothing below the command line prints"
    again = swap(desk)
    assert again.already and again.video == done.video and again.seconds == done.seconds


def test_everything_of_a_finished_run_is_skipped_when_the_result_is_lost(desk: Desk) -> None:
    first = swap(desk)
    desk.out.unlink()
    events: list[Event] = []
    second = swap(desk, context=Context(report=events.append))
    assert {event.stage for event in events if event.kind == "start"} == {"publish"}
    assert not second.already and second.video.sha256 != first.video.sha256, "signed anew"


def test_stop_from_another_thread(desk: Desk) -> None:
    context = Context()

    def report(event: Event) -> None:
        if event.stage == "render" and event.kind == "start":
            threading.Thread(target=context.stop.set).start()

    context.report = report
    with pytest.raises(Interrupted, match="same command"):
        swap(desk, context=context)
    assert swap(desk).video.n_altered == 8


def test_settings_are_kept_and_told(desk: Desk) -> None:
    swap(desk, settings={**DRAFT, "encode.crf": 28})
    events: list[Event] = []
    assert swap(desk, settings={}, context=Context(report=events.append)).already, "the project goes on as it was"
    (note,) = [event.message for event in events if event.kind == "note"]
    assert "quality = draft" in note and "encode.crf = 28" in note


def test_unknown_setting_changes_nothing(desk: Desk) -> None:
    with pytest.raises(UnknownSetting, match=r"merge\.feather"):
        swap(desk, settings={"merge.fether": 0.1})
    with pytest.raises(UnknownSetting, match=r"did you mean 'house\.contact'"):
        swap(desk, settings={"credentials.contact": "desk@example.org"})
    assert not desk.out.with_name("out.understudy").exists()


def test_consent_for_the_wrong_role(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(ConsentScope):
        swap(desk, consents=[desk.face, record(tmp_path / "voice.json", "voice")])


def test_newest_record_that_holds_is_used(desk: Desk, tmp_path: Path) -> None:
    project = api.new(tmp_path / "p", settings=DRAFT)
    for path in (desk.face, record(tmp_path / "narrow.json", "face", actions=["render"]), desk.performer):
        api.consent_add(project, path)
    api.add(project, desk.source, role="source")
    api.add(project, desk.target, role="target")
    assert api.publish(project, desk.out).n_frames == 8
    assert api.status(project).next_command is None


def test_revoked_consent_lists_what_stands_on_it(desk: Desk) -> None:
    swap(desk)
    assert api.consent_revoke(str(desk.performer), reason="he asked us") == [str(desk.out.resolve())]
    with pytest.raises(Exception, match="taken the consent back"):
        api.publish(desk.folder / "out.understudy", desk.folder / "second.mp4")


def test_other_settings_give_another_result_and_nothing_to_publish_is_said(desk: Desk) -> None:
    swap(desk)
    before = frames_of(desk.out)
    desk.out.unlink()
    swap(desk, settings={**DRAFT, "merge.strength": 0.3})
    weak = frames_of(desk.out).astype(int)
    target = frames_of(desk.target)

    def change(frames: np.ndarray) -> float:
        """Averaged over areas in which the invisible mark cancels out."""
        return float(np.mean([np.abs(cv2.blur(frame[80:], (31, 31))).mean() for frame in frames.astype(np.float32) - target]))

    assert change(weak) < 0.7 * change(before)
    with pytest.raises(NoFace, match="strength"):
        swap(desk, settings={**DRAFT, "merge.strength": 0.0}, overwrite=True)
    assert np.array_equal(frames_of(desk.out), weak)


def test_replaced_content_is_noticed(desk: Desk) -> None:
    project = api.new(desk.folder / "p")
    api.add(project, desk.source, role="source")
    api.add(project, desk.target, role="target")
    desk.target.write_bytes(A.read_bytes())
    with pytest.raises(MediaChanged, match="another one"):
        api.extract(project)


def test_project_knows_its_media(desk: Desk) -> None:
    project = api.new(desk.folder / "p")
    row = api.add(project, desk.source, role="source", face="P1")
    assert row.face == "p1" and row.info["frames"] == 24
    with Project(project) as opened:
        assert opened.store.media() == [row] and opened.absolute(row.path).samefile(desk.source)
    assert api.add(project, desk.source, role="source").face == "p1", "adding it again forgets nothing"
