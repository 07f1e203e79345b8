"""Probing: what a file is, and what is wrong with it, in words."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import av
import pytest

from understudy.errors import (
    MediaEmpty,
    MediaError,
    MediaIsFolder,
    MediaNoPicture,
    MediaNotFound,
    MediaNotVideo,
    MediaTruncated,
    MediaUnsupported,
)
from understudy.video.probe import media_id, probe


def test_a_plain_clip(make_clip):
    path = make_clip("été, deux mots.mp4", n=12, audio="aac")
    info = probe(path)
    assert (info.size_wh, info.n_frames, info.frame_rate, info.duration) == ((96, 64), 12, 25, Fraction(12, 25))
    assert (info.time_base, info.rotation_deg, info.codec, info.sample_aspect) == (Fraction(1, 12800), 0, "h264", 1)
    assert (info.color.bit_depth, info.color.chroma, info.color.full_range) == (8, "420", False)
    assert [(s.kind, s.codec) for s in info.streams] == [("audio", "aac")]


def test_actor(actors):
    info = probe(actors / "synthetic_actor_A_eval.mp4")
    assert (info.size_wh, info.frame_rate, info.n_frames) == ((512, 512), 25, 247)
    assert (info.color.matrix, info.color.matrix_tagged) == ("bt709", True)


def write(name: str, content: bytes):
    return lambda folder, make_clip: (folder / name).write_bytes(content) and folder / name


def mp4_tail_cut(folder, make_clip):
    path = make_clip("tail.mp4", n=30)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def mp4_front_index_cut(folder, make_clip):
    path = make_clip("plain.mp4", n=30)
    front = folder / "front.mp4"
    with av.open(str(path)) as source, av.open(str(front), "w", options={"movflags": "faststart"}) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    front.write_bytes(front.read_bytes()[: front.stat().st_size * 3 // 4])
    return front


def mkv_cut(folder, make_clip):
    path = make_clip("tail.mkv", n=30)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def sound_only(folder, make_clip):
    return make_clip("sound.mp4", codec="none", audio="aac")


def sound_with_cover(folder, make_clip):
    cover, song = make_clip("cover.mp4", codec="mjpeg", pix_fmt="yuvj420p", n=1, options={}), folder / "song.m4a"
    sound = make_clip("sound2.mp4", codec="none", audio="aac")
    with av.open(str(cover)) as a, av.open(str(sound)) as b, av.open(str(song), "w", format="mp4") as out:
        streams = [out.add_stream_from_template(a.streams.video[0]), out.add_stream_from_template(b.streams.audio[0])]
        streams[0].disposition = av.stream.Disposition.attached_pic
        for source, stream in ((a, streams[0]), (b, streams[1])):
            for packet in source.demux():
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
    return song


WRONG = {
    "missing": (lambda folder, make_clip: folder / "nothing.mp4", MediaNotFound),
    "below a file": (lambda folder, make_clip: write("f.mp4", b"x")(folder, make_clip) / "in.mp4", MediaNotFound),
    "folder": (lambda folder, make_clip: folder, MediaIsFolder),
    "empty": (lambda folder, make_clip: [p := folder / "empty.mp4", p.touch()][0], MediaEmpty),
    "text": (write("letter.mp4", b"Dear reader,\nthis is no film.\n" * 40), MediaNotVideo),
    "settings file": (write("notes.toml", b'[project]\nname = "x"\nlines = [1, 2]\n' * 30), MediaNotVideo),
    "noise": (write("noise.mp4", bytes(range(256)) * 100), MediaNotVideo),
    "picture": (write("dot.mp4", bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")), MediaError),
    "mp4 without its index": (mp4_tail_cut, MediaTruncated),
    "mp4 shorter than its index": (mp4_front_index_cut, MediaTruncated),
    "mkv cut": (mkv_cut, MediaTruncated),
    "sound only": (sound_only, MediaNoPicture),
    "sound with a cover picture": (sound_with_cover, MediaNoPicture),
    "tiny": (lambda folder, make_clip: make_clip("tiny.mkv", codec="ffv1", size=(8, 8), options={}, n=1), MediaUnsupported),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_files_are_told_in_words(tmp_path, make_clip, case):
    make, expected = WRONG[case]
    path = make(tmp_path, make_clip)
    with pytest.raises(expected) as caught:
        probe(path)
    assert path.name in caught.value.what
    assert caught.value.remedy
    assert "Errno" not in str(caught.value)


@pytest.mark.parametrize(
    ("tags", "height", "matrix", "tagged", "full"),
    [
        ({}, 64, "bt601", False, False),
        ({}, 720, "bt709", False, False),
        ({"colorspace": 1}, 64, "bt709", True, False),
        ({"colorspace": 6, "color_range": 2}, 720, "bt601", True, True),
        ({"colorspace": 9, "color_primaries": 9, "color_trc": 16}, 64, "bt2020", True, False),
    ],
)
def test_colour_tags_are_honoured_and_inferred(make_clip, tags, height, matrix, tagged, full):
    color = probe(make_clip(tags=tags, size=(64, height), n=1)).color
    assert (color.matrix, color.matrix_tagged, color.full_range) == (matrix, tagged, full)
    if "color_primaries" in tags:
        assert (color.primaries, color.transfer) == ("bt2020", "smpte2084")


def test_variable_rate_is_averaged(make_clip):
    info = probe(make_clip(pts=[0, 512, 1024, 4096, 4608], n=5))
    assert info.frame_rate == Fraction(5) / info.duration
    assert info.duration >= Fraction(4608, 12800)


def test_media_id_is_of_the_content(make_clip):
    path = make_clip()
    copy = path.with_name("copy.mp4")
    copy.write_bytes(path.read_bytes())
    whole = hashlib.sha256(path.read_bytes()).hexdigest()
    assert media_id(path) == media_id(copy) == (whole[:12], whole)
    with pytest.raises(MediaNotFound):
        media_id(path.with_name("no.mp4"))
