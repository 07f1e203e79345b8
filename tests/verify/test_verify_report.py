"""What is said about a file: published, tampered with in every way, of others, of nobody; the words are a closed list."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import av
import pytest
from publishing import permits, publish_clip
from synthetic import mark

from understudy.errors import MediaEmpty, MediaError, MediaIsFolder, MediaNotFound, MediaNotVideo
from understudy.provenance import credentials, keys
from understudy.provenance.xmp import put_xmp, says_generated
from understudy.types import Finding
from understudy.verify import report as words
from understudy.verify.report import Report, verify
from understudy.video.read import read_frames

pytestmark = pytest.mark.usefixtures("isolated_home")
SENTENCES = {words.PROVED, words.NOT_PROVED, words.MANIPULATED, words.INCONCLUSIVE, words.NOTHING}


def finding(report: Report, check: str, number: int = 0) -> Finding:
    return [f for f in report.findings if f.check == check][number]


def checked(path: Path) -> Report:
    """The report, with what must hold for every one: closed words, no percentages, nothing changed on the disk, and twice the same."""
    before = path.read_bytes()
    report = verify(path)
    assert report.sentence in SENTENCES and report.exit_code in (0, 1, 3)
    assert "%" not in report.text() and report.text().startswith(f"{path.name}: {report.sentence}")
    assert {f.check for f in report.findings} == {"credentials", "ledger", "watermark", "fingerprint", "forensics"}
    assert path.read_bytes() == before and verify(path).json() == report.json()
    assert json.loads(report.json())["findings"][0]["verdict"] == report.findings[0].verdict
    return report


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def remux(path: Path, out: Path) -> Path:
    """The same picture and sound in a new file, as a converter or a site does it."""
    with av.open(str(path)) as source, av.open(str(out), "w") as made:
        streams = {s.index: made.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                made.mux(packet)
    return out


@pytest.fixture(params=["mp4", "mov", "m4v", "mkv"])
def any_made(request, make_clip, tmp_path) -> Path:
    return publish_clip(make_clip("in.mp4", size=(320, 240), audio="aac"), tmp_path / f"out.{request.param}").path


@pytest.fixture
def made(make_clip, tmp_path) -> Path:
    return publish_clip(make_clip("in.mp4", size=(320, 240), audio="aac"), tmp_path / "out.mp4").path


def test_a_published_file_is_proved(any_made):
    report = checked(any_made)
    assert (report.sentence, report.exit_code, report.conflicts) == (words.PROVED, 0, ())
    assert finding(report, "credentials").verdict == finding(report, "ledger").verdict == "found valid"
    assert finding(report, "forensics").verdict == "not applicable"
    assert finding(report, "watermark").verdict == finding(report, "fingerprint").verdict == "found valid"
    text = report.text()
    for part in ("AI MODIFIED", "documentary about the harbour", "consent-", "no trusted time", "Row 1; the chain holds"):
        assert part in text
    assert "Anna" not in text


def test_a_renamed_and_moved_file_is_still_proved(made, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    for name in ("copy.mov", "copy.bin", "ünïcode copy.mp4"):
        moved = tmp_path / "elsewhere" / name
        shutil.copy(made, moved)
        assert checked(moved).exit_code == 0


def test_a_bit_in_the_picture(any_made):
    data = any_made.read_bytes()
    flip(any_made, data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2 if b"mdat" in data else len(data) // 2)
    report = checked(any_made)
    assert (report.sentence, report.exit_code) == (words.NOT_PROVED, 1)
    found = finding(report, "credentials")
    assert found.verdict == "found invalid" and "Hash.mismatch" in " ".join(found.details)
    assert finding(report, "ledger").verdict == "not found"


def test_a_bit_anywhere_in_the_credentials(made):
    """Wherever it falls, the file is not taken for proved; but for the few bytes (padding, headings of boxes) that no signature covers and
    that say nothing: then the credentials say exactly what they said, and the ledger's silence is shown."""
    said = credentials.read(made)
    whole = made.read_bytes()
    begin = whole.index(b"jumb") - 4
    end = begin + int.from_bytes(whole[begin : begin + 4], "big")
    assert end - begin > 3000
    for at in range(begin + 8, end, 31):
        made.write_bytes(whole)
        flip(made, at)
        found = credentials.read(made)
        if not found.ours and at % 10:
            # nothing else proves; a tenth of these is looked at as a whole
            continue
        report = verify(made)
        if report.sentence == words.PROVED:
            assert found == said and report.conflicts, at
        else:
            assert report.exit_code in (1, 3), at


def test_a_remuxed_file_has_lost_everything_but_its_mark(made, tmp_path):
    report = checked(remux(made, tmp_path / "remuxed.mp4"))
    assert (report.sentence, report.exit_code) == (words.NOT_PROVED, 3)
    assert finding(report, "watermark").verdict == finding(report, "fingerprint").verdict == "found valid"
    assert finding(report, "credentials").verdict == "not found" and finding(report, "ledger").verdict == "not found"


def test_a_sidecar_that_is_gone_or_belongs_to_another(make_clip, tmp_path):
    target = make_clip("in.mp4", size=(128, 96))
    both = permits(tmp_path)
    first, second = (publish_clip(target, tmp_path / f"{n}.mkv", permits=both, frames=f) for n, f in ((1, range(3, 9)), (2, range(2, 5))))
    shutil.copy(first.sidecar, second.sidecar)
    report = checked(second.path)
    assert (report.sentence, report.exit_code) == (words.NOT_PROVED, 1) and "another file" in report.text()
    assert report.conflicts and finding(report, "ledger").verdict == "found valid"
    second.sidecar.unlink()
    report = checked(second.path)
    assert (report.sentence, report.exit_code) == (words.NOT_PROVED, 3) and report.conflicts


def test_an_ordinary_file_has_nothing(make_clip):
    report = checked(make_clip("plain.mp4"))
    assert (report.sentence, report.exit_code) == (words.INCONCLUSIVE, 3)
    assert "too small" in report.text()


def test_a_file_of_another_understudy(made, tmp_path, monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "another home"))
    for _ in range(2):
        report = checked(made)
        assert (report.sentence, report.exit_code) == (words.NOT_PROVED, 3)
        found = finding(report, "credentials")
        assert found.verdict == "found valid" and "Understudy that this machine does not know" in found.headline
        # looking makes no keys; the second time there are some, and they are others
        assert not keys.have_keys() or _ == 1
        keys.make_keys()


def foreign_signature(path: Path, out: Path, monkeypatch, tmp_path, *, production: bool) -> Path:
    """`path` signed by somebody else over it."""
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "another home"))
    keys.make_keys()
    manifest = {
        "claim_generator_info": [{"name": "Some\x1b[31m Camera", "version": "2"}],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["it"]}}]}},
            *([{"label": credentials.PRODUCTION, "data": {"label": "AI MODIFIED"}}] if production else []),
        ],
    }
    with credentials.reading_context() as context, path.open("rb") as file, path.open("rb") as again, out.open("w+b") as to:
        builder = credentials.c2pa.Builder(manifest, context)
        builder.add_ingredient({"title": "it", "label": "it", "relationship": "parentOf"}, "video/mp4", again)
        signer = credentials.c2pa.Signer.from_info(
            credentials.c2pa.C2paSignerInfo(alg=b"es256", sign_cert=keys.credentials_chain(), private_key=keys.credentials_key(), ta_url=None)
        )
        builder.sign(signer, "video/mp4", file, to)
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "home"))
    return out


def test_valid_credentials_of_somebody_else_are_not_ours(make_clip, tmp_path, monkeypatch):
    keys.make_keys()
    report = checked(foreign_signature(make_clip("in.mp4"), tmp_path / "theirs.mp4", monkeypatch, tmp_path, production=False))
    assert (report.sentence, report.exit_code) == (words.INCONCLUSIVE, 3)
    found = finding(report, "credentials")
    assert found.verdict == "found valid" and "somebody that this machine does not know" in found.headline
    assert "was not checked" in report.text() and "\x1b" not in report.text()


def test_our_words_under_another_key_prove_nothing(make_clip, tmp_path, monkeypatch):
    keys.make_keys()
    report = checked(foreign_signature(make_clip("in.mp4"), tmp_path / "theirs.mp4", monkeypatch, tmp_path, production=True))
    assert (report.sentence, report.exit_code) == (words.NOT_PROVED, 3)


def test_somebody_signs_over_our_altered_file(made, tmp_path, monkeypatch):
    flip(made, made.read_bytes().index(b"mdat") + 500)
    report = checked(foreign_signature(made, tmp_path / "laundered.mp4", monkeypatch, tmp_path, production=False))
    assert (report.sentence, report.exit_code) == (words.NOT_PROVED, 1) and report.conflicts
    assert finding(report, "credentials").verdict == "found valid" and finding(report, "credentials", 1).verdict == "found invalid"


def test_an_altered_target_signed_again_by_us_is_visible(made, tmp_path):
    flip(made, made.read_bytes().index(b"mdat") + 500)
    report = checked(publish_clip(made, tmp_path / "second.mp4").path)
    assert (report.sentence, report.exit_code) == (words.PROVED, 1)
    assert report.conflicts and "altered after it was signed" in finding(report, "credentials", 1).headline


def test_a_broken_ledger_is_a_finding(made, isolated_home):
    with sqlite3.connect(isolated_home / "ledger" / "ledger.sqlite") as db:
        db.execute("DROP TRIGGER rows_remain")
        db.execute("DELETE FROM rows")
    db.close()
    report = checked(made)
    assert (report.sentence, report.exit_code) == (words.PROVED, 1) and finding(report, "ledger").verdict == "found invalid"


def test_a_lost_ledger_is_a_conflict(made, isolated_home):
    shutil.rmtree(isolated_home / "ledger")
    report = checked(made)
    assert (report.sentence, report.exit_code) == (words.PROVED, 0) and "ledger does not know" in report.conflicts[0]


def test_looking_leaves_no_trace(make_clip, isolated_home):
    path = make_clip("plain.mp4")
    verify(path)
    assert [p.name for p in path.parent.iterdir()] == ["plain.mp4"] and not isolated_home.exists()


def test_credentials_that_are_elsewhere_are_not_fetched(make_clip):
    path = make_clip("remote.mp4")
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        b'xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="https://example.com/x.c2pa"/></rdf:RDF></x:xmpmeta>'
    )
    box = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC") + xmp
    path.write_bytes(path.read_bytes() + (8 + len(box)).to_bytes(4, "big") + b"uuid" + box)
    report = checked(path)
    assert (report.sentence, report.exit_code) == (words.INCONCLUSIVE, 3) and finding(report, "credentials").verdict == "inconclusive"
    assert credentials.read(publish_clip(path, path.with_name("out.mp4")).path).ours


@pytest.mark.parametrize("ending", ["mp4", "mov", "m4v", "mkv"])
def test_every_file_says_in_its_metadata_what_it_is(make_clip, tmp_path, ending):
    """For programs that know nothing of Content Credentials; nobody's word where there is no signature over it."""
    plain = make_clip(f"in.{ending}", size=(320, 240))
    assert not says_generated(plain)
    made = publish_clip(plain, tmp_path / f"out.{ending}")
    assert says_generated(made.path) and "Its metadata" not in checked(made.path).text(), "the credentials say it already, and signed"
    if ending == "mkv":
        with av.open(str(made.path)) as container:
            assert container.metadata["DIGITAL_SOURCE_TYPE"] == credentials.SOURCE_TYPE
        made.sidecar.unlink()
        assert "Its metadata" in checked(made.path).text()


def test_a_strangers_file_that_says_so_itself(make_clip):
    for name, kind, sentence in (("a.mp4", "trainedAlgorithmicMedia", words.MANIPULATED), ("b.mp4", "digitalCapture", words.INCONCLUSIVE)):
        path = make_clip(name)
        put_xmp(path, source_type=f"http://cv.iptc.org/newscodes/digitalsourcetype/{kind}")
        report = checked(path)
        assert (report.sentence, report.exit_code) == (sentence, 3) and ("Its metadata" in report.text()) == (sentence == words.MANIPULATED)
    spelled = make_clip("c.mp4")
    element = b"<x:xmpmeta><e:DigitalSourceType>http://example.org/trainedAlgorithmicMedia</e:DigitalSourceType></x:xmpmeta>"
    spelled.write_bytes(spelled.read_bytes() + (8 + len(element)).to_bytes(4, "big") + b"free" + element)
    assert says_generated(spelled), "as an element, and wherever it stands"
    hostile = spelled.with_name("hostile.bin")
    hostile.write_bytes((b"<x:xmpmeta" + b" DigitalSourceType" * 3600) * 40)
    assert not says_generated(hostile)


def test_a_truncated_file(made):
    data = made.read_bytes()
    made.write_bytes(data[: len(data) * 2 // 3])
    assert checked(made).exit_code == 1


def test_what_is_no_video_is_told(tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("this is not a film\n" * 50)
    (tmp_path / "only.c2pa").write_bytes(b"x")
    cases = [("absent.mp4", MediaNotFound), ("", MediaIsFolder), ("empty.mp4", MediaEmpty), ("text.mp4", MediaError), ("only.c2pa", MediaNotVideo)]
    for name, refusal in cases:
        with pytest.raises(refusal) as caught:
            verify(tmp_path / name)
        assert caught.value.remedy


def test_the_remuxed_picture_was_really_ours(made, tmp_path):
    """The tests' own tools: the remuxed file is the same film."""
    for frame in read_frames(remux(made, tmp_path / "remuxed.mp4")):
        assert abs(int(frame.rgb[8, 8].mean()) - mark(frame.index)) < 12
