"""What the training in a project has come to, read from its files while it runs or afterwards; and going back to an earlier moment of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import StepMissing
from ..model.shelf import Kept, listed
from ..model.shelf import go_back as put_back
from ..project import Project
from ..train.history import History, Round
from .learn import rounds_folder


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One that can be gone back to."""

    name: str
    rounds: int
    faces: int
    """Pictures seen until then; 0 where its round is not known any more."""
    seconds: float
    """Of training until then."""
    written: float
    """Seconds since 1970."""
    better: bool
    """Whether it was measured to be better than the draft."""
    gain: float
    measured: bool
    """False for one that was saved by a stop in the middle of a round."""
    standing: bool
    """True for the one that training goes on from."""
    used: bool
    """True for the one that renders; none where the draft does."""
    aside: bool
    """True where training went back to before it."""
    preview: Path | None
    """The picture of its round."""


@dataclass(frozen=True, slots=True)
class TrainingState:
    """See the module."""

    model: str
    """Which of the project's models."""
    rounds: tuple[Round, ...]
    """All, in the order in which they were made; after going back, the new ones behind the old."""
    curve: Mapping[str, tuple[float, ...]]
    """The same as columns, for drawing: `seconds`, `faces`, `loss` and its parts, `gain`, and every figure; NaN where a round lacks one."""
    previews: tuple[Path, ...]
    """The rounds' pictures, oldest first: played one after the other they show the face growing."""
    words: tuple[str, ...]
    """What the last round came to, for a person: against the draft, all in all, each aspect, what stands in the way, how much longer."""
    word: str
    """How good it is: rough, fair, good or very good; empty before the first round."""
    enough: bool
    """Whether more training will not make a difference that can be seen."""
    seconds_left: float | None
    """Of training until the next word, or until nothing more is to be gained; None where that cannot be told."""
    checkpoints: tuple[Checkpoint, ...]
    """Oldest first."""


def models(project: Project) -> list[str]:
    """The models in a project, the one that was trained last at the end."""
    folders = [path for path in (project.folder / "model").glob("*") if path.is_dir()]
    return [path.name for path in sorted(folders, key=lambda path: (_last_work(project, path), path.name))]


def state_of(project: Project, model: str | None = None) -> TrainingState:
    """Of `model`, or of the one that was trained last. Raises StepMissing where nothing was trained."""
    name = _model(project, model)
    rounds = tuple(History(rounds_folder(project, name)).rounds())
    return TrainingState(
        model=name,
        rounds=rounds,
        curve=_curve(rounds),
        previews=tuple(made.preview for made in rounds if made.preview is not None),
        words=rounds[-1].words if rounds else (),
        word=rounds[-1].word if rounds else "",
        enough=bool(rounds) and rounds[-1].enough,
        seconds_left=rounds[-1].seconds_left if rounds else None,
        checkpoints=_checkpoints(listed(project.folder / "model" / name), rounds),
    )


def go_back(project: Project, checkpoint: str, *, model: str | None = None) -> Checkpoint:
    """Let the training stand at a checkpoint, and rendering use it; all others are kept aside. Raises StepMissing, CheckpointMissing."""
    name = _model(project, model)
    kept = put_back(project.folder / "model" / name, checkpoint)
    # what was recorded as finished rests on the state before
    for row in project.store.stages():
        if row.stage in ("train", "swap"):
            project.store.drop_stage(row.key)
    rounds = History(rounds_folder(project, name)).rounds()
    return next(found for found in _checkpoints([kept], rounds) if found.name == kept.name)


def _model(project: Project, model: str | None) -> str:
    known = models(project)
    if not known or (model is not None and model not in known):
        raise StepMissing(
            "Nothing has been trained in this project yet." if model is None else f"There is no model '{model}' in this project.",
            remedy=f"train first: understudy train --project {project.folder}",
        )
    return model or known[-1]


def _last_work(project: Project, folder: Path) -> float:
    rounds = rounds_folder(project, folder.name)
    return max(path.stat().st_mtime for path in (folder, rounds) if path.exists())


def _curve(rounds: tuple[Round, ...]) -> dict[str, tuple[float, ...]]:
    rows = [{**made.figures, **made.losses, "gain": made.gain, "seconds": made.seconds, "faces": float(made.faces)} for made in rounds]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: tuple(row.get(name, float("nan")) for row in rows) for name in names}


def _checkpoints(found: list[Kept], rounds: tuple[Round, ...] | list[Round]) -> tuple[Checkpoint, ...]:
    standing = max((kept for kept in found if not kept.aside), key=lambda kept: kept.step, default=None)
    used = max((kept for kept in found if not kept.aside and kept.better), key=lambda kept: (kept.gain, kept.step), default=None)
    return tuple(_checkpoint(kept, rounds, standing=kept == standing, used=kept == used) for kept in found)


def _checkpoint(kept: Kept, rounds: tuple[Round, ...] | list[Round], *, standing: bool, used: bool) -> Checkpoint:
    last = next((made for made in rounds if made.is_of(kept.facts)), None)
    return Checkpoint(
        name=kept.name,
        rounds=kept.rounds,
        faces=last.faces if last else 0,
        seconds=kept.seconds,
        written=kept.written,
        better=kept.better,
        gain=kept.gain,
        measured=kept.measured,
        standing=standing,
        used=used,
        aside=kept.aside,
        preview=last.preview if last else None,
    )
