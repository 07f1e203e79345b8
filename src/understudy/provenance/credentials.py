"""Content Credentials (C2PA 2.x): signed into mp4, mov and m4v, or beside a Matroska file as `.c2pa`; and read back.

Signing comes last: nothing of the file may change after it. Works without network; so there is no trusted time. Elsewhere our
credentials read "valid", not "trusted", because the authority is this machine's own.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

import c2pa

from .. import __version__
from ..errors import CredentialsError
from ..files import write_bytes
from . import keys

PRODUCTION = "org.understudy.production"
"""Label of our own assertion."""
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
MARK = "org.understudy.mark.1"
"""Name of the invisible mark, for whoever reads the credentials."""
AGENT = {"name": "Understudy", "version": __version__}
EMBEDDED = frozenset({".mp4", ".m4v", ".mov"})
_UNTRUSTED = "signingCredential.untrusted"
_NOTHING: tuple[type[Exception], ...] = tuple(getattr(c2pa.C2paError, name) for name in ("ManifestNotFound", "NotSupported"))
"""Errors of the reader that mean: no credentials here."""
_NO_USE = ("cawg.ai_inference", "cawg.ai_generative_training", "cawg.ai_training", "cawg.data_mining")


@dataclass(frozen=True, slots=True)
class Statement:
    """What our own assertion says of a video. Never a person's name, nor the name of an original file."""

    record_id: str
    """The production record: the number of the ledger's row."""
    label: str
    purposes: tuple[str, ...]
    consent_ids: tuple[str, ...]
    model_id: str
    watermark: str
    """The invisible mark's number, eight hexadecimal digits."""
    made_on: str
    person_exists: bool


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


def sign(unsigned: Path, signed: Path, *, sidecar: Path | None, target: Path, sources: Sequence[Path], statement: Statement) -> str:
    """Write `unsigned` with credentials to `signed`; with `sidecar` they go there instead (and `unsigned` stays as it is). Returns the manifest's id.

    The target is the parent and keeps the credentials that it carries, the sources go in as input; all without name and picture.
    Raises CredentialsError, KeysMissing, and OSError for trouble with the disk.
    """
    kind = kind_of(unsigned)
    with _errors(), _context() as context, unsigned.open("rb") as original:
        names = ["source" if number == 1 else f"source-{number}" for number in range(1, len(sources) + 1)]
        builder = c2pa.Builder(_manifest(statement, names), context)
        _add_ingredient(builder, target, "target", "parentOf", context)
        for name, source in zip(names, sources, strict=True):
            _add_ingredient(builder, source, name, "inputTo", context)
        signer = c2pa.Signer.from_info(
            c2pa.C2paSignerInfo(alg=b"es256", sign_cert=keys.credentials_chain(), private_key=keys.credentials_key(), ta_url=None)  # pyright: ignore[reportArgumentType]
        )
        if sidecar is None:
            with _Written(signed) as made:
                try:
                    builder.sign(signer, kind, original, made)
                except c2pa.C2paError:
                    if made.trouble is not None:
                        raise made.trouble from None
                    raise
            data = None
        else:
            builder.set_no_embed()
            data = builder.sign(signer, kind, original, io.BytesIO())
            write_bytes(sidecar, data)
    written = _read(signed if sidecar is None else unsigned, data)
    if not written.ours:
        raise CredentialsError(
            "The Content Credentials do not hold, so nothing was published.",
            why=f"Read back, they say: {', '.join(written.problems) or 'signed by another key'}.",
            remedy="run the same command again; understudy doctor looks at the keys",
        )
    return written.manifest_id


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
    trusted = any(s["code"] == "signingCredential.trusted" for s in results.get("activeManifest", {}).get("success", ()))
    return Credentials(
        state="invalid" if problems else "valid",
        problems=problems,
        # the only authority that counts as trusted is this machine's own
        our_key=trusted,
        carries_mark=isinstance(production, dict),
        signer=f"{name} (certificate {number})" if number else name,
        generator=plain(" ".join(str(generators[0].get(k, "")) for k in ("name", "version"))) if generators else "",
        manifest_id=plain(whole["active_manifest"]),
        production=production if isinstance(production, dict) else {},
        says_generated="trainedalgorithmicmedia" in json.dumps(assertions).lower(),
        broken_origins=_origins(whole, results),
        trusted_time=bool(signature.get("time")),
        sidecar=sidecar,
    )


def _failures(results: dict[str, Any]) -> tuple[str, ...]:
    """Codes that speak against the active manifest. That we do not know the signer is no fault of the file."""
    codes = [plain(f["code"]) for f in results.get("activeManifest", {}).get("failure", ())]
    return tuple(dict.fromkeys(code for code in codes if code != _UNTRUSTED))


def _origins(whole: dict[str, Any], results: dict[str, Any]) -> tuple[str, ...]:
    """Codes against the credentials of the ingredients, however deep: as found when they were taken in, and as found now.

    The overall state does not show them: an altered file that is signed again reads as valid.
    """
    codes = [f for delta in results.get("ingredientDeltas") or () for f in _failures({"activeManifest": delta.get("validationDeltas") or {}})]
    for manifest in whole["manifests"].values():
        for ingredient in manifest.get("ingredients", ()):
            kept = ingredient.get("validation_results") or {}
            codes += _failures(kept)
    return tuple(dict.fromkeys(codes))


def _manifest(statement: Statement, sources: Sequence[str]) -> dict[str, Any]:
    actions = [
        {"action": "c2pa.opened", "softwareAgent": AGENT, "parameters": {"ingredientIds": ["target"]}},
        {
            "action": "c2pa.edited",
            "softwareAgent": AGENT,
            "digitalSourceType": SOURCE_TYPE,
            "parameters": {"ingredientIds": list(sources)},
            "description": "The face of one person was replaced by another's; the visible label was drawn in.",
        },
        {"action": "c2pa.watermarked.bound", "softwareAgent": AGENT, "description": "An invisible mark was put into every frame."},
    ]
    production = {
        "record_id": statement.record_id,
        "label": statement.label,
        "purposes": list(statement.purposes),
        "consent_records": list(statement.consent_ids),
        "made_on": statement.made_on,
        "people": "The person whose face is shown exists." if statement.person_exists else "The person whose face is shown does not exist.",
    }
    metadata = {"@context": {"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"}, "Iptc4xmpExt:DigitalSourceType": SOURCE_TYPE}
    return {
        "claim_generator_info": [AGENT],
        "title": "Labelled video",
        "assertions": [
            {"label": "c2pa.actions.v2", "created": True, "data": {"allActionsIncluded": True, "actions": actions}},
            {"label": PRODUCTION, "created": True, "data": production},
            {"label": "c2pa.soft-binding", "data": {"alg": MARK, "blocks": [{"scope": {}, "value": statement.watermark}]}},
            {"label": "c2pa.ai-disclosure", "data": {"modelType": "c2pa.types.model", "modelName": statement.model_id}},
            {"label": "cawg.training-mining", "data": {"entries": {use: {"use": "notAllowed"} for use in _NO_USE}}},
            {"label": "cawg.metadata", "data": metadata},
        ],
    }


def _add_ingredient(builder: c2pa.Builder, path: Path, name: str, relationship: str, context: c2pa.Context) -> None:
    """Add a file, with the credentials that it carries inside or beside it. Ones that cannot be read at all are left out, and said so."""
    about: dict[str, Any] = {"title": name, "label": name, "relationship": relationship}
    found = read(path)
    with path.open("rb") as file:
        if found.sidecar is not None and found.manifest_id:
            manifest = found.sidecar.read_bytes()
            with c2pa.Reader(kind_of(path), file, manifest, context=context) as reader:
                about["validation_results"] = reader.get_validation_results()
            about["active_manifest"] = found.manifest_id
            about["manifest_data"] = {"format": "application/c2pa", "identifier": f"{name}.c2pa"}
            builder.add_resource(f"{name}.c2pa", io.BytesIO(manifest))
            file.seek(0)
        if found.elsewhere or (found.state == "invalid" and not found.manifest_id):
            about["description"] = "It has Content Credentials that could not be read here."
            builder.add_ingredient(about, "application/octet-stream", io.BytesIO(b"-"))
            return
        builder.add_ingredient(about, kind_of(path), file)


@contextmanager
def _context() -> Iterator[c2pa.Context]:
    """No network, no pictures, this machine's authority as the only trusted one."""
    authority = keys.authority()
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


def without_names(text: str, names: Sequence[str]) -> str:
    """`text` with each name, and each of its capitalised parts, taken out: credentials travel with the video."""
    parts = {part for name in names for part in (name, *name.split()) if part == name or (len(part) > 2 and part[0].isupper())}
    for part in sorted(parts, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "[name]", text, flags=re.IGNORECASE)
    return text
