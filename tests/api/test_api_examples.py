"""The examples of docs/api.md do what the page says, one after the other."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from studio import A, B
from synthetic import cut_clip

from understudy import api

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def test_the_examples_do_what_they_say(ready_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cut_clip(A, tmp_path / "her.mp4", n=24, every=10)
    cut_clip(B, tmp_path / "performance.mp4", n=8, start=40)
    examples = doctest.DocTestParser().get_doctest(PAGE.read_text(encoding="utf-8"), {}, PAGE.name, str(PAGE), 0)
    assert len(examples.examples) > 35
    said: list[str] = []
    failed = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(examples, out=said.append)
    api.close_previews()
    assert failed.failed == 0, "".join(said)


def test_every_function_is_explained() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in api.__all__:
        assert re.search(rf"^### `api\.{name}\b", page, re.M), name
        item = getattr(api, name)
        if callable(item):
            assert len(" ".join((item.__doc__ or "").split())) > 12, f"{name} is not explained"
