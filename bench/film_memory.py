"""How much memory do the faces of a long film take, when a set is made of a person who is in every frame of it?

    python bench/film_memory.py [--hours 2] [--disk FOLDER]

An actor's tracks are stored over and over, in pieces as the film's would be (about 1.4 GB for two hours), read back, and chosen from; then they are
looked through as `understudy check` does it with a target. No video is decoded. Prints what each step took and the peak of this process; pages of
the tracks' files that are only mapped are counted apart, the system takes them back when it needs room.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from faces import CLIPS, actor_clip, follow

from understudy.config import FacesetSettings, SwapSettings
from understudy.events import Context
from understudy.faces.people import find_people
from understudy.faces.trackfile import load_tracks, save_tracks
from understudy.faceset.curate import candidates_of, choose
from understudy.faceset.extract import build_faceset
from understudy.pipeline.survey import fit_of, seen_of
from understudy.types import Track
from understudy.video.probe import probe

RATE = 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--disk", type=Path, help="where the tracks are put meanwhile")
    asked = parser.parse_args()
    track = follow(actor_clip(CLIPS[0]))[0]
    _say("an actor followed")
    clip = actor_clip(CLIPS[0])
    with tempfile.TemporaryDirectory(dir=asked.disk) as folder:
        (person,) = find_people([track])
        lender, _ = build_faceset(
            clip, probe(clip), tracks=[track], identity=person, folder=Path(folder) / "set", settings=FacesetSettings(), context=Context()
        )
        files = write(track, Path(folder), frames=round(asked.hours * 3600 * RATE))
        _say(f"{len(files)} pieces, {sum(file.stat().st_size for file in files) / 1e9:.2f} GB on disk")
        tracks = [track for file in files for track in load_tracks(file)]
        _say("all tracks opened")
        candidates = candidates_of(tracks)
        _say("measured")
        kept, _ = choose(candidates, settings=FacesetSettings())
        _say(f"{len(kept)} of {len(candidates)} pictures chosen")
        del candidates, kept
        covered = np.concatenate([seen_of(track)[1] for track in tracks])
        _say(f"light and cover of {len(covered)} frames measured")
        fit = fit_of(tracks, lender, np.arange(len(lender)), settings=SwapSettings())
        _say(f"the fitting pictures of {len(fit.row)} frames found")


def write(track: Track, folder: Path, *, frames: int) -> list[Path]:
    """Pieces as long as the track, the last one's end cut off by none: at least `frames` in all. A little noise keeps them apart."""
    rng = np.random.default_rng(1)
    files = []
    for start in range(0, frames, len(track)):
        moved = track.landmarks + rng.normal(0, 0.5, (len(track), 1, 3)).astype(np.float32)
        piece = replace(track, track_id=f"piece-{start}", frame_index=track.frame_index + np.int32(start), landmarks=moved)
        files.append(folder / f"{start}.npz")
        save_tracks([piece], files[-1])
    return files


def _say(what: str) -> None:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    own, mapped, peak = (int(status[key].split()[0]) / 1024 for key in ("RssAnon", "RssFile", "VmHWM"))
    print(f"{time.process_time():6.1f} s  own {own:6.0f} MB  mapped {mapped:6.0f} MB  peak of both {peak:6.0f} MB  {what}", flush=True)


if __name__ == "__main__":
    main()
