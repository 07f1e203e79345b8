"""Every face of one person in one video, kept or not, with its properties and a thumbnail: what is looked at when a set is put together.

Thumbnails lie on sheets (JPEG) of 10 x 10, in the order of time, made once; and one by one, for other orders (`thumbs`).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ProjectBroken
from ..events import Context, Meter
from ..faces.align import crop_matrices, face_height_px, take_crop
from ..faces.embed import aligned, embed
from ..faces.mesh import BLENDSHAPE_NAMES, eye_opening, mouth_opening
from ..faces.people import Seen
from ..files import put_folder, translate, write_bytes
from ..types import F32, U8, Identity, Track, VideoInfo
from ..video.index import frame_index
from ..video.read import read_frames
from .thumbs import ThumbWriter
from .wallplan import COLUMNS, GREY, JPEG, PER_SHEET, THUMB

PROPERTIES = (
    "time", "yaw", "pitch", "roll", "sharpness", "size", "brightness", "hue", "mouth", "eyes", "smile", "occluded", "outside", "motion",
    "others", "likeness", "quality",
)  # fmt: skip
_MEASURED = 400
"""Faces whose likeness to the person is measured (about 25 ms each); the others take it from their neighbours in the track."""
_TINY = 16
_BINS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Wall:
    """N faces in the order of time. `values[name]` is (N,) float32 for every name of PROPERTIES.

    time: seconds; yaw, pitch, roll, hue: degrees; size: pixels of the face's height; sharpness: as `Track.sharpness`; brightness: 0..255; mouth:
    distance of the lips over that of the eyes; eyes: lids' opening over the person's usual one; smile, occluded, outside, quality: 0..1; motion:
    faces' heights a frame; others: other faces in the frame; likeness: cosine to the person.
    """

    folder: Path
    track_ids: list[str]
    frame_index: NDArray[np.int32]
    values: dict[str, F32]
    histograms: F32
    """(N, 48): square roots of the shares of red, green and blue in 16 steps, unit length."""
    tiny: U8
    """(N, 16, 16): the face in grey."""

    def __len__(self) -> int:
        return len(self.frame_index)

    def sheets(self) -> list[Path]:
        """The sheets, in order; face `number` is on that of `number // PER_SHEET`."""
        return [self.folder / f"sheet-{n:04}.jpg" for n in range(-(-len(self) // PER_SHEET))]

    @staticmethod
    def place(number: int) -> tuple[int, int]:
        """Where the face's thumbnail begins on its sheet, in pixels: x, y."""
        row, column = divmod(number % PER_SHEET, COLUMNS)
        return column * THUMB, row * THUMB


def build_wall(
    path: Path, info: VideoInfo, *, tracks: Sequence[Track], everybody: Sequence[Seen], identity: Identity, folder: Path, context: Context
) -> Wall:
    """Measure all faces of `identity` in `tracks`, cut their thumbnails, and keep both in `folder`. `everybody`: who else is in the frames."""
    mine = [t for t in tracks if t.track_id in identity.track_ids]
    frames = np.concatenate([t.frame_index for t in mine])
    names = np.concatenate([np.full(len(t), i) for i, t in enumerate(mine)])
    order = np.lexsort((names, frames))
    frames, names = frames[order], names[order]
    part = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        tiny, likeness = _look(path, info, frames=frames, names=names, mine=mine, identity=identity, folder=part, context=context)
        values = {name: array[order] for name, array in _measured(path, mine, everybody).items()}
        values["likeness"] = likeness
        histograms = np.concatenate([_histograms(t.vertex_rgb) for t in mine])[order]
        arrays = {"frame_index": frames, "names": names, "histograms": histograms, "tiny": tiny}
        np.savez(part / "wall.npz", allow_pickle=False, **arrays, **{f"value/{name}": values[name] for name in PROPERTIES})
        (part / "wall.json").write_text(json.dumps({"track_ids": [t.track_id for t in mine]}), encoding="utf-8")
        put_folder(part, folder)
    except OSError as error:
        raise translate(error, folder) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return load_wall(folder)


def load_wall(folder: Path) -> Wall:
    """Read what `build_wall` kept. Raises ProjectBroken where it is not whole."""
    try:
        ids = json.loads((folder / "wall.json").read_text(encoding="utf-8"))["track_ids"]
        with np.load(folder / "wall.npz", allow_pickle=False) as file:
            return Wall(
                folder,
                [ids[i] for i in file["names"].tolist()],
                file["frame_index"],
                {name: file[f"value/{name}"] for name in PROPERTIES},
                file["histograms"],
                file["tiny"],
            )
    except (OSError, ValueError, KeyError, IndexError, EOFError, BadZipFile) as error:
        raise ProjectBroken(f"The faces in {folder} cannot be read.", why=str(error), remedy="delete that folder and look again") from error


def _measured(path: Path, mine: Sequence[Track], everybody: Sequence[Seen]) -> dict[str, F32]:
    """All properties that need no picture, over the frames of the tracks one after the other."""
    frames = np.concatenate([t.frame_index for t in mine])
    pose = np.concatenate([t.pose_deg for t in mine])
    colours = np.concatenate([t.vertex_rgb.mean(1, dtype=np.float32) for t in mine])
    sharpness = np.concatenate([t.sharpness for t in mine])
    occluded, outside = (np.concatenate([getattr(t, name) for t in mine]) for name in ("occluded", "outside"))
    shapes = np.concatenate([t.blendshapes for t in mine])
    smile = shapes[:, [BLENDSHAPE_NAMES.index("mouthSmileLeft"), BLENDSHAPE_NAMES.index("mouthSmileRight")]].mean(1)
    eyes = np.concatenate([eye_opening(t.landmarks).mean(1) for t in mine])
    size = np.concatenate([face_height_px(t.landmarks) for t in mine])
    index = frame_index(path)
    pts = np.asarray(index.pts, np.float64) - index.pts[0]
    seen = np.bincount(np.concatenate([t.frame_index for t in everybody]), minlength=int(frames.max()) + 1)
    sure = np.concatenate([t.presence * ~t.bridged for t in mine])
    sharp = np.clip(sharpness / max(float(np.median(sharpness)), 1e-6), 0, 1)
    values = {
        "time": pts[frames] * float(index.time_base),
        "yaw": pose[:, 0],
        "pitch": pose[:, 1],
        "roll": pose[:, 2],
        "sharpness": sharpness,
        "size": size,
        "brightness": colours @ np.asarray([0.2126, 0.7152, 0.0722], np.float32),
        "hue": cv2.cvtColor(colours[None] / 255, cv2.COLOR_RGB2HSV)[0, :, 0],
        "mouth": np.concatenate([mouth_opening(t.landmarks) for t in mine]),
        "eyes": eyes / max(float(np.quantile(eyes, 0.6)), 1e-6),
        "smile": smile,
        "occluded": occluded,
        "outside": outside,
        "motion": np.concatenate([_motion(t) for t in mine]) / np.maximum(size, 1),
        "others": seen[frames] - 1,
        "quality": sure * sharp * np.clip(size / 128, 0, 1) * (1 - occluded) * (1 - outside),
    }
    return {name: np.asarray(array, np.float32) for name, array in values.items()}


def _motion(track: Track) -> F32:
    """(T,): how far the mesh moves between the frames around, in pixels a frame."""
    if len(track) < 2:
        return np.zeros(len(track), np.float32)
    steps = np.diff(track.frame_index).astype(np.float32)
    moved = np.linalg.norm(np.diff(track.landmarks[..., :2], axis=0), axis=-1).mean(-1) / steps
    return ((np.concatenate([moved[:1], moved]) + np.concatenate([moved, moved[-1:]])) / 2).astype(np.float32)


def _histograms(colours: U8) -> F32:
    """(N, 478, 3) -> (N, 48)"""
    step = colours.astype(np.int64) * _BINS // 256 + np.arange(3) * _BINS
    rows = np.arange(len(colours))[:, None, None] * (3 * _BINS)
    counts = np.bincount((rows + step).reshape(-1), minlength=len(colours) * 3 * _BINS).reshape(len(colours), 3 * _BINS)
    return np.sqrt(counts / counts.sum(1, keepdims=True)).astype(np.float32)


def _look(
    path: Path,
    info: VideoInfo,
    *,
    frames: np.ndarray,
    names: np.ndarray,
    mine: Sequence[Track],
    identity: Identity,
    folder: Path,
    context: Context,
) -> tuple[U8, F32]:
    """Decode once: write the sheets; (N, 16, 16) grey pictures and (N,) likeness to the person."""
    n = len(frames)
    tiny = np.zeros((n, _TINY, _TINY), np.uint8)
    chosen = set(np.unique(np.linspace(0, n - 1, min(n, _MEASURED)).round().astype(int)).tolist())
    likeness = np.full(n, np.nan, np.float32)
    each = [crop_matrices(t.landmarks, size=THUMB) for t in mine]
    places = [int(np.searchsorted(mine[name].frame_index, at)) for name, at in zip(names, frames, strict=True)]
    sheet = np.full((COLUMNS * THUMB, COLUMNS * THUMB, 3), GREY, np.uint8)
    row, thumbs = 0, ThumbWriter(folder)
    with Meter(context, "faceset", "thumbnails of the face", n) as meter:
        for frame in read_frames(path, want="rgb", start_index=int(frames[0]), end_index=int(frames[-1]) + 1, depth=8, info=info):
            while row < n and frames[row] <= frame.index and frame.rgb is not None:
                track, place = mine[names[row]], places[row]
                thumb = take_crop(frame.rgb, each[names[row]][place], size=THUMB).rgb
                x, y = Wall.place(row)
                sheet[y : y + THUMB, x : x + THUMB] = thumb
                thumbs.add(thumb)
                tiny[row] = cv2.resize(cv2.cvtColor(thumb, cv2.COLOR_RGB2GRAY), (_TINY, _TINY), interpolation=cv2.INTER_AREA)
                if row in chosen:
                    likeness[row] = float(embed([aligned(np.asarray(frame.rgb, np.uint8), track.landmarks[place])]) @ identity.embedding)
                row += 1
                if row % PER_SHEET == 0 or row == n:
                    jpeg = cv2.imencode(".jpg", np.ascontiguousarray(sheet[..., ::-1]), JPEG)[1].tobytes()
                    write_bytes(folder / f"sheet-{(row - 1) // PER_SHEET:04}.jpg", jpeg)
                    sheet[:] = GREY
                meter.step()
            context.check()
    thumbs.close()
    return tiny, _between(likeness, names)


def _between(likeness: F32, names: np.ndarray) -> F32:
    """The measured values, and between them a line inside each track (over all of them where a track has none)."""
    out, known = likeness.copy(), np.isfinite(likeness)
    places = np.arange(len(likeness))
    for name in np.unique(names):
        own = names == name
        use = known & own if (known & own).any() else known
        out[own] = np.interp(places[own], places[use], likeness[use])
    return out
