"""Every sentence is there in every language, with the same blanks, and is used."""

from __future__ import annotations

import re
import string
from datetime import date
from pathlib import Path

import pytest

from understudy.config import NAMES, Settings
from understudy.studio.fields import sections
from understudy.studio.i18n import LANGUAGES, Words, best_language, catalogue

SRC = Path(__file__).parents[2] / "src" / "understudy"
STUDIO = SRC / "studio"
TEXTS = "\n".join(path.read_text(encoding="utf-8") for path in sorted(STUDIO.rglob("*")) if path.suffix in (".html", ".py"))
PUT_TOGETHER = (
    "action.",
    "basis.",
    "basis_what.",
    "cast.s",
    "check.picture_",
    "choice.",
    "complaint_days.",
    "complaint_kind.",
    "complaint_outcome.",
    "consent.broken_",
    "consent.holds_",
    "consent.missing_",
    "consent.role_",
    "consent.title_",
    "error.",
    "face_property.",
    "face_reason.",
    "face_reason_what.",
    "faces.shown_",
    "finding.",
    "finding_do.",
    "job.",
    "key.",
    "layer.",
    "layer_form.",
    "ledger.kind_",
    "ledger.tab_",
    "machine.",
    "month.",
    "nav.",
    "outlook.",
    "paint.kind_",
    "people.choose_",
    "people.meant_",
    "people.said_",
    "people.unclear_",
    "people.undone_",
    "publish.gets_",
    "quality.",
    "refused.",
    "role.",
    "said.",
    "section.",
    "setting.",
    "setting_name.",
    "severity.",
    "shot_state.",
    "stage.",
    "state.",
    "step.",
    "verify_check.",
    "verify_verdict.",
    "verify_what.",
)
"""Keys that the code puts together from parts: their beginnings."""


def only_translated(key: str) -> bool:
    """What the program itself says in English is in the other catalogues alone."""
    return key.startswith(("finding.", "finding_do.", "said.", "setting.", "setting_name.")) or (key.startswith("error.") and key.endswith(".what"))


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_no_sentence_is_missing_or_says_less(language: str) -> None:
    english, other = catalogue("en"), catalogue(language)  # type: ignore[arg-type]
    assert {key for key in english if key not in other} == set()
    assert {key for key in other if key not in english and not only_translated(key)} == set()
    assert {key for key, text in english.items() if blanks(text) != blanks(other[key])} == set()
    assert {key for key, text in other.items() if not text.strip()} == set()


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_setting_and_nothing_else_is_explained(language: str) -> None:
    for part in ("setting.", "setting_name."):
        assert {key.removeprefix(part) for key in catalogue(language) if key.startswith(part)} == set(NAMES)  # type: ignore[arg-type]


def test_settings_have_plain_names_and_speak_of_each_other_by_them() -> None:
    for words in map(Words, LANGUAGES):
        for name in NAMES:
            text = words.setting(name)
            assert words.setting_name(name) not in ("", name) and "_" not in words.setting_name(name) and "`" not in text
        assert words.setting_name("train.rounds") in words.setting("train.minutes")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_choice_of_a_setting_has_a_plain_name(language: str) -> None:
    words = Words(language)  # type: ignore[arg-type]
    choices = {field.name: field.choices for _, fields in sections(Settings()) for field in fields if field.choices}
    named = {name: [words.choice(name, value) for value in values] for name, values in choices.items()}
    assert all(len(set(names)) == len(names) for names in named.values())
    asked = {f"choice.{name}.{value}" for name, values in choices.items() for value in values}
    assert {key for key in catalogue(language) if key.startswith("choice.")} == asked  # type: ignore[arg-type]
    assert words.setting("merge.mode").startswith(f"“{named['merge.mode'][0]}”: ")
    assert words.choice("train.batch", 8) == "8"


def test_every_section_of_settings_has_a_name() -> None:
    assert {key for key in catalogue("en") if key.startswith("section.")} == {f"section.{name.partition('.')[0]}" for name in NAMES if "." in name}


def test_every_sentence_that_is_asked_for_is_there() -> None:
    asked = set(re.findall(r"(?:\bt|words)\([\"']([\w.]+)[\"'](?!\s*~)", TEXTS))
    counted = {f"{key}.{form}" for key in re.findall(r"(?:\bt|words)\.count\([\"']([\w.]+)[\"']", TEXTS) for form in ("one", "many")}
    assert {key for key in asked | counted if key not in catalogue("en")} == set()


def test_every_sentence_is_used() -> None:
    unused = [
        key
        for key in catalogue("en")
        if not key.startswith(PUT_TOGETHER) and not any(f"{quote}{name}{quote}" in TEXTS for quote in "\"'" for name in (key, key.rpartition(".")[0]))
    ]
    assert unused == []


def test_what_the_program_says_is_translated_word_for_word() -> None:
    """A sentence of the program that changed would lose its translation without anybody noticing."""
    core = "\n".join(path.read_text(encoding="utf-8") for part in ("verify", "provenance", "faceset") for path in (SRC / part).rglob("*.py"))
    for language in LANGUAGES:
        for key in catalogue(language):
            if key.startswith("said."):
                assert key.removeprefix("said.") in core, key


def test_every_finding_of_the_data_doctor_has_its_words() -> None:
    core = "".join((SRC / "faceset" / name).read_text(encoding="utf-8") for name in ("acting.py", "filming.py"))
    codes = (
        set(re.findall(r'(?:Finding\(\s*|    \()"([a-z-]+)",', core))
        | {"too-dark", "too-bright"}
        | {f"no-picture-{r}" for r in ("skin", "mouth", "eyes")}
    )
    for kind in ("finding.", "finding_do."):
        assert {key.removeprefix(kind) for key in catalogue("nl") if key.startswith(kind)} >= codes


def test_numbers_dates_and_times_are_written_as_the_language_does() -> None:
    english, dutch = Words("en"), Words("nl")
    assert (english.number(1234.5, 1), dutch.number(1234.5, 1)) == ("1,234.5", "1.234,5")
    assert (english.date(date(2026, 3, 2)), dutch.date("2026-03-02")) == ("2 March 2026", "2 maart 2026")
    assert (english.duration(4.25), dutch.duration(4.25)) == ("4.2 s", "4,2 s")
    assert (english.duration(3600 * 2 + 180), dutch.duration(3600 * 8)) == ("2 h 3 min", "8 uur")
    assert (english.about(52), dutch.about(610)) == ("about 50 s", "ongeveer 10 min")
    assert english.bytes(1_234_567) == "1.2 MB" and dutch.bytes(7.5e9) == "7,5 GB"
    assert english.percent(0.125) == "12 %" and dutch.count("start.published", 1) == "1 gepubliceerde video"


def test_the_browser_chooses_the_language() -> None:
    assert best_language("nl-BE,nl;q=0.9,en;q=0.8") == "nl"
    assert best_language("de,en;q=0.5") == "en"
    assert best_language("") == "en"


def test_a_report_writes_times_as_the_language_does() -> None:
    made = {"when": "2026-11-27T18:03:41+00:00", "record": "production-1"}
    for language, said in (("en", "27 November 2026, 18:03 UTC"), ("nl", "27 november 2026, 18:03 UTC")):
        assert said in Words(language).report("ledger_made", made)
