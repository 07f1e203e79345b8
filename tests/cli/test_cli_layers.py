"""Layers from the command line, over a project that a swap left."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from studio import Desk, main, make_desk, start


@pytest.fixture
def desk(ready_home: Path, tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "desk")


def test_layers_of_a_swap(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(desk.swap()) == 0
    project, out = str(desk.folder / "out.understudy"), desk.folder / "layers"
    # killed at once, in the middle, or not at all: nothing but whole folders
    killed = start(["layers", project, "-o", str(out)])
    time.sleep(2.5)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    if out.exists():
        assert (out / "layers.json").is_file()
        out = desk.folder / "layers again"
    assert main(["layers", project, "-o", str(out)]) == 0
    assert "README.txt" in capsys.readouterr().out and not list(desk.folder.glob(".layers*"))
    plate, face, matte = (cv2.imread(str(out / name / f"{name}.000003.png"), cv2.IMREAD_UNCHANGED) for name in ("plate", "face", "matte"))
    assert plate is not None and face is not None and matte is not None and face.dtype == np.uint16
    assert (matte > 60000).mean() > 0.05 and np.array_equal(face[..., 3], matte)
    mesh = np.array(json.loads((out / "geometry" / "geometry.000003.json").read_bytes())["faces"][0]["mesh"])
    inside = matte[mesh[:, 1].astype(int), mesh[:, 0].astype(int)]
    assert mesh.shape == (478, 3) and (inside > 0).mean() > 0.7, "the mesh lies where the face is"
    assert main(["layers", project, "-o", str(out)]) == 1
    assert "already there" in capsys.readouterr().err
    assert main(["layers", project, "-o", str(desk.folder / "other"), "--layers", "plate,hair"]) == 2
    assert "hair" in capsys.readouterr().err
