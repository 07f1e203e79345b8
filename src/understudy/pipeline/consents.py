"""Who agreed: consent records come into the project, and the two permits that a step needs come out of them, for just what the step does."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..config import Settings, wants_training
from ..errors import ConsentAltered, ConsentError, ConsentMissing, ConsentRole
from ..files import write_bytes
from ..permits import Action
from ..project import Project
from ..provenance.consent import check_permit, issue_permit, load_record
from ..provenance.consent_record import ConsentRecord
from ..provenance.consent_scan import keep_scan, scan_beside
from ..types import Permit

NEEDED: tuple[Literal["face"], Literal["performer"]] = ("face", "performer")
"""Who must be on record: who lends the face (the source), and who performs (the target)."""
WHO = {"face": "lend the face (the person in the source video)", "performer": "have the performance changed (the person in the target video)"}
ACTIONS: tuple[Action, ...] = ("train", "render", "publish")
"""All of them, in the order of the work."""


@dataclass(frozen=True, slots=True)
class Permits:
    """Whose consent a piece of work stands on: everybody who lends a face, and everybody whose performance is changed. At least one of each."""

    faces: tuple[Permit, ...]
    performers: tuple[Permit, ...]

    @property
    def face(self) -> Permit:
        return self.faces[0]

    @property
    def performer(self) -> Permit:
        return self.performers[0]

    @property
    def every(self) -> tuple[Permit, ...]:
        """The faces' first."""
        return self.faces + self.performers

    def check(self, action: Action) -> None:
        """Raise where any does not cover `action` today, or was taken back since it was issued."""
        for permit in self.every:
            check_permit(permit, role=permit.role, action=action)


def needed_for(settings: Settings) -> tuple[Action, ...]:
    """What the whole job does under these settings: it trains only where that is asked for."""
    return ACTIONS if wants_training(settings) else ACTIONS[1:]


def keep_record(project: Project, path: Path) -> ConsentRecord:
    """Check a record and keep a copy of it in the project. Raises ConsentMissing where there is no file, ConsentAltered, ConsentRole."""
    record = read_record(path)
    kept = project.consent_file(record.record_id)
    write_bytes(kept, path.read_bytes())
    if record.scan is not None and (scan := scan_beside(path, record.scan)).is_file():
        keep_scan(record.scan, scan, scan_beside(kept, record.scan))
    project.store.put_consent(record.record_id, record.role, project.relative(kept))
    return record


def read_record(path: Path) -> ConsentRecord:
    if not path.is_file():
        raise ConsentMissing(f"There is no consent record {path}.", remedy="check the name, or make the record with: understudy consent new")
    record = load_record(path)
    if record.role not in NEEDED:
        raise ConsentRole(
            f"{path.name} is a record for the role '{record.role}', which is not used here.", remedy="give one for 'face' or 'performer'"
        )
    return record


def permits_of(project: Project, *actions: Action, rather: Sequence[Action] = (), records: Sequence[Path] = (), retry: str = "") -> Permits:
    """Take `records` into the project and return its permits for `actions`: those that the step at hand needs, and no others.

    For each role the newest record that holds for them is used; one that covers `rather` as well is taken before it. Raises ConsentMissing
    with the commands to type (`retry` is the command that was typed, to be repeated), or what is wrong with the newest record where none holds.
    """
    for path in records:
        keep_record(project, path)
    missing = [role for role in NEEDED if not project.store.consents(role)]
    if missing:
        raise _missing(missing, retry=retry, project=project.folder)
    face, performer = (_newest_that_holds(project, role, actions, rather) for role in NEEDED)
    return Permits((face,), (performer,))


def face_permit(
    project: Project, *actions: Action, rather: Sequence[Action] = (), record_id: str | None = None, record_sha256: str | None = None
) -> Permit:
    """The permit of whoever lends the face for `actions`: by the newest record that holds for them, or by this very record.

    Raises ConsentMissing where the project has no such record, or what is wrong with it.
    """
    if record_id is None and project.store.consents("face"):
        return _newest_that_holds(project, "face", actions, rather)
    for kept in project.store.consents("face"):
        path = project.absolute(kept)
        if path == project.consent_file(record_id or ""):
            permit = issue_permit(path, role="face", actions=actions)
            if permit.record_sha256 == record_sha256:
                return permit
    which = f" {record_id}" if record_id else ""
    raise ConsentMissing(
        f"The consent record{which} of the person whose face it is is not in the project.",
        why="Face pictures go from hand to hand only together with the record that they stand on.",
        remedy=f"understudy consent add RECORD --project {shlex.quote(str(project.folder))}",
    )


def performer_permit(project: Project, who: str | None, *actions: Action, rather: Sequence[Action] = (), person: str, alone: bool) -> Permit:
    """The permit of the performer whose record bears the name or the number `who`. None: the newest that holds, where `person` is the only one
    (`alone`) who gets a face. It holds for `actions`; see `permits_of` for `rather`.

    Raises ConsentMissing where there is none, or what is wrong with it.
    """
    if who is None and alone:
        if not project.store.consents("performer"):
            raise _missing(["performer"], retry="", project=project.folder)
        return _newest_that_holds(project, "performer", actions, rather)
    kept = [project.absolute(path) for path in project.store.consents("performer")]
    records = [(path, load_record(path)) for path in kept if path.is_file()]
    names = ", ".join(dict.fromkeys(f"'{record.subject}'" for _, record in records)) or "nobody"
    if who is None:
        raise ConsentMissing(
            f"It is not said which consent record is that of {person}.",
            why=f"Several people of the target get a face, and each must have agreed. On record as performers are: {names}.",
            remedy='add performer = "NAME" to the person in cast.toml, or: understudy cast PROJECT set PERSON --performer NAME',
        )
    for path, record in records:
        if who.strip().lower() in (record.subject.lower(), record.record_id.lower()):
            return issue_permit(path, role="performer", actions=actions)
    near = difflib.get_close_matches(who.lower(), [record.subject.lower() for _, record in records], n=1)
    raise ConsentMissing(
        f"Nobody called '{who}' is on record as the performer of {person}.",
        why=f"On record as performers are: {names}." + (f" Did you mean '{near[0]}'?" if near else ""),
        remedy=f"understudy consent add RECORD --project {shlex.quote(str(project.folder))}",
    )


def check_records(records: Sequence[Path], *actions: Action, retry: str) -> None:
    """The same check before there is a project: two records, each for its role, that hold for `actions` today."""
    paths = {read_record(path).role: path for path in records}
    missing = [role for role in NEEDED if role not in paths]
    if missing:
        raise _missing(missing, retry=retry)
    for role in NEEDED:
        issue_permit(paths[role], role=role, actions=actions)


def _newest_that_holds(project: Project, role: Literal["face", "performer"], actions: Sequence[Action], rather: Sequence[Action] = ()) -> Permit:
    first: ConsentError | None = None
    holds: Permit | None = None
    for kept in project.store.consents(role):
        path = project.absolute(kept)
        try:
            if not path.is_file():
                raise ConsentAltered(f"The project's consent record {path.name} is gone.", remedy="give the record again with --consent")
            permit = issue_permit(path, role=role, actions=actions)
        except ConsentError as error:
            first = first or error
            continue
        if permit.actions.issuperset(rather):
            return permit
        holds = holds or permit
    if holds is not None:
        return holds
    assert first is not None
    raise first


def _missing(roles: Sequence[str], *, retry: str, project: Path | None = None) -> ConsentMissing:
    """`retry` is a command that takes the records along; without one they go into the project, and any command can be typed again."""
    files = {role: f"{role}.consent.json" for role in roles}
    into = f" --project {shlex.quote(str(project))}" if project is not None and not retry else ""
    lines = [f"understudy consent new {files[role]} --role {role}{into}" for role in roles]
    given = [] if into else [f"--consent {shlex.quote(file)}" for file in files.values()]
    again = " ".join([retry or ("the same command again" if into else "the same command"), *given])
    return ConsentMissing(
        f"Nobody is on record as having agreed to {' and nobody to '.join(WHO[role] for role in roles)}.",
        why="Every person whose face or performance is used must be on record first. Nothing was done yet.",
        remedy="ask them, then type (you are asked the rest)\n" + "\n".join(f"  {line}" for line in [*lines, again]),
    )


def agreed_to_be_shown(performers: Collection[ConsentRecord]) -> bool:
    """Whether unaltered pictures of everybody who performs may be shown; nobody on record has agreed to nothing."""
    return bool(performers) and all(record.show_original or not record.person_exists for record in performers)


def may_show_originals(project: Project) -> bool:
    """The same of all performers of the project. A record that does not hold allows nothing."""
    try:
        return agreed_to_be_shown([load_record(project.absolute(path)) for path in project.store.consents("performer")])
    except ConsentError:
        return False
