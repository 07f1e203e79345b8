"""The pages that are made from the code are up to date, and what README and docs point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from understudy.config import NAMES
from understudy.reference import PAGES

ROOT = Path(__file__).parents[1]
WRITTEN = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "MISUSE.md", "CHANGELOG.md")] + sorted((ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("name", sorted(PAGES))
def test_made_pages_are_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == PAGES[name](), "type: make docs"


def test_every_setting_is_explained() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name in NAMES:
        line = next(line for line in page.splitlines() if line.startswith(f"- **`{name}`**"))
        assert len(line.partition("): ")[2]) > 20, name


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if not link.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / link).exists(), f"{page.name} points to {link}"


def test_commands_in_the_docs_exist() -> None:
    from understudy.cli import app

    known = {name for name in app if not name.startswith("-")}
    for page in WRITTEN:
        for command in re.findall(r"`?understudy ([a-z]+)\b(?=[ `])", page.read_text(encoding="utf-8")):
            assert command in known, f"{page.name} mentions 'understudy {command}'"


def test_settings_in_the_docs_exist() -> None:
    sections = {name.split(".")[0] for name in NAMES if "." in name}
    for page in WRITTEN:
        for flag in re.findall(r"--(?:set )?([a-z]+\.[a-z_]+)", page.read_text(encoding="utf-8")):
            assert flag.split(".")[0] in sections and flag in NAMES, f"{page.name} mentions {flag}"
