"""Files are written whole or not at all, and what hinders it is said in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.errors import OutputNotWritable
from understudy.files import write_text


def test_a_file_appears_whole(tmp_path: Path) -> None:
    write_text(tmp_path / "new folder" / "té xt.txt", "words")
    assert [path.name for path in (tmp_path / "new folder").iterdir()] == ["té xt.txt"]
    assert (tmp_path / "new folder" / "té xt.txt").read_text(encoding="utf-8") == "words"


@pytest.mark.parametrize("kind", ["a folder", "too long a name", "below a file", "a place that takes no files"])
def test_where_no_file_can_be_it_is_said(tmp_path: Path, kind: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    place = {
        "a folder": tmp_path / "folder",
        "too long a name": tmp_path / ("x" * 300),
        "below a file": tmp_path / "file" / "text.txt",
        "a place that takes no files": Path("/proc/text.txt"),
    }[kind]
    if place.parent == Path("/proc") and not place.parent.is_dir():
        pytest.skip("this system has no such place")
    with pytest.raises(OutputNotWritable, match="cannot be written"):
        write_text(place, "words")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_text(encoding="utf-8") == "kept"
