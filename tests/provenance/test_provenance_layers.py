"""Layers for compositing: they give the result again, are signed, and are held to the same rules as a published video."""

from __future__ import annotations

import json
import resource
import signal
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import OpenEXR
import opentimelineio as otio
import pytest
from exporting import ALTERED, CUTS, export
from killing import die, in_child
from publishing import permits, rendered, signed

from understudy.errors import ConsentScope, DiskFull, Interrupted, MediaNotVideo, OutputExists, OutputNotWritable, StepMissing, UsageError
from understudy.events import Context
from understudy.files import sha256_file
from understudy.merge.layers import take_apart
from understudy.provenance import credentials, keys, ledger
from understudy.provenance import layers as door
from understudy.provenance.consent import issue_permit
from understudy.provenance.label import make_label
from understudy.provenance.label_place import heads_of
from understudy.provenance.layer_job import LAYERS
from understudy.provenance.ledger_store import canonical
from understudy.verify.trace import trace
from understudy.video.color import luma_weights, paint, rgb_from_planes
from understudy.video.probe import probe
from understudy.video.read import frame_pts, read_frames

pytestmark = pytest.mark.usefixtures("isolated_home")
HDR = {"colorspace": 9, "color_primaries": 9, "color_trc": 16, "color_range": 1}


def picture(folder: Path, layer: str, index: int, form: str) -> np.ndarray:
    """A layer's picture as a compositing program reads it: float64 0..1, RGB(A) or gray."""
    if form == "png16":
        read = cv2.imread(str(folder / layer / f"{layer}.{index:06}.png"), cv2.IMREAD_UNCHANGED)
        assert read is not None and read.dtype == np.uint16
        return (read if read.ndim == 2 else read[..., [2, 1, 0, 3][: read.shape[2]]]) / 65535.0
    if form == "exr":
        with OpenEXR.File(str(folder / layer / f"{layer}.{index:06}.exr")) as file:
            return np.asarray(next(iter(file.channels().values())).pixels, np.float64)
    with av.open(str(folder / f"{layer}.mov")) as container:
        frame = list(container.decode(container.streams.video[0]))[index - CUTS[0]]
        samples = [np.frombuffer(p, np.uint16).reshape(p.height, -1)[:, : p.width].astype(float) for p in frame.planes]  # pyright: ignore
    y, u, v = (samples[0] / 16 - 16) / 219, (samples[1] / 16 - 128) / 224, (samples[2] / 16 - 128) / 224
    kr, _, kb = luma_weights(probe(folder / f"{layer}.mov").color)
    r, b = y + 2 * (1 - kr) * v, y + 2 * (1 - kb) * u
    rgb = np.stack([r, (y - kr * r - kb * b) / (1 - kr - kb), b], -1)
    if layer == "matte":
        return y
    return np.concatenate([rgb, samples[3][..., None] / 4095], 2) if layer == "face" else rgb


CLIPS = {
    "eight bits": {"pix_fmt": "yuv420p"},
    "ten bits HDR": {"pix_fmt": "yuv420p10le", "tags": HDR},
    "4:4:4": {"pix_fmt": "yuv444p"},
}


@pytest.mark.parametrize("form", ["png16", "exr", "prores4444"])
@pytest.mark.parametrize("clip", CLIPS)
def test_the_layers_give_the_result_again(make_clip, tmp_path, clip, form):
    """Within one code value: the merged frame from plate, face and matte; and, mark and label apart, the layer `result`.

    Of the target's depth; for ProRes, which is not lossless, of 8 bits in the samples that it stores (luma and colour differences)."""
    target = make_clip("in.mov", size=(160, 120), timecode="01:00:00:00", **CLIPS[clip])
    made = export(target, tmp_path / "layers", form=form)
    assert (made.first, made.end) == (4, 12)
    code = 1 / 255 if probe(target).color.bit_depth == 8 or form == "prores4444" else 1 / 1023
    patches = rendered(tmp_path, ALTERED)
    label = make_label(probe(target), "en", heads=heads_of(patches)).patch
    for frame in read_frames(target, want="planes", start_index=4):
        plate, face, matte, result = (picture(made.folder, layer, frame.index, form) for layer in LAYERS)
        alpha = face[..., 3:]
        assert np.abs(alpha[..., 0] - matte).max() <= code and (matte.max() > 0.9) == (frame.index in ALTERED)
        again = plate * (1 - alpha) + face[..., :3] * (1 if form == "exr" else alpha)
        apart = take_apart(frame.planes, patches.at(frame.index))
        away = again - apart.result
        if form == "prores4444":
            weights = luma_weights(probe(target).color)
            luma = away @ np.array(weights)
            stored = [219 * luma, 112 * (away[..., 2] - luma) / (1 - weights[2]), 112 * (away[..., 0] - luma) / (1 - weights[0])]
            assert np.abs(stored).max() <= 1 and np.abs(away).mean() < 0.25 * code
        else:
            assert np.abs(away).max() <= code
        if clip == "4:4:4" and form != "prores4444":
            top = rgb_from_planes(paint(frame.planes, patches.at(frame.index))) / 255
            assert np.abs(again - top).max() <= 2 * code, "what publish paints: rounded once more, in its own samples"
        (x, y), (h, w) = label.xy, label.alpha.shape
        free = np.ones(matte.shape, bool)
        free[y : y + h, x : x + w] = frame.index not in ALTERED
        change = (result - again)[free]
        # the mark adds the same to all three; where it meets the end of the scale it is cut off
        inner = (again[free] > 0.05).all(1) & (again[free] < 0.95).all(1)
        assert np.percentile(np.ptp(change[inner], axis=1), 99) <= 3 * code and 0 < np.abs(change).max() < 20 / 255
        if frame.index in ALTERED:
            assert result[y : y + h, x : x + w].max() > 0.5, "the label is there"


@pytest.mark.parametrize("form", ["png16", "prores4444"])
def test_every_layer_has_its_signed_record(make_clip, tmp_path, form):
    made = export(make_clip("in.mov", size=(160, 120)), tmp_path / "layers", form=form)
    index = json.loads((made.folder / "layers.json").read_bytes())
    for whole in (index, *(json.loads((made.folder / f"{layer}.record.json").read_bytes()) for layer in LAYERS)):
        assert keys.signature_holds(canonical(whole["record"]), whole["signature"]["value"], keys.public_key())
        for name, value in whole["record"].get("files", {}).items():
            assert sha256_file(made.folder / name) == value
    for name, value in index["record"]["records"].items():
        assert sha256_file(made.folder / name) == value
    face = json.loads((made.folder / "face.record.json").read_bytes())["record"]
    assert face["intermediate"] and len(face["consent_ids"]) == 2 and face["purposes"] and len(face["files"]) == (8 if form == "png16" else 1)
    row = ledger.find_file(sha256_file(made.folder / "layers.json"))
    assert row is not None and row.hash == made.ledger_row and row.body["layers"] == list(LAYERS)
    signed_part = made.folder / ("result.mov" if form == "prores4444" else "result.files.json")
    found = credentials.read(signed_part)
    assert found.ours and found.carries_mark
    assert (ledger.find_file(sha256_file(signed_part)) is not None) == (form == "prores4444")
    assert ledger.verify_chain() == (2 if form == "prores4444" else 1) and "unlabelled" in (made.folder / "README.txt").read_text()


def test_shots_times_and_places(make_clip, tmp_path):
    target = make_clip("in.mov", size=(96, 64), timecode="01:00:00:00")
    made = export(target, tmp_path / "layers", layers=["plate", "face"])
    third = json.loads((made.folder / "geometry" / "geometry.000006.json").read_bytes())
    assert third["pts"] == frame_pts(target)[6] and third["timecode"] == "01:00:00:06" and third["faces"][0]["mesh"][0][2] == 6
    timeline: Any = otio.adapters.read_from_file(str(made.folder / "shots.otio"))
    assert [track.name for track in timeline.tracks] == ["plate", "face"]
    clips = list(timeline.tracks[0])
    assert [int(clip.source_range.duration.value) for clip in clips] == [4, 4]
    assert otio.opentime.to_timecode(clips[1].source_range.start_time, 25) == "01:00:00:08"
    assert (made.folder / clips[0].media_reference.target_url_for_image_number(0)).is_file()
    assert "01:00:00:04 01:00:00:08" in (made.folder / "shots.edl").read_text()
    assert {p.name for p in made.folder.iterdir()} == {
        "plate", "face", "geometry", "README.txt", "layers.json", "plate.record.json", "face.record.json", "shots.edl", "shots.otio",
    }  # fmt: skip


def test_prores_keeps_every_time_and_the_curve(make_clip, tmp_path):
    target = make_clip(
        "in.mov", size=(96, 64), pix_fmt="yuv420p10le", tags=HDR, timecode="10:00:00:00", pts=[512 * i + 97 * (i % 5) for i in range(12)]
    )
    made = export(target, tmp_path / "layers", form="prores4444", layers=["result", "face"])
    before = frame_pts(target)[4:]
    for name in ("result.mov", "face.mov"):
        info = probe(made.folder / name)
        assert [p * info.time_base for p in frame_pts(made.folder / name)] == [(p - before[0]) * probe(target).time_base for p in before]
        assert (info.color.transfer, info.color.primaries, info.timecode) == ("smpte2084", "bt2020", "10:00:00:04")


def left(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if "layers" in p.name)


def test_refusals(make_clip, tmp_path):
    target = make_clip("in.mov", size=(96, 64))
    face, performer = permits(tmp_path)
    training = issue_permit(signed(tmp_path, "face", actions=["train"]), role="face", actions=["train"])
    with pytest.raises(ConsentScope):
        export(target, tmp_path / "layers", permits=(training, performer))
    with pytest.raises(UsageError):
        export(target, tmp_path / "layers", layers=["hair"], permits=(face, performer))
    with pytest.raises(StepMissing):
        export(target, tmp_path / "layers", patches=rendered(tmp_path, []), permits=(face, performer))
    (tmp_path / "there").mkdir()
    with pytest.raises(OutputExists):
        export(target, tmp_path / "there", permits=(face, performer))
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputNotWritable):
        export(target, tmp_path / "file" / "layers", permits=(face, performer))
    assert left(tmp_path) == [] and ledger.rows() == []


@pytest.mark.parametrize("form", ["png16", "exr", "prores4444"])
def test_a_full_disk_and_a_stop_leave_nothing(make_clip, tmp_path, form):
    target = make_clip("in.mov", size=(320, 240))
    both = permits(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    export(target, tmp_path / "first", permits=both, layers=["plate"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(DiskFull):
            export(target, tmp_path / "layers", form=form, permits=both)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    context = Context()
    with pytest.raises(Interrupted):
        export(target, tmp_path / "layers", form=form, permits=both, geometry=lambda index: context.stop.set() or [], context=context)
    assert left(tmp_path) == [] and len(ledger.rows()) == 1
    export(target, tmp_path / "layers", form=form, permits=both)


MOMENTS = ["while writing", "while signing", "before the name", "after the name", "before the row"]


@pytest.mark.parametrize("form", ["png16", "prores4444"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_moment_leaves_nothing_or_all(make_clip, tmp_path, monkeypatch, moment, form):
    target, both = make_clip("in.mov", size=(96, 64)), permits(tmp_path)
    folder = tmp_path / "layers"

    def work() -> None:
        if moment == "while signing":
            monkeypatch.setattr(credentials, "sign", die)
        elif moment == "before the name":
            real = Path.rename
            monkeypatch.setattr(Path, "rename", lambda self, to: die() if to == folder else real(self, to))
        elif moment == "after the name":
            monkeypatch.setattr(door, "sync_folder", die)
        elif moment == "before the row":
            monkeypatch.setattr(ledger, "append_row", die)
        geometry = die if moment == "while writing" else lambda index: []
        export(target, folder, form=form, permits=both, geometry=geometry)

    assert in_child(work) == -signal.SIGKILL
    whole = moment in ("after the name", "before the row")
    assert folder.exists() == whole
    if whole:
        with pytest.raises(OutputExists):
            export(target, folder, form=form, permits=both)
    else:
        export(target, folder, form=form, permits=both)
    # what the kill cut off is entered by whoever comes next, and once only
    assert ledger.verify_chain() == (2 if form == "prores4444" else 1) and left(tmp_path) == ["layers"]
    assert ledger.find_file(sha256_file(folder / "layers.json")) is not None
    assert credentials.read(folder / ("result.mov" if form == "prores4444" else "result.files.json")).ours


def test_a_damaged_picture_is_left_out(make_clip, tmp_path):
    """The others keep their numbers."""
    target = make_clip("in.mov", size=(96, 64), codec="mjpeg", pix_fmt="yuvj420p", options={})
    data = bytearray(target.read_bytes())
    with av.open(str(target)) as container:
        damaged = [p for p in container.demux(container.streams.video[0]) if p.size][6]
        at, size = damaged.pos, damaged.size
    assert at is not None
    data[at : at + size] = bytes(size)
    target.write_bytes(data)
    made = export(target, tmp_path / "layers", layers=["plate"])
    assert sorted(p.name for p in (made.folder / "plate").iterdir()) == [f"plate.{n:06}.png" for n in range(4, 12) if n != 6]


def test_a_found_folder_leads_back_to_its_record(make_clip, tmp_path):
    """By its list; without it by the mark of the pictures, also of some 8-bit copies; by nothing where they are of another film."""
    made = export(make_clip("in.mp4", size=(480, 360), n=12), tmp_path / "layers", layers=["result"])
    (row,) = ledger.rows()
    found = trace(made.folder)
    assert (found.by, found.row, found.exit_code) == ("list", row.seq, 0) and "signed list" in found.text()
    (made.folder / "layers.json").write_text("{}")
    assert (trace(made.folder).by, trace(made.folder).row) == ("watermark", row.seq)
    copies = tmp_path / "copies"
    copies.mkdir()
    for path in sorted((made.folder / "result").iterdir())[::2]:
        cv2.imwrite(str(copies / path.name.replace("result", "frame")), cv2.imread(str(path)))
    assert trace(copies).row == row.seq
    others = tmp_path / "others"
    others.mkdir()
    for index in range(3):
        cv2.imwrite(str(others / f"{index}.png"), np.random.default_rng(index).integers(0, 256, (360, 480, 3), np.uint8))
    assert trace(others).exit_code == 1
    with pytest.raises(MediaNotVideo):
        trace(tmp_path / "home")
