"""How fast does the studio show a frame? Measured through a running studio, as a browser asks, at 1080p: on, back, and far jumps.

    python bench/studio_scrub.py                        # a minute of 1080p made from an actor, one key frame in ten seconds
    python bench/studio_scrub.py --target clip.mp4      # a clip of your own as the target

A project is made, its faces are found and rendered (a few minutes), then every kind of move is timed with the studio's own requests: from the
request to the whole picture. `small` is what one sees while one scrubs (640 pixels wide, from the proxy); `exact` is the frame as it is that
follows when one stays. For comparison: decoding the same frame from the file, which is what a scrub costs without a proxy.
Prints a table, and writes the same as JSON into bench/out/studio/.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from understudy import api
from understudy.home import home
from understudy.provenance.keys import make_keys

ROOT = Path(__file__).parents[1]
ACTORS = ROOT / "assets" / "actors"
MOVES = ("on", "back", "far jump")
ROUNDS = 40


RECORD = {
    "purpose": "a measurement of the studio",
    "production": "Benchmarks",
    "channels": ["nowhere"],
    "actions": ["train", "render", "publish"],
    "expires": None,
    "basis": "person does not exist",
    "recorded_by": "the benchmark",
    "person_exists": False,
}


class Studio:
    """A studio in a process of its own, and a browser that was let in."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "understudy.cli", "studio", "--port", "0", "--no-browser"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
        assert self.process.stdout is not None
        found = next(match for line in self.process.stdout if (match := re.search(r"http://127\.0\.0\.1:(\d+)(/\?token=\S+)", line)))
        self.port, self.cookie, self.csrf = int(found[1]), "", ""
        _, headers, _ = self.ask("GET", found[2])
        self.cookie = headers["set-cookie"].split(";")[0]
        page = self.ask("GET", "/")[2].decode()
        self.csrf = page.partition('data-csrf="')[2].partition('"')[0]

    def ask(self, method: str, path: str, content: Any = None) -> tuple[int, dict[str, str], bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Cookie": self.cookie, "X-CSRF-Token": self.csrf, "Content-Type": "application/json"}
        line.request(method, path, body=json.dumps(content) if content is not None else None, headers=headers)
        answer = line.getresponse()
        found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        line.close()
        return found

    def json(self, method: str, path: str, content: Any = None) -> Any:
        status, _, body = self.ask(method, path, content)
        assert status < 300, body
        return json.loads(body)


def main() -> None:
    asked = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="studio-scrub-"))
    api.setup()
    networks = home() / "weights"
    os.environ["UNDERSTUDY_HOME"] = str(folder / "home")
    make_keys()
    (home() / "weights").symlink_to(networks)
    target = asked.target or widened(ACTORS / "synthetic_actor_B_eval.mp4", folder / "target.mp4", seconds=asked.seconds)
    studio = Studio()
    try:
        source = asked.source or ACTORS / "synthetic_actor_A_eval.mp4"
        rows = measure(studio, source, target, shown=asked.width, rendered=not asked.target_only)
    finally:
        studio.process.terminate()
    print(f"{'picture':<8} {'asked':<8} {'move':<9} {'median ms':>10} {'95 % ms':>10} {'worst ms':>10}")
    for row in rows:
        print(f"{row['picture']:<8} {row['asked']:<8} {row['move']:<9} {row['median']:>10.1f} {row['p95']:>10.1f} {row['worst']:>10.1f}")
    out = ROOT / "bench" / "out" / "studio"
    out.mkdir(parents=True, exist_ok=True)
    (out / "scrub.json").write_text(json.dumps({"cores": os.cpu_count(), "rows": rows}, indent=1))


def measure(studio: Studio, source: Path, target: Path, *, shown: int, rendered: bool) -> list[dict[str, Any]]:
    made = studio.json("POST", "/api/projects", {"name": "Scrub"})
    place, project = made["place"], Path(made["folder"])
    api.add(project, source, role="source")
    api.add(project, target, role="target")
    for role in ("face", "performer"):
        studio.json("POST", f"/api/projects/{place}/consents", {**RECORD, "subject": f"Nobody, {role}", "role": role})
    if rendered:
        api.render(project, settings={"quality": "draft"})
    count = len(api.frame_times(project, "target"))
    rows = [timing(studio, "target", "no proxy", "far jump", f"/p/{place}/frame/target/%d.jpg?width=640", count)]
    began = time.monotonic()
    api.make_proxies(project)
    print(f"{count} frames; both proxies took {time.monotonic() - began:.0f} s\n")
    for picture in ("target", "result") if rendered else ("target",):
        for name, path in (("small", f"/p/{place}/quick/{picture}/%d.jpg"), ("exact", f"/p/{place}/frame/{picture}/%d.jpg?width={shown}")):
            rows += [timing(studio, picture, name, move, path, count) for move in MOVES]
    return rows


def timing(studio: Studio, picture: str, asked: str, move: str, path: str, count: int) -> dict[str, Any]:
    took = []
    for index in walk(move, count):
        began = time.perf_counter()
        status, _, body = studio.ask("GET", path % index)
        took.append(1000 * (time.perf_counter() - began))
        assert status == 200 and body[:2] == b"\xff\xd8", (path % index, status)
    # the first answer of a kind opens what the others find open
    took = sorted(took[1:])
    return {
        "picture": picture,
        "asked": asked,
        "move": move,
        "median": float(np.median(took)),
        "p95": float(np.percentile(took, 95)),
        "worst": took[-1],
    }


def walk(move: str, count: int) -> Iterator[int]:
    """The frames of one kind of move; no frame twice, so that nothing is answered from what was kept."""
    if move == "far jump":
        yield from random.Random(1).sample(range(count), min(count, ROUNDS + 1))
        return
    start = count // 3 if move == "on" else 2 * count // 3
    step = 1 if move == "on" else -1
    yield from (start + step * i for i in range(min(ROUNDS + 1, count // 3)))


def widened(actor: Path, out: Path, *, seconds: int) -> Path:
    """The actor in the middle of a 1920 x 1080 picture, there and back, 25 frames a second, key frames 250 apart as encoders set them by default."""
    with av.open(str(actor)) as given:
        frames = [frame.to_ndarray(format="rgb24") for frame in given.decode(video=0)]
    noise = cv2.resize(np.random.default_rng(1).integers(0, 255, (27, 48, 3), np.uint8), (1920, 1080), interpolation=cv2.INTER_CUBIC)
    with av.open(str(out), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25), options={"preset": "veryfast", "crf": "20", "g": "250", "sc_threshold": "0"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"  # type: ignore[attr-defined]
        for number in range(25 * seconds):
            # there and back again, without a cut
            place = number % (2 * len(frames) - 2)
            face = frames[place if place < len(frames) else 2 * len(frames) - 2 - place]
            picture = noise.copy()
            picture[28:1052, 448:1472] = cv2.resize(face, (1024, 1024), interpolation=cv2.INTER_CUBIC)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))  # type: ignore[attr-defined]
        container.mux(stream.encode(None))  # type: ignore[attr-defined]
    return out


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, help="the source's video (default: an actor)")
    parser.add_argument("--target", type=Path, help="the target's video (default: an actor, made 1080p)")
    parser.add_argument("--seconds", type=int, default=60, help="how long the target is, where none is named")
    parser.add_argument("--width", type=int, default=960, help="width of a monitor on the screen, in pixels")
    parser.add_argument("--target-only", action="store_true", help="leave the result out: nothing is rendered, which saves most of the time")
    return parser.parse_args()


if __name__ == "__main__":
    main()
