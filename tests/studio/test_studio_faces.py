"""The wall of faces: its list, its sheets, the trash, and what is refused."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
import pytest
from looping import looped_project
from serving import RECORD, Studio
from studio import A
from synthetic import cut_clip

from understudy import api
from understudy.studio.memory import Memory


@pytest.fixture(scope="module")
def folder(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which 24 faces of actor A go round five times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_HOME", str(studio.home))
        clip = cut_clip(A, tmp_path_factory.mktemp("clips") / "her.mp4", n=24, every=9)
        return looped_project(studio.home / "projects" / "wall", clip, times=5)


@pytest.fixture(scope="module")
def place(studio: Studio, folder: Path) -> str:
    memory = Memory(studio.home / "studio" / "studio.sqlite")
    found = memory.know(folder, name="Wall").place
    memory.close()
    page = studio.ask("GET", f"/p/{found}/faces").text
    assert 'class="empty"' in page and 'id="wall"' not in page
    assert studio.ask("GET", f"/p/{found}/faces/list").status == 400
    assert studio.post(f"/p/{found}/faces").status == 200
    job = studio.ask("GET", f"/api/projects/{found}/jobs").json[0]
    assert job["kind"] == "faces" and studio.wait_for(job["job"])["state"] == "done"
    assert studio.ask("GET", f"/p/{found}/piece/faces").headers["hx-refresh"] == "true"
    return found


def listed(studio: Studio, place: str, query: str = "") -> dict:
    reply = studio.ask("GET", f"/p/{place}/faces/list?{query}")
    assert reply.status == 200, reply.text
    return reply.json


def test_the_list_says_what_the_command_says(studio: Studio, place: str, folder: Path) -> None:
    for query, asked in (
        ("", {}),
        ("sort=yaw&reverse=true", {"sort": "yaw", "reverse": True}),
        (
            f"sort=best&shown=kept&where={quote('yaw>0')}&where={quote('quality>0.1')}",
            {"sort": "best", "shown": "kept", "where": ["yaw>0", "quality>0.1"]},
        ),
        ("shown=left-out", {"shown": "left-out"}),
    ):
        said, wall = listed(studio, place, query), api.faces(folder, **asked)  # type: ignore[arg-type]
        assert said["faces"] == [face.number for face in wall.faces]
        assert [n == 0 for n in said["why"]] == [face.kept for face in wall.faces]
        assert (said["total"], said["kept"], sum(said["leftOut"])) == (120, wall.kept, 120 - wall.kept)
    yaw = listed(studio, place, "sort=yaw")
    assert yaw["values"] == sorted(yaw["values"]) and listed(studio, place, "sort=pixels")["values"] == []


def test_sheets_come_in_the_order_that_was_asked_for(studio: Studio, place: str) -> None:
    wall = listed(studio, place)["wall"]
    numbers = [119, 0, 60, *range(20, 40)]
    reply = studio.ask("GET", f"/p/{place}/faces/sheet.jpg?wall={wall}&n={','.join(map(str, numbers))}")
    assert reply.status == 200 and reply.headers["cache-control"] == "no-store"
    sheet = cv2.imdecode(np.frombuffer(reply.body, np.uint8), cv2.IMREAD_COLOR)
    assert sheet is not None and sheet.shape == (3 * 96, 960, 3)
    # every 24th face is the same moment again
    alone = studio.ask("GET", f"/p/{place}/faces/sheet.jpg?wall={wall}&n=23").body
    last = cv2.imdecode(np.frombuffer(alone, np.uint8), cv2.IMREAD_COLOR)
    assert last is not None
    apart = [np.abs(sheet[:96, x : x + 96].astype(float) - last[:, :96]).mean() for x in (0, 96)]
    assert apart[0] < 3 < apart[1]


def test_throwing_out_bringing_back_and_undo(studio: Studio, place: str, folder: Path) -> None:
    kept = [face.number for face in api.faces(folder, shown="kept").faces][:3]
    assert studio.post(f"/p/{place}/faces/drop", numbers=",".join(map(str, kept))).json["said"].startswith("3 faces thrown out")
    trash = listed(studio, place, "shown=trash")
    assert trash["faces"] == kept and trash["why"] == [1, 1, 1] and trash["yours"] == [1, 1, 1] and trash["canUndo"]
    piece = studio.ask("GET", f"/p/{place}/faces/{kept[0]}").text
    assert "Thrown out" in piece and "Turned to the side" in piece and f"/faces/{kept[0]}.jpg" in piece
    picture = cv2.imdecode(np.frombuffer(studio.ask("GET", f"/p/{place}/faces/{kept[0]}.jpg").body, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (640, 640, 3) and picture[200:440, 200:440].std() > 20
    assert "1 face brought back" in studio.post(f"/p/{place}/faces/restore", numbers=str(kept[0])).json["said"]
    assert [studio.post(f"/p/{place}/faces/undo").json["said"][:14] for _ in range(3)] == ["Taken back: 1 ", "Taken back: 3 ", "Taken back: 0 "]
    assert listed(studio, place, "shown=trash")["faces"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("list?sort=beauty", 400),
        ("list?where=yaw", 400),
        ("list?where=yaw%3E1%3BDROP", 400),
        ("list?shown=secret", 400),
        ("list?" + "where=yaw%3E1&" * 13, 422),
        ("sheet.jpg?wall=..%2f..%2fpeople&n=1", 400),
        ("sheet.jpg?wall=wall-0123456789abcdef&n=1", 400),
        ("sheet.jpg?wall=WALL&n=120", 400),
        ("sheet.jpg?wall=WALL&n=", 400),
        ("sheet.jpg?wall=WALL&n=-1", 400),
        ("sheet.jpg?wall=WALL&n=" + ",".join(["1"] * 101), 400),
        ("sheet.jpg?wall=WALL&n=1,2,x", 400),
        ("120", 400),
        ("120.jpg", 400),
        ("x.jpg", 422),
    ],
)
def test_what_is_not_there_is_refused_in_words(studio: Studio, place: str, path: str, status: int) -> None:
    wall = listed(studio, place)["wall"]
    reply = studio.ask("GET", f"/p/{place}/faces/{path.replace('WALL', wall)}")
    assert reply.status == status and "Traceback" not in reply.text


@pytest.mark.parametrize("numbers", ["", "x", "1;2", "120", "1,", "-3", "9" * 9, "1 OR 1"])
def test_only_faces_can_be_thrown_out(studio: Studio, place: str, numbers: str) -> None:
    for what in ("drop", "restore"):
        reply = studio.post(f"/p/{place}/faces/{what}", numbers=numbers)
        assert reply.status in (400, 422) and 'class="card trouble"' in reply.text
    assert not listed(studio, place)["canUndo"]


def test_a_set_is_packed_saved_and_put_in_again(studio: Studio, place: str) -> None:
    refused = studio.upload(f"/p/{place}/faces/upload/", b"no zip at all", name="a.faceset")
    assert refused.status == 413 and refused.json["shown"]["remedy"] and not [path for path in studio.files() if path.endswith((".faceset", ".part"))]
    assert studio.ask("GET", f"/p/{place}/packed.faceset").status == 400
    assert studio.post(f"/p/{place}/faces/pack").status == 200
    job = studio.ask("GET", f"/api/projects/{place}/jobs").json[0]
    assert studio.wait_for(job["job"])["error"]["code"].startswith("consent"), "nothing is packed without consent"
    record = {**RECORD, "subject": "Nobody", "role": "face"}
    assert studio.post_json(f"/api/projects/{place}/consents", record).status == 201
    assert studio.post(f"/p/{place}/faces/pack").status == 200
    assert studio.wait_for(studio.ask("GET", f"/api/projects/{place}/jobs").json[0]["job"])["state"] == "done"
    file = studio.ask("GET", f"/p/{place}/packed.faceset")
    assert file.status == 200 and file.body[:2] == b"PK"
    assert studio.upload(f"/p/{place}/faces/upload/", file.body, name="../../her.faceset").status == 200
    assert studio.wait_for(studio.ask("GET", f"/api/projects/{place}/jobs").json[0]["job"])["state"] == "done"
    assert "faces were put in" in studio.ask("GET", f"/p/{place}/piece/set").text
    assert not [path for path in studio.files() if "her.faceset" in path], "what was sent is not kept"


def test_layers_are_asked_for_with_at_least_one(studio: Studio, place: str) -> None:
    assert studio.post(f"/p/{place}/layers", form="png16").status == 400
    assert studio.post(f"/p/{place}/layers", form="gif", layers=["plate"]).status == 422
    assert studio.post(f"/p/{place}/layers", form="png16", layers=["negative"]).status == 422
    assert studio.post(f"/p/{place}/layers", form="png16", layers=["plate", "matte"]).status == 200
    job = studio.ask("GET", f"/api/projects/{place}/jobs").json[0]
    ended = studio.wait_for(job["job"])
    assert job["kind"] == "layers" and ended["state"] == "failed" and ended["error"]["what"], "there is no target: said in words"


def test_the_computer_is_described(studio: Studio) -> None:
    page = studio.ask("GET", "/machine").text
    assert page.count("<li data-state=") >= 8 and 'data-state="good"' in page
