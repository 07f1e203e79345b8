"""What this machine can do, what is missing on it, and what will be slow. Changes nothing and asks no network."""

from __future__ import annotations

import os
import platform
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.codec.codec import UnknownCodecError

from .errors import UnderstudyError
from .home import home
from .provenance import keys
from .weights.registry import WEIGHTS
from .weights.registry import path as weight_path
from .weights.sessions import lite

_ENCODERS = {"libx264": "H.264 results", "libx265": "HEVC results", "aac": "sound that has to be converted"}
_MIN_GB, _GOOD_GB = 4, 8
"""Memory below which work may fail, and below which it may be slow."""
_DISK_GB = 5
_LANDMARK_MS = 3.0
"""Milliseconds of one reading of the face mesh on the machine on which the times below were measured (2 cores)."""
_MINUTES_PER_MINUTE = {"finding faces": 0.3, "draft": 1.7, "writing": 0.4}
"""Minutes for one minute of 25 pictures a second with one face of about 300 pixels, on that machine."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: Literal["good", "slow", "missing"]
    words: str
    remedy: str = ""


def examine(folder: Path = Path()) -> tuple[Check, ...]:
    """Look at Python, processor, memory, the disk of `folder`, networks, keys and encoders."""
    return (_python(), _processor(), _memory(), _disk(folder), *_weights(), _keys(), *_encoders(), _speed())


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _python() -> Check:
    return Check("Python", "good", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _processor() -> Check:
    n = cores()
    if n < 2:
        return Check("Processor", "slow", "1 core: everything takes about twice as long as on two")
    return Check("Processor", "good", f"{n} cores" + (" (training uses them all)" if n > 2 else ""))


def _memory() -> Check:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return Check("Memory", "good", "not known on this system")
    gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    if gb < _MIN_GB:
        return Check("Memory", "slow", f"{gb:.1f} GB: training may not fit", "train smaller pictures: --set train.size=128")
    return Check("Memory", "good" if gb >= _GOOD_GB else "slow", f"{gb:.0f} GB" + ("" if gb >= _GOOD_GB else ": close other programs"))


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free / 1e9
    words = f"{free:.0f} GB free where you are"
    return Check("Disk", "good", words) if free >= _DISK_GB else Check("Disk", "slow", words, "free some space: a project takes 1 to 3 GB")


def _weights() -> list[Check]:
    checks = []
    for weight in WEIGHTS:
        try:
            weight_path(weight.name)
            checks.append(Check("Network", "good", f"{weight.file}, for {weight.used_for}, checked"))
        except UnderstudyError as error:
            checks.append(Check("Network", "missing", error.what, error.remedy))
    return checks


def _keys() -> Check:
    try:
        keys.public_key()
    except UnderstudyError as error:
        return Check("Keys", "missing", error.what, error.remedy)
    return Check("Keys", "good", f"for signing, in {home() / 'keys'}; keep a copy of that folder")


def _encoders() -> list[Check]:
    checks = []
    for name, use in _ENCODERS.items():
        try:
            av.Codec(name, "w")
            checks.append(Check("Encoder", "good", f"{name}, for {use}"))
        except UnknownCodecError:
            checks.append(Check("Encoder", "missing", f"{name}, for {use}", "install PyAV from its own wheel: pip install --force-reinstall av"))
    return checks


def _speed() -> Check:
    """How long a minute of video takes, from a short measurement: a rough figure."""
    try:
        landmark = lite("landmarker", "face_landmarks_detector.tflite")
    except UnderstudyError:
        return Check("Speed", "missing", "not measured, because a network is missing", "type: understudy setup")
    picture = np.full((1, 256, 256, 3), 0.5, np.float32)
    landmark(picture)
    times = []
    for _ in range(30):
        began = time.perf_counter()
        landmark(picture)
        times.append(time.perf_counter() - began)
    # the quickest run says what the machine can do when nothing else is running
    slower = min(times) * 1000 / _LANDMARK_MS
    parts = {name: minutes * slower for name, minutes in _MINUTES_PER_MINUTE.items()}
    total = sum(parts.values())
    words = f"about {total:.1f} minutes for a draft of one minute of video (" + ", ".join(f"{name} {m:.1f}" for name, m in parts.items()) + ")"
    return Check("Speed", "good" if total < 6 else "slow", f"{words}; training takes what you give it, 3 minutes unless told otherwise")
