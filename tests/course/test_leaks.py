"""No solution, hidden test or rubric is in anything that students get."""

import zipfile

import nbformat
import pytest

import publish
import sheets
import take_home
from tests.course.conftest import SMALL, marked_strings, shown

SOURCES = [SMALL, *sheets.all_sources()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of the library."""
    return take_home.build_wheel(tmp_path_factory.mktemp("wheel"))


def test_what_is_searched_for_is_there():
    marks = marked_strings(sheets.read(SMALL))
    for part in (
        "marked_solution_square =",
        "marked_hidden_test =",
        "the marked written solution",
        "the marked rubric",
    ):
        assert any(part in mark for mark in marks)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_students_get_no_solution(source, tmp_path, wheel):
    sheet = sheets.read(source)
    publish.publish(sheet, tmp_path, wheel)
    notebook = f"{sheet.name}/{sheet.name}.ipynb"
    with zipfile.ZipFile(tmp_path / sheet.name / f"{sheet.name}.zip") as archive:
        texts = {name: archive.read(name) for name in archive.namelist()}
    others = {f"{sheet.name}/{name}" for name in ("README.txt", "requirements.txt", take_home.wheel_name())}
    assert set(texts) == {notebook} | others
    with zipfile.ZipFile(wheel) as archive:
        texts |= {name: archive.read(name) for name in archive.namelist()}
    students = nbformat.reads(texts.pop(notebook).decode(), 4)
    assert students == nbformat.read(tmp_path / notebook, 4)
    texts = {name: text.decode(errors="replace") for name, text in texts.items() if not name.endswith(".whl")}
    texts[notebook] = "\n".join(cell.source for cell in students.cells)
    for mark in marked_strings(sheet) - shown(sheet):
        leaks = [name for name, text in texts.items() if mark in text]
        assert not leaks, f"{mark!r} is in {leaks}"


def test_the_key_has_everything_and_asks_nobody(tmp_path, wheel):
    key, rubrics = publish.publish(sheets.read(SMALL), tmp_path, wheel)
    text = key.read_text(encoding="utf-8")
    for part in ("marked_solution_square", "marked_hidden_test", "the marked written solution", "the marked rubric"):
        assert part in text
    assert "http" not in text.replace("http://www.w3.org", "")
    assert "the marked rubric" in rubrics.read_text(encoding="utf-8")
    assert "<td>12</td>" in rubrics.read_text(encoding="utf-8").replace("<strong>", "").replace("</strong>", "")


def test_a_notebook_that_was_edited_stays(tmp_path, wheel):
    sheet = sheets.read(SMALL)
    publish.publish(sheet, tmp_path, wheel)
    path = tmp_path / "small_set/small_set.ipynb"
    edited = path.read_text(encoding="utf-8").replace("A small set", "My small set")
    path.write_text(edited, encoding="utf-8")
    sheet.notebook.cells[1].source += " It has changed."
    publish.publish(sheet, tmp_path, wheel)
    assert path.read_text(encoding="utf-8") == edited
    assert path.with_name("small_set.new.ipynb").is_file()
