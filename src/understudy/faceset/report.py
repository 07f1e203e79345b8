"""The data doctor's judgement: what a target performance asks for that the source's material does not show, and what to expect of the pair.

Pure: numbers in (`Material`, `Fit`), findings out. The thresholds of the rules (`acting`, `filming`) were read off real clips and off rendered
actors whose results had been looked at: they separate what is seen in a result from what is not, and promise nothing more exact.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from . import acting, filming
from .finding import SEVERITIES, Finding, when_words
from .material import Clip, Fit, Material
from .pair import Pair

Outlook = Literal["good", "usable", "weak"]
LEAST_COVERED, WELL_COVERED = 0.6, 0.85
"""Share of the target's frames with a fitting picture below which a result is weak, and from which it can be good."""
RULES: tuple[Callable[[Pair], Iterator[Finding]], ...] = (*acting.RULES, *filming.RULES, acting.unexplained)
"""The last one speaks of what the others did not."""


@dataclass(frozen=True, slots=True)
class Report:
    """All findings about a pair, the gravest first, and what to expect of it."""

    source: Clip
    target: Clip
    outlook: Outlook
    reason: str
    findings: tuple[Finding, ...]
    coverage: dict[str, float]
    """For each region of the face: share of the target's frames for which the source has a fitting picture, 0..1."""

    def headline(self) -> str:
        return {
            "good": "Good: expect a convincing result.",
            "usable": "Usable: expect a result that holds, with weak moments.",
            "weak": "Weak: expect faults that everybody sees.",
        }[self.outlook]

    def as_dict(self) -> dict[str, Any]:
        return {
            "version": 1,
            "outlook": self.outlook,
            "headline": self.headline(),
            "reason": self.reason,
            "source": _clip_dict(self.source),
            "target": _clip_dict(self.target),
            "coverage": {name: round(share, 3) for name, share in self.coverage.items()},
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def json(self) -> str:
        return json.dumps(self.as_dict(), indent=1, ensure_ascii=False)

    def text(self) -> str:
        """For the terminal."""
        lines = [self.headline(), self.reason]
        for severity in SEVERITIES:
            some = [finding for finding in self.findings if finding.severity == severity]
            if some:
                lines += ["", f"{severity.capitalize()}:"]
            for finding in some:
                when = f"  [{when_words(finding)}]" if when_words(finding) else ""
                lines += [f"- {finding.lacking}{when}", f"  What to do: {finding.todo}"]
        return "\n".join(lines)


def _clip_dict(clip: Clip) -> dict[str, Any]:
    return {
        "name": clip.name,
        "seconds": round(clip.seconds, 3),
        "frames": clip.n_frames,
        "size_wh": list(clip.size_wh),
        "shots": clip.n_shots,
        "person": clip.person,
        "people_s": {who: round(seconds, 2) for who, seconds in clip.people_s.items()},
        "left_out": dict(clip.left_out),
        "glasses": clip.glasses,
    }


def compare(source: Material, target: Material, fit: Fit) -> Report:
    """Judge `source` (only the pictures that serve) by what `target` asks for; `fit` belongs to the target's frames."""
    pair = Pair(source, target, fit)
    found = [finding for rule in RULES for finding in rule(pair)]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    coverage = {region: float((getattr(fit, region) <= limit).mean()) for region, limit in acting.NO_FIT.items()}
    outlook, reason = _forecast(found, coverage)
    return Report(source.clip, target.clip, outlook, reason, tuple(found), coverage)


def _forecast(findings: Sequence[Finding], coverage: dict[str, float]) -> tuple[Outlook, str]:
    """Good, usable or weak; and why."""
    serious = [finding for finding in findings if finding.severity == "serious"]
    noticeable = [finding for finding in findings if finding.severity == "noticeable"]
    least = min(coverage.values())
    if serious or least < LEAST_COVERED:
        said = serious or noticeable
        return "weak", " ".join(finding.lacking for finding in said[:2]) or "For much of the target the source has no fitting picture."
    if noticeable or least < WELL_COVERED:
        return "usable", " ".join(
            finding.lacking for finding in noticeable[:2]
        ) or "For some moments of the target the source has no fitting picture."
    return "good", "The source shows nearly everything that the target does, in similar light and large enough."
