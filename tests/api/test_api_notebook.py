"""The notebook: no logic in it, nothing left over from a run, and it goes from two videos to a published one, also after its kernel was lost."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from studio import A, B
from synthetic import cut_clip

from understudy import api
from understudy.errors import ConsentInvalid, MediaNotFound

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "first_swap.ipynb"
FORM = {
    "purpose": "a test",
    "production": "Tests",
    "channels": "nowhere",
    "expires": "2099-12-31",
    "recorded_by": "the tests",
}


def read() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def code_of(book: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def test_it_imports_the_api_and_holds_no_logic() -> None:
    nbformat.validate(read())
    for cell in code_of(read()):
        for line in ast.parse(cell.source).body:
            if isinstance(line, ast.Import):
                assert [(one.name, one.asname) for one in line.names] in ([("set_up", None)], [("understudy.api", "api")])
            else:
                # a form's field, or one call
                assert isinstance(line, (ast.Assign, ast.Expr)), ast.unparse(line)
                assert isinstance(line.value, (ast.Constant, ast.Call)), ast.unparse(line)


def test_nothing_is_left_over_from_a_run() -> None:
    for cell in code_of(read()):
        assert cell.outputs == [] and cell.execution_count is None


def test_every_cell_is_a_form_with_words_before_it() -> None:
    before = ""
    for cell in read().cells:
        if cell.cell_type == "code":
            assert cell.source.startswith("# @title ") and before == "markdown"
            for line in cell.source.splitlines():
                assert "= " not in line or line.startswith(("book", "# @title")) or "# @param" in line, line
        before = cell.cell_type


def filled_in(book: nbformat.NotebookNode, **fields: str) -> nbformat.NotebookNode:
    """The notebook with its forms filled in, as a person would."""
    for cell in code_of(book):
        for name, value in fields.items():
            cell.source = "\n".join(
                f"{name} = {value!r}  # @param" if line.startswith(f"{name} =") and "# @param" in line else line for line in cell.source.splitlines()
            )
        if 'book.agree("' in cell.source:
            role = cell.source.partition('book.agree("')[2].partition('"')[0]
            cell.source = cell.source.replace('subject = ""', f'subject = "Nobody, {role}"')
    return book


def run(book: nbformat.NotebookNode, folder: Path) -> None:
    """In a kernel of its own, which is gone afterwards."""
    shutil.copy(NOTEBOOK.parent / "set_up.py", folder)
    NotebookClient(book, timeout=900, resources={"metadata": {"path": str(folder)}}).execute()


def shown(cell: nbformat.NotebookNode) -> str:
    return "\n".join(output.get("data", {}).get("text/html", "") + output.get("text", "") for output in cell.outputs)


def test_it_goes_all_the_way_also_after_its_kernel_was_lost(ready_home: Path, tmp_path: Path) -> None:
    fields = {
        "source": str(cut_clip(A, tmp_path / "her.mp4", n=48, every=5)),
        "target": str(cut_clip(B, tmp_path / "performance.mp4", n=8, start=40)),
        **FORM,
    }
    book = filled_in(read(), **fields)
    half = nbformat.from_dict({**book, "cells": book.cells[:11]})
    run(half, tmp_path)
    signed = sorted((tmp_path / "first_swap-consents").iterdir())
    assert len(signed) == 2 and "Signed: Nobody, face" in shown(next(cell for cell in code_of(half) if '"face"' in cell.source))

    # another kernel, and all of it from the top
    api.change_settings(tmp_path / "first_swap.understudy", {"train.rounds": 1, "train.faces_per_round": 16, "train.batch": 4, "train.size": 128})
    run(book, tmp_path)
    cells = code_of(book)
    assert sorted((tmp_path / "first_swap-consents").iterdir()) == signed, "who has signed is not asked again"
    assert "Understudy is there" in shown(cells[0])
    assert "On record: Nobody, face" in shown(cells[3])
    assert shown(cells[2]).count("data:image/jpeg") == 2
    assert "48 faces" in shown(cells[7])
    assert shown(cells[8]).count("data:image/jpeg") == 8 and "✓" in shown(cells[8])
    assert shown(cells[9]).count("data:image/jpeg") == 1, "the picture of the last round; those on the way make room"
    assert shown(cells[10]).count("data:image/jpeg") == 8 and "Done before: Cuts, " in shown(cells[10])
    assert "data:video/mp4" in shown(cells[11]) and "labelled AI MODIFIED" in shown(cells[11])
    assert api.verify(tmp_path / "first_swap.mp4").exit_code == 0
    assert api.verify(tmp_path / "first_swap.mp4").sentence in shown(cells[12])


@pytest.mark.usefixtures("ready_home")
def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = api.Notebook(tmp_path / "film")
    with pytest.raises(MediaNotFound) as caught:
        book.choose(source=str(tmp_path / "nowhere.mp4"))
    assert "Traceback" not in "".join(caught.value._render_traceback_()) and "nowhere.mp4" in caught.value._render_traceback_()[0]
    book.choose(target=str(cut_clip(B, tmp_path / "own.mp4", n=8)))
    # the demo's person does not exist, and nobody need be asked; of one's own video somebody must
    assert "Synthetic actor A" in repr(book.agree("face")) and "On record" in repr(book.agree("face"))
    with pytest.raises(ConsentInvalid):
        book.agree("performer")
    with pytest.raises(ConsentInvalid):
        book.agree("performer", subject="Bob Jansen")
    assert "Signed: Bob Jansen" in repr(book.agree("performer", subject="Bob Jansen", **FORM))
    assert "On record: Bob Jansen" in repr(book.agree("performer"))
    monkeypatch.setattr("understudy.api.actors.CLIPS", tmp_path)
    with pytest.raises(MediaNotFound):
        book.choose()


def test_where_it_cannot_be_set_up_it_says_why(tmp_path: Path) -> None:
    """A Python without the package, and the page alone."""
    shutil.copy(NOTEBOOK.parent / "set_up.py", tmp_path)
    # -S: without the packages that are installed here
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import set_up; set_up.set_up()"], cwd=tmp_path, env={}, capture_output=True, text=True, check=True
    )
    assert "not this page alone" in done.stdout and not done.stderr
