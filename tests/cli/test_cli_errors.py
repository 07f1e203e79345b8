"""A user's mistakes: each is told what happened, why and what to do, with the right exit code, and never sees a traceback."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from studio import ACTORS, A, Desk, frames_of, main, make_desk, record, side_by_side, start
from synthetic import cut_clip

Run = Callable[[list[str]], tuple[int, str]]


@pytest.fixture
def desk(ready_home: Path, tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "desk")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in this process: its exit code and everything that it printed, on one line."""

    def call(words: list[str]) -> tuple[int, str]:
        code = main(words)
        printed = capsys.readouterr()
        text = " ".join((printed.out + printed.err).split())
        assert "Traceback" not in text and "fault of the program" not in text
        return code, text

    return call


def refused(result: tuple[int, str], *words: str, code: int = 1) -> None:
    assert result[0] == code, result
    for word in words:
        assert word in result[1], result
    assert "What to do:" in result[1]


def test_missing_file(desk: Desk, run: Run) -> None:
    refused(run(desk.swap(source=desk.folder / "nowhere.mp4")), "There is no file", "nowhere.mp4")
    assert not (desk.folder / "out.understudy").exists(), "nothing is begun"


def test_folder_in_place_of_a_video(desk: Desk, run: Run) -> None:
    refused(run(desk.swap(target=desk.folder)), "is a folder")


def test_empty_file(desk: Desk, run: Run) -> None:
    desk.source.write_bytes(b"")
    refused(run(desk.swap()), "is empty")


def test_text_with_the_name_of_a_video(desk: Desk, run: Run) -> None:
    desk.source.write_text("This is a shopping list.\n" * 20)
    refused(run(desk.swap()), "not a video")


def test_truncated_video(desk: Desk, run: Run) -> None:
    whole = desk.target.read_bytes()
    desk.target.write_bytes(whole[: len(whole) // 2])
    refused(run(desk.swap()), "cut short", "again")


def test_sound_only(desk: Desk, run: Run, make_clip: Callable[..., Path]) -> None:
    refused(run(desk.swap(source=make_clip("sound.mp4", codec="none", audio="aac"))), "no moving picture")


def test_source_without_a_face(desk: Desk, run: Run, make_clip: Callable[..., Path]) -> None:
    refused(run(desk.swap(source=make_clip("empty.mp4", n=8))), "No face was found", "empty.mp4")


def test_target_without_a_face(desk: Desk, run: Run, make_clip: Callable[..., Path]) -> None:
    refused(run(desk.swap(target=make_clip("empty.mp4", n=8))), "No face was found", "empty.mp4")


def test_source_without_the_person_on_the_picture(desk: Desk, run: Run) -> None:
    import cv2
    from av import open as open_video

    with open_video(str(ACTORS / "synthetic_actor_C_eval.mp4")) as video:
        frame = list(video.decode(video=0))[200].to_ndarray(format="bgr24")
    picture = desk.folder / "the other one.png"
    picture.write_bytes(np.asarray(cv2.imencode(".png", frame)[1]).tobytes())
    refused(run(desk.swap("--source-face", str(picture))), "is not in the video", "--source-face p1")


def test_a_name_that_nobody_has(desk: Desk, run: Run) -> None:
    refused(run(desk.swap("--face", "p7")), "nobody called 'p7'", "p1")
    refused(run(desk.swap("--face", "Bob", out=desk.folder / "b.mp4")), "'Bob' names nobody")


def test_several_people_are_shown_and_the_one_named_is_swapped(desk: Desk, run: Run) -> None:
    both = side_by_side(desk.folder / "both.mp4", n=8)
    code, text = run(desk.swap(target=both))
    refused((code, text), "Several people", "both.mp4", "--face p1")
    sheet = re.search(r"pictures: (\S+\.jpg)", text)
    assert sheet and Path(sheet[1]).is_file()
    assert run(desk.swap("--face", "p1", target=both))[0] == 0
    # averaged over areas in which the invisible mark, which is everywhere, cancels out
    change = [cv2.blur(frame, (31, 31)) for frame in frames_of(desk.out).astype(np.float32) - frames_of(both)]
    changed = np.abs(np.stack(change))[:, 100:].mean((0, 1))
    left, right = changed[60:330].mean(), changed[444:714].mean()
    assert max(left, right) > 1.5 * min(left, right), "only one of the two has changed"
    refused(run(desk.swap(source=both, out=desk.folder / "b.mp4")), "Several people", "--source-face p1")


def test_output_in_a_file_in_place_of_a_folder(desk: Desk, run: Run) -> None:
    refused(run(desk.swap(out=desk.source / "out.mp4")), "cannot be written", "another folder")


def test_output_folder_that_the_system_closes(desk: Desk, run: Run) -> None:
    refused(run(desk.swap(out=Path("/proc/out.mp4"))), "cannot be written")


def test_output_exists(desk: Desk, run: Run) -> None:
    desk.out.write_bytes(b"a film of somebody else")
    refused(run(desk.swap()), "already there", "--force")
    assert desk.out.read_bytes() == b"a film of somebody else"


def test_output_is_the_target(desk: Desk, run: Run) -> None:
    refused(run(desk.swap("--force", out=desk.target)), "made from")


def test_output_of_an_unknown_kind(desk: Desk, run: Run) -> None:
    refused(run(desk.swap(out=desk.folder / "out.avi")), ".avi", ".mp4")


def test_same_file_twice(desk: Desk, run: Run) -> None:
    refused(run(desk.swap(target=desk.source)), "the same file")
    copy = desk.folder / "another name.mp4"
    shutil.copyfile(desk.source, copy)
    refused(run(desk.swap(target=copy)), "the same file", "same bytes")


def test_no_consent(desk: Desk, run: Run) -> None:
    result = run(desk.swap(consents=False))
    refused(result, "on record", "understudy consent new face.consent.json --role face", "--consent performer.consent.json", code=4)
    refused(run([*desk.swap(consents=False), "--consent", str(desk.face)]), "--role performer", code=4)
    assert not (desk.folder / "out.understudy").exists(), "nothing is begun"


def test_consents_that_do_not_hold(desk: Desk, run: Run) -> None:
    text = desk.face.read_text()
    desk.face.write_text(text.replace("a test", "anything"))
    refused(run(desk.swap()), "changed after it was signed", code=4)
    desk.face.unlink()
    refused(run(desk.swap()), "no consent record", code=4)
    record(desk.face, "face", actions=["render"])
    refused(run(desk.swap()), "does not cover", code=4)


def test_revoked_consent(desk: Desk, run: Run) -> None:
    assert run(["consent", "revoke", str(desk.face), "--reason", "she asked"])[0] == 0
    refused(run(desk.swap()), "taken the consent back", code=4)


def test_unknown_setting(desk: Desk, run: Run) -> None:
    refused(run(desk.swap("--set", "train.minuts=3")), "train.minuts", "train.minutes", code=2)
    refused(run(desk.swap("--encode.cfr", "20")), "encode.crf", code=2)
    refused(run(desk.swap("--crf", "20")), "--encode.crf", code=2)
    refused(run(desk.swap("--encode.crf", "many")), "encode.crf", "many", code=2)
    refused(run(desk.swap("--encode.crf")), "needs a value", code=2)
    refused(run(desk.swap("--set", "encode.crf")), "lacks a value", code=2)


def test_a_command_that_is_not_understood(run: Run) -> None:
    refused(run(["swpa"]), "swpa", "--help", code=2)
    refused(run(["swap", "a.mp4"]), "swap --help", code=2)
    refused(run(["verify", "a.mp4", "b.mp4"]), "--help", code=2)


def test_weights_missing(desk: Desk, run: Run, ready_home: Path) -> None:
    (ready_home / "weights").unlink()
    refused(run(desk.swap()), "not on this machine", "understudy setup")
    assert not (desk.folder / "out.understudy").exists(), "nothing is begun"


def test_weights_altered(desk: Desk, run: Run, ready_home: Path) -> None:
    kept = (ready_home / "weights").resolve()
    (ready_home / "weights").unlink()
    shutil.copytree(kept, ready_home / "weights")
    file = ready_home / "weights" / "face_recognition_sface_2021dec.onnx"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    refused(run(desk.swap()), "is not the file that it should be", "understudy setup")


def test_no_keys(desk: Desk, run: Run, ready_home: Path) -> None:
    (ready_home / "keys").rename(ready_home / "elsewhere")
    refused(run(desk.swap()), "no signing keys", "understudy setup")


def test_a_project_that_is_none(desk: Desk, run: Run) -> None:
    for words in (["status", "{}"], ["extract", "--project", "{}"], ["add", str(desk.source), "--role", "source", "--project", "{}"]):
        refused(run([word.replace("{}", str(desk.folder)) for word in words]), "is not an Understudy project", "understudy new")
    refused(run(["new", str(desk.folder)]), "already holds something")


def test_project_of_another_pair(desk: Desk, run: Run) -> None:
    project = desk.folder / "p.understudy"
    assert run(["new", str(project)])[0] == 0
    assert run(["add", str(desk.source), "--role", "source", "--project", str(project)])[0] == 0
    other = cut_clip(A, desk.folder / "other.mp4", n=4)
    refused(run(["add", str(other), "--role", "source", "--project", str(project)]), "already has a source", "--replace", code=2)
    refused(run(["add", str(desk.source), "--role", "target", "--project", str(project)]), "the same file")
    assert run(["add", str(other), "--role", "source", "--replace", "--project", str(project)])[0] == 0


def test_moved_and_changed_media(desk: Desk, run: Run, tmp_path: Path) -> None:
    project = desk.folder / "p.understudy"
    run(["new", str(project)])
    run(["add", str(desk.source), "--role", "source", "--project", str(project)])
    run(["add", str(desk.target), "--role", "target", "--project", str(project)])
    desk.source.rename(desk.folder / "under another name.mp4")
    assert run(["extract", "--project", str(project)])[0] == 0, "found by its content"
    assert "under another name.mp4" in run(["status", str(project)])[1]
    (desk.folder / "under another name.mp4").rename(tmp_path / "far away.mp4")
    refused(run(["extract", "--project", str(project)]), "not at its place", "--replace")
    shutil.copyfile(desk.target, desk.folder / "under another name.mp4")
    refused(run(["extract", "--project", str(project)]), "another one", "--replace")


def test_steps_in_the_wrong_order(desk: Desk, run: Run) -> None:
    project = desk.folder / "p.understudy"
    run(["new", str(project)])
    refused(run(["extract", "--project", str(project)]), "has no source yet", "understudy add")
    run(["add", str(desk.source), "--role", "source", "--project", str(project)])
    run(["add", str(desk.target), "--role", "target", "--project", str(project)])
    refused(run(["train", "--project", str(project)]), "on record", code=4)


def test_two_at_once(desk: Desk, run: Run) -> None:
    from understudy.project import Project

    project = desk.folder / "out.understudy"
    with Project.create(project, lock=True):
        refused(run(desk.swap()), "Another Understudy is working")


def test_verify_says_what_is_no_video(desk: Desk, run: Run) -> None:
    refused(run(["verify", str(desk.folder / "no.mp4")]), "There is no file")
    code, text = run(["verify", str(desk.target)])
    assert code == 3 and "Inconclusive" in text


@pytest.mark.parametrize("kilobytes", [40, 300, 2000])
def test_disk_full_says_so_and_loses_nothing(desk: Desk, kilobytes: int) -> None:
    """A limit on the size of a file is what a process can be given; the system reports it like a full disk."""
    process = start(desk.swap(), shell_prefix=f"ulimit -f {kilobytes}")
    text, _ = process.communicate(timeout=300)
    assert process.returncode == 1 and "disk is full" in text, text
    assert "What to do:" in text and "Traceback" not in text
    assert not desk.out.exists() and not list(desk.folder.glob(".out*"))
    again = start(desk.swap())
    text, _ = again.communicate(timeout=300)
    assert again.returncode == 0 and desk.out.exists(), text
