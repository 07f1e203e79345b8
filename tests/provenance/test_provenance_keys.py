"""Keys: made once, whole or not at all, readable by their owner alone."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest
from cryptography import x509

from understudy.errors import KeysMissing, OutputNotWritable
from understudy.provenance import keys


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_keys_are_private_and_stay(isolated_home):
    folder = keys.make_keys()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    before = contents(folder)
    assert keys.make_keys() == folder and contents(folder) == before
    assert sorted(path.name for path in isolated_home.iterdir()) == ["keys"]


def test_signatures_hold_only_for_what_was_signed(isolated_home):
    keys.make_keys()
    signature = keys.sign(b"this").hex()
    assert keys.signature_holds(b"this", signature, keys.public_key())
    assert not keys.signature_holds(b"that", signature, keys.public_key())
    assert not keys.signature_holds(b"this", signature, "00" * 32)
    assert not keys.signature_holds(b"this", "zz", keys.public_key())


def test_the_certificate_is_under_the_authority(isolated_home):
    keys.make_keys()
    leaf, top = x509.load_pem_x509_certificates(keys.credentials_chain())
    leaf.verify_directly_issued_by(top)
    assert leaf.issuer != leaf.subject
    assert top.public_bytes(keys.serialization.Encoding.PEM).decode() == keys.authority()


def test_without_keys_the_set_up_is_named(isolated_home):
    assert keys.authority() is None and not keys.have_keys()
    for ask in (keys.public_key, keys.credentials_key, keys.credentials_chain, lambda: keys.sign(b"x")):
        with pytest.raises(KeysMissing) as caught:
            ask()
        assert "understudy setup" in caught.value.remedy


def test_a_lost_key_is_not_replaced_in_silence(isolated_home):
    (keys.make_keys() / "records.key").unlink()
    keys.make_keys()
    with pytest.raises(KeysMissing) as caught:
        keys.sign(b"x")
    assert "restore" in caught.value.remedy


def test_a_kill_in_the_middle_is_no_harm(isolated_home):
    left = isolated_home / ".keys.1.abcd.part"
    left.mkdir(parents=True)
    (left / "records.key").write_bytes(b"half")
    keys.make_keys()
    assert keys.sign(b"x")


def test_a_home_that_is_closed_is_told(isolated_home, monkeypatch):
    isolated_home.mkdir()

    def refuse(self, *_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", lambda self, *a, **k: refuse(self) if self.name.endswith(".part") else None)
    with pytest.raises(OutputNotWritable):
        keys.make_keys()


def test_processes_that_make_keys_at_once_agree(isolated_home):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert len(set(pool.map(_make, range(8)))) == 1
    assert [path.name for path in isolated_home.iterdir()] == ["keys"]


def _make(_: int) -> str:
    keys.make_keys()
    return keys.public_key()
