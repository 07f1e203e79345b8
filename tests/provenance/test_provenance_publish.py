"""The only door out: labelled, signed, logged; all else of the picture untouched; and no way past it."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from killing import die, in_child
from publishing import FACE, permits, publish_clip, rendered, signed
from test_provenance_label import contrast

from understudy.errors import (
    ConsentMissing,
    ConsentRevoked,
    ConsentScope,
    CredentialsError,
    DiskFull,
    Interrupted,
    LedgerBroken,
    OutputExists,
    OutputFormat,
    OutputNotWritable,
    StepMissing,
)
from understudy.events import Context, Event
from understudy.files import sha256_file
from understudy.provenance import credentials, ledger, origins
from understudy.provenance import publish as door
from understudy.provenance.consent import issue_permit, revoke
from understudy.provenance.label import make_label
from understudy.provenance.publish import check_output, published
from understudy.video.probe import probe
from understudy.video.read import frame_pts, read_frames

pytestmark = pytest.mark.usefixtures("isolated_home")


FACES = [(FACE[0], FACE[1] + 1, FACE[0] + 20, FACE[1] + 16)]
"""What the label keeps off: the face's first row has alpha 0."""


def hidden(folder: Path) -> list[str]:
    """What should not be left lying about."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


VARIANTS = {
    "small": {},
    "odd sides": {"size": (97, 63), "pix_fmt": "yuv444p"},
    "176x144": {"size": (176, 144)},
    "ten bit": {"size": (320, 240), "pix_fmt": "yuv420p10le"},
    "ten bit HDR": {"size": (320, 240), "pix_fmt": "yuv420p10le", "tags": {"colorspace": 9, "color_primaries": 9, "color_trc": 16, "color_range": 1}},
    "full range": {"size": (320, 240), "tags": {"color_range": 2, "colorspace": 5}},
    "4:2:2": {"size": (320, 240), "pix_fmt": "yuv422p"},
    "turned": {"size": (320, 240), "rotation": 90},
    "hevc": {"size": (320, 240), "out": {"encode.codec": "hevc"}},
    "av1": {"size": (320, 240), "out": {"encode.codec": "av1"}},
    "prores": {"size": (320, 240), "out": {"encode.codec": "prores"}, "name": "out.mov", "bits": 10},
    "nl, coarse": {"size": (640, 360), "out": {"encode.crf": 35, "label.language": "nl"}},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_label_can_be_read_in_the_first_and_last_altered_frame(make_clip, tmp_path, variant):
    changes = dict(VARIANTS[variant])
    settings, name, bits = changes.pop("out", {}), changes.pop("name", "out.mp4"), changes.pop("bits", None)
    target = make_clip("in.mp4", n=12, audio="aac", **changes)
    made = publish_clip(target, tmp_path / name, settings=settings)
    info = probe(made.path)
    assert (made.n_frames, made.n_altered) == (12, 6) and info.n_frames == 12
    assert info.color.bit_depth == (bits or probe(target).color.bit_depth)
    assert [pts * info.time_base for pts in frame_pts(made.path)] == [pts * probe(target).time_base for pts in frame_pts(target)]
    label = make_label(info, settings.get("label.language", "en"), heads=FACES)
    (x, y), (h, w) = label.patch.xy, label.patch.alpha.shape
    drawn = label.patch.rgb[:, :, 0].astype(float)
    for frame in read_frames(made.path, depth="native"):
        seen = frame.rgb[y : y + h, x : x + w].mean(axis=2)
        alike = np.corrcoef(seen.ravel(), drawn.ravel())[0, 1]
        if 3 <= frame.index <= 8:
            assert alike > 0.9 and contrast(frame.rgb, label, info.color.transfer) >= 4.5, frame.index
        else:
            assert alike < 0.5


def test_all_else_stays_as_it_was(make_clip, tmp_path):
    """x264 at crf 0 is lossless in 8 bit: what comes back is what was handed to it. Colours keep their bits; luma differs by the invisible mark."""
    target = make_clip("in.mp4", size=(320, 240), n=12)
    made = publish_clip(target, tmp_path / "out.mp4", settings={"encode.crf": 0}, frames=[3, 4, 7])
    label = make_label(probe(target), "en", heads=FACES)
    (lx, ly), (lh, lw) = label.patch.xy, label.patch.alpha.shape
    for before, after in zip(read_frames(target, want="planes"), read_frames(made.path, want="planes"), strict=True):
        free = np.ones(before.planes.y.shape, bool)
        if 3 <= before.index <= 7:
            free[ly : ly + lh, lx : lx + lw] = False
        if before.index in (3, 4, 7):
            x, y = FACE
            # the face's first row has alpha 0
            free[y + 1 : y + 16, x : x + 20] = False
            assert not np.array_equal(before.planes.y[~free], after.planes.y[~free])
        change = after.planes.y.astype(int)[free] - before.planes.y[free]
        # small pictures are marked more strongly, or no copy would keep it: 40.5 dB at the least
        assert np.abs(change).max() <= 16 and 0 < np.square(change).mean() < 5.8
        small = free[0::2, 0::2] & free[1::2, 0::2] & free[0::2, 1::2] & free[1::2, 1::2]
        for plane in ("u", "v"):
            assert np.array_equal(getattr(before.planes, plane)[small], getattr(after.planes, plane)[small])


def test_the_label_does_not_flicker_over_a_short_gap_and_leaves_a_long_one(make_clip, tmp_path):
    target = make_clip("in.mp4", n=120, size=(128, 96))
    made = publish_clip(target, tmp_path / "out.mp4", frames=[10, 40, 100, 101])
    row = published(made.path)
    assert row is not None and ledger.rows()[-1].body["labelled_frames"] == [[10, 40], [100, 101]]


@pytest.mark.parametrize("ending", ["mp4", "m4v", "mov", "mkv"])
def test_every_kind_of_file_is_signed_and_logged(make_clip, tmp_path, ending):
    target, source = make_clip("in.mp4", audio="aac", size=(128, 96)), make_clip("source.mp4", n=5)
    out = tmp_path / f"résultat final.{ending}"
    made = publish_clip(target, out, source=source)
    found = credentials.read(out)
    assert found.ours and found.carries_mark and found.manifest_id == made.manifest_id and not found.broken_origins
    assert made.sha256 == sha256_file(out) and made.label == "AI MODIFIED"
    assert made.sidecar == (out.with_suffix(".c2pa") if ending == "mkv" else None)
    assert hidden(tmp_path) == []
    (row,) = ledger.rows()
    assert row.hash == made.ledger_row and row.body["consent_ids"] == list(made.consent_ids) and len(made.consent_ids) == 2
    assert row.body["target_sha256"] == sha256_file(target) and row.body["source_sha256"] == sha256_file(source)
    assert published(out) == made and ledger.exports_with(made.consent_ids[0]) == [row]
    assert probe(out).n_frames == 12


def test_names_do_not_travel(make_clip, tmp_path):
    target = make_clip("rushes_Anna_de_Vries_day1.mp4")
    both = permits(tmp_path, purpose="An evening with Anna de Vries; anna is a friend of De Vries.")
    made = publish_clip(target, tmp_path / "out.mp4", permits=both)
    with credentials.reading_context() as context, credentials.c2pa.Reader(str(made.path), context=context) as reader:
        said = reader.json()
    for name in ("Anna", "anna", "Vries", "rushes", "day1"):
        assert name not in said
    assert both[0].record_id in said and "An evening with" in said


def test_the_manifest_has_the_agreed_shape(make_clip, tmp_path):
    made = publish_clip(make_clip("in.mp4"), tmp_path / "out.mp4", source=make_clip("source.mp4", n=4))
    with credentials.reading_context() as context, credentials.c2pa.Reader(str(made.path), context=context) as reader:
        whole = json.loads(reader.json())
    active = whole["manifests"][whole["active_manifest"]]
    assertions = {a["label"]: a["data"] for a in active["assertions"]}
    opened, edited, marked = assertions["c2pa.actions.v2"]["actions"]
    assert [action["action"] for action in (opened, edited, marked)] == ["c2pa.opened", "c2pa.edited", "c2pa.watermarked.bound"]
    assert "digitalSourceType" not in opened and edited["digitalSourceType"] == credentials.SOURCE_TYPE
    assert assertions["c2pa.actions.v2"]["allActionsIncluded"] and edited["softwareAgent"]["name"] == "Understudy"
    assert [i["relationship"] for i in active["ingredients"]] == ["parentOf", "inputTo"] and not any("thumbnail" in i for i in active["ingredients"])
    assert {"c2pa.ai-disclosure", "cawg.training-mining", "cawg.metadata", credentials.PRODUCTION} <= set(assertions)
    assert all(entry["use"] == "notAllowed" for entry in assertions["cawg.training-mining"]["entries"].values())


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_what_the_target_carries_is_kept_as_parent(make_clip, tmp_path, ending):
    first = publish_clip(make_clip("in.mp4"), tmp_path / f"first.{ending}")
    second = publish_clip(first.path, tmp_path / f"second.{ending}")
    data = (second.sidecar or second.path).read_bytes()
    assert first.manifest_id.encode() in data and second.manifest_id != first.manifest_id
    assert not credentials.read(second.path).broken_origins


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_an_altered_target_is_told_and_stays_visible(make_clip, tmp_path, ending):
    first = publish_clip(make_clip("in.mp4", size=(128, 96)), tmp_path / f"first.{ending}")
    data = bytearray(first.path.read_bytes())
    data[len(data) * 2 // 3] ^= 1
    first.path.write_bytes(data)
    events: list[Event] = []
    second = publish_clip(first.path, tmp_path / "second.mp4", report=events.append)
    assert any(e.kind == "warning" and "Content Credentials" in e.message for e in events)
    found = credentials.read(second.path)
    assert found.ours and any("Hash.mismatch" in code for code in found.broken_origins)


def test_credentials_of_the_target_that_cannot_be_read_are_no_obstacle(make_clip, tmp_path):
    first = publish_clip(make_clip("in.mp4"), tmp_path / "first.mp4")
    data = bytearray(first.path.read_bytes())
    data[data.index(b"jumb") + 10] ^= 1
    first.path.write_bytes(data)
    assert credentials.read(publish_clip(first.path, tmp_path / "second.mp4").path).ours


def test_progress_and_warnings_are_reported(make_clip, tmp_path):
    events: list[Event] = []
    publish_clip(make_clip("in.mp4", size=(128, 96)), tmp_path / "out.mp4", report=events.append)
    assert {e.stage for e in events} == {"gate", "publish"} and events[0].kind == "start" and events[-1].kind == "end"
    assert events[-1].done == 12 and events[-1].total == 12
    assert any(e.kind == "warning" and "1:1" in e.message for e in events)


# refusals


def test_both_people_must_be_on_record_for_publishing(make_clip, tmp_path):
    target, out = make_clip("in.mp4"), tmp_path / "out.mp4"
    face, performer = permits(tmp_path)
    training = issue_permit(signed(tmp_path, "face", actions=["train"]), role="face", actions=["train"])
    for both, refusal in (
        ((None, performer), ConsentMissing),
        ((face, None), ConsentMissing),
        ((face, face), ConsentMissing),
        ((performer, performer), ConsentMissing),
        ((face, training, performer), ConsentScope),
        ((training, performer), ConsentScope),
    ):
        with pytest.raises(refusal):
            publish_clip(target, out, permits=both)
    revoke(performer.record_id, reason="He asked for it.")
    with pytest.raises(ConsentRevoked):
        publish_clip(target, out, permits=(face, performer))
    assert not out.exists() and hidden(tmp_path) == []


def test_a_revocation_lists_what_was_made(make_clip, tmp_path):
    both = permits(tmp_path)
    made = publish_clip(make_clip("in.mp4"), tmp_path / "out.mp4", permits=both)
    assert [row.hash for row in revoke(both[0].record_id, reason="She asked for it.")] == [made.ledger_row]


def test_nothing_rendered_is_told(make_clip, tmp_path):
    with pytest.raises(StepMissing):
        publish_clip(make_clip("in.mp4"), tmp_path / "out.mp4", frames=[])


def test_nothing_is_overwritten_unasked(make_clip, tmp_path):
    target, out = make_clip("in.mp4"), tmp_path / "out.mp4"
    out.write_text("precious")
    with pytest.raises(OutputExists, match="already there"):
        publish_clip(target, out)
    assert out.read_text() == "precious"
    assert publish_clip(target, out, overwrite=True).sha256 == sha256_file(out)


@pytest.mark.parametrize("overwrite", [False, True])
def test_an_input_is_never_the_output(make_clip, tmp_path, overwrite):
    target, source = make_clip("in.mp4"), make_clip("source.mp4")
    link = tmp_path / "link.mp4"
    link.hardlink_to(source)
    before = target.read_bytes(), source.read_bytes()
    for out in (target, source, link):
        with pytest.raises(OutputExists, match="made from"):
            publish_clip(target, out, source=source, overwrite=overwrite)
    assert (target.read_bytes(), source.read_bytes()) == before


def test_outputs_that_cannot_be_are_told_before_any_work(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "taken.c2pa").write_text("of another film")
    cases = [
        (tmp_path / "out.webm", OutputFormat),
        (tmp_path / "out", OutputFormat),
        (tmp_path / "file" / "out.mp4", OutputNotWritable),
        (tmp_path / "file" / "deeper" / "out.mp4", OutputNotWritable),
        (tmp_path / "folder.mp4", OutputExists),
        (tmp_path / "taken.mkv", OutputExists),
        (tmp_path / ("x" * 250 + ".mp4"), OutputNotWritable),
        (Path("/proc/out.mp4"), OutputNotWritable),
    ]
    for out, refusal in cases:
        with pytest.raises(refusal) as caught:
            check_output(out, inputs=[], overwrite=False)
        assert caught.value.remedy
    check_output(tmp_path / "new" / "folder" / "out.mp4", inputs=[tmp_path / "absent.mp4"], overwrite=False)
    assert not (tmp_path / "new").exists() and hidden(tmp_path) == []


def test_a_read_only_folder_is_told(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OutputNotWritable):
        check_output(tmp_path / "out.mp4", inputs=[], overwrite=False)


@pytest.mark.parametrize(("ending", "room"), [("mp4", 20_000), ("mkv", 20_000), ("mp4", "unsigned file")])
def test_a_full_disk_is_told_and_leaves_nothing(make_clip, tmp_path, monkeypatch, ending, room):
    # another number in the mark makes another size, by more than the credentials take
    monkeypatch.setattr(door, "new_number", lambda _run_key: 4711)
    target = make_clip("in.mp4", n=60, size=(320, 240))
    results = tmp_path / "results"
    results.mkdir()
    both = permits(tmp_path)
    if room == "unsigned file":
        # room for the unsigned file, not for the one with credentials in it
        room = publish_clip(target, results / "out.mp4", permits=both).path.stat().st_size - 2000
        (results / "out.mp4").unlink()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        with pytest.raises(DiskFull):
            publish_clip(target, results / f"out.{ending}", permits=both)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(results.iterdir()) == []


def test_a_broken_ledger_stops_before_any_work(make_clip, tmp_path, isolated_home):
    target = make_clip("in.mp4")
    publish_clip(target, tmp_path / "first.mp4")
    (isolated_home / "ledger" / "ledger.sqlite").write_bytes(b"not a ledger")
    with pytest.raises(LedgerBroken):
        publish_clip(target, tmp_path / "second.mp4")
    assert not (tmp_path / "second.mp4").exists() and hidden(tmp_path) == []


def test_without_holding_credentials_nothing_leaves(make_clip, tmp_path, isolated_home, monkeypatch):
    target = make_clip("in.mp4")
    publish_clip(target, tmp_path / "first.mp4")
    (isolated_home / "keys" / "credentials.pem").write_bytes(b"-----BEGIN NONSENSE-----")
    with pytest.raises(CredentialsError):
        publish_clip(target, tmp_path / "second.mp4")
    assert not (tmp_path / "second.mp4").exists() and hidden(tmp_path) == [] and len(ledger.rows()) == 1


def test_an_interruption_leaves_nothing(make_clip, tmp_path):
    target, out = make_clip("in.mp4", n=60), tmp_path / "out.mp4"
    context = Context()
    context.report = lambda event: context.stop.set() if event.kind == "start" else None
    with pytest.raises(Interrupted):
        publish_clip(target, out, context=context)
    assert not out.exists() and hidden(tmp_path) == [] and ledger.rows() == []
    publish_clip(target, out)


# kill -9


def test_rerunning_the_same_work_finds_it_done(make_clip, tmp_path):
    target, out = make_clip("in.mp4"), tmp_path / "out.mp4"
    first = publish_clip(target, out, run_key="k1")
    assert publish_clip(target, out, run_key="k1") == first and len(ledger.rows()) == 1
    with pytest.raises(OutputExists):
        publish_clip(target, out, run_key="k2")
    check_output(out, inputs=[target], overwrite=False, run_key="k1")


MOMENTS = [
    "while encoding",
    "before signing",
    "while signing",
    "before the ledger's announcement",
    "before the name",
    "after the name",
    "before the row",
]


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_moment_leaves_nothing_or_all(make_clip, tmp_path, monkeypatch, moment, ending):
    target, both = make_clip("in.mp4"), permits(tmp_path)
    results = tmp_path / "results"
    results.mkdir()
    out = results / f"out.{ending}"

    def work() -> None:
        if moment == "while encoding":
            monkeypatch.setattr(door, "paint", die)
        elif moment == "before signing":
            monkeypatch.setattr(credentials, "sign", die)
        elif moment == "while signing":
            monkeypatch.setattr(origins.Origin, "add_to", die)
        elif moment == "before the ledger's announcement":
            monkeypatch.setattr(ledger, "announced", die)
        elif moment == "before the name":
            real = Path.replace
            monkeypatch.setattr(Path, "replace", lambda self, to: die() if to == out else real(self, to))
        elif moment == "after the name":
            monkeypatch.setattr(door, "sync_folder", die)
        else:
            monkeypatch.setattr(ledger, "append_row", die)
        publish_clip(target, out, permits=both, run_key="k")

    assert in_child(work) == -signal.SIGKILL
    whole = moment in ("after the name", "before the row")
    assert out.exists() == whole
    if whole:
        assert credentials.read(out).ours and published(out) is not None
    made = publish_clip(target, out, permits=both, run_key="k")
    assert credentials.read(out).ours and made.sha256 == sha256_file(out) and published(out, run_key="k") == made
    assert ledger.verify_chain() == 1
    assert hidden(results) == []


def test_kills_at_random_moments(make_clip, tmp_path):
    target, both, out = make_clip("in.mp4", n=40, size=(320, 240)), permits(tmp_path), tmp_path / "results" / "out.mp4"
    out.parent.mkdir()
    chance = random.Random(3)
    for _ in range(8):
        child = multiprocessing.get_context("fork").Process(target=lambda: publish_clip(target, out, permits=both, run_key="k"))
        child.start()
        time.sleep(chance.uniform(0.02, 0.6))
        if child.pid and child.is_alive():
            os.kill(child.pid, signal.SIGKILL)
        child.join()
        if out.exists():
            assert credentials.read(out).ours and published(out) is not None
    made = publish_clip(target, out, permits=both, run_key="k")
    assert published(out) == made and ledger.verify_chain() == 1 and hidden(out.parent) == []


def test_overwriting_never_mixes_old_and_new(make_clip, tmp_path, monkeypatch):
    """A kill while an mkv and its sidecar are replaced: never a video beside another one's credentials."""
    target, both, out = make_clip("in.mp4"), permits(tmp_path), tmp_path / "out.mkv"
    publish_clip(target, out, permits=both)
    real = Path.replace

    def work() -> None:
        monkeypatch.setattr(Path, "replace", lambda self, to: die() if to == out else real(self, to))
        publish_clip(target, out, permits=both, overwrite=True)

    assert in_child(work) == -signal.SIGKILL
    assert not out.exists()
    made = publish_clip(target, out, permits=both)
    assert credentials.read(out).ours and published(out) == made


def test_patches_are_read_in_a_stream(make_clip, tmp_path):
    """No more than one frame's patches are asked for at a time, in order."""
    asked: list[int] = []
    patches = rendered(tmp_path, range(3, 9))
    real = patches.at
    patches.at = lambda index: asked.append(index) or real(index)
    publish_clip(make_clip("in.mp4"), tmp_path / "out.mp4", patches=patches)
    # before, the label looks where the faces are: at no more than sixty frames, however long the video
    assert asked[-12:] == list(range(12)) and asked[:-12] == list(range(3, 9))


def test_a_hole_in_the_target_is_told(make_clip, tmp_path):
    target = make_clip("hurt.avi", n=20, size=(160, 128), codec="mjpeg", pix_fmt="yuvj420p", options={"qscale": "2"})
    data = bytearray(target.read_bytes())
    starts = [i for i in range(len(data) - 3) if data[i : i + 3] == b"\xff\xd8\xff"]
    data[starts[12] : starts[13] - 16] = bytes(starts[13] - 16 - starts[12])
    target.write_bytes(data)
    lost = 20 - len(list(read_frames(target)))
    events: list[Event] = []
    made = publish_clip(target, tmp_path / "out.mp4", report=events.append)
    assert lost == 1 and made.n_frames == 19
    assert any(event.kind == "warning" and "could not be decoded" in event.message for event in events)
    kept = [pts * probe(target).time_base for pts in frame_pts(target)]
    times = [frame.time for frame in read_frames(made.path)]
    assert times == [time for index, time in enumerate(kept) if index != 12], "all others keep their time"
