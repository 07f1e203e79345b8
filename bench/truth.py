"""Tracks against the exact commands that a rendered clip was made from."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from understudy.faces.align import face_height_px
from understudy.faces.mesh import BLENDSHAPE_NAMES, canonical, fit_rigid
from understudy.types import Track
from understudy.video.read import read_frames

MESH_OF_68 = (
    162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389,
    71, 63, 105, 66, 107, 336, 296, 334, 293, 301,
    168, 197, 5, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87,
)  # fmt: skip
"""The mesh point next to each point of the 68-point scheme (Gross et al., "Multi-PIE", 2010), in its order."""
_EYEBALL_CM = 1.2
_SIDE = 256


def accuracy(track: Track, raw: np.ndarray, truth: dict[str, np.ndarray]) -> dict[str, float]:
    """All figures of one clip. `raw`: (T, 478, 3) the meshes before smoothing, of every frame; `truth`: the clip's npz."""
    at = track.frame_index
    figures: dict[str, float] = {"frames": len(truth["weights"]), "found": len(at)}
    for axis, name in enumerate(("yaw", "pitch", "roll")):
        error = _after_offset(track.pose_deg[:, axis], truth["yaw_pitch_roll"][at, axis])
        figures |= {f"{name} median °": float(np.median(error)), f"{name} 95th °": float(np.percentile(error, 95))}
    for axis, name in enumerate(("across", "up and down")):
        ours, theirs = gaze_deg(track.landmarks)[:, axis], truth["gaze"][at, axis]
        open_eyes = truth["weights"][at, list(truth["names"]).index("eyeBlink_L")] < 0.5
        error = _after_offset(ours[open_eyes], theirs[open_eyes])
        figures[f"gaze {name} median °"] = float(np.median(error))
        figures[f"gaze {name} correlation"] = abs(_alike(ours[open_eyes], theirs[open_eyes]))
    figures |= _landmarks(track, raw[at], truth["landmarks68_xy"][at])
    names = list(truth["names"])
    for label, ours, theirs in (
        ("blink", ("eyeBlinkLeft", "eyeBlinkRight"), ("eyeBlink_L", "eyeBlink_R")),
        ("smile", ("mouthSmileLeft", "mouthSmileRight"), ("mouthSmile_L", "mouthSmile_R")),
        ("jaw open", ("jawOpen",), ("jawOpen",)),
    ):
        measured = track.blendshapes[:, [BLENDSHAPE_NAMES.index(name) for name in ours]].mean(1)
        wanted = truth["weights"][:, [names.index(name) for name in theirs]].mean(1)
        figures[f"{label} correlation"] = _alike(measured, wanted[at])
        figures[f"{label} lag, frames"] = lag(measured, wanted[at])
    figures["yaw lag, frames"] = lag(track.pose_deg[:, 0], truth["yaw_pitch_roll"][at, 0])
    return figures


def _landmarks(track: Track, raw: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Error of the 68 points: as they are (of the distance of the outer eye corners), after a constant offset a point, and its jitter."""
    face = (_SIDE / face_height_px(track.landmarks))[:, None, None]
    points = list(MESH_OF_68)
    error = track.landmarks[:, points, :2] - truth
    eyes = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=-1)
    scaled = error * face
    moved = scaled - np.median(scaled, 0)
    shaken = (raw[:, points, :2] - truth) * face
    return {
        "68 points, % of the eyes' distance": float(100 * (np.linalg.norm(error, axis=-1).mean(1) / eyes).mean()),
        "68 points after offset, px of 256": float(np.linalg.norm(moved, axis=-1).mean()),
        "jitter in motion before, px of 256": _shake(shaken),
        "jitter in motion after, px of 256": _shake(scaled),
    }


def _shake(error: np.ndarray) -> float:
    """The part of an error (T, N, 2) that changes from frame to frame: its second difference, scaled to the deviation of white noise."""
    return float(np.sqrt((np.diff(error, n=2, axis=0) ** 2).sum(-1).mean() / 6))


def gaze_deg(landmarks: np.ndarray) -> np.ndarray:
    """(T, 478, 3) -> (T, 2): where the eyes look in the head, across and down, from the iris' way on an eyeball of 12 mm radius."""
    scale, rotation, _ = fit_rigid(landmarks)
    angles = []
    for corners, iris in (((33, 133), 468), ((362, 263), 473)):
        middle = landmarks[:, corners].mean(1)
        away = np.einsum("tji,tj->ti", rotation, landmarks[:, iris] - middle) / scale[:, None]
        angles.append(np.degrees(np.arcsin(np.clip(away[:, :2] / _EYEBALL_CM, -1, 1))))
    return np.mean(angles, 0)


def lag(ours: np.ndarray, truth: np.ndarray, *, reach: int = 5) -> float:
    """By how many frames `ours` comes late: the peak of the cross-correlation, between frames by a parabola."""
    inner = slice(reach, len(truth) - reach)
    values = np.asarray([abs(_alike(ours[reach + d : len(ours) - reach + d], truth[inner])) for d in range(-reach, reach + 1)])
    best = int(np.clip(values.argmax(), 1, 2 * reach - 1))
    before, peak, after = values[best - 1 : best + 2]
    return float(best - reach + 0.5 * (before - after) / min(before - 2 * peak + after, -1e-9))


def _after_offset(ours: np.ndarray, truth: np.ndarray) -> np.ndarray:
    error = ours - np.sign(_alike(ours, truth)) * truth
    return np.abs(error - np.median(error))


def _alike(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def write_held(path: Path, out: Path, *, poses: tuple[int, ...] = (0, 60, 120, 180), frames: int = 50, noise: float = 2.0) -> None:
    """Some frames of a clip, each shown for two seconds under fresh noise of a camera (deviation in grey levels), in H.264."""
    rng = np.random.default_rng(0)
    pictures = [frame.rgb for frame in read_frames(path, depth=8) if frame.index in poses and frame.rgb is not None]
    with av.open(str(out), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25), options={"crf": "18", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = pictures[0].shape[1], pictures[0].shape[0], "yuv420p"
        for picture in pictures:
            for _ in range(frames):
                noisy = np.clip(np.rint(picture + rng.normal(0, noise, picture.shape)), 0, 255).astype(np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(noisy, format="rgb24")))
        container.mux(stream.encode())


def held(track: Track, raw: np.ndarray, *, frames: int = 50, settle: int = 6) -> dict[str, float]:
    """Mean distance of a landmark from its mean place while nothing moves; the frames next to a change of picture are left out."""
    face_cm = float(np.ptp(canonical()[:, 1]))

    def jitter(meshes: np.ndarray, index: np.ndarray) -> float:
        values = []
        for start in range(0, len(raw), frames):
            still = meshes[(index >= start + settle) & (index < start + frames - settle)]
            away = np.linalg.norm((still - still.mean(0))[..., :2], axis=-1).mean()
            values.append(away * _SIDE / (face_cm * float(fit_rigid(still)[0].mean())))
        return float(np.mean(values))

    return {"before": jitter(raw, np.arange(len(raw))), "after": jitter(track.landmarks, track.frame_index)}
