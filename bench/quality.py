"""How good is a swap? Runs the whole job on two videos and measures what comes out.

    python bench/quality.py                                   # the actors: A's face on B_eval, the truth being A_eval
    python bench/quality.py --source her.mp4 --target him.mp4 # any two videos (no truth)
    python bench/quality.py --quality draft                   # without training

Prints a table, and writes the same as JSON, and a picture, into bench/out/NAME/. Measured on the published file, label and encoder included.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from judges import judges
from measures import Seen, against_truth, expression, flicker, identity, look, mean_vector, same_frames, sharpness
from papers import consent

from understudy import api
from understudy.events import Context, Event

ROOT = Path(__file__).parents[1]
ACTORS = ROOT / "assets" / "actors"


def main() -> None:
    asked = _arguments()
    folder = asked.out / asked.name
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "result.mp4"
    api.setup()
    began = time.monotonic()
    made = api.swap(
        asked.source,
        asked.target,
        out,
        consents=[consent(folder, role, by="bench/quality.py") for role in ("face", "performer")],
        settings={"quality": asked.quality, **({"train.minutes": asked.minutes} if asked.minutes is not None else {})},
        overwrite=True,
        context=Context(report=_say),
    )
    figures: dict[str, Any] = {"seconds": round(time.monotonic() - began, 1), "stages": dict(made.seconds)}
    target, source = look(asked.target), look(asked.source)
    truth = look(asked.truth) if asked.truth else None
    versions = {"draft": made.draft.path} if made.draft else {}
    for version, path in {**versions, asked.quality: out}.items():
        result = look(path)
        figures[version] = judge(result, target=target, source=source, truth=truth)
        sheet(folder / f"{version}.png", result=result, target=target, truth=truth)
    (folder / "figures.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    table(figures)


def judge(result: Seen, *, target: Seen, source: Seen, truth: Seen | None) -> dict[str, Any]:
    """All figures of one result. Identity is cosine with the mean vector of a person's own video."""
    figures: dict[str, Any] = {"frames": len(result.crops)}
    for name, net in judges().items():
        a, b = mean_vector(identity(source, net, every=8)), mean_vector(identity(target, net, every=8))
        vectors = identity(result, net)
        figures[f"identity to source, {name}"] = float((vectors @ a).mean())
        figures[f"identity to target, {name}"] = float((vectors @ b).mean())
        figures[f"frames nearer to source, {name}"] = float((vectors @ a > vectors @ b).mean())
        figures[f"identity of unswapped to source, {name}"] = float((identity(target, net) @ a).mean())
        if truth is not None:
            figures[f"identity of truth to source, {name}"] = float((identity(truth, net) @ a).mean())
    if truth is not None:
        for label, fit in (("", False), (", colour fitted", True)):
            figures[f"L1{label}"], figures[f"SSIM{label}"] = against_truth(result, truth, fit_colour=fit)
            figures[f"unswapped L1{label}"], figures[f"unswapped SSIM{label}"] = against_truth(target, truth, fit_colour=fit)
        figures |= {f"truth's {name}": value for name, value in expression(truth, target).items()}
        figures["truth's flicker ratio"] = flicker(truth) / flicker(target)
    figures |= expression(result, target)
    figures["flicker ratio"] = flicker(result) / flicker(target)
    figures["sharpness of target's"] = sharpness(result) / sharpness(target)
    figures["sharpness of source's"] = sharpness(result) / sharpness(source)
    return figures


def sheet(path: Path, *, result: Seen, target: Seen, truth: Seen | None, rows: int = 6) -> None:
    """Target, result, truth (where known) and both unrolled, at frames spread over the clip."""
    pictures = []
    ia, ib = same_frames(result, target)
    side = result.crops.shape[1]
    for i in np.linspace(0, len(ia) - 1, rows + 2).astype(int)[1:-1]:
        row = [target.crops[ib[i]], result.crops[ia[i]]]
        if truth is not None:
            own = int(np.abs(truth.frame_index - result.frame_index[ia[i]]).argmin())
            row.append(truth.crops[own])
            row += [cv2.resize(picture, (side, side)) for picture in (result.flat[int(ia[i])], truth.flat[own])]
        pictures.append(np.concatenate(row, 1))
    cv2.imwrite(str(path), np.concatenate(pictures)[..., ::-1])


def table(figures: dict[str, Any]) -> None:
    versions = [name for name, value in figures.items() if isinstance(value, dict) and "frames" in value]
    print(f"\n{'':44}" + "".join(f"{version:>12}" for version in versions))
    for name in figures[versions[-1]]:
        print(f"{name:44}" + "".join(f"{figures[version][name]:12.3f}" for version in versions))
    print(f"{figures['seconds']} s in all; {figures['stages']}")


def _say(event: Event) -> None:
    if event.kind in ("start", "end", "warning", "note"):
        print(f"[{event.stage}] {event.kind}: {event.message}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=ACTORS / "synthetic_actor_A_train.mp4")
    parser.add_argument("--target", type=Path, default=ACTORS / "synthetic_actor_B_eval.mp4")
    parser.add_argument("--truth", type=Path, help="the source making the target's every movement, frame by frame")
    parser.add_argument("--quality", default="standard", choices=("draft", "standard", "broadcast"))
    parser.add_argument("--minutes", type=float, help="of training")
    parser.add_argument("--name", help="folder in bench/out")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "out")
    asked = parser.parse_args()
    if asked.target == ACTORS / "synthetic_actor_B_eval.mp4" and asked.truth is None:
        asked.truth = ACTORS / "synthetic_actor_A_eval.mp4"
    asked.name = asked.name or f"{asked.source.stem}-on-{asked.target.stem}-{asked.quality}"
    return asked


if __name__ == "__main__":
    main()
