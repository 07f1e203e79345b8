"""Looking at a project while something else works in it: nothing is computed anew, nothing is locked; a step that is not done is an error."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import StepMissing
from ..events import StageName
from ..run.local import pending
from ..run.stage import Unit
from ..store import StageRow
from .job import Job


class LookingJob(Job):
    """A job whose steps are only found again."""

    __slots__ = ()

    def run(self, stage: StageName, units: Sequence[Unit]) -> list[StageRow]:
        """The records of work that was done. Raises StepMissing where some was not."""
        left = pending(units, self.project.store)
        if left:
            raise StepMissing(f"This is not there yet: {left[0].subject}.", why="Looking makes nothing anew.", remedy="run first: understudy extract")
        return Job.run(self, stage, units)
