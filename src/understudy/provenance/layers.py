"""Layers for a compositing program: the second way out of a project, with the same consent, refusal check and ledger as a published video.

Plate, face and matte are intermediates: they carry no label, and each has a signed record beside it that says what it is and on whose consent
it stands. The layer `result` is a picture to be looked at, so it carries the label, the invisible mark and Content Credentials (inside
a .mov; for a sequence beside it, over the list of its files). The folder is filled under a hidden name and gets its own when everything is signed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..config import Settings
from ..errors import OutputExists, StepMissing, UsageError
from ..events import Context, Meter
from ..files import part_of, sha256_file, sync_folder, translate
from ..merge.layers import Layers, take_apart
from ..types import F32, Permit, Shot, VideoInfo
from ..video.color import luma_weights, paint
from ..video.prores import ProresWriter
from ..video.read import frame_pts, read_frames
from ..video.stills import write_exr, write_png16
from . import credentials, gate, keys, ledger
from .credentials import Statement, Terms
from .label import Label, label_for, label_spans
from .layer_job import ENDINGS, KINDS, LAYERS, Layer, LayerFormat, LayerJob, shots_between
from .layer_lists import INDEX, flush, write_geometry, write_lists, write_signed
from .mark.embed import Marker
from .mark.fingerprint import Sampler, pack
from .production import NO_TIME, AlteredFrames, about, admitted, agreements, inputs_of, new_number, statement_of, terms_of
from .signer import Signer
from .xmp import packet, put_xmp


@dataclass(frozen=True, slots=True)
class ExportedLayers:
    """What `export_layers` put on disk."""

    folder: Path
    layers: tuple[Layer, ...]
    first: int
    """The first exported frame, and the one after the last, as the target counts."""
    end: int
    ledger_row: str


def check_layers_output(folder: Path, layers: Sequence[str]) -> None:
    """Raise what would stop `export_layers`, before long work: UsageError, OutputExists, OutputNotWritable."""
    unknown = [name for name in layers if name not in LAYERS]
    if unknown or not layers:
        raise UsageError(f"'{', '.join(unknown)}' is no layer.", remedy=f"choose from: {','.join(LAYERS)}")
    if folder.exists():
        raise OutputExists(f"{folder} is already there.", why="Nothing is overwritten unasked.", remedy="choose a new folder with -o")
    part = part_of(folder)
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        part.rmdir()
    except OSError as error:
        raise translate(error, folder) from error


def export_layers(
    target: Path,
    info: VideoInfo,
    folder: Path,
    *,
    layers: Sequence[Layer],
    form: LayerFormat,
    patches: AlteredFrames,
    shots: Sequence[Shot],
    geometry: Callable[[int], list[dict[str, Any]]],
    permits: Sequence[Permit],
    settings: Settings,
    sources: Sequence[Path],
    model_id: str,
    context: Context,
    signer: Signer | None = None,
) -> ExportedLayers:
    """Write `layers` of every frame from the first shot with a rendered face to the last one into the new folder.

    `geometry` gives what is known of the faces of a frame (matrix, mesh), as JSON. `permits`: of everybody whose face is shown, and of everybody
    whose performance is changed; all must cover publishing today. Raises what `publish` raises, and UsageError for a layer that does not exist.
    """
    agreed = agreements(permits)
    keys.make_keys()
    ledger.recover()
    ledger.check_end()
    check_layers_output(folder, layers)
    altered = patches.frames()
    if not altered:
        raise StepMissing("There are no rendered faces to export.", remedy="run first: understudy render")
    kept = shots_between(shots, altered)
    looked = admitted(sources, target, info, context)
    part, label = part_of(folder), label_for(info, settings.label, patches)
    job = LayerJob(part, target, info, tuple(layers), form, kept, about(agreed, label, model_id))
    number = new_number("") if "result" in layers else None
    try:
        part.mkdir(parents=True)
        with Meter(context, "publish", "Writing the layers", job.end - job.first) as meter:
            looked["result"], marks = _write_frames(job, patches, geometry, number, label, altered, meter)
            meter.note("Signing")
            # writing may have taken hours
            agreements(permits)
            body = {
                **job.record,
                "refusal_check": {"rules": gate.RULES, **{name: verdict.as_dict() for name, verdict in looked.items()}},
                **inputs_of(target, sources),
                "n_frames": job.end - job.first,
                "n_altered": sum(job.first <= index < job.end for index in altered),
                "layers": list(layers),
                "format": form,
            }
            write_lists(job)
            statement = replace(statement_of(body, agreed, settings), watermark=marks.get("watermark", ""))
            row = _sign_and_place(job, folder, body, marks, statement, terms_of(agreed, settings, signer), sources)
            if settings.credentials.time_server and marks and not body["trusted_time"]:
                meter.note(NO_TIME, warning=True)
        return ExportedLayers(folder, tuple(layers), job.first, job.end, row)
    except OSError as error:
        raise translate(error, folder) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write_frames(
    job: LayerJob,
    patches: AlteredFrames,
    geometry: Callable[[int], list[dict[str, Any]]],
    number: int | None,
    label: Label,
    altered: Sequence[int],
    meter: Meter,
) -> tuple[gate.Verdict, dict[str, Any]]:
    """Every frame of every layer; the refusal check's verdict on the result, and what identifies it."""
    info, every = job.info, frame_pts(job.target)
    spans = label_spans([pts * info.time_base for pts in every], altered)
    watcher, sampler = gate.Watcher("the result", duration=float(info.duration)), Sampler(info.duration)
    marker = Marker(number) if number is not None else None
    last = max(1, round(1 / (info.frame_rate * info.time_base)))
    for name in ("geometry", *(job.layers if job.form != "prores4444" else ())):
        (job.folder / name).mkdir()
    with ExitStack() as stack:
        put = _writers(job, stack)
        for frame in read_frames(job.target, want="planes", start_index=job.first, end_index=job.end, info=info):
            assert frame.planes is not None
            found = patches.at(frame.index)
            apart = take_apart(frame.planes, found)
            watcher.see(paint(frame.planes, found), float(frame.time))
            if watcher.settled:
                gate.refuse_unless_passed(watcher.verdict(), watcher.what)
            duration = every[frame.index + 1] - frame.pts if frame.index + 1 < len(every) else last
            for layer in job.layers:
                picture = _picture(layer, apart, job.form)
                if layer == "result" and marker is not None:
                    picture = _marked(picture, marker, info)
                    if any(first <= frame.index <= end for first, end in spans):
                        (x, y), (h, w) = label.patch.xy, label.patch.alpha.shape
                        picture[y : y + h, x : x + w] = label.patch.rgb.astype(np.float32) / 65535
                    sampler.see(_luma16(picture, info), frame.time)
                put(layer, frame.index, picture, frame.pts - every[job.first], duration)
            write_geometry(job, frame.index, frame.pts, geometry(frame.index))
            meter.step()
    marks = {"watermark": f"{number:08x}", "fingerprint": pack(sampler.samples), "labelled_frames": spans} if number is not None else {}
    return gate.refuse_unless_passed(watcher.verdict(), watcher.what), marks


def _writers(job: LayerJob, stack: ExitStack) -> Callable[[Layer, int, F32, int, int], None]:
    """How a picture of a layer is put on disk: (layer, frame's index, picture, pts from the first exported frame's on, ticks that it lasts)."""
    if job.form == "prores4444":
        open_ = {
            layer: stack.enter_context(
                ProresWriter(job.folder / f"{layer}.mov", job.info, alpha=layer == "face", timecode=job.timecode(job.first), comment=job.about(layer))
            )
            for layer in job.layers
        }

        def add(layer: Layer, index: int, picture: F32, pts: int, duration: int) -> None:
            open_[layer].put(picture, pts, duration)

        return add
    write = write_png16 if job.form == "png16" else write_exr
    ending = ENDINGS[job.form]

    def put(layer: Layer, index: int, picture: F32, pts: int, duration: int) -> None:
        stated = packet(credentials.SOURCE_TYPE) if layer != "plate" else ""
        write(job.folder / layer / f"{layer}.{index:06}.{ending}", picture, color=job.info.color, about=job.about(layer), xmp=stated)

    return put


def _picture(layer: Layer, apart: Layers, form: LayerFormat) -> F32:
    if layer == "plate":
        return apart.plate
    if layer == "matte":
        return apart.matte
    if layer == "result":
        return apart.result
    # OpenEXR's alpha is multiplied in, that of the others is not
    return np.concatenate([apart.face, apart.matte[..., None]], axis=2) if form == "exr" else apart.straight


def _luma16(picture: F32, info: VideoInfo) -> np.ndarray:
    luma = np.asarray(picture, np.float32) @ np.array(luma_weights(info.color), np.float32)
    return np.rint(np.clip(luma, 0, 1) * 65535).astype(np.uint16)


def _marked(picture: F32, marker: Marker, info: VideoInfo) -> F32:
    """The invisible mark is in luma alone: what it adds there is added to red, green and blue alike."""
    luma = _luma16(picture, info)
    change = (marker.mark(luma, 16).astype(np.float32) - luma) / 65535
    return np.clip(picture + change[..., None], 0, 1).astype(np.float32)


def _sign_and_place(
    job: LayerJob, folder: Path, body: dict[str, Any], marks: dict[str, Any], statement: Statement, terms: Terms, sources: Sequence[Path]
) -> str:
    """Sign every layer's record, announce, give the folder its name, enter. Returns the hash of the ledger's row."""
    video: dict[str, Any] | None = None
    if "result" in job.layers:
        done, video = _sign_result(job, statement, terms, sources)
        body["trusted_time"] = done.trusted_time
    records = {}
    for layer in job.layers:
        if job.form == "prores4444" and layer in ("face", "matte"):
            put_xmp(job.folder / f"{layer}.mov", source_type=credentials.SOURCE_TYPE)
        files = {str(path.relative_to(job.folder)): sha256_file(path) for path in job.files(layer)}
        path = job.folder / f"{layer}.record.json"
        write_signed(path, {**job.record, "layer": layer, "is": KINDS[layer], "intermediate": layer != "result", "files": files})
        records[path.name] = sha256_file(path)
    index = job.folder / INDEX
    write_signed(index, {"record_id": body["record_id"], "records": records, "frames": [job.first, job.end], "timecode": job.timecode(job.first)})
    flush(job.folder)
    listed = {**body, **(marks if video is None else {}), "file_sha256": sha256_file(index), "out": str((folder / INDEX).resolve())}
    with ExitStack() as stack:
        stack.enter_context(ledger.announced(listed, folder / INDEX))
        if video is not None:
            about_video = {**body, **marks, **video, "out": str((folder / "result.mov").resolve())}
            stack.enter_context(ledger.announced(about_video, folder / "result.mov"))
        job.folder.rename(folder)
        sync_folder(folder.absolute().parent)
    row = ledger.find_file(listed["file_sha256"])
    assert row is not None
    return row.hash


def _sign_result(job: LayerJob, statement: Statement, terms: Terms, sources: Sequence[Path]) -> tuple[credentials.Signed, dict[str, Any] | None]:
    """Content Credentials of the result: into the video, whose own row in the ledger is then returned; or beside the list of the pictures."""
    if job.form == "prores4444":
        path = job.folder / "result.mov"
        signed = job.folder / "result.signed.mov"
        done = credentials.sign(path, signed, sidecar=None, target=job.target, sources=sources, statement=statement, terms=terms)
        signed.replace(path)
        return done, {"manifest_id": done.manifest_id, "file_sha256": sha256_file(path), "bytes": path.stat().st_size}
    listing = job.folder / "result.files.json"
    hashes = {path.name: sha256_file(path) for path in job.files("result")}
    listing.write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")
    sidecar = credentials.sidecar_of(listing)
    return credentials.sign(listing, listing, sidecar=sidecar, target=job.target, sources=sources, statement=statement, terms=terms), None
