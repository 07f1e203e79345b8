"""A small real swapper for tests of training: the nearest other picture, laid on by a similarity. And a set to train on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from actors import faceset_of

from understudy.faces.mesh import FACE_OVAL, N_SKIN
from understudy.faceset.extract import load_faceset
from understudy.types import Drive, FaceCrop, Faceset, Performance, SwappedFace


class Nearest:
    """See `train.drafts.Base`."""

    def __init__(self, faceset: Faceset) -> None:
        self.faceset = faceset

    @property
    def model_id(self) -> str:
        return "nearest"

    def plan(self, performance: Performance, *, apart: int = 0) -> Sequence[Drive]:
        return [
            Drive(
                mesh=performance.landmarks[t],
                target_mesh=performance.landmarks[t],
                pose_deg=performance.pose_deg[t],
                # the number of the frame itself, by which `swap` leaves it out
                blendshapes=np.asarray([t, apart], np.float32),
                target_vertex_rgb=performance.vertex_rgb[t],
            )
            for t in range(len(performance))
        ]

    def swap(self, crop: FaceCrop, drive: Drive) -> SwappedFace:
        size, (own, apart) = crop.size, drive.blendshapes
        meshes = self.faceset.landmarks[:, :N_SKIN, :2] * (size / self.faceset.size)
        away = np.abs(meshes - drive.mesh[:N_SKIN, :2]).mean((1, 2))
        if apart:
            away[np.abs(np.arange(len(away)) - own) <= apart] = np.inf
        row = int(away.argmin())
        matrix = similarity(meshes[row], drive.mesh[:N_SKIN, :2])
        picture = cv2.resize(np.asarray(self.faceset.crops[row]), (size, size), interpolation=cv2.INTER_AREA)
        rgb = cv2.warpAffine(picture, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)
        alpha = np.zeros((size, size), np.uint8)
        cv2.fillPoly(alpha, [np.rint(drive.mesh[list(FACE_OVAL), :2]).astype(np.int32)], 255)
        soft = cv2.GaussianBlur(alpha, (0, 0), size / 64).astype(np.float32) / 255
        return SwappedFace(rgb=rgb.astype(np.float32), alpha=soft, confidence=np.full((size, size), 0.5, np.float32))

    whole = swap


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(2, 3): the least-squares turn, scale and shift in the plane."""
    a, b = source[:, 0] + 1j * source[:, 1], target[:, 0] + 1j * target[:, 1]
    z = np.vdot(a - a.mean(), b - b.mean()) / np.vdot(a - a.mean(), a - a.mean()).real
    shift = b.mean() - z * a.mean()
    return np.asarray([[z.real, -z.imag, shift.real], [z.imag, z.real, shift.imag]])


def small_set(folder: Path) -> Faceset:
    """Actor A, 48 pictures of 128 px; made in `folder` where it is not there yet."""
    return load_faceset(folder) if folder.is_dir() else faceset_of("A_train", 48, folder, size=128)
