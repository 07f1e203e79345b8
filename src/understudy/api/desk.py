"""The verification desk: what is known about a file or a folder, as a signed paper and as a page."""

from __future__ import annotations

from typing import Any

from ..paper.words import Language
from ..verify.folder import verify, verify_all
from ..verify.page import report_page
from ..verify.report import Report, report_from

__all__ = ["report_from", "verify", "verify_all", "verify_page", "verify_paper"]


def verify_paper(report: Report, *, time: str | None = None) -> dict[str, Any]:
    """The report as a signed paper, checked by `tools/check_papers.py`. Without keys on this machine it has no signature. `time`: ISO 8601; now."""
    return report.paper(time=time)


def verify_page(report: Report, paper: dict[str, Any], *, language: Language = "en", studio: str = "") -> str:
    """The report as one HTML page to print; `paper` is what `verify_paper` gave."""
    return report_page(report, paper, language, studio=studio)
