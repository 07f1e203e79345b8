"""The API for other programs: everything in it is described with an example, and what it does is what is described."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from serving import RECORD, Studio
from studio import A, B
from synthetic import cut_clip

from understudy.studio import models


@pytest.fixture(scope="module")
def schema(studio: Studio) -> dict[str, Any]:
    return studio.ask("GET", "/api/openapi.json").json


def calls(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, call) for path, methods in schema["paths"].items() for method, call in methods.items()]


def test_every_call_says_what_it_does_takes_and_gives(schema: dict[str, Any]) -> None:
    assert len(calls(schema)) >= 18
    known = schema["components"]["schemas"]
    for method, path, call in calls(schema):
        name = f"{method} {path}"
        assert len(call["description"]) > 9, name
        assert call["responses"]["400"]["content"]["application/json"]["schema"]["$ref"].endswith("/Problem"), name
        good = next(answer for status, answer in call["responses"].items() if status.startswith("2"))
        for given in good.get("content", {}).values():
            assert given.get("schema"), f"{name}: what it gives is not described"
        for taken in (call.get("requestBody") or {}).get("content", {}).values():
            kind = taken["schema"].get("$ref", "").rpartition("/")[2]
            described = "examples" in taken["schema"] or "examples" in known.get(kind, {}) or "properties" in taken["schema"]
            assert described, f"{name}: what it takes has no example"
    for name in ("ProjectInfo", "JobInfo", "ShotInfo", "StrokeInfo", "TrainingInfo", "Problem"):
        for example in known[name]["examples"]:
            # an example that the model itself would not take is wrong
            getattr(models, name).model_validate(example)


def test_every_page_of_the_api_is_on_the_screen(studio: Studio, schema: dict[str, Any]) -> None:
    page = studio.ask("GET", "/programs").text
    for method, path, _ in calls(schema):
        assert f"{method.upper()} {path}" in page


def test_a_program_makes_changes_and_looks(studio: Studio, tmp_path: Path) -> None:
    place = studio.new_project("By a program")
    for role, clip in (("source", cut_clip(A, tmp_path / "a.mp4", n=24, every=10)), ("target", cut_clip(B, tmp_path / "b.mp4", n=8, start=40))):
        assert studio.upload(f"/api/projects/{place}/upload/{role}", clip, name=clip.name).status == 200
    for role in ("face", "performer"):
        assert studio.post_json(f"/api/projects/{place}/consents", {**RECORD, "subject": f"Nobody, {role}", "role": role}).status == 201
    here = f"/api/projects/{place}"
    early = studio.ask("GET", f"{here}/shots")
    assert early.status == 400 and early.json["code"] == "project.step-missing" and early.json["shown"]["remedy"]
    job = studio.post_json(f"{here}/jobs", {"kind": "render", "shots": [1], "settings": {"quality": "draft"}})
    assert job.status == 202 and studio.wait_for(job.json["job"])["state"] == "done"
    (shot,) = studio.ask("GET", f"{here}/shots").json
    assert (shot["first"], shot["last"], shot["state"], shot["settings"]) == (0, 7, "rendered", {})

    change = {"settings": {"merge.colour": 0.5}, "keys": {"merge.strength": [[0, 1.0], [7, 0.5]]}}
    changed = send(studio, "PATCH", f"{here}/shots/1", change)
    assert changed.json["state"] == "stale" and changed.json["keys"] == {"merge.strength": [[0, 1.0], [7, 0.5]]}
    stroke = studio.post_json(f"{here}/strokes", {"frame": 3, "kind": "exclude", "polygons": [[[200, 200], [300, 200], [300, 300]]]})
    assert stroke.status == 201 and studio.ask("GET", f"{here}/strokes").json == [stroke.json]
    assert send(studio, "DELETE", f"{here}/strokes/{stroke.json['stroke']}").status == 204
    assert studio.ask("GET", f"{here}/strokes").json == []
    assert send(studio, "PATCH", f"{here}/shots/1", {"clear": ["all"]}).json["state"] == "rendered"
    target, result = (studio.ask("GET", f"{here}/frames/{which}/3.jpg?width=256") for which in ("target", "result"))
    assert target.headers["content-type"] == "image/jpeg" and target.body[:2] == b"\xff\xd8" and target.body != result.body

    given = studio.post(f"/p/{place}/cast", person="p1", performer="Nobody, performer")
    assert given.status == 200 and 'data-part="1"' in given.text and given.headers["hx-trigger"] == "result-changed"
    bent = send(studio, "POST", f"/p/{place}/cast/1", {"what": "strength", "keys": [[0, 1.0], [6, 0.4]]})
    assert bent.status == 200 and "[6, 0.4]" in bent.text
    limited = studio.post(f"/p/{place}/cast/1/span", begin="2", end="5")
    assert "frames 2 to 5" in limited.text and "[6, 0.4]" in limited.text, "the curve stays"
    assert studio.ask("GET", f"{here}/shots").json[0]["state"] == "stale"
    assert send(studio, "POST", f"/p/{place}/cast/1", {"what": "strength", "keys": [[0, 1.5]]}).status == 400
    assert send(studio, "POST", f"/p/{place}/cast/2", {"what": "strength", "keys": [[0, 0.5]]}).status == 400
    assert 'data-part="1"' not in studio.post(f"/p/{place}/cast/1/remove").text
    assert studio.ask("GET", f"{here}/shots").json[0]["state"] == "rendered"

    none = studio.ask("GET", f"{here}/training")
    assert none.status == 400 and none.json["code"] == "project.step-missing"
    wrong = studio.post_json(f"{here}/strokes", {"frame": 3, "kind": "smear"})
    assert wrong.status == 422 and re.search("kind", wrong.json["what"])


def send(studio: Studio, method: str, path: str, content: Any = None):
    body = json.dumps(content).encode() if content is not None else None
    return studio.ask(method, path, body=body, headers={"Content-Type": "application/json"} if body else {})


@pytest.mark.parametrize(("settings", "steps"), [({"quality": "draft"}, 2), ({"quality": "standard"}, 4), ({"train.rounds": 1}, 4)])
def test_the_steps_of_a_video_that_a_program_asks_for_are_those_that_it_takes(studio: Studio, settings: dict[str, Any], steps: int) -> None:
    place = studio.new_project("Steps")
    job = studio.post_json(f"/api/projects/{place}/jobs", {"kind": "make", "settings": settings})
    assert job.status == 202 and len(job.json["steps"]) == steps


def test_a_setting_that_does_not_exist_is_refused_at_once(studio: Studio) -> None:
    place = studio.new_project("No such setting")
    job = studio.post_json(f"/api/projects/{place}/jobs", {"kind": "make", "settings": {"merge.fether": 0.1}})
    assert job.status == 400 and job.json["code"] == "usage.unknown-setting"
    assert studio.ask("GET", f"/api/projects/{place}/jobs").json == []
