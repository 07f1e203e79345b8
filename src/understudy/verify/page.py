"""The report as a page to print, in every language: the same sentences as the signed file, none more."""

from __future__ import annotations

from typing import Any

from ..paper.page import render
from ..paper.words import Language, Words
from .material import LEAST_FACE, LEAST_SECONDS
from .report import Report, verdict_words
from .said import Said, texts

_TONE = {"found valid": "good", "found invalid": "weak", "inconclusive": "usable"}
_SAID_TONE = {"proved": "good", "manipulated": "weak"}


def report_page(report: Report, paper: dict[str, Any], language: Language, *, studio: str = "") -> str:
    """The page of a report; `paper` is the same report as `Report.paper` gave it, for its time and key. `studio`: see `paper.page.render`."""
    broken = report.conclusion == "proved" and report.exit_code != 0
    words = Words(language)
    signature = paper["signature"]
    return render(
        "report.html",
        language,
        studio=studio,
        name=report.name,
        sha256=report.sha256,
        bytes=report.bytes,
        time=paper["made_on"]["time"],
        tone="weak" if broken else _SAID_TONE.get(report.conclusion, ""),
        sentence=words(f"conclusion.{report.conclusion}"),
        meaning=words(f"conclusion_means.{report.conclusion}{'_broken' if broken else ''}"),
        conflicts=[said.text(language) for said in report.conflicting],
        layers=[
            {
                "check": Said(f"check_{found.check}").text(language),
                "verdict": verdict_words(found, language),
                "tone": _TONE.get(found.verdict, ""),
                "headline": headline,
                "details": details,
            }
            for found in report.findings
            for headline, *details in (texts(found, language),)
        ],
        limits={"face": LEAST_FACE, "seconds": f"{LEAST_SECONDS:g}"},
        tools=report.content()["made_with"],
        key=signature["public_key"] if signature else "",
    )
