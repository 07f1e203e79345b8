"""The screen of the people: what its routes do, and what they refuse."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from serving import Studio
from studio import A, side_by_side
from synthetic import cut_clip

from understudy import api


@pytest.fixture(scope="module")
def place(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Source: actor A. Target: A on the left, C on the right. Everybody was found."""
    clips, made = tmp_path_factory.mktemp("clips"), studio.new_project("People")
    assert "/people" not in studio.ask("GET", f"/p/{made}/people").text.split('class="empty"')[1], "nothing to look for without videos"
    for role, clip in (("source", cut_clip(A, clips / "her.mp4", n=8, every=10)), ("target", side_by_side(clips / "both.mp4", n=6))):
        assert studio.upload(f"/api/projects/{made}/upload/{role}", clip, name=clip.name).status == 200
    page = studio.ask("GET", f"/p/{made}/people").text
    assert f'hx-post="/p/{made}/people"' in page and 'class="empty"' in page
    assert studio.post(f"/p/{made}/people").status == 200
    job = studio.ask("GET", f"/api/projects/{made}/jobs").json[0]
    assert job["kind"] == "people" and studio.wait_for(job["job"])["state"] == "done"
    return made


@pytest.fixture
def folder(studio: Studio, place: str) -> Path:
    return Path(studio.ask("GET", f"/api/projects/{place}").json["folder"])


def test_everybody_is_shown_and_can_be_put_right(studio: Studio, place: str, folder: Path) -> None:
    page = studio.ask("GET", f"/p/{place}/people").text
    assert page.count('class="card person"') == 2 and page.count('data-meant="yes"') == 1 and "none is clearly the main one" in page
    assert "disabled" in undo_button(page), "nothing was decided yet"
    for address in set(re.findall(r'src="(/p/[^"]+\.jpg\?v=[0-9a-f]+)"', page)):
        picture = studio.ask("GET", address)
        assert picture.status == 200 and picture.headers["cache-control"] == "no-store"
        decoded = cv2.imdecode(np.frombuffer(picture.body, np.uint8), cv2.IMREAD_COLOR)
        assert decoded is not None and decoded.shape == (128, 128, 3) and decoded.std() > 20
    assert studio.post(f"/p/{place}/people/2/choose", role="target").text.count('data-meant="yes"') == 2
    assert [part.meant for part in api.people(folder)[1].media] == [True]
    named = studio.post(f"/p/{place}/people/2/name", name="Clara & Löwe").text
    assert "Clara &amp; Löwe" in named and "disabled" not in undo_button(named)
    studio.post(f"/p/{place}/people/2/name", name=" Clara  & Löwe ")
    assert "The last name was taken back" in studio.post(f"/p/{place}/people/undo").text and api.people(folder)[1].name is None, "once, not twice"
    assert studio.post(f"/p/{place}/people/merge", persons=["person-1", "person-2"]).text.count('class="card person"') == 1
    piece = next(track.track_id for track in api.people(folder)[0].tracks[1:])
    assert studio.post(f"/p/{place}/people/1/split", pieces=[piece]).text.count('class="card person"') == 2
    for said in ("pieces are together again", "separate people again", "nothing to take back"):
        assert said in studio.post(f"/p/{place}/people/undo").text


def undo_button(page: str) -> str:
    found = re.search(r'<button[^>]*id="people-undo"[^>]*>', page)
    assert found is not None
    return found.group(0)


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("people/merge", {}, 400),
        ("people/merge", {"persons": ["person-1"]}, 400),
        ("people/merge", {"persons": ["person-1", "../../etc"]}, 400),
        ("people/9/name", {"name": "x"}, 400),
        ("people/1/name", {"name": "p2"}, 400),
        ("people/1/name", {"name": "x" * 300}, 422),
        ("people/x/name", {"name": "x"}, 422),
        ("people/1/split", {"pieces": ["no-such-piece"]}, 400),
        ("people/1/split", {}, 400),
        ("people/2/choose", {"role": "source"}, 400),
        ("people/2/choose", {"role": "admin"}, 422),
    ],
)
def test_what_is_not_meant_is_refused_in_words(studio: Studio, place: str, folder: Path, path: str, fields: dict, status: int) -> None:
    before = api.people(folder)
    reply = studio.post(f"/p/{place}/{path}", **fields)
    assert reply.status == status and 'class="card trouble"' in reply.text and "Traceback" not in reply.text
    assert api.people(folder) == before


def test_names_are_words_and_not_markup(studio: Studio, place: str, folder: Path) -> None:
    evil = '"><script>x</script>'
    page = studio.post(f"/p/{place}/people/1/name", name=evil).text
    assert "<script>x" not in page and api.people(folder)[0].name == evil
    studio.post(f"/p/{place}/people/undo")


@pytest.mark.parametrize("path", ["people/1/99.jpg", "people/1/-1.jpg", "people/7/0.jpg", "people/1/pieces/99.jpg", "people/..%2f1/0.jpg"])
def test_there_are_no_other_pictures(studio: Studio, place: str, path: str) -> None:
    assert studio.ask("GET", f"/p/{place}/{path}").status in (400, 404, 422)


def test_other_windows_are_told(studio: Studio, place: str) -> None:
    import http.client

    line = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=60)
    line.request("GET", "/api/events", headers={"Host": f"127.0.0.1:{studio.port}", "Cookie": studio.cookie})
    answer, text = line.getresponse(), ""
    while "retry" not in text:
        text += answer.read1(65536).decode()
    studio.post(f"/p/{place}/people/1/name", name="Ada")
    while "event: changed" not in text:
        text += answer.read1(65536).decode()
    line.close()
    assert f'data: {{"place": "{place}", "what": "people"}}' in text
    studio.post(f"/p/{place}/people/undo")
