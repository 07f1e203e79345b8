"""Contact sheets: before and after, at a glance and close up; and plain grids of pictures for previews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..faces.align import apply, face_height_px, invert, take_crop
from ..faces.mesh import EYE_LEFT, EYE_RIGHT, LIPS_OUTER
from ..files import whole_file
from ..types import F32, U8, Faceset, Performance, VideoInfo
from ..video.color import paint, rgb_from_planes
from ..video.read import read_frames
from .patchfile import Patches
from .place import scaled

LABEL = "AI  MODIFIED"
_TILE = 232
_ZOOM = 1.25
_GAP = 8
_LINE = 30
"""Height of a line of captions."""
_BACK = (24, 24, 27)
_INK, _PALE = (244, 244, 245), (161, 161, 170)
_JAW = (58, 172, 136, 150, 149, 176, 148)
"""The right half of the jaw: where a seam would show."""
_CLOSE_UPS = (("eyes", (*EYE_RIGHT, *EYE_LEFT), 196), ("mouth", LIPS_OUTER, 256), ("seam", _JAW, 370))


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One frame of the target before and after, with the source beside it."""

    caption: str
    source: U8
    """A square picture of the source's face."""
    target: U8
    """The whole frame (H, W, 3), as is the result."""
    result: U8
    crop_from_frame: F32
    """Into a standard crop of `size` pixels."""
    size: int
    mesh: F32
    """(478, 3) in frame pixels."""


def contact_sheet(path: Path, moments: Sequence[Moment], *, in_a_row: Sequence[Moment] = (), title: str = "") -> Path:
    """Write a picture (.png or .jpg): source, target and result for every moment; eyes, mouth and seam of the middle one close up; and the
    results of `in_a_row`, frames that follow each other. Every result carries the words AI MODIFIED. Returns `path`.
    """
    rows = [_row([_enlarged(m.source), face_tile(m.target, m), marked(face_tile(m.result, m))], caption=m.caption) for m in moments]
    left = _stacked([_captions(["source", "target", "result"], _TILE), *rows])
    blocks = _close_ups(moments[len(moments) // 2]) if moments else []
    if in_a_row:
        names = [m.caption for m in in_a_row]
        blocks += [_captions(names, _TILE), _row([marked(face_tile(m.result, m)) for m in in_a_row])]
    sheet = _beside(left, _stacked(blocks)) if blocks else left
    return _write(path, _titled(sheet, title) if title else sheet)


def before_after(
    path: Path,
    played: Sequence[tuple[Faceset, Sequence[Performance]]],
    *,
    video: Path,
    info: VideoInfo,
    patches: Patches,
    title: str = "",
    count: int = 5,
) -> Path:
    """The contact sheet of a rendered target: `count` altered frames spread in time, each with the source's picture that is most like it.

    `played`: for every person who was given a face, the source's set and the performances. Where several are seen at once, the people take turns.
    """
    altered = set(patches.frames())
    seen: dict[int, list[tuple[Faceset, Performance, int]]] = {}
    for faceset, performances in played:
        for p in performances:
            for t, index in enumerate(p.frame_index):
                if int(index) in altered:
                    seen.setdefault(int(index), []).append((faceset, p, t))
    frames = sorted(seen)
    spread = [frames[int((k + 0.5) / count * len(frames))] for k in range(count)] if len(frames) > count else frames
    middle = spread[len(spread) // 2] if spread else 0
    row = [index for index in range(middle, middle + 3) if index in seen]

    def moment(index: int, turn: int) -> Moment | None:
        faceset, p, t = seen[index][turn % len(seen[index])]
        for frame in read_frames(video, want="planes", start_index=index, end_index=index + 1, info=info):
            if frame.planes is not None:
                return Moment(
                    caption=f"{float(frame.time):.2f} s",
                    source=np.asarray(faceset.crops[_most_alike(faceset, p, t)]),
                    target=rgb_from_planes(frame.planes, depth=8),
                    result=rgb_from_planes(paint(frame.planes, patches.at(index)), depth=8),
                    crop_from_frame=p.crop_from_frame[t],
                    size=p.size,
                    mesh=apply(invert(p.crop_from_frame[t]), p.landmarks[t]),
                )
        return None

    pictures = [found for turn, index in enumerate(spread) if (found := moment(index, turn)) is not None]
    # frames that follow each other show one person
    in_a_row = [found for index in row if (found := moment(index, len(spread) // 2)) is not None]
    return contact_sheet(path, pictures, in_a_row=in_a_row, title=title)


def preview_tiles(path: Path, rows: Sequence[Sequence[U8]], *, captions: Sequence[str] = (), title: str = "", tile: int = 192) -> Path:
    """Write a grid of pictures (.png or .jpg), each shown `tile` pixels wide and high, under the captions of the columns. Returns `path`."""
    parts = [_captions(captions, tile)] if captions else []
    sheet = _stacked(parts + [_row(row, tile=tile) for row in rows])
    return _write(path, _titled(sheet, title) if title else sheet)


def face_tile(frame: U8, moment: Moment, *, tile: int = _TILE) -> U8:
    """The middle of the standard crop of a frame's face, `tile` pixels a side."""
    matrix = scaled(moment.crop_from_frame, _ZOOM * tile / moment.size)
    matrix[:, 2] -= (_ZOOM - 1) / 2 * tile
    return take_crop(frame, matrix, size=tile).rgb


def _enlarged(crop: U8) -> U8:
    """As much of a standard crop as `face_tile` shows."""
    cut = round(crop.shape[0] * (1 - 1 / _ZOOM) / 2)
    return crop[cut : crop.shape[0] - cut, cut : crop.shape[1] - cut]


def _most_alike(faceset: Faceset, p: Performance, t: int) -> int:
    pose = ((faceset.pose_deg - p.pose_deg[t]) / 10) ** 2
    expression = (4 * (faceset.blendshapes - p.blendshapes[t])) ** 2
    return int((pose.sum(1) + expression.sum(1)).argmin())


def _close_ups(moment: Moment) -> list[U8]:
    """Target and result side by side, for each region a strip with a line of captions above."""
    width = (3 * _TILE + 2 * _GAP - _GAP) // 2
    least = 0.25 * float(face_height_px(moment.mesh))
    out = []
    for name, points, height in _CLOSE_UPS:
        region = moment.mesh[list(points), :2]
        wide = max(1.5 * float(np.ptp(region[:, 0])), width / height * max(1.4 * float(np.ptp(region[:, 1])), least))
        centre = (region.max(0) + region.min(0)) / 2
        shown = [_cut(picture, centre, wide / width, (width, height)) for picture in (moment.target, moment.result)]
        out += [_captions([f"{name}: target", f"{name}: result"], width), _beside(shown[0], marked(shown[1]))]
    return out


def _cut(picture: U8, centre: np.ndarray, pixels: float, size_wh: tuple[int, int]) -> U8:
    """The part around `centre` with `pixels` of the picture to one of the tile."""
    width, height = size_wh
    matrix = np.array([[pixels, 0, centre[0] - pixels * (width - 1) / 2], [0, pixels, centre[1] - pixels * (height - 1) / 2]], np.float64)
    if pixels > 1:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.4 * pixels), np.uint8)
    way = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, matrix, size_wh, flags=way, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _row(tiles: Sequence[U8], *, tile: int = _TILE, caption: str = "") -> U8:
    pictures = [_fitted(picture, tile) for picture in tiles]
    if caption:
        pictures[0] = pictures[0].copy()
        _text(pictures[0], caption, (8, tile - 10), 16, _INK, shadow=True)
    return _beside(*pictures)


def _fitted(picture: U8, tile: int) -> U8:
    """Scaled into a square of `tile` pixels, whole, with the background beside it where it is not square."""
    height, width = picture.shape[:2]
    factor = tile / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    scaled_picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    out = _empty(tile, tile)
    top, left = (tile - size[1]) // 2, (tile - size[0]) // 2
    out[top : top + size[1], left : left + size[0]] = scaled_picture
    return out


def _captions(names: Sequence[str], width: int) -> U8:
    line = _empty(_LINE, len(names) * width + (len(names) - 1) * _GAP)
    for column, name in enumerate(names):
        _text(line, name, (column * (width + _GAP) + 1, _LINE - 9), 17, _PALE)
    return line


def _titled(sheet: U8, title: str) -> U8:
    out = np.concatenate([_empty(34, sheet.shape[1]), sheet])
    _text(out, title, (2 * _GAP, 34), 22, _INK)
    return out


def marked(tile: U8) -> U8:
    """The words that every altered picture carries, in its top right corner."""
    out = tile.copy()
    (x, y, width, height) = cv2.getTextSize((0, 0), LABEL, (0, 0), cv2.FontFace("sans"), 13, 650)
    right, pad = out.shape[1] - 6, 5
    cv2.rectangle(out, (right - width - 2 * pad, 6), (right, 6 + height + 2 * pad), (0, 0, 0), -1)
    _text(out, LABEL, (right - width - pad - x, 6 + pad - y), 13, _INK, weight=650)
    return out


def _text(picture: U8, text: str, xy: tuple[int, int], size: int, ink: tuple[int, int, int], *, weight: int = 400, shadow: bool = False) -> None:
    """Write on the picture; `xy` is the left end of the base line."""
    if shadow:
        cv2.putText(picture, text, (xy[0] + 1, xy[1] + 1), (0, 0, 0), cv2.FontFace("sans"), size, 600)
    cv2.putText(picture, text, xy, ink, cv2.FontFace("sans"), size, weight)


def _stacked(parts: Sequence[U8]) -> U8:
    width = max((p.shape[1] for p in parts), default=_TILE)
    rows = [np.concatenate([p, _empty(p.shape[0], width - p.shape[1])], 1) for p in parts]
    inner = [piece for row in rows for piece in (row, _empty(_GAP, width))] or [_empty(_GAP, width)]
    whole = np.concatenate(inner)
    return cv2.copyMakeBorder(whole, _GAP, _GAP, 2 * _GAP, 2 * _GAP, cv2.BORDER_CONSTANT, value=_BACK).astype(np.uint8)


def _beside(*parts: U8) -> U8:
    height = max(p.shape[0] for p in parts)
    columns = [np.concatenate([p, _empty(height - p.shape[0], p.shape[1])]) for p in parts]
    return np.concatenate([piece for column in columns for piece in (column, _empty(height, _GAP))][:-1], 1)


def _empty(height: int, width: int) -> U8:
    return np.full((max(height, 0), max(width, 0), 3), _BACK, np.uint8)


def _write(path: Path, picture: U8) -> Path:
    quality = [cv2.IMWRITE_JPEG_QUALITY, 92] if path.suffix.lower() in (".jpg", ".jpeg") else [cv2.IMWRITE_PNG_COMPRESSION, 6]
    encoded = cv2.imencode(path.suffix or ".png", np.ascontiguousarray(picture[..., ::-1]), quality)[1]
    with whole_file(path) as part:
        part.write_bytes(encoded.tobytes())
    return path
