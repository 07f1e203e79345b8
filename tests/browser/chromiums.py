"""Where this machine has a Chromium."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium")


def chromium() -> str | None:
    """The browser of this machine; `CHROMIUM` names another one."""
    named = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), *(place for place in PLACES if Path(place).is_file())]
    return next((path for path in named if path), None)
