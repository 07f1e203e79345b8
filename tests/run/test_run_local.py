"""Units of work: done once, recorded when they are over, done again when their output is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from understudy.errors import Interrupted
from understudy.events import Context, Event
from understudy.run.local import pending, run_units
from understudy.run.stage import Unit, stage_key
from understudy.store import Store


def make(folder: Path, calls: list[str], *names: str) -> list[Unit]:
    def unit(name: str) -> Unit:
        def work() -> dict[str, Any]:
            calls.append(name)
            (folder / name).write_text(name)
            return {"name": name}

        return Unit(stage_key("test", name), name, folder / name, work)

    return [unit(name) for name in names]


def test_done_once_and_again_when_the_output_is_gone(tmp_path: Path) -> None:
    store, calls = Store(tmp_path / "s.sqlite"), []
    events: list[Event] = []
    context = Context(report=events.append)
    units = make(tmp_path, calls, "a", "b")
    rows = run_units(units, store=store, stage="extract", context=context)
    assert [row.report["name"] for row in rows] == ["a", "b"] and all(row.stage == "extract" for row in rows)
    again = run_units(units, store=Store(tmp_path / "s.sqlite"), stage="extract", context=context)
    assert calls == ["a", "b"] and again == rows
    assert [event.kind for event in events] == ["skip", "skip"]
    (tmp_path / "b").unlink()
    assert [unit.subject for unit in pending(units, store)] == ["b"]
    run_units(units, store=store, stage="extract", context=context)
    assert calls == ["a", "b", "b"]


def test_failure_keeps_what_was_finished(tmp_path: Path) -> None:
    store, calls = Store(tmp_path / "s.sqlite"), []
    first, last = make(tmp_path, calls, "a", "c")

    def fails() -> dict[str, Any]:
        raise RuntimeError("broken")

    bad = Unit(stage_key("test", "bad"), "bad", tmp_path / "bad", fails)
    with pytest.raises(RuntimeError):
        run_units([first, bad, last], store=store, stage="extract", context=Context())
    assert store.stage(first.key) is not None and store.stage(bad.key) is None and calls == ["a"]


def test_stops_between_units_when_asked(tmp_path: Path) -> None:
    store, calls = Store(tmp_path / "s.sqlite"), []
    context = Context()
    context.stop.set()
    with pytest.raises(Interrupted):
        run_units(make(tmp_path, calls, "a"), store=store, stage="extract", context=context)
    assert not calls
