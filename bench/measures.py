"""What can be measured on a swapped video: whose face it is, how near to a known truth, whether it moves like the target, flicker, sharpness."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from understudy.config import FaceSettings
from understudy.events import Context, Meter
from understudy.faces.align import FACE_SHARE, apply, crop_matrices, take_crop
from understudy.faces.landmark import blendshapes, from_mesh
from understudy.faces.mesh import canonical, eye_opening, mouth_opening
from understudy.faces.smooth import smooth_landmarks
from understudy.faces.track import track_shot
from understudy.swap.regions import cover_weight, inner_weight
from understudy.swap.warp import Raster, continued, draw, sample, with_rim
from understudy.types import Shot
from understudy.video.probe import probe
from understudy.video.read import read_frames

SIDE = 256
CROP = 320
Judge = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Seen:
    """A video with one face, followed by the product's mesh: its pictures laid on one frontal mesh, so that what moves is only appearance."""

    frame_index: np.ndarray
    """(T,)"""
    landmarks: np.ndarray
    """(T, 478, 3) steadied, in the frames' pixels."""
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
    pictures = ((frame.index, frame.rgb) for frame in read_frames(path, info=info) if frame.rgb is not None)
    return unrolled(pictures, track.frame_index, track.landmarks)


def look_again(pictures: Iterable[tuple[int, np.ndarray]], known: Seen) -> Seen:
    """Measure pictures (index, RGB) of frames in which the face stands about where it does in `known`: the target with another face on it.

    The mesh is measured anew in every frame, from where the target's was.
    """
    places = {int(index): t for t, index in enumerate(known.frame_index)}
    kept = [(index, rgb) for index, rgb in pictures if index in places]
    index = np.asarray([i for i, _ in kept], np.int32)
    meshes = [from_mesh(rgb, from_mesh(rgb, known.landmarks[places[i]]).landmarks).landmarks for i, rgb in kept]
    return unrolled(kept, index, smooth_landmarks(np.stack(meshes), index))


def unrolled(pictures: Iterable[tuple[int, np.ndarray]], frame_index: np.ndarray, landmarks: np.ndarray) -> Seen:
    """The pictures (index, RGB) of frames whose meshes (T, 478, 3) are known."""
    raster = flat_raster()
    place = {int(index): i for i, index in enumerate(frame_index)}
    matrices = crop_matrices(landmarks, size=CROP)
    flat, crops = [], []
    for index, rgb in pictures:
        if index in place:
            at = place[index]
            crops.append(take_crop(rgb, matrices[at], size=CROP).rgb)
            flat.append(unroll(rgb, landmarks[at], raster))
    return Seen(frame_index, landmarks, np.stack(flat), np.stack(crops), apply(matrices, landmarks))


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
    _, ia, ib = np.intersect1d(a.frame_index, b.frame_index, return_indices=True)
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
            x = fitted(x, y, mask)
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
    mouth_r, mouth_t = mouth_opening(result.landmarks)[ia], mouth_opening(target.landmarks)[ib]
    eyes_r, eyes_t = eye_opening(result.landmarks).mean(1)[ia], eye_opening(target.landmarks).mean(1)[ib]
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


def sharpness_at(seen: Seen, height_px: float) -> float:
    """As `sharpness`, but of the standard crops brought to a face of at most `height_px`: a large and a small face alike."""
    factor = min(1.0, height_px / (FACE_SHARE * CROP))
    side = round(CROP * factor)
    mask, raster = inner_mask(), flat_raster()
    values = []
    for crop, points in zip(seen.crops[::5], seen.points[::5], strict=True):
        small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA) if side < CROP else crop
        places = raster.carry(with_rim(points)[:, :2], outside=-1)
        picture = np.clip(np.rint(sample(small, (places + 0.5) * (side / CROP) - 0.5)), 0, 255).astype(np.uint8)
        gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        values.append(np.abs(cv2.Laplacian(gray, cv2.CV_32F))[mask].mean())
    return float(np.mean(values))


def expression_errors(result: Seen, target: Seen) -> dict[str, float]:
    """Mean absolute difference of mouth and eyes from the target's: openings in hundredths of their width, and the 52 movements in hundredths.

    The steady difference between two people (its median over time) is not counted.
    """
    ia, ib = same_frames(result, target)
    a, b = result.landmarks[ia], target.landmarks[ib]
    pairs = {
        "mouth error": (mouth_opening(a)[:, None], mouth_opening(b)[:, None]),
        "eyes error": (eye_opening(a), eye_opening(b)),
        "movements error": (blendshapes(a), blendshapes(b)),
    }
    return {name: float(100 * np.abs(x - y - np.median(x - y, axis=0)).mean()) for name, (x, y) in pairs.items()}


def pasted(truth: Seen, target: Seen) -> Seen:
    """The ceiling: the truth's own face, within its mesh, laid on the target's head."""
    ia, ib = same_frames(truth, target)
    shown = []
    for a, b in zip(ia, ib, strict=True):
        alpha = draw(with_rim(truth.points[a]), size=CROP).carry(continued(cover_weight()[:, None]))
        shown.append(
            (
                int(target.frame_index[b]),
                np.rint(target.crops[b] + np.clip(alpha, 0, 1) * (truth.crops[a].astype(np.float32) - target.crops[b])).astype(np.uint8),
            )
        )
    index = np.asarray([i for i, _ in shown], np.int32)
    meshes = np.stack([from_mesh(rgb, truth.points[a]).landmarks for (_, rgb), a in zip(shown, ia, strict=True)])
    return unrolled(shown, index, smooth_landmarks(meshes, index))


def lpips_to(result: Seen, truth: Seen, lpips: Callable[[np.ndarray, np.ndarray, np.ndarray], float]) -> float:
    """LPIPS over the unrolled inner face after the best gain and offset for each frame and channel; every third frame."""
    mask = inner_mask()
    ia, ib = same_frames(result, truth)
    return float(
        np.mean(
            [
                lpips(fitted(result.flat[a], truth.flat[b], mask), truth.flat[b].astype(np.float32), mask)
                for a, b in zip(ia[::3], ib[::3], strict=True)
            ]
        )
    )


def fitted(picture: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) after the gain and offset for each channel that bring it nearest to the truth over the mask."""
    x, y = picture.astype(np.float32), truth.astype(np.float32)
    for c in range(3):
        gain, offset = np.polyfit(x[mask, c], y[mask, c], 1)
        x[..., c] = np.clip(gain * x[..., c] + offset, 0, 255)
    return x
