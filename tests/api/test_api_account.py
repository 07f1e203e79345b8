"""The account of a production: everything that the public must know, no name and no original that a record does not allow."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from actors import clip
from publishing import publish_clip, signed
from synthetic import cut_clip

from understudy import api
from understudy.cli import main
from understudy.errors import StepMissing
from understudy.pipeline.consents import may_show_originals
from understudy.pipeline.stability import ShotStability, WorstFrame
from understudy.project import Project
from understudy.provenance.consent import issue_permit, load_record, revoke
from understudy.store import StageRow

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
pytestmark = pytest.mark.usefixtures("ready_home")


def produced(folder: Path, **performer) -> Path:
    """A project with one video that was published for real."""
    target = cut_clip(clip("B_eval"), folder / "in.mp4", n=20, size=(320, 320))
    settings = {"house.name": f"House {HOSTILE}", "house.contact": "desk@example.org"}
    project = api.new(folder / "film.understudy", settings=settings)
    api.add(project, target, role="target")
    face = signed(folder, "face", subject="Anna de Vries", purpose=f"a film about Anna {HOSTILE}", production=f"Harbour {HOSTILE}")
    other = signed(folder, "performer", subject="Bob Jansen", **performer)
    permits = tuple(issue_permit(path, role=role, actions=["publish"]) for path, role in ((face, "face"), (other, "performer")))
    for path in (face, other):
        api.consent_add(project, path)
    made = publish_clip(target, folder / "out.mp4", permits=permits, frames=range(20))
    with Project(project) as opened:
        report = {"path": str(made.path), "sha256": made.sha256, "label": made.label, "frames": made.n_frames, "altered": made.n_altered}
        opened.store.stage_done(StageRow("a publication", "publish", "out.mp4", 1.0, report))
    return project


def without_pictures(html: str) -> str:
    """The letters that a picture is written with may make up any name."""
    return re.sub(r"data:image/[^\"]*", "", html)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_what_the_public_must_know_and_no_more(tmp_path, language) -> None:
    project = produced(tmp_path)
    html = api.account(project, language=language)
    kept = api.published_videos(project)[0]
    for part in (
        "desk@example.org",
        kept.sha256,
        "AI MODIFIED",
        "20",
        "consent-",
        "MIT",
        {"en": "Not named here", "nl": "Hier niet genoemd"}[language],
    ):
        assert part in html
    words = without_pictures(html)
    assert "Anna" not in words and "Vries" not in words and "Bob" not in words and str(tmp_path) not in words
    with Project(project) as opened:
        assert not may_show_originals(opened)
    # the performer did not agree to be shown: one picture, the labelled one
    assert html.count("data:image/jpeg") == 1
    assert "<script" not in html and "onerror=alert(1)>" not in html and "&lt;img src=x" in html
    assert not re.search(r"(?:src|href)=\"(?!data:)", html)


def test_what_a_record_allows_is_shown(tmp_path) -> None:
    project = produced(tmp_path, named=True, show_original=True)
    with Project(project) as opened:
        assert may_show_originals(opened)
    html = api.account(project)
    assert "Bob Jansen" in html and "Anna" not in without_pictures(html) and html.count("data:image/jpeg") == 2
    kept = (tmp_path / "out.mp4").rename(tmp_path / "elsewhere.mp4")
    assert "no longer at its place" in api.account(project) and "data:image" not in api.account(project)
    kept.rename(tmp_path / "out.mp4")
    (record,) = [path for path in tmp_path.glob("*.consent.json") if load_record(path).role == "performer"]
    revoke(load_record(record).record_id, reason="asked")
    html = api.account(project)
    assert "Taken back" in html and "a consent that it stands on was taken back" in html and "data:image" not in html


@pytest.mark.parametrize("originals", [True, False])
def test_a_report_that_is_handed_on_shows_no_unaltered_face_without_leave(originals) -> None:
    target, result = (np.full((224, 224, 3), bgr, np.uint8) for bgr in ((0, 0, 220), (0, 220, 0)))
    both = cv2.imencode(".jpg", np.concatenate([target, result], axis=1))[1].tobytes()
    found = ShotStability(1, 0, 9, "p1", 10, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, worst=(WorstFrame("seam", 3, 0.12, 2.0, both),))
    html = api.stability_page("target.mp4", [found], language="nl", originals=originals)
    (data,) = re.findall(r"data:image/jpeg;base64,([^\"]+)", html)
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    # the codec lets the colours of one column run into the next
    red = bool((picture[:, 8:, 2].astype(int) > picture[:, 8:, 1] + 60).any())
    assert red == originals and ("Links het doel" in html) == originals and ("wordt niet getoond" in html) != originals


@pytest.mark.parametrize(("language", "said"), [("en", "the source never turns that far"), ("nl", "zo ver draait de bron nooit")])
def test_the_report_says_where_the_source_never_turns_that_far(language, said) -> None:
    numbers = (None,) * 7
    profile = ShotStability(3, 0, 9, "p2", 0, *numbers, worst=(), turned_away=10)
    html = api.stability_page("target.mp4", [profile], language=language)
    assert f"Shot 3, p2: {said}" in html and "10 " in html.split(said)[1][:80]
    assert html.count('class="lead"') == 2, "and not that it is too dark as well"
    dark = ShotStability(3, 0, 9, "p2", 0, *numbers, worst=())
    assert said not in api.stability_page("target.mp4", [dark], language=language)


def test_the_command(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StepMissing):
        api.account(api.new(tmp_path / "empty"))
    project = produced(tmp_path)
    assert main(["account", str(project), "--language", "nl", "-o", "a.html"]) == 0 and "Verantwoording" in Path("a.html").read_text()
    assert main(["account", str(project), "-o", "a.html"]) == 1
