"""What the desk says of a real export of layers, and of single files out of it: whole, tampered with, with a record that is gone or another's."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import pytest
from actors import clip
from exporting import export
from publishing import permits
from synthetic import cut_clip

from understudy import verifier
from understudy.errors import MediaNotVideo
from understudy.provenance.layer_job import ENDINGS
from understudy.provenance.xmp import says_generated
from understudy.types import Finding
from understudy.verify.folder import verify
from understudy.verify.report import Report

FORMS = ("png16", "exr", "prores4444")


@dataclass(frozen=True)
class Exports:
    """Two exports of one film in each form, by the product's own exporter."""

    folder: Path
    home: Path

    def copy(self, form: str, to: Path) -> Path:
        shutil.copytree(self.folder / form, to / form)
        return to / form


@pytest.fixture(scope="module")
def exports(tmp_path_factory) -> Exports:
    folder = tmp_path_factory.mktemp("layers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_HOME", str(folder / "home"))
        target = cut_clip(clip("B_eval"), folder / "in.mp4", n=12, size=(320, 320))
        both = permits(folder)
        for form in FORMS:
            export(target, folder / form, form=form, permits=both)
            export(target, folder / f"{form}-again", form=form, permits=both)
    return Exports(folder, folder / "home")


@pytest.fixture(autouse=True)
def _own_home(exports, monkeypatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(exports.home))


def one(folder: Path, layer: str, form: str) -> Path:
    """A file of a layer."""
    return folder / f"{layer}.mov" if form == "prores4444" else sorted((folder / layer).iterdir())[5]


def line(report: Report, check: str) -> Finding:
    return next(found for found in report.findings if found.check == check)


def said(report: Report) -> tuple[str, int, str, tuple[str, ...]]:
    """(conclusion, exit code, verdict on the layers, conflicts)"""
    assert "%" not in report.text()
    return report.conclusion, report.exit_code, line(report, "layers").verdict, tuple(one.key for one in report.conflicting)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) * 2 // 3] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("form", FORMS)
def test_an_export_as_it_was_written(exports: Exports, form: str) -> None:
    folder = exports.folder / form
    report = verify(folder)
    assert said(report) == ("proved", 0, "found valid", ())
    assert line(report, "credentials").verdict == line(report, "ledger").verdict == "found valid"
    text = report.text()
    assert "face: an intermediate for compositing" in text and "The metadata of face, matte, result state" in text
    assert line(report, "watermark").verdict == ("found valid" if form == "prores4444" else "not applicable")
    assert said(verify(one(folder, "result", form))) == ("proved", 0, "found valid", ())
    alone = verify(one(folder, "face", form))
    assert said(alone) == ("not_proved", 3, "found valid", ()) and "must not be shown by itself" in alone.text()
    assert line(alone, "credentials").verdict == "not found" and "Its metadata" in alone.text()


@pytest.mark.parametrize("form", FORMS)
def test_every_layer_but_the_plate_says_in_its_metadata_what_it_is(exports: Exports, form: str) -> None:
    for folder in (exports.folder / form, exports.folder / f"{form}-again"):
        for layer, states in (("plate", False), ("face", True), ("matte", True), ("result", True)):
            assert says_generated(one(folder, layer, form)) == states, layer
    if form == "png16":
        assert cv2.imread(str(one(exports.folder / form, "face", form)), cv2.IMREAD_UNCHANGED) is not None, "the chunk disturbs no reader"
        data = one(exports.folder / form, "result", form).read_bytes()
        at = data.index(b"iTXtXML:com.adobe.xmp\0")
        assert at < data.index(b"IDAT") and int.from_bytes(data[at - 4 : at], "big") < 2000


@pytest.mark.parametrize("form", FORMS)
def test_a_layer_that_was_changed(exports: Exports, form: str, tmp_path: Path) -> None:
    folder = exports.copy(form, tmp_path)
    face = one(folder, "face", form)
    flip(face)
    report = verify(folder)
    assert said(report) == ("not_proved", 1, "found invalid", ("conflict_layers",))
    assert f"Not as it was signed: {face.relative_to(folder)}" in report.text()
    alone = verify(face)
    assert said(alone)[:3] == ("manipulated", 1, "found invalid") and "Not as it was signed" in alone.text()
    assert verifier.main([str(folder)]) == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_result_that_was_changed(exports: Exports, form: str, tmp_path: Path) -> None:
    """Of a sequence the credentials over its list still hold, which must not be taken for the picture's."""
    folder = exports.copy(form, tmp_path)
    result = one(folder, "result", form)
    flip(result)
    whole = verify(folder)
    assert said(whole)[:3] == ("not_proved", 1, "found invalid")
    alone = verify(result)
    assert said(alone)[:3] == ("not_proved", 1, "found invalid") and line(alone, "credentials").verdict == "found invalid"


@pytest.mark.parametrize("form", FORMS)
def test_a_record_that_is_gone(exports: Exports, form: str, tmp_path: Path) -> None:
    folder = exports.copy(form, tmp_path)
    (folder / "face.record.json").unlink()
    report = verify(folder)
    assert (
        said(report) == ("not_proved", 1, "found invalid", ("conflict_layers",)) and "The signature of face.record.json does not fit" in report.text()
    )
    if form != "exr":
        alone = verify(one(folder, "face", form))
        # its metadata say what it is: no more is known of it
        assert (alone.conclusion, alone.exit_code) == ("manipulated", 3) and all(found.check != "layers" for found in alone.findings)
    else:
        with pytest.raises(MediaNotVideo, match="no signed record") as caught:
            verify(one(folder, "face", form))
        assert "face.record.json" in caught.value.why and "understudy layers" in caught.value.remedy


@pytest.mark.parametrize("form", FORMS)
def test_a_record_of_another_export(exports: Exports, form: str, tmp_path: Path) -> None:
    folder, other = exports.copy(form, tmp_path), exports.folder / f"{form}-again"
    shutil.copy(other / "result.record.json", folder)
    assert said(verify(folder)) == ("not_proved", 1, "found invalid", ("conflict_layers",))
    alone = verify(one(folder, "result", form))
    # the mark's number is another one in each export, so the pictures are, too
    assert said(alone) == ("not_proved", 1, "found invalid", ("conflict_layers",)) and "Not as it was signed" in alone.text()


@pytest.mark.parametrize("form", ["png16", "exr"])
def test_the_credentials_beside_a_sequence(exports: Exports, form: str, tmp_path: Path) -> None:
    """Gone, of another export, or over a list that was changed."""
    folder, other = exports.copy(form, tmp_path), exports.folder / f"{form}-again"
    sidecar = folder / "result.files.c2pa"
    shutil.copy(other / "result.files.c2pa", folder)
    report = verify(folder)
    assert said(report) == ("not_proved", 1, "found valid", ("conflict_ledger_alone",))
    assert "belong to another file" in report.text() and line(report, "credentials").verdict == "found invalid"
    sidecar.unlink()
    report = verify(folder)
    assert said(report) == ("not_proved", 3, "found valid", ("conflict_ledger_alone",)) and line(report, "credentials").verdict == "not found"
    shutil.copy(exports.folder / form / "result.files.c2pa", folder)
    listing = folder / "result.files.json"
    listing.write_text(json.dumps({**json.loads(listing.read_text()), "more.png": "0" * 64}))
    assert line(verify(folder), "credentials").verdict == "found invalid"


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_more_and_a_list_that_was_changed(exports: Exports, form: str, tmp_path: Path) -> None:
    folder = exports.copy(form, tmp_path)
    shutil.copy(one(folder, "face", form), folder / f"one more.{ENDINGS[form]}")
    assert said(verify(folder))[:3] == ("not_proved", 1, "found invalid")
    index = folder / "layers.json"
    whole = json.loads(index.read_text())
    whole["record"]["frames"] = [0, 1]
    index.write_text(json.dumps(whole))
    assert said(verify(folder))[:3] == ("not_proved", 1, "found invalid") and "The signature of layers.json" in verify(folder).text()


def test_what_is_not_ours_is_not_judged_by_what_lies_beside_it(exports: Exports, tmp_path: Path) -> None:
    """A file of another program that happens to be called like a record."""
    shutil.copy(exports.folder / "prores4444" / "plate.mov", tmp_path / "film.mov")
    (tmp_path / "film.record.json").write_text('{"format": "another"}')
    assert all(found.check != "layers" for found in verify(tmp_path / "film.mov").findings)


def test_elsewhere_the_record_is_another_key_s(exports: Exports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "home"))
    report = verify(exports.folder / "png16")
    assert said(report)[:3] == ("not_proved", 3, "found valid") and "a key that is not this machine's" in report.text()
    alone = verify(one(exports.folder / "png16", "face", "png16"))
    assert said(alone)[:3] == ("not_proved", 3, "found valid") and "a key that is not this machine's" in alone.text()
