"""What is known about a video file: one finding for each layer, in words, and one sentence. Reads only; asks no network; no percentages.

The sentences are a closed list: what is said here may be printed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import KeysMissing, LedgerBroken, MediaNotVideo
from ..events import Context, Meter
from ..files import sha256_file
from ..provenance import credentials, ledger
from ..provenance.credentials import Credentials
from ..types import Finding
from ..video.source import check_file, open_media
from .watermark import Look, finding_of, look

PROVED = "Made with this studio (proved)."
NOT_PROVED = "Carries our mark, not proved."
MANIPULATED = "Signs of manipulation."
INCONCLUSIVE = "Inconclusive."
NOTHING = "No signs found, which does not mean authentic."

EXIT_PROVED, EXIT_BROKEN, EXIT_NOTHING = 0, 1, 3

_MEANINGS = {
    "assertion.bmffHash.mismatch": "the picture or sound was changed after signing",
    "assertion.dataHash.mismatch": "the file was changed after signing, or the credentials beside it belong to another file",
    "assertion.hashedURI.mismatch": "what the credentials say was changed after signing",
    "claimSignature.mismatch": "the signature does not fit",
    "claimSignature.outsideValidity": "the certificate did not hold at the time",
    "signingCredential.expired": "the certificate has ended",
}
_SAID = {"label": "Label", "purposes": "Purpose", "people": "People", "consent_records": "Consent records", "record_id": "Record"}


@dataclass(frozen=True, slots=True)
class Report:
    """What `verify` found. `exit_code`: 0 proved to be ours and whole; 1 something is broken or altered; 3 nothing that proves anything."""

    name: str
    sha256: str
    findings: tuple[Finding, ...]
    sentence: str
    exit_code: int
    conflicts: tuple[str, ...] = ()
    """Where one layer speaks against another."""

    def text(self) -> str:
        """For the terminal: the sentence, conflicts, one line for each layer with its details below."""
        lines = [f"{self.name}: {self.sentence}"]
        lines += [f"Conflict: {conflict}" for conflict in self.conflicts]
        for finding in self.findings:
            lines.append(f"{finding.check.capitalize()}: {finding.verdict}. {finding.headline}")
            lines += [f"    {detail}" for detail in finding.details]
        lines.append(f"SHA-256 of the file: {self.sha256}")
        return "\n".join(lines)

    def json(self) -> str:
        """The same for programs. The same file on the same machine gives the same text."""
        content: dict[str, Any] = {
            "format": "understudy.report/1",
            "file": {"name": self.name, "sha256": self.sha256},
            "sentence": self.sentence,
            "exit_code": self.exit_code,
            "conflicts": list(self.conflicts),
            "findings": [asdict(finding) for finding in self.findings],
            "made_with": f"Understudy {__version__}",
        }
        return json.dumps(content, indent=2, ensure_ascii=False)


def verify(path: Path, *, context: Context | None = None) -> Report:
    """Look at `path` (and at the `.c2pa` file beside it) and say what is known about it.

    Raises MediaNotFound, MediaIsFolder, MediaEmpty, MediaNotVideo …: a file that is no video is no subject of a report.
    """
    check_file(path)
    if path.suffix.lower() == ".c2pa":
        raise MediaNotVideo(f"{path.name} holds only credentials.", remedy="give the video beside it: its credentials are found by themselves")
    with Meter(context or Context(), "verify", "Checking") as meter:
        with open_media(path):
            pass
        meter.step(message="Reading the file")
        sha256 = sha256_file(path)
        meter.step(message="Checking the credentials")
        found = credentials.read(path)
        meter.step(message="Looking into the ledger")
        row, ledger_finding = _ledger(sha256)
        meter.step(message="Looking for the invisible mark")
        seen = look(path, check=meter.context.check)
    own, origin = _credentials(found)
    findings = (own, *origin, ledger_finding, finding_of(seen), *_LATER)
    conflicts = (*_conflicts(found, row, ledger_finding), *_conflicts_of_mark(found, row, seen))
    sentence, exit_code = _conclude(found, row, seen, findings)
    return Report(path.name, sha256, findings, sentence, exit_code, conflicts)


_LATER = (Finding("forensics", "not applicable", "This version does not look for traces of manipulation in the picture."),)


def _credentials(found: Credentials) -> tuple[Finding, tuple[Finding, ...]]:
    """The finding on the file's own credentials, and one on those of the videos it was made from, where these are broken."""
    if found.elsewhere:
        return Finding("credentials", "inconclusive", "The file says that its Content Credentials are on the internet; they were not fetched."), ()
    if found.state == "none":
        return Finding("credentials", "not found", "There are no Content Credentials. Many programs and sites remove them."), ()
    place = (f"They are in {found.sidecar.name}, beside the video.",) if found.sidecar else ()
    if found.state == "invalid":
        claims = ("They claim to be from this kind of studio.",) if found.carries_mark else ()
        why = tuple(_MEANINGS[p][0].upper() + _MEANINGS[p][1:] + f" ({p})." if p in _MEANINGS else f"{p}." for p in found.problems)
        own = Finding("credentials", "found invalid", "There are Content Credentials, but they do not hold.", (*why, *claims, *place))
    else:
        own = Finding("credentials", "found valid", _valid_headline(found), (*_says(found), *place))
    return own, _origins(found)


def _valid_headline(found: Credentials) -> str:
    if found.ours and found.carries_mark:
        return "Signed on this machine, and not changed since."
    if found.ours:
        return "Signed with this machine's key, but not as a published video."
    who = found.signer or "an unnamed signer"
    kind = "by an Understudy that this machine does not know" if found.carries_mark else "by somebody that this machine does not know"
    return f"Not changed since they were signed {kind}: {who}."


def _says(found: Credentials) -> tuple[str, ...]:
    lines = [f"Signed by: {found.signer}"] if found.signer else []
    if found.generator:
        lines.append(f"Made with: {found.generator}")
    if not found.ours:
        lines.append("Whether the name in the certificate is true was not checked.")
    said = found.production
    for key, words in _SAID.items():
        value = said.get(key)
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
        if text:
            lines.append(f"{words}: {credentials.plain(text)}")
    if found.says_generated:
        lines.append("They state that the picture was made or changed with a trained network.")
    if not found.trusted_time:
        lines.append("There is no trusted time of signing.")
    return tuple(lines)


def _origins(found: Credentials) -> tuple[Finding, ...]:
    if not found.broken_origins:
        return ()
    codes = ", ".join(found.broken_origins)
    headline = "A video that this one was made from had been altered after it was signed; signing it again does not mend that."
    return (Finding("credentials", "found invalid", headline, (f"Codes: {codes}.",)),)


def _ledger(sha256: str) -> tuple[ledger.Row | None, Finding]:
    """Whether this machine published this very file, byte for byte, and whether the ledger holds."""
    try:
        count = ledger.verify_chain()
        row = ledger.find_file(sha256)
    except (LedgerBroken, KeysMissing) as error:
        return None, Finding("ledger", "found invalid", error.what, tuple(part for part in (error.why, error.remedy) if part))
    if row is None:
        empty = "Nothing was published on this machine yet." if not count else "This very file was not published on this machine."
        return None, Finding("ledger", "not found", empty, ("A copy that was recompressed or cut is another file to the ledger.",) if count else ())
    body = row.body
    details = (
        f"Published on {body['made_on']} by {body['made_by']}, as {body['record_id']}.",
        f"Label: {body['label']}; altered frames: {body['n_altered']} of {body['n_frames']}; model: {body['model_id']}.",
        f"Consent records: {', '.join(body['consent_ids'])}.",
        "The entry is announced and follows with the next export." if not row.hash else f"Row {row.seq} of {count}; the chain holds.",
    )
    return row, Finding("ledger", "found valid", "This very file, byte for byte, was published on this machine.", details)


def _conflicts(found: Credentials, row: ledger.Row | None, finding: Finding) -> tuple[str, ...]:
    conflicts = []
    if found.ours and found.carries_mark and row is None and finding.verdict == "not found":
        conflicts.append("the credentials are this machine's, but its ledger does not know the file.")
    if row is not None and not found.ours:
        conflicts.append("the ledger knows this very file, but its credentials do not prove that it was made here.")
    if found.ours and found.broken_origins:
        conflicts.append("this file's own credentials hold, but not those of a video that it was made from.")
    return tuple(conflicts)


def _conflicts_of_mark(found: Credentials, row: ledger.Row | None, seen: Look) -> tuple[str, ...]:
    """Where the invisible mark speaks against the other layers."""
    marked = seen.row.body["record_id"] if seen.row is not None else None
    proved = found.production.get("record_id") if found.ours else row.body["record_id"] if row is not None else None
    conflicts = []
    if seen.state == "copied":
        conflicts.append("the invisible mark belongs to a video of this machine, but the picture is not the one of that video.")
    if seen.state == "ours" and found.state == "valid" and not found.carries_mark:
        conflicts.append("the invisible mark is this machine's, but somebody else signed the file and does not say so.")
    if seen.state == "ours" and proved is not None and proved != marked:
        conflicts.append("the invisible mark leads to another record than the credentials or the ledger.")
    return tuple(conflicts)


def _conclude(found: Credentials, row: ledger.Row | None, seen: Look, findings: tuple[Finding, ...]) -> tuple[str, int]:
    """The sentence and the exit code. Only credentials of this machine's key prove; a ledger's row or an invisible mark without them is a mark."""
    broken = any(finding.verdict == "found invalid" for finding in findings)
    if found.ours and found.carries_mark:
        return PROVED, EXIT_BROKEN if broken else EXIT_PROVED
    if found.carries_mark or row is not None or seen.state in ("ours", "unknown"):
        sentence = NOT_PROVED
    elif seen.state == "copied" or found.state == "invalid" or found.broken_origins:
        sentence = MANIPULATED
    elif found.says_generated:
        # it says so itself, and nobody changed what it says
        sentence = MANIPULATED
    elif found.elsewhere:
        sentence = INCONCLUSIVE
    else:
        sentence = NOTHING
    return sentence, EXIT_BROKEN if broken else EXIT_NOTHING
