"""This machine's keys, made once at set-up: one for consent records and the ledger, one (under a small authority) for Content Credentials.

    keys/records.key       Ed25519 (RFC 8032): signs consent records, revocations and the ledger's head
    keys/credentials.key   EC P-256: signs Content Credentials (ES256)
    keys/credentials.pem   its certificate, then the authority's
    keys/authority.pem     the authority's certificate: what makes Content Credentials "ours"
    keys/authority.key     EC P-256 of the authority

A newsroom's own certificate lies beside them (`signer`). They stay here: no key is ever sent anywhere or written into a project.
"""

from __future__ import annotations

import os
import secrets
import shutil
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..errors import KeysMissing
from ..files import private_folder, sync_folder, translate
from ..home import home

LIFETIME = timedelta(days=20 * 365)
"""Without a trusted time stamp a signature counts only while its certificate does, and broadcasters keep films for long."""
_PEM = serialization.Encoding.PEM


def folder() -> Path:
    """Where they lie, whether there are any or not."""
    return home() / "keys"


def make_keys() -> Path:
    """Make all keys if there are none, and return their folder. All of them appear at once; keys that exist are never touched."""
    place = folder()
    if place.is_dir():
        return place
    part = place.with_name(f".keys.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        private_folder(part)
        for name, data in _fresh_keys().items():
            with os.fdopen(os.open(part / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        try:
            part.rename(place)
        except OSError:
            # another process was faster: its keys are the ones
            if not place.is_dir():
                raise
        sync_folder(place.parent)
    except OSError as error:
        raise translate(error, place) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return place


def have_keys() -> bool:
    return folder().is_dir()


def read(name: str) -> bytes:
    """One of the files. Raises KeysMissing."""
    try:
        return (folder() / name).read_bytes()
    except OSError as error:
        raise KeysMissing(
            "This machine has no signing keys." if not have_keys() else f"The signing key {name} cannot be read.",
            why="They are made once, at set-up, and stay on this machine." if not have_keys() else f"{error.strerror}: {folder() / name}",
            remedy="type: understudy setup" if not have_keys() else f"restore the folder {folder()} from a copy",
        ) from None


def sign(data: bytes) -> bytes:
    """Ed25519 signature (64 bytes) of this machine. Raises KeysMissing."""
    key = serialization.load_pem_private_key(read("records.key"), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeysMissing("records.key is not a key for records.", remedy=f"restore the folder {folder()} from a copy")
    return key.sign(data)


def public_key() -> str:
    """This machine's public Ed25519 key in hex. Raises KeysMissing."""
    return _public(read("records.key"))


@cache
def _public(pem: bytes) -> str:
    key = serialization.load_pem_private_key(pem, None)
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()


def signature_holds(data: bytes, signature: str, public: str) -> bool:
    """Whether the Ed25519 `signature` (hex) of `data` was made with the key whose public half is `public` (hex)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def credentials_key() -> bytes:
    """PEM of the key that signs Content Credentials. Raises KeysMissing."""
    return read("credentials.key")


def credentials_chain() -> bytes:
    """PEM of its certificate and of the authority's. Raises KeysMissing."""
    return read("credentials.pem")


def authority() -> str | None:
    """PEM of this machine's authority, or None where no keys were made: then nothing can be ours."""
    return read("authority.pem").decode("ascii") if have_keys() else None


def _fresh_keys() -> dict[str, bytes]:
    top, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    # the number tells the authorities of two machines apart for a person who reads the name
    number = secrets.token_hex(4)
    top_name, leaf_name = _name(f"Understudy authority {number}"), _name(f"Understudy signer {number}")
    authority_certificate = (
        _certificate(top_name, top_name, top.public_key(), top)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(top, hashes.SHA256())
    )
    # what C2PA 2.x asks of a signer: not an authority, digitalSignature, one of a few extended usages, both key identifiers
    leaf_certificate = (
        _certificate(leaf_name, top_name, leaf.public_key(), top)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .sign(top, hashes.SHA256())
    )
    return {
        "records.key": _private_pem(Ed25519PrivateKey.generate()),
        "credentials.key": _private_pem(leaf),
        "credentials.pem": leaf_certificate.public_bytes(_PEM) + authority_certificate.public_bytes(_PEM),
        "authority.pem": authority_certificate.public_bytes(_PEM),
        "authority.key": _private_pem(top),
    }


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Understudy"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)  # clocks of two machines differ a little
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: CertificateIssuerPrivateKeyTypes) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
