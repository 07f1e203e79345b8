"""What lies in a project, for showing; and the whole job over it by one call."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from studio import Desk, make_desk, record

from understudy import api
from understudy.errors import StepMissing, UnknownSetting

pytestmark = pytest.mark.usefixtures("ready_home")


@pytest.fixture
def desk(tmp_path: Path, ready_home: Path) -> Desk:
    return make_desk(tmp_path / "desk")


def first_frame(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def read(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def test_a_project_from_nothing_to_a_published_video(desk: Desk) -> None:
    project = api.new(desk.folder / "film.understudy")
    assert api.videos(project) == {} and api.consents(project) == {} and api.published_videos(project) == []
    with pytest.raises(StepMissing):
        api.make(project, desk.out)
    api.add(project, desk.source, role="source")
    api.add(project, desk.target, role="target")
    assert api.videos(project)["source"].info["name"] == "source.mp4" and api.video_path(project, "target").samefile(desk.target)

    taken_back = record(desk.folder / "old.json", "face", subject="Once")
    for path in (desk.face, desk.performer, taken_back):
        api.consent_add(project, path)
    api.consent_revoke(str(taken_back), reason="a test")
    kept = api.consents(project)
    assert {role: (found.record.subject if found.record else "", found.problem) for role, found in kept.items()} == {
        "face": ("Nobody, face", None),
        "performer": ("Nobody, performer", None),
    }

    done = api.make(project, desk.out, settings={"quality": "draft"})
    (published,) = api.published_videos(project)
    assert published.path == done.video.path.resolve() and published.there and published.altered == published.frames == 8
    desk.out.unlink()
    assert not api.published_videos(project)[0].there


def test_pictures_are_the_videos_own_and_the_label_is_the_only_change(desk: Desk) -> None:
    project = api.new(desk.folder / "film.understudy")
    api.add(project, desk.target, role="target")
    plain = read(api.picture(project, "target", share=0.0, long_side=4000))
    truth = first_frame(desk.target)
    assert np.abs(plain.astype(int) - truth).mean() < 4
    assert max(read(api.picture(project, "target", long_side=200)).shape) == 200
    labelled = read(api.label_picture(project, language="nl", share=0.0, long_side=4000))
    changed = np.abs(labelled.astype(int) - plain).max(axis=2) > 60
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert changed.any() and rows[-1] < 0.4 * truth.shape[0] and columns[0] > 0.3 * truth.shape[1]


def test_roles_can_be_exchanged_and_settings_kept(desk: Desk) -> None:
    project = api.new(desk.folder / "film.understudy")
    api.add(project, desk.source, role="source")
    api.add(project, desk.target, role="target")
    api.exchange_roles(project)
    assert api.videos(project)["source"].info["name"] == "target.mp4" and api.videos(project)["target"].info["name"] == "source.mp4"
    api.change_settings(project, {"quality": "broadcast"})
    api.change_settings(project, {"merge.feather": 0.2})
    settings = api.settings_of(project)
    assert (settings.quality, settings.merge.feather, settings.train.minutes) == ("broadcast", 0.2, 480.0)
    with pytest.raises(UnknownSetting):
        api.change_settings(project, {"merge.feathers": 0.2})


def test_a_check_is_kept_and_goes_when_the_person_is_forgotten(desk: Desk) -> None:
    project = api.new(desk.folder / "film.understudy")
    api.add(project, desk.source, role="source")
    api.add(project, desk.target, role="target")
    assert api.kept_check(project) is None
    report = api.check_project(project)
    kept = api.kept_check(project)
    assert kept is not None and kept["outlook"] == report.outlook and not kept["stale"]
    assert [finding["code"] for finding in kept["findings"]] == [finding.code for finding in report.findings]
    api.exchange_roles(project)
    changed = api.kept_check(project)
    assert changed is not None and changed["stale"]
    api.forget(project, "source")
    assert api.kept_check(project) is None
