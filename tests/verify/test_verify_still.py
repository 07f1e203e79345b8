"""One picture out of a published video: whole, cut, small, on the screen of a phone; and pictures that are none of ours."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from actors import clip
from publishing import publish_clip
from synthetic import cut_clip

from understudy import verifier
from understudy.errors import MediaEmpty, MediaNotFound, MediaNotVideo
from understudy.provenance import ledger
from understudy.types import Finding
from understudy.verify.folder import verify
from understudy.verify.report import Report
from understudy.verify.trace import ALONE, trace
from understudy.video.read import read_frames


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> tuple[np.ndarray, Path]:
    """A frame of a published video, RGB, and the folder whose home knows it."""
    folder = tmp_path_factory.mktemp("still")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_HOME", str(folder / "home"))
        target = cut_clip(clip("B_eval"), folder / "in.mp4", n=10, size=(960, 960))
        made = publish_clip(target, folder / "out.mp4", frames=range(10), run_key="a work")
        return next(frame.rgb for frame in read_frames(made.path) if frame.index == 5 and frame.rgb is not None), folder


@pytest.fixture(autouse=True)
def _own_home(shown, monkeypatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(shown[1] / "home"))


def phone(rgb: np.ndarray, *, paper: int) -> np.ndarray:
    """A screen of 720x1560 with a clock above the video and comments below."""
    screen = np.full((1560, 720, 3), paper, np.uint8)
    ink = (255 - paper,) * 3
    cv2.putText(screen, "12:41", (40, 50), cv2.FONT_HERSHEY_SIMPLEX, 1, ink, 2)
    screen[150:870] = cv2.resize(rgb, (720, 720), interpolation=cv2.INTER_AREA)
    for line in range(5):
        cv2.putText(screen, f"What somebody wrote of it, line {line}", (30, 950 + 60 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.9, ink, 2)
    return screen


STILLS = {
    "whole.png": lambda rgb: rgb,
    "cut.png": lambda rgb: rgb[60:910, 50:920],
    "small.jpg": lambda rgb: cv2.resize(rgb, (480, 480), interpolation=cv2.INTER_AREA),
    "phone-dark.png": lambda rgb: phone(rgb, paper=20),
    "phone-light.jpg": lambda rgb: phone(rgb, paper=250),
}


def write(path: Path, rgb: np.ndarray) -> Path:
    cv2.imwrite(str(path), rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80] if path.suffix == ".jpg" else [])
    return path


def line(report: Report, check: str) -> Finding:
    return next(found for found in report.findings if found.check == check)


@pytest.mark.parametrize("name", STILLS)
def test_a_screenshot_leads_back(shown, tmp_path, name):
    still = write(tmp_path / name, STILLS[name](shown[0]))
    report = verify(still)
    assert line(report, "label").verdict == "found valid" and line(report, "fingerprint").verdict == "found valid"
    # with the mark it is ours; without, it still says so itself
    assert (report.conclusion, report.exit_code) in (("not_proved", 3), ("manipulated", 3)) and not report.conflicts
    assert line(report, "watermark").verdict in ("found valid", "inconclusive")
    traced = trace(still)
    assert traced.exit_code == 0 and traced.record["record_id"] == ledger.rows()[-1].body["record_id"]


def test_one_whole_picture_holds_enough_of_the_mark(shown, tmp_path):
    still = write(tmp_path / "whole.png", shown[0])
    report = verify(still)
    assert line(report, "watermark").verdict == "found valid" and "Seconds" not in report.text() and report.conclusion == "not_proved"
    assert trace(still).by == "watermark"


def test_what_is_not_ours_is_inconclusive(tmp_path):
    noise = np.random.default_rng(3)
    blurred = cv2.GaussianBlur(noise.integers(0, 255, (360, 640, 3), np.uint8), (0, 0), 12)
    still = write(tmp_path / "other.png", cv2.normalize(blurred, np.zeros_like(blurred), 0, 255, cv2.NORM_MINMAX))
    report = verify(still)
    assert (report.conclusion, report.exit_code) == ("inconclusive", 3)
    assert {found.check: found.verdict for found in report.findings} == {
        "credentials": "not found",
        "ledger": "not found",
        "watermark": "inconclusive",
        "fingerprint": "not found",
        "label": "not found",
        "forensics": "not applicable",
    }
    traced = trace(still)
    assert traced.exit_code == 1 and ALONE in traced.remarks
    assert verifier.main([str(still)]) == 3


def test_a_picture_that_is_none_is_refused(tmp_path):
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.jpg").write_text("no picture", encoding="utf-8")
    for name, error in (("absent.png", MediaNotFound), ("empty.png", MediaEmpty), ("text.jpg", MediaNotVideo)):
        for look in (verify, trace):
            with pytest.raises(error):
                look(tmp_path / name)
