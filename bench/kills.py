"""Does training survive being killed? Kills it at random moments, again and again, and compares what comes out with a training that nobody disturbed.

    python bench/kills.py --kills 100

Each time a process trains actor A's face from where the last one stopped and is killed after a random time (SIGKILL: nothing can be saved any more).
In the end both trainings must hold the same numbers, to the bit. Exit status 1 where they do not.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import torch
from papers import consent
from swap import ACTORS, ROOT, cut

from understudy import api
from understudy.config import TrainSettings
from understudy.errors import CheckpointBroken
from understudy.events import Context
from understudy.faceset.extract import load_faceset
from understudy.model.checkpoint import Checkpoints, State, key_of
from understudy.permits import require
from understudy.pipeline.consents import permits_of
from understudy.project import Project
from understudy.swap.draft import DraftSwapper
from understudy.train.loop import learn
from understudy.types import Faceset

SETTINGS = TrainSettings(rounds=12, faces_per_round=32, batch=4, size=128, threads=1)


def main() -> int:
    asked = _arguments()
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.prepare:
        prepare(asked.out)
        return 0
    # the networks' threads would not live on in the copies of this process
    subprocess.run([sys.executable, __file__, "--prepare", "--out", str(asked.out)], check=True)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    with Project(asked.out / "project") as project:
        permit = permits_of(project, "train", "render").face
        (folder,) = (path.parent for path in project.folder.glob("**/report.json") if (path.parent / "crops.npy").is_file())
    require(permit, role="face", action="train")
    faceset = load_faceset(folder)
    base = DraftSwapper.fit(faceset, settings=api.settings_of(asked.out / "project").swap, permit=permit)
    for name in ("calm", "killed"):
        shutil.rmtree(asked.out / name, ignore_errors=True)
    began = time.monotonic()
    _train(faceset, base, asked.out / "calm")
    whole = time.monotonic() - began
    chance, counts = random.Random(asked.seed), {"killed": 0, "finished by itself": 0, "checkpoint not readable": 0, "rounds lost": 0}
    last = 0
    while counts["killed"] < asked.kills:
        child = os.fork()
        if child == 0:
            _train(faceset, base, asked.out / "killed")
            os._exit(0)
        time.sleep(chance.uniform(0, asked.longest or whole / 6))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        counts["killed" if os.WIFSIGNALED(status) else "finished by itself"] += 1
        try:
            state = _newest(faceset, base, asked.out / "killed")
        except CheckpointBroken:
            counts["checkpoint not readable"] += 1
            continue
        rounds = int(state.facts["rounds"]) if state is not None else 0
        counts["rounds lost"] += max(0, last - rounds)
        # done: begin anew, so that every moment of a training is hit
        last = rounds
        if rounds >= SETTINGS.rounds and counts["killed"] < asked.kills:
            counts["trainings that reached the end"] = counts.get("trainings that reached the end", 0) + 1
            if not _same(state, _newest(faceset, base, asked.out / "calm")):
                counts["ends that differ"] = counts.get("ends that differ", 0) + 1
            shutil.rmtree(asked.out / "killed")
            last = 0
    _train(faceset, base, asked.out / "killed")
    same = _same(_newest(faceset, base, asked.out / "killed"), _newest(faceset, base, asked.out / "calm"))
    for name, count in counts.items():
        print(f"{name:32}{count:5}")
    print(f"{'the end is the same to the bit':32}{'yes' if same else 'NO':>5}   ({whole:.0f} s undisturbed)")
    return 0 if same and not counts["checkpoint not readable"] and not counts["rounds lost"] and not counts.get("ends that differ") else 1


def prepare(out: Path) -> None:
    """A project with four seconds of actor A, its face pictures collected."""
    project = out / "project"
    if not (project / "project.sqlite").is_file():
        api.setup()
        api.new(project)
        api.add(project, cut(ACTORS / "synthetic_actor_A_train.mp4", out / "source.mp4", 4), role="source")
        api.add(project, cut(ACTORS / "synthetic_actor_B_eval.mp4", out / "target.mp4", 1), role="target")
        for role in ("face", "performer"):
            api.consent_add(project, consent(out, role, by="bench/kills.py"))
    api.extract(project)


def _train(faceset: Faceset, base: DraftSwapper, folder: Path) -> None:
    learn(faceset, base, folder=folder, settings=SETTINGS, context=Context(), previews=folder / "previews")


def _newest(faceset: Faceset, base: DraftSwapper, folder: Path) -> State | None:
    return Checkpoints(folder, key=key_of(faceset, SETTINGS, draft_id=base.model_id)).newest()


def _same(a: State | None, b: State | None) -> bool:
    return a is not None and b is not None and a.step == b.step and all(torch.equal(a.tensors[name], b.tensors[name]) for name in a.tensors)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--longest", type=float, default=0.0, help="seconds that a process lives at most; 0: a sixth of a whole training")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--prepare", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "out" / "kills")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
