from __future__ import annotations

import pytest
from nearest import small_set

from understudy.types import Faceset


@pytest.fixture(scope="session")
def faceset(tmp_path_factory: pytest.TempPathFactory) -> Faceset:
    """Actor A, 48 pictures of 128 px."""
    return small_set(tmp_path_factory.getbasetemp() / "small-set")
