"""How good is the swap engine, and how soon? Draft, then after some minutes of training, before label, mark and encoder.

    python bench/swap.py                                       # the actors both ways: the truth is known
    python bench/swap.py --pair her.mp4 him.mp4 --pair …       # any videos (no truth)
    python bench/swap.py --minutes 1 2 5 10 --seconds 10       # when to measure, and how much of each video is used
    python bench/swap.py --rounds 1 3 6                        # the same after so many rounds, on a machine that is busy with other things

One training goes on from mark to mark, as a user's would who asks for some more minutes. Prints a table for each pair, and writes it as JSON,
and a sheet (target, unrolled face, each version), into bench/out/swap/. Nothing that is written shows a swapped face without its mark.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from judges import judges
from measures import (
    Seen,
    against_truth,
    expression,
    expression_errors,
    flicker,
    identity,
    look,
    look_again,
    lpips_to,
    mean_vector,
    pasted,
    sharpness_at,
)
from papers import consent
from perceptual import Lpips

from understudy import api
from understudy.api.cast import Cast, find_cast, render_cast
from understudy.events import Context, Event
from understudy.faces.align import face_height_px
from understudy.merge.patchfile import Patches
from understudy.merge.sheet import LABEL
from understudy.pipeline.consents import permits_of
from understudy.pipeline.deliver import deliver
from understudy.pipeline.job import open_job
from understudy.pipeline.learn import learn
from understudy.pipeline.media import footage
from understudy.pipeline.render import Rendered
from understudy.video.color import paint, rgb_from_planes
from understudy.video.read import read_frames

ROOT = Path(__file__).parents[1]
ACTORS = ROOT / "assets" / "actors"
lpips = cache(Lpips)
networks = cache(judges)


@dataclass(frozen=True)
class Pair:
    """Two videos, and the third that shows what should come out, where there is one."""

    source: Path
    target: Path
    truth: Path | None = None

    @property
    def name(self) -> str:
        return f"{self.source.stem.removeprefix('synthetic_actor_')}-on-{self.target.stem.removeprefix('synthetic_actor_')}"


def main() -> None:
    asked = _arguments()
    api.setup()
    for pair in asked.pairs:
        folder = asked.out / pair.name
        folder.mkdir(parents=True, exist_ok=True)
        figures = measure(pair, folder, marks=asked.marks, seconds=asked.seconds, training={"train.size": asked.size, "train.threads": asked.threads})
        (folder / "figures.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
        table(pair.name, figures)


def measure(pair: Pair, folder: Path, *, marks: dict[str, dict[str, float]], seconds: float, training: dict[str, int]) -> dict[str, dict[str, float]]:
    """Every version's figures, by its name. `marks`: name -> the settings that say how long to train, the shortest first."""
    source, target = (cut(path, folder / f"{role}{path.suffix}", seconds) for role, path in (("source", pair.source), ("target", pair.target)))
    project = folder / "project"
    settings = {"quality": "standard", **training}
    context = Context(report=_say)
    began = time.monotonic()
    if not (project / "project.sqlite").is_file():
        api.new(project, settings=settings)
    api.add(project, source, role="source")
    api.add(project, target, role="target")
    for role in ("face", "performer"):
        api.consent_add(project, consent(folder, role, by="bench/swap.py"))
    versions: dict[str, Seen] = {}
    costs: dict[str, dict[str, float]] = {}
    with open_job(project, flags=settings, context=context) as job:
        permits = permits_of(job.project, "train", "render", "publish")
        cast = find_cast(job, footage(job.project, "source"), footage(job.project, "target"))
        rendered = render_cast(job, cast, permits=permits, draft=True)
        deliver(job, folder / "draft.mp4", target=cast.target, rendered=rendered, overwrite=True)
        costs["draft"] = {"seconds": time.monotonic() - began}
        known = look(target)
        versions["draft"] = look_again(merged(cast, rendered), known)
    for name, how_long in marks.items():
        with open_job(project, flags={**settings, **how_long}, context=context) as job:
            before, began = _processor(), time.monotonic()
            learn(job, cast.faceset, key=cast.key, permits=permits, target=(cast.target, cast.target_person))
            spent = _processor() - before
            rendered = render_cast(job, cast, permits=permits, draft=False)
            state = api.training_state(project)
            costs[name] = {
                "seconds": time.monotonic() - began,
                "processor s": spent,
                "faces seen": state.rounds[-1].faces,
                "gain": state.rounds[-1].gain,
            }
            costs[name]["used"] = float(any(made.used for made in state.checkpoints))
            versions[name] = look_again(merged(cast, rendered), known)
    return _judged(pair, folder, versions, costs, source=look(source), target=known, seconds=seconds)


def _judged(
    pair: Pair, folder: Path, versions: dict[str, Seen], costs: dict[str, dict[str, float]], *, source: Seen, target: Seen, seconds: float
) -> dict[str, dict[str, float]]:
    truth = look(cut(pair.truth, folder / f"truth{pair.truth.suffix}", seconds)) if pair.truth else None
    beside = {"unswapped": target}
    if truth is not None:
        beside |= {"truth": truth, "truth pasted": pasted(truth, target)}
    sheet(folder / "sheet.png", versions, target=target, truth=truth)
    return {name: costs.get(name, {}) | judge(seen, source=source, target=target, truth=truth) for name, seen in (beside | versions).items()}


def judge(result: Seen, *, source: Seen, target: Seen, truth: Seen | None) -> dict[str, float]:
    """All figures of one version. Likeness is cosine with the mean vector of the source's own video."""
    figures: dict[str, float] = {}
    for name, net in networks().items():
        a, b = (mean_vector(identity(seen, net, every=8)) for seen in (source, target))
        vectors = identity(result, net)
        figures[f"likeness to source, {name}"] = float((vectors @ a).mean())
        figures[f"likeness to target, {name}"] = float((vectors @ b).mean())
    if truth is not None:
        figures["SSIM to truth"] = against_truth(result, truth, fit_colour=True)[1]
        figures["LPIPS to truth"] = lpips_to(result, truth, lpips())
    figures |= expression(result, target) | expression_errors(result, target)
    figures["flicker ratio"] = flicker(result) / flicker(target)
    height = float(np.median(face_height_px(target.landmarks)))
    figures["sharpness of source's"] = sharpness_at(result, height) / sharpness_at(source, height)
    return figures


def merged(cast: Cast, rendered: Rendered) -> Iterator[tuple[int, np.ndarray]]:
    """The result's frames in memory, (index, RGB): measured, never written."""
    with Patches(rendered.files) as patches:
        for frame in read_frames(cast.target.path, want="planes", info=cast.target.info):
            if frame.planes is not None:
                yield frame.index, rgb_from_planes(paint(frame.planes, patches.at(frame.index)))


def sheet(path: Path, versions: dict[str, Seen], *, target: Seen, truth: Seen | None, rows: int = 5) -> None:
    """Target, truth where known, and every version at moments spread over the clip; each swapped face carries its mark."""
    columns: dict[str, Seen] = {"target": target, **({"truth": truth} if truth is not None else {}), **versions}
    index = target.frame_index
    for seen in columns.values():
        index = np.intersect1d(index, seen.frame_index)
    pictures = []
    for i in np.linspace(0, len(index) - 1, rows + 2).astype(int)[1:-1]:
        row = []
        for name, seen in columns.items():
            tile = seen.crops[int(np.flatnonzero(seen.frame_index == index[i])[0])].copy()
            words = f"{name}  {LABEL if name in versions else ''}"
            for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
                cv2.putText(tile, words, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, width, cv2.LINE_AA)
            row.append(tile)
        pictures.append(np.concatenate(row, 1))
    cv2.imwrite(str(path), np.concatenate(pictures)[..., ::-1])


def table(name: str, figures: dict[str, dict[str, float]]) -> None:
    rows = list(dict.fromkeys(row for version in figures.values() for row in version))
    print(f"\n{name:36}" + "".join(f"{version:>13}" for version in figures))
    for row in rows:
        print(f"{row:36}" + "".join(f"{version[row]:13.3f}" if row in version else f"{'':13}" for version in figures.values()), flush=True)


def cut(path: Path, out: Path, seconds: float) -> Path:
    """The first seconds of a video, its packets as they are."""
    if not out.is_file():
        with av.open(str(path)) as given, av.open(str(out), "w", format=None if out.suffix != ".mpg" else "mpegts") as kept:
            stream = given.streams.video[0]
            copy = kept.add_stream_from_template(stream)
            for packet in given.demux(stream):
                if packet.dts is None or packet.pts is None or stream.time_base is None:
                    continue
                if float((packet.pts - (stream.start_time or 0)) * stream.time_base) < seconds:
                    packet.stream = copy
                    kept.mux(packet)
    return out


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _say(event: Event) -> None:
    if event.kind in ("end", "warning", "note") or (event.kind == "preview" and event.stage == "train"):
        print(f"[{event.stage}] {event.kind}: {event.message}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pair", nargs=2, type=Path, action="append", metavar=("SOURCE", "TARGET"), default=[])
    parser.add_argument("--truth", type=Path, help="of the last pair: the source making the target's every movement, frame by frame")
    parser.add_argument("--minutes", nargs="+", type=float, default=[1, 2, 5, 10], help="of training, at which it is measured")
    parser.add_argument("--seconds", type=float, default=10, help="of each video that are used")
    parser.add_argument("--size", type=int, default=256, help="side of the trained picture")
    parser.add_argument("--threads", type=int, default=0, help="of the processor that training uses; 0: all")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "out" / "swap")
    parser.add_argument("--rounds", nargs="+", type=int, default=[], help="of training, at which it is measured, instead of minutes")
    asked = parser.parse_args()
    asked.marks = {f"{n} rounds": {"train.rounds": n} for n in sorted(asked.rounds)}
    asked.marks = asked.marks or {f"{mark:g} min": {"train.minutes": mark} for mark in sorted(asked.minutes)}
    asked.pairs = [Pair(source, target) for source, target in asked.pair]
    if asked.truth and asked.pairs:
        asked.pairs[-1] = Pair(asked.pairs[-1].source, asked.pairs[-1].target, asked.truth)
    if not asked.pairs:
        clip = {name: ACTORS / f"synthetic_actor_{name}.mp4" for name in ("A_train", "B_train", "A_eval", "B_eval")}
        asked.pairs = [Pair(clip["A_train"], clip["B_eval"], clip["A_eval"]), Pair(clip["B_train"], clip["A_eval"], clip["B_eval"])]
    return asked


if __name__ == "__main__":
    main()
