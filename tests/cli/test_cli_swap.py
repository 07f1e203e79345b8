"""The whole job from the command line: what it makes, that it goes on after anything, and unusual videos."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import av
import numpy as np
import pytest
from studio import A, B, Desk, frames_of, main, make_desk, start
from synthetic import cut_clip


@pytest.fixture
def desk(ready_home: Path, tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "desk")


def test_result_is_labelled_signed_and_found_done(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(desk.swap()) == 0
    said = capsys.readouterr()
    assert str(desk.out) in said.out and "What next:" in said.out and "Time:" in said.out
    assert "\x1b" not in said.err and "\r" not in said.err, "plain lines where nobody looks"
    result, before = frames_of(desk.out), frames_of(desk.target)
    assert result.shape == before.shape
    assert np.abs(result[:, 60:300, 120:400].astype(int) - before[:, 60:300, 120:400]).mean() > 3, "the face is another one"
    assert main(["verify", str(desk.out)]) == 0
    assert "proved" in capsys.readouterr().out
    stamp = desk.out.stat().st_mtime_ns
    assert main(desk.swap()) == 0
    assert desk.out.stat().st_mtime_ns == stamp
    assert "Already done" in capsys.readouterr().out
    assert main(["status", str(desk.folder / "out.understudy")]) == 0
    assert "Everything is done." in capsys.readouterr().out


def test_other_settings_do_not_overwrite_unasked(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(desk.swap()) == 0
    assert main(desk.swap("--encode.crf", "30")) == 1
    assert "--force" in capsys.readouterr().err
    assert "crf" not in (desk.folder / "out.understudy" / "project.toml").read_text(), "a refused setting is not kept"
    size = desk.out.stat().st_size
    assert main(desk.swap("--encode.crf", "30", "--force")) == 0
    assert desk.out.stat().st_size < size
    assert "crf = 30" in (desk.folder / "out.understudy" / "project.toml").read_text()


def test_deleted_or_altered_result_is_made_again(desk: Desk) -> None:
    assert main(desk.swap()) == 0
    first = frames_of(desk.out)
    desk.out.unlink()
    assert main(desk.swap()) == 0
    assert np.array_equal(frames_of(desk.out), first)
    data = bytearray(desk.out.read_bytes())
    data[len(data) // 2] ^= 255
    desk.out.write_bytes(data)
    assert main(desk.swap()) == 1, "this is not our file any more, and is not overwritten unasked"
    assert main(desk.swap("--force")) == 0
    assert np.array_equal(frames_of(desk.out), first)


def test_project_can_be_moved(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(desk.swap()) == 0
    moved = desk.folder.rename(tmp_path / "moved")
    capsys.readouterr()
    assert main(["publish", "-o", str(moved / "second.mp4"), "--project", str(moved / "out.understudy")]) == 0
    assert "done before" in capsys.readouterr().err
    assert np.array_equal(frames_of(moved / "second.mp4"), frames_of(moved / "out.mp4"))


def test_spaces_and_accents(desk: Desk) -> None:
    folder = desk.folder / 'Ça, c\'est — für 日本 "quoted"'
    folder.mkdir()
    source, target = desk.source.rename(folder / "sóurce 1.mp4"), desk.target.rename(folder / "tärget $HOME.mp4")
    assert main(desk.swap(source=source, target=target, out=folder / "résultat final.mp4")) == 0
    assert (folder / "résultat final.mp4").is_file()


@pytest.mark.parametrize(("n", "size"), [(3, None), (6, (176, 144)), (3, (3840, 2160))])
def test_very_short_small_and_large_targets(desk: Desk, n: int, size: tuple[int, int] | None) -> None:
    target = cut_clip(B, desk.folder / "odd.mp4", n=n, start=20, size=size, options={"preset": "ultrafast", "crf": "16"})
    assert main(desk.swap(target=target)) == 0
    with av.open(str(desk.out)) as made:
        stream = made.streams.video[0]
        assert sum(1 for _ in made.decode(video=0)) == n
        assert size is None or (stream.codec_context.width, stream.codec_context.height) == size


def test_three_frames_of_source(desk: Desk) -> None:
    source = cut_clip(A, desk.folder / "short.mp4", n=3, every=60)
    assert main(desk.swap(source=source)) == 0


def test_step_by_step_is_the_same(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    project, out = desk.folder / "steps", desk.folder / "steps.mp4"
    where = ["--project", str(project)]
    for words in (
        ["new", str(project), "--quality", "draft"],
        ["add", str(desk.source), "--role", "source", *where],
        ["add", str(desk.target), "--role", "target", *where],
        ["consent", "add", str(desk.face), *where],
        ["consent", "add", str(desk.performer), *where],
        ["extract", *where],
        ["render", *where],
    ):
        assert main(words) == 0, words
    assert "understudy publish" in capsys.readouterr().out.splitlines()[-1]
    assert main(["publish", "-o", str(out), *where]) == 0
    assert main(desk.swap()) == 0
    assert np.array_equal(frames_of(out), frames_of(desk.out))


def test_standard_quality_trains_and_gives_a_draft_first(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    source = cut_clip(A, desk.folder / "longer.mp4", n=40, every=6)
    words = [*desk.swap(source=source), "--quality", "standard", "--train.rounds", "1", "--train.faces_per_round", "16", "--train.size", "128"]
    words.remove("draft")
    words.remove("--quality")
    assert main(words) == 0
    said = capsys.readouterr()
    assert (desk.folder / "out.draft.mp4").is_file() and "Training" in said.out
    assert list((desk.folder / "out.understudy" / "previews" / "training").glob("*/*.jpg"))
    assert main(["verify", str(desk.folder / "out.draft.mp4")]) == 0
    assert main(words) == 0
    assert "Already done" in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop_is_polite(desk: Desk, number: signal.Signals) -> None:
    target = cut_clip(B, desk.folder / "longer.mp4", n=120)
    process = start(desk.swap(target=target))
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Merging"):
            break
    process.send_signal(number)
    rest, _ = process.communicate(timeout=300)
    assert process.returncode == 130, rest
    assert "run the same command again" in rest and "Traceback" not in rest
    assert not desk.out.exists() and not list(desk.folder.glob(".out*"))


def test_kill_at_random_moments_ends_in_the_same_result(desk: Desk) -> None:
    """Each run is killed a little later than the one before got; the last one is left alone."""
    whole = desk.folder / "whole.mp4"
    began = time.monotonic()
    process = start(desk.swap(out=whole))
    assert process.wait(timeout=300) == 0
    length = time.monotonic() - began
    rng = random.Random(3)
    for _ in range(4):
        process = start(desk.swap())
        time.sleep(rng.uniform(0.3, 1.0) * length)
        process.kill()
        process.wait()
    process = start(desk.swap())
    text, _ = process.communicate(timeout=300)
    assert process.returncode == 0, text
    assert np.array_equal(frames_of(desk.out), frames_of(whole))
    assert main(["verify", str(desk.out)]) == 0
    assert not list(desk.folder.glob(".out*")), "no unfinished file is left"
