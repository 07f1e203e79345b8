"""How much does the invisible mark stand? Marks clips, treats the copies as the world does, and reads them again.

    python bench/watermark.py her.mp4 him.mov               # the whole table
    python bench/watermark.py --quick assets/actors/*.mp4   # the treatments that matter most
    python bench/watermark.py --false 5000 *.mp4            # and that many unmarked windows that must not be taken for marked

Prints Markdown: for each treatment how many clips gave back the whole number from one window of --frames frames, sync scores, PSNR, time.
"""

from __future__ import annotations

import argparse
import io
import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import av
import cv2
import numpy as np

from understudy.provenance.mark import fingerprint
from understudy.provenance.mark.detect import LEAST_Z, Gatherer, Mark, find
from understudy.provenance.mark.embed import Marker
from understudy.video.read import read_frames

Picture = np.ndarray
"""(3H/2, W) uint8: planes of 4:2:0 under each other, as PyAV has them."""
Treatment = Callable[[list[Picture]], list[np.ndarray]]


def main() -> None:
    asked = _arguments()
    treatments = _treatments(quick=asked.quick)
    rows: dict[str, list[tuple[bool, float]]] = {name: [] for name in treatments}
    psnr, took, copied = [], [], []
    clips = [(path, _load(path, asked.frames)) for path in asked.clips]
    residual: np.ndarray | None = None
    residual_of: np.ndarray | None = None
    for path, pictures in clips:
        if not pictures:
            print(f"{path.name}: no frames, left out")
            continue
        number = random.Random(path.name).getrandbits(32)
        marked, milliseconds, noise = _mark(pictures, number)
        psnr.append(noise)
        took.append(milliseconds * 1280 * 720 / luma(pictures[0]).size)
        line = [f"{path.name}: PSNR {noise:.1f} dB"]
        for name, treat in treatments.items():
            found = _read(treat(marked))
            rows[name].append((found.present and found.number == number, found.z))
            line.append(f"{name} {'ok' if rows[name][-1][0] else 'NO'} z {found.z:.1f}")
        print("; ".join(line), flush=True)
        if residual is not None and residual_of is not None:
            copied.append(_copy_attack(pictures, residual, residual_of))
        residual, residual_of = _residual(marked), fingerprint.sample(luma(pictures[0]))
    print("\n| treatment | whole number | sync z, median | sync z, least |\n|---|---|---|---|")
    for name, found in rows.items():
        z = [score for _, score in found]
        print(f"| {name} | {sum(ok for ok, _ in found)} of {len(found)} | {np.median(z):.1f} | {min(z):.1f} |")
    print(f"\nPSNR: median {np.median(psnr):.1f} dB, {min(psnr):.1f} to {max(psnr):.1f}. Marking: {np.median(took):.0f} ms per 1280x720 frame.")
    if copied:
        present = sum(mark.present for mark, _ in copied)
        print(
            f"Copy attack (the averaged residual of another clip added): mark present in {present} of {len(copied)}; "
            f"picture taken for the registered one in {sum(alike >= fingerprint.LIKE for _, alike in copied)}."
        )
    if asked.false:
        _false_alarms(clips, asked.false)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--quick", action="store_true", help="only crf 28, half size, crop, mirror")
    parser.add_argument("--frames", type=int, default=75, help="frames of a window (default 75: three seconds)")
    parser.add_argument("--false", type=int, default=0, metavar="N", help="unmarked windows to try")
    return parser.parse_args()


def luma(picture: Picture) -> np.ndarray:
    return np.ascontiguousarray(picture[: picture.shape[0] * 2 // 3])


def _load(path: Path, count: int) -> list[Picture]:
    """8-bit 4:2:0, sides cut to whole colour samples."""
    pictures = []
    for frame in itertools.islice(read_frames(path), count):
        assert frame.rgb is not None
        height, width = (side // 2 * 2 for side in frame.rgb.shape[:2])
        shown = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.rgb[:height, :width]), format="rgb24")
        pictures.append(shown.to_ndarray(format="yuv420p"))
    return pictures


def _mark(pictures: list[Picture], number: int) -> tuple[list[Picture], float, float]:
    """(marked, milliseconds for each, PSNR of the luma in dB)."""
    marker = Marker(number)
    marked, errors, seconds = [], [], 0.0
    for picture in pictures:
        y = luma(picture)
        began = time.perf_counter()
        new = marker.mark(y, 8)
        seconds += time.perf_counter() - began
        errors.append(float(np.mean((new.astype(np.float32) - y) ** 2)))
        copy = picture.copy()
        copy[: y.shape[0]] = new
        marked.append(copy)
    return marked, 1000 * seconds / len(pictures), 10 * np.log10(255**2 / np.mean(errors))


def _read(pictures: Sequence[np.ndarray]) -> Mark:
    gatherer = Gatherer()
    for y in pictures:
        gatherer.add(y, 8)
    return find(gatherer.view(), aspect=gatherer.aspect)


def _encoded(codec: str, options: dict[str, str], *, size: Callable[[int, int], tuple[int, int]] = lambda w, h: (w, h)) -> Treatment:
    def treat(pictures: list[Picture]) -> list[np.ndarray]:
        height, width = luma(pictures[0]).shape
        w, h = (side // 2 * 2 for side in size(width, height))
        file = io.BytesIO()
        with av.open(file, "w", format="matroska") as out:
            stream = cast(Any, out.add_stream(codec, rate=25, options=options))
            stream.width, stream.height, stream.pix_fmt = w, h, "yuv420p"
            for index, picture in enumerate(pictures):
                frame = av.VideoFrame.from_ndarray(picture, format="yuv420p").reformat(width=w, height=h)
                frame.pts = index
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        file.seek(0)
        with av.open(file, "r") as back:
            return [luma(frame.to_ndarray(format="yuv420p")) for frame in back.decode(video=0)]

    return treat


def _then(treat: Treatment, change: Callable[[np.ndarray], np.ndarray]) -> Treatment:
    return lambda pictures: [change(y) for y in treat(pictures)]


def _crop(y: np.ndarray) -> np.ndarray:
    """A tenth of each side taken off, more on the left and below; brought to the old size."""
    h, w = y.shape
    part = y[round(0.02 * h) : round(0.92 * h), round(0.07 * w) : round(0.97 * w)]
    return cv2.resize(part, (w, h), interpolation=cv2.INTER_AREA)


def _box(y: np.ndarray) -> np.ndarray:
    y = y.copy()
    y[: y.shape[0] // 5, y.shape[1] // 2 :] = 16
    return y


def _turned(y: np.ndarray) -> np.ndarray:
    h, w = y.shape
    return cv2.warpAffine(y, cv2.getRotationMatrix2D((w / 2, h / 2), 2.0, 1.06), (w, h), borderMode=cv2.BORDER_REPLICATE)


def _treatments(*, quick: bool) -> dict[str, Treatment]:
    def x264(crf: int, **more: Any) -> Treatment:
        return _encoded("libx264", {"crf": str(crf), "preset": "veryfast"}, **more)

    def lines(height: int) -> Callable[[int, int], tuple[int, int]]:
        return lambda w, h: (round(w * height / min(w, h)), round(h * height / min(w, h)))

    crf23 = x264(23)
    found = {
        "H.264 crf 28": x264(28),
        "half size, crf 28": x264(28, size=lambda w, h: (w // 2, h // 2)),
        "crop 10 %, resized, crf 23": _then(crf23, _crop),
        "mirrored, crf 23": _then(crf23, lambda y: np.ascontiguousarray(y[:, ::-1])),
    }
    if quick:
        return found
    return {
        "H.264 crf 18": x264(18),
        "H.264 crf 23": crf23,
        **found,
        "H.264 crf 33": x264(33),
        "HEVC crf 28": _encoded("libx265", {"crf": "28", "preset": "veryfast", "x265-params": "log-level=none"}),
        "VP9 crf 35": _encoded("libvpx-vp9", {"crf": "35", "b": "0", "deadline": "realtime", "cpu-used": "6"}),
        "AV1 crf 40": _encoded("libsvtav1", {"crf": "40", "preset": "9"}),
        "360p, crf 28": x264(28, size=lines(360)),
        "brightness -15 %, crf 23": _then(crf23, lambda y: cv2.convertScaleAbs(y, alpha=0.85)),
        "box over a tenth, crf 23": _then(crf23, _box),
        "turned 2 degrees, crf 23": _then(crf23, _turned),
    }


def _residual(marked: list[Picture]) -> np.ndarray:
    """What somebody who has only the marked clip can take from it: the mean of what a blur leaves, (H, W) float32."""
    parts = [(y := luma(p).astype(np.float32)) - cv2.GaussianBlur(y, (0, 0), 6) for p in marked]
    return np.clip(np.mean(parts, axis=0), -6, 6)


def _copy_attack(pictures: list[Picture], residual: np.ndarray, residual_of: np.ndarray) -> tuple[Mark, float]:
    """The mark found where the residual of another clip was added, and how like the two clips' pictures are."""
    height, width = luma(pictures[0]).shape
    pasted = cv2.resize(residual, (width, height))
    mark = _read([np.clip(luma(p) + 1.5 * pasted, 0, 255).astype(np.uint8) for p in pictures])
    return mark, fingerprint.likeness(fingerprint.sample(luma(pictures[0]))[None], residual_of[None])


def _false_alarms(clips: list[tuple[Path, list[Picture]]], count: int) -> None:
    """Unmarked windows: parts of the clips, cut out at random in place, size and length."""
    random_ = random.Random(1)
    highest, accepted = 0.0, 0
    for view in itertools.islice(_windows(clips, random_), count):
        found = find(view.view(), aspect=view.aspect)
        highest = max(highest, found.z)
        accepted += found.present and found.number is not None
    print(f"Unmarked windows: {count}; highest sync z {highest:.2f} (needed: {LEAST_Z}); taken for marked: {accepted}.")


def _windows(clips: list[tuple[Path, list[Picture]]], random_: random.Random) -> Iterator[Gatherer]:
    while True:
        _, pictures = random_.choice([clip for clip in clips if clip[1]])
        length = random_.choice((1, 8, 25))
        start = random_.randrange(max(1, len(pictures) - length))
        height, width = luma(pictures[0]).shape
        share, x, y = random_.uniform(0.5, 1), random_.random(), random_.random()
        left, top = int(x * (1 - share) * width), int(y * (1 - share) * height)
        gatherer = Gatherer()
        for picture in pictures[start : start + length]:
            part = luma(picture)[top : top + int(share * height), left : left + int(share * width)]
            gatherer.add(np.ascontiguousarray(part), 8)
        yield gatherer


if __name__ == "__main__":
    main()
