"""Proxies of a project's videos, and frames at once from them: also of the result, with the merged faces scaled down onto the target's proxy."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ..events import Context, Meter
from ..merge.patchfile import Patches
from ..project import Project
from ..types import U8, Patch, Role, VideoInfo
from ..video.proxy import Proxy, make_proxy
from .media import Footage, footage

_PATCHES_OPEN = 4
_JPEG = 80


def missing_proxies(project: Project) -> list[Footage]:
    """The project's videos that have no proxy yet."""
    roles: tuple[Role, ...] = ("source", "target")
    found = [footage(project, role) for role in roles if project.store.media(role)]
    return [media for media in found if not project.proxy_file(media.media_id).is_file()]


def make_proxies(project: Project, *, context: Context) -> None:
    """Make those that are missing. Changes nothing else, and so needs no lock. Raises Interrupted, DiskFull, the MediaErrors."""
    missing = missing_proxies(project)
    meter = Meter(context, "probe", "making small copies for looking", sum(media.info.n_frames or 0 for media in missing) or None)
    with meter:
        for media in missing:
            make_proxy(media.path, media.info, project.proxy_file(media.media_id), meter=meter)


class QuickLook:
    """Reads proxies and merged faces of one project. Any thread may ask; nobody waits for anybody's merge."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._proxies: dict[str, Proxy] = {}
        self._patches: OrderedDict[Path, Patches] = OrderedDict()
        self._lock = threading.Lock()

    def proxy(self, role: Role) -> Proxy | None:
        """None where it is not made yet."""
        rows = self._project.store.media(role)
        if not rows:
            return None
        file = self._project.proxy_file(rows[0].media_id)
        if not file.is_file():
            return None
        with self._lock:
            if rows[0].media_id not in self._proxies:
                self._proxies[rows[0].media_id] = Proxy(file)
            return self._proxies[rows[0].media_id]

    def result(self, index: int, file: Path, *, info: VideoInfo, label: Patch) -> bytes | None:
        """Frame `index` with the faces that were merged into `file`, and with the label where there are any: JPEG. None without a proxy."""
        proxy = self.proxy("target")
        if proxy is None or not 0 <= index < len(proxy):
            return None
        patches = self._at(file, index)
        if not patches:
            return proxy.jpeg(index)
        picture = proxy.rgb(index)
        lay(picture, [*patches, label], frame_wh=info.size_wh)
        return cv2.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, _JPEG])[1].tobytes()

    def _at(self, file: Path, index: int) -> list[Patch]:
        with self._lock:
            if file not in self._patches:
                self._patches[file] = Patches([file])
                while len(self._patches) > _PATCHES_OPEN:
                    self._patches.popitem(last=False)[1].close()
            self._patches.move_to_end(file)
            return self._patches[file].at(index)

    def close(self) -> None:
        with self._lock:
            while self._patches:
                self._patches.popitem()[1].close()


def lay(picture: U8, patches: Sequence[Patch], *, frame_wh: tuple[int, int]) -> None:
    """Blend patches, which are in the pixels of a frame of `frame_wh`, into a smaller picture (h, w, 3) of the same frame, in place.

    For looking only: blended in RGB, and where the two grids do not fall together a border pixel is mixed from both sides.
    """
    height, width = picture.shape[:2]
    sx, sy = width / frame_wh[0], height / frame_wh[1]
    for patch in patches:
        (x, y), (h, w) = patch.xy, patch.alpha.shape
        left, top = max(0, int(x * sx)), max(0, int(y * sy))
        right, bottom = min(width, int(np.ceil((x + w) * sx))), min(height, int(np.ceil((y + h) * sy)))
        if right <= left or bottom <= top:
            continue
        size = (right - left, bottom - top)
        rgb = patch.rgb if patch.rgb.dtype == np.uint8 else (patch.rgb >> 8).astype(np.uint8)
        alpha = patch.alpha.astype(np.float32)[..., None] / 255
        # colour counts only where alpha is: weighed before it is scaled
        both = np.concatenate([rgb * alpha, alpha], 2)
        blurred = cv2.GaussianBlur(both, (0, 0), max(0.01, 0.4 / sx)) if sx < 0.7 else both
        # a pixel's centre in the picture, in pixels of the patch
        matrix = np.array([[1 / sx, 0, (left + 0.5) / sx - 0.5 - x], [0, 1 / sy, (top + 0.5) / sy - 0.5 - y]], np.float32)
        scaled = cv2.warpAffine(blurred, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_CONSTANT)
        here = picture[top:bottom, left:right]
        here[:] = np.clip(np.rint(scaled[..., :3] + here * (1 - scaled[..., 3:4])), 0, 255).astype(np.uint8)
