"""The smaller commands: setting up, looking at the machine, consent records, settings, and what happens at a fault of the program."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from studio import read_terminal

from understudy import api
from understudy.cli import main
from understudy.config import NAMES


def test_doctor_of_a_ready_machine(ready_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    for word in ("Python", "cores", "Memory", "Disk", "face_landmarker.task", "libx264", "libx265", "keys", "minutes for a draft"):
        assert word in said


def test_doctor_of_a_bare_machine(isolated_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "no signing keys" in said and "understudy setup" in said


def test_setup_twice(ready_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = (ready_home / "keys" / "records.key").read_bytes()
    assert main(["setup"]) == 0
    assert "there already" in capsys.readouterr().out
    assert (ready_home / "keys" / "records.key").read_bytes() == key, "keys are never replaced"


def test_settings_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings"]) == 0
    said = capsys.readouterr().out
    assert all(f"{name} = " in said for name in NAMES)


def test_help_has_an_example_for_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    from understudy.cli import app

    names = [[name] for name in app if not name.startswith("-") and name != "settings"]
    inner = [[*words, name] for words in names for name in app[words[0]] if not name.startswith("-")]
    for words in [*(words for words in names if app[words[0]].default_command is not None), *inner]:
        assert main([*words, "--help"]) == 0
        assert f"understudy {' '.join(words)} " in " ".join(capsys.readouterr().out.split()).replace("\n", " ") + " ", words


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", capsys.readouterr().out)


FIELDS = ["--subject", "Ada", "--purpose", "a scene", "--production", "Film", "--channel", "cinema", "--recorded-by", "me"]


def test_consent_with_flags(ready_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.json"
    assert main(["consent", "new", str(path), "--role", "face", *FIELDS, "--expires", "2099-12-31"]) == 0
    assert main(["consent", "show", str(path)]) == 0
    said = capsys.readouterr().out
    assert "Ada lends the face." in said and "2099-12-31" in said and f"--consent {path}" in said
    assert main(["consent", "new", str(path), "--role", "face", *FIELDS, "--expires", "2099-12-31"]) == 1, "never overwritten"


def test_consent_without_a_terminal_says_what_is_missing(ready_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["consent", "new", str(tmp_path / "a.json"), "--subject", "Ada"]) == 2
    said = capsys.readouterr().err
    assert "--role" in said and "--expires" in said and "--subject" not in said.split("\n")[0]
    assert main(["consent", "new", str(tmp_path / "a.json"), "--role", "face", *FIELDS, "--expires", "tomorrow"]) == 4
    assert "2030-12-31" in capsys.readouterr().err
    assert not (tmp_path / "a.json").exists()


def test_consent_asks_on_a_terminal(ready_home: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "understudy.cli", "consent", "new", "--purpose", "a scene"]
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path)
    os.close(theirs)
    os.write(ours, "nobody\nperformer\n\nZoë Example\nThe Film\ncinema, web\n2099-01-31\nme\n".encode())
    seen = read_terminal(ours)
    assert process.wait(timeout=300) == 0, seen.decode()
    text = api.consent_show(tmp_path / "performer.consent.json")
    assert "Zoë Example gives the performance." in text and "cinema, web" in text and "a scene" in text


def test_a_fault_of_the_program_is_written_down(ready_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        raise ZeroDivisionError("a fault made for this test")

    monkeypatch.setattr(api, "doctor", broken)
    assert main(["doctor"]) == 70
    said = capsys.readouterr().err
    (report,) = (ready_home / "crashes").iterdir()
    assert "fault of the program" in said and str(report) in said.replace("\n", "") and "Traceback" not in said
    text = report.read_text()
    assert "ZeroDivisionError: a fault made for this test" in text and "Command: understudy doctor" in text
