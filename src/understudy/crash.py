"""What happens when the program itself is at fault: a report in a file, and one sentence for the person. Nothing is sent anywhere."""

from __future__ import annotations

import platform
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from . import __version__
from .files import private_folder
from .home import home


def write_crash(error: BaseException, command: list[str]) -> Path:
    """Write what is needed to find the fault (versions, command, traceback) and return where it is."""
    now = datetime.now(UTC)
    text = "\n".join(
        [
            f"Understudy {__version__}, Python {platform.python_version()}, {platform.platform()}, {now.isoformat(timespec='seconds')}",
            f"Command: {' '.join(command)}",
            "",
            "".join(traceback.format_exception(error)),
        ]
    )
    name = f"crash-{now:%Y%m%d-%H%M%S}.txt"
    try:
        path = home() / "crashes" / name
        private_folder(path.parent)
        path.write_text(text, encoding="utf-8")
    except OSError:
        # the disk may be what broke
        path = Path(tempfile.gettempdir()) / f"understudy-{name}"
        path.write_text(text, encoding="utf-8")
    return path
