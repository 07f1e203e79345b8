"""Opening the networks. Each is opened once in a process and lane; an opened network serves one thread at a time."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from .registry import path


def threads() -> int:
    """How many threads work at once: the processors that this process may use, at most 4."""
    return max(1, min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the runtime's greetings, written past Python, off the user's terminal. Errors come as exceptions all the same."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class Lite:
    """A TFLite network on one thread: one float32 input, some float32 outputs.

    On two threads these small networks gain little and spend half of the second one waiting; other work is put beside them instead.
    """

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with _quiet():
            self._net: Any = Interpreter(model_content=content, num_threads=1)
            self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]
        self._outputs = [(d["name"], d["index"]) for d in self._net.get_output_details()]

    def __call__(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Run on x (float32, in the network's input shape); returns copies of the outputs by name."""
        self._net.set_tensor(self._input, x)
        self._net.invoke()
        return {name: self._net.get_tensor(index) for name, index in self._outputs}


@cache
def lite(name: str, member: str | None = None, *, lane: int = 0) -> Lite:
    """The TFLite network `name`, or the file `member` inside a .task bundle. Threads that run it at the same time name lanes of their own."""
    file = path(name)
    if member is None:
        return Lite(file.read_bytes())
    with zipfile.ZipFile(file) as bundle:
        return Lite(bundle.read(member))


@cache
def onnx(name: str, *, single: bool = False) -> Any:
    """The onnxruntime session of network `name`, on the processor; `single`: on one thread, for work that runs beside other work."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1 if single else threads()
    options.log_severity_level = 3  # the file keeps its weights as inputs, which is warned of once for each
    return onnxruntime.InferenceSession(path(name), options, providers=["CPUExecutionProvider"])


def yunet(*, score: float, most: int = 200) -> Any:
    """OpenCV's YuNet detector (not shared: it holds the size of its picture)."""
    import cv2

    with _quiet():
        return cv2.FaceDetectorYN.create(str(path("yunet")), "", (320, 320), score, 0.3, most)
