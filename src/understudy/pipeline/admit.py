"""The refusal check over a project: each video is looked at once before anything is made from it, and what was found is kept."""

from __future__ import annotations

from typing import Any

from ..provenance import gate
from ..run.stage import Unit, stage_key
from .job import Job
from .media import Footage


def admit(job: Job, footage: Footage) -> None:
    """Raise RefusedMaterial where the video is refused, now or before; WeightsMissing or WeightsAltered where it cannot be told.

    The verdict is kept in the project either way. Publishing looks again and does not ask for what is kept here.
    """
    gate.require_network()
    what = f"the {footage.row.role} {footage.path.name}"

    def work() -> dict[str, Any]:
        return gate.look(footage.path, footage.info, what=what, context=job.context).as_dict()

    (row,) = job.run("gate", [Unit(stage_key("gate", footage.sha256, gate.RULES), footage.path.name, job.project.store.path, work)])
    gate.refuse_unless_passed(gate.Verdict(**row.report), what)
