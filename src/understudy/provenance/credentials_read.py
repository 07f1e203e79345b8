"""Reading Content Credentials: those in a file, or beside it, in this machine's eyes. Changes nothing, asks no network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import c2pa

from . import signer as signers
from .statement import PRODUCTION

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


def read(path: Path) -> Credentials:
    """The credentials in the file, or beside it (`.c2pa`) where it has none inside. Changes nothing, asks no network."""
    inside = read_one(path, None)
    beside = sidecar_of(path)
    if inside.state != "none" or path == beside or not beside.is_file():
        return inside
    return read_one(path, beside.read_bytes(), sidecar=beside)


def is_our_sidecar(path: Path) -> bool:
    """Whether a `.c2pa` file was signed here, for whatever video."""
    alone = read_one(path, None)
    # without its video the hash of the video is the one thing that cannot fit
    return alone.our_key and alone.carries_mark and set(alone.problems) <= {"assertion.dataHash.mismatch"}


def read_one(path: Path, manifest: bytes | None, *, sidecar: Path | None = None) -> Credentials:
    try:
        with path.open("rb") as file, reading_context() as context, c2pa.Reader(kind_of(path), file, manifest, context=context) as reader:
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
def reading_context() -> Iterator[c2pa.Context]:
    """No network, no pictures; trusted is what was signed with here."""
    authority = signers.anchors()
    settings = {
        "verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False},
        "builder": {"thumbnail": {"enabled": False}},
        **({"trust": {"user_anchors": authority}} if authority else {}),
    }
    with c2pa.Settings.from_dict(settings) as made, c2pa.Context(made) as context:
        yield context


def plain(text: str, length: int = 200) -> str:
    """Foreign text for a terminal: one line, printable characters only, not too long."""
    return "".join(c if c.isprintable() else " " for c in text)[:length].strip()
