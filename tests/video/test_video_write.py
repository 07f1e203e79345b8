"""Writing: same times, size, layout, tags and sound as the original; whole or not at all."""

from __future__ import annotations

import os
import resource
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from synthetic import mark

from understudy.config import EncodeSettings
from understudy.errors import BadSetting, DiskFull, Interrupted, OutputError, OutputFormat, OutputNotWritable
from understudy.video.index import frame_index
from understudy.video.probe import probe
from understudy.video.read import frame_pts, read_frames
from understudy.video.write import write_video

QUICK = EncodeSettings(preset="ultrafast", crf=6)


def rewrite(path, out, *, encode=QUICK, sound=True, notes=None, **how):
    """Read a clip and write it again; returns what probing the new file says."""
    info = probe(path)
    frames = ((f.planes, f.pts) for f in read_frames(path, want="planes", info=info))
    note = notes.append if notes is not None else lambda message: None
    how.setdefault("context_check", lambda: None)
    count = write_video(out, frames, info=info, encode=encode, audio_from=path if sound else None, note=note, **how)
    assert count == info.n_frames
    return probe(out)


def times(path) -> list[Fraction]:
    return [pts * probe(path).time_base for pts in frame_pts(path)]


def sound(path, number=0) -> tuple[Fraction, np.ndarray, int]:
    """(time of the first sample, samples of the first channel, rate)"""
    with av.open(str(path)) as container:
        stream = container.streams.audio[number]
        frames = list(container.decode(stream))
        assert frames[0].pts is not None and frames[0].time_base is not None
        return frames[0].pts * frames[0].time_base, np.concatenate([f.to_ndarray()[0].astype(float) for f in frames]), stream.sample_rate


def clicks(path) -> np.ndarray:
    """Times in seconds at which the test's clicks sound."""
    start, samples, rate = sound(path)
    loud = np.flatnonzero(np.abs(samples) > 0.3 * np.abs(samples).max())
    return float(start) + loud[np.insert(np.diff(loud) > rate // 20, 0, True)] / rate


def packets(path, kind: str) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(p) for p in container.demux(getattr(container.streams, kind)[0]) if p.size]


VARIANTS = {
    "plain": {},
    "variable rate": {"pts": [512 * i + 97 * (i % 5) for i in range(12)]},
    "clock starts late": {"pts": [3333 + 512 * i for i in range(12)]},
    "full range bt601": {"tags": {"color_range": 2, "colorspace": 5, "color_primaries": 5, "color_trc": 6}},
    "ten bit HDR": {"pix_fmt": "yuv420p10le", "tags": {"colorspace": 9, "color_primaries": 9, "color_trc": 16, "color_range": 1}},
    "4:2:2 ten bit": {"pix_fmt": "yuv422p10le"},
    "4:4:4": {"pix_fmt": "yuv444p"},
    "odd sides": {"pix_fmt": "yuv444p", "size": (97, 63)},
    "turned": {"rotation": 90},
    "oblong pixels": {"tags": {"sample_aspect_ratio": Fraction(16, 15)}},
}


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_times_size_layout_and_tags_are_kept(make_clip, tmp_path, variant, codec):
    path = make_clip("in.mp4", audio="aac", **VARIANTS[variant])
    before = probe(path)
    after = rewrite(path, tmp_path / "out.mp4", encode=EncodeSettings(preset="ultrafast", crf=6, codec=codec))
    assert times(tmp_path / "out.mp4") == times(path)
    assert (after.n_frames, after.duration, after.frame_rate) == (before.n_frames, before.duration, before.frame_rate)
    assert (after.size_wh, after.rotation_deg, after.sample_aspect) == (before.size_wh, 0, before.sample_aspect)
    assert after.codec == codec
    a, b = after.color, before.color
    assert (a.primaries, a.transfer, a.matrix, a.full_range, a.bit_depth, a.chroma) == (
        b.primaries, b.transfer, b.matrix, b.full_range, b.bit_depth, b.chroma,
    )  # fmt: skip
    assert a.matrix_tagged
    for old, new in zip(read_frames(path), read_frames(tmp_path / "out.mp4"), strict=True):
        assert old.rgb is not None and new.rgb is not None
        assert np.abs(old.rgb.astype(float) - new.rgb).mean() < 3


@pytest.mark.parametrize("name", ["out.mp4", "out.m4v", "out.mov", "out.mkv"])
def test_sound_is_copied_bit_for_bit(make_clip, tmp_path, name):
    path = make_clip("in.mp4", n=30, audio="aac")
    rewrite(path, tmp_path / name)
    old, new = packets(path, "audio"), packets(tmp_path / name, "audio")
    assert new[-len(old) + 2 :] == old[2:]
    assert np.allclose(clicks(tmp_path / name), clicks(path), atol=0.0011 if name.endswith("mkv") else 1e-6)


def test_sound_that_the_container_cannot_hold_becomes_aac_in_step(make_clip, tmp_path):
    path = make_clip("in.mov", n=50, audio="pcm_s16le", audio_start=Fraction(1, 5))
    after = rewrite(path, tmp_path / "out.mp4")
    assert [(s.kind, s.codec) for s in after.streams] == [("audio", "aac")]
    assert np.allclose(clicks(tmp_path / "out.mp4"), clicks(path), atol=0.002)


def test_pcm_stays_pcm_where_it_can(make_clip, tmp_path):
    path = make_clip("in.mov", audio="pcm_s16le")
    rewrite(path, tmp_path / "out.mov")
    assert packets(tmp_path / "out.mov", "audio") == packets(path, "audio")


def test_transport_stream_clock_begins_at_zero_and_stays_in_step(make_clip, tmp_path):
    path = make_clip("in.ts", time_base=Fraction(1, 90000), pts=[900000 + 3600 * i for i in range(50)], audio="aac", audio_start=Fraction(10))
    after = rewrite(path, tmp_path / "out.mp4")
    old, new = times(path), times(tmp_path / "out.mp4")
    assert old[0] >= 10 and min(new[0], sound(tmp_path / "out.mp4")[0]) < Fraction(1, 10)
    assert [t - new[0] for t in new] == [t - old[0] for t in old]
    assert np.allclose(clicks(tmp_path / "out.mp4") - float(new[0]), clicks(path) - float(old[0]), atol=0.001)
    assert after.n_frames == 50


@pytest.mark.parametrize(("source", "codec", "out", "becomes"), [
    ("in.mkv", "subrip", "out.mp4", "mov_text"),
    ("in.mkv", "ass", "out.mov", "mov_text"),
    ("in.mp4", "mov_text", "out.mp4", "mov_text"),
    ("in.mp4", "mov_text", "out.mkv", "srt"),
    ("in.mkv", "ass", "out.mkv", "ssa"),
])  # fmt: skip
def test_subtitles_are_kept(make_clip, tmp_path, source, codec, out, becomes):
    path = make_clip(source, n=30, audio="aac", subtitle=codec)
    after = rewrite(path, tmp_path / out)
    kept = next(s for s in after.streams if s.kind == "subtitle")
    assert (kept.codec, kept.language) == (becomes, "eng")
    with av.open(str(tmp_path / out)) as container:
        found = [(float(p.pts * p.time_base), bytes(p)) for p in container.demux(container.streams.subtitles[0]) if p.size > 2 and p.pts is not None]
    assert any(abs(start - 0.1) < 0.002 and b"goedemorgen" in text for start, text in found)


def test_gray_is_written_for_every_player(make_clip, tmp_path):
    path = make_clip("gray.mp4", pix_fmt="gray", tags={"color_range": 2})
    after = rewrite(path, tmp_path / "out.mp4")
    rgb = next(read_frames(tmp_path / "out.mp4")).rgb
    assert after.color.chroma == "420" and rgb is not None
    assert abs(float(rgb[4:12, 4:12].mean()) - mark(0)) < 6 and np.ptp(rgb.astype(int), axis=2).max() <= 2


def test_odd_sides_of_420_keep_their_size(make_clip, tmp_path):
    path = make_clip("odd.mkv", codec="ffv1", size=(97, 63), options={})
    after = rewrite(path, tmp_path / "out.mp4")
    assert after.size_wh == (97, 63) and after.color.chroma == "444"


@pytest.mark.parametrize(("codec", "name"), [("h264", "out.mp4"), ("hevc", "out.mp4"), ("av1", "out.mp4"), ("prores", "out.mov")])
def test_hdr_metadata_is_kept(make_clip, tmp_path, codec, name):
    words = "log-level=none:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
    path = make_clip("hdr.mp4", codec="libx265", pix_fmt="yuv420p10le", n=3, options={"preset": "ultrafast", "x265-params": words})
    after = rewrite(path, tmp_path / name, encode=EncodeSettings(preset="ultrafast", codec=codec))
    assert len(list(read_frames(tmp_path / name))) == 3
    assert after.hdr is not None and after.hdr == probe(path).hdr
    assert after.hdr.mastering == (34000, 16000, 13250, 34500, 7500, 3000, 15635, 16450, 10000000, 50)
    assert after.hdr.light_levels == (1000, 400)


@pytest.mark.parametrize(("name", "pix_fmt", "codec", "kept"), [
    ("out.mp4", "yuv420p", "av1", ("420", 8)),
    ("out.mkv", "yuv420p10le", "av1", ("420", 10)),
    ("out.mp4", "yuv444p", "av1", ("420", 8)),
    ("out.mov", "yuv420p", "prores", ("422", 10)),
    ("out.mov", "yuv422p10le", "prores", ("422", 10)),
    ("out.mkv", "yuv420p10le", "prores", ("422", 10)),
    ("out.mov", "yuv444p", "prores", ("422", 10)),
])  # fmt: skip
def test_av1_and_prores(make_clip, tmp_path, name, pix_fmt, codec, kept):
    """Odd times, PQ and sound are kept; the layout is the nearest that the codec has, and a loss is told."""
    tags = {"colorspace": 9, "color_primaries": 9, "color_trc": 16, "color_range": 1} if "10" in pix_fmt else {}
    path = make_clip("in.mov", pix_fmt=pix_fmt, audio="pcm_s16le", pts=[512 * i + 97 * (i % 5) for i in range(12)], tags=tags)
    notes: list[str] = []
    after = rewrite(path, tmp_path / name, encode=EncodeSettings(codec=codec, preset="ultrafast", quality="best"), notes=notes)
    before = probe(path)
    step = Fraction(1, 1000) if name.endswith("mkv") else 0
    assert all(abs(a - b) <= step for a, b in zip(times(tmp_path / name), times(path), strict=True))
    best = ("444", 10) if pix_fmt == "yuv444p" and codec == "prores" else kept
    assert (after.color.chroma, after.color.bit_depth) == best and after.size_wh == before.size_wh
    a, b = after.color, before.color
    assert (a.primaries, a.transfer, a.matrix, a.full_range) == (b.primaries, b.transfer, b.matrix, False)
    assert bool(notes) == (codec == "av1" and pix_fmt == "yuv444p")
    for old, new in zip(read_frames(path), read_frames(tmp_path / name), strict=True):
        # the disc's sharp edge loses colour samples
        assert old.rgb is not None and new.rgb is not None and np.median(np.abs(old.rgb.astype(float) - new.rgb)) <= 2


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1"])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le"])
def test_lossless_gives_back_every_sample(make_clip, tmp_path, codec, pix_fmt):
    path = make_clip("in.mp4", pix_fmt=pix_fmt, n=6)
    rewrite(path, tmp_path / "out.mp4", encode=EncodeSettings(codec=codec, quality="lossless", preset="ultrafast"))
    for old, new in zip(read_frames(path, want="planes"), read_frames(tmp_path / "out.mp4", want="planes"), strict=True):
        for plane in "yuv":
            np.testing.assert_array_equal(getattr(old.planes, plane), getattr(new.planes, plane))


def test_eight_bits_fill_the_ten_of_prores(make_clip, tmp_path):
    """In video range they are only moved, without a shift of level: what is left is ProRes's own rounding."""
    path = make_clip("in.mp4", pix_fmt="yuv420p", n=4, size=(160, 96))
    rewrite(path, tmp_path / "out.mov", encode=EncodeSettings(codec="prores"))
    for old, new in zip(read_frames(path, want="planes"), read_frames(tmp_path / "out.mov", want="planes"), strict=True):
        away = new.planes.y.astype(int) - old.planes.y.astype(int) * 4
        assert abs(away.mean()) < 0.1 and np.abs(away).mean() < 1 and np.abs(away).max() <= 8


@pytest.mark.parametrize(("codec", "name"), [("h264", "out.mp4"), ("hevc", "out.mov"), ("av1", "out.mp4")])
def test_cuts_become_key_frames(make_clip, tmp_path, codec, name):
    path = make_clip("in.mp4", n=30)
    cuts = [frame_pts(path)[index] for index in (0, 7, 19)]
    rewrite(path, tmp_path / name, encode=EncodeSettings(codec=codec, preset="ultrafast"), cuts=cuts)
    assert {0, 7, 19} <= set(frame_index(tmp_path / name).keys)


def test_a_bitrate_is_kept_to(make_clip, tmp_path):
    path = make_clip("in.mp4", n=100, size=(320, 240))
    sizes = {}
    for rate in (150, 600):
        out = tmp_path / f"{rate}.mp4"
        rewrite(path, out, encode=EncodeSettings(bitrate=rate, preset="ultrafast"), sound=False)
        sizes[rate] = out.stat().st_size * 8 / 4000
    assert sizes[150] < 260 and 300 < sizes[600] < 900


@pytest.mark.parametrize(("name", "changes"), [
    ("out.mp4", {"codec": "prores"}),
    ("out.mov", {"codec": "av1"}),
    ("out.mov", {"codec": "prores", "quality": "lossless"}),
    ("out.mov", {"codec": "prores", "crf": 10}),
    ("out.mp4", {"crf": 10, "bitrate": 1000}),
])  # fmt: skip
def test_what_does_not_go_together_is_told_before_anything_is_written(make_clip, tmp_path, name, changes):
    with pytest.raises((OutputFormat, BadSetting)) as caught:
        rewrite(make_clip(), tmp_path / name, encode=EncodeSettings(**changes))
    assert caught.value.remedy and not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv"])
def test_timecode_is_kept(make_clip, tmp_path, name):
    path = make_clip("in.mov", timecode="01:02:03:04")
    assert probe(path).timecode == "01:02:03:04"
    assert rewrite(path, tmp_path / name).timecode == "01:02:03:04"


def test_one_frame_is_enough(make_clip, tmp_path):
    after = rewrite(make_clip("one.mp4", n=1), tmp_path / "out.mp4")
    assert (after.n_frames, after.duration) == (1, Fraction(1, 25))


def test_the_index_comes_first(make_clip, tmp_path):
    rewrite(make_clip(audio="aac"), tmp_path / "out.mp4")
    data = (tmp_path / "out.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_the_same_frames_give_the_same_file(make_clip, tmp_path):
    path = make_clip(n=20, audio="aac")
    for name in ("a.mp4", "b.mp4"):
        rewrite(path, tmp_path / name)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize("name", ["out.avi", "out.txt", "out"])
def test_other_endings_are_refused(make_clip, tmp_path, name):
    with pytest.raises(OutputFormat) as caught:
        rewrite(make_clip(), tmp_path / name)
    assert ".mp4" in caught.value.remedy and not (tmp_path / name).exists()


def test_stopping_leaves_nothing(make_clip, tmp_path):
    calls = iter(range(100))

    def check() -> None:
        if next(calls) == 5:
            raise Interrupted("Stopped.")

    folder = tmp_path / "results"
    with pytest.raises(Interrupted):
        rewrite(make_clip(), folder / "out.mp4", context_check=check)
    assert list(folder.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing(make_clip, tmp_path):
    path, folder = make_clip(n=60, size=(320, 240)), tmp_path / "results"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(DiskFull):
            rewrite(path, folder / "out.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_a_file_is_told(make_clip, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputNotWritable):
        rewrite(make_clip(), tmp_path / "file" / "out.mp4")


def test_no_frames_is_told(make_clip, tmp_path):
    with pytest.raises(OutputError):
        write_video(tmp_path / "out.mp4", [], info=probe(make_clip()), encode=QUICK, audio_from=None, context_check=lambda: None)


def test_actor_sound_and_times(actors, tmp_path):
    path = actors / "synthetic_actor_A_eval.mp4"
    after = rewrite(path, tmp_path / "out.mp4", encode=EncodeSettings(preset="ultrafast", crf=30))
    assert after.duration == probe(path).duration and times(tmp_path / "out.mp4") == times(path)
    (start, samples, _), (new_start, new_samples, _) = sound(path), sound(tmp_path / "out.mp4")
    assert start == new_start and np.array_equal(samples, new_samples)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="this system does not tell its threads' schedules")
def test_no_thread_is_left_on_a_real_time_schedule(make_clip, tmp_path):
    """Run by the administrator, the AV1 encoder puts its caller before everything else on the machine, and so every program that is started later."""
    path = make_clip("in.mp4", n=30)
    seen = []

    def look() -> None:
        tasks = [int(task.name) for task in Path("/proc/self/task").iterdir()]
        seen.append({os.sched_getscheduler(task) for task in tasks} & {os.SCHED_FIFO, os.SCHED_RR})

    info = probe(path)
    frames = ((frame.planes, frame.pts) for frame in read_frames(path, want="planes") if frame.planes is not None)
    encode = EncodeSettings(codec="av1", preset="ultrafast")
    write_video(tmp_path / "out.mp4", frames, info=info, encode=encode, audio_from=None, context_check=look)
    look()
    assert seen[1:] == [set()] * 30
