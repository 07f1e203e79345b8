from __future__ import annotations

import pytest
from actors import PERFORMER, clip, followed
from nearest import Nearest, small_set

from understudy.events import Context
from understudy.train.target import Scene, Target, find_target
from understudy.types import Faceset
from understudy.video.probe import probe


@pytest.fixture(scope="session")
def faceset(tmp_path_factory: pytest.TempPathFactory) -> Faceset:
    """Actor A, 48 pictures of 128 px."""
    return small_set(tmp_path_factory.getbasetemp() / "small-set")


@pytest.fixture(scope="session")
def scene() -> Scene:
    return Scene(clip("B_eval"), probe(clip("B_eval")), [followed("B_eval", 12)], PERFORMER)


@pytest.fixture(scope="session")
def target(scene: Scene, faceset: Faceset) -> Target:
    found = find_target(scene, Nearest(faceset), size=128, context=Context())
    assert found is not None
    return found
