"""Content Credentials (C2PA 2.x): signed into mp4, mov and m4v, or beside a Matroska file as `.c2pa`; and read back.

Signing comes last: nothing of the file may change after it. Works without network; only where a time server is set (RFC 3161) is that one asked, and
without it there is no trusted time. Elsewhere our credentials read "valid", not "trusted", unless a newsroom's own certificate is known there.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

import c2pa

from ..errors import CredentialsError
from ..files import write_bytes
from . import signer as signers
from .origins import Origin, origin_of
from .signer import Signer
from .statement import PRODUCTION, SOURCE_TYPE, Statement, manifest_of, source_names, without_names
from .xmp import put_xmp

__all__ = [
    "EMBEDDED",
    "PRODUCTION",
    "SOURCE_TYPE",
    "Credentials",
    "Signed",
    "Statement",
    "Terms",
    "is_our_sidecar",
    "kind_of",
    "plain",
    "read",
    "sidecar_of",
    "sign",
    "without_names",
]

EMBEDDED = frozenset({".mp4", ".m4v", ".mov"})
_NOT_SHORTENED = "Its Content Credentials were left out: what must not leave could not be taken out of them."
_UNTRUSTED = "signingCredential.untrusted"
_NOTHING: tuple[type[Exception], ...] = tuple(getattr(c2pa.C2paError, name) for name in ("ManifestNotFound", "NotSupported"))
"""Errors of the reader that mean: no credentials here."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a file's Content Credentials say, in this machine's eyes."""

    state: Literal["valid", "invalid", "none"]
    problems: tuple[str, ...] = ()
    """C2PA validation codes that speak against them, or what the reader said."""
    our_key: bool = False
    """Its certificate is from this machine's authority; counts only together with the state: see `ours`."""
    carries_mark: bool = False
    """Has our own assertion, whoever signed."""
    signer: str = ""
    """Name in the signer's certificate and its number; from the file, so only as good as the state."""
    generator: str = ""
    manifest_id: str = ""
    production: dict[str, Any] = field(default_factory=dict)
    says_generated: bool = False
    """It states itself that a trained network made or changed something."""
    broken_origins: tuple[str, ...] = ()
    """Codes that speak against the credentials of the videos it was made from: signed again over an altered file."""
    trusted_time: bool = False
    sidecar: Path | None = None
    elsewhere: bool = False
    """The file only says at which address its credentials are; none are fetched."""

    @property
    def ours(self) -> bool:
        """Proved to be signed here, and unchanged since."""
        return self.state == "valid" and self.our_key


@dataclass(frozen=True, slots=True)
class Terms:
    """How it is signed, what is said apart."""

    signer: Signer | None = None
    """None: the newsroom's certificate, where one was put in, else this machine's own."""
    time_server: str = ""
    private: tuple[str, ...] = ()
    """Names of people who exist: none of them leaves."""
    keep_origins: bool = True
    """Whether the inputs' own credentials go along."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What signing gave."""

    manifest_id: str
    trusted_time: bool


def sidecar_of(path: Path) -> Path:
    return path.with_suffix(".c2pa")


def kind_of(path: Path) -> str:
    """The media type by the file's first bytes, else by its ending."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return "video/quicktime" if head[8:10] == b"qt" else "video/mp4"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if path.suffix.lower() == ".webm" else "video/x-matroska"
    if head[:4] == b"RIFF":
        return "video/x-msvideo"
    return "application/c2pa" if path.suffix.lower() == ".c2pa" else "application/octet-stream"


def sign(
    unsigned: Path, signed: Path, *, sidecar: Path | None, target: Path, sources: Sequence[Path], statement: Statement, terms: Terms | None = None
) -> Signed:
    """Write `unsigned` with credentials to `signed`; with `sidecar` they go there instead (and `unsigned` stays as it is).

    The target is the parent and keeps the credentials that it carries, the sources go in as input; all without name and picture (see `origins`).
    Where a time server is set and does not answer, it is signed without trusted time. Raises CredentialsError, KeysMissing, and OSError for
    trouble with the disk.
    """
    terms = terms or Terms()
    signer = terms.signer or signers.current_signer()
    if terms.signer is not None:
        signers.remember(signer)
    if sidecar is None:
        put_xmp(unsigned, source_type=SOURCE_TYPE)
    with _errors():
        origins = _inputs(target, sources, terms)
        try:
            data = _redacted(unsigned, signed, sidecar, origins, statement, signer, terms.time_server)
        except c2pa.C2paError:
            if not terms.time_server:
                raise
            data = _redacted(unsigned, signed, sidecar, origins, statement, signer, "")
    written = _read(signed if sidecar is None else unsigned, data)
    if not written.ours:
        raise CredentialsError(
            "The Content Credentials do not hold, so nothing was published.",
            why=f"Read back, they say: {', '.join(written.problems) or 'signed by another key'}.",
            remedy="run the same command again; understudy doctor looks at the keys",
        )
    return Signed(written.manifest_id, written.trusted_time)


def _inputs(target: Path, sources: Sequence[Path], terms: Terms) -> list[Origin]:
    """The target, then the sources."""
    lent = [(path, name, "inputTo") for path, name in zip(sources, source_names(len(sources)), strict=True)]
    with _context() as context:
        return [
            origin_of(path, name, relationship, kind=kind_of(path), found=read(path), keep=terms.keep_origins, private=terms.private, context=context)
            for path, name, relationship in ((target, "target", "parentOf"), *lent)
        ]


def _redacted(
    unsigned: Path, signed: Path, sidecar: Path | None, origins: list[Origin], statement: Statement, signer: Signer, time_server: str
) -> bytes | None:
    """Sign; where the same credentials come in by two ways, of which one was shortened already, the library cannot shorten them: then those of the
    source stay behind, and in the end the target's."""
    for last in range(len(origins), 0, -1):
        try:
            return _signed(unsigned, signed, sidecar, origins, statement, signer, time_server)
        except c2pa.C2paError as error:
            if "redact" not in str(error) or not any(origin.redactions for origin in origins):
                raise
            origins = [
                origin.left(_NOT_SHORTENED) if number >= last - 1 and origin.state != "none" else origin for number, origin in enumerate(origins)
            ]
    return _signed(unsigned, signed, sidecar, origins, statement, signer, time_server)


def _signed(
    unsigned: Path, signed: Path, sidecar: Path | None, origins: list[Origin], statement: Statement, signer: Signer, time_server: str
) -> bytes | None:
    """Sign once; returns the credentials where they lie beside the file."""
    redactions = [uri for origin in origins for uri in origin.redactions]
    said = [origin.said for origin in origins if origin.why_left]
    with _context() as context, unsigned.open("rb") as original:
        builder = c2pa.Builder(manifest_of(statement, sources=[origin.name for origin in origins[1:]], redactions=redactions, origins=said), context)
        for origin in origins:
            origin.add_to(builder)
        opened = signer.open(time_server=time_server)
        if sidecar is not None:
            builder.set_no_embed()
            data = builder.sign(opened, kind_of(unsigned), original, io.BytesIO())
            write_bytes(sidecar, data)
            return data
        with _Written(signed) as made:
            try:
                builder.sign(opened, kind_of(unsigned), original, made)
            except c2pa.C2paError:
                if made.trouble is not None:
                    raise made.trouble from None
                raise
    return None


def read(path: Path) -> Credentials:
    """The credentials in the file, or beside it (`.c2pa`) where it has none inside. Changes nothing, asks no network."""
    inside = _read(path, None)
    beside = sidecar_of(path)
    if inside.state != "none" or path == beside or not beside.is_file():
        return inside
    return _read(path, beside.read_bytes(), sidecar=beside)


def is_our_sidecar(path: Path) -> bool:
    """Whether a `.c2pa` file was signed here, for whatever video."""
    alone = _read(path, None)
    # without its video the hash of the video is the one thing that cannot fit
    return alone.our_key and alone.carries_mark and set(alone.problems) <= {"assertion.dataHash.mismatch"}


def _read(path: Path, manifest: bytes | None, *, sidecar: Path | None = None) -> Credentials:
    try:
        with path.open("rb") as file, _context() as context, c2pa.Reader(kind_of(path), file, manifest, context=context) as reader:
            return _judge(json.loads(reader.json()), reader.get_validation_results() or {}, reader.get_validation_state() or "Invalid", sidecar)
    except _NOTHING:
        return Credentials("none")
    except c2pa.C2paError as error:
        if str(error).startswith("Remote:"):
            return Credentials("none", elsewhere=True)
        if "could not be parsed" in str(error):
            return Credentials("invalid", ("the file is damaged or cut short",), sidecar=sidecar)
        # a store is there, but so damaged that it cannot be read
        return Credentials("invalid", (plain(str(error)) or "the credentials are damaged",), sidecar=sidecar)
    except (ValueError, LookupError, TypeError, AttributeError):
        # what the reader gave has not the shape that it must have
        return Credentials("invalid", ("the credentials are damaged",), sidecar=sidecar)


def _judge(whole: dict[str, Any], results: dict[str, Any], state: str, sidecar: Path | None) -> Credentials:
    active = whole["manifests"][whole["active_manifest"]]
    problems = _failures(results)
    if state == "Invalid" and not problems:
        problems = ("the credentials do not hold",)
    assertions = {a["label"]: a.get("data") for a in active.get("assertions", ()) if isinstance(a, dict) and "label" in a}
    production = assertions.get(PRODUCTION)
    signature = active.get("signature_info") or {}
    name = plain(signature.get("common_name") or signature.get("issuer") or "")
    number = plain(str(signature.get("cert_serial_number") or ""))
    generators = [g for g in active.get("claim_generator_info") or () if isinstance(g, dict)]
    codes = {s["code"] for s in results.get("activeManifest", {}).get("success", ())}
    trusted = "signingCredential.trusted" in codes
    return Credentials(
        state="invalid" if problems else "valid",
        problems=problems,
        # trusted are this machine's authority and those of the newsroom's certificates, which have other customers, too
        our_key=trusted and signers.is_known(number),
        carries_mark=isinstance(production, dict),
        signer=f"{name} (certificate {number})" if number else name,
        generator=plain(" ".join(str(generators[0].get(k, "")) for k in ("name", "version"))) if generators else "",
        manifest_id=plain(whole["active_manifest"]),
        production=production if isinstance(production, dict) else {},
        says_generated="trainedalgorithmicmedia" in json.dumps(assertions).lower(),
        broken_origins=_origins(whole, results, production),
        trusted_time=bool(signature.get("time")) and "timeStamp.validated" in codes,
        sidecar=sidecar,
    )


def _failures(results: dict[str, Any]) -> tuple[str, ...]:
    """Codes that speak against the active manifest. That we do not know the signer is no fault of the file."""
    codes = [plain(f["code"]) for f in results.get("activeManifest", {}).get("failure", ())]
    return tuple(dict.fromkeys(code for code in codes if code != _UNTRUSTED))


def _origins(whole: dict[str, Any], results: dict[str, Any], production: Any) -> tuple[str, ...]:
    """Codes against the credentials of the ingredients, however deep: as found when they were taken in (or left behind), and as found now.

    The overall state does not show them: an altered file that is signed again reads as valid.
    """
    codes = [f for delta in results.get("ingredientDeltas") or () for f in _failures({"activeManifest": delta.get("validationDeltas") or {}})]
    for manifest in whole["manifests"].values():
        for ingredient in manifest.get("ingredients", ()):
            kept = ingredient.get("validation_results") or {}
            codes += _failures(kept)
    left = production.get("origins", ()) if isinstance(production, dict) else ()
    codes += [plain(str(code)) for origin in left for code in origin.get("codes", ())]
    return tuple(dict.fromkeys(codes))


@contextmanager
def _context() -> Iterator[c2pa.Context]:
    """No network, no pictures; trusted is what was signed with here."""
    authority = signers.anchors()
    settings = {
        "verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False},
        "builder": {"thumbnail": {"enabled": False}},
        **({"trust": {"user_anchors": authority}} if authority else {}),
    }
    with c2pa.Settings.from_dict(settings) as made, c2pa.Context(made) as context:
        yield context


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except c2pa.C2paError as error:
        raise CredentialsError(
            "The Content Credentials could not be made, so nothing was published.",
            why=plain(str(error)),
            remedy="run the same command again; understudy doctor looks at the keys",
        ) from error


class _Written:
    """A file to sign into. The library only says that writing failed; this remembers why."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes]
        self.trouble: OSError | None = None

    def __enter__(self) -> _Written:
        self._file = self._path.open("w+b")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _remember(self, call: Any, *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except OSError as error:
            self.trouble = self.trouble or error
            raise

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def readinto(self, buffer: Any) -> int:
        return self._remember(self._file.readinto, buffer)  # pyright: ignore[reportAttributeAccessIssue]

    def write(self, data: bytes) -> int:
        return self._remember(self._file.write, data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._remember(self._file.seek, offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        self._remember(self._file.flush)


def plain(text: str, length: int = 200) -> str:
    """Foreign text for a terminal: one line, printable characters only, not too long."""
    return "".join(c if c.isprintable() else " " for c in text)[:length].strip()
