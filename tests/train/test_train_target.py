"""The target in training: it is shown and judged on, never learnt from, and a fault on it keeps a round from being used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from actors import FACE
from nearest import Nearest

from understudy.config import TrainSettings
from understudy.errors import ConsentScope
from understudy.events import Context
from understudy.model.shelf import listed
from understudy.train import rounds as rounds_module
from understudy.train.history import History
from understudy.train.judge import STAIN_MOST, stain
from understudy.train.loop import learn
from understudy.train.target import Look, Scene, Target, find_target
from understudy.types import Faceset, SwappedFace


def test_moments_come_with_their_neighbours_in_time(target: Target) -> None:
    assert len(target.looks) == 18 and len(target.middles) == 6
    times = [float(look.caption.split()[0]) for look in target.looks]
    for middle in target.middles:
        np.testing.assert_allclose(np.diff(times[middle - 1 : middle + 2]), 0.04, atol=0.011)
    worst, typical = target.worst_and_typical()
    assert worst in target.middles and typical in target.middles


def test_without_the_performers_permit_there_is_no_target(scene: Scene, faceset: Faceset) -> None:
    with pytest.raises(ConsentScope):
        find_target(replace(scene, permit=FACE), Nearest(faceset), size=128, context=Context())


def spotted(look: Look, point: int) -> SwappedFace:
    """The draft with a violet spot at a point of the mesh."""
    x, y = np.rint(look.drive.mesh[point, :2]).astype(int)
    rgb = look.draft.rgb.copy()
    rgb[y - 4 : y + 5, x - 4 : x + 5] += np.asarray([-40, -70, 0], np.float32)
    return replace(look.draft, rgb=np.clip(rgb, 0, 255))


def test_a_spot_on_the_skin_is_seen_and_one_on_the_mouth_is_not(target: Target) -> None:
    drafts = [look.draft for look in target.looks]
    assert stain(target, drafts) == 0
    cheek, lip = 50, 13
    assert stain(target, [spotted(target.looks[0], cheek), *drafts[1:]]) > STAIN_MOST
    assert stain(target, [spotted(target.looks[0], lip), *drafts[1:]]) < STAIN_MOST / 2


@pytest.mark.parametrize("spot", [1.0, 50.0])
def test_a_round_with_a_stain_on_the_target_is_not_used(
    spot: float, scene: Scene, faceset: Faceset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds_module, "stain", lambda target, faces: spot)
    monkeypatch.setattr(rounds_module, "beats", lambda trained, draft: True)
    settings = TrainSettings(rounds=1, faces_per_round=16, batch=4, size=128, threads=1)
    base, previews = Nearest(faceset), tmp_path / "previews"
    report = learn(faceset, base, folder=tmp_path, settings=settings, context=Context(), previews=previews, scene=scene)
    (made,) = History(previews).rounds()
    assert report.beats_draft == made.better == listed(tmp_path)[0].better == (spot < STAIN_MOST)
    assert made.figures["target_stain"] == spot and ("stain" in made.words[0]) == (spot > STAIN_MOST)
