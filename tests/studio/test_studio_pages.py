"""Pages and forms as a browser asks for them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from serving import Studio

from understudy import api
from understudy.config import NAMES
from understudy.run.jobs import Jobs


@pytest.fixture(scope="module")
def place(studio: Studio) -> str:
    return studio.new_project("Pages")


def folder(studio: Studio, place: str) -> Path:
    return Path(studio.ask("GET", f"/api/projects/{place}").json["folder"])


def test_every_setting_is_a_field_and_is_kept(studio: Studio, place: str) -> None:
    page = studio.ask("GET", f"/p/{place}/settings").text
    assert {name for name in NAMES if "." in name} <= set(re.findall(r' name="([a-z_]+\.[a-z_]+)"', page))
    assert studio.post(f"/p/{place}/settings", **{"merge.feather": "0.2", "encode.codec": "hevc", "unknown": "x"}).status == 204
    kept = api.settings_of(folder(studio, place))
    assert (kept.merge.feather, kept.encode.codec) == (0.2, "hevc")
    refused = studio.post(f"/p/{place}/settings", **{"merge.feather": "7"})
    assert refused.status == 400 and "merge.feather" in refused.text and refused.headers["hx-retarget"] == "#trouble"
    assert api.settings_of(folder(studio, place)).merge.feather == 0.2


def test_a_consent_that_is_not_complete_is_not_taken(studio: Studio, place: str) -> None:
    fields = {"subject": "Ada", "purpose": "p", "production": "f", "channels": "tv", "actions": "train", "recorded_by": "me", "expires": "2090-01-01"}
    satire = {"basis": "public interest or satire", "reason": "Because the public has to know about this."}
    for code, lacking in (
        ("invalid", {"basis": "consent", "expires": ""}),
        ("invalid", {"basis": "consent", "expires": "2020-01-01"}),
        ("invalid", {"basis": "consent", "channels": " , "}),
        ("guardian", {"basis": "guardian"}),
        ("invalid", {"basis": "next of kin"}),
        ("editors", {**satire, "editors": ["One", "one"]}),
        ("editors", {**satire, "editors": ["One", "Two"], "reason": "short"}),
    ):
        reply = studio.post(f"/p/{place}/consents/face", **{**fields, **lacking})  # type: ignore[arg-type]
        assert reply.status == 400 and f'data-code="consent.{code}"' in reply.text, lacking
    assert api.consents(folder(studio, place)) == {}


def test_every_ground_can_be_recorded_with_what_it_needs(studio: Studio, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(studio.home))
    fields = {"subject": "Ada", "purpose": "p", "production": "f", "channels": "tv, web", "recorded_by": "me", "expires": "2090-01-01"}
    grounds = (
        ({"basis": "consent"}, {"minor": False, "channels": ("tv", "web")}),
        ({"basis": "guardian", "guardian": "Bob", "minor": "yes"}, {"guardian": "Bob", "minor": True}),
        ({"basis": "next of kin", "next_of_kin": "Cy"}, {"next_of_kin": "Cy", "deceased": True}),
        (
            {"basis": "public interest or satire", "editors": ["D", "E"], "reason": "Because the public has to know."},
            {"editors": ("D", "E"), "deceased": False},
        ),
        ({"basis": "person does not exist", "expires": ""}, {"person_exists": False, "expires": None}),
    )
    for given, wanted in grounds:
        body = {**fields, "actions": ["train", "render", "publish"], "guardian": "left over", **given}
        assert studio.post(f"/p/{place}/consents/performer", **body).status == 204, given  # type: ignore[arg-type]
        kept = api.consents(folder(studio, place))["performer"]
        assert kept.problem is None and kept.record is not None and kept.record.basis == given["basis"]
        assert {name: getattr(kept.record, name) for name in wanted} == wanted
        page = studio.ask("GET", f"/p/{place}/consents").text
        assert kept.record.record_id in page
    assert studio.post(f"/p/{place}/consents/performer/revoke", reason="a test").status == 204
    assert api.consents(folder(studio, place))["performer"].record != kept.record


def test_a_draft_is_a_draft_after_a_training_too(studio: Studio, place: str) -> None:
    api.change_settings(folder(studio, place), {"swap.swapper": "trained", "train.minutes": 30})
    assert studio.post(f"/p/{place}/make", quality="draft").status == 204
    job = studio.ask("GET", f"/api/projects/{place}/jobs").json[0]
    assert [step["name"] for step in job["steps"]] == ["look", "final"]
    studio.wait_for(job["job"])
    jobs = Jobs(studio.home / "studio" / "jobs.sqlite")
    assert jobs.get(job["job"]).args["settings"] == {"quality": "draft", "swap.swapper": "draft", "train.minutes": 0.0}
    jobs.close()


def test_the_stream_goes_on_where_it_was_left(studio: Studio, place: str) -> None:
    job = studio.post_json(f"/api/projects/{place}/jobs", {"kind": "extract"}).json["job"]
    ended = studio.wait_for(job)
    assert ended["state"] == "failed" and ended["error"]["code"] == "project.step-missing"
    lines = read_stream(studio, "/api/events?after=0")
    last = lines[-1]
    assert last["data"]["job"] == job and last["data"]["state"] == "failed" and last["data"]["place"] == place
    again = read_stream(studio, "/api/events", after=last["id"] - 1)
    assert [line["id"] for line in again] == [last["id"]]


def read_stream(studio: Studio, path: str, *, after: int | None = None) -> list[dict]:
    """The first messages of the stream."""
    import http.client

    line = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=60)
    headers = {"Host": f"127.0.0.1:{studio.port}", "Cookie": studio.cookie, **({"Last-Event-ID": str(after)} if after is not None else {})}
    line.request("GET", path, headers=headers)
    text = ""
    answer = line.getresponse()
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/event-stream")
    while "event: job" not in text or not text.endswith("\n\n"):
        text += answer.read1(65536).decode()
    line.close()
    found = re.findall(r"id: (\d+)\nevent: job\ndata: (.*)\n\n", text)
    return [{"id": int(number), "data": json.loads(data)} for number, data in found]


def test_a_project_that_is_gone_is_said_in_words(studio: Studio) -> None:
    reply = studio.ask("GET", "/p/0123456789ab")
    assert reply.status == 404 and 'data-code="project.not-found"' in reply.text
    assert studio.ask("GET", "/api/projects/0123456789ab").json["shown"]["remedy"]


def test_the_description_for_programs_names_every_call(studio: Studio) -> None:
    paths = studio.ask("GET", "/api/openapi.json").json["paths"]
    assert {"/api/projects", "/api/projects/{place}/jobs", "/api/events", "/api/jobs/{job}"} <= set(paths)
    assert all(path.startswith("/api/") for path in paths)
