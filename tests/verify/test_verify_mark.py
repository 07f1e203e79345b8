"""The invisible mark as evidence: published files carry it, copies lead back to their record, a copied mark is refused."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
from actors import clip
from publishing import publish_clip
from synthetic import cut_clip, write_frames

from understudy.cli import main
from understudy.provenance import ledger
from understudy.provenance.mark.scan import scan
from understudy.types import LabelledVideo
from understudy.verify import report as words
from understudy.verify.report import Report, verify
from understudy.verify.trace import trace
from understudy.verify.watermark import COPIED
from understudy.video.read import read_frames

pytestmark = pytest.mark.usefixtures("isolated_home")


@pytest.fixture
def made(tmp_path) -> LabelledVideo:
    target = cut_clip(clip("B_eval"), tmp_path / "in.mp4", n=40, size=(960, 960))
    # the key gives the number: the same one each time
    return publish_clip(target, tmp_path / "out.mp4", frames=range(40), run_key="a work")


def pictures(path: Path) -> list[np.ndarray]:
    return [frame.rgb for frame in read_frames(path) if frame.rgb is not None]


def write(path: Path, frames: list[np.ndarray], crf: int) -> Path:
    """Only the picture: everything else of the file is lost."""
    return write_frames(path, frames, crf=crf)


def mark_of(report: Report):
    return next(finding for finding in report.findings if finding.check == "watermark")


def test_a_published_file_carries_the_mark_and_the_ledger_knows_it(made):
    body = ledger.rows()[-1].body
    assert len(body["watermark"]) == 8 and len(body["fingerprint"]) > 100 and body["purposes"] == ["documentary about the harbour"]
    report = verify(made.path)
    assert (report.sentence, report.exit_code, report.conflicts) == (words.PROVED, 0, ())
    found = mark_of(report)
    assert found.verdict == "found valid" and body["watermark"] in " ".join(found.details) and body["record_id"] in found.details[0]


def test_a_cropped_small_recompressed_copy_leads_back(made, tmp_path):
    small = [cv2.resize(rgb[40:904, 70:934], (640, 640), interpolation=cv2.INTER_AREA) for rgb in pictures(made.path)]
    copy = write(tmp_path / "found.mp4", small, 26)
    report = verify(copy)
    assert (report.sentence, report.exit_code, report.conflicts) == (words.NOT_PROVED, 3, ())
    assert mark_of(report).verdict == "found valid"
    traced = trace(copy)
    body = ledger.rows()[-1].body
    assert traced.by == "watermark" and traced.record["record_id"] == body["record_id"] and traced.exit_code == 0
    for part in (body["target_sha256"], body["source_sha256"], body["consent_ids"][0], "documentary about the harbour"):
        assert part in traced.text()
    assert main(["trace", str(copy)]) == 0


def test_a_mark_copied_onto_another_picture_is_refused(made, tmp_path):
    """Averaging what a blur leaves of the marked frames gives the mark, and somebody's face to go with it."""
    parts = [rgb.astype(np.float32) - cv2.GaussianBlur(rgb, (0, 0), 6) for rgb in pictures(made.path)]
    lifted = cv2.resize(np.clip(np.mean(parts, axis=0), -8, 8), (640, 640))
    noise = np.random.default_rng(3)
    street = cv2.GaussianBlur(noise.integers(0, 255, (640, 640, 3), np.uint8).astype(np.float32), (0, 0), 40) * 1.2
    street[200:260, :] += 60
    frames = [np.clip(np.roll(street, 2 * i, axis=1) + 1.6 * lifted, 0, 255).astype(np.uint8) for i in range(30)]
    copied = write(tmp_path / "forged.mp4", frames, 18)
    report = verify(copied)
    assert mark_of(report).verdict == "found invalid" and mark_of(report).headline == COPIED
    assert (report.sentence, report.exit_code) == (words.MANIPULATED, 1) and "picture is not the one" in report.conflicts[0]
    traced = trace(copied)
    assert traced.by is None and traced.exit_code == 1 and COPIED in traced.text()


def test_a_copy_between_bars_leads_back(made, tmp_path):
    """Fitted into an upright frame, or filmed off a window with something dark around it."""
    frames = []
    for rgb in pictures(made.path)[:25]:
        frame = np.full((1000, 562, 3), 24, np.uint8)
        frame[219:781] = cv2.resize(rgb, (562, 562), interpolation=cv2.INTER_AREA)
        frames.append(frame)
    copy = write(tmp_path / "upright.mp4", frames, 23)
    assert mark_of(verify(copy)).verdict == "found valid" and trace(copy).by == "watermark"


def test_a_square_picture_of_which_a_crop_stands_upright_leads_back(made, tmp_path):
    copy = write(
        tmp_path / "crop.mp4", [cv2.resize(rgb[40:912, 50:910], (572, 580), interpolation=cv2.INTER_AREA) for rgb in pictures(made.path)[:25]], 23
    )
    assert mark_of(verify(copy)).verdict == "found valid"


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("shape", ["lying", "square"])
def test_a_copy_turned_by_quarters_leads_back(made, tmp_path, quarters, shape):
    if shape == "lying":
        target = cut_clip(clip("B_eval"), tmp_path / "lying.mp4", n=25, size=(640, 360))
        made = publish_clip(target, tmp_path / "made.mp4", frames=range(25), run_key="a lying work")
    copy = write(tmp_path / "turned.mp4", [np.ascontiguousarray(np.rot90(rgb, quarters)) for rgb in pictures(made.path)[:25]], 23)
    report = verify(copy)
    assert mark_of(report).verdict == "found valid" and not report.conflicts
    assert trace(copy).by == "watermark"


def test_a_part_of_a_longer_video_leads_back(made, tmp_path):
    """The mark is in the second half alone, and what comes before looks like something else."""
    others = [cv2.resize(rgb, (480, 480)) for rgb in pictures(cut_clip(clip("A_eval"), tmp_path / "a.mp4", n=80))]
    copy = write(tmp_path / "both.mp4", [*others, *(cv2.resize(rgb, (480, 480), interpolation=cv2.INTER_AREA) for rgb in pictures(made.path))], 23)
    found = mark_of(verify(copy))
    assert found.verdict == "found valid" and "Seconds 3.0" in " ".join(found.details)
    assert trace(copy).by == "watermark"


def test_every_second_of_a_short_video_is_looked_at(tmp_path):
    for frames in (76, 149):
        plain = write(tmp_path / f"{frames}.mp4", [np.full((96, 128, 3), 90, np.uint8)] * frames, 30)
        seen = scan(plain).stretches
        assert seen[0].begin == 0 and max(stretch.end for stretch in seen) == pytest.approx((frames - 1) / 25)


def test_a_mark_of_another_machine_proves_nothing(made, tmp_path, monkeypatch):
    copy = write(tmp_path / "found.mp4", pictures(made.path), 20)
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "another home"))
    report = verify(copy)
    assert (report.sentence, report.exit_code) == (words.NOT_PROVED, 3) and mark_of(report).verdict == "inconclusive"
    assert trace(copy).exit_code == 1


def test_an_unmarked_video_has_no_mark(tmp_path):
    plain = cut_clip(clip("A_eval"), tmp_path / "plain.mp4", n=20)
    assert mark_of(verify(plain)).verdict == "not found"
    assert trace(plain).exit_code == 1 and main(["trace", str(plain)]) == 1


def test_what_is_too_small_for_a_mark_is_known_by_its_looks_or_credentials(tmp_path):
    target = cut_clip(clip("B_eval"), tmp_path / "in.mp4", n=30, size=(128, 128))
    made = publish_clip(target, tmp_path / "out.mp4", frames=range(30))
    copy = write(tmp_path / "found.mp4", [rgb[6:122, 6:122] for rgb in pictures(made.path)], 26)
    assert trace(copy).by == "fingerprint"
    flat = write(tmp_path / "flat.mp4", [np.full((128, 128, 3), 90, np.uint8) for _ in itertools.repeat(None, 10)], 20)
    assert trace(flat).exit_code == 1
