"""The two videos of a project: adding them, and finding them again."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..errors import MediaChanged, PersonAbsent, SameFile, StepMissing, UsageError
from ..faces.choose import embed_picture
from ..files import sha256_file, whole_file
from ..project import Project
from ..store import MediaRow
from ..types import Role, VideoInfo
from ..video.probe import media_id, probe


@dataclass(frozen=True, slots=True)
class Footage:
    """One video of the project, found on this machine and probed."""

    row: MediaRow
    path: Path
    info: VideoInfo

    @property
    def media_id(self) -> str:
        return self.row.media_id

    @property
    def sha256(self) -> str:
        return self.row.sha256


def add(project: Project, path: Path, *, role: Role, face: str | None = None, replace: bool = False) -> MediaRow:
    """Add a video in its role. The same file again is fine; another one in a role that is taken needs `replace`.

    Raises the MediaErrors of `probe`, SameFile where the file already has the other role, PersonAbsent for a `face` that is neither a
    name such as p1 nor a picture with a face, UsageError where the role is taken.
    """
    short, whole = media_id(path)
    for other in project.store.media():
        if other.sha256 == whole and other.role != role:
            raise same_file(path, path)
    taken = [row for row in project.store.media(role) if row.sha256 != whole]
    if taken and not replace:
        raise UsageError(
            f"The project {project.folder.name} already has a {role}: {taken[0].info['name']}.",
            why="A project is for one source and one target.",
            remedy="make a new project for another pair, or say that this file takes its place: understudy add … --replace",
        )
    known = next((row for row in project.store.media(role) if row.sha256 == whole), None)
    kept_face = _keep_face(project, face) if face is not None else known.face if known else None
    row = MediaRow(short, project.relative(path), whole, role, kept_face, describe(path, probe(path)))
    for old in taken:
        project.store.drop_media(old.media_id)
    project.store.put_media(row)
    return row


def same_file(source: Path, target: Path) -> SameFile:
    return SameFile(
        f"Source and target are the same file{'' if source == target else f' ({source.name} and {target.name} hold the same bytes)'}.",
        why="The source lends the face, the target is the performance that gets it: they are two videos.",
        remedy="give the video of the other person as one of the two",
    )


def check_face(face: str, *, names: Collection[str] = ()) -> None:
    """Raise PersonAbsent unless `face` can name somebody: p1, p2 …, person-1 …, one of `names`, or a picture file on which a face is found."""
    if re.fullmatch(r"(p|person-)[1-9]\d*", face.strip().lower()) or face.strip().lower() in {name.lower() for name in names}:
        return
    if not Path(face).is_file():
        raise PersonAbsent(
            f"'{face}' names nobody: it is neither p1 (p2 …), nor a name that was given to somebody, nor a picture file.",
            remedy="give --face p1 (p2 …), a name from `understudy people`, or a JPEG or PNG of the person",
        )
    embed_picture(Path(face))


def names_in(project: Project) -> set[str]:
    """The names that the user gave to people."""
    return {decision.body["name"] for decision in project.store.decisions("name") if decision.body["name"]}


def ask_for(project: Project, footage: Footage, face: str | None) -> Footage:
    """The same video with the person meant named anew (None: as before)."""
    if face is None:
        return footage
    row = dataclasses.replace(footage.row, face=_keep_face(project, face))
    project.store.put_media(row)
    return dataclasses.replace(footage, row=row)


def _keep_face(project: Project, face: str) -> str:
    """What goes into the database: the name, or the picture's place inside the project, so that the project can be moved."""
    check_face(face, names=names_in(project))
    if not Path(face).is_file():
        return face.strip().lower()
    kept = project.folder / "people" / f"asked-for-{sha256_file(Path(face))[:12]}{Path(face).suffix.lower()}"
    with whole_file(kept) as part:
        shutil.copyfile(face, part)
    return project.relative(kept)


def describe(path: Path, info: VideoInfo) -> dict[str, object]:
    """What is kept about a video for showing, and for seeing quickly that it is still the same file."""
    stat = path.stat()
    return {
        "name": path.name,
        "size_wh": list(info.size_wh),
        "seconds": float(info.duration),
        "frames": info.n_frames,
        "rate": float(info.frame_rate),
        "bits": info.color.bit_depth,
        "codec": info.codec,
        "bytes": stat.st_size,
        "changed_ns": stat.st_mtime_ns,
    }


def footage(project: Project, role: Role) -> Footage:
    """The project's video in this role, found again where it has moved. Raises StepMissing, MediaChanged, and the MediaErrors of `probe`."""
    rows = project.store.media(role)
    if not rows:
        raise StepMissing(
            f"The project {project.folder.name} has no {role} yet.", remedy=f"understudy add FILE --role {role} --project '{project.folder}'"
        )
    return _found_again(project, rows[0])


def footages(project: Project) -> list[Footage]:
    """All videos of the project, in the order in which they were added. Raises as `footage`."""
    return [_found_again(project, row) for row in project.store.media()]


def _found_again(project: Project, row: MediaRow) -> Footage:
    path = locate(project, row)
    stat = path.stat()
    info = _probed(path, stat.st_size, stat.st_mtime_ns)
    fresh = dataclasses.replace(row, path=project.relative(path), info=describe(path, info))
    if fresh != row:
        project.store.put_media(fresh)
    return Footage(fresh, path, info)


@lru_cache(maxsize=32)
def _probed(path: Path, size: int, changed_ns: int) -> VideoInfo:
    """`size` and `changed_ns` make the cache notice that the file was replaced. A page of the studio asks several times."""
    return probe(path)


def locate(project: Project, row: MediaRow) -> Path:
    """Where the file lies now: at its old place, else where a file of the same content is found near the project.

    Raises MediaChanged where it is gone, or where another file has taken its place.
    """
    old = project.absolute(row.path)
    if old.is_file():
        stat = old.stat()
        if (stat.st_size, stat.st_mtime_ns) == (row.info["bytes"], row.info["changed_ns"]) or sha256_file(old) == row.sha256:
            return old
    for near in _near(project, old):
        if near.stat().st_size == row.info["bytes"] and sha256_file(near) == row.sha256:
            return near
    again = f"put it back, or add it again: understudy add FILE --role {row.role} --replace --project '{project.folder}'"
    if old.is_file():
        raise MediaChanged(f"{old} is not the {row.role} that was added to the project: its content is another one.", remedy=again)
    raise MediaChanged(
        f"The {row.role} {row.info['name']} is not at its place any more.", why=f"It was {old}, and it is not near the project either.", remedy=again
    )


def _near(project: Project, old: Path) -> Iterator[Path]:
    """Files that may be the moved one: those beside it, in the project's folder and beside the project; the same name first."""
    folders = dict.fromkeys(
        folder.resolve() for folder in (project.folder, project.folder.absolute().parent, old.parent, Path.cwd()) if folder.is_dir()
    )
    files = [file for folder in folders for file in sorted(folder.iterdir()) if file.is_file() and not file.name.startswith(".")]
    yield from sorted(files, key=lambda file: file.name != old.name)
