"""Where this user's own things live on this machine: keys, ledger, fetched weights. Nothing of a project."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """The folder, whether it is there or not: looking makes none, and who writes there makes its folder with `files.private_folder`.

    `UNDERSTUDY_HOME` names another one.
    """
    return Path(os.environ.get("UNDERSTUDY_HOME") or platformdirs.user_data_dir("understudy", appauthor=False))
