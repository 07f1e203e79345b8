"""Where this user's own things live on this machine: keys, ledger, fetched weights. Nothing of a project."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """The folder; made on first use, readable by the user alone. `UNDERSTUDY_HOME` names another one."""
    folder = Path(os.environ.get("UNDERSTUDY_HOME") or platformdirs.user_data_dir("understudy", appauthor=False))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
