"""Things that many tests need: small clips made on the spot, the actors that ship with the repository, a home of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from networks import link_networks
from serving import Studio
from synthetic import Clip, write_clip

ROOT = Path(__file__).parents[1]

# the same examples in each run, and none too late on a busy machine; others are tried with `pytest --hypothesis-profile=default`
settings.load_profile("ci")


@pytest.fixture
def actors() -> Path:
    """The folder of the synthetic actors' clips and tracks."""
    return ROOT / "assets" / "actors"


@pytest.fixture
def shared_clips() -> Path:
    """The folder of real clips beside the checkout; the test is skipped where there is none."""
    folder = ROOT.parent / "shared" / "clips"
    if not folder.is_dir():
        pytest.skip("the folder of real clips is not here")
    return folder


@pytest.fixture
def isolated_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home (keys, ledger) for this test alone."""
    folder = tmp_path / "home"
    monkeypatch.setenv("UNDERSTUDY_HOME", str(folder))
    return folder


@pytest.fixture
def ready_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home for this test alone, as the set-up leaves it: keys of its own, and this machine's networks."""
    from understudy.provenance.keys import make_keys

    folder = tmp_path / "home"
    monkeypatch.setenv("UNDERSTUDY_HOME", str(folder))
    link_networks()
    make_keys()
    return folder


@pytest.fixture
def make_clip(tmp_path: Path) -> Callable[..., Path]:
    """`make_clip("name.mp4", size=…, n=…, audio="aac", …)` writes a clip (see `synthetic.Clip`) into the test's folder and returns its path."""

    def make(name: str = "clip.mp4", **changes: Any) -> Path:
        path = tmp_path / name
        write_clip(path, Clip(**changes))
        return path

    return make


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A running studio that let this file of tests in, with a home as the set-up leaves it."""
    from understudy.provenance.keys import make_keys

    home = tmp_path_factory.mktemp("studio") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_HOME", str(home))
        link_networks()
        make_keys()
    running = Studio(home).start().enter()
    yield running
    running.stop()
