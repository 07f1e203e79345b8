"""Looking at a training while it runs or afterwards, and going back to an earlier moment of it.

>>> from understudy.errors import StepMissing
>>> try:
...     state = api.training_state(film)
... except StepMissing as error:        # this one is a draft
...     print(error.what)
Nothing has been trained in this project yet.
"""

from __future__ import annotations

from pathlib import Path

from ..events import Context
from ..pipeline.job import in_words, open_job
from ..pipeline.training import Checkpoint, TrainingState, state_of
from ..pipeline.training import go_back as put_back
from ..project import Project

__all__ = ["Checkpoint", "TrainingState", "go_back", "training_state"]


def training_state(project: Path, *, model: str | None = None) -> TrainingState:
    """Rounds, curve, previews, words and checkpoints of a project's training; of `model`, or of the one that was trained last.

    Changes nothing, and may be asked as often as wanted while the training runs. Raises ProjectNotFound, StepMissing.
    """
    with in_words(project), Project(project) as opened:
        return state_of(opened, model)


def go_back(project: Path, checkpoint: str, *, model: str | None = None) -> Checkpoint:
    """Let training and rendering go on from a checkpoint that `training_state` lists. Nothing is lost: the present state and all others stay
    listed, and can be gone back to in turn.

    Raises ProjectBusy while the training runs, CheckpointMissing, StepMissing.
    """
    with open_job(project, flags={}, context=Context()) as job:
        return put_back(job.project, checkpoint, model=model)
