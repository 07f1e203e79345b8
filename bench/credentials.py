"""What Content Credentials cost: signing a file and checking it, alone, without pictures being decoded.

    python bench/credentials.py                # 12 MB, as mp4 and as mkv with its sidecar
    python bench/credentials.py --mb 12 120

Prints Markdown: the median and the slowest of several runs, in seconds by the clock and of the processor. Signing includes reading the result
back, as `publish` does; the target is a signed video of a few seconds, so that its credentials go along as parent.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, cast

import av
import numpy as np

from understudy.provenance import credentials, keys
from understudy.provenance.credentials import Statement

STATEMENT = Statement(
    record_id="production-0123456789abcdef",
    record_sha256="0" * 64,
    label="AI MODIFIED",
    purposes=("a benchmark",),
    consent_ids=("consent-0123456789abcdef", "consent-fedcba9876543210"),
    model_id="draft",
    watermark="00000001",
    made_on="2026-01-01T00:00:00+00:00",
    person_exists=False,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=float, nargs="+", default=[12.0], help="sizes of the file, in megabytes")
    parser.add_argument("--runs", type=int, default=15)
    asked = parser.parse_args()
    print(
        "| file | MB | sign: median | slowest | of the processor | verify: median | slowest | of the processor |\n|---|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as name:
        folder = Path(name)
        os.environ["UNDERSTUDY_HOME"] = str(folder / "home")
        keys.make_keys()
        target = _target(folder)
        for megabytes in asked.mb:
            for ending in ("mp4", "mkv"):
                _row(folder, target, megabytes, ending, runs=asked.runs)


def _row(folder: Path, target: Path, megabytes: float, ending: str, *, runs: int) -> None:
    unsigned = _video(folder / f"unsigned.{ending}", size=int(megabytes * 1e6))
    plain = unsigned.read_bytes()
    signed, sidecar = folder / f"signed.{ending}", None if ending == "mp4" else folder / "unsigned.c2pa"

    def sign() -> None:
        credentials.sign(unsigned, signed, sidecar=sidecar, target=target, sources=[target], statement=STATEMENT)

    # signing puts the XMP into the file first, so each run begins with a fresh one
    signing = _measured(sign, runs, before=lambda: unsigned.write_bytes(plain))
    checked = unsigned if sidecar else signed
    reading = _measured(lambda: credentials.read(checked), runs)
    assert credentials.read(checked).ours
    words = " | ".join(f"{median(wall):.3f} | {max(wall):.3f} | {median(processor):.3f}" for wall, processor in (signing, reading))
    print(f"| {ending}{' and sidecar' if sidecar else ''} | {checked.stat().st_size / 1e6:.1f} | {words} |", flush=True)


def _measured(work: Callable[[], object], runs: int, *, before: Callable[[], object] = lambda: None) -> tuple[list[float], list[float]]:
    wall, processor = list[float](), list[float]()
    for _ in range(runs):
        before()
        began = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - began[0])
        processor.append(time.process_time() - began[1])
    return wall, processor


def _target(folder: Path) -> Path:
    """A small video that is signed itself."""
    first = _video(folder / "first.mp4", size=300_000)
    credentials.sign(first, folder / "target.mp4", sidecar=None, target=first, sources=[first], statement=STATEMENT)
    return folder / "target.mp4"


def _video(path: Path, *, size: int) -> Path:
    """Noise, so that a few frames make many bytes; cut where it is large enough."""
    noise = np.random.default_rng(1)
    with av.open(str(path), "w") as out:
        stream = cast(Any, out.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "12"}))
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        written = 0
        while written < size:
            picture = noise.integers(0, 256, (540, 640), np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")):
                written += packet.size
                out.mux(packet)
        out.mux(stream.encode(None))
    return path


if __name__ == "__main__":
    main()
