"""How well is what lies before a face (a hand) left out of its mask? Measured against polygons drawn by hand.

    python bench/occlusion.py --clips FOLDER [--sheet out.png] [--parse-every 12]

The polygons (bench/labels/occluders.json) are of two clips that are not in this repository: 40 frames, each known by the SHA-256 of its luma
samples. `rings` are filled by the even-odd rule and end at the edge of `within` (x0, y0, x1, y1), which alone was looked at. The outer tenth of
the face's width on each side, where hair hangs, is not judged: only hands were drawn.
Prints the intersection over union of what the masks leave out and what was drawn, and writes it as JSON into bench/out/occlusion/.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from understudy import api
from understudy.config import FaceSettings
from understudy.events import Context, Meter
from understudy.faces.align import apply, crop_matrices
from understudy.faces.masks import track_masks
from understudy.faces.mesh import N_SKIN
from understudy.faces.segment import SIDE
from understudy.faces.track import track_shot
from understudy.types import Shot, Track
from understudy.video.probe import probe
from understudy.video.read import read_frames

ROOT = Path(__file__).parents[1]
LABELS = ROOT / "bench" / "labels" / "occluders.json"
_LEAD = 30
"""Frames that are followed before the first label and after the last."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--labels", type=Path, default=LABELS)
    parser.add_argument("--parse-every", type=int, default=FaceSettings().parse_every)
    parser.add_argument("--sheet", type=Path, help="a picture to look at: green rightly left out, red painted over, blue left out for nothing")
    asked = parser.parse_args()
    api.setup()
    figures: dict[str, Any] = {}
    tiles: list[np.ndarray] = []
    totals = np.zeros(3)
    for name, labels in json.loads(asked.labels.read_text(encoding="utf-8")).items():
        counts = clip(asked.clips / name, labels, FaceSettings(parse_every=asked.parse_every), tiles)
        figures[name] = summary(counts)
        totals += counts.sum(0)
    figures["all"] = {"IoU": float(totals[0] / totals[:3].sum())}
    for name, row in figures.items():
        print(f"{name:40} " + "  ".join(f"{key} {value:.3f}" for key, value in row.items()))
    out = ROOT / "bench" / "out" / "occlusion"
    out.mkdir(parents=True, exist_ok=True)
    (out / "occlusion.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    if asked.sheet:
        cv2.imwrite(str(asked.sheet), grid(tiles))


def clip(path: Path, labels: list[dict[str, Any]], settings: FaceSettings, tiles: list[np.ndarray]) -> np.ndarray:
    """(frames, 3): pixels rightly left out, wrongly painted over, wrongly left out."""
    first, last = labels[0]["frame"] - _LEAD, labels[-1]["frame"] + _LEAD
    context = Context()
    with Meter(context, "extract", path.name) as meter:
        shot = Shot(path.name, path.stem[-12:], max(first, 0), last, 0, 0)
        tracks = track_shot(path, probe(path), shot=shot, media_id=path.name, settings=settings, context=context, meter=meter)
    track = max(tracks, key=len)
    matrices = crop_matrices(track.landmarks, size=SIDE)
    wanted = {label["frame"]: label for label in labels}
    at = np.searchsorted(track.frame_index, list(wanted))
    if track.frame_index[np.minimum(at, len(track) - 1)].tolist() != list(wanted):
        raise SystemExit(f"the face was not followed through every labelled frame of {path.name}")
    masks = dict(zip(wanted, track_masks(track, at, apply(matrices, track.landmarks)), strict=True))
    places = dict(zip(wanted, at.tolist(), strict=True))
    rows = []
    for frame in read_frames(path, want="both", start_index=min(wanted), end_index=max(wanted) + 1):
        if frame.index in wanted and frame.planes is not None and frame.rgb is not None:
            if hashlib.sha256(frame.planes.y.tobytes()).hexdigest() != wanted[frame.index]["luma_sha256"]:
                raise SystemExit(f"frame {frame.index} of {path.name} is not the picture that was labelled")
            place = places[frame.index]
            counts, tile = compare(frame.rgb, wanted[frame.index], masks[frame.index], matrices[place], track, place)
            rows.append(counts)
            tiles.append(tile)
    return np.asarray(rows, np.float64)


def compare(rgb: np.ndarray, label: dict[str, Any], mask: np.ndarray, matrix: np.ndarray, track: Track, place: int) -> tuple[list[int], np.ndarray]:
    """One frame: the three counts, and a picture of them."""
    height, width = rgb.shape[:2]
    own = cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP) > 127
    points = track.landmarks[place, :N_SKIN, :2]
    judged = np.zeros((height, width), np.uint8)
    cv2.fillPoly(judged, [np.rint(cv2.convexHull(np.ascontiguousarray(points))).astype(np.int32)], 1)
    x0, y0, x1, y1 = label["within"]
    left, right = points[:, 0].min(), points[:, 0].max()
    edge = 0.1 * (right - left)
    columns, rows = np.arange(width), np.arange(height)
    judged &= ((columns >= max(x0, left + edge)) & (columns < min(x1, right - edge)))[None].astype(np.uint8)
    judged &= ((rows >= y0) & (rows < y1))[:, None].astype(np.uint8)
    drawn = np.zeros((height, width), np.uint8)
    if label["rings"]:
        cv2.fillPoly(drawn, [np.rint(np.asarray(ring)).astype(np.int32) for ring in label["rings"]], 1)
    face, truth, ours = judged > 0, drawn > 0, ~own
    parts = [face & truth & ours, face & truth & ~ours, face & ~truth & ours]
    shown = rgb.copy()
    for part, colour in zip(parts, ((0, 200, 0), (230, 0, 0), (0, 60, 255)), strict=True):
        shown[part] = (0.5 * shown[part] + 0.5 * np.asarray(colour)).astype(np.uint8)
    tile = cv2.resize(shown[y0:y1, x0:x1], (260, 260), interpolation=cv2.INTER_CUBIC)
    cv2.putText(tile, str(label["frame"]), (6, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 0), 2)
    return [int(part.sum()) for part in parts], tile[..., ::-1]


def summary(counts: np.ndarray) -> dict[str, float]:
    with_hand = counts[counts[:, :2].sum(1) > 0]
    each = with_hand[:, 0] / with_hand.sum(1)
    return {
        "frames": len(counts),
        "IoU": float(counts[:, 0].sum() / counts.sum()),
        "IoU, median frame": float(np.median(each)),
        "worst frame": float(each.min()),
        "painted over, share of the hand": float(counts[:, 1].sum() / counts[:, :2].sum()),
    }


def grid(tiles: list[np.ndarray], columns: int = 8) -> np.ndarray:
    blank = np.zeros_like(tiles[0])
    tiles = tiles + [blank] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[n : n + columns]) for n in range(0, len(tiles), columns)])


if __name__ == "__main__":
    main()
