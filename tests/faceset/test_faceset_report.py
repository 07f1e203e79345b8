"""The data doctor's judgement over numbers: each thing that the source lacks is said, and nothing that it has."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.faces.mesh import BLENDSHAPE_NAMES
from understudy.faceset.acting import nearest_pose
from understudy.faceset.material import Clip, Fit, Material
from understudy.faceset.report import Report, compare
from understudy.faceset.report_page import page

N = 250
FINDING_KEYS = {"code", "severity", "about", "lacking", "todo", "lasts_s", "seconds", "target_frame", "source_frame"}


def material(*, name: str = "clip.mp4", seed: int = 0, **changes: Any) -> Material:
    """Ten seconds of somebody who talks, blinks, looks about and smiles now and then, in even light."""
    rng = np.random.default_rng(seed)
    beat = np.arange(N)
    shapes = np.zeros((N, 52), np.float32)
    shapes[:, [BLENDSHAPE_NAMES.index(s) for s in ("mouthSmileLeft", "mouthSmileRight")]] = np.where(beat % 50 < 10, 0.8, 0.05)[:, None]
    pose = np.stack([20 * np.sin(beat / 20), 10 * np.sin(beat / 7), np.zeros(N)], 1)
    arrays: dict[str, Any] = {
        "frame_index": beat,
        "seconds": beat / 25,
        "pose_deg": pose + rng.normal(0, 0.5, (N, 3)),
        "mouth": 0.15 + 0.15 * np.sin(beat / 3),
        "eyes": np.where(beat % 40 < 4, 0.2, 1.0),
        "blendshapes": shapes,
        "height_px": np.full(N, 250),
        "sharpness": np.full(N, 8),
        "level": np.full(N, 130),
        "side": rng.normal(0, 0.02, N),
        "hidden": np.zeros(N),
        "outside": np.zeros(N),
    }
    clip = Clip(name, N / 25, N, (1280, 720), 0.1, 1, "p1", {"p1": N / 25}, {})
    about = {key: changes.pop(key) for key in list(changes) if key in {f.name for f in dataclasses.fields(Clip)}}
    typed = {key: np.asarray(value, np.int32 if key == "frame_index" else np.float32) for key, value in {**arrays, **changes}.items()}
    return Material(clip=dataclasses.replace(clip, **about), **typed)


def judged(source: Material, target: Material, *, cost: float = 1.0, **costs: Any) -> Report:
    fits = {region: np.asarray(costs.get(region, np.full(len(target), cost)), np.float32) for region in ("skin", "mouth", "eyes")}
    return compare(source, target, Fit(row=np.zeros(len(target), np.intp), **fits))


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def test_nothing_is_lacking_where_the_source_shows_all() -> None:
    report = judged(material(), material(seed=1))
    assert report.outlook == "good" and report.findings == () and set(report.coverage.values()) == {1.0}
    assert "Good" in report.text() and "Nothing is lacking" in page(report)


BEAT = np.arange(N)
LACKS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("direction", {"pose_deg": np.zeros((N, 3))}, {}),
    ("profile", {}, {"pose_deg": np.stack([np.where(BEAT < 50, 55.0, 0.0), np.zeros(N), np.zeros(N)], 1)}),
    ("mouth-open", {"mouth": np.full(N, 0.02)}, {}),
    ("mouth-closed", {"mouth": np.full(N, 0.3)}, {}),
    ("eyes-closed", {"eyes": np.full(N, 1.0)}, {}),
    ("smile", {"blendshapes": np.zeros((N, 52))}, {}),
    ("at-rest", {"blendshapes": np.full((N, 52), 0.85)}, {}),
    ("light-side", {"side": np.full(N, -0.4)}, {}),
    ("light-moves", {}, {"side": 0.4 * np.sin(BEAT / 30)}),
    ("too-dark", {"level": np.full(N, 20)}, {}),
    ("too-bright", {"level": np.full(N, 250)}, {}),
    ("source-small", {"height_px": np.full(N, 80)}, {}),
    ("target-small", {}, {"height_px": np.full(N, 40)}),
    ("source-soft", {"sharpness": np.full(N, 3)}, {}),
    ("compressed", {"bits_per_pixel": 0.002}, {}),
    ("few-pictures", {"people_s": {"p1": 3.0}}, {}),
    ("left-out", {"left_out": {"blurred": 400}}, {}),
    ("target-hidden", {}, {"hidden": np.where(BEAT < 60, 0.4, 0.0)}),
    ("source-hidden", {"hidden": np.where(BEAT < 100, 0.4, 0.0)}, {}),
    ("target-cut-off", {}, {"outside": np.where(BEAT < 60, 0.4, 0.0)}),
    ("glasses-source", {"glasses": True}, {"glasses": False}),
    ("glasses-target", {"glasses": False}, {"glasses": True}),
    ("several-people", {}, {"people_s": {"p1": 10.0, "p2": 4.0}}),
    ("cuts", {"n_shots": 3}, {}),
]


@pytest.mark.parametrize(("code", "of_source", "of_target"), LACKS, ids=[row[0] for row in LACKS])
def test_each_lack_is_said_with_what_to_do(code: str, of_source: dict[str, Any], of_target: dict[str, Any]) -> None:
    report = judged(material(**of_source), material(seed=1, **of_target))
    assert code in codes(report)
    finding = next(f for f in report.findings if f.code == code)
    assert finding.lacking.endswith(".") and finding.todo.endswith(".") and finding.todo in report.text()
    if finding.lasts_s is not None:
        assert 0 < finding.lasts_s <= 10 and finding.seconds is not None and finding.target_frame == round(finding.seconds * 25)


def test_left_and_right_are_those_of_the_picture() -> None:
    straight = material(pose_deg=np.zeros((N, 3)))
    for yaw, word in ((25.0, "right"), (-25.0, "left")):
        turned = material(seed=1, pose_deg=np.stack([np.full(N, yaw), np.zeros(N), np.zeros(N)], 1))
        todo = next(f for f in judged(straight, turned).findings if f.code == "direction").todo
        assert f"turned to the {word} of the picture" in todo and "mouth open" in todo


def test_the_gravest_come_first_and_decide() -> None:
    report = judged(material(height_px=np.full(N, 60), n_shots=2), material(seed=1))
    assert report.outlook == "weak" and report.findings[0].code == "source-small" and report.findings[-1].severity == "minor"
    assert "60 pixels" in report.reason


def test_what_never_comes_together_is_said_once() -> None:
    cost = np.where(BEAT < 50, 30.0, 1.0)
    report = judged(material(), material(seed=1), skin=cost)
    assert codes(report) == {"no-picture-skin"} and report.coverage["skin"] == 0.8
    assert report.findings[0].severity == "noticeable" and report.outlook == "usable"
    report = judged(material(), material(seed=1), skin=np.where(BEAT < 150, 30.0, 1.0))
    assert report.findings[0].severity == "serious" and report.outlook == "weak", "a weak forecast names a grave reason"
    report = judged(material(), material(seed=1), cost=99.0)
    assert report.outlook == "weak"


def test_a_single_frame_is_not_worth_a_remark() -> None:
    mouth = material().mouth.copy()
    mouth[100] = 0.9
    assert judged(material(), material(mouth=mouth)).findings == ()


def test_json_has_stable_keys() -> None:
    report = judged(material(mouth=np.full(N, 0.02)), material(seed=1, name="ü <b>.mp4"))
    made = json.loads(report.json())
    assert set(made) == {"version", "outlook", "headline", "reason", "source", "target", "coverage", "findings"}
    assert set(made["source"]) == {"name", "seconds", "frames", "size_wh", "shots", "person", "people_s", "left_out", "glasses"}
    assert set(made["coverage"]) == {"skin", "mouth", "eyes"} and made["target"]["name"] == "ü <b>.mp4"
    assert made["findings"] and all(set(finding) == FINDING_KEYS for finding in made["findings"])
    assert "%" not in report.text()


def test_page_is_escaped_and_needs_nothing_else() -> None:
    name = '<script>alert("x")</script>.mp4'
    report = judged(material(name=name, mouth=np.full(N, 0.02)), material(seed=1))
    filled = tuple(dataclasses.replace(f, target_picture=b"jpeg", source_picture=b"jpeg") for f in report.findings)
    made = page(dataclasses.replace(report, findings=filled))
    assert "<script" not in made and "&lt;script&gt;" in made
    assert "http:" not in made and "https:" not in made and made.count("data:image/jpeg;base64,") == 2 * len(filled)
    assert 'name="viewport"' in made and "unaltered" in made


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 700), st.integers(1, 40))
def test_nearest_pose_is_the_nearest(n_target: int, n_source: int) -> None:
    rng = np.random.default_rng(n_target)
    target, source = rng.normal(0, 20, (n_target, 3)).astype(np.float32), rng.normal(0, 20, (n_source, 3)).astype(np.float32)
    gap, row = nearest_pose(target, source)
    some = int(rng.integers(n_target))
    every = np.linalg.norm(source[:, :2] - target[some, :2], axis=1)
    assert np.isclose(gap[some], every.min(), atol=1e-3) and np.isclose(every[row[some]], every.min(), atol=1e-3)


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="mouth"):
        material(mouth=np.zeros(3))
