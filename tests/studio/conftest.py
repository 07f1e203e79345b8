"""One running studio for each file of tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from networks import link_networks
from serving import Studio

from understudy.provenance.keys import make_keys


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio that let this test in, with a home as the set-up leaves it."""
    home = tmp_path_factory.mktemp("studio") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_HOME", str(home))
        link_networks()
        make_keys()
    running = Studio(home).start().enter()
    yield running
    running.stop()


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
