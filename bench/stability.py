"""How steadily does the face sit? The numbers of the report, with each part of the merge that makes it steady switched off in turn.

    python bench/stability.py                                        # the actors: A on B_eval, B on A_eval
    python bench/stability.py --pair her.mp4 him.mp4 --frames 75     # any two videos; may be repeated

The draft, merged before label and mark. "all": as the product does it. The others: the mesh as measured, frame by frame; colour, border and
texture by each frame alone; the mask without hair, hands and things; a beard beyond the mesh left as it is. Prints a table, writes JSON and one sheet
a pair (a row for each variant: target, result, the frames worst in flicker, seam and colour) into bench/out/stability/.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from papers import consent

from understudy import api
from understudy.config import FacesetSettings, FaceSettings, MergeSettings, SwapSettings
from understudy.events import Context, Meter
from understudy.faces import follow, track
from understudy.faces.align import apply, crop_matrices, face_height_px, take_crop
from understudy.faces.beard import has_dark_beard
from understudy.faces.masks import hull
from understudy.faces.people import find_people
from understudy.faceset.extract import build_faceset, deserved_size
from understudy.merge.blend import Window
from understudy.merge.passage import Act, Look, Passage
from understudy.merge.patchfile import Patches
from understudy.merge.render import render_shot
from understudy.merge.sheet import marked
from understudy.merge.stability import SIDE, Figures, Observer
from understudy.provenance.consent import issue_permit
from understudy.swap.draft import DraftSwapper
from understudy.swap.drive import performance_of
from understudy.types import Performance, Shot, Track
from understudy.video.color import paint, rgb_from_planes
from understudy.video.probe import probe
from understudy.video.read import read_frames

ROOT = Path(__file__).parents[1]
ACTORS = ROOT / "assets" / "actors"
VARIANTS = ("all", "mesh as measured", "colour by the frame", "no occlusion", "no shave")
NUMBERS = ("flicker", "seam", "seam_of_target", "colour", "mouth", "eyes", "apart")


def main() -> None:
    asked = _arguments()
    api.setup()
    asked.out.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {}
    for source, target in asked.pair:
        name = f"{source.stem} on {target.stem}"
        figures[name] = measure(source, target, asked.frames, asked.source_frames, asked.out)
        table(name, figures[name])
        (asked.out / "figures.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")


def measure(source: Path, target: Path, frames: int, source_frames: int, out: Path) -> dict[str, dict[str, Any]]:
    """All variants of one pair."""
    work = out / "work"
    shutil.rmtree(work, ignore_errors=True)
    permits = [issue_permit(consent(out, role, by="bench/stability.py"), role=role, actions=["render"]) for role in ("face", "performer")]
    tracks = followed(source, source_frames)
    person = find_people(tracks)[0]
    faceset, _ = build_faceset(
        source, probe(source), tracks=tracks, identity=person, folder=work / "set", settings=FacesetSettings(), context=Context()
    )
    swapper = DraftSwapper(faceset, settings=SwapSettings(), permit=permits[0])
    steady = longest(followed(target, frames))
    found, rows = {}, []
    for variant in VARIANTS:
        own = steady
        if variant == "mesh as measured":
            with replaced(follow, "smooth_landmarks", lambda landmarks, frame_index: landmarks):
                own = longest(followed(target, frames))
        performance = performance_of(own, size=deserved_size(face_height_px(own.landmarks)), to_the_jaw=has_dark_beard([own]))
        if variant == "no shave":
            performance = replace(performance, whole=None)
        if variant == "no occlusion":
            performance = uncovered(performance)
        patches = work / "shot.patches"
        with ExitStack() as stack:
            if variant == "colour by the frame":
                stack.enter_context(replaced(Window, "mean", alone))
                stack.enter_context(replaced(Passage, "_textured", lambda passage, position: True))
            render(target, performance, swapper, permits, patches)
        figures = observed(target, steady, patches)
        found[variant] = {name: getattr(figures, name) for name in NUMBERS}
        rows.append(shown(target, steady, patches, figures))
    cv2.imwrite(str(out / f"{source.stem}-on-{target.stem}.png"), np.concatenate(rows)[..., ::-1])
    return found


def render(target: Path, performance: Performance, swapper: DraftSwapper, permits: list[Any], out: Path) -> None:
    context = Context()
    out.unlink(missing_ok=True)
    with Meter(context, "render", "", len(performance)) as meter:
        acts = [Act(performance, (Look(swapper),))]
        render_shot(target, probe(target), acts=acts, settings=MergeSettings(), permits=permits, out=out, context=context, meter=meter)


def observed(target: Path, own: Track, file: Path) -> Figures:
    """Always by the steady mesh: what is measured must not move with what is tried."""
    observer = Observer(performance_of(own, size=SIDE))
    with Patches([file]) as patches:
        for frame in read_frames(target, want="planes", end_index=int(own.frame_index[-1]) + 1):
            if frame.planes is not None:
                observer.see(frame.index, frame.planes, patches.at(frame.index))
    return observer.figures()


def shown(target: Path, own: Track, file: Path, figures: Figures) -> np.ndarray:
    """The target's face in the middle frame, then the result's there and in the worst frames."""
    middle = int(own.frame_index[len(own) // 2])
    worst = [moment.index if (moment := figures.worst(kind)) else middle for kind in ("flicker", "seam", "colour")]
    tiles = []
    matrices = crop_matrices(own.landmarks, size=SIDE)
    with Patches([file]) as patches:
        for number, index in enumerate([middle, middle, *worst]):
            for frame in read_frames(target, want="planes", start_index=index, end_index=index + 1):
                assert frame.planes is not None
                planes = frame.planes if number == 0 else paint(frame.planes, patches.at(index))
                t = int(np.searchsorted(own.frame_index, index))
                crop = take_crop(np.asarray(rgb_from_planes(planes, depth=8), np.uint8), matrices[t], size=SIDE).rgb
                tiles.append(crop if number == 0 else marked(crop))
    return np.concatenate(tiles, axis=1)


def alone(self: Window, index: int) -> np.ndarray | None:
    """The frame's own measurement, averaged with nobody's."""
    kept = [value for i, value in self._kept if i == index]
    while self._kept and self._kept[0][0] < index - self.reach:
        self._kept.popleft()
    return kept[0] if kept else None


def uncovered(performance: Performance) -> Performance:
    """The same with masks that know of nothing before the face."""
    small = apply(crop_matrices(performance.landmarks, size=128), performance.landmarks)
    return replace(performance, masks=np.stack([hull(mesh) for mesh in small]))


def followed(path: Path, frames: int) -> list[Track]:
    info, context = probe(path), Context()
    end = min(frames, info.n_frames or frames)
    with Meter(context, "extract", path.name, end) as meter:
        shot = Shot(path.stem, f"{path.stem}-bench", 0, end, 0, end)
        return track.track_shot(path, info, shot=shot, media_id=path.stem, settings=FaceSettings(), context=context, meter=meter)


def longest(tracks: list[Track]) -> Track:
    return max(tracks, key=len)


@contextmanager
def replaced(owner: Any, name: str, function: Callable[..., Any]) -> Iterator[None]:
    kept = getattr(owner, name)
    setattr(owner, name, function)
    try:
        yield
    finally:
        setattr(owner, name, kept)


def table(name: str, found: dict[str, dict[str, Any]]) -> None:
    print(f"\n{name:44}" + "".join(f"{number:>15}" for number in NUMBERS))
    for variant, numbers in found.items():
        print(f"  {variant:42}" + "".join(f"{'-' if (v := numbers[n]) is None else f'{v:.2f}':>15}" for n in NUMBERS), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pair", type=Path, nargs=2, action="append", metavar=("SOURCE", "TARGET"))
    parser.add_argument("--frames", type=int, default=100, help="of the target")
    parser.add_argument("--source-frames", type=int, default=250)
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "out" / "stability")
    asked = parser.parse_args()
    names = [("A_train", "B_eval"), ("B_train", "A_eval")]
    asked.pair = asked.pair or [tuple(ACTORS / f"synthetic_actor_{name}.mp4" for name in pair) for pair in names]
    return asked


if __name__ == "__main__":
    main()
