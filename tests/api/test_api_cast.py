"""Several people in one pass, each with a face of their own; one face before another; and a morph within one take."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from actors import clip
from studio import main, record
from synthetic import cut_clip

from understudy import api
from understudy.config import EncodeSettings
from understudy.errors import BadSetting, ConsentMissing, ConsentRevoked, ConsentScope, PersonAbsent, UsageError
from understudy.merge.patchfile import Patches
from understudy.provenance import credentials, ledger
from understudy.video.color import planes_from_rgb
from understudy.video.probe import probe
from understudy.video.read import read_frames
from understudy.video.write import write_video

N = 10


def two_people(path: Path) -> Path:
    """Actors B and C beside each other: C is farther away and partly behind B."""
    left, right = ([frame.rgb for frame in read_frames(clip(name), end_index=N)] for name in ("B_eval", "C_eval"))
    info = probe(cut_clip(clip("B_eval"), path.with_name("size.mp4"), n=N, size=(640, 360)))
    frames = []
    for index, (near, far) in enumerate(zip(left, right, strict=True)):
        assert near is not None and far is not None
        picture = np.full((360, 640, 3), 90, np.uint8)
        picture[60:360, 200:500] = cv2.resize(far, (300, 300), interpolation=cv2.INTER_AREA)
        picture[:, 151:334] = cv2.resize(near, (360, 360), interpolation=cv2.INTER_AREA)[:, 91:274]
        color = info.color
        whole = planes_from_rgb(picture.astype(np.float32) / 255, color)
        u, v = (cv2.resize(c, (320, 180), interpolation=cv2.INTER_AREA) for c in (whole.u, whole.v))
        frames.append((type(whole)(whole.y, u, v, color), index * round(1 / (25 * info.time_base))))
    write_video(path, frames, info=info, encode=EncodeSettings(quality="best"), audio_from=None, context_check=lambda: None)
    return path


@pytest.fixture
def film(ready_home: Path, tmp_path: Path) -> Path:
    """A project of the two people with A's face; beside it, a project of B's face."""
    folder, other = (api.new(tmp_path / name, settings={"quality": "draft"}) for name in ("film", "bea"))
    api.add(folder, cut_clip(clip("A_eval"), tmp_path / "a.mp4", n=20, every=10), role="source")
    api.add(folder, two_people(tmp_path / "target.mp4"), role="target")
    api.add(other, cut_clip(clip("B_train"), tmp_path / "b.mp4", n=20, every=10), role="source")
    api.consent_add(folder, record(tmp_path / "a.json", "face", subject="Anna"))
    api.consent_add(other, record(tmp_path / "b.json", "face", subject="Bea"))
    for name in ("Piet", "Klaas"):
        api.consent_add(folder, record(tmp_path / f"{name}.json", "performer", subject=name))
    return folder


def rows_of(film: Path) -> dict[int, list]:
    with Patches(sorted((film / "render").rglob("*.patches"))) as patches:
        return {index: patches.at(index) for index in patches.frames()}


def test_two_people_in_one_pass(film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exception, match="Several people"):
        api.extract(film)
    people = {person.media[0].face for person in api.people(film) if person.media[0].role == "target"}
    assert people == {"p1", "p2"}
    api.cast_set(film, "p1", source=".", performer="Piet")
    api.cast_set(film, "p2", source="../bea", performer="Klaas")
    stands_on = api.cast_check(film)
    assert len(stands_on) == 4, "two faces, two performers"
    assert all(not face.problem and face.model_id and face.frames == N for face in api.cast_show(film))

    made = api.publish(film, tmp_path / "out.mp4", settings={"encode.preset": "ultrafast"})
    assert set(made.consent_ids) == set(stands_on)
    row = ledger.find_file(made.sha256)
    assert row is not None and len(row.body["sources_sha256"]) == 2 and set(row.body["consents"]) == set(stands_on)
    assert set(row.body["refusal_check"]) >= {"source", "source 2", "target", "result"}
    assert " + " in row.body["model_id"]
    assert set(credentials.read(made.path).production["consent_records"]) == set(stands_on)

    found = rows_of(film)
    assert len(found) == N and all(len(patches) == 2 for patches in found.values())
    for far, near in found.values():
        assert far.xy[0] > near.xy[0], "who is nearer is painted later"
        (x, y), (fx, fy) = near.xy, far.xy
        both = np.zeros((2, 360, 640), np.uint8)
        both[0, y : y + near.alpha.shape[0], x : x + near.alpha.shape[1]] = near.alpha
        both[1, fy : fy + far.alpha.shape[0], fx : fx + far.alpha.shape[1]] = far.alpha
        assert (both.min(0) > 128).sum() < 0.01 * (both[0] > 128).sum(), "nobody's face is painted on another's"

    page = tmp_path / "report.html"
    steady = api.report(film, page_at=page, language="nl")
    assert [(one.person, one.frames) for one in steady] == [("p1", N), ("p2", N)]
    assert all(one.flicker and one.seam and one.worst for one in steady)
    html = page.read_text(encoding="utf-8")
    assert "Flikkering" in html and "<script" not in html and html.count("data:image/jpeg") == sum(len(one.worst) for one in steady)
    assert "Links het doel" in html, "these performers do not exist"
    assert api.report(film) == steady, "read from the project the second time"

    preview = api.preview(film, 4, width=640, exact=True)
    assert preview.altered and preview.matte[:, :290].max() == 255 and preview.matte[:, 345:].max() == 255
    api.close_previews()
    assert main(["cast", str(film)]) == 0
    assert "../bea" in capsys.readouterr().out

    api.consent_revoke(stands_on[1], reason="changed her mind")
    with pytest.raises(ConsentRevoked):
        api.render(film)


def test_a_morph_and_stretches_of_time(film: Path) -> None:
    with pytest.raises(Exception, match="Several people"):
        api.extract(film)
    api.cast_morph(film, "p1", sources=(".", "../bea"), begin=2, end="0.28s")
    api.render(film)
    morphed = rows_of(film)
    assert len(morphed) == N and all(len(patches) == 1 for patches in morphed.values())
    pure: dict[str, dict[int, list]] = {}
    for source in (".", "../bea"):
        for file in (film / "render").rglob("*.patches"):
            file.unlink()
        api.cast_set(film, "p1", source=source)
        api.render(film)
        pure[source] = rows_of(film)

    def away(index: int, source: str) -> float:
        one, other = morphed[index][0], pure[source][index][0]
        (x, y), (u, v) = one.xy, other.xy
        left, top = max(x, u), max(y, v)
        h = min(y + one.alpha.shape[0], v + other.alpha.shape[0]) - top
        w = min(x + one.alpha.shape[1], u + other.alpha.shape[1]) - left
        a = one.rgb[top - y : top - y + h, left - x : left - x + w].astype(int)
        b = other.rgb[top - v : top - v + h, left - u : left - u + w]
        inner = one.alpha[top - y : top - y + h, left - x : left - x + w] > 250
        return float(np.abs(a - b)[inner].mean())

    assert away(0, ".") < 0.5 * away(0, "../bea") and away(9, "../bea") < 0.5 * away(9, ".")
    apart = [away(index, ".") for index in range(N)]
    assert apart[2] < apart[4] < apart[6] and abs(apart[4] - apart[5]) < 0.6 * apart[9], "it goes over by and by"

    for file in (film / "render").rglob("*.patches"):
        file.unlink()
    api.cast_set(film, "p1", begin=3, end=6)
    api.render(film)
    assert sorted(rows_of(film)) == [3, 4, 5, 6]


def test_what_is_wrong_is_said(film: Path, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="Several people"):
        api.extract(film)
    with pytest.raises(PersonAbsent):
        api.cast_set(film, "p7")
    assert not (film / "cast.toml").exists(), "what cannot be is not kept"
    with pytest.raises(UsageError, match="which is no project") as wrong:
        api.cast_set(film, "p1", source="../baa")
    assert "../bea" in wrong.value.remedy
    with pytest.raises(BadSetting):
        api.cast_set(film, "p1", strength=2)
    with pytest.raises(UsageError, match="target is over"):
        api.cast_set(film, "p1", begin=4000)
    for person in ("p1", "p2"):
        api.cast_set(film, person, source="../bea")
    with pytest.raises(ConsentMissing, match="not said which consent record"):
        api.cast_check(film)
    for person in ("p1", "p2"):
        api.cast_set(film, person, source="../bea", performer="Piet")
    with pytest.raises(ConsentScope, match="two people"):
        api.cast_check(film)
    api.cast_set(film, "p2", source="../bea", performer="Claas")
    with pytest.raises(ConsentMissing) as missing:
        api.cast_check(film)
    assert "klaas" in missing.value.why.lower()
    api.cast_set(film, "p1", source=".", performer="Piet", add=True)
    api.cast_remove(film, "p2")
    with pytest.raises(UsageError, match="two faces"):
        api.cast_check(film)
    (film / "cast.toml").write_text('[[face]]\nperson = "p1"\nmodl = "draft"\n')
    with pytest.raises(UsageError, match="modl") as typo:
        api.cast_show(film)
    assert "model" in typo.value.remedy
    api.cast_remove(film)
    assert api.cast_show(film) == () and not (film / "cast.toml").exists()
