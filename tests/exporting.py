"""One call that exports the layers of a clip for real, with the stand-in face of `publishing`."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

from networks import link_networks
from publishing import permits, rendered

from understudy.config import settings_from
from understudy.events import Context
from understudy.provenance.layer_job import LAYERS
from understudy.provenance.layers import ExportedLayers, export_layers
from understudy.types import Shot
from understudy.video.probe import probe
from understudy.video.read import frame_pts

ALTERED = range(5, 9)
CUTS = (4, 8)


def export(target: Path, folder: Path, **changes: Any) -> ExportedLayers:
    """Every layer, from the first cut on."""
    link_networks()
    pts = [*frame_pts(target), 10**9]
    edges = [0, *CUTS, len(pts) - 1]
    shots = [Shot("m", f"s{a}", a, b, pts[a], pts[b]) for a, b in pairwise(edges)]
    arguments: dict[str, Any] = {
        "layers": LAYERS,
        "form": "png16",
        "patches": rendered(target.parent, ALTERED),
        "shots": shots,
        "geometry": lambda index: [{"mesh": [[1.0, 2.0, float(index)]]}],
        "permits": changes.pop("permits", None) or permits(target.parent),
        "settings": settings_from(),
        "sources": [target],
        "model_id": "draft",
        "context": Context(),
    }
    return export_layers(target, probe(target), folder, **{**arguments, **changes})
