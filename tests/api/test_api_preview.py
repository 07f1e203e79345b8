"""Single frames without a render, and shots with settings of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from studio import A, B, main, record
from synthetic import cut_clip

from understudy import api
from understudy.errors import BadSetting, ConsentMissing, ConsentRevoked, StepMissing, UnknownSetting, UsageError

N = 12


def two_shots(path: Path) -> Path:
    """Actor B, then actor B nearer and mirrored: 12 frames each."""
    with av.open(str(B)) as given:
        frames = [frame.to_ndarray(format="rgb24") for frame, _ in zip(given.decode(video=0), range(30 + 2 * N), strict=False)][30:]
    near = [np.ascontiguousarray(cv2.resize(rgb[40:440, 60:460], (512, 512))[:, ::-1] // 2 + 20) for rgb in frames[N:]]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "14"})
        stream.width, stream.height, stream.pix_fmt = 512, 512, "yuv420p"  # type: ignore[attr-defined]
        for rgb in [*frames[:N], *near]:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))  # type: ignore[attr-defined]
        out.mux(stream.encode(None))  # type: ignore[attr-defined]
    return path


@pytest.fixture
def project(ready_home: Path, tmp_path: Path) -> Iterator[Path]:
    folder = api.new(tmp_path / "film", settings={"quality": "draft"})
    api.add(folder, cut_clip(A, tmp_path / "source.mp4", n=24, every=10), role="source")
    api.add(folder, two_shots(tmp_path / "target.mp4"), role="target")
    yield folder
    api.close_previews()


def picture(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def patches(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of merged faces."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "render").rglob("*.patches")}


def test_previews_are_the_render_and_shots_keep_their_own(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert picture(api.frame(project, "source", 3, width=200)).shape == (200, 200, 3), "the videos are seen before any work"
    with pytest.raises(ConsentMissing):
        api.preview(project, 3)
    face = record(tmp_path / "face.json", "face")
    for path in (face, record(tmp_path / "performer.json", "performer")):
        api.consent_add(project, path)
    with pytest.raises(StepMissing):
        api.preview(project, 3)
    api.extract(project)
    assert [(s.first, s.last, s.state) for s in api.list_shots(project)] == [(0, 11, "open"), (12, 23, "open")]
    before = api.preview(project, 5, width=512, exact=True)
    assert before.altered and before.matte.max() == 255
    touched = np.abs(before.result.astype(int) - before.target).max(2) > 8
    assert touched[before.matte > 250].mean() > 0.3 and not patches(project)
    assert touched[:60, 300:].mean() > 0.2, "the label is on it"

    assert not api.has_proxies(project) and api.quick_frame(project, "target", 5) is None
    api.make_proxies(project)
    assert api.has_proxies(project) and api.quick_frame(project, "result", 5) is None, "it is not rendered yet"
    api.render(project, shots=[1])
    assert [s.state for s in api.list_shots(project)] == ["rendered", "open"] and len(patches(project)) == 1
    at_once = api.quick_frame(project, "result", 5)
    assert at_once is not None and np.abs(picture(at_once).astype(int) - picture(before.jpeg("result"))).mean() < 2.5
    plain = api.quick_frame(project, "target", 5)
    assert plain is not None and np.abs(picture(at_once).astype(int) - picture(plain))[before.matte > 250].mean() > 4
    with pytest.raises(UsageError, match="shot 3"):
        api.render(project, shots=[3])
    assert [float(at) for at in api.frame_times(project, "target")[:3]] == [0, 0.04, 0.08]
    api.render(project)
    first = patches(project)
    assert [s.state for s in api.list_shots(project)] == ["rendered", "rendered"] and len(first) == 2
    np.testing.assert_array_equal(picture(api.frame(project, "result", 5, width=512)), picture(before.jpeg("result")), "bit for bit the render's")
    quick = api.preview(project, 5, width=512)
    assert np.abs(quick.result.astype(int) - before.result).mean() < 1
    none = api.preview(project, 5, settings={"merge.strength": 0}, width=512)
    np.testing.assert_array_equal(none.result, none.target)

    api.set_shot_settings(project, 2, settings={"merge.colour": 0.3}, keys={"merge.strength": [(14, 1.0), (22, 0.0)]})
    shots = api.list_shots(project)
    assert [s.state for s in shots] == ["rendered", "stale"] and shots[1].own.keys["merge.strength"] == ((14, 1.0), (22, 0.0))
    halfway, after = api.preview(project, 18, width=512, exact=True), api.preview(project, 23, width=512)
    assert halfway.altered and not after.altered
    api.render(project)
    second = patches(project)
    assert len(second) == 3 and all(second[name] == value for name, value in first.items()), "only the second shot was made anew"
    np.testing.assert_array_equal(picture(api.frame(project, "result", 18, width=512)), picture(halfway.jpeg("result")))

    assert main(["shots", str(project), "--shot", "2", "--clear", "all"]) == 0
    assert "rendered" in capsys.readouterr().out
    assert [s.state for s in api.list_shots(project)] == ["rendered", "rendered"], "the first version is still there"

    api.consent_revoke(str(face), reason="a test")
    for ask in (lambda: api.preview(project, 5), lambda: api.frame(project, "result", 5, width=512)):
        with pytest.raises(ConsentRevoked):
            ask()


def test_what_a_shot_cannot_have(project: Path) -> None:
    with pytest.raises(StepMissing):
        api.set_shot_settings(project, 1, settings={"merge.colour": 0.3})
    api.extract(project)
    with pytest.raises(UsageError, match="shot 3"):
        api.set_shot_settings(project, 3, settings={"merge.colour": 0.3})
    with pytest.raises(UsageError, match="whole project"):
        api.set_shot_settings(project, 1, settings={"encode.crf": 20})
    with pytest.raises(UnknownSetting):
        api.set_shot_settings(project, 1, settings={"merge.color": 1})
    with pytest.raises(BadSetting):
        api.set_shot_settings(project, 1, keys={"merge.strength": [(0, 2.0)]})
    with pytest.raises(UsageError, match="Frame 12"):
        api.set_shot_settings(project, 1, keys={"merge.strength": [(12, 1.0)]})
    with pytest.raises(UsageError, match="no frame 24"):
        api.frame(project, "target", 24)
