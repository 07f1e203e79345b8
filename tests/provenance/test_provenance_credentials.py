"""Content Credentials: what a newsroom brings, what never leaves, trusted time, and every way of tampering with the code that it must give."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import c2pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID
from publishing import permits, publish_clip

from understudy import api
from understudy.cli import main
from understudy.errors import CertificateUnusable, CredentialsError
from understudy.provenance import credentials, keys, ledger
from understudy.provenance.keys import _certificate, _name, _private_pem, _usage
from understudy.provenance.signer import Signer, describe_signer, use_certificate

pytestmark = pytest.mark.usefixtures("isolated_home")
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300" + "01" * 64 + "ffd9")
"""Stands for a picture of the rushes."""
CAPTURED = {"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}


def said(path: Path) -> dict[str, Any]:
    """The whole store of a file, as JSON."""
    with credentials.reading_context() as context, c2pa.Reader(str(path), context=context) as reader:
        return json.loads(reader.json())


def production(path: Path) -> dict[str, Any]:
    return credentials.read(path).production


def issued(name: str, *, usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION) -> tuple[str, ec.EllipticCurvePrivateKey]:
    """A chain (PEM) of an authority of its own, and the signer's key."""
    top, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    above, below = _name(f"{name} authority"), _name(name)
    authority = (
        _certificate(above, above, top.public_key(), top)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(top, hashes.SHA256())
    )
    certificate = (
        _certificate(below, above, leaf.public_key(), top)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        .sign(top, hashes.SHA256())
    )
    return "".join(made.public_bytes(serialization.Encoding.PEM).decode() for made in (certificate, authority)), leaf


def camera(path: Path, out: Path, *, title: str = "clip", creator: str = "a camera") -> Path:
    """`path` as a camera with Content Credentials would have written it: with a thumbnail, a title and metadata."""
    keys.make_keys()
    manifest = {
        "claim_generator_info": [{"name": "Some Camera", "version": "2"}],
        "title": title,
        "thumbnail": {"format": "image/jpeg", "identifier": "thumbnail.jpg"},
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [CAPTURED]}},
            {"label": "cawg.metadata", "data": {"@context": {"dc": "http://purl.org/dc/elements/1.1/"}, "dc:creator": [creator]}},
        ],
    }
    with credentials.reading_context() as context, path.open("rb") as file, out.open("w+b") as to:
        builder = c2pa.Builder(manifest, context)
        builder.add_resource("thumbnail.jpg", io.BytesIO(JPEG))
        builder.sign(Signer(keys.credentials_chain().decode(), keys.credentials_key()).open(), "video/mp4", file, to)
    assert JPEG[20:60] in out.read_bytes()
    return out


# what is said


def test_our_assertion_leads_to_the_record_and_to_where_one_can_complain(make_clip, tmp_path):
    made = publish_clip(make_clip("in.mp4"), tmp_path / "out.mp4", settings={"house.contact": "complaints@example.org"})
    found, (row,) = production(made.path), ledger.rows()
    assert found["record_sha256"] == row.body["record_sha256"] == ledger.record_hash(row.body)
    assert found["complaints"] == "complaints@example.org" and found["label"] == "AI MODIFIED" and found["purposes"]
    assert ledger.record_hash({**row.body, "label": "nothing"}) != found["record_sha256"]
    other = publish_clip(make_clip("in.mp4"), tmp_path / "other.mp4")
    assert production(other.path)["complaints"] == "whoever published this video"


@pytest.mark.parametrize("ending", ["mp4", "mov"])
def test_the_word_for_it_stands_in_the_file_before_it_is_signed(make_clip, tmp_path, ending):
    made = publish_clip(make_clip("in.mp4"), tmp_path / f"out.{ending}").path
    data = made.read_bytes()
    assert data.count(b"Iptc4xmpExt:DigitalSourceType=") == 1 and credentials.SOURCE_TYPE.encode() in data
    with av.open(str(made)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 12
    at = data.index(b'AISystemUsed="Understudy"') + 16
    made.write_bytes(data[:at] + b"x" + data[at + 1 :])
    assert credentials.read(made).problems == ("assertion.bmffHash.mismatch",)


# the inputs' own credentials


def test_the_parents_credentials_go_along_without_their_thumbnail(make_clip, tmp_path):
    target = camera(make_clip("in.mp4"), tmp_path / "shot.mp4")
    source = camera(make_clip("source.mp4", n=5), tmp_path / "lent.mp4")
    made = publish_clip(target, tmp_path / "out.mp4", source=source)
    data, whole = made.path.read_bytes(), said(made.path)
    assert JPEG[20:60] not in data and b"a camera" in data
    active = whole["manifests"][whole["active_manifest"]]
    assert len(whole["manifests"]) == 3 and all(one["active_manifest"] in whole["manifests"] for one in active["ingredients"])
    actions = next(one["data"]["actions"] for one in active["assertions"] if one["label"] == "c2pa.actions.v2")
    assert [one["action"] for one in actions] == ["c2pa.opened", "c2pa.redacted", "c2pa.redacted", "c2pa.edited", "c2pa.watermarked.bound"]
    found = credentials.read(made.path)
    assert found.ours and not found.broken_origins and "origins" not in found.production
    # and once more over it
    again = publish_clip(made.path, tmp_path / "again.mp4", source=source)
    assert credentials.read(again.path).ours and not credentials.read(again.path).broken_origins


def test_metadata_with_a_persons_name_is_taken_out(make_clip, tmp_path):
    target = camera(make_clip("in.mp4"), tmp_path / "shot.mp4", creator="Anna de Vries, on the quay")
    made = publish_clip(target, tmp_path / "out.mp4", permits=permits(tmp_path))
    data = made.path.read_bytes()
    assert b"Vries" not in data and b"quay" not in data and len(said(made.path)["manifests"]) == 2
    assert credentials.read(made.path).ours and not credentials.read(made.path).broken_origins


@pytest.mark.parametrize("title", ["rushes_Anna_day1.mp4", "interview DE VRIES", "clip 0417.mp4"])
def test_credentials_that_tell_a_name_stay_behind(make_clip, tmp_path, title):
    """A title cannot be taken out. The last one is the original file's own name."""
    target = camera(make_clip("in.mp4"), tmp_path / "clip 0417.mp4", title=title)
    made = publish_clip(target, tmp_path / "out.mp4")
    data = made.path.read_bytes()
    assert title.encode() not in data and b"Some Camera" not in data and JPEG[20:60] not in data
    # source and target are the same file here
    origin, _ = production(made.path)["origins"]
    assert origin["input"] == "target" and origin["credentials"] == "valid" and origin["codes"] == []
    assert credentials.read(made.path).ours


def test_what_stays_behind_cannot_hide_that_it_was_altered(make_clip, tmp_path):
    target = camera(make_clip("in.mp4", size=(128, 96)), tmp_path / "shot.mp4", title="rushes_Anna_day1.mp4")
    data = bytearray(target.read_bytes())
    data[data.index(b"mdat") + 400] ^= 1
    target.write_bytes(data)
    made = publish_clip(target, tmp_path / "out.mp4")
    assert credentials.read(made.path).broken_origins == ("assertion.bmffHash.mismatch",)


def test_for_a_protected_source_all_of_it_can_be_left_out(make_clip, tmp_path):
    target = camera(make_clip("in.mp4"), tmp_path / "shot.mp4")
    made = publish_clip(target, tmp_path / "out.mp4", settings={"credentials.origins": "leave-out"})
    assert b"Some Camera" not in made.path.read_bytes() and "that was asked for" in production(made.path)["origins"][0]["why"]


# who signs


def put(folder: Path, chain: str, key: ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    files = folder / "newsroom.pem", folder / "newsroom.key"
    files[0].write_text(chain)
    files[1].write_bytes(_private_pem(key))
    return files


def test_a_newsroom_signs_with_its_own_certificate(make_clip, tmp_path, isolated_home, capsys):
    keys.make_keys()
    target, first = make_clip("in.mp4"), tmp_path / "first.mp4"
    publish_clip(target, first)
    files = put(tmp_path, *issued("The Newsroom"))
    assert main(["keys", "use", *map(str, files)]) == 0 and "The Newsroom" in capsys.readouterr().out
    assert {path.stat().st_mode & 0o777 for path in (isolated_home / "keys").glob("newsroom.*")} == {0o600}
    made = publish_clip(target, tmp_path / "out.mp4")
    assert "The Newsroom" in credentials.read(made.path).signer and credentials.read(made.path).ours
    assert credentials.read(first).ours, "what this machine signed before stays ours"
    assert main(["keys", "machine"]) == 0 and not describe_signer().newsroom
    assert credentials.read(made.path).ours, "and what the newsroom signed"
    assert "Understudy signer" in credentials.read(publish_clip(target, tmp_path / "last.mp4").path).signer


def test_another_customer_of_the_newsrooms_authority_is_not_ours(make_clip, tmp_path):
    keys.make_keys()
    chain, key = issued("The Newsroom")
    use_certificate(*put(tmp_path, chain, key))
    made = publish_clip(make_clip("in.mp4"), tmp_path / "out.mp4")
    (tmp_path / "home" / "keys" / "known").rename(tmp_path / "elsewhere")
    api.keys_machine()
    assert not credentials.read(made.path).ours, "its authority is not trusted any more"
    known = tmp_path / "home" / "keys" / "known"
    known.mkdir()
    # the authority is known by another of its certificates
    (known / "1.pem").write_text(
        keys.credentials_chain().decode().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n" + _authority(chain)
    )
    found = credentials.read(made.path)
    assert found.state == "valid" and not found.ours


def _authority(chain: str) -> str:
    return "-----BEGIN CERTIFICATE-----" + chain.split("-----BEGIN CERTIFICATE-----")[2]


def unusable(tmp_path: Path) -> dict[str, tuple[str, bytes]]:
    (chain, key), (other, other_key) = issued("One"), issued("Other")
    leaf = chain[: chain.index("-----END") + 26]
    wrong_use, wrong_key = issued("Server", usage=ExtendedKeyUsageOID.SERVER_AUTH)
    form = serialization.PrivateFormat.PKCS8
    locked = key.private_bytes(serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(b"x"))
    return {
        "alone": (leaf, _private_pem(key)),
        "of another": (leaf + _authority(other), _private_pem(key)),
        "key of another": (chain, _private_pem(other_key)),
        "for a web site": (wrong_use, _private_pem(wrong_key)),
        "no certificate": ("hello", _private_pem(key)),
        "locked": (chain, locked),
    }


def test_a_certificate_that_cannot_be_used_is_told_and_changes_nothing(tmp_path):
    keys.make_keys()
    for name, (chain, key) in unusable(tmp_path).items():
        certificate, file = tmp_path / "c.pem", tmp_path / "k.pem"
        certificate.write_text(chain)
        file.write_bytes(key)
        with pytest.raises(CertificateUnusable) as caught:
            use_certificate(certificate, file)
        assert caught.value.remedy and caught.value.code == "credentials.certificate", name
        assert not describe_signer().newsroom
    with pytest.raises(CertificateUnusable):
        use_certificate(tmp_path / "nowhere.pem", file)


@pytest.mark.parametrize("raw", [False, True])
def test_a_program_signs_with_a_key_that_never_leaves_its_safe(make_clip, tmp_path, raw):
    chain, key = issued("A safe")
    asked: list[bytes] = []

    def safe(data: bytes) -> bytes:
        asked.append(data)
        signature = key.sign(data, ec.ECDSA(hashes.SHA256()))
        if not raw:
            return signature
        r, s = decode_dss_signature(signature)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    made = publish_clip(make_clip("in.mp4"), tmp_path / "out.mp4", signer=Signer(chain, safe))
    assert asked and credentials.read(made.path).ours and "A safe" in credentials.read(made.path).signer


def test_a_safe_that_refuses_is_told_and_nothing_leaves(make_clip, tmp_path):
    chain, _ = issued("A safe")

    def safe(data: bytes) -> bytes:
        raise RuntimeError("no card in the reader")

    with pytest.raises(CredentialsError):
        publish_clip(make_clip("in.mp4"), tmp_path / "out.mp4", signer=Signer(chain, safe))
    assert not (tmp_path / "out.mp4").exists()


# trusted time


@pytest.fixture
def time_server(tmp_path: Path) -> Iterator[str]:
    """A time server (RFC 3161): OpenSSL's, behind HTTP."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here")
    folder = tmp_path / "time"
    folder.mkdir()
    chain, key = issued("Time", usage=ExtendedKeyUsageOID.TIME_STAMPING)
    (folder / "chain.pem").write_text(chain)
    (folder / "key.pem").write_bytes(_private_pem(key))
    (folder / "serial").write_text("01\n")
    names = {"serial": "serial", "signer_cert": "chain.pem", "certs": "chain.pem", "signer_key": "key.pem"}
    places = "".join(f"{name} = {folder / file}\n" for name, file in names.items())
    rest = "crypto_device = builtin\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256, sha384, sha512\ness_cert_id_alg = sha256\n"
    (folder / "time.cnf").write_text(f"[tsa]\ndefault_tsa = one\n[one]\n{places}{rest}")

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            words = ["openssl", "ts", "-reply", "-config", folder / "time.cnf", "-queryfile", folder / "query", "-out", folder / "reply"]
            subprocess.run(words, check=True, capture_output=True)
            data = (folder / "reply").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def test_a_time_server_vouches_for_the_time(make_clip, tmp_path, time_server):
    made = publish_clip(make_clip("in.mp4"), tmp_path / "out.mp4", settings={"credentials.time_server": time_server})
    assert credentials.read(made.path).trusted_time and credentials.read(made.path).ours and ledger.rows()[-1].body["trusted_time"]
    assert "no trusted time" not in api.verify(made.path).text()


def test_without_an_answer_the_video_leaves_and_says_that_there_is_no_trusted_time(make_clip, tmp_path):
    warnings: list[str] = []

    def report(event: Any) -> None:
        if event.kind == "warning":
            warnings.append(event.message)

    settings = {"credentials.time_server": "http://127.0.0.1:9/"}
    made = publish_clip(make_clip("in.mp4"), tmp_path / "out.mp4", settings=settings, report=report)
    assert not credentials.read(made.path).trusted_time and credentials.read(made.path).ours and not ledger.rows()[-1].body["trusted_time"]
    assert any("time server" in words for words in warnings) and "no trusted time" in api.verify(made.path).text()


# tampering


@pytest.fixture(scope="module")
def signed_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with `home`, a signed out.mp4, and out.mkv with its sidecar."""
    from synthetic import Clip, write_clip

    folder = tmp_path_factory.mktemp("signed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_HOME", str(folder / "home"))
        write_clip(folder / "in.mp4", Clip(size=(128, 96)))
        both = permits(folder)
        for ending in ("mp4", "mkv"):
            publish_clip(folder / "in.mp4", folder / f"out.{ending}", permits=both)
        publish_clip(folder / "in.mp4", folder / "another.mkv", permits=both, frames=[2, 3])
    yield folder


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def remuxed(path: Path, *, again: bool = False) -> bytes:
    """The same packets in a new file, or (`again`) coded once more."""
    out = path.with_name(f"copy{again}.mp4")
    with av.open(str(path)) as given, av.open(str(out), "w") as made:
        stream = given.streams.video[0]
        if again:
            to: Any = made.add_stream("libx264", rate=25)
            to.width, to.height, to.pix_fmt = stream.width, stream.height, "yuv420p"
            for frame in given.decode(stream):
                made.mux(to.encode(frame.reformat(format="yuv420p")))
            made.mux(to.encode(None))
        else:
            copy = made.add_stream_from_template(stream)
            for packet in given.demux(stream):
                if packet.dts is not None:
                    packet.stream = copy
                    made.mux(packet)
    return out.read_bytes()


def in_certificate(data: bytes) -> int:
    """Within the signer's key in the certificate, which the signature is checked with."""
    return data.index(b"Understudy signer") + len("Understudy signer 01234567") + 40


TAMPERS: dict[str, tuple[Callable[[bytes, Path], bytes], str]] = {
    "a bit of the picture": (lambda data, path: flipped(data, data.index(b"mdat") + 500), "assertion.bmffHash.mismatch"),
    "a bit of the index": (lambda data, path: flipped(data, data.index(b"stsz") + 16), "assertion.bmffHash.mismatch"),
    "a bit of an assertion": (lambda data, path: flipped(data, data.index(b"AI MODIFIED") + 3), "assertion.hashedURI.mismatch"),
    "a bit of the claim": (lambda data, path: flipped(data, data.index(b"Labelled video") + 3), "claimSignature.mismatch"),
    "a bit of the certificate": (lambda data, path: flipped(data, in_certificate(data)), "claimSignature.mismatch"),
    "bytes at the end": (lambda data, path: data + b"\0\0\0\x10skip12345678" + b"\0\0\0\x10mdat12345678", "assertion.bmffHash.mismatch"),
    "the end cut off": (lambda data, path: data[: len(data) - 60], "the file is damaged or cut short"),
    "remuxed": (lambda data, path: remuxed(path), ""),
    "coded again": (lambda data, path: remuxed(path, again=True), ""),
}


@pytest.mark.parametrize("name", TAMPERS)
def test_each_tamper_gives_its_code(signed_once, tmp_path, monkeypatch, name):
    monkeypatch.setenv("UNDERSTUDY_HOME", str(signed_once / "home"))
    path = tmp_path / "out.mp4"
    shutil.copy(signed_once / "out.mp4", path)
    assert credentials.read(path).ours
    change, code = TAMPERS[name]
    path.write_bytes(change(path.read_bytes(), path))
    found = credentials.read(path)
    assert not found.ours
    if code:
        assert found.state == "invalid" and code in found.problems, found.problems
    else:
        assert found.state == "none", "the manifest is gone"


def test_a_picture_that_was_changed_gives_its_code(tmp_path):
    """No picture leaves by the door yet; what the check says of a signed JPEG is known all the same."""
    keys.make_keys()
    plain = Path(__file__).parents[2] / "docs" / "img" / "demo.jpg"
    path = tmp_path / "picture.jpg"
    with credentials.reading_context() as context, plain.open("rb") as file, path.open("w+b") as to:
        builder = c2pa.Builder(
            {"claim_generator_info": [{"name": "x"}], "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [CAPTURED]}}]}, context
        )
        builder.sign(Signer(keys.credentials_chain().decode(), keys.credentials_key()).open(), "image/jpeg", file, to)
    assert credentials.read(path).state == "valid"
    path.write_bytes(flipped(path.read_bytes(), path.stat().st_size - 900))
    assert credentials.read(path).problems == ("assertion.dataHash.mismatch",)


def test_sidecars_that_were_exchanged_altered_or_lost(signed_once, tmp_path, monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_HOME", str(signed_once / "home"))
    path, beside = tmp_path / "out.mkv", tmp_path / "out.c2pa"
    shutil.copy(signed_once / "out.mkv", path)
    good = (signed_once / "out.c2pa").read_bytes()
    for data, problem in (
        (good, None),
        ((signed_once / "another.c2pa").read_bytes(), "assertion.dataHash.mismatch"),
        (flipped(good, good.index(b"AI MODIFIED") + 3), "assertion.hashedURI.mismatch"),
        (flipped(good, in_certificate(good)), "claimSignature.mismatch"),
    ):
        beside.write_bytes(data)
        found = credentials.read(path)
        assert found.ours if problem is None else problem in found.problems
    beside.write_bytes(good[:500])
    assert credentials.read(path).state == "invalid"
    beside.write_bytes(good)
    path.write_bytes(flipped(path.read_bytes(), path.stat().st_size // 2))
    assert "assertion.dataHash.mismatch" in credentials.read(path).problems
    beside.unlink()
    assert credentials.read(path).state == "none"


def test_a_tampered_parent_that_is_signed_again_is_shown(signed_once, tmp_path, monkeypatch):
    """The overall state reads as trusted; the mismatch stands only among the ingredient's results."""
    monkeypatch.setenv("UNDERSTUDY_HOME", str(signed_once / "home"))
    for ending, code in (("mp4", "assertion.bmffHash.mismatch"), ("mkv", "assertion.dataHash.mismatch")):
        path = tmp_path / f"parent.{ending}"
        path.write_bytes(flipped((data := (signed_once / f"out.{ending}").read_bytes()), len(data) * 2 // 3))
        if ending == "mkv":
            shutil.copy(signed_once / "out.c2pa", path.with_suffix(".c2pa"))
        made = publish_clip(path, tmp_path / f"{ending}.mp4")
        found = credentials.read(made.path)
        assert found.ours and code in found.broken_origins
        with credentials.reading_context() as context, c2pa.Reader(str(made.path), context=context) as reader:
            assert reader.get_validation_state() == "Trusted"
