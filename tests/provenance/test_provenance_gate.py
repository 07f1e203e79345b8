"""The refusal check: where it looks, when it refuses, and that it fails closed. No explicit picture is used: the scorer is told what to say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from networks import link_all_but
from publishing import publish_clip

from understudy.config import NAMES
from understudy.errors import RefusedMaterial, WeightsAltered, WeightsMissing
from understudy.events import Context
from understudy.provenance import gate, ledger
from understudy.provenance.gate import SHARE, WINDOW, Verdict, Watcher
from understudy.types import ColorInfo, Planes
from understudy.video.probe import probe

COLOR = ColorInfo("bt709", "bt709", "bt709", False, 8, "420", True)


def planes(grey: int) -> Planes:
    return Planes(np.full((48, 64), grey, np.uint8), np.full((24, 32), 128, np.uint8), np.full((24, 32), 128, np.uint8), COLOR)


def watch(monkeypatch: pytest.MonkeyPatch, scores: list[float], *, rate: int = 1, duration: float = 600) -> Watcher:
    """A watcher after one picture a second (times `rate`) that all look the same; each that it scores gets the next of `scores`."""
    waiting = iter(scores)
    monkeypatch.setattr(gate, "score", lambda rgb: next(waiting))
    watcher = Watcher("the video", duration=duration)
    for i in range(len(scores) * rate):
        watcher.see(planes(90), i / rate)
    return watcher


def test_looks_once_a_second_and_at_every_cut(ready_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert watch(monkeypatch, [0.0] * 4, rate=25).verdict().samples == 4
    seen: list[float] = []
    monkeypatch.setattr(gate, "score", lambda rgb: seen.append(float(rgb.mean())) or 0.0)
    watcher = Watcher("the video", duration=600)
    for i, grey in enumerate([60] * 5 + [160] * 5 + [60] * 5):
        watcher.see(planes(grey), i / 25)
    assert len(seen) == 3 and seen[1] > seen[0] == pytest.approx(seen[2])


def test_a_short_video_is_looked_at_oftener(ready_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One wrong score in five seconds does not decide; a second of the real thing does."""
    monkeypatch.setattr(gate, "score", lambda rgb: 0.0)
    for duration, samples in ((5, 25), (15, 30), (40, 40), (0.1, 1)):
        watcher = Watcher("the video", duration=duration)
        for i in range(round(30 * duration)):
            watcher.see(planes(90), i / 30)
        assert watcher.verdict().samples == samples
    for wrong, passes in ((1, True), (2, True), (5, False)):
        watcher = Watcher("the video", duration=5)
        waiting = iter([0.9] * wrong + [0.0] * (25 - wrong))
        monkeypatch.setattr(gate, "score", lambda rgb, waiting=waiting: next(waiting))
        for i in range(150):
            watcher.see(planes(90), i / 30)
        assert watcher.verdict().passed is passes


def test_rules(ready_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for scores, passes in (
        ([0.1] * 10, True),
        ([0.9] + [0.1] * 9, True),
        ([0.9] * 2 + [0.1] * 9, False),
        ([0.9], False),
        ([float("nan")], False),
        # a scene in a long film
        ([0.0] * 200 + [0.9] * 4 + [0.0] * 200, False),
        ([0.0] * 200 + [0.9] * 3 + [0.0] * 200, True),
    ):
        assert watch(monkeypatch, scores).verdict().passed is passes, scores
    assert not Verdict(0, 0, 0.0, 0.0).passed, "nothing seen is not enough"
    assert round(SHARE * WINDOW) == 3


def test_a_refusal_says_what_and_why_and_nothing_that_helps_to_get_round_it() -> None:
    with pytest.raises(RefusedMaterial, match=r"the target x\.mp4") as caught:
        gate.refuse_unless_passed(Verdict(9, 9, 1.0, 0.987), "the target x.mp4")
    text = str(caught.value)
    assert caught.value.code == "refused.sexual" and "MISUSE.md" in text
    assert not any(character.isdigit() for character in text.replace("x.mp4", "")), "neither scores nor times"


def test_the_real_network_passes_people_who_do_not_exist(ready_home: Path, actors: Path) -> None:
    path = actors / "synthetic_actor_B_eval.mp4"
    verdict = gate.look(path, probe(path), what="it", context=Context())
    assert verdict.samples >= 10 and verdict.over == 0 and verdict.highest < 0.3


def test_fails_closed(make_clip, tmp_path: Path, ready_home: Path) -> None:
    clip, out = make_clip("in.mp4", size=(128, 96)), tmp_path / "out.mp4"
    file = "open-nsfw.onnx"
    link_all_but(file, ready_home)
    with pytest.raises(WeightsMissing, match="refusing sexual material"):
        publish_clip(clip, out)
    (ready_home / "weights" / file).write_bytes(b"always says no")
    with pytest.raises(WeightsAltered):
        publish_clip(clip, out)
    with pytest.raises(WeightsAltered):
        gate.look(clip, probe(clip), what="it", context=Context())
    assert not out.exists() and ledger.rows() == []


@pytest.mark.parametrize("which", ["source", "target", "result"])
def test_publish_refuses_each_of_the_three(make_clip, tmp_path: Path, ready_home: Path, monkeypatch: pytest.MonkeyPatch, which: str) -> None:
    """The three are told apart by their colour: of the result, the face that is put in."""
    source, target = make_clip("source.mp4", size=(160, 96)), make_clip("target.mp4", size=(128, 96))
    out = tmp_path / "results" / "out.mp4"
    out.parent.mkdir()
    green = 0

    def score(rgb: np.ndarray) -> float:
        nonlocal green
        if which == "source":
            return 0.99 if rgb.shape[1] == 160 else 0.0
        painted = bool((np.abs(rgb[40:46, 36:44].astype(int) - (20, 200, 60)).max(axis=-1) < 30).mean() > 0.5)
        green += painted
        return 0.99 if rgb.shape[1] == 128 and painted is (which == "result") else 0.0

    monkeypatch.setattr(gate, "score", score)
    with pytest.raises(RefusedMaterial, match=f"the {which} "):
        publish_clip(target, out, source=source, frames=range(9))
    assert list(out.parent.iterdir()) == [] and ledger.rows() == []
    assert (green > 0) is (which == "result")


def test_the_ledger_says_what_was_found(make_clip, tmp_path: Path, ready_home: Path) -> None:
    publish_clip(make_clip("in.mp4", size=(128, 96)), tmp_path / "out.mp4")
    (row,) = ledger.rows()
    check = row.body["refusal_check"]
    assert check["rules"] == gate.RULES and all(check[name]["samples"] >= 1 for name in ("source", "target", "result"))


def test_no_setting_touches_it() -> None:
    assert not [name for name in NAMES if any(word in name for word in ("gate", "nsfw", "refus", "safe"))]
    text = Path(gate.__file__).read_text(encoding="utf-8")
    assert "os.environ" not in text and "getenv" not in text and "config" not in text
