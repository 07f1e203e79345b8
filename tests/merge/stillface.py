"""A face that needs no tracking: the canonical mesh at a chosen place, a picture to lie under it, and swappers whose work is known exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from understudy.events import Context, Meter
from understudy.faces.align import apply, crop_matrices
from understudy.faces.masks import hull
from understudy.faces.mesh import canonical
from understudy.types import F32, U8, Drive, FaceCrop, Performance, Permit, SwappedFace


def permit(role: str, *, actions: tuple[str, ...] = ("render",)) -> Permit:
    return Permit(f"record-{role}", "0" * 64, "nobody", role, frozenset(actions), "a test", None, person_exists=False)  # pyright: ignore


PERMITS = (permit("face"), permit("performer"))


def mesh_at(centre: tuple[float, float], height: float, *, roll_deg: float = 0.0) -> F32:
    """(478, 3) the canonical face, `height` pixels high, rolled, around `centre` of the frame."""
    model = canonical()
    pupils = np.repeat(model[[159, 386]], 5, 0)
    points = np.concatenate([model, pupils]) * (height / float(np.ptp(model[:, 1])))
    cos, sin = np.cos(np.radians(roll_deg)), np.sin(np.radians(roll_deg))
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    out = (points - points[:468].mean(0)) @ turn.T
    out[:, :2] += centre
    return out.astype(np.float32)


def performance(meshes: list[F32], *, size: int, first: int = 0, frame_index: list[int] | None = None) -> Performance:
    """Frontal, neutral, grey; the whole hull is the face's own."""
    landmarks, n = np.stack(meshes), len(meshes)
    matrices = crop_matrices(landmarks, size=size)
    small = apply(crop_matrices(landmarks, size=128), landmarks)
    return Performance(
        size=size,
        frame_index=np.array(frame_index if frame_index is not None else range(first, first + n), np.int32),
        landmarks=apply(matrices, landmarks),
        pose_deg=np.zeros((n, 3), np.float32),
        blendshapes=np.zeros((n, 52), np.float32),
        vertex_rgb=np.full((n, 478, 3), 128, np.uint8),
        masks=np.stack([hull(mesh) for mesh in small]),
        crop_from_frame=matrices,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Numbered(Drive):
    """A drive that knows which moment of its performance it is: several are drawn at once, in any order."""

    moment: int = 0


class Altered:
    """Gives back the target's own crop, changed by a function of (rgb float32, moment of the performance); it covers the mesh's hull."""

    model_id = "altered"

    def __init__(self, change: Callable[[F32, int], np.ndarray] = lambda rgb, n: rgb) -> None:
        self.change, self.calls = change, 0

    def plan(self, performance: Performance) -> list[Drive]:
        p = performance
        return [Numbered(p.landmarks[t], p.landmarks[t], p.pose_deg[t], p.blendshapes[t], p.vertex_rgb[t], moment=t) for t in range(len(p))]

    def swap(self, crop: FaceCrop, drive: Drive) -> SwappedFace:
        assert isinstance(drive, Numbered)
        alpha = np.zeros((crop.size, crop.size), np.uint8)
        outline = cv2.convexHull(drive.target_mesh[:468, :2].astype(np.float32))
        cv2.fillPoly(alpha, [np.rint(outline).astype(np.int32)], 255, cv2.LINE_AA)
        rgb = np.asarray(self.change(crop.rgb.astype(np.float32), drive.moment), np.float32)
        self.calls += 1
        return SwappedFace(rgb=rgb, alpha=alpha.astype(np.float32) / 255, confidence=np.full_like(alpha, 0.5, np.float32))


def picture(size_wh: tuple[int, int], mesh: F32, *, grain: float = 0.0, blur: float = 0.0, seed: int = 0) -> U8:
    """Something like a face under a mesh: shaded skin with pores, dark eyes and brows, red lips, on a cooler background."""
    width, height = size_wh
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    background = np.stack([70 + 40 * x / width, 90 + 30 * y / height, np.full_like(x, 120.0)], -1)
    cx, cy = mesh[:, 0].mean(), mesh[:, 1].mean()
    reach = float(np.ptp(mesh[:, 1]))
    shade = 1 - 0.25 * (x - cx) / reach - 0.15 * (y - cy) / reach
    rng = np.random.default_rng(7)
    pores = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 1.3) * 9
    skin = np.stack([190 * shade + pores, 140 * shade + pores, 118 * shade + pores], -1)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillPoly(inside, [np.rint(cv2.convexHull(mesh[:468, :2].astype(np.float32))).astype(np.int32)], 255)
    out = np.where(cv2.dilate(inside, np.ones((9, 9), np.uint8))[..., None] > 0, skin, background)
    for at, colour, radius in ((159, (40, 30, 25), 0.05), (386, (40, 30, 25), 0.05), (13, (150, 60, 60), 0.08), (105, (60, 40, 30), 0.04)):
        centre = np.rint(mesh[at, :2]).astype(int).tolist()
        cv2.ellipse(out, centre, (max(1, int(2 * radius * reach)), max(1, int(radius * reach))), 0, 0, 360, colour, -1, cv2.LINE_AA)
    if blur:
        out = cv2.GaussianBlur(out, (0, 0), blur)
    out = out + np.random.default_rng(seed).normal(0, grain, (height, width, 1)) if grain else out
    return np.clip(out, 0, 255).astype(np.uint8)


def encode(path: Path, pictures: list[U8], *, pix_fmt: str = "yuv420p", codec: str = "libx264", crf: str = "4") -> Path:
    """A clip of these pictures, 25 a second."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25, options={"crf": crf, "preset": "ultrafast"} if codec == "libx264" else {"qscale": "1"})
        stream.width, stream.height, stream.pix_fmt = pictures[0].shape[1], pictures[0].shape[0], pix_fmt  # pyright: ignore
        for rgb in pictures:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")))  # pyright: ignore
        out.mux(stream.encode(None))  # pyright: ignore
    return path


def metered(context: Context | None = None) -> tuple[Context, Meter]:
    context = context or Context()
    return context, Meter(context, "render", "frames")
