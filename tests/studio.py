"""What the tests of the commands share: short clips of the actors, consent records, and the command line in this process or another."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from synthetic import cut_clip

from understudy.cli import main
from understudy.provenance.consent import save_record
from understudy.provenance.consent_record import new_record

ACTORS = Path(__file__).parents[1] / "assets" / "actors"
A, B = ACTORS / "synthetic_actor_A_eval.mp4", ACTORS / "synthetic_actor_B_eval.mp4"


@dataclass(frozen=True)
class Desk:
    """A folder with a source, a target, and a record for each person; the commands run in it."""

    folder: Path
    source: Path
    target: Path
    face: Path
    performer: Path

    @property
    def out(self) -> Path:
        return self.folder / "out.mp4"

    def swap(self, *more: str, source: Path | None = None, target: Path | None = None, out: Path | None = None, consents: bool = True) -> list[str]:
        """The words of a draft swap of this desk."""
        words = ["swap", str(source or self.source), str(target or self.target), "-o", str(out or self.out), "--quality", "draft"]
        if consents:
            words += ["--consent", str(self.face), "--consent", str(self.performer)]
        return [*words, *more]


def record(path: Path, role: str, **changes: object) -> Path:
    """A record of a person who does not exist, unless changed."""
    fields = {
        "subject": f"Nobody, {role}",
        "role": role,
        "purpose": "a test",
        "production": "Tests",
        "channels": ["nowhere"],
        "actions": ["train", "render", "publish"],
        "expires": None,
        "basis": "consent",
        "recorded_by": "the tests",
        "person_exists": False,
        **changes,
    }
    save_record(new_record(**fields), path)  # type: ignore[arg-type]
    return path


def make_desk(folder: Path) -> Desk:
    """24 frames of actor A, 8 of actor B."""
    folder.mkdir(exist_ok=True)
    return Desk(
        folder,
        cut_clip(A, folder / "source.mp4", n=24, every=10),
        cut_clip(B, folder / "target.mp4", n=8, start=40),
        record(folder / "face.json", "face"),
        record(folder / "performer.json", "performer"),
    )


def start(words: list[str], *, shell_prefix: str = "") -> subprocess.Popen[str]:
    """The command in a process of its own. `shell_prefix`: what the shell does first (a limit)."""
    command = [sys.executable, "-m", "understudy.cli", *words]
    if shell_prefix:
        command = ["bash", "-c", f'{shell_prefix}; exec "$0" "$@"', *command]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def frames_of(path: Path) -> np.ndarray:
    """(T, H, W) luma of a video."""
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)])


def side_by_side(path: Path, *, n: int) -> Path:
    """Actor A on the left and actor C on the right, as large as each other. Returns `path`."""
    clips = (A, ACTORS / "synthetic_actor_C_eval.mp4")
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "14"})
        stream.width, stream.height, stream.pix_fmt = 768, 384, "yuv420p"  # type: ignore[attr-defined]
        halves = []
        for clip in clips:
            with av.open(str(clip)) as given:
                halves.append(
                    [frame.reformat(width=384, height=384).to_ndarray(format="rgb24") for frame in itertools.islice(given.decode(video=0), n)]
                )
        for left, right in zip(*halves, strict=True):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.concatenate([left, right], 1), format="rgb24")))  # type: ignore[attr-defined]
        out.mux(stream.encode(None))  # type: ignore[attr-defined]
    return path


__all__ = ["ACTORS", "A", "B", "Desk", "frames_of", "main", "make_desk", "record", "side_by_side", "start"]


def read_terminal(handle: int) -> bytes:
    """Everything that a program writes to its terminal, until it closes it; closes our end."""
    seen = b""
    while True:
        try:
            piece = os.read(handle, 65536)
        except OSError:  # what Linux says when the other end is gone
            break
        if not piece:
            break
        seen += piece
    os.close(handle)
    return seen
