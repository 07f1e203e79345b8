#!/usr/bin/env python3
"""Makes `expression_basis.npz`: how the face mesh moves with each of the 52 expression numbers.

    .venv/bin/python tools/make_expression_basis.py BASE_FOLDER OUT.npz

BASE_FOLDER holds rendered people who do not exist: gNN/<id>/state_%02d.jpg (256 x 256), all people of a group in the same 24 states, of which state
0 is neutral, and groups.json. Mesh and expression are measured on the pictures as on any video; the movement is the mesh without its pose less the
same person's neutral mesh; the basis is the ridge regression of one on the other, over the pictures and their mirror images. Prints how much of the
movement round the mouth it explains for people of groups that were left out of the fit.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np

from understudy.faces.landmark import Measured, blendshapes, from_mesh
from understudy.faces.mesh import BLENDSHAPE_NAMES, N_SKIN, canonical, fit_rigid
from understudy.swap.light import mirror
from understudy.swap.regions import mouth_weight

STATES, SIDE = 24, 256
RIDGE = 4.0
FEWEST_PRESENCE = 0.9
CENTIMETRE = 13
"""Pixels of a centimetre of the face in these pictures, about: where the network looks first."""


def main() -> None:
    base, out = Path(sys.argv[1]), Path(sys.argv[2])
    groups = json.loads((base / "groups.json").read_text())
    numbers, moved, group, neutral = [], [], [], []
    for g, (name, people) in enumerate(groups.items()):
        for person in people:
            seen = [measured(base / name / person / f"state_{k:02d}.jpg") for k in range(STATES)]
            sure = np.asarray([m.presence > FEWEST_PRESENCE for m in seen])
            meshes = np.stack([m.landmarks for m in seen])
            numbers.append(blendshapes(meshes)[sure])
            moved.append(movements(meshes)[sure])
            group.append(np.full(int(sure.sum()), g))
            neutral.append((np.arange(STATES) == 0)[sure])
    b, d = both_sides(np.concatenate(numbers), np.concatenate(moved))
    g = np.tile(np.concatenate(group), 2)
    rest = b[np.tile(np.concatenate(neutral), 2)].mean(0)
    held_out = g % 4 == 0
    left = d[held_out] - np.tensordot(b[held_out] - rest, fitted(b[~held_out] - rest, d[~held_out]), 1)
    weight = mouth_weight()[:, None]
    print(f"{len(b) // 2} pictures; explained round the mouth, other people: {1 - (weight * left**2).sum() / (weight * d[held_out] ** 2).sum():.2f}")
    basis = fitted(b - rest, d)
    basis[:, N_SKIN:] = 0
    np.savez_compressed(out, basis=basis.astype(np.float16), rest=rest.astype(np.float32))


def measured(file: Path) -> Measured:
    """The mesh of one picture, looked at twice so that where the network looked first does not count."""
    rgb = np.ascontiguousarray(cv2.imread(str(file))[..., ::-1])
    guess = np.concatenate([canonical(), np.zeros((10, 3))]).astype(np.float32) * CENTIMETRE
    guess[:, :2] += SIDE / 2
    return from_mesh(rgb, from_mesh(rgb, guess).landmarks)


def movements(meshes: np.ndarray) -> np.ndarray:
    """(24, 478, 3) meshes of one person -> centimetres away from the first, without pose."""
    scale, turn, shift = fit_rigid(meshes[0])
    rest = ((meshes[0] - shift) @ turn) / scale
    scale, turn, shift = fit_rigid(meshes, rest[:N_SKIN].astype(np.float32))
    return ((meshes - shift[:, None]) @ turn) / scale[:, None, None] - rest


def both_sides(b: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pictures and their mirror images."""
    swapped = [BLENDSHAPE_NAMES.index(n.replace("Left", "@").replace("Right", "Left").replace("@", "Right")) for n in BLENDSHAPE_NAMES]
    return np.concatenate([b, b[:, swapped]]), np.concatenate([d, d[:, mirror()] * np.asarray([-1, 1, 1], np.float32)])


def fitted(b: np.ndarray, d: np.ndarray) -> np.ndarray:
    """(52, 478, 3) ridge regression."""
    rows = b.astype(np.float64)
    solved = np.linalg.solve(rows.T @ rows + RIDGE * np.eye(rows.shape[1]), rows.T @ d.reshape(len(d), -1))
    return solved.reshape(rows.shape[1], -1, 3)


if __name__ == "__main__":
    main()
