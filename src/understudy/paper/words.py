"""The words of the pages: one catalogue for each language. A key names a sentence; `{name}` in it is filled in."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

Language = Literal["en", "nl"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
_FOLDER = Path(__file__).parent / "strings"
_DECIMAL: dict[Language, str] = {"en": ".", "nl": ","}


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """All sentences of a language, by `section.key`."""
    with (_FOLDER / f"{language}.toml").open("rb") as file:
        sections: dict[str, dict[str, str]] = tomllib.load(file)
    return {f"{section}.{key}": text for section, texts in sections.items() for key, text in texts.items()}


class Words:
    """One language. Called with a key it gives the sentence."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._texts = catalogue(language)

    def __call__(self, key: str, /, **values: Any) -> str:
        return self._texts[key].format(**values) if values else self._texts[key]

    def has(self, key: str) -> bool:
        return key in self._texts

    def date(self, day: date | str) -> str:
        """25 November 2026 or 25 november 2026; the text itself where it is no day."""
        try:
            found = date.fromisoformat(day[:10]) if isinstance(day, str) else day
        except ValueError:
            return str(day)
        return f"{found.day} {self(f'month.{found.month}')} {found.year}"

    def number(self, value: float, digits: int = 0) -> str:
        """1234.5 or 1234,5"""
        return f"{value:.{digits}f}".replace(".", _DECIMAL[self.language])

    def listed(self, key: str, values: list[str] | tuple[str, ...]) -> str:
        """`KEY.VALUE` of each value, with commas between."""
        return ", ".join(self(f"{key}.{value.replace(' ', '_')}") for value in values)
