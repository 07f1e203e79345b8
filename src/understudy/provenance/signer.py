"""Who signs the Content Credentials: this machine, a newsroom with a certificate of its own, or a program that asks its own key safe.

keys/newsroom.pem, newsroom.key   what `understudy keys use` put there; without them this machine's own key signs
keys/known/NUMBER.pem             every other certificate that was signed with here: what it signed stays "ours"
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import c2pa
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from ..errors import CertificateUnusable
from ..files import private_folder, sync_folder, translate
from . import keys

Algorithm = Literal["es256", "es384", "es512", "ps256", "ed25519"]
_CURVES: dict[str, tuple[Algorithm, int]] = {"secp256r1": ("es256", 32), "secp384r1": ("es384", 48), "secp521r1": ("es512", 66)}
"""By the name of a key's curve: C2PA's algorithm, and the bytes of each of the two numbers of a signature."""
_ELSEWHERE = "ask whoever made the certificate for one that C2PA allows: not self-signed, for signing, with its authority's certificate behind it"


@dataclass(frozen=True, slots=True)
class Signer:
    """A certificate and its key, or a function that signs with it.

    `chain`: PEM, the signer's certificate first, then those above it. `key`: the private key as PEM without a password; or a function that gets the
    bytes to be signed and returns the signature (ECDSA: as DER or as the two numbers one after the other), so that the key never leaves its safe.
    """

    chain: str
    key: bytes | Callable[[bytes], bytes]

    def open(self, *, time_server: str = "") -> c2pa.Signer:
        """For the library, with the address of an RFC 3161 time server where there is one. Raises CertificateUnusable."""
        algorithm, size = self._kind()
        if isinstance(self.key, bytes):
            info = c2pa.C2paSignerInfo(alg=algorithm.encode(), sign_cert=self.chain.encode(), private_key=self.key, ta_url=time_server or None)  # pyright: ignore[reportArgumentType]
            return c2pa.Signer.from_info(info)
        ask = self.key

        def sign(data: bytes) -> bytes:
            return _two_numbers(ask(data), size) if size else ask(data)

        return c2pa.Signer.from_callback(sign, c2pa.C2paSigningAlg[algorithm.upper()], self.chain, time_server or None)

    @property
    def certificate(self) -> x509.Certificate:
        return _certificates(self.chain)[0]

    def _kind(self) -> tuple[Algorithm, int]:
        public = self.certificate.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVES:
            return _CURVES[public.curve.name]
        if isinstance(public, ed25519.Ed25519PublicKey):
            return "ed25519", 0
        if isinstance(public, rsa.RSAPublicKey):
            return "ps256", 0
        raise CertificateUnusable("The certificate's key is of a kind that Content Credentials do not know.", remedy="use EC P-256, Ed25519 or RSA")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Whose certificate signs on this machine now."""

    name: str
    number: str
    """The certificate's serial number."""
    until: str
    """ISO date: the last day of the certificate."""
    newsroom: bool
    """False for the key that the set-up made."""


def current_signer() -> Signer:
    """The newsroom's where one was put in, else this machine's own. Raises KeysMissing."""
    chain, key = _newsroom()
    if chain.is_file():
        return Signer(keys.read(chain.name).decode("ascii"), keys.read(key.name))
    return Signer(keys.credentials_chain().decode("ascii"), keys.credentials_key())


def describe_signer() -> SigningKey:
    """Raises KeysMissing."""
    certificate = current_signer().certificate
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME) or certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    until = certificate.not_valid_after_utc.date().isoformat()
    return SigningKey(str(names[0].value) if names else "unnamed", str(certificate.serial_number), until, _newsroom()[0].is_file())


def use_certificate(certificate: Path, key: Path) -> SigningKey:
    """Sign with a newsroom's own certificate (PEM, its authority's behind it) and key (PEM) from now on. Both are copied to this machine's keys.

    Raises CertificateUnusable with what is wrong with them, KeysMissing.
    """
    keys.credentials_key()
    signer = Signer(_text(certificate), _text(key).encode("ascii"))
    _check(signer)
    _try(signer)
    chain_file, key_file = _newsroom()
    remember(signer)
    # the key first: a certificate without its key would stop all publishing
    _put(key_file, signer.key)  # type: ignore[arg-type]
    _put(chain_file, signer.chain.encode("ascii"))
    return describe_signer()


def use_machine() -> SigningKey:
    """Sign with this machine's own key again. What was signed with the newsroom's stays ours."""
    for path in _newsroom():
        path.unlink(missing_ok=True)
    return describe_signer()


def remember(signer: Signer) -> None:
    """Count what this signer signs as made here."""
    number = signer.certificate.serial_number
    if number not in _serials():
        _put(_known() / f"{number}.pem", signer.chain.encode("ascii"))


def anchors() -> str:
    """PEM of the authorities under which something can be ours; '' where no keys were made."""
    own = keys.authority()
    tops = (_certificates(path.read_text(encoding="ascii"))[-1] for path in _known_files()) if own else ()
    return (own or "") + "".join(top.public_bytes(Encoding.PEM).decode("ascii") for top in tops)


def is_known(serial: str) -> bool:
    """Whether a certificate of this number signs, or signed, here. Means something only together with `anchors`: a newsroom's authority has other
    customers, too."""
    return serial in {str(number) for number in _serials()}


def _serials() -> set[int]:
    found = {_certificates(path.read_text(encoding="ascii"))[0].serial_number for path in _known_files()}
    if keys.have_keys():
        found.add(_certificates(keys.credentials_chain().decode("ascii"))[0].serial_number)
    return found


def _newsroom() -> tuple[Path, Path]:
    return keys.folder() / "newsroom.pem", keys.folder() / "newsroom.key"


def _known() -> Path:
    return keys.folder() / "known"


def _known_files() -> list[Path]:
    return sorted(_known().glob("*.pem"))


def _certificates(pem: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem.encode("ascii"))
    except ValueError as error:
        raise CertificateUnusable("This is no certificate in PEM form.", why=str(error).splitlines()[0], remedy=_ELSEWHERE) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise CertificateUnusable(f"{path} cannot be read.", why=error.strerror or "", remedy="check the name") from None
    except UnicodeDecodeError:
        raise CertificateUnusable(f"{path} is not in PEM form.", remedy="turn it into PEM, for example with openssl") from None


def _check(signer: Signer) -> None:
    """What can be told without trying."""
    chain = _certificates(signer.chain)
    if len(chain) < 2:
        raise CertificateUnusable(
            "The file holds the signer's certificate alone.",
            why="Who made it must be known, too.",
            remedy="put its authority's certificate behind it",
        )
    try:
        chain[0].verify_directly_issued_by(chain[1])
    except (ValueError, TypeError, InvalidSignature):
        raise CertificateUnusable("The second certificate did not make the first.", remedy="the signer's comes first, then its authority's") from None
    if not chain[0].not_valid_before_utc <= datetime.now(UTC) <= chain[0].not_valid_after_utc:
        raise CertificateUnusable("The certificate does not hold today.", why=f"It ends on {chain[0].not_valid_after_utc.date()}.", remedy=_ELSEWHERE)
    try:
        private = load_pem_private_key(signer.key, None)  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise CertificateUnusable(
            "The key cannot be read.", why=str(error).splitlines()[0], remedy="give a private key in PEM form, without a password"
        ) from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(*form) != chain[0].public_key().public_bytes(*form):
        raise CertificateUnusable("Key and certificate do not belong together.", remedy="give the key that the certificate was made for")


def _try(signer: Signer) -> None:
    """Sign something small: the library knows C2PA's rules for certificates."""
    import io

    import cv2
    import numpy as np

    picture = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    actions = {"actions": [{"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation"}]}
    try:
        builder = c2pa.Builder({"claim_generator_info": [{"name": "Understudy"}], "assertions": [{"label": "c2pa.actions.v2", "data": actions}]})
        builder.sign(signer.open(), "image/png", io.BytesIO(picture), io.BytesIO())
    except c2pa.C2paError as error:
        raise CertificateUnusable(
            "This certificate may not sign Content Credentials.", why=" ".join(str(error).split())[:200], remedy=_ELSEWHERE
        ) from None


def _put(path: Path, data: bytes) -> None:
    """Whole or not at all, and for the user alone from its first byte on."""
    part = path.with_name(f".{path.name}.part")
    try:
        private_folder(path.parent)
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise translate(error, path) from error


def _two_numbers(signature: bytes, size: int) -> bytes:
    """An ECDSA signature as COSE wants it (RFC 9053): r and s, `size` bytes each."""
    if len(signature) == 2 * size:
        return signature
    r, s = utils.decode_dss_signature(signature)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")
