"""The closed list of sentences that a report can hold: each is a key of the pages' catalogue, so that every report can be read in every language.

Nothing else is ever said. What comes out of a file (the name of a signer, a purpose) is only filled into a blank, on one line and shortened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ..paper.words import Language, Words
from ..types import Finding

Check = Literal["credentials", "watermark", "fingerprint", "ledger", "layers", "label", "forensics"]
Verdict = Literal["found valid", "found invalid", "not found", "not applicable", "inconclusive"]
Conclusion = Literal["proved", "not_proved", "manipulated", "inconclusive", "nothing"]

_EN = Words("en")
PROVED = _EN("conclusion.proved")
NOT_PROVED = _EN("conclusion.not_proved")
MANIPULATED = _EN("conclusion.manipulated")
INCONCLUSIVE = _EN("conclusion.inconclusive")
NOTHING = _EN("conclusion.nothing")
SENTENCES = (PROVED, NOT_PROVED, MANIPULATED, INCONCLUSIVE, NOTHING)


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence: a key of the catalogue below `verify.`, and what is filled in."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)

    def text(self, language: Language = "en") -> str:
        words = Words(language)
        # times are kept exact and written as the language does
        filled = {name: f"{words.date(value)}, {value[11:16]} UTC" if name == "when" else value for name, value in self.values.items()}
        return words(f"verify.{self.key}", **filled)


def finding(check: Check, verdict: Verdict, headline: Said | str, *details: Said | None) -> Finding:
    """A finding whose English words and whose keys say the same."""
    first = Said(headline) if isinstance(headline, str) else headline
    said = (first, *(detail for detail in details if detail is not None))
    return Finding(check, verdict, first.text(), tuple(one.text() for one in said[1:]), tuple((one.key, one.values) for one in said))


def texts(found: Finding, language: Language) -> tuple[str, ...]:
    """The headline and the details of a finding in a language."""
    return tuple(Said(key, values).text(language) for key, values in found.said)
