"""A rendered target leaves as layers for a compositing program, with what is known of its faces' places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..merge.patchfile import Patches
from ..provenance.layer_job import Layer, LayerFormat
from ..provenance.layers import ExportedLayers, export_layers
from ..provenance.signer import Signer
from ..swap.drive import performance_of
from ..types import Track
from .extract import Person
from .job import Job
from .media import Footage
from .render import Rendered
from .scene import crop_size


def deliver_layers(
    job: Job,
    folder: Path,
    *,
    layers: Sequence[Layer],
    form: LayerFormat,
    target: Footage,
    person: Person,
    rendered: Rendered,
    signer: Signer | None = None,
) -> ExportedLayers:
    """Export what was rendered into the new folder."""
    places = [(track, crop_size(tracks)) for part in rendered.ensemble.parts for tracks in (person.tracks_of(part.person),) for track in tracks]
    with Patches(rendered.files) as patches:
        return export_layers(
            target.path,
            target.info,
            folder,
            layers=layers,
            form=form,
            patches=patches,
            shots=person.shots,
            geometry=geometry_of(places),
            permits=rendered.ensemble.permits.every,
            settings=job.settings,
            sources=[source.path for source in rendered.ensemble.sources],
            model_id=rendered.model_id,
            context=job.context,
            signer=signer,
        )


def geometry_of(tracks: Sequence[tuple[Track, int]]) -> Callable[[int], list[dict[str, Any]]]:
    """For a frame's index: of every track there, the crop's matrix (2x3, for a square crop of the side that goes with the track), the pose and
    the mesh, frame pixels."""
    performances = [performance_of(track, size=size) for track, size in tracks]
    places = [{int(index): t for t, index in enumerate(track.frame_index)} for track, _ in tracks]

    def at(index: int) -> list[dict[str, Any]]:
        found = []
        for (track, size), performance, place in zip(tracks, performances, places, strict=True):
            t = place.get(index)
            if t is not None:
                found.append(
                    {
                        "crop_size": size,
                        "crop_from_frame": performance.crop_from_frame[t].astype(float).round(6).tolist(),
                        "pose_deg": dict(zip(("yaw", "pitch", "roll"), track.pose_deg[t].astype(float).round(3).tolist(), strict=True)),
                        "mesh": track.landmarks[t].astype(float).round(3).tolist(),
                    }
                )
        return found

    return at
