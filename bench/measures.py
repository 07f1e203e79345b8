"""What can be measured on a swapped video: whose face it is, how near to a known truth, whether it moves like the target, flicker, sharpness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from understudy.config import FaceSettings
from understudy.events import Context, Meter
from understudy.faces.align import apply, crop_matrices, take_crop
from understudy.faces.mesh import canonical, eye_opening, mouth_opening
from understudy.faces.track import track_shot
from understudy.swap.regions import inner_weight
from understudy.swap.warp import Raster, continued, draw, sample, with_rim
from understudy.types import Shot, Track
from understudy.video.probe import probe
from understudy.video.read import read_frames

SIDE = 256
CROP = 320
Judge = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Seen:
    """A video with one face, followed by the product's mesh: its pictures laid on one frontal mesh, so that what moves is only appearance."""

    track: Track
    flat: np.ndarray
    """(T, 256, 256, 3) uint8 the face unrolled onto the mean face's mesh."""
    crops: np.ndarray
    """(T, 320, 320, 3) uint8 the standard crops: whole frames of a long video would not fit into memory."""
    points: np.ndarray
    """(T, 478, 3) the mesh in the crops' pixels."""


def look(path: Path) -> Seen:
    """Follow the longest face of a video and unroll it."""
    info = probe(path)
    assert info.n_frames is not None
    context = Context()
    with Meter(context, "extract", path.name, info.n_frames) as meter:
        tracks = track_shot(
            path, info, shot=Shot("bench", "bench", 0, info.n_frames, 0, 0), media_id="bench", settings=FaceSettings(), context=context, meter=meter
        )
    track = max(tracks, key=len)
    raster = flat_raster()
    place = {int(index): i for i, index in enumerate(track.frame_index)}
    matrices = crop_matrices(track.landmarks, size=CROP)
    flat, crops = [], []
    for frame in read_frames(path, info=info):
        if frame.index in place and frame.rgb is not None:
            at = place[frame.index]
            crops.append(take_crop(frame.rgb, matrices[at], size=CROP).rgb)
            flat.append(unroll(frame.rgb, track.landmarks[at], raster))
    return Seen(track, np.stack(flat), np.stack(crops), apply(matrices, track.landmarks))


def flat_raster() -> Raster:
    """The mean face seen from the front, 256 px."""
    mesh = np.concatenate([canonical(), np.zeros((10, 3), np.float32)])
    mesh[:, :2] = mesh[:, :2] * (0.8 * SIDE / np.ptp(canonical()[:, 1])) + SIDE / 2 - 0.5
    return draw(with_rim(mesh), size=SIDE)


def unroll(rgb: np.ndarray, landmarks: np.ndarray, raster: Raster) -> np.ndarray:
    """The face of a frame on the flat mesh; frames much larger than it are filtered first."""
    factor = max(1, round(float(np.ptp(landmarks[:, 1])) / (0.8 * SIDE)))
    if factor > 1:
        rgb = cv2.blur(rgb, (factor, factor))
    places = raster.carry(with_rim(landmarks)[:, :2], outside=-1)
    return np.clip(np.rint(sample(rgb, places)), 0, 255).astype(np.uint8)


def inner_mask() -> np.ndarray:
    """(256, 256) bool: the inner face on the flat mesh."""
    return flat_raster().carry(continued(inner_weight(0.5, 1.0)[:, None]))[..., 0] > 0.5


def same_frames(a: Seen, b: Seen) -> tuple[np.ndarray, np.ndarray]:
    """Positions in both of the frames that both have."""
    _, ia, ib = np.intersect1d(a.track.frame_index, b.track.frame_index, return_indices=True)
    return ia, ib


def identity(seen: Seen, judge: Judge, *, every: int = 4) -> np.ndarray:
    """(K, D) unit vectors of every few frames."""
    return np.stack([judge(seen.crops[i], seen.points[i]) for i in range(0, len(seen.crops), every)])


def mean_vector(vectors: np.ndarray) -> np.ndarray:
    total = vectors.mean(0)
    return total / np.linalg.norm(total)


def against_truth(result: Seen, truth: Seen, *, fit_colour: bool) -> tuple[float, float]:
    """(L1 of 1, SSIM) over the inner face, means over frames. `fit_colour`: after the best gain and offset for each frame and channel."""
    mask = inner_mask()
    ia, ib = same_frames(result, truth)
    errors, likeness = [], []
    for a, b in zip(ia[::3], ib[::3], strict=True):
        x, y = result.flat[a].astype(np.float32), truth.flat[b].astype(np.float32)
        if fit_colour:
            for c in range(3):
                gain, offset = np.polyfit(x[mask, c], y[mask, c], 1)
                x[..., c] = gain * x[..., c] + offset
        errors.append(np.abs(x - y)[mask].mean() / 255)
        likeness.append(ssim(x, y)[mask].mean())
    return float(np.mean(errors)), float(np.mean(likeness))


def ssim(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(H, W) structural similarity of the luma (Wang et al. 2004, Gaussian window of 1.5 px)."""
    x, y = (cv2.cvtColor(np.clip(v, 0, 255).astype(np.float32) / 255, cv2.COLOR_RGB2GRAY) for v in (x, y))

    def blur(v: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(v, (11, 11), 1.5)

    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx * mx, blur(y * y) - my * my, blur(x * y) - mx * my
    return ((2 * mx * my + 1e-4) * (2 * cov + 9e-4)) / ((mx * mx + my * my + 1e-4) * (vx + vy + 9e-4))


def expression(result: Seen, target: Seen) -> dict[str, float]:
    """Correlation over time of mouth and eye opening, and the slope of the mouth's."""
    ia, ib = same_frames(result, target)
    mouth_r, mouth_t = mouth_opening(result.track.landmarks)[ia], mouth_opening(target.track.landmarks)[ib]
    eyes_r, eyes_t = eye_opening(result.track.landmarks).mean(1)[ia], eye_opening(target.track.landmarks).mean(1)[ib]
    return {
        "mouth": float(np.corrcoef(mouth_r, mouth_t)[0, 1]),
        "mouth slope": float(np.polyfit(mouth_t, mouth_r, 1)[0]),
        "eyes": float(np.corrcoef(eyes_r, eyes_t)[0, 1]),
    }


def flicker(seen: Seen) -> float:
    """Mean absolute second difference in time of the unrolled inner face (of 255): movement is already taken out."""
    mask = inner_mask()
    pictures = [cv2.GaussianBlur(picture, (0, 0), 1.0).astype(np.float32)[mask] for picture in seen.flat]
    return float(np.mean([np.abs(b - (a + c) / 2).mean() for a, b, c in zip(pictures, pictures[1:], pictures[2:], strict=False)]))


def sharpness(seen: Seen) -> float:
    """Mean absolute Laplacian of the inner face's luma, in the frames' own pixels scaled to a face of 256 px."""
    mask = inner_mask()
    grays = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in seen.flat[::5]]
    return float(np.mean([np.abs(cv2.Laplacian(gray, cv2.CV_32F))[mask].mean() for gray in grays]))
