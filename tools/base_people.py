"""The rendered people who do not exist, as Understudy sees people: a set of pictures each, and drafts of which the answer is known.

BASE_FOLDER holds gNN/<id>/state_%02d.jpg (256 x 256), all people of a group in the same 24 states of expression, pose and light, and groups.json.
So what one person's face should look like under another's state is known: it is that person's own picture of the state.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np

from understudy.config import SwapSettings
from understudy.faces.align import apply, crop_matrices, take_crop
from understudy.faces.follow import _colours, _sharpness
from understudy.faces.landmark import Measured, blendshapes, from_mesh
from understudy.faces.masks import track_masks
from understudy.faces.mesh import canonical, pose_deg
from understudy.faces.occluder import parsed
from understudy.faces.segment import SIDE as MASK_SIDE
from understudy.faces.segment import head_of
from understudy.swap.draft import DraftSwapper
from understudy.swap.drive import performance_of_faceset
from understudy.swap.light import brightest, measure_light
from understudy.swap.planner import DraftDrive, Layer
from understudy.swap.retrieve import Choice
from understudy.swap.warp import draw, sample, with_rim
from understudy.train.drafts import COVER_SIDE, at_side, at_size
from understudy.types import F32, U8, FaceCrop, Faceset, Performance, Permit

STATES, PICTURE = 24, 256
WEAK = ("s_male_59", "s_female_63", "s_female_11", "s_female_43")
"""Rendered badly, by the set's own account."""
_CENTIMETRE = 13
"""Pixels of a centimetre of the face in these pictures, about: where the network looks first."""
_MIXED = {"skin": 0.4, "mouth": 0.2, "right eye": 0.2, "left eye": 0.2}
"""How often two pictures are mixed, as a film's cross-fades do."""
_PERMIT = Permit("nobody", "0" * 64, "nobody", "face", frozenset({"train"}), "rendered people", None, person_exists=False)


def people(base: Path) -> dict[str, list[str]]:
    """Group -> its people, without the weak ones."""
    groups = json.loads((base / "groups.json").read_text(encoding="utf-8"))
    return {name: [one for one in ids if one not in WEAK] for name, ids in groups.items()}


def load_person(base: Path, group: str, name: str, folder: Path) -> Faceset:
    """The 24 pictures as a set, in the order of the states; measured once and kept in `folder`."""
    file = folder / f"{group}-{name}.npz"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(file, allow_pickle=False, **_measured(base / group / name))
    with np.load(file, allow_pickle=False) as kept:
        arrays = {key: kept[key] for key in kept.files}
    return Faceset(identity_id=name, **arrays)


def _measured(folder: Path) -> dict[str, np.ndarray]:
    pictures = [_read(folder / f"state_{k:02d}.jpg") for k in range(STATES)]
    seen = [_look(rgb) for rgb in pictures]
    meshes = np.stack([m.landmarks for m in seen])
    matrices = crop_matrices(meshes, size=PICTURE)
    small = apply(crop_matrices(meshes, size=MASK_SIDE), meshes)
    classes = np.stack([parsed(head_of(rgb, mesh), at) for rgb, mesh, at in zip(pictures, meshes, small, strict=True)])
    track = cast(Any, SimpleNamespace(key_index=np.arange(STATES), key_classes=classes))
    # states follow each other without being neighbours in time
    frames = 1000 * np.arange(STATES, dtype=np.int32)
    return {
        "crops": np.stack([take_crop(rgb, m, size=PICTURE).rgb for rgb, m in zip(pictures, matrices, strict=True)]),
        "masks": track_masks(track, np.arange(STATES), small),
        "landmarks": apply(matrices, meshes),
        "pose_deg": pose_deg(meshes),
        "blendshapes": blendshapes(meshes),
        "sharpness": np.asarray([_sharpness(m.crop) for m in seen], np.float32),
        "vertex_rgb": np.stack([_colours(m) for m in seen]),
        "frame_index": frames,
        "track_number": np.zeros(STATES, np.int32),
        "crop_from_frame": matrices,
    }


def _read(file: Path) -> U8:
    bgr = cv2.imread(str(file))
    assert bgr is not None, file
    return np.ascontiguousarray(bgr[..., ::-1], np.uint8)


def _look(rgb: U8) -> Measured:
    """The mesh of one picture, looked at twice so that where the network looked first does not count."""
    guess = np.concatenate([canonical(), np.zeros((10, 3))]).astype(np.float32) * _CENTIMETRE
    guess[:, :2] += PICTURE / 2
    return from_mesh(rgb, from_mesh(rgb, guess).landmarks)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One draft and its answer."""

    state: int
    draft: U8
    """(S, S, 3)"""
    cover: U8
    """(2, 128, 128)"""
    mesh: F32
    """(478, 3) the driven mesh."""
    truth: U8
    """(S, S, 3) the person's own picture of the state, laid on the driven mesh."""
    own: U8
    """(128, 128) where the truth shows the face itself."""


class Person(DraftSwapper):
    """A rendered person's set with its draft, every state by itself: nothing of it is a film."""

    def __init__(self, faceset: Faceset, *, size: int) -> None:
        super().__init__(faceset, settings=SwapSettings(), permit=_PERMIT, action="train")
        self.faceset, self.size = faceset, size
        self.performance = at_size(performance_of_faceset(faceset), size)

    def asked(self, other: Person, states: list[int], chance: np.random.Generator) -> Iterator[Asked]:
        """The draft of this person on `other`'s states (or on the own ones), made without the own picture of the state, and that picture."""
        shapes, meshes = self._person.shapes, self.performance.landmarks
        if other is not self:
            meshes, shapes = self._retarget.meshes(other.performance)
        for k in states:
            alone = _only(other.performance, k)
            # a stranger's light is known from one film in one light; the own one from all pictures
            lit = measure_light(alone.vertex_rgb, alone.masks, alone.landmarks, size=self.size, steps=np.zeros(1, np.int64))
            if other is self:
                lit = replace(lit, steady=self._light.steady, changing=lit.steady[None] - self._light.steady)
            layers: list[list[Layer]] = [[]]
            for region, cost in self._costs(alone, shapes[k : k + 1], lit).items():
                cost[0, k] += 1e4
                self._add_layers(layers, region, [_choice(cost[0], _MIXED[region], chance)], cost, lit)
            drive = DraftDrive(
                mesh=meshes[k],
                target_mesh=other.performance.landmarks[k],
                pose_deg=other.performance.pose_deg[k],
                blendshapes=other.performance.blendshapes[k],
                target_vertex_rgb=other.performance.vertex_rgb[k],
                layers=tuple(layers[0]),
                brightest=brightest(lit)[0],
                borrows=other is not self,
            )
            yield self._asked(other, k, drive)

    def _asked(self, other: Person, k: int, drive: DraftDrive) -> Asked:
        crop = FaceCrop(rgb=at_side(other.faceset.crops[k], self.size), crop_from_frame=other.performance.crop_from_frame[k])
        face = self.whole(crop, drive)
        cover = np.stack([at_side(face.alpha, COVER_SIDE), at_side(face.confidence, COVER_SIDE)])
        if other is self:
            truth, own = at_side(self.faceset.crops[k], self.size), self.faceset.masks[k]
        else:
            places = draw(with_rim(drive.mesh), size=self.size).carry(with_rim(self.faceset.landmarks[k])[:, :2], outside=-1)
            truth = _bytes(sample(self.faceset.crops[k], places))
            mask = self.faceset.masks[k].astype(np.float32)
            own = at_side(sample(mask, (places + 0.5) * (mask.shape[0] / PICTURE) - 0.5), COVER_SIDE)
        return Asked(k, _bytes(face.rgb), _bytes(255 * cover), drive.mesh, truth, _bytes(own))


def _only(performance: Performance, k: int) -> Performance:
    one = slice(k, k + 1)
    names = ("frame_index", "landmarks", "pose_deg", "blendshapes", "vertex_rgb", "masks", "crop_from_frame")
    return replace(performance, **{name: getattr(performance, name)[one] for name in names})


def _choice(cost: np.ndarray, mixed: float, chance: np.random.Generator) -> tuple[Choice, ...]:
    first, second = (int(row) for row in np.argsort(cost, kind="stable")[:2])
    if chance.random() >= mixed or cost[second] > cost[first] + 4:
        return (Choice(first, 1.0),)
    share = float(chance.uniform(0.5, 0.85))
    return Choice(first, share), Choice(second, 1 - share)


def _bytes(values: np.ndarray) -> U8:
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)


def seed_of(*words: str) -> list[int]:
    """Numbers for a generator, always the same for the same words."""
    return [zlib.crc32(word.encode()) for word in words]
