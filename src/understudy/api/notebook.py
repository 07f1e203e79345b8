"""The whole job in a notebook: one method for each cell, over one project folder (see `notebooks/first_swap.ipynb`).

>>> book = api.Notebook("third.understudy")
>>> book.choose(source="her.mp4", target="performance.mp4")
source: her.mp4, 512 x 512, 1.0 s; target: performance.mp4, 512 x 512, 0.3 s
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from ..errors import ConsentInvalid, StepMissing
from ..events import Context, duration
from ..provenance.publish import published
from ..types import Quality, Role
from . import board
from .actors import demo_clip, demo_record, is_demo
from .board import Shown
from .checks import check_project
from .desk import verify
from .faces import faces, faces_sheet
from .machine import setup
from .material import change_settings, consents, picture, settings_of, video_path
from .people import people_find
from .preview import close_previews, frame, frame_times
from .steps import add, new, publish, render, train
from .training import training_state
from .trust import consent_add, consent_new

_MOMENTS = (0.1, 0.35, 0.6, 0.85)
"""Shares of the target's length at which before and after are shown."""
_MOST_SHOWN = 60
_LARGEST = 40_000_000
"""Bytes of a video that is put into the notebook to be played."""


Agreeing = Literal["face", "performer"]


class Notebook:
    """A project for a notebook. Each method does a step, shows how far it is, and returns what is to be looked at.

    Everything is kept in `folder`. After a stop, a lost connection or in a new kernel the same cells go on where they were: what is done is
    not done again. Errors are shown as what happened, why, and what to do. The methods stand in the order of the work.
    """

    def __init__(self, folder: str | Path = "first_swap.understudy") -> None:
        self.folder = Path(folder)

    def set_up(self) -> Shown:
        """Fetch the networks that are missing and make this machine's keys."""
        with _at_work() as context:
            fetched = setup(context=context)
        return board.said(f"Fetched: {', '.join(fetched)}." if fetched else "Everything is there.")

    def choose(self, *, source: str = "", target: str = "", source_person: str = "", target_person: str = "") -> Shown:
        """Take the two videos; an empty name is the demo's clip. The persons (`p1` …) need naming where a video shows several."""
        if not (self.folder / "project.sqlite").is_file():
            new(self.folder)
        given: dict[Role, tuple[str, str]] = {"source": (source.strip(), source_person.strip()), "target": (target.strip(), target_person.strip())}
        words, seen = [], []
        for role, (name, person) in given.items():
            path = Path(name).expanduser() if name else demo_clip(role)
            info = add(self.folder, path, role=role, face=person or None, replace=True).info
            width, height = info["size_wh"]
            words.append(f"{role}: {info['name']}, {width} x {height}, {info['seconds']:.1f} s")
            seen.append((picture(self.folder, role, long_side=480), words[-1]))
        shown = board.pictures(seen, width="20rem")
        return Shown(shown.html, "; ".join(words))

    def agree(
        self,
        role: Agreeing,
        *,
        subject: str = "",
        purpose: str = "",
        production: str = "",
        channels: str = "",
        expires: str = "",
        recorded_by: str = "",
    ) -> Shown:
        """Write down and sign what a person agreed to; with nothing filled in the record that is there stays. `channels`: separated by commas.

        For the people of the demo, who do not exist, nothing need be filled in. Raises ConsentInvalid for what is missing.
        """
        fields = {"subject": subject, "purpose": purpose, "production": production, "expires": expires, "recorded_by": recorded_by}
        fields = {name: text.strip() for name, text in fields.items()}
        wanted: dict[str, Any] = {**fields, "channels": [part.strip() for part in channels.split(",") if part.strip()]}
        empty = not any(wanted.values())
        if empty and is_demo(video_path(self.folder, "source" if role == "face" else "target")):
            wanted, empty = demo_record(role), False
        kept = consents(self.folder).get(role)
        if kept is not None and kept.record is not None and kept.problem is None and (empty or _says(kept.record, wanted)):
            return board.said(f"On record: {kept.record.subject}, {kept.record.record_id}.")
        if empty:
            raise ConsentInvalid(
                "The form is empty, and nobody is on record for this video.",
                why="Nothing is made without the consent of the one who lends the face and of the one who plays.",
                remedy="ask the person, fill in the form of this cell, and run it again",
            )
        path = self._new_record(role)
        record = consent_new(
            path, **{"role": role, "basis": "consent", "actions": ["train", "render", "publish"], **wanted, "expires": wanted["expires"] or None}
        )
        consent_add(self.folder, path)
        return board.said(f"Signed: {record.subject}, {record.record_id}. The record is {path}.")

    def _new_record(self, role: str) -> Path:
        folder, number = self.folder.with_name(f"{self.folder.stem}-consents"), 1
        while (path := folder / f"{role}-{number}.consent.json").exists():
            number += 1
        return path

    def people(self) -> Shown:
        """Everybody who is seen in the two videos."""
        with _at_work() as context:
            everybody = people_find(self.folder, context=context)
        found = [(person, part) for person in everybody for part in person.media]
        seen = [
            (person.picture, f"{part.role}: {part.face}{f' {person.name}' if person.name else ''}, {part.seconds:.1f} s") for person, part in found
        ]
        lacking = [role for role in ("source", "target") if not any(part.meant for _, part in found if part.role == role)]
        words = [
            f"In the {role} nobody is clearly the main person: write p1 (or p2 …) into the form of the two videos, and run that cell again."
            for role in lacking
        ]
        return board.page(board.pictures(seen, width="8rem"), *(board.said(line, strong=True) for line in words))

    def check(self) -> Shown:
        """What the source lacks for this target, and what to film."""
        with _at_work() as context:
            report = check_project(self.folder, context=context)
        lines = [f"{found.lacking} {found.todo}" for found in report.findings]
        # said once: where a finding is the reason, it stands in the list
        reason = [] if any(found.lacking == report.reason for found in report.findings) else [board.said(report.reason)]
        return board.page(board.said(report.headline(), strong=True), *reason, board.listed(lines))

    def faces(self) -> Shown:
        """The source's pictures, the first of those that are used."""
        with _at_work() as context:
            wall = faces(self.folder, context=context)
        used = [face.number for face in wall.faces if face.kept]
        # evenly over the video: neighbours look alike
        some = [used[i * len(used) // _MOST_SHOWN] for i in range(_MOST_SHOWN)] if len(used) > _MOST_SHOWN else used
        left_out = ", ".join(f"{count} {reason}" for reason, count in wall.left_out.items() if count)
        line = f"{wall.total} faces, {wall.kept} of them are used" + (f"; left out: {left_out}." if left_out else ".")
        sheet = board.pictures([(faces_sheet(self.folder, wall.wall, some), "")], width="45rem") if some else board.said("")
        return board.page(board.said(line, strong=True), sheet)

    def draft(self) -> Shown:
        """Put the face into the target without any training."""
        before = settings_of(self.folder).quality
        try:
            with _at_work() as context:
                render(self.folder, settings={"quality": "draft"}, context=context)
            return self._before_and_after()
        finally:
            change_settings(self.folder, {"quality": before})

    def train(self, *, quality: Quality = "standard", minutes: float = 3) -> Shown:
        """Let the network learn the face for so many minutes in all; `draft` trains nothing."""
        change_settings(self.folder, {"quality": quality, "train.minutes": 0 if quality == "draft" else minutes})
        if quality == "draft":
            return board.said("A draft is not trained.")
        with _at_work() as context:
            train(self.folder, context=context)
        try:
            state = training_state(self.folder)
        except StepMissing:
            return board.said("Nothing was trained.")
        grown = [(state.previews[-1].read_bytes(), "What it shows at the same moments now.")] if state.previews else []
        return board.page(board.listed(state.words), board.pictures(grown, width="45rem"))

    def result(self) -> Shown:
        """Put the face into every frame of the target, with the best that training gave; before and after."""
        with _at_work() as context:
            render(self.folder, context=context)
        return self._before_and_after()

    def _before_and_after(self) -> Shown:
        times = frame_times(self.folder, "target")
        given = []
        for index in (round(share * (len(times) - 1)) for share in _MOMENTS):
            at = f"at {duration(float(times[index]))}"
            given.append((frame(self.folder, "target", index, width=640), f"target, {at}"))
            given.append((frame(self.folder, "result", index, width=640), f"result, {at}"))
        close_previews()
        return board.pictures(given, width="22rem")

    def publish(self, out: str | Path = "first_swap.mp4") -> Shown:
        """Write the labelled, signed video; one that was published here before makes room."""
        path = Path(out).expanduser()
        with _at_work() as context:
            video = publish(self.folder, path, overwrite=published(path) is not None, context=context)
        line = f"{path}: {video.n_frames} frames, {video.n_altered} of them with the face, labelled {video.label}."
        kind = {".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/mp4", ".mkv": "video/x-matroska"}.get(path.suffix.lower())
        if kind is None or path.stat().st_size > _LARGEST:
            return board.said(line)
        return board.film(path.read_bytes(), kind=kind, line=line)

    def verify(self, file: str | Path = "first_swap.mp4") -> Shown:
        """What is known about a video."""
        with _at_work() as context:
            report = verify(Path(file).expanduser(), context=context)
        lines = [f"{found.check}: {found.verdict}. {found.headline}" for found in report.findings]
        return board.page(board.said(report.sentence, strong=True), board.listed(lines))


def _says(record: Any, wanted: dict[str, Any]) -> bool:
    """Whether a record says what a form does."""
    return all((list(value) if name == "channels" else value or None) == _plain(getattr(record, name)) for name, value in wanted.items())


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value or None


@contextmanager
def _at_work() -> Iterator[Context]:
    """A context that draws into the cell, and that the notebook's Stop button asks to stop: what is done is kept then."""
    progress = board.Progress()
    context = Context(report=progress.report)
    here = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, lambda number, frame: context.stop.set()) if here else None
    try:
        yield context
    finally:
        if here:
            signal.signal(signal.SIGINT, before)
        progress.close()
