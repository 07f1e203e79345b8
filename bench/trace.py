"""How long it takes from a copy found in the wild back to its record, and whether it gets there.

    python bench/trace.py performance.mp4 …            # each is repeated until it lasts a minute
    python bench/trace.py --seconds 20 assets/actors/*.mp4

Each clip is made `--seconds` long and 720 lines high, marked and entered in a ledger of its own with its fingerprint, as publishing does;
then copied as a site does it: a tenth of the picture cut off, half the size, H.264 crf 28, all metadata gone. Prints Markdown: by what the
record was found, the seconds it took, the same of the processor, and how often longer than decoding the copy once.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any, cast

import av
import numpy as np

from understudy.provenance import keys, ledger
from understudy.provenance.mark.embed import Marker
from understudy.provenance.mark.fingerprint import Sampler, pack
from understudy.verify.trace import trace
from understudy.video.probe import probe

RATE, LINES = 25, 720
CUT = 0.05
"""Of each side: a tenth of width and height in all."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--keep", type=Path, help="keep the copies in this folder, to look at")
    asked = parser.parse_args()
    print("| clip | copy | found by | seconds | of the processor | decoding once | times as long |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as name:
        folder = asked.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["UNDERSTUDY_HOME"] = str(Path(name) / "home")
        keys.make_keys()
        for number, clip in enumerate(asked.clips, start=0x51000001):
            copy = _copy(_published(clip, folder / f"{clip.stem}.marked.mp4", number, asked.seconds), folder / f"{clip.stem}.copy.mp4")
            _row(clip, copy, number)


def _row(clip: Path, copy: Path, number: int) -> None:
    plain, plain_processor = _timed(lambda: sum(1 for _ in _decoded(copy)))
    found: list[Any] = []
    seconds, processor = _timed(lambda: found.append(trace(copy)))
    by = found[0].by or "nothing"
    right = found[0].record.get("watermark") == f"{number:08x}"
    info = probe(copy)
    size = f"{info.size_wh[0]}x{info.size_wh[1]}, {float(info.duration):.0f} s, {copy.stat().st_size / 1e6:.1f} MB"
    times = processor / max(plain_processor, 1e-9)
    print(f"| {clip.stem} | {size} | {by if right or not found[0].by else f'{by}, the wrong one'} | {seconds:.1f} | {processor:.1f} | "
          f"{plain:.1f} ({plain_processor:.1f}) | {times:.1f} |", flush=True)  # fmt: skip


def _timed(work: Any) -> tuple[float, float]:
    began = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began[0], time.process_time() - began[1]


def _published(clip: Path, out: Path, number: int, seconds: float) -> Path:
    """The clip again and again, marked, with its row in the ledger."""
    marker, sampler = Marker(number), Sampler(Fraction(round(seconds)))
    with av.open(str(out), "w") as made:
        stream: Any = None
        for index, picture in zip(range(round(seconds * RATE)), _repeated(clip), strict=False):
            if stream is None:
                stream = cast(Any, made.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "17"}))
                stream.height, stream.width, stream.pix_fmt = picture.shape[0] * 2 // 3, picture.shape[1], "yuv420p"
            height = stream.height
            picture[:height] = marker.mark(picture[:height], 8)
            sampler.see(picture[:height], Fraction(index, RATE))
            made.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))
        made.mux(stream.encode(None))
    body = {
        "record_id": f"production-{number:016x}",
        "watermark": f"{number:08x}",
        "fingerprint": pack(sampler.samples),
        "file_sha256": f"{number:064x}",
    }
    ledger.append("export", {**body, "consent_ids": [], "out": str(out), "made_on": "2026-01-01"})
    return out


def _repeated(clip: Path) -> Iterator[np.ndarray]:
    """I420 pictures, LINES high, over and over."""
    for _ in count():
        for frame in _decoded(clip):
            width = round(frame.width * LINES / frame.height / 4) * 4
            yield frame.reformat(width=width, height=LINES, format="yuv420p").to_ndarray(format="yuv420p").copy()


def _decoded(path: Path) -> Iterator[av.VideoFrame]:
    with av.open(str(path)) as given:
        yield from given.decode(video=0)


def _copy(path: Path, out: Path) -> Path:
    with av.open(str(out), "w") as made:
        stream: Any = None
        for frame in _decoded(path):
            rgb = frame.to_ndarray(format="rgb24")
            height, width = rgb.shape[:2]
            top, left = round(CUT * height), round(CUT * width)
            cut = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb[top : height - top, left : width - left], np.uint8), format="rgb24")
            if stream is None:
                stream = cast(Any, made.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "28"}))
                stream.width, stream.height, stream.pix_fmt = width // 4 * 2, height // 4 * 2, "yuv420p"
            made.mux(stream.encode(cut.reformat(width=stream.width, height=stream.height, format="yuv420p", interpolation="AREA")))
        made.mux(stream.encode(None))
    return out


if __name__ == "__main__":
    main()
