"""One thing that the data doctor found: what is lacking, when it is seen, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["serious", "noticeable", "minor"]
SEVERITIES: tuple[Severity, ...] = ("serious", "noticeable", "minor")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is lacking, or that will be seen in the result."""

    code: str
    """Stable name: `direction`, `mouth-open`, `eyes-closed` …"""
    severity: Severity
    about: Literal["source", "target"]
    """Which of the two videos must change for it to go away."""
    lacking: str
    """One sentence: what is lacking."""
    todo: str
    """One sentence: what to do."""
    lasts_s: float | None = None
    """For how much of the target's time it counts; None: for all of it, or not a matter of time."""
    seconds: float | None = None
    """The moment of the target that shows it best."""
    target_frame: int | None = None
    source_frame: int | None = None
    """The source's picture that comes nearest to that moment."""
    target_picture: bytes | None = None
    """JPEG of the face at that moment, unaltered."""
    source_picture: bytes | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON: everything but the pictures."""
        return {
            "code": self.code,
            "severity": self.severity,
            "about": self.about,
            "lacking": self.lacking,
            "todo": self.todo,
            "lasts_s": self.lasts_s,
            "seconds": self.seconds,
            "target_frame": self.target_frame,
            "source_frame": self.source_frame,
        }


def when_words(finding: Finding) -> str:
    """`at 3.2 s, 1.4 s in all`; empty where it is no matter of time."""
    if finding.seconds is None:
        return ""
    if finding.lasts_s is None:
        return f"all the time, for example at {finding.seconds:.1f} s"
    return f"at {finding.seconds:.1f} s, {finding.lasts_s:.1f} s in all"
