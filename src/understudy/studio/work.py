"""What a worker can do: one function for each kind of job, each a thin call of `api`. Results are small and plain, for they go into the queue."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import api
from ..events import Context

Result = dict[str, Any]


def _make(project: Path, args: dict[str, Any], context: Context) -> Result:
    done = api.make(project, Path(args["out"]), settings=args.get("settings", {}), overwrite=args.get("overwrite", False), context=context)
    return {
        "out": str(done.video.path),
        "draft": str(done.draft.path) if done.draft else None,
        "already": done.already,
        "seconds": dict(done.seconds),
    }


def _check(project: Path, args: dict[str, Any], context: Context) -> Result:
    return {"outlook": api.check_project(project, settings=args.get("settings", {}), context=context).outlook}


def _people(project: Path, args: dict[str, Any], context: Context) -> Result:
    return {"people": len(api.people_find(project, context=context))}


def _faces(project: Path, args: dict[str, Any], context: Context) -> Result:
    return {"faces": api.faces(project, context=context).total}


def _pack(project: Path, args: dict[str, Any], context: Context) -> Result:
    return {"out": args["out"], "faces": api.faces_pack(project, Path(args["out"]), context=context)}


def _unpack(project: Path, args: dict[str, Any], context: Context) -> Result:
    file = Path(args["file"])
    try:
        done = api.faces_unpack(project, file, context=context)
        return {"faces": done.faces, "fits": done.fits}
    finally:
        file.unlink(missing_ok=True)


def _layers(project: Path, args: dict[str, Any], context: Context) -> Result:
    made = api.layers(project, Path(args["out"]), layers=args["layers"], form=args["form"], context=context)
    return {"out": str(made.folder), "first": made.first, "last": made.end - 1}


def _extract(project: Path, args: dict[str, Any], context: Context) -> Result:
    rows = api.extract(project, source_face=args.get("source_face"), face=args.get("face"), settings=args.get("settings", {}), context=context)
    return {"pieces": len(rows)}


def _train(project: Path, args: dict[str, Any], context: Context) -> Result:
    rows = api.train(project, settings=args.get("settings", {}), context=context)
    return next((row.report for row in reversed(rows) if row.stage == "train"), {})


def _render(project: Path, args: dict[str, Any], context: Context) -> Result:
    rows = api.render(project, shots=args.get("shots", ()), settings=args.get("settings", {}), context=context)
    return {"pieces": len(rows)}


def _publish(project: Path, args: dict[str, Any], context: Context) -> Result:
    video = api.publish(project, Path(args["out"]), settings=args.get("settings", {}), overwrite=args.get("overwrite", False), context=context)
    return {"out": str(video.path), "label": video.label, "frames": video.n_frames, "altered": video.n_altered}


def _proxies(project: Path, args: dict[str, Any], context: Context) -> Result:
    api.make_proxies(project, context=context)
    return {}


def _verify(project: Path, args: dict[str, Any], context: Context) -> Result:
    file = Path(args["file"])
    try:
        report = api.verify(file, context=context)
        return {**json.loads(report.json()), "paper": api.verify_paper(report), "trace": json.loads(api.trace(file, context=context).json())}
    finally:
        # a video that was dropped to be looked at is not kept
        file.unlink(missing_ok=True)
        if file.parent.is_dir() and not any(file.parent.iterdir()):
            file.parent.rmdir()


KINDS: dict[str, Callable[[Path, dict[str, Any], Context], Result]] = {
    "make": _make,
    "check": _check,
    "people": _people,
    "faces": _faces,
    "pack": _pack,
    "unpack": _unpack,
    "layers": _layers,
    "extract": _extract,
    "train": _train,
    "render": _render,
    "publish": _publish,
    "verify": _verify,
    "proxies": _proxies,
}
