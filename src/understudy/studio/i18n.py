"""The studio's words: one catalogue for each language, and numbers, dates and times as that language writes them.

A key names a sentence, never a place on a page; `{name}` in a sentence is filled in. Settings are named and explained in English by their one
definition (`config`) and in other languages by `setting_name.NAME` and `setting.NAME` of the catalogue; so are the findings of the data doctor and
what happened in an error. The choices of a setting are called by `choice.NAME.VALUE`, in every language. The sentences of `verify` stand in the
catalogue of the pages to print (`paper`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from ..config import flatten, walk
from ..paper.words import Words as PaperWords
from ..verify.said import Said

Language = Literal["en", "nl"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
NAMES: dict[Language, str] = {"en": "English", "nl": "Nederlands"}
_FOLDER = Path(__file__).parent / "strings"
_DECIMAL: dict[Language, tuple[str, str]] = {"en": (".", ","), "nl": (",", ".")}
_CHOICES = {name: tuple(map(str, get_args(info.annotation))) for name, info in walk() if "." in name and get_origin(info.annotation) is Literal}
_SETTINGS = {name: (info.title or name, " ".join((info.description or "").split())) for name, info in walk()}


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """All sentences of a language, by key."""
    with (_FOLDER / f"{language}.toml").open("rb") as file:
        return {name: str(text) for name, text in flatten(tomllib.load(file)).items()}


def best_language(accepted: str) -> Language:
    """The first of a browser's languages (`Accept-Language`) that there is a catalogue for; English where there is none."""
    for part in accepted.split(","):
        word = part.split(";")[0].strip().lower()[:2]
        for language in LANGUAGES:
            if word == language:
                return language
    return "en"


class Words:
    """One language. Called with a key it gives the sentence."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._texts = catalogue(language)

    def __call__(self, key: str, **values: Any) -> str:
        return self._texts[key].format(**values) if values else self._texts[key]

    def has(self, key: str) -> bool:
        return key in self._texts

    def count(self, key: str, n: int, **values: Any) -> str:
        """`KEY.one` or `KEY.many`, with `{n}` written as a number."""
        return self(f"{key}.{'one' if n == 1 else 'many'}", n=self.number(n), **values)

    def setting_name(self, name: str) -> str:
        """What a setting is called."""
        return _SETTINGS[name][0] if self.language == "en" else self(f"setting_name.{name}")

    def choice(self, name: str, value: Any) -> str:
        """What a value of a setting is called; a number or a text as it is."""
        return self(f"choice.{name}.{value}") if str(value) in _CHOICES.get(name, ()) else str(value)

    def setting(self, name: str) -> str:
        """What a setting does. Its choices, and others of its section that it speaks of, are called as they are on the page."""
        text = _SETTINGS[name][1] if self.language == "en" else self(f"setting.{name}")
        section = name.rpartition(".")[0]
        for value in _CHOICES.get(name, ()):
            text = re.sub(rf"(^|\. ){re.escape(value)}: ", lambda found, value=value: f"{found[1]}“{self.choice(name, value)}”: ", text)
        return re.sub("`([a-z_]+)`", lambda found: f"“{self.setting_name(f'{section}.{found[1]}')}”", text)

    def paper(self, key: str, **values: Any) -> str:
        """A sentence of the pages to print (`understudy.paper`)."""
        return PaperWords(self.language)(key, **values)

    def report(self, key: str, values: Mapping[str, Any]) -> str:
        """A sentence of a report of `verify`."""
        return Said(key, dict(values)).text(self.language)

    # numbers, times

    def number(self, value: float, digits: int = 0) -> str:
        """1,234.5 or 1.234,5"""
        point, thousands = _DECIMAL[self.language]
        return f"{value:,.{digits}f}".translate(str.maketrans({".": point, ",": thousands}))

    def percent(self, share: float) -> str:
        return self("unit.percent", n=self.number(100 * share))

    def duration(self, seconds: float) -> str:
        """A length of time in words, as exact as is of use: `8 s`, `1 min 5 s`, `2 h 3 min`."""
        if seconds < 10:
            return self("unit.seconds", n=self.number(seconds, 1))
        if seconds < 59.5:
            return self("unit.seconds", n=self.number(seconds))
        minutes, rest = divmod(round(seconds), 60)
        if minutes < 60:
            return self("unit.minutes_seconds", m=minutes, s=rest) if rest else self("unit.minutes", m=minutes)
        if minutes % 60 == 0:
            return self("unit.hours", h=self.number(minutes // 60))
        return self("unit.hours_minutes", h=self.number(minutes // 60), m=minutes % 60)

    def about(self, seconds: float) -> str:
        """A length of time that is a guess: rounded, so that it does not flicker."""
        if seconds < 8:
            return self("unit.few_seconds")
        if seconds < 55:
            return self("unit.about", time=self.duration(max(10, 5 * round(seconds / 5))))
        if seconds < 90:
            return self("unit.about", time=self("unit.minutes", m=1))
        if seconds < 3600:
            return self("unit.about", time=self("unit.minutes", m=round(seconds / 60)))
        return self("unit.about", time=self.duration(300 * round(seconds / 300)))

    def bytes(self, size: float) -> str:
        for unit in ("kB", "MB"):
            size /= 1000
            if size < 999.5:
                return f"{self.number(size, 0 if size >= 10 else 1)} {unit}"
        return f"{self.number(size / 1000, 1)} GB"

    def date(self, day: date | str) -> str:
        """25 November 2026 or 25 november 2026"""
        day = date.fromisoformat(day) if isinstance(day, str) else day
        return f"{day.day} {self(f'month.{day.month}')} {day.year}"

    def moment(self, seconds: float) -> str:
        """A time since 1970 as day and hour of this machine."""
        local = datetime.fromtimestamp(seconds, UTC).astimezone()
        return self("unit.moment", day=self.date(local.date()), time=f"{local:%H:%M}")
