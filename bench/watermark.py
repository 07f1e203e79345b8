"""How much does the invisible mark stand? Marks clips, treats the copies as the world does, and reads them again.

    python bench/watermark.py her.mp4 him.mov               # the whole table
    python bench/watermark.py --quick assets/actors/*.mp4   # the treatments that matter most (--only WORDS … for others)
    python bench/watermark.py --false 5000 FOLDER …         # and that many unmarked windows that must not be taken for marked
    python bench/watermark.py --sheet sheet.png *.mp4       # what the mark changes, eight times as strong, to be looked at

Prints Markdown: for each treatment how many clips gave back the whole number from one window of --frames frames, scores, PSNR, time.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from treatments import Picture, load, luma, treatments, x264
from unmarked import in_turn, windows

from understudy.provenance.mark import fingerprint
from understudy.provenance.mark.detect import LEAST_Z, Mark, find
from understudy.provenance.mark.embed import Marker
from understudy.provenance.mark.gather import Gatherer

SMALL = 300
"""Lines up to which a clip counts as small."""
MEDIA = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".mpg", ".jpg", ".jpeg", ".png"})
_AVERAGED = 4


@dataclass(frozen=True, slots=True)
class Clip:
    """What one clip showed."""

    name: str
    lines: int
    frames: int
    psnr: float
    milliseconds: float
    """For a 1280x720 frame."""
    read: dict[str, tuple[bool, float]]
    """For each treatment: whether the whole number came back, and the score."""
    averaged: Mark
    """Of the mean of copies with different numbers."""
    averaged_right: bool
    copied: Mark
    """Where the mark was lifted from another clip and laid over this one."""
    copied_alike: float


def main() -> None:
    asked = _arguments()
    if asked.clips_table:
        _table(asked)
    if asked.false:
        files = [*asked.clips, *(path for folder in asked.also for path in sorted(folder.rglob("*")) if path.suffix.lower() in MEDIA)]
        jobs = [([path], count, number) for number, (path, count) in enumerate(in_turn(files, asked.false)) if count]
        random.Random(1).shuffle(jobs)
        found: list[Mark] = []
        with multiprocessing.get_context("spawn").Pool(asked.processes) as pool:
            for number, marks in enumerate(pool.imap_unordered(_windows, jobs), 1):
                found += marks
                if number == len(jobs) or number % 20 == 0:
                    print(_unmarked_line(found, number), flush=True)


def _windows(job: tuple[list[Path], int, int]) -> list[Mark]:
    cv2.setNumThreads(1)
    return windows(*job)


def _unmarked_line(found: list[Mark], files: int) -> str:
    highest = max((mark.z for mark in found), default=0.0)
    return (
        f"Unmarked windows: {len(found)} of {files} files; highest score {highest:.2f} (needed: {LEAST_Z}); "
        f"present: {sum(mark.present for mark in found)}; taken for marked: {sum(mark.read for mark in found)}."
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--quick", action="store_true", help="only crf 28, half size, crop, mirror")
    parser.add_argument("--only", nargs="*", default=(), metavar="WORDS", help="only treatments whose names have one of these words in them")
    parser.add_argument("--frames", type=int, default=75, help="frames of a window (default 75: three seconds)")
    parser.add_argument("--false", type=int, default=0, metavar="N", help="unmarked windows to try")
    parser.add_argument("--also", type=Path, nargs="*", default=(), metavar="FOLDER", help="folders of more videos and photos for unmarked windows")
    parser.add_argument("--no-table", dest="clips_table", action="store_false", help="only the unmarked windows")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write all figures here, too")
    parser.add_argument("--sheet", type=Path, help="write a picture of the differences here")
    return parser.parse_args()


def _table(asked: argparse.Namespace) -> None:
    others = [*asked.clips[1:], asked.clips[0]]
    with multiprocessing.get_context("spawn").Pool(asked.processes) as pool:
        clips = []
        for clip in pool.imap(
            partial(_try, quick=asked.quick, only=tuple(asked.only), count=asked.frames), zip(asked.clips, others, strict=True), chunksize=1
        ):
            print("; ".join([f"{clip.name}: PSNR {clip.psnr:.1f} dB", *(f"{n} {_word(ok)} {z:.1f}" for n, (ok, z) in clip.read.items())]), flush=True)
            clips.append(clip)
    print(f"\n| treatment | read | of these small ({SMALL} lines or fewer) | score, median | least |\n|---|---|---|---|---|")
    for name in clips[0].read:
        results = [(clip.lines <= SMALL, *clip.read[name]) for clip in clips]
        z = [score for _, _, score in results]
        small = [ok for little, ok, _ in results if little]
        print(f"| {name} | {sum(ok for _, ok, _ in results)} of {len(results)} | {sum(small)} of {len(small)} | {np.median(z):.1f} | {min(z):.1f} |")
    psnr = [clip.psnr for clip in clips]
    took = np.median([clip.milliseconds for clip in clips if clip.lines > SMALL] or [clip.milliseconds for clip in clips])
    print(f"\nPSNR: median {np.median(psnr):.1f} dB, {min(psnr):.1f} to {max(psnr):.1f}. Marking: {took:.0f} ms per 1280x720 frame.")
    print(
        f"Copy attack (the averaged residual of another clip added): mark present in {sum(clip.copied.present for clip in clips)} of {len(clips)}; "
        f"picture taken for the registered one in {sum(clip.copied_alike >= fingerprint.LIKE for clip in clips)}."
    )
    print(
        f"{_AVERAGED} copies with different numbers averaged: mark present in {sum(clip.averaged.present for clip in clips)} of {len(clips)}; "
        f"one of the numbers read in {sum(clip.averaged_right for clip in clips)}, "
        f"a number that none had in {sum(clip.averaged.number is not None and not clip.averaged_right for clip in clips)}."
    )
    if asked.json:
        plain = [{"name": c.name, "lines": c.lines, "frames": c.frames, "psnr": c.psnr, "ms": c.milliseconds, "read": c.read} for c in clips]
        asked.json.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    if asked.sheet:
        _sheet(asked.clips, asked.sheet)


def _word(ok: bool) -> str:
    return "ok" if ok else "NO"


def _try(pair: tuple[Path, Path], *, quick: bool, only: tuple[str, ...], count: int) -> Clip:
    """Everything for one clip; `pair` is the clip and another one, whose mark is lifted for the copy attack."""
    cv2.setNumThreads(1)
    path, other = pair
    pictures = load(path, count)
    numbers = [random.Random(f"{path.name} {n}").getrandbits(32) for n in range(_AVERAGED)]
    marked, milliseconds, noise = _mark(pictures, numbers[0])
    wanted = {name: treat for name, treat in treatments(quick=quick).items() if not only or any(words in name for words in only)}
    found = {name: _read(treat(marked)) for name, treat in wanted.items()}
    averaged = _read(x264(23)(_averaged(pictures[:25], numbers)))
    copied, alike = _copy_attack(pictures, load(other, 25))
    return Clip(
        name=path.name,
        lines=min(luma(pictures[0]).shape),
        frames=len(pictures),
        psnr=noise,
        milliseconds=milliseconds * 1280 * 720 / luma(pictures[0]).size,
        read={name: (mark.present and mark.number == numbers[0], mark.z) for name, mark in found.items()},
        averaged=averaged,
        averaged_right=averaged.number in numbers,
        copied=copied,
        copied_alike=alike,
    )


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


def _read(pictures: list[np.ndarray]) -> Mark:
    gathered = Gatherer()
    for y in pictures:
        gathered.add(y, 8)
    return find(gathered)


def _averaged(pictures: list[Picture], numbers: list[int]) -> list[Picture]:
    """What several people who put their copies together get."""
    copies = [_mark(pictures, number)[0] for number in numbers]
    return [np.mean([copy[index] for copy in copies], axis=0).round().astype(np.uint8) for index in range(len(pictures))]


def _copy_attack(pictures: list[Picture], others: list[Picture]) -> tuple[Mark, float]:
    """The mark found where the residual of another marked clip was added, and how like the two clips' pictures are.

    The residual is what somebody who has only the marked clip can take from it: the mean of what a blur leaves.
    """
    marked = [luma(picture).astype(np.float32) for picture in _mark(others, 0x0DDC0DE5)[0]]
    residual = np.clip(np.mean([y - cv2.GaussianBlur(y, (0, 0), 6) for y in marked], axis=0), -6, 6)
    height, width = luma(pictures[0]).shape
    pasted = cv2.resize(residual, (width, height))
    mark = _read([np.clip(luma(p) + 1.5 * pasted, 0, 255).astype(np.uint8) for p in pictures])
    own, known = (fingerprint.sample(luma(some[0]))[None] for some in (pictures, others))
    return mark, fingerprint.likeness(own, known)


def _sheet(clips: list[Path], path: Path) -> None:
    """For each clip: the picture, the marked picture, eight times their difference around grey."""
    rows = []
    for clip in clips:
        pictures = load(clip, 10)
        y, new = luma(pictures[-1]), luma(_mark(pictures, 1)[0][-1])
        difference = np.clip(128 + 8 * (new.astype(np.int16) - y), 0, 255).astype(np.uint8)
        scale = 360 / y.shape[0]
        rows.append(np.hstack([cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for part in (y, new, difference)]))
    width = max(row.shape[1] for row in rows)
    cv2.imwrite(str(path), np.vstack([np.pad(row, ((0, 6), (0, width - row.shape[1])), constant_values=255) for row in rows]))


if __name__ == "__main__":
    main()
