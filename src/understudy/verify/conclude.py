"""From the layers to the one sentence, and where they speak against each other.

Only credentials of this machine's key prove. A row of the ledger or an invisible mark without them is a mark that anybody may have carried here;
what a file merely looks like is no mark at all. A layer that is broken never mends another: it is shown, and the exit code says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..provenance.credentials import Credentials
from ..provenance.ledger_store import Row
from ..types import Finding
from .said import Conclusion, Said
from .watermark import Look

EXIT_PROVED, EXIT_BROKEN, EXIT_NOTHING = 0, 1, 3


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What was found in one file, layer by layer."""

    credentials: Credentials
    row: Row | None
    """The ledger's row of this very file."""
    mark: Look
    like: Row | None
    """The record whose pictures look like the file's."""
    findings: tuple[Finding, ...]
    stated: bool = False
    """Its unsigned metadata say that a network made or changed it."""

    def verdict(self, check: str) -> str:
        return next((finding.verdict for finding in self.findings if finding.check == check), "not applicable")


def conclude(seen: Evidence) -> tuple[Conclusion, int]:
    """The sentence and the exit code."""
    found, mark = seen.credentials, seen.mark
    broken = any(finding.verdict == "found invalid" for finding in seen.findings)
    layers = seen.verdict("layers")
    if found.ours and found.carries_mark and layers != "found invalid":
        return "proved", EXIT_BROKEN if broken else EXIT_PROVED
    conclusion: Conclusion
    if found.carries_mark or seen.row is not None or mark.state in ("ours", "unknown") or layers == "found valid":
        conclusion = "not_proved"
    elif mark.state == "copied" or "found invalid" in (layers, seen.verdict("credentials")) or found.says_generated or seen.stated:
        # the last two: it says so itself
        conclusion = "manipulated"
    elif found.elsewhere or seen.like is not None or mark.state == "unreadable" or seen.verdict("forensics") == "inconclusive":
        conclusion = "inconclusive"
    else:
        conclusion = "nothing"
    return conclusion, EXIT_BROKEN if broken else EXIT_NOTHING


def conflicts(seen: Evidence) -> tuple[Said, ...]:
    """Where one layer speaks against another."""
    return (*_of_credentials(seen), *_of_mark(seen))


def _of_credentials(seen: Evidence) -> list[Said]:
    found, said = seen.credentials, list[Said]()
    if found.ours and found.carries_mark and seen.row is None and seen.verdict("ledger") == "not found":
        said.append(Said("conflict_ledger_silent"))
    if seen.row is not None and not found.ours:
        said.append(Said("conflict_ledger_alone"))
    if found.state == "valid" and found.broken_origins:
        said.append(Said("conflict_origins"))
    if found.ours and found.carries_mark and seen.verdict("layers") == "found invalid":
        said.append(Said("conflict_layers"))
    return said


def _of_mark(seen: Evidence) -> list[Said]:
    found, mark, said = seen.credentials, seen.mark, list[Said]()
    marked = mark.row.body["record_id"] if mark.row is not None else None
    proved = found.production.get("record_id") if found.ours else seen.row.body["record_id"] if seen.row is not None else None
    if mark.state == "copied":
        said.append(Said("conflict_copied"))
    if mark.state == "ours" and found.state == "valid" and not found.carries_mark:
        said.append(Said("conflict_signed_over"))
    if mark.state == "ours" and found.state == "invalid":
        said.append(Said("conflict_mark_broken"))
    if mark.state == "ours" and proved is not None and proved != marked:
        said.append(Said("conflict_records"))
    if mark.state == "none" and found.state == "valid" and found.carries_mark:
        said.append(Said("conflict_no_mark"))
    if mark.state == "unknown" and found.ours and found.carries_mark:
        said.append(Said("conflict_unknown_mark"))
    return said
