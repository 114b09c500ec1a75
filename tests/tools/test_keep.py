"""What a person wrote stays, whatever is generated anew; what was only run may be renewed."""

import json
import os

import nbformat
import pytest

import book
import keep
import notebooks


def generated(text="# A chapter", code="1 + 1"):
    """A notebook as `tools/notebooks.py` signs it, as text."""
    cells = [nbformat.v4.new_markdown_cell(text, id="a"), nbformat.v4.new_code_cell(code, id="b")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    keep.sign(notebook)
    return nbformat.writes(notebook)


def change(path, edit):
    """Do to the notebook in a file what `edit` does to a notebook."""
    notebook = nbformat.read(path, 4)
    edit(notebook)
    nbformat.write(notebook, path)


def run(notebook):
    """What JupyterLab leaves behind when every cell is run with Shift-Enter."""
    code = notebook.cells[1]
    code.execution_count = 7
    code.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=7)]
    code.metadata["execution"] = {"iopub.execute_input": "2026-08-01T12:00:00"}
    notebook.cells[0].metadata["collapsed"] = True
    notebook.cells.append(nbformat.v4.new_code_cell(""))
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}


EDITS = {
    "a word in a text": lambda n: n.cells[0].update(source="# A chapter!"),
    "a line of code": lambda n: n.cells[1].update(source="1 + 1\n2 + 2"),
    "a cell of one's own": lambda n: n.cells.append(nbformat.v4.new_markdown_cell("My notes")),
    "a cell deleted": lambda n: n.cells.pop(),
    "cells in another order": lambda n: n.cells.reverse(),
    "code turned into text": lambda n: n.cells[1].update(cell_type="markdown"),
    "a picture pasted": lambda n: n.cells[0].update(attachments={"x.png": {"image/png": "iVBORw0KGgo="}}),
    "a slide begun": lambda n: n.cells[0].metadata.update(slideshow={"slide_type": "slide"}),
    "a tag": lambda n: n.cells[1].metadata.update(tags=["hide"]),
    "a setting of the notebook": lambda n: n.metadata.update(rise={"scroll": True}),
    "the fingerprint lost": lambda n: n.metadata.pop(keep.OURS),
}


@pytest.fixture
def path(tmp_path):
    """A generated notebook in a file."""
    path = tmp_path / "notebooks/x.ipynb"
    path.parent.mkdir()
    assert keep.place(generated(), path) == path
    return path


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edited_notebook_stays_and_the_new_one_is_put_beside_it(path, edit):
    change(path, edit)
    mine = path.read_bytes()
    new = keep.place(generated("# A better chapter"), path)
    assert path.read_bytes() == mine
    assert new.name == "x.new.ipynb"
    assert nbformat.read(new, 4).cells[0].source == "# A better chapter"


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_clean_keeps_an_edited_notebook_and_says_so(path, edit, capsys):
    change(path, edit)
    mine = path.read_bytes()
    keep.clean(path.parents[1])
    assert path.read_bytes() == mine
    assert "keeps notebooks/x.ipynb\n" in capsys.readouterr().out.replace("\\", "/")


def test_a_notebook_that_was_only_run_is_renewed_when_its_chapter_changes(path):
    change(path, run)
    assert keep.place(generated("# A better chapter"), path) == path
    assert nbformat.read(path, 4).cells[0].source == "# A better chapter"
    assert [file.name for file in path.parent.iterdir()] == ["x.ipynb"]


@pytest.mark.parametrize("edit", [run, EDITS["a line of code"]], ids=["run", "edited"])
def test_a_chapter_that_has_not_changed_is_no_news(path, edit):
    change(path, edit)
    mine = path.read_bytes()
    assert keep.place(generated(), path) == path
    assert path.read_bytes() == mine
    assert [file.name for file in path.parent.iterdir()] == ["x.ipynb"]


def test_notes_in_the_new_notebook_stay_too(path):
    change(path, EDITS["a tag"])
    second = keep.place(generated("Two"), path)
    change(second, EDITS["a cell of one's own"])
    notes = second.read_bytes()
    third = keep.place(generated("Three"), path)
    assert (third.name, second.read_bytes()) == ("x.new.new.ipynb", notes)
    assert keep.place(generated("Four"), path) == third
    assert len(list(path.parent.iterdir())) == 3


@pytest.mark.parametrize("content", [b"", b"my notes", b"[]", b"{}", b'{"metadata": {}, "cells": 3}', b"\xff\xfe"])
def test_what_is_no_notebook_is_somebodys_work(path, content):
    path.write_bytes(content)
    assert keep.place(generated(), path).name == "x.new.ipynb"
    assert path.read_bytes() == content
    keep.clean(path.parents[1])
    assert path.read_bytes() == content


def test_clean_deletes_what_was_made_and_nothing_else(path, capsys):
    root = path.parents[1]
    for name in (".venv/bin/python", "_build/html/index.html", "_build/.doctrees/x", "_build/small-beginnings.pdf"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    mine = ["_build/notes.txt", "notebooks/data.csv", "notebooks/.ipynb_checkpoints/x-checkpoint.ipynb", "work.md"]
    for name in mine:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    keep.clean(root)
    assert sorted(file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()) == sorted(mine)
    said = capsys.readouterr().out.replace("\\", "/")
    for name in (".venv", "_build/html", "_build/.doctrees", "_build/small-beginnings.pdf", "notebooks/x.ipynb"):
        assert f"deletes {name}" in said
    for name in mine[:-1]:
        assert f"keeps {name}" in said


def test_clean_keeps_an_edited_problem_set_and_nothing_else_of_the_course(path, capsys):
    root = path.parents[1]
    sets = root / "_build/course/a-set"
    sets.mkdir(parents=True)
    for name in ("a-set-key.html", "a-set.zip"):
        (sets / name).write_bytes(b"made")
    for name in ("a-set.ipynb", "mine.ipynb"):
        (sets / name).write_text(generated(), encoding="utf-8")
    change(sets / "mine.ipynb", EDITS["a tag"])
    keep.clean(root)
    assert [file.name for file in sets.iterdir()] == ["mine.ipynb"]
    assert "keeps _build/course/a-set/mine.ipynb\n" in capsys.readouterr().out.replace("\\", "/")


def test_clean_leaves_no_empty_folder(path):
    keep.clean(path.parents[1])
    assert list(path.parents[1].iterdir()) == []
    keep.clean(path.parents[1])


@pytest.mark.skipif(os.name == "nt", reason="not everyone may make links under Windows")
def test_clean_does_not_follow_links(path, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "mine").touch()
    (path.parents[1] / ".venv").symlink_to(elsewhere, target_is_directory=True)
    keep.clean(path.parents[1])
    assert (elsewhere / "mine").exists()
    assert not (path.parents[1] / ".venv").is_symlink()


def test_the_command_keeps_an_edited_chapter(tmp_path, monkeypatch, capsys):
    source = next(filter(book.is_notebook, book.all_sources()))
    monkeypatch.setattr("sys.argv", ["notebooks.py", "--out", str(tmp_path), str(source)])
    notebooks.main()
    path = tmp_path / f"{source.stem}.ipynb"
    assert keep.is_untouched(path)
    older = json.loads(path.read_text(encoding="utf-8"))
    older["cells"][0]["source"] = "What the chapter said before"
    keep.sign(older)
    older["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "My notes", "id": "mine"})
    path.write_text(json.dumps(older), encoding="utf-8")
    mine = path.read_bytes()
    notebooks.main()
    assert path.read_bytes() == mine
    assert keep.is_untouched(tmp_path / f"{source.stem}.new.ipynb")
    assert f"{path} stays as you wrote it" in capsys.readouterr().out
