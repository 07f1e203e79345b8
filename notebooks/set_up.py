"""Sets Understudy up in the Python of a notebook, where that has not been done: for hosted notebooks, which come with a Python of their own.

It installs from the folder in which this file lies, as `make setup` does, into the running Python and nowhere else.
"""

from __future__ import annotations

import importlib
import importlib.util
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
TORCH_FOR_THE_PROCESSOR = "https://download.pytorch.org/whl/cpu"


def set_up() -> None:
    """Install what is missing, and say what was done."""
    print(_set_up())


def _set_up() -> str:
    if importlib.util.find_spec("understudy"):
        return "Understudy is there. Go on with the next cell."
    if sys.version_info[:2] != (3, 11):
        return (
            f"Understudy needs Python 3.11; this notebook runs in Python {platform.python_version()}. Choose a kernel with Python 3.11: "
            "“In a notebook” in docs/start.md says how to make one in the terminal, in two lines."
        )
    if not LOCK.is_file():
        return "The rest of Understudy is missing. Put the whole folder there, not this page alone, and open the page from within it."
    print("About 470 MB are downloaded, once; this takes some minutes.", flush=True)
    if platform.system() == "Linux" and importlib.util.find_spec("torch") is None:
        _torch()
    # in place, as `make setup` does it: the demo's videos lie beside the program
    if failed := _pip("--constraint", str(LOCK), "setuptools") or _pip("--constraint", str(LOCK), "--no-build-isolation", "--editable", str(ROOT)):
        return f"It could not be installed. Run this cell again once the network is there. pip said:\n{failed}"
    # a Python that starts from now on knows it by itself; this one has been running
    sys.path.append(str(ROOT / "src"))
    importlib.invalidate_caches()
    return "Understudy is set up. Go on with the next cell."


def _torch() -> None:
    """The build for the processor, which is a tenth of the other one; where it cannot be had, the other one comes with the rest."""
    version = next(line.strip() for line in LOCK.read_text("utf-8").splitlines() if line.startswith("torch=="))
    if _pip("--no-deps", f"{version}+cpu"):
        _pip("--no-deps", "--index-url", TORCH_FOR_THE_PROCESSOR, f"{version}+cpu")


def _pip(*arguments: str) -> str:
    """The last lines of what pip says where it fails; nothing where all is well."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *arguments], capture_output=True, text=True
    )
    return "\n".join(done.stderr.splitlines()[-5:]) or "no reason" if done.returncode else ""
