"""How fast is mediapipe, and in which frames does it see how many faces? Run by bench/faces.py with a Python that has mediapipe 0.10.21.

    python bench/mediapipe_fps.py VIDEO --task face_landmarker.task [--faces 1] [--kind landmarker|mesh]

`landmarker` is its FaceLandmarker task in video mode, `mesh` its older FaceMesh, both with mediapipe's own detector and tracking.
Prints one line of JSON: seconds and seconds of processor time (decoding included, opening not), the number of faces in every frame, and the
peak memory of this process.
Needs nothing of this project.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--task", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=1)
    parser.add_argument("--frames", type=int, help="at most this many")
    parser.add_argument("--kind", choices=("landmarker", "mesh"), default="landmarker")
    asked = parser.parse_args()
    opener = landmarker(asked.task, asked.faces) if asked.kind == "landmarker" else mesh(asked.faces)
    first = run(asked.video, opener(), most=1)
    began, cpu = time.monotonic(), time.process_time()
    counts = run(asked.video, opener(), most=asked.frames) if first else []
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    print(json.dumps({"seconds": seconds, "cpu": cpu, "counts": counts, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def run(video: Path, look: Callable[[Any], int], *, most: int | None) -> list[int]:
    """The number of faces in every frame."""
    import cv2

    reader = cv2.VideoCapture(str(video))
    counts: list[int] = []
    while most is None or len(counts) < most:
        ok, bgr = reader.read()
        if not ok:
            break
        counts.append(look(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)))
    reader.release()
    return counts


def landmarker(task: Path, faces: int) -> Callable[[], Callable[[Any], int]]:
    import mediapipe as mp  # pyright: ignore[reportMissingImports]

    vision = mp.tasks.vision
    options = vision.FaceLandmarkerOptions(
        base_options=mp.tasks.BaseOptions(model_asset_path=str(task)), running_mode=vision.RunningMode.VIDEO, num_faces=faces
    )

    def opened() -> Callable[[Any], int]:
        net, number = vision.FaceLandmarker.create_from_options(options), [0]

        def look(rgb: Any) -> int:
            number[0] += 1
            return len(net.detect_for_video(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb), number[0] * 40).face_landmarks)

        return look

    return opened


def mesh(faces: int) -> Callable[[], Callable[[Any], int]]:
    import mediapipe as mp  # pyright: ignore[reportMissingImports]

    def opened() -> Callable[[Any], int]:
        net = mp.solutions.face_mesh.FaceMesh(max_num_faces=faces, refine_landmarks=True)
        return lambda rgb: len(net.process(rgb).multi_face_landmarks or ())

    return opened


if __name__ == "__main__":
    main()
