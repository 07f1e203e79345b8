"""Checking a signed paper as somebody does who has only the paper and the small script."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "tools" / "check_papers.py"


def stranger(file: Path, *more: str) -> tuple[int, str]:
    """The script alone, copied elsewhere, where our package cannot be found."""
    lonely = file.parent / "lonely"
    lonely.mkdir(exist_ok=True)
    shutil.copy(SCRIPT, lonely)
    done = subprocess.run(
        [sys.executable, "-I", str(lonely / SCRIPT.name), str(file), *more], capture_output=True, text=True, cwd=lonely, check=False
    )
    return done.returncode, done.stdout
