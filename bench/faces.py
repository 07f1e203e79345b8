"""How well, and how fast, are faces found and followed? Measured against exact truth, and beside others in one run on the same files.

    python bench/faces.py                                             # accuracy, people and speed on the actors
    python bench/faces.py --parts speed --one clip.mp4 --six six.mp4  # speed on clips of your own
    python bench/faces.py --parts people --six six.mp4 --labels six.json
    python bench/faces.py --parts recall --clips FOLDER --mediapipe-python /path/to/venv/bin/python

mediapipe runs only where a Python is named that can import it (`pip install mediapipe==0.10.21` into a folder of its own: it wants an older
numpy than this project). Labels are a JSON list of {"frame": 12, "xy": [310, 120], "name": "anna"}: a point on a face.
Prints tables, and writes the same as JSON into bench/out/faces/.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from truth import accuracy, held, write_held

from understudy import api
from understudy.config import FaceSettings, VideoSettings
from understudy.events import Context, Meter
from understudy.faces.detect import Detector
from understudy.faces.landmark import from_box, from_mesh
from understudy.faces.people import find_people
from understudy.faces.sight import between
from understudy.faces.track import watch_shot
from understudy.types import Identity, Shot, Sighting, Track
from understudy.video.probe import probe
from understudy.video.read import frame_pts, read_frames
from understudy.video.shots import find_shots
from understudy.weights.registry import path as weight

ROOT = Path(__file__).parents[1]
ACTORS = ROOT / "assets" / "actors"
CLIPS = ("A_train", "A_eval", "B_train", "B_eval", "C_eval")
VIDEOS = {".mp4", ".mov", ".mpg", ".mkv", ".webm"}
HEIGHTS = (240, 720, 1080)


def main() -> None:
    asked = _arguments()
    if asked.job:
        print(json.dumps(job(asked.job, asked.one, frames=asked.frames)))
        return
    asked.out.mkdir(parents=True, exist_ok=True)
    api.setup()
    if {"accuracy", "people"} & set(asked.parts):
        tracks = {name: max(follow(ACTORS / f"synthetic_actor_{name}.mp4"), key=len) for name in CLIPS}
        if "accuracy" in asked.parts:
            _write(asked.out / "accuracy.json", show_accuracy(tracks))
        if "people" in asked.parts:
            _write(asked.out / "people.json", show_people(list(tracks.values()), six=asked.six, labels=asked.labels))
    if "speed" in asked.parts:
        _write(asked.out / "speed.json", show_speed(asked))
    if "recall" in asked.parts and asked.clips:
        _write(asked.out / "recall.json", show_recall(asked))


def follow(path: Path, *, frames: int | None = None) -> list[Track]:
    """All faces of a video's first frames (None: of all), taken as one shot."""
    n = min(len(frame_pts(path)), frames or sys.maxsize)
    return _watch(path, Shot(path.name, path.stem[-12:], 0, n, 0, 0))[0]


def watch_shots(path: Path) -> tuple[list[Track], list[Sighting]]:
    """All faces of a video, cut into shots as the product does, and those that only the detector sees."""
    threshold = VideoSettings().shot_threshold
    shots = find_shots(path, probe(path), media_id=path.name, threshold=threshold, context=Context())
    watched = [_watch(path, shot) for shot in shots]
    return [track for tracks, _ in watched for track in tracks], [sighting for _, sightings in watched for sighting in sightings]


def _watch(path: Path, shot: Shot) -> tuple[list[Track], list[Sighting]]:
    context = Context()
    with Meter(context, "extract", path.name, shot.end_index - shot.start_index) as meter:
        return watch_shot(path, probe(path), shot=shot, media_id=path.name, settings=FaceSettings(), context=context, meter=meter)


# ------------------------------------------------------------------------------------------------------------- accuracy


def show_accuracy(tracks: dict[str, Track]) -> dict[str, Any]:
    """Against the commands that the actors were rendered from."""
    figures: dict[str, Any] = {}
    for name, track in tracks.items():
        with np.load(ACTORS / f"synthetic_actor_{name}.npz", allow_pickle=False) as data:
            truth = {key: data[key] for key in data.files}
        figures[name] = accuracy(track, raw_meshes(ACTORS / f"synthetic_actor_{name}.mp4"), truth)
    _table("against the actors' truth", figures)
    with tempfile.TemporaryDirectory() as folder:
        still: dict[str, Any] = {}
        for name in ("A_eval", "B_eval", "C_eval"):
            path = Path(folder) / f"{name}.mp4"
            write_held(ACTORS / f"synthetic_actor_{name}.mp4", path)
            still[name] = held(max(follow(path), key=len), raw_meshes(path))
    _table("held poses: one picture for two seconds, with a camera's noise, encoded; pixels of a face of 256", still)
    return {"actors": figures, "held": still}


def raw_meshes(path: Path) -> np.ndarray:
    """(T, 478, 3): the one face of a video, followed by its mesh alone, not smoothed."""
    meshes: list[np.ndarray] = []
    for frame in read_frames(path):
        assert frame.rgb is not None
        last = meshes[-1] if meshes else from_box(frame.rgb, Detector(FaceSettings()).find(frame.rgb)[0]).landmarks
        meshes.append(from_mesh(frame.rgb, np.asarray(last, np.float32)).landmarks)
    return np.stack(meshes)


# --------------------------------------------------------------------------------------------------------------- people


def show_people(tracks: list[Track], *, six: Path | None, labels: Path | None) -> dict[str, Any]:
    """Who is who: over all of the actors' clips at once, and in a clip with several people against labels made by looking."""
    people = find_people(tracks)
    media = {track.track_id: track.media_id for track in tracks}
    groups = [sorted(media[name].removeprefix("synthetic_actor_").removesuffix(".mp4") for name in person.track_ids) for person in people]
    figures: dict[str, Any] = {"actors": groups, "perfect": sorted(groups) == [["A_eval", "A_train"], ["B_eval", "B_train"], ["C_eval"]]}
    print(f"\nthe actors' five clips together: {groups}")
    if six:
        found, aside = watch_shots(six)
        people = find_people(found)
        seen = [{"person": p.identity_id, "frames": p.n_frames, "tracks": len(p.track_ids)} for p in people]
        figures["six"] = {"people": seen, "tracks": len(found), "sightings": len(aside)}
        figures["six"] |= purity(found, people, json.loads(labels.read_text()), aside) if labels else {}
        print(f"{six.name}: {json.dumps(figures['six'])}")
    return figures


def purity(tracks: list[Track], people: list[Identity], labels: list[dict[str, Any]], aside: list[Sighting]) -> dict[str, Any]:
    """Purity: share of the labelled faces followed that carry the commonest name of their identity. Splits: identities too many over all names.
    Of the faces that are not followed, some are known by the detector alone (`aside`)."""
    names: dict[str, Counter[str]] = {person.identity_id: Counter() for person in people}
    owner = {track_id: person.identity_id for person in people for track_id in person.track_ids}
    missed = noticed = 0
    for label in labels:
        hits = [owner[t.track_id] for t in tracks if _holds(t, label["frame"], label["xy"])]
        sighted = not hits and any(_sees(s, label["frame"], label["xy"]) for s in aside)
        noticed += sighted
        missed += not hits and not sighted
        for hit in hits[:1]:
            names[hit][label["name"]] += 1
    right = sum(max(counter.values()) for counter in names.values() if counter)
    found = sum(sum(counter.values()) for counter in names.values())
    spread = Counter(name for counter in names.values() for name in counter)
    return {
        "labels": len(labels),
        "followed": found,
        "seen by the detector alone": noticed,
        "not found": missed,
        "purity": right / max(found, 1),
        "splits": sum(n - 1 for n in spread.values()),
        "names": {person: dict(counter) for person, counter in names.items() if counter},
    }


def _sees(sighting: Sighting, frame: int, xy: list[float]) -> bool:
    frames, boxes = between(sighting)
    if not frames[0] - 2 <= frame <= frames[-1] + 2:
        return False
    x0, y0, x1, y1 = boxes[int(np.abs(frames - frame).argmin())]
    return bool(x0 <= xy[0] <= x1 and y0 <= xy[1] <= y1)


def _holds(track: Track, frame: int, xy: list[float]) -> bool:
    """Whether the point lies on this face; the frame may be one of a short gap inside the track."""
    near = int(np.abs(track.frame_index - frame).argmin())
    x0, y0, x1, y1 = track.box_xyxy[near]
    inside = track.frame_index[0] <= frame <= track.frame_index[-1] and abs(int(track.frame_index[near]) - frame) <= 2
    return bool(inside and x0 <= xy[0] <= x1 and y0 <= xy[1] <= y1)


# ---------------------------------------------------------------------------------------------------------------- speed


def job(kind: str, path: Path, *, frames: int) -> dict[str, Any]:
    """One measured run in a process of its own: ours, or YuNet and the mesh on every frame. Opening the networks is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        short = rescaled(ACTORS / "synthetic_actor_A_eval.mp4", Path(folder) / "warm.mp4", height=240, frames=16)
        follow(short) if kind == "ours" else plain(short, frames)
    began, cpu = time.monotonic(), time.process_time()
    counts = counted(follow(path, frames=frames), min(len(frame_pts(path)), frames)) if kind == "ours" else plain(path, frames)
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    return {"seconds": seconds, "cpu": cpu, "counts": counts, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def plain(path: Path, frames: int) -> list[int]:
    """YuNet at the frame's own size (at most 2560) and the mesh, anew on every frame."""
    detector = Detector(FaceSettings(detect_long_side=2560))
    counts = []
    for frame in read_frames(path, depth=8, end_index=frames):
        assert frame.rgb is not None
        counts.append(sum(from_box(frame.rgb, face).presence >= 0.5 for face in detector.find(frame.rgb)))
    return counts


def counted(tracks: Iterable[Track], frames: int) -> list[int]:
    """How many faces each frame has."""
    counts = np.zeros(frames, np.int64)
    for track in tracks:
        counts[track.frame_index] += 1
    return counts.tolist()


def rescaled(path: Path, out: Path, *, height: int, frames: int) -> Path:
    """The first frames of a clip in 16:9 at a height (black beside), H.264 without sound."""
    width = 2 * round(height * 8 / 9)
    return _written(out, (_fitted(rgb, width, height) for rgb in _pictures(path, frames)), width=width, height=height)


def tiled(paths: Iterable[Path], out: Path, *, height: int, frames: int) -> Path:
    """The first frames of six clips in one picture, three above three, in 16:9 at a height."""
    width = 2 * round(height * 8 / 9)
    wide, high = width // 3, height // 2
    canvases = (
        cv2.copyMakeBorder(
            np.vstack([np.hstack([_fitted(rgb, wide, high) for rgb in row]) for row in (six[:3], six[3:])]),
            *(0, height - 2 * high, 0, width - 3 * wide),
            cv2.BORDER_CONSTANT,
        )
        for six in zip(*(_pictures(path, frames) for path in paths), strict=False)
    )
    return _written(out, canvases, width=width, height=height)


def _pictures(path: Path, frames: int) -> Iterable[np.ndarray]:
    return (frame.rgb for frame in read_frames(path, end_index=frames, depth=8) if frame.rgb is not None)


def _fitted(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    scale = min(width / rgb.shape[1], height / rgb.shape[0])
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)[:height, :width]
    canvas = np.zeros((height, width, 3), np.uint8)
    x, y = (width - small.shape[1]) // 2, (height - small.shape[0]) // 2
    canvas[y : y + small.shape[0], x : x + small.shape[1]] = small
    return canvas


def _written(out: Path, pictures: Iterable[np.ndarray], *, width: int, height: int) -> Path:
    with av.open(str(out), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25), options={"crf": "18", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return out


def show_speed(asked: argparse.Namespace) -> dict[str, Any]:
    """Frames a second, decoding included, each in a process of its own; the runs alternate and the best of them counts.

    What is slow on every frame (YuNet and mesh anew) is given a quarter of the frames.
    """
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for height in asked.heights:
            one = rescaled(asked.one, Path(folder) / f"1-{height}.mp4", height=height, frames=asked.frames)
            figures[f"one face, {height}p"] = _race(one, asked, faces=1)
            made = {"height": height, "frames": asked.frames}
            six = Path(folder) / f"6-{height}.mp4"
            six = rescaled(asked.six, six, **made) if asked.six else tiled(map(actor_clip, (*CLIPS, "A_train")), six, **made)
            figures[f"six faces, {height}p"] = _race(six, asked, faces=6)
            for name in list(figures)[-2:]:
                print(f"{name}: " + "  ".join(f"{key} {value:.1f}" for key, value in figures[name].items()), flush=True)
    _table("frames a second (best of the runs), and peak memory", figures)
    return figures


def actor_clip(clip: str) -> Path:
    return ACTORS / f"synthetic_actor_{clip}.mp4"


def _race(path: Path, asked: argparse.Namespace, *, faces: int) -> dict[str, float]:
    frames = {"ours": asked.frames, "plain": max(asked.frames // 4, 1)}
    runners = {kind: [sys.executable, __file__, "--job", kind, "--one", str(path), "--frames", str(n)] for kind, n in frames.items()}
    if asked.mediapipe_python:
        runners |= {f"mediapipe {kind}": _mediapipe(asked, path, kind=kind, faces=faces) for kind in ("landmarker", "mesh")}
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in runners}
    for _ in range(asked.repeat):
        for name, command in runners.items():
            runs[name].append(_run(command))
    row: dict[str, float] = {}
    for name, results in runs.items():
        row[name] = max(len(r["counts"]) / r["seconds"] for r in results)
    for name in list(row)[1:]:
        row[f"ours / {name}"] = row["ours"] / row[name]
    for name, results in runs.items():
        row[f"{name}, cpu ms a frame"] = min(1000 * r["cpu"] / len(r["counts"]) for r in results)
        row[f"{name}, MB"] = max(r["peak_mb"] for r in results)
        row[f"{name}, faces a frame"] = float(np.mean(results[0]["counts"]))
    return row


def _mediapipe(asked: argparse.Namespace, path: Path, *, kind: str, faces: int) -> list[str]:
    script, task = Path(__file__).with_name("mediapipe_fps.py"), weight("landmarker")
    options = {"task": task, "faces": faces, "kind": kind, "frames": asked.frames}
    return [str(asked.mediapipe_python), str(script), str(path), *(word for name, value in options.items() for word in (f"--{name}", str(value)))]


def _run(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


# --------------------------------------------------------------------------------------------------------------- recall


def show_recall(asked: argparse.Namespace) -> dict[str, Any]:
    """Frames in which a face is found, clip by clip."""
    figures: dict[str, Any] = {}
    for path in sorted(p for p in asked.clips.iterdir() if p.suffix.lower() in VIDEOS):
        frames = min(len(frame_pts(path)), asked.frames)
        tracks, sightings = _watch(path, Shot(path.name, path.stem[-12:], 0, frames, 0, 0))
        ours = np.asarray(counted(tracks, frames)) > 0
        noticed = ours.copy()
        for sighting in sightings:
            noticed[between(sighting)[0]] = True
        row: dict[str, float] = {"frames": len(ours), "ours": int(ours.sum()), "with sightings": int(noticed.sum())}
        if asked.mediapipe_python:
            theirs = np.asarray(_run(_mediapipe(asked, path, kind="landmarker", faces=1))["counts"], bool)
            n = min(len(ours), len(theirs))
            row |= {"mediapipe": int(theirs.sum()), "ours only": int((ours[:n] & ~theirs[:n]).sum())}
            row |= {"mediapipe only": int((theirs[:n] & ~ours[:n]).sum()), "the first of them": int((theirs[:n] & ~ours[:n]).argmax())}
        figures[path.name] = row
        print(f"{path.name:44} {row}", flush=True)
    return figures


def _table(title: str, figures: dict[str, dict[str, float]]) -> None:
    if not figures:
        return
    print(f"\n{title}\n{'':44}" + "".join(f"{column:>18}" for column in figures))
    for name in next(iter(figures.values())):
        print(f"{name:44}" + "".join(f"{column[name]:18.3f}" for column in figures.values()))


def _write(path: Path, figures: dict[str, Any]) -> None:
    path.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", default=["accuracy", "people", "speed", "recall"], choices=("accuracy", "people", "speed", "recall"))
    parser.add_argument("--one", type=Path, default=ACTORS / "synthetic_actor_A_eval.mp4", help="a clip with one face, for speed")
    parser.add_argument("--six", type=Path, help="a clip with several people (for speed: else six of the actors' clips in one picture)")
    parser.add_argument("--labels", type=Path, help="who is who in it (JSON)")
    parser.add_argument("--clips", type=Path, help="a folder of clips, for recall")
    parser.add_argument("--heights", type=int, nargs="+", default=HEIGHTS)
    parser.add_argument("--frames", type=int, default=120, help="at most this many of each clip, for speed and recall")
    parser.add_argument("--repeat", type=int, default=2, help="runs of each, for speed")
    parser.add_argument("--mediapipe-python", type=Path, help="a Python that can import mediapipe 0.10.21")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "out" / "faces")
    parser.add_argument("--job", choices=("ours", "plain"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
