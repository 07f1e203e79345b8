"""Forgetting a person in a project: faces, embeddings, models, previews and everything made from them go, and a signed receipt says so.

Files are removed, not overwritten: on today's disks writing over a file does not reach its old place. Layers, packed faces and the studio's own
copies lie outside of the project and go, too (`outside`), and so does what other projects made of the face by their cast (`loans`). The videos that
were given and the results that were published are the user's own; they are named, not touched. The ledger stays whole.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import ForgetIncomplete
from ..files import write_bytes
from ..home import home
from ..project import Project
from ..provenance import keys, ledger
from ..provenance.consent_scan import scan_beside
from ..provenance.ledger_store import canonical
from .loans import Loan, borrowers, moved_away, take_out_of_cast
from .outside import folders_beside, forget_jobs, made_outside
from .whose import Person, find, seen_in

FORMAT = "understudy.forgotten/1"
_SHORT_NAME = 6
"""Names of fewer bytes occur in large binary files by chance, so they are looked for in small files only."""
_SMALL_FILE = 1 << 20


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What `forget` did. The receipt holds no name and no file name."""

    receipt: Path
    files: int
    bytes: int
    scanned: int
    """Files left in the project, each searched."""
    videos: tuple[Path, ...]
    """The videos of the person that were given: the user's own, left where they are."""
    exports: tuple[Path, ...]
    """Results that stand on the person's consent and are still at their place."""
    moved: tuple[Path, ...] = ()
    """Where projects were that had borrowed the face and could not be found: what they made of it is the user's to remove."""


def forget(project: Project, person: str) -> Forgotten:
    """Remove everything of `person` (source, target, the name on a consent record, or the record's number) from an open, locked project.

    What other projects made of the face by their cast goes, too. Raises UsageError where nobody is meant, ProjectBusy where somebody works in such a
    project, ForgetIncomplete where something of the person is found afterwards, KeysMissing.
    """
    keys.public_key()  # without a key there is no receipt
    who = find(project, person)
    with ExitStack() as stack:
        # all of them are held before anything is removed
        loans = [Loan(stack.enter_context(Project(folder, lock=True))) for folder in (borrowers(project) if "source" in who.roles else ())]
        return _forget(project, who, loans)


def _forget(project: Project, who: Person, loans: list[Loan]) -> Forgotten:
    seen = seen_in(project, who)
    moved = tuple(moved_away(project)) if "source" in who.roles else ()
    given = [path for path in (project.absolute(row.path) for row in who.media) if path.is_file()]
    ids = who.record_ids
    exports = {row.body["file_sha256"]: Path(row.body["out"]) for record_id in ids for row in ledger.exports_with(record_id)}
    outside = set(made_outside(project, media=who.media, record_ids=ids, source="source" in who.roles))
    lent = {path for loan in loans for path in loan.files()}
    doomed = sorted({path for path in (*_doomed(project, who, seen), *outside, *lent) if path.is_file()})
    count, size = len(doomed), sum(path.stat().st_size for path in doomed)
    for path in doomed:
        path.unlink()
    _remove_empty_folders(project, outside)
    forget_jobs(project)
    take_out_of_cast(project, names={*who.names, *ids}, lender=project.folder if "source" in who.roles else None)
    for loan in loans:
        loan.end(lender=project.folder, names={*who.names, *ids})
    project.store.erase([row.media_id for row in who.media], ids, source="source" in who.roles)
    scanned, left = _scan(project, who, seen)
    for loan in loans:
        searched, still = loan.search(who.embeddings)
        scanned, left = scanned + searched, [*left, *still]
    if left:
        raise ForgetIncomplete(
            f"Something of the person is still in the project: {', '.join(str(path) for path in left)}.",
            why="It was not made by Understudy, or another program put it back.",
            remedy="look at these files, remove them, then type the same again for the receipt",
        )
    receipt = _write_receipt(
        {
            "receipt_id": f"forgotten-{secrets.token_hex(8)}",
            "consent_records": ids,
            "roles": list(who.roles),
            "removed_files": count,
            "removed_bytes": size,
            "searched_files": scanned,
            **({"projects_that_had_borrowed_the_face": len(loans)} if loans else {}),
            **({"projects_that_had_borrowed_the_face_and_were_not_found": len(moved)} if moved else {}),
            "found_afterwards": 0,
            "exports_on_record": sorted(exports),
            "forgotten_on": datetime.now(UTC).isoformat(timespec="seconds"),
            "made_with": f"Understudy {__version__}",
        }
    )
    videos = tuple(path for path in given if path.is_file())
    return Forgotten(receipt, count, size, scanned, videos, tuple(path for path in exports.values() if path.is_file()), moved)


def receipt_holds(path: Path) -> bool:
    """Whether a receipt is as it was signed on this machine."""
    try:
        whole = json.loads(path.read_bytes())
        content, signature = whole["receipt"], whole["signature"]
        return whole["format"] == FORMAT and keys.signature_holds(canonical(content), signature["value"], keys.public_key())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _doomed(project: Project, who: Person, seen: Collection[str]) -> Iterator[Path]:
    """Every file to be removed: `seen` are the videos in which the person is. Merged frames and previews show both people, so they go whoever
    is forgotten."""
    root = project.folder
    for media_id in seen:
        yield from (root / "faces" / media_id).rglob("*")
        yield from (root / "people").glob(f"{media_id}*")
        yield project.proxy_file(media_id)
    for row in who.media:
        if row.face:
            yield project.absolute(row.face)
    for path in _made_folders(project, who):
        yield from path.rglob("*")
    yield from (path for path in root.rglob(".*") if ".part" in path.name)
    for path, record in who.records:
        yield path
        if record.scan is not None:
            yield scan_beside(path, record.scan)


def _made_folders(project: Project, who: Person) -> Iterator[Path]:
    """Folders of which nothing may be left. The network learns the source's face alone."""
    for folder in ("render", "previews", *(("faceset", "model") if "source" in who.roles else ())):
        for path in (project.folder / folder).iterdir() if (project.folder / folder).is_dir() else ():
            if path.is_dir():
                yield path
        if folder != "render":
            yield project.folder / folder


def _remove_empty_folders(project: Project, outside: Collection[Path]) -> None:
    # the deepest first
    for folder in sorted({folder for path in outside for folder in (path.parent, path.parent.parent)}, key=lambda path: -len(path.parts)):
        if folder not in project.folder.resolve().parents and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    for name in ("faces", "faceset", "model", "render", "previews", "proxies"):
        for path in sorted((project.folder / name).rglob("*"), reverse=True):
            if path.is_dir() and not any(path.iterdir()):
                shutil.rmtree(path)


def _scan(project: Project, who: Person, seen: Collection[str]) -> tuple[int, list[Path]]:
    """Search every file that is left: (how many, those in which something of the person is). By place, by name, by the numbers of the face."""
    doomed = set(_doomed(project, who, seen))
    names = [spelled for name in who.names for spelled in (name.encode("utf-8"), json.dumps(name)[1:-1].encode("ascii"))]
    numbers = [vector.tobytes() for vector in who.embeddings]
    videos = {project.absolute(row.path).resolve() for row in who.media}
    left: list[Path] = []
    places = (project.folder, *folders_beside(project))
    files = [path for place in places for path in sorted(place.rglob("*")) if path.is_file() and path.resolve() not in videos]
    for path in files:
        data = path.read_bytes()
        needles = [*numbers, *(name for name in names if len(name) >= _SHORT_NAME or len(data) <= _SMALL_FILE)]
        if path in doomed or any(needle in data for needle in needles):
            left.append(path)
    return len(files), left


def _write_receipt(content: dict[str, Any]) -> Path:
    signature = {"algorithm": "Ed25519", "public_key": keys.public_key(), "value": keys.sign(canonical(content)).hex()}
    path = home() / "receipts" / f"{content['receipt_id']}.json"
    write_bytes(path, json.dumps({"format": FORMAT, "receipt": content, "signature": signature}, indent=2).encode("utf-8") + b"\n")
    return path
