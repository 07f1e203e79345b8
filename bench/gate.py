"""How often the refusal check is wrong about safe material, and what it costs.

    python bench/gate.py FOLDER …      # every video and photo under the folders; all of it must be safe

Prints, for each folder, the samples, the highest scores, how many samples would count at several thresholds, which files would be refused, and
the seconds. There is no explicit material here, and none is needed: whether it is called, fails closed and cannot be skipped is tested.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from understudy import api
from understudy.errors import RefusedMaterial
from understudy.events import Context
from understudy.provenance import gate
from understudy.video.probe import probe

PHOTOS = {".jpg", ".jpeg", ".png"}
VIDEOS = {".mp4", ".mov", ".mkv", ".avi", ".webm", ".mpg", ".m4v"}
THRESHOLDS = (0.2, 0.3, 0.5, 0.8)


def main() -> None:
    parser = argparse.ArgumentParser(description="False refusals on safe material.")
    parser.add_argument("folders", nargs="+", type=Path)
    api.setup()
    for folder in parser.parse_args().folders:
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        report(f"{folder.name}: photos", [file for file in files if file.suffix.lower() in PHOTOS], photo_scores)
        report(f"{folder.name}: videos", [file for file in files if file.suffix.lower() in VIDEOS], video_scores)


def photo_scores(path: Path) -> list[float]:
    picture = cv2.imread(str(path))
    return [] if picture is None else [gate.score(np.ascontiguousarray(picture[:, :, ::-1]))]


def video_scores(path: Path) -> list[float]:
    """The scores of all samples of a video, in their order; the gate's own sampling, listened to."""
    heard: list[float] = []
    score = gate.score

    def listen(rgb: np.ndarray) -> float:
        heard.append(score(rgb))
        return heard[-1]

    gate.score = listen
    try:
        gate.admit(path, probe(path), what=path.name, context=Context())
    except RefusedMaterial:
        print(f"REFUSED: {path.name}")
    finally:
        gate.score = score
    return heard


def report(title: str, files: list[Path], scores_of: Callable[[Path], list[float]]) -> None:
    if not files:
        return
    began = time.monotonic()
    scores = {file: scores_of(file) for file in files}
    everything = np.array([value for values in scores.values() for value in values])
    print(f"\n{title}: {len(files)} files, {len(everything)} samples, {time.monotonic() - began:.1f} s")
    print(f"  median {np.median(everything):.3f}, 99th percentile {np.percentile(everything, 99):.3f}, highest {everything.max():.3f}")
    print("  samples above " + ", ".join(f"{limit}: {int((everything > limit).sum())}" for limit in THRESHOLDS))
    for file, values in sorted(scores.items(), key=lambda item: -max(item[1], default=0.0))[:5]:
        print(f"  {file.name}: {len(values)} samples, highest {max(values, default=0.0):.3f}")


if __name__ == "__main__":
    main()
