"""A project folder on disk: the only file that knows its paths.

    project.toml      the settings that differ from the defaults
    project.sqlite    media, shots, finished stages, consents
    faces/            tracks, one file a shot                     (STEP 2)
    people/           contact sheets of the people found
    faceset/          the source's face pictures                  (STEP 3)
    model/            checkpoints of the network                  (STEP 4)
    render/           merged face patches, one file a shot        (STEP 5; unlabelled intermediates, see its README)
    previews/         pictures of the result as it grows
    proxies/          the videos once more, small, for looking; made when they are missing
    consents/         signed consent records

It can be moved: paths inside it are relative; media outside it are found again by their content's hash.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from .config import Settings, differences, read_toml, settings_from
from .errors import ProjectBusy, ProjectExists, ProjectNotFound
from .files import part_of, sync_folder, translate, write_text
from .store import Store

RENDER_README = """These are unfinished, unlabelled pieces of a swapped video, kept so that work is not done twice.
They may not leave this folder: the only way out is `understudy publish`, which labels and signs.
"""


class Project:
    """An open project. Use as a context manager; `lock=True` keeps other processes from working in it at the same time."""

    def __init__(self, folder: Path, *, lock: bool = False) -> None:
        self.folder = folder
        if not (folder / "project.sqlite").is_file():
            raise ProjectNotFound(f"{folder} is not an Understudy project.", remedy=f"make one with: understudy new '{folder}'")
        self._lock_handle = self._take_lock() if lock else None
        self.store = Store(folder / "project.sqlite")

    @classmethod
    def create(cls, folder: Path, *, settings: Settings | None = None, lock: bool = False) -> Project:
        """Make a new project in `folder` (which must be absent or empty) and open it."""
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ProjectExists(f"{folder} already holds something.", remedy="choose a new name, or open the project that is there")
        # built beside and renamed, so that a kill never leaves half a project that can be neither opened nor made;
        # a folder that is there already may be where the user stands, and stays
        part = folder if folder.exists() else part_of(folder)
        try:
            if part != folder:
                shutil.rmtree(part, ignore_errors=True)
            for name in ("faces", "people", "faceset", "model", "render", "previews", "consents"):
                (part / name).mkdir(parents=True)
            write_text(part / "render" / "README.txt", RENDER_README)
            write_text(part / "project.toml", tomli_w.dumps(differences(settings or Settings())))
            Store(part / "project.sqlite").close()
            if part != folder:
                part.rename(folder)
            sync_folder(folder.absolute().parent)
        except OSError as error:
            if part != folder:
                shutil.rmtree(part, ignore_errors=True)
            raise translate(error, folder) from error
        except BaseException:
            if part != folder:
                shutil.rmtree(part, ignore_errors=True)
            raise
        return cls(folder, lock=lock)

    def _take_lock(self) -> int:
        handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            raise ProjectBusy(
                f"Another Understudy is working in {self.folder}.", remedy="wait until it has finished, or stop it with Ctrl-C"
            ) from None
        return handle

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.store.close()
        if self._lock_handle is not None:
            os.close(self._lock_handle)
            self._lock_handle = None

    # settings

    def settings(self, flags: Mapping[str, Any] | None = None) -> Settings:
        """The project's settings with flags (`section.name`) on top."""
        return settings_from(read_toml(self.folder / "project.toml"), flags)

    def save_settings(self, settings: Settings) -> None:
        write_text(self.folder / "project.toml", tomli_w.dumps(differences(settings)))

    # paths

    def tracks_file(self, media_id: str, shot_id: str, key: str) -> Path:
        return self.folder / "faces" / media_id / f"{shot_id}-{key[:12]}.npz"

    def people_sheet(self, media_id: str, key: str) -> Path:
        return self.folder / "people" / f"{media_id}-{key[:8]}.jpg"

    def faceset_folder(self, key: str) -> Path:
        return self.folder / "faceset" / key[:16]

    def wall_folder(self, key: str) -> Path:
        return self.folder / "faceset" / f"wall-{key[:16]}"

    def model_folder(self, key: str) -> Path:
        return self.folder / "model" / key[:16]

    def render_file(self, key: str, shot_id: str) -> Path:
        return self.folder / "render" / key[:16] / f"{shot_id}.patches"

    def preview_file(self, name: str) -> Path:
        return self.folder / "previews" / name

    def proxy_file(self, media_id: str) -> Path:
        return self.folder / "proxies" / f"{media_id}.proxy"

    def consent_file(self, record_id: str) -> Path:
        return self.folder / "consents" / f"{record_id}.consent.json"

    def relative(self, path: Path) -> str:
        """`path` as it is kept in the database: relative where it lies inside the project."""
        path = path.resolve()
        root = self.folder.resolve()
        return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)

    def absolute(self, kept: str) -> Path:
        return self.folder / kept
