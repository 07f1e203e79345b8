"""A source and a target with known faces, followed once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from actors import faceset_of, performance_from

from understudy.types import Faceset, Performance


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Faceset:
    """Actor A, 120 frames of the evaluation clip."""
    return faceset_of("A_eval", 120, tmp_path_factory.mktemp("source") / "set", size=192)


@pytest.fixture(scope="session")
def performance() -> Performance:
    """Actor B, the first 40 frames of the evaluation clip, in crops of 192 px."""
    return performance_from("B_eval", 40, size=192)


@pytest.fixture(scope="session")
def target_clip() -> Path:
    return Path(__file__).parents[2] / "assets" / "actors" / "synthetic_actor_B_eval.mp4"
