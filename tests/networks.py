"""This machine's networks, for a test that has a home of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.events import Context
from understudy.files import private_folder
from understudy.home import home
from understudy.weights.fetch import fetch_missing

MACHINE = home()
"""The home outside of all tests: taken when this file is loaded, before any test has set another one."""


def link_networks() -> None:
    """Put this machine's networks (fetched first, where the set-up has not done it) into the home that counts now."""
    place = home() / "weights"
    if place.exists():
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_HOME", str(MACHINE))
        fetch_missing(context=Context())
    private_folder(place.parent)
    place.symlink_to(MACHINE / "weights")


def link_all_but(name: str, folder: Path) -> None:
    """The same in the home `folder`, without the network file `name`."""
    weights = folder / "weights"
    if weights.is_symlink():
        weights.unlink()
    weights.mkdir(parents=True, exist_ok=True)
    for file in (MACHINE / "weights").iterdir():
        if file.name != name and not (weights / file.name).exists():
            (weights / file.name).symlink_to(file)
