"""The nouns that pass between the steps. Read this file first.

Conventions, everywhere: pictures are RGB, uint8 or uint16, (H, W, 3); x to the right, y down, in pixels, (0, 0) is the
centre of the first pixel; boxes are x0, y0, x1, y1; matrices are 2x3 and named `to_from`; angles are degrees; time is
an exact `Fraction` of seconds. Inside a network: float32 (B, C, H, W) in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

Role = Literal["source", "target"]
"""Whose face is wanted (source), whose performance is kept (target)."""
Quality = Literal["draft", "standard", "broadcast"]
N_LANDMARKS = 478
"""Points of the face mesh: 468 of skin and lips, then 5 of each iris (the subject's right eye first)."""
N_BLENDSHAPES = 52


def _require(array: np.ndarray, name: str, shape: tuple[int | None, ...], dtype: type | tuple[type, ...]) -> None:
    """Raise ValueError unless `array` has the shape (None = any length) and one of the dtypes."""
    dtypes = dtype if isinstance(dtype, tuple) else (dtype,)
    if array.dtype not in [np.dtype(d) for d in dtypes]:
        raise ValueError(f"{name} must be {' or '.join(np.dtype(d).name for d in dtypes)}, not {array.dtype.name}")
    if array.ndim != len(shape) or any(s is not None and s != n for s, n in zip(shape, array.shape, strict=True)):
        wanted = ", ".join("any" if s is None else str(s) for s in shape)
        raise ValueError(f"{name} must have the shape ({wanted}), not {array.shape}")


# ---------------------------------------------------------------------------------------------------------- video


@dataclass(frozen=True, slots=True)
class ColorInfo:
    """How the numbers of a video's picture are to be read (ITU-T H.273 names, lower case; bit depth of a sample)."""

    primaries: str
    transfer: str
    matrix: Literal["bt601", "bt709", "bt2020"]
    full_range: bool
    bit_depth: int
    chroma: Literal["420", "422", "444", "gray"]
    matrix_tagged: bool
    """False where the file does not say and the matrix was inferred from the size (height > 576: bt709)."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One audio or subtitle stream."""

    index: int
    kind: Literal["audio", "subtitle", "other"]
    codec: str
    language: str | None
    duration: Fraction | None


@dataclass(frozen=True, slots=True)
class HdrStatic:
    """HDR's static metadata."""

    mastering: tuple[int, ...] | None
    """SMPTE ST 2086: x, y of red, green, blue, white in 1/50000; greatest and least luminance in 1/10000 cd/m²."""
    light_levels: tuple[int, int] | None
    """CTA-861.3: brightest pixel and brightest frame average, cd/m²."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What `video.probe` knows about a file. `size_wh` is the display size: rotation and odd sizes already applied."""

    path: Path
    size_wh: tuple[int, int]
    frame_rate: Fraction
    """Average rate; times of frames come from their pts, never from this."""
    time_base: Fraction
    duration: Fraction
    n_frames: int | None
    """None where the container does not say."""
    rotation_deg: Literal[0, 90, 180, 270]
    """Clockwise turn that a player applies to show the picture upright."""
    color: ColorInfo
    codec: str
    container: str
    streams: tuple[StreamInfo, ...]
    sample_aspect: Fraction = Fraction(1)
    """Width of a shown pixel over its height, upright; 1 for square pixels. The picture is never resampled for it."""
    hdr: HdrStatic | None = None
    timecode: str | None = None
    """SMPTE timecode of the first frame as the file has it: hh:mm:ss:ff, with `;` before the frames for drop-frame counting."""


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """The samples of one picture as the codec stores them, turned upright: the ground on which nothing changes
    unless it is painted. Y is (H, W); U and V are (H', W') by the chroma format; uint8, or uint16 for more than 8 bits
    (value range 0 .. 2**bit_depth - 1). Gray has U and V of size (0, 0)."""

    y: np.ndarray
    u: np.ndarray
    v: np.ndarray
    color: ColorInfo


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture with its exact time. `rgb` is uint8 (H, W, 3), or uint16 (full 16-bit scale) where the file has more than
    8 bits; None when the reader was asked for planes only. `planes` is None when it was asked for rgb only."""

    rgb: np.ndarray | None
    planes: Planes | None
    pts: int
    time_base: Fraction
    index: int
    """0, 1, 2 … in the order of presentation over the whole file."""

    @property
    def time(self) -> Fraction:
        """Seconds since the zero of the file's clock, exact."""
        return self.pts * self.time_base


@dataclass(frozen=True, slots=True)
class Shot:
    """The frames between two cuts: indices `start_index` (included) to `end_index` (excluded), and the same in pts."""

    media_id: str
    shot_id: str
    """Hash of the media's content, the range and the settings that cut it."""
    start_index: int
    end_index: int
    start_pts: int
    end_pts: int


# ---------------------------------------------------------------------------------------------------------- faces


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face in one picture, in that picture's pixels."""

    box_xyxy: F32
    """(4,)"""
    score: float
    points5: F32
    """(5, 2): right eye, left eye, nose tip, right and left mouth corner (right = the subject's)."""

    def __post_init__(self) -> None:
        _require(self.box_xyxy, "box_xyxy", (4,), np.float32)
        _require(self.points5, "points5", (5, 2), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One person through one shot, as arrays over its T frames (a frame where the person was lost is absent).

    All positions are in frame pixels at the display size of the video.
    """

    track_id: str
    media_id: str
    shot_id: str
    frame_index: NDArray[np.int32]
    """(T,) strictly rising, over the whole file."""
    box_xyxy: F32
    """(T, 4)"""
    landmarks: F32
    """(T, 478, 3): smoothed mesh; z has the scale of x, smaller is nearer the camera."""
    presence: F32
    """(T,) 0..1, the landmarker's own belief that a face is there."""
    pose_deg: F32
    """(T, 3): yaw (> 0: turns to the image's right), pitch (> 0: looks up), roll (> 0: tilts clockwise)."""
    blendshapes: F32
    """(T, 52) 0..1 in the order of `faces.mesh.BLENDSHAPE_NAMES`."""
    sharpness: F32
    """(T,) mean absolute Laplacian of the luma inside the face at 128 px; comparable between videos."""
    vertex_rgb: U8
    """(T, 478, 3): colour of the (slightly blurred) picture at each mesh point, for light."""
    embedding: F32
    """(128,) unit length: SFace mean over the track's best frames."""
    key_index: NDArray[np.int32]
    """(K,) positions in 0..T-1 where the face was parsed into classes."""
    key_classes: U8
    """(K, 128, 128): classes of selfie_multiclass in the standard crop (`faces.align`) of that frame at 128 px: 0 background, 1 hair,
    2 body skin, 3 face skin, 4 clothes, 5 other."""
    bridged: NDArray[np.bool_]
    """(T,) True where the face was lost (a hand, a blur) and the mesh is drawn between the frames around; the rest is measured there as usual."""
    outside: F32
    """(T,) 0..1: share of the face outside the picture."""
    occluded: F32
    """(T,) 0..1: share of the face's area in the picture that hair, hands or things cover, by the parsed frames around."""
    portraits: tuple[bytes, ...]
    """At most 4 JPEG pictures of 128 px, standard crops of the track's best frames, the best first: for showing who it is."""

    def __post_init__(self) -> None:
        t, k = len(self.frame_index), len(self.key_index)
        _require(self.frame_index, "frame_index", (None,), np.int32)
        _require(self.box_xyxy, "box_xyxy", (t, 4), np.float32)
        _require(self.landmarks, "landmarks", (t, N_LANDMARKS, 3), np.float32)
        _require(self.presence, "presence", (t,), np.float32)
        _require(self.pose_deg, "pose_deg", (t, 3), np.float32)
        _require(self.blendshapes, "blendshapes", (t, N_BLENDSHAPES), np.float32)
        _require(self.sharpness, "sharpness", (t,), np.float32)
        _require(self.vertex_rgb, "vertex_rgb", (t, N_LANDMARKS, 3), np.uint8)
        _require(self.embedding, "embedding", (None,), np.float32)
        _require(self.key_index, "key_index", (k,), np.int32)
        _require(self.key_classes, "key_classes", (k, None, None), np.uint8)
        _require(self.bridged, "bridged", (t,), np.bool_)
        _require(self.outside, "outside", (t,), np.float32)
        _require(self.occluded, "occluded", (t,), np.float32)

    def __len__(self) -> int:
        return len(self.frame_index)


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A face that the detector sees and the mesh does not fit: a strong profile, far away or dark. It has no mesh, so nothing is ever put on it."""

    media_id: str
    shot_id: str
    frame_index: NDArray[np.int32]
    """(K,) strictly rising: the frames in which the detector looked and saw it."""
    box_xyxy: F32
    """(K, 4)"""
    points5: F32
    """(K, 5, 2) as `Face.points5`; what is turned away is guessed."""
    score: F32
    """(K,)"""

    def __post_init__(self) -> None:
        k = len(self.frame_index)
        _require(self.frame_index, "frame_index", (k,), np.int32)
        _require(self.box_xyxy, "box_xyxy", (k, 4), np.float32)
        _require(self.points5, "points5", (k, 5, 2), np.float32)
        _require(self.score, "score", (k,), np.float32)

    def __len__(self) -> int:
        return len(self.frame_index)


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """One person: a cluster of tracks, of one video or of several."""

    identity_id: str
    """`p1`, `p2` … by time on screen, most first, among the people of one video (or of all tracks that were given)."""
    track_ids: tuple[str, ...]
    embedding: F32
    n_frames: int
    name: str | None = None
    """As the user calls the person."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceCrop:
    """A square, upright picture of one face: uint8 (S, S, 3), and the similarity that made it from the frame."""

    rgb: U8
    crop_from_frame: F32
    """(2, 3)"""

    def __post_init__(self) -> None:
        _require(self.rgb, "rgb", (self.rgb.shape[0], self.rgb.shape[0], 3), np.uint8)
        _require(self.crop_from_frame, "crop_from_frame", (2, 3), np.float32)

    @property
    def size(self) -> int:
        return self.rgb.shape[0]


@dataclass(frozen=True, slots=True, eq=False)
class Faceset:
    """One person's set: N upright crops with everything that training and retrieval need, in the order of time.

    `crops` may be a read-only memory map. All positions are in crop pixels.
    """

    identity_id: str
    crops: U8
    """(N, S, S, 3)"""
    masks: U8
    """(N, M, M), M = 128: 255 where the picture shows this face's own skin, lips and eyes (not hair, hands, background)."""
    landmarks: F32
    """(N, 478, 3)"""
    pose_deg: F32
    blendshapes: F32
    sharpness: F32
    vertex_rgb: U8
    """(N, 478, 3)"""
    frame_index: NDArray[np.int32]
    """(N,) the frame of its video."""
    track_number: NDArray[np.int32]
    """(N,) 0, 1, … one number for each track; neighbours in time share it."""
    crop_from_frame: F32
    """(N, 2, 3)"""
    glasses: bool = False
    """Whether the person wears glasses in most of the pictures."""

    def __post_init__(self) -> None:
        n = len(self.crops)
        _require(self.crops, "crops", (n, self.crops.shape[1], self.crops.shape[1], 3), np.uint8)
        _require(self.masks, "masks", (n, None, None), np.uint8)
        _require(self.landmarks, "landmarks", (n, N_LANDMARKS, 3), np.float32)
        _require(self.pose_deg, "pose_deg", (n, 3), np.float32)
        _require(self.blendshapes, "blendshapes", (n, N_BLENDSHAPES), np.float32)
        _require(self.vertex_rgb, "vertex_rgb", (n, N_LANDMARKS, 3), np.uint8)
        _require(self.crop_from_frame, "crop_from_frame", (n, 2, 3), np.float32)

    def __len__(self) -> int:
        return len(self.crops)

    @property
    def size(self) -> int:
        return self.crops.shape[1]


# ----------------------------------------------------------------------------------------------------------- swap


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """One person's tracked performance through (a part of) a shot, in the pixels of its standard crops of side `size`."""

    size: int
    frame_index: NDArray[np.int32]
    """(T,) strictly rising, over the whole file."""
    landmarks: F32
    """(T, 478, 3)"""
    pose_deg: F32
    blendshapes: F32
    vertex_rgb: U8
    """(T, 478, 3)"""
    masks: U8
    """(T, 128, 128): 255 where this face's own skin, lips and eyes show (not hair, hands, background)."""
    crop_from_frame: F32
    """(T, 2, 3)"""
    whole: U8 | None = None
    """(T, 128, 128): 255 where the face shows down to the edge of the jaw, beyond the mesh too. None: not known, nothing is done there."""

    def __post_init__(self) -> None:
        t = len(self.frame_index)
        _require(self.frame_index, "frame_index", (t,), np.int32)
        _require(self.landmarks, "landmarks", (t, N_LANDMARKS, 3), np.float32)
        _require(self.pose_deg, "pose_deg", (t, 3), np.float32)
        _require(self.blendshapes, "blendshapes", (t, N_BLENDSHAPES), np.float32)
        _require(self.vertex_rgb, "vertex_rgb", (t, N_LANDMARKS, 3), np.uint8)
        _require(self.masks, "masks", (t, None, None), np.uint8)
        if self.whole is not None:
            _require(self.whole, "whole", (t, None, None), np.uint8)
        _require(self.crop_from_frame, "crop_from_frame", (t, 2, 3), np.float32)

    def __len__(self) -> int:
        return len(self.frame_index)


class Timed(Protocol):
    """A number over the frames of a video."""

    def at(self, index: int) -> float: ...


@dataclass(frozen=True, slots=True)
class Curve:
    """A number over the frames of a video: linear between its key-frames, level before the first and after the last."""

    keys: tuple[tuple[int, float], ...]
    """(frame index, value), at least one, frames strictly rising."""

    def __post_init__(self) -> None:
        frames = [frame for frame, _ in self.keys]
        if not frames or any(b <= a for a, b in pairwise(frames)):
            raise ValueError("a curve needs key-frames in rising order, each once")

    def at(self, index: int) -> float:
        """The value in frame `index`."""
        return float(np.interp(index, [frame for frame, _ in self.keys], [value for _, value in self.keys]))


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """What a swapper is asked to show in one frame: the source's face making the target's expression in its pose. Swappers extend it."""

    mesh: F32
    """(478, 3) in crop pixels: source's shape, target's expression and pose."""
    target_mesh: F32
    """(478, 3) in crop pixels: the target as tracked; the mask and the border come from it."""
    pose_deg: F32
    blendshapes: F32
    target_vertex_rgb: U8
    """(478, 3): the target's colour at each mesh point: its light."""
    shown: float = 1.0
    """0..1 how far the face may be shown at all: below 1 near poses that the source's material does not reach, 0 beyond."""

    def __post_init__(self) -> None:
        _require(self.mesh, "mesh", (N_LANDMARKS, 3), np.float32)
        _require(self.target_mesh, "target_mesh", (N_LANDMARKS, 3), np.float32)
        _require(self.pose_deg, "pose_deg", (3,), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class SwappedFace:
    """The source's face under the target's performance, in crop pixels, already in the target's light."""

    rgb: F32
    """(S, S, 3) in [0, 255], RGB; float because blending and rounding come once, in the merge."""
    alpha: F32
    """(S, S) in [0, 1]: where it covers the target."""
    confidence: F32
    """(S, S) in [0, 1]: how well the material supports it (1: seen like this; 0: guessed)."""

    def __post_init__(self) -> None:
        s = self.rgb.shape[0]
        _require(self.rgb, "rgb", (s, s, 3), np.float32)
        _require(self.alpha, "alpha", (s, s), np.float32)
        _require(self.confidence, "confidence", (s, s), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """The only changed region of a frame after the merge: RGB as the result shows it, and where it counts.

    `rgb` is (h, w, 3) uint8 or uint16 as `Frame.rgb`, its top left pixel at `xy` in the frame; `alpha` is uint8 (h, w), 255 = take `rgb`
    whole. Where alpha is 0 the target's samples are not touched.
    """

    xy: tuple[int, int]
    rgb: np.ndarray
    alpha: U8


# ----------------------------------------------------------------------------------------------------- provenance


@dataclass(frozen=True, slots=True)
class Permit:
    """Proof that a valid consent record covers a person in a role for an action. Only `provenance.consent` issues it."""

    record_id: str
    record_sha256: str
    subject: str
    role: Literal["face", "performer", "voice"]
    actions: frozenset[str]
    purpose: str
    valid_until: str | None
    """ISO date, or None for no end."""
    person_exists: bool


@dataclass(frozen=True, slots=True)
class LabelledVideo:
    """What `publish` put on disk."""

    path: Path
    sha256: str
    label: str
    manifest_id: str
    sidecar: Path | None
    consent_ids: tuple[str, ...]
    ledger_row: str
    n_frames: int
    n_altered: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check of `verify` says, in words for a person; never a percentage."""

    check: Literal["credentials", "watermark", "fingerprint", "forensics", "ledger", "layers", "label"]
    verdict: Literal["found valid", "found invalid", "not found", "not applicable", "inconclusive"]
    headline: str
    details: tuple[str, ...] = field(default=())
    said: tuple[tuple[str, dict[str, Any]], ...] = field(default=())
    """The same as keys of a catalogue and what is filled in: headline first, then the details (see `verify.said`)."""
