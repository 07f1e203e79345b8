"""How quickly is a target rendered and written, and where does the time go?

    python bench/render.py                      # 720p and 1080p, the actors, the draft
    python bench/render.py --heights 720 --frames 300
    python bench/render.py --memory 10000       # memory over so many frames: the same clip again and again

The target is the actor B, scaled to the height and set into a 16:9 picture (the face takes half of its height: harder than most). Plain decoding and
encoding of the same clip, with the same settings, is measured in the same run. Prints a table and writes JSON into bench/out/render/.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import cv2
import numpy as np
from papers import consent

from understudy import api
from understudy.api.cast import find_cast, render_cast
from understudy.config import EncodeSettings
from understudy.events import Context, Event
from understudy.merge import passage, patchfile
from understudy.pipeline.consents import permits_of
from understudy.pipeline.deliver import deliver
from understudy.pipeline.job import open_job
from understudy.pipeline.media import footage
from understudy.provenance import gate, publish
from understudy.provenance.mark import embed
from understudy.swap import draft, planner
from understudy.video.probe import probe
from understudy.video.read import read_frames
from understudy.video.write import write_video

ROOT = Path(__file__).parents[1]
ACTORS = ROOT / "assets" / "actors"
_SMALL = 180
"""Height of the picture in which memory is measured."""
PARTS: dict[str, tuple[tuple[Any, str], ...]] = {
    "the face's pixels, warped and lit": ((draft.DraftSwapper, "swap"),),
    "planning (once for a shot)": ((planner.DraftPlanner, "plan"),),
    "region to RGB, crop": ((passage, "take_crop"), (passage.Region, "rgb8")),
    "mask": ((passage, "seam_mask"), (passage, "steady_own"), (passage, "plain_skin")),
    "back into the frame": ((passage, "unwarp"),),
    "measuring colour and texture": ((passage, "measure"), (passage, "texture")),
    "finishing": ((passage.Passage, "finish"),),
    "packing patches": ((patchfile, "packed"),),
    "unpacking patches": ((patchfile.Patches, "at"),),
    "painting": ((publish, "paint"),),
    "invisible mark": ((embed.Marker, "mark"),),
    "refusal check": ((gate.Watcher, "see"),),
}
"""Where the time goes: what is counted under which name."""


@dataclass
class Clock:
    """Processor time of the parts, over all threads."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def counted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **named: Any) -> Any:
            began = time.thread_time()
            try:
                return function(*args, **named)
            finally:
                with self.lock:
                    self.seconds[name] += time.thread_time() - began

        return run

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count what `PARTS` names."""
        kept = [(owner, name, vars(owner)[name]) for parts in PARTS.values() for owner, name in parts]
        try:
            for part, parts in PARTS.items():
                for owner, name in parts:
                    setattr(owner, name, self.counted(part, vars(owner)[name]))
            yield
        finally:
            for owner, name, function in kept:
                setattr(owner, name, function)


@dataclass
class Took:
    """Seconds on the clock and of the processor."""

    wall: float
    processor: float

    def __add__(self, other: Took) -> Took:
        return Took(self.wall + other.wall, self.processor + other.processor)


def main() -> None:
    asked = _arguments()
    asked.out.mkdir(parents=True, exist_ok=True)
    api.setup()
    figures: dict[str, Any] = {"processors": len(os.sched_getaffinity(0))}
    if asked.memory:
        figures["memory"] = memory(asked.out, asked.memory)
    else:
        for height in asked.heights:
            figures[str(height)] = measure(asked.out, height, asked.frames)
            table(height, figures[str(height)])
    (asked.out / "figures.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")


def measure(folder: Path, height: int, frames: int) -> dict[str, Any]:
    """All figures at one height."""
    target = clip(folder / f"target-{height}-{frames}.mp4", height, frames)
    encode = EncodeSettings()
    (folder / "plain.mp4").unlink(missing_ok=True)
    plain = timed(lambda: plainly(target, folder / "plain.mp4", encode))
    project = prepared(folder / f"project-{height}-{frames}", target)
    clock = Clock()
    with open_job(project, flags={"quality": "draft"}, context=Context()) as job:
        permits = permits_of(job.project, "render", "publish")
        source, shot = footage(job.project, "source"), footage(job.project, "target")
        cast_ = find_cast(job, source, shot)
        shutil.rmtree(project / "render", ignore_errors=True)
        rendered: list[Any] = []
        with clock.watching():
            render = timed(lambda: rendered.append(render_cast(job, cast_, permits=permits, draft=True)))
            for video in (source, shot):
                gate.look(video.path, video.info, what=video.path.name, context=Context())
            out = folder / f"result-{height}.mp4"
            out.unlink(missing_ok=True)
            written = timed(lambda: deliver(job, out, target=shot, rendered=rendered[0], overwrite=True))
    whole = render + written
    return {
        "frames": frames,
        "plain": vars(plain),
        "render": vars(render),
        "publish": vars(written),
        "fps": frames / whole.wall,
        "fps of rendering alone": frames / render.wall,
        "ratio": whole.wall / plain.wall,
        "ratio of processor time": whole.processor / plain.processor,
        "parts": {name: 1000 * clock.seconds[name] / frames for name in PARTS},
        "patches MB": sum(file.stat().st_size for file in rendered[0].files) / 1e6,
    }


def table(height: int, found: dict[str, Any]) -> None:
    n = found["frames"]
    print(f"\n{height}p, {n} frames                       ms a frame   processor ms a frame")
    for name in ("plain", "render", "publish"):
        print(f"  {name:36}{1000 * found[name]['wall'] / n:12.1f}{1000 * found[name]['processor'] / n:16.1f}")
    for name, value in found["parts"].items():
        print(f"    {name:46}{'':2}{value:16.1f}")
    print(f"  {found['fps']:.1f} fps rendered and written, {found['fps of rendering alone']:.1f} rendered; {found['ratio']:.2f} times plain")
    print(f"  ({found['ratio of processor time']:.2f} times its processor time); patches {found['patches MB'] / n * 1000:.0f} kB a frame")


def memory(folder: Path, frames: int) -> dict[str, list[int]]:
    """Of each stage: the memory of this process in MB when a tenth of the frames are through, at the end, and the most in between.

    A small picture, so that it ends within minutes: what grows with the frames grows in it, too.
    """
    target = clip(folder / f"target-{_SMALL}-{frames}.mp4", _SMALL, frames)
    seen: dict[str, list[tuple[float, int]]] = defaultdict(list)

    def watch(event: Event) -> None:
        if event.total and event.total >= frames // 2:
            seen[event.stage].append((event.done / event.total, resident()))

    context = Context(report=watch)
    project = prepared(folder / f"project-{_SMALL}-{frames}", target, context=context)
    shutil.rmtree(project / "render", ignore_errors=True)
    api.publish(project, folder / "memory.mp4", settings={"quality": "draft", "encode.preset": "ultrafast"}, overwrite=True, context=context)
    found = {}
    for stage, values in seen.items():
        tenth = [memory for share, memory in values if share >= 0.1][:1]
        found[stage] = [*tenth, values[-1][1], max(memory for _, memory in values)]
        print(f"  {stage:10} {frames} frames: after a tenth, at the end, most: {found[stage]} MB", flush=True)
    return found


def resident() -> int:
    """This process's memory now, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 2**20


def timed(work: Callable[[], Any]) -> Took:
    wall, processor = time.monotonic(), time.process_time()
    work()
    return Took(time.monotonic() - wall, time.process_time() - processor)


def plainly(target: Path, out: Path, encode: EncodeSettings) -> None:
    """Decode and encode, nothing else."""
    info = probe(target)
    frames = ((frame.planes, frame.pts) for frame in read_frames(target, want="planes", info=info) if frame.planes is not None)
    write_video(out, frames, info=info, encode=encode, audio_from=None, context_check=lambda: None)


def clip(path: Path, height: int, frames: int) -> Path:
    """The actor in a 16:9 picture, forwards and backwards until there are enough frames."""
    if path.is_file():
        return path
    pictures = [frame.rgb for frame in read_frames(ACTORS / "synthetic_actor_B_eval.mp4")]
    there_and_back = pictures + pictures[-2:0:-1]
    width = height * 16 // 9 // 2 * 2
    part = path.with_suffix(".part.mp4")
    with av.open(str(part), "w", format="mp4") as out:
        stream = cast(Any, out.add_stream("libx264", rate=Fraction(25), options={"preset": "veryfast", "crf": "16"}))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(frames):
            picture = there_and_back[index % len(there_and_back)]
            assert picture is not None
            square = cv2.resize(picture, (height, height), interpolation=cv2.INTER_CUBIC)
            wide = cv2.copyMakeBorder(square, 0, 0, (width - height) // 2, width - height - (width - height) // 2, cv2.BORDER_REPLICATE)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(wide, np.uint8), format="rgb24")))
        out.mux(stream.encode(None))
    part.replace(path)
    return path


def prepared(project: Path, target: Path, *, context: Context | None = None) -> Path:
    """A project in which everything up to the rendering is done."""
    if not (project / "project.sqlite").is_file():
        api.new(project)
        api.add(project, ACTORS / "synthetic_actor_A_train.mp4", role="source")
        api.add(project, target, role="target")
        for role in ("face", "performer"):
            api.consent_add(project, consent(project.parent, role, by="bench/render.py"))
    api.extract(project, settings={"quality": "draft"}, context=context)
    return project


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heights", type=int, nargs="+", default=[720, 1080])
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--memory", type=int, default=0, metavar="FRAMES", help="measure memory over so many frames instead")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "out" / "render")
    return parser.parse_args()


if __name__ == "__main__":
    main()
