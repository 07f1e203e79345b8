"""Looking at a training and going back, from the outside."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from studio import A, Desk, main, make_desk
from synthetic import cut_clip

from understudy import api
from understudy.errors import CheckpointMissing, StepMissing

SMALL = {"train.rounds": 2, "train.faces_per_round": 16, "train.batch": 4, "train.size": 128, "train.threads": 1}


@pytest.fixture
def desk(ready_home: Path, tmp_path: Path) -> Desk:
    made = make_desk(tmp_path / "desk")
    cut_clip(A, made.source, n=48, every=5)
    return made


def test_rounds_are_seen_gone_back_to_and_trained_on(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    project = api.new(desk.folder / "film", settings=SMALL)
    for role, file, record in (("source", desk.source, desk.face), ("target", desk.target, desk.performer)):
        api.add(project, file, role=role)  # type: ignore[arg-type]
        api.consent_add(project, record)
    with pytest.raises(StepMissing):
        api.training_state(project)
    api.train(project)
    state = api.training_state(project)
    assert [made.number for made in state.rounds] == [1, 2] and len(state.previews) == 2 and state.words
    assert {"seconds", "faces", "loss", "colour", "l1", "draft_l1", "gain", "target_stain"} <= state.curve.keys()
    assert state.curve["faces"] == (16.0, 32.0) and state.curve["loss"][0] > 0
    picture = cv2.imread(str(state.previews[-1]))
    # worst and typical of target and held-out pictures; source, target, draft, last round, this one
    assert picture is not None and picture.shape[0] > 4 * 288 and picture.shape[1] > 4 * 288
    assert [kept.rounds for kept in state.checkpoints] == [1, 2] and state.checkpoints[-1].standing
    assert [kept.preview for kept in state.checkpoints] == list(state.previews)

    with pytest.raises(CheckpointMissing):
        api.go_back(project, "00000099-1")
    back = api.go_back(project, state.checkpoints[0].name)
    assert back.rounds == 1 and back.standing
    after = api.training_state(project)
    assert [(kept.rounds, kept.standing, kept.aside) for kept in after.checkpoints] == [(1, True, False), (2, False, True)]
    api.train(project)
    assert [made.number for made in api.training_state(project).rounds] == [1, 2, 2], "the old rounds stay to be seen"

    capsys.readouterr()
    assert main(["train", "--project", str(project), "--go-back"]) == 0
    listed = capsys.readouterr().out
    assert all(kept.name in listed for kept in api.training_state(project).checkpoints) and "training stands here" in listed
    assert main(["train", "--project", str(project), "--go-back", "--to", state.checkpoints[1].name]) == 0
    assert "stands at round 2" in capsys.readouterr().out
    assert main(["train", "--project", str(project), "--to", "x"]) == 2
