"""One person's pictures out of a video: cut, masked, sorted out, and stored so that training reads them without decoding."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from ..config import FacesetSettings
from ..errors import ProjectBroken, TooFewFaces
from ..events import Context, Meter
from ..faces.align import FACE_SHARE, apply, crop_matrices, take_crop
from ..faces.glasses import wears_glasses
from ..faces.masks import track_masks
from ..faces.segment import SIDE as MASK_SIDE
from ..files import put_folder, translate
from ..types import F32, U8, Faceset, Identity, Track, VideoInfo
from ..video.read import read_frames
from .curate import Candidates, candidates_of, choose, counted
from .trash import NOTHING_SAID, Standing

FEWEST = 3
_REST = ("landmarks", "pose_deg", "blendshapes", "sharpness", "vertex_rgb", "frame_index", "track_number", "crop_from_frame")


@dataclass(frozen=True, slots=True, eq=False)
class _Chosen:
    """What will be in the set, before the pictures are cut."""

    rows: Candidates
    frame_index: NDArray[np.int32]
    crop_from_frame: F32
    landmarks: F32
    """(N, 478, 3) in crop pixels."""
    masks: U8
    size: int


def build_faceset(
    path: Path,
    info: VideoInfo,
    *,
    tracks: list[Track],
    identity: Identity,
    folder: Path,
    settings: FacesetSettings,
    context: Context,
    standing: Standing = NOTHING_SAID,
    others: int = 0,
) -> tuple[Faceset, dict[str, int]]:
    """Make the set of `identity` from the video at `path` in `folder` (replaced if it is there), and say how many pictures were left out.

    The counts are by reason: `wrong person`, `thrown out` (by the user, see `standing`), `unsure`, `too small`, `cut off`, `covered`, `blurred`,
    `duplicate`, `too many`. The video is decoded once; memory does not grow with the size of its pictures. Raises TooFewFaces where fewer
    than 3 are left. `others`: how many faces of other people there are beside those in `tracks`.
    """
    mine = own_tracks(tracks, identity)
    others += sum(len(t) for t in tracks if t.track_id not in identity.track_ids)
    left_out = {"wrong person": others} if others else {}
    if not mine:
        raise _too_few(0, left_out)
    chosen, counts = _choose(mine, settings=settings, standing=standing)
    left_out |= counts
    if len(chosen.frame_index) < FEWEST:
        raise _too_few(len(chosen.frame_index), left_out)
    part = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _write_crops(path, info, chosen=chosen, file=part / "crops.npy", context=context)
        np.save(part / "masks.npy", chosen.masks, allow_pickle=False)
        _write_rest(part, chosen=chosen, identity=identity, left_out=left_out, glasses=bool(wears_glasses(mine)))
        put_folder(part, folder)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise translate(error, folder) from error
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return load_faceset(folder), left_out


def load_faceset(folder: Path) -> Faceset:
    """Open a set; its pictures and masks are read-only memory maps. Raises ProjectBroken where it is not whole."""
    try:
        with np.load(folder / "rest.npz", allow_pickle=False) as rest:
            arrays = {name: rest[name] for name in _REST}
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        return Faceset(
            identity_id=report["identity_id"],
            glasses=bool(report.get("glasses")),
            crops=np.load(folder / "crops.npy", mmap_mode="r", allow_pickle=False),
            masks=np.load(folder / "masks.npy", mmap_mode="r", allow_pickle=False),
            **arrays,
        )
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ProjectBroken(f"The faceset in {folder} cannot be read.", why=str(error), remedy="delete that folder and extract again") from error


def own_tracks(tracks: Sequence[Track], identity: Identity) -> list[Track]:
    """The person's, in the order of time: the order of everything in a set."""
    return sorted((t for t in tracks if t.track_id in identity.track_ids), key=lambda t: (int(t.frame_index[0]), t.track_id))


def deserved_size(height_px: F32) -> int:
    """Side of the crops that shows the median face 1:1: a multiple of 64 in 128..512."""
    side = float(np.median(height_px)) / FACE_SHARE
    return int(np.clip(side // 64 * 64, 128, 512))


def _choose(mine: list[Track], *, settings: FacesetSettings, standing: Standing) -> tuple[_Chosen, dict[str, int]]:
    everything = candidates_of(mine)
    out, wanted = standing.over(mine)
    kept, reasons = choose(everything, settings=settings, out=out, wanted=wanted)
    size = settings.size or deserved_size(everything.height_px[kept] if len(kept) else everything.height_px)
    # track after track: the meshes of a film are more than should lie in memory at once
    starts = np.cumsum([0, *(len(t) for t in mine)]).tolist()
    rows = [kept[(kept >= start) & (kept < end)] - start for start, end in pairwise(starts)]
    landmarks = np.concatenate([t.landmarks[at] for t, at in zip(mine, rows, strict=True)])
    matrices = crop_matrices(landmarks, size=size)
    chosen = _Chosen(
        rows=everything.take(kept),
        frame_index=np.concatenate([t.frame_index for t in mine])[kept],
        crop_from_frame=matrices,
        landmarks=apply(matrices, landmarks),
        masks=np.concatenate([_masks(t, at) for t, at in zip(mine, rows, strict=True)]),
        size=size,
    )
    return chosen, counted(reasons)


def _masks(track: Track, rows: NDArray[np.intp]) -> U8:
    if not len(rows):
        return np.zeros((0, MASK_SIDE, MASK_SIDE), np.uint8)
    return track_masks(track, rows, apply(crop_matrices(track.landmarks, size=MASK_SIDE), track.landmarks))


def _write_crops(path: Path, info: VideoInfo, *, chosen: _Chosen, file: Path, context: Context) -> None:
    """Decode once, cut, and write straight into the file."""
    n, size = len(chosen.frame_index), chosen.size
    by_frame: dict[int, list[int]] = {}
    for row, index in enumerate(chosen.frame_index.tolist()):
        by_frame.setdefault(index, []).append(row)
    first, last = min(by_frame), max(by_frame)
    crops = open_memmap(file, mode="w+", dtype=np.uint8, shape=(n, size, size, 3))
    with Meter(context, "faceset", "pictures of the face", last - first + 1) as meter:
        for frame in read_frames(path, want="rgb", start_index=first, end_index=last + 1, depth=8, info=info):
            for row in by_frame.get(frame.index, ()):
                if frame.rgb is not None:
                    crops[row] = take_crop(frame.rgb, chosen.crop_from_frame[row], size=size).rgb
            meter.step()
    crops.flush()


def _write_rest(part: Path, *, chosen: _Chosen, identity: Identity, left_out: dict[str, int], glasses: bool) -> None:
    rows = chosen.rows
    np.savez(
        part / "rest.npz",
        allow_pickle=False,
        landmarks=chosen.landmarks,
        pose_deg=rows.pose_deg,
        blendshapes=rows.blendshapes,
        sharpness=rows.sharpness,
        vertex_rgb=rows.vertex_rgb,
        frame_index=chosen.frame_index,
        track_number=rows.track_number,
        crop_from_frame=chosen.crop_from_frame,
    )
    report = {"identity_id": identity.identity_id, "faces": len(rows), "size": chosen.size, "left_out": left_out, "glasses": glasses}
    (part / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")


def _too_few(n: int, left_out: dict[str, int]) -> TooFewFaces:
    reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items()) or "nothing was found"
    return TooFewFaces(
        f"Only {n} usable pictures of the face are left; at least {FEWEST} are needed.",
        why=f"Left out: {reasons}.",
        remedy="use a video in which the face is larger, sharper and wholly in the picture",
    )
