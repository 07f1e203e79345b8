"""What is known about a video file: one finding for each layer, in words, and one sentence. Reads only; asks no network; no percentages.

The sentences are a closed list (`said`), in each language: what is said here may be printed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import MediaError, MediaNotVideo
from ..events import Context, Meter
from ..files import sha256_file
from ..paper.words import Language
from ..provenance import credentials, keys, papers
from ..provenance.xmp import says_generated
from ..types import Finding
from ..video.source import check_file, open_media
from ..weights.registry import weight
from .conclude import EXIT_BROKEN, EXIT_NOTHING, EXIT_PROVED, Evidence, conclude, conflicts
from .credentials import credentials_findings
from .layer_record import layer_finding
from .material import LEAST_BITS, LEAST_FACE, LEAST_SECONDS, Material
from .registry import fingerprint_finding, ledger_finding
from .said import INCONCLUSIVE, MANIPULATED, NOT_PROVED, NOTHING, PROVED, SENTENCES, Conclusion, Said, finding
from .watermark import finding_of, look

__all__ = [
    "EXIT_BROKEN",
    "EXIT_NOTHING",
    "EXIT_PROVED",
    "INCONCLUSIVE",
    "MANIPULATED",
    "NOTHING",
    "NOT_PROVED",
    "PROVED",
    "SENTENCES",
    "Report",
    "verify",
]
FORMAT = "understudy.report/2"


@dataclass(frozen=True, slots=True)
class Report:
    """What `verify` found. `exit_code`: 0 proved to be ours and whole; 1 something is broken or altered; 3 nothing that proves anything."""

    name: str
    sha256: str
    bytes: int
    findings: tuple[Finding, ...]
    conclusion: Conclusion
    exit_code: int
    conflicting: tuple[Said, ...] = ()
    """Where one layer speaks against another."""

    @property
    def sentence(self) -> str:
        return {"proved": PROVED, "not_proved": NOT_PROVED, "manipulated": MANIPULATED, "inconclusive": INCONCLUSIVE, "nothing": NOTHING}[
            self.conclusion
        ]

    @property
    def conflicts(self) -> tuple[str, ...]:
        return tuple(said.text() for said in self.conflicting)

    def text(self) -> str:
        """For the terminal: the sentence, conflicts, one line for each layer with its details below."""
        lines = [f"{self.name}: {self.sentence}"]
        lines += [f"Conflict: {conflict}" for conflict in self.conflicts]
        for found in self.findings:
            lines.append(f"{found.check.capitalize()}: {found.verdict}. {found.headline}")
            lines += [f"    {detail}" for detail in found.details]
        lines.append(f"SHA-256 of the file: {self.sha256}")
        return "\n".join(lines)

    def content(self) -> dict[str, Any]:
        """What is signed. The same file on the same machine gives the same content."""
        return {
            "file": {"name": self.name, "sha256": self.sha256, "bytes": self.bytes},
            "sentence": self.sentence,
            "conclusion": self.conclusion,
            "exit_code": self.exit_code,
            "conflicts": list(self.conflicts),
            "conflicts_said": [asdict(said) for said in self.conflicting],
            "findings": [asdict(found) for found in self.findings],
            "made_with": tools(),
            "limits": {"face_pixels": LEAST_FACE, "face_seconds": LEAST_SECONDS, "bits_per_pixel": LEAST_BITS},
        }

    def json(self) -> str:
        """The content for programs, not signed."""
        return json.dumps(self.content(), indent=2, ensure_ascii=False)

    def paper(self, *, time: str | None = None) -> dict[str, Any]:
        """The report as a signed paper (see `provenance.papers`); the time (ISO 8601; now) is signed apart, so that the rest stays the same.

        Where this machine has no keys, the paper says no signature and no check of it holds: looking makes none.
        """
        time = time or datetime.now(UTC).isoformat(timespec="seconds")
        # as it will be read back: what is signed is JSON
        content = json.loads(self.json())
        if not keys.have_keys():
            return {"format": FORMAT, papers.CONTENT[FORMAT]: content, "signature": None, "made_on": {"time": time}}
        return papers.stamped(papers.seal(FORMAT, content), time)


def report_from(paper: dict[str, Any]) -> Report:
    """The report that a paper of this version was made from, for drawing its page anew. Its signature is not looked at."""
    content = paper[papers.CONTENT[FORMAT]]
    findings = [Finding(**{**found, "details": tuple(found["details"]), "said": tuple(map(tuple, found["said"]))}) for found in content["findings"]]
    file, said = content["file"], tuple(Said(**one) for one in content["conflicts_said"])
    return Report(file["name"], file["sha256"], file["bytes"], tuple(findings), content["conclusion"], content["exit_code"], said)


def tools() -> dict[str, Any]:
    """The programs and networks whose versions a report depends on."""
    detector = weight("yunet")
    return {
        "understudy": __version__,
        **{name: version(name) for name in ("c2pa-python", "av", "numpy", "opencv-python-headless")},
        "networks": [{"name": detector.name, "sha256": detector.sha256, "used_for": detector.used_for}],
    }


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
        found, stated = credentials.read(path), says_generated(path)
        meter.step(message="Looking into the ledger")
        row, ledger_line = ledger_finding(sha256)
        meter.step(message="Looking for the invisible mark")
        material = _material(path)
        mark = look(path, check=meter.context.check, see=material.see if material else None, own=row)
        meter.step(message="Comparing with what was published")
        like, fingerprint_line = fingerprint_finding(mark.samples, mark.row if mark.state == "ours" else row, own=row)
    traces = material.finding() if material else finding("forensics", "inconclusive", "forensics_damaged")
    layer = layer_finding(path)
    own = credentials_findings(found, stated=stated)
    findings = (*([layer] if layer else []), *own, ledger_line, finding_of(mark), fingerprint_line, traces)
    seen = Evidence(found, row, mark, like, findings, stated)
    conclusion, exit_code = conclude(seen)
    return Report(path.name, sha256, path.stat().st_size, findings, conclusion, exit_code, conflicts(seen))


def _material(path: Path) -> Material | None:
    """None where the file is so damaged that it does not say what it is; the other layers say so."""
    try:
        return Material(path)
    except MediaError:
        return None


def verdict_words(finding: Finding, language: Language) -> str:
    """The verdict's word in a language."""
    return Said(f"verdict_{finding.verdict.replace(' ', '_')}").text(language)
