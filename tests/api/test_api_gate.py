"""The gate: before training, rendering and publishing each refusal has its own name and remedy, alike from the API, the command line and the
browser; each step asks for its own action and for no other; and a record covers one person's face, not another's."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from serving import Studio
from studio import A, B, main, record, side_by_side
from synthetic import cut_clip

from understudy import api
from understudy.errors import ConsentError, ConsentMissing, ConsentPerson, ConsentRevoked, ConsentRole, ConsentScope
from understudy.events import Context, Event
from understudy.provenance.consent import load_record, revoke, save_record
from understudy.provenance.consent_record import ConsentRecord, new_record

STEPS: dict[str, Callable[[Path, Path], object]] = {
    "train": lambda project, out: api.train(project),
    "render": lambda project, out: api.render(project),
    "publish": lambda project, out: api.publish(project, out),
}
ALL = ("train", "render", "publish")
FIELDS = {
    "subject": "Anna de Vries",
    "role": "face",
    "purpose": "a test",
    "production": "Tests",
    "channels": ["web"],
    "actions": ALL,
    "expires": "2099-12-31",
    "basis": "consent",
    "recorded_by": "the tests",
}


def put(project: Path, made: ConsentRecord, **changes: object) -> Path:
    """Sign a record, however incomplete, and put it into the project; returns the kept file."""
    path = project.parent / f"{made.record_id}.consent.json"
    save_record(made.model_copy(update=changes), path)
    api.consent_add(project, path)
    return project / "consents" / path.name


def missing(project: Path, step: str) -> None:
    pass


def expired(project: Path, step: str) -> None:
    put(project, new_record(**FIELDS), expires="2020-01-01")


def revoked(project: Path, step: str) -> None:
    made = new_record(**FIELDS)
    put(project, made)
    revoke(made.record_id, reason="she asked us to")


def scope(project: Path, step: str) -> None:
    put(project, new_record(**{**FIELDS, "actions": [action for action in ALL if action != step]}))


def altered(project: Path, step: str) -> None:
    kept = put(project, new_record(**FIELDS))
    whole = json.loads(kept.read_text())
    whole["record"]["purpose"] = "advertising"
    kept.write_text(json.dumps(whole))


def role(project: Path, step: str) -> None:
    """Somebody put a performer's record in the place of the one for the face."""
    kept = put(project, new_record(**FIELDS))
    other = project.parent / "other.json"
    save_record(new_record(**{**FIELDS, "role": "performer"}), other)
    shutil.copy(other, kept)


def guardian(project: Path, step: str) -> None:
    put(project, new_record(**FIELDS), minor=True)


def editors(project: Path, step: str) -> None:
    put(project, new_record(**FIELDS), basis="public interest or satire", editors=("Editor One",), reason="The minister said this in public.")


CASES = {f"consent.{case.__name__}": case for case in (missing, expired, revoked, scope, altered, role, guardian, editors)}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pair")
    return cut_clip(A, folder / "source.mp4", n=24, every=10), cut_clip(B, folder / "target.mp4", n=8, start=40)


def fill(project: Path, pair: tuple[Path, Path]) -> Path:
    """Both videos, and a performer who agreed to everything."""
    for file, name in zip(pair, ("source", "target"), strict=True):
        api.add(project, file, role=name)  # type: ignore[arg-type]
    api.consent_add(project, record(project.parent / "performer.json", "performer"))
    return project


def refused(step: str, project: Path, out: Path) -> ConsentError:
    with pytest.raises(ConsentError) as caught:
        STEPS[step](project, out)
    return caught.value


@pytest.mark.parametrize("code", CASES)
def test_each_refusal_has_its_name_at_each_step(code: str, ready_home: Path, pair: tuple[Path, Path], tmp_path: Path, capsys) -> None:
    for step in STEPS:
        folder = tmp_path / step
        folder.mkdir()
        project, out = fill(api.new(folder / "p"), pair), folder / "out.mp4"
        CASES[code](project, step)
        error = refused(step, project, out)
        assert error.code == code and error.remedy and error.exit_code == 4, step
        words = [step, "--project", str(project), *(["-o", str(out)] if step == "publish" else [])]
        assert main(words) == 4
        printed = " ".join(capsys.readouterr().err.split())
        assert " ".join(error.what.split()) in printed and "What to do:" in printed
        assert not out.exists() and not list((project / "faces").rglob("*.npz")), "refused before anything was looked at"


@pytest.mark.parametrize(("code", "step"), [(code, ALL[number % 3]) for number, code in enumerate(CASES)])
def test_the_browsers_jobs_meet_the_same_gate(code: str, step: str, studio: Studio, pair: tuple[Path, Path], monkeypatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(studio.home))
    place = studio.new_project(code)
    project = fill(Path(studio.ask("GET", f"/api/projects/{place}").json["folder"]), pair)
    CASES[code](project, step)
    job = studio.post_json(f"/api/projects/{place}/jobs", {"kind": step}).json["job"]
    error = studio.wait_for(job)["error"]
    expected = refused(step, project, project / "out.mp4")
    assert (error["code"], error["what"], error["remedy"]) == (code, expected.what, expected.remedy)


def test_each_step_asks_for_its_own_action_alone(ready_home: Path, pair: tuple[Path, Path], tmp_path: Path) -> None:
    """One record for each step: every step goes through, on the record that covers it."""
    project = api.new(tmp_path / "p", settings={"train.rounds": 1, "train.faces_per_round": 16, "train.size": 128, "train.batch": 4})
    for file, name in zip(pair, ("source", "target"), strict=True):
        api.add(project, file, role=name)  # type: ignore[arg-type]
    for action, person in itertools.product(ALL, ("face", "performer")):
        with pytest.raises(ConsentMissing if action == "train" else ConsentScope):
            STEPS[action](project, tmp_path / "out.mp4")
        api.consent_add(project, record(tmp_path / f"{person}-{action}.json", person, actions=[action]))
    assert any(row.stage == "train" for row in api.train(project))
    with pytest.raises(ConsentScope, match="does not cover 'render'"):
        api.publish(project, tmp_path / "out.mp4")
    assert any(row.stage == "render" for row in api.render(project))
    made = api.publish(project, tmp_path / "out.mp4")
    both = {load_record(tmp_path / f"{person}-publish.json").record_id for person in ("face", "performer")}
    assert set(made.consent_ids) == both


def test_a_consent_that_is_taken_back_stops_work_that_runs(ready_home: Path, pair: tuple[Path, Path], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("understudy.events._GUARD_EVERY", 0.0)
    project = fill(api.new(tmp_path / "p", settings={"quality": "draft"}), pair)
    kept = put(project, new_record(**FIELDS))

    def report(event: Event) -> None:
        if event.stage == "render" and event.kind == "start":
            revoke(load_record(kept).record_id, reason="she asked us to")

    with pytest.raises(ConsentRevoked):
        api.render(project, context=Context(report=report))
    assert not list((project / "render").rglob("*.patches"))


def test_a_record_covers_one_persons_face(ready_home: Path, pair: tuple[Path, Path], tmp_path: Path) -> None:
    project = fill(api.new(tmp_path / "p", settings={"quality": "draft"}), pair)
    put(project, new_record(**FIELDS))
    api.render(project)
    assert not list((project / "consents").glob("*voice*"))
    with pytest.raises(ConsentRole):
        api.consent_add(project, record(tmp_path / "voice.json", "voice"))
    # the same person agrees anew
    put(project, new_record(**{**FIELDS, "subject": " anna  de Vries "}))
    api.render(project)
    # another person's record under Anna's pictures
    other = new_record(**{**FIELDS, "subject": "Bo Bakker"})
    put(project, other)
    with pytest.raises(ConsentPerson) as caught:
        api.render(project)
    assert caught.value.code == "consent.person" and "--same-person" in caught.value.remedy
    again = project.parent / f"{other.record_id}.consent.json"
    assert main(["consent", "add", str(again), "--project", str(project), "--same-person"]) == 0
    api.render(project)


def test_a_record_does_not_go_along_to_another_face(ready_home: Path, pair: tuple[Path, Path], tmp_path: Path, monkeypatch) -> None:
    """Another person's video in the place of the source. (The actors look more alike than people do, so the bar is set between them.)"""
    monkeypatch.setattr("understudy.pipeline.binding.OTHER_PERSON", 0.7)
    project = fill(api.new(tmp_path / "p", settings={"quality": "draft"}), pair)
    put(project, new_record(**FIELDS))
    api.render(project)
    api.add(project, cut_clip(A.with_name("synthetic_actor_C_eval.mp4"), tmp_path / "c.mp4", n=24, every=10), role="source", replace=True)
    with pytest.raises(ConsentPerson, match="not the one for which"):
        api.render(project)


def test_faces_of_others_are_skipped_and_told(ready_home: Path, pair: tuple[Path, Path], tmp_path: Path) -> None:
    project = api.new(tmp_path / "p", settings={"quality": "draft"})
    api.add(project, side_by_side(tmp_path / "both.mp4", n=12), role="source", face="p1")
    api.add(project, pair[1], role="target")
    told: list[str] = []
    rows = api.extract(project, context=Context(report=lambda event: told.append(event.message) if event.kind == "note" else None))
    (made,) = [row.report for row in rows if row.stage == "faceset"]
    assert made["left_out"]["wrong person"] == 12 and made["faces"] <= 12
    assert any("p1 is meant; also seen, and skipped: p2 (12 frames)" in words for words in told)
    assert any("wrong person" in line.detail for line in api.status(project).lines)
