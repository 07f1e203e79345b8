"""A project kept open for looking: single frames of source, target and result at once, and one frame merged under other settings.

Whatever is slow (the people, the swapper, the plan of a shot, decoded frames) is made once and kept in memory. Pictures with a swapped face
carry the visible label, although they never leave the machine.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from ..errors import UsageError
from ..merge.around import REACH, around
from ..merge.passage import Made, Measured, Passage
from ..merge.patchfile import Patches
from ..merge.strokes import Strokes
from ..project import Project
from ..provenance.consent import check_permit
from ..provenance.label import make_label
from ..run.stage import stage_key
from ..types import U8, Curve, Frame, Patch, Planes
from ..video.color import paint, rgb_from_planes
from ..video.read import small_rgb
from ..video.scrub import Scrubber
from .castfile import cast_file, read_cast
from .consents import permits_of
from .media import footage
from .proxies import QuickLook
from .scene import Scene, Take
from .shotsettings import ShotSettings, change, course_of
from .strokes import stroke_of

Which = Literal["source", "target", "result"]
_FACES_KEPT, _SHOTS_KEPT, _PICTURES_KEPT = 24, 3, 400


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """One frame of the target, and what it would become. Pictures are RGB uint8 (h, w, 3), as wide as asked for."""

    index: int
    target: U8
    result: U8
    """With the visible label where a face was changed."""
    matte: U8
    """(h, w): 255 where the face is taken whole."""
    altered: bool
    confidence: float
    """Mean of the swapper's own over the faces, 0..1; 0 where nothing is altered."""
    seconds: float
    """That this call took."""

    def jpeg(self, name: Literal["target", "result", "matte"], *, quality: int = 85) -> bytes:
        """One of the pictures as a JPEG file."""
        return _jpeg(getattr(self, name), quality)


class Session:
    """One project, open for looking. Any thread may ask; one answer is made at a time."""

    def __init__(self, folder: Path, *, build: Callable[[Project], Scene]) -> None:
        """`build` makes the scene of the open project; it is called when a result is asked for first, and when what it rests on has changed."""
        self.project = Project(folder)
        self._opened = _identity(self.project.store.path)
        self._build = build
        self._lock = threading.RLock()
        self._scene: Scene | None = None
        self._scene_stamp = ""
        self._scrubbers: dict[str, Scrubber] = {}
        self._plans: OrderedDict[str, list[Passage]] = OrderedDict()
        self._faces: OrderedDict[tuple[Any, ...], Made | None] = OrderedDict()
        self._pictures: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()
        self._quick = QuickLook(self.project)
        self._label: tuple[Any, Patch] | None = None

    def holds(self) -> bool:
        """Whether the folder still is the project that was opened, and not another one put in its place."""
        return _identity(self.project.store.path) == self._opened

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            for scrubber in self._scrubbers.values():
                scrubber.close()
            self._quick.close()
            self.project.close()

    def frame(self, which: Which, index: int, *, width: int, exact: bool = True) -> bytes:
        """Frame `index` of the source, the target or the result, `width` pixels wide at most, as JPEG.

        The result comes from the merged frames where its shot is rendered, else it is merged now, `exact` or not. Raises UsageError, StepMissing, the
        ConsentErrors (result), the MediaErrors.
        """
        if which not in ("source", "target", "result"):
            raise UsageError(f"'{which}' is no picture of a project.", remedy="ask for source, target or result")
        with self._lock:
            key = (which, index, width, exact, self._result_stamp(index) if which == "result" else self._scrubber(which).name)
            found = self._pictures.get(key)
            if found is not None:
                self._pictures.move_to_end(key)
                return found
            made = _jpeg(_shown(self._planes(which, index, exact=exact), width))
            _keep(self._pictures, key, made, _PICTURES_KEPT)
            return made

    def quick(self, which: Which, index: int) -> bytes | None:
        """Frame `index`, small, as JPEG; None where it is not to be had at once: without a proxy, or a result that is not rendered.

        Does not wait while another thread merges a frame. Raises as `frame` does.
        """
        if which != "result":
            proxy = self._quick.proxy(which)
            return proxy.jpeg(index) if proxy is not None and 0 <= index < len(proxy) else None
        scene = self._current()
        take = scene.take_at(index)
        if take is None or not take.tracks:
            return self.quick("target", index)
        if self.project.store.stage(take.key) is None or not take.file.is_file():
            return None
        return self._quick.result(index, take.file, info=scene.footage.info, label=self._label_patch(scene))

    def preview(self, index: int, *, settings: Mapping[str, Any], width: int, exact: bool) -> Preview:
        """See `api.preview`."""
        began = time.monotonic()
        with self._lock:
            frame = self._scrubber("target").frame(index)
            assert frame.planes is not None
            patches, confidence = self._merged(frame, settings=settings, exact=exact)
            result = self._labelled(frame.planes, patches)
            return Preview(
                index=index,
                target=_shown(frame.planes, width),
                result=_shown(result, width),
                matte=_matte(frame.planes, patches, width),
                altered=bool(patches),
                confidence=confidence,
                seconds=time.monotonic() - began,
            )

    def scene(self) -> Scene:
        """The scene as it is now. Raises StepMissing, the ConsentErrors."""
        return self._current()

    def _result_stamp(self, index: int) -> str:
        """Names what the result's frame shows."""
        take = self._current().take_at(index)
        return f"{self._scene_stamp} {take.key if take else ''}"

    def _planes(self, which: Which, index: int, *, exact: bool) -> Planes:
        frame = self._scrubber("source" if which == "source" else "target").frame(index)
        assert frame.planes is not None
        if which != "result":
            return frame.planes
        take = self._current().take_at(index)
        if take is not None and self.project.store.stage(take.key) is not None and take.file.is_file():
            with Patches([take.file]) as patches:
                return self._labelled(frame.planes, patches.at(index))
        return self._labelled(frame.planes, self._merged(frame, settings={}, exact=exact)[0])

    def _labelled(self, planes: Planes, patches: list[Patch]) -> Planes:
        if not patches:
            return planes
        return paint(planes, [*patches, self._label_patch(self._current())])

    def _label_patch(self, scene: Scene) -> Patch:
        chosen = scene.job.settings.label
        if self._label is None or self._label[0] != (scene.footage.media_id, chosen):
            # without the heads: while one looks from frame to frame it must not jump
            drawn = make_label(scene.footage.info, chosen.language, place=chosen.place).patch
            self._label = ((scene.footage.media_id, chosen), drawn)
        return self._label[1]

    def _merged(self, frame: Frame, *, settings: Mapping[str, Any], exact: bool) -> tuple[list[Patch], float]:
        """The patches of a frame under its shot's settings with `settings` on top, and the mean confidence."""
        scene = self._current()
        take = scene.take_at(frame.index)
        if take is None or not take.tracks:
            return [], 0.0
        own = change(take.own, take.shot, fixed=settings, keys={}, clear=()) if settings else take.own
        course, light = course_of(scene.job.settings, own)
        patches: list[tuple[float, Patch]] = []
        sure: list[float] = []
        for number, planned in enumerate(self._planned(scene, take)):
            act = replace(planned.act, strokes=self._strokes(take, planned), light=light)
            passage = Passage(act, info=scene.footage.info, course=course, drives=planned.drives)
            near = range(frame.index - REACH, frame.index + REACH + 1) if exact else (frame.index,)
            measured = [found for i in near if (found := self._measured(passage, take, number, own, light, i, textured=not exact)) is not None]
            here = next((found for found in measured if found.index == frame.index), None)
            if here is None:
                continue
            patch = passage.finish(here, around(measured, frame.index))
            if patch is not None:
                patches.append((passage.nearness(frame.index), patch))
                sure.append(here.confidence)
        return [patch for _, patch in sorted(patches, key=lambda found: found[0])], float(np.mean(sure)) if sure else 0.0

    def _strokes(self, take: Take, planned: Passage) -> Strokes | None:
        """As they are now: they may be newer than the plan."""
        return Strokes([stroke_of(row) for row in take.strokes], planned.performance) if take.strokes else None

    def _measured(
        self, passage: Passage, take: Take, number: int, own: ShotSettings, light: Curve | None, index: int, *, textured: bool
    ) -> Measured | None:
        if not max(passage.first, 0) <= index <= passage.last:
            return None
        key = (take.shot.shot_id, number, index, passage.strength_at(index), light.at(index) if light else 1.0)
        if key not in self._faces:
            _keep(self._faces, key, passage.make(self._scrubber("target").frame(index)), _FACES_KEPT)
        made = self._faces[key]
        return passage.measure(made, textured=textured) if made is not None else None

    def _planned(self, scene: Scene, take: Take) -> list[Passage]:
        """The shot's people with their plans, which do not depend on the settings of the merge."""
        key = take.shot.shot_id
        if key not in self._plans:
            acts = [act for act in scene.acts(take) if len(act.performance)]
            _keep(self._plans, key, [Passage(act, info=scene.footage.info, course=take.course) for act in acts], _SHOTS_KEPT)
        self._plans.move_to_end(key)
        return self._plans[key]

    def _current(self) -> Scene:
        """The scene, made anew where what it rests on has changed since. Raises the ConsentErrors: a consent may have been taken back meanwhile."""
        permits_of(self.project, "render")
        stamp = self._stamp()
        found = self._scene
        if found is not None and stamp == self._scene_stamp:
            for permit in found.ensemble.permits.every:
                check_permit(permit, role=permit.role, action="render")
            return found
        with self._lock:
            return self._renewed(stamp)

    def _renewed(self, stamp: str) -> Scene:
        if self._scene is None or stamp != self._scene_stamp:
            before = self._scene.plan_key if self._scene else None
            self._scene = self._build(self.project)
            self._scene_stamp = stamp
            if self._scene.plan_key != before:
                self._plans.clear()
                self._faces.clear()
        return self._scene

    def _stamp(self) -> str:
        """Changes with everything in the project that the result depends on: videos, settings, the shots' own, the network's checkpoints."""
        store, folder = self.project.store, self.project.folder
        toml = [path.read_bytes().hex() for path in (folder / "project.toml", cast_file(self.project)) if path.is_file()]
        media = [[row.media_id, row.role, row.face] for row in store.media()]
        folders = [folder, *(folder / face.source for face in read_cast(self.project))]
        checkpoints = sorted(path.name for place in folders for path in (place / "model").glob("*/step-*"))
        return stage_key(toml, media, checkpoints, store.all_shot_settings(), [row.stroke_id for row in store.strokes()])

    def _scrubber(self, role: Literal["source", "target"]) -> Scrubber:
        rows = self.project.store.media(role)
        known = self._scrubbers.get(role)
        if known is None or not rows or rows[0].media_id != known.name:
            found = footage(self.project, role)
            if known is not None:
                known.close()
            self._scrubbers[role] = Scrubber(found.path, found.info, name=found.media_id)
        return self._scrubbers[role]


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _keep(kept: OrderedDict[Any, Any], key: Any, value: Any, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)


def _shown(planes: Planes, width: int) -> U8:
    height, whole = planes.y.shape
    if width >= whole:
        return np.asarray(rgb_from_planes(planes, depth=8), np.uint8)
    return np.asarray(small_rgb(planes, max(width, round(width * height / whole)), 8), np.uint8)


def _matte(planes: Planes, patches: list[Patch], width: int) -> U8:
    height, whole = planes.y.shape
    out = np.zeros((height, whole), np.uint8)
    for patch in patches:
        (x, y), (h, w) = patch.xy, patch.alpha.shape
        out[y : y + h, x : x + w] = np.maximum(out[y : y + h, x : x + w], patch.alpha)
    shown = _shown(planes, width).shape[1::-1]
    return out if shown == (whole, height) else np.asarray(cv2.resize(out, shown, interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg(picture: U8, quality: int = 85) -> bytes:
    bgr = np.ascontiguousarray(picture[..., ::-1]) if picture.ndim == 3 else picture
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
