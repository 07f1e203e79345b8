"""Every sentence of the pages is there in every language, with the same blanks, and is used."""

from __future__ import annotations

import re
import string
from datetime import date
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from understudy.paper.page import policy, render, style
from understudy.paper.words import LANGUAGES, Words, catalogue

SRC = Path(__file__).parents[2] / "src" / "understudy"
TEXTS = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("paper", "provenance", "verify", "pipeline")
    for path in sorted((SRC / folder).rglob("*"))
    if path.suffix in (".html", ".py")
)


PUT_TOGETHER = ("conclusion.", "conclusion_means.", "verify.check_", "verify.verdict_", "verify.production_", "verify.mark_")
"""Keys that the code puts together from parts."""


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_missing_or_says_less(language) -> None:
    english, other = catalogue("en"), catalogue(language)
    assert set(english) == set(other)
    assert {key for key, text in english.items() if blanks(text) != blanks(other[key]) or not other[key].strip()} == set()


def test_every_sentence_is_used() -> None:
    """Named in full, or by the beginning from which a template puts it together."""
    begun = {"month.", *re.findall(r"[\"']([a-z]+\.[a-z_]*)[\"']\s*~", TEXTS), *(f"{key}." for key in re.findall(r"listed\([\"']([\w.]+)", TEXTS))}
    named = set(re.findall(r"([\"'][a-z]+\.\w+[\"'])", TEXTS))
    texts = set(re.findall(r"[\"'](\w+)[\"']", TEXTS))
    tails = {key: key.removeprefix("verify.") for key in catalogue("en")}
    used = {key for key, tail in tails.items() if {f'"{key}"', f"'{key}'"} & named or (tail != key and tail in texts)}
    unused = [key for key in catalogue("en") if key not in used and not key.startswith((*begun, *PUT_TOGETHER))]
    assert unused == []


def test_days_and_numbers_are_written_as_the_language_does() -> None:
    assert Words("nl").date("2026-11-25T10:00:00+00:00") == "25 november 2026" and Words("en").date(date(2026, 5, 1)) == "1 May 2026"
    assert Words("nl").number(1.25, 1) == "1,2" and Words("en").date("no day") == "no day"


def test_a_page_forbids_itself_everything_but_its_own_style() -> None:
    assert "script-src" not in policy() and "'unsafe-inline'" not in policy() and "default-src 'none'" in policy()
    assert "</style" not in style()
    with pytest.raises(UndefinedError):
        render("form.html", "en", form={})
