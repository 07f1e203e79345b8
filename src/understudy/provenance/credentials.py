"""Content Credentials (C2PA 2.x): signed into mp4, mov and m4v, or beside a Matroska file as `.c2pa`; and read back.

Signing comes last: nothing of the file may change after it. Works without network; only where a time server is set (RFC 3161) is that one asked, and
without it there is no trusted time. Elsewhere our credentials read "valid", not "trusted", unless a newsroom's own certificate is known there.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import c2pa

from ..errors import CredentialsError
from ..files import write_bytes
from . import signer as signers
from .credentials_read import Credentials, is_our_sidecar, kind_of, plain, read, read_one, reading_context, sidecar_of
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
    written = read_one(signed if sidecar is None else unsigned, data)
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
    with reading_context() as context:
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
    with reading_context() as context, unsigned.open("rb") as original:
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
