"""Running units of work one after the other on this machine: what is done is skipped, what finishes is recorded."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ..events import Context, Event, StageName
from ..store import StageRow, Store
from .stage import Unit


def is_done(unit: Unit, store: Store) -> bool:
    """Whether this very piece of work is recorded as finished and its output is still there."""
    return store.stage(unit.key) is not None and unit.output.exists()


def pending(units: Sequence[Unit], store: Store) -> list[Unit]:
    """The units that are still to be done, in order."""
    return [unit for unit in units if not is_done(unit, store)]


def run_units(units: Sequence[Unit], *, store: Store, stage: StageName, context: Context) -> list[StageRow]:
    """Do every unit that is not done, in order, and return the records of all of them.

    A unit is recorded after its work has returned, so a kill in between costs that unit and nothing else. Raises Interrupted between
    units when asked to stop, and whatever a unit raises.
    """
    rows: list[StageRow] = []
    for unit in units:
        context.check()
        row = store.stage(unit.key)
        if row is not None and unit.output.exists():
            context.report(Event(stage, "skip", f"{unit.subject}: done before", seconds=row.seconds))
        else:
            began = time.monotonic()
            report = unit.work()
            row = StageRow(unit.key, stage, unit.subject, time.monotonic() - began, report)
            store.stage_done(row)
        rows.append(row)
    return rows
