"""The real nbgrader from the source of a set to grades and feedback, in a course folder of its own."""

import datetime
import json
import os
import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

import grade
import gradebook
import sheets
from tests.course.conftest import SMALL, Course, solved

pytestmark = pytest.mark.usefixtures("fenced")
PROBLEMS = ("small-square", "small-order", "small-why")


def marks(row):
    """A student's marks, problem by problem."""
    return [float(row[name]) for name in PROBLEMS]


def test_solution_gets_full_marks_and_the_untouched_notebook_none(course, small):
    sheet, students = small
    course.hand_in("ann", solved(sheet, students))
    course.hand_in("bob", students)
    rows, code = course.grade()
    assert code == 0
    assert marks(rows["ann"]) == [5, 4, 0]
    assert rows["ann"]["to_mark_by_hand"] == "1"
    assert marks(rows["bob"]) == [0, 0, 0]
    assert rows["bob"]["to_mark_by_hand"] == "0"


def test_marks_given_by_hand_count(course, small):
    sheet, students = small
    course.hand_in("ann", solved(sheet, students))
    course.grade()
    with gradebook.api.Gradebook(f"sqlite:///{course.course}/gradebook.db", sheets.COURSE) as book:
        mark = book.find_grade("small-why-text", "small_set", "small_set", "ann")
        mark.manual_score, mark.needs_manual_grade = 3.0, False
        book.db.commit()
    rows, _ = course.grade()
    assert (rows["ann"]["total"], rows["ann"]["to_mark_by_hand"]) == ("12", "0")


@pytest.mark.parametrize(
    ("answer", "wrong", "left"),
    [
        ("small_square", "def square(x):\n    return np.asarray(x) ** 3 + 1", [0, 4]),
        ("small_square", "def square(x):\n    return [1.0, 4.0]", [2, 4]),
        ("small_square", "def square(x):\n    return abs(np.asarray(x)) ** 2 * (1 + 1e-3 * (len(x) > 2))", [2, 4]),
        ("small_order", "def order(network, X, w):\n    return 2.0", [5, 0]),
    ],
    ids=["wrong", "hard-coded", "wrong on other data", "another hard-coded"],
)
def test_a_wrong_answer_loses_marks_on_its_problem_only(course, small, answer, wrong, left):
    course.hand_in("ann", solved(*small, **{answer: wrong}))
    rows, _ = course.grade()
    assert marks(rows["ann"])[:2] == left


def test_nothing_is_graded_twice_and_a_new_file_is(course, small):
    sheet, students = small
    course.hand_in("ann", solved(sheet, students))
    course.hand_in("bob", students)
    course.grade()
    graded = {path: path.stat().st_mtime_ns for path in course.course.glob("autograded/*/*/*.ipynb")}
    course.grade()
    assert {path: path.stat().st_mtime_ns for path in graded} == graded
    later = course.hand_in("bob", solved(sheet, students))
    os.utime(later, (4e9, 4e9))
    rows, _ = course.grade()
    changed = {path.parts[-3] for path, when in graded.items() if path.stat().st_mtime_ns != when}
    assert changed == {"bob"}
    assert marks(rows["bob"]) == [5, 4, 0]


def test_an_older_file_does_not_replace_a_newer_one(course, small):
    sheet, students = small
    course.hand_in("ann", solved(sheet, students))
    course.grade()
    os.utime(course.hand_in("ann", students), (1e9, 1e9))
    rows, _ = course.grade()
    assert marks(rows["ann"]) == [5, 4, 0]


@pytest.mark.parametrize("step", ["SaveAutoGrades", "insert"], ids=["before its grades", "before it is done"])
def test_a_killed_run_goes_on_where_it_stopped(course, small, monkeypatch, step):
    """Ended while it enters the second submission: the first is not graded again, the second is."""
    sheet, students = small
    for student in ("ann", "bob", "cy"):
        course.hand_in(student, solved(sheet, students))
    calls, real = [], getattr(gradebook, step)

    def killed(*arguments, **named):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments, **named)

    monkeypatch.setattr(gradebook, step, killed)
    with pytest.raises(SystemExit, match="goes on from here"):
        course.grade()
    monkeypatch.undo()
    entered, real = [], gradebook.Gradebook.enter
    monkeypatch.setattr(gradebook.Gradebook, "enter", lambda *args: (entered.append(args[1].student), real(*args)))
    rows, code = course.grade()
    assert (code, len(entered)) == (0, 2)
    assert [marks(rows[student]) for student in ("ann", "bob", "cy")] == [[5, 4, 0]] * 3


def test_what_cannot_be_graded_is_reported_and_graded_next_time(course, small, monkeypatch):
    for student in ("ann", "bob"):
        course.hand_in(student, solved(*small))
    real = grade.marking.mark

    def lost(content, master, seed, *rest):
        if seed == seeds.get("bob"):
            raise RuntimeError("the worker is gone")
        return real(content, master, seed, *rest)

    seeds = {}
    real_seed = grade.seed
    monkeypatch.setattr(
        grade, "seed", lambda key, name, student: seeds.setdefault(student, real_seed(key, name, student))
    )
    monkeypatch.setattr(grade.marking, "mark", lost)
    rows, code = course.grade()
    assert (code, list(rows)) == (1, ["ann"])
    monkeypatch.undo()
    rows, code = course.grade()
    assert (code, list(rows)) == (0, ["ann", "bob"])


def test_late_and_repeated_submissions(course, small):
    sheet, students = small
    course.hand_in("ann", students, "ann@2027-02-28T09.00.ipynb")
    course.hand_in("ann", solved(sheet, students), "ann@2027-03-01T13.00.ipynb")
    course.hand_in("bob", solved(sheet, students), "bob/small_set/small_set.ipynb")
    course.hand_in("bob", "2027-03-03 12:00:00 UTC", "bob/small_set/timestamp.txt")
    course.hand_in("cy", solved(sheet, students), "cy@2027-03-01.ipynb")
    due = ["--due", "2027-03-01T12:00+00:00", "--late", "10"]
    rows, _ = course.grade(*due)
    assert rows["bob"]["total"] == "7.2"  # two days
    assert rows["bob"]["days_late"] == "2.00"
    assert "the newest of 2 files" in rows["ann"]["report"]
    assert marks(rows["ann"]) == [5, 4, 0]
    rows, _ = course.grade()  # what was said before holds
    assert rows["bob"]["total"] == "7.2"
    rows, _ = course.grade("--late", "0")
    assert rows["bob"]["total"] == "9"


def test_extensions_count(course, small):
    course.hand_in("ann", solved(*small), "ann@2027-03-02T12.00.ipynb")
    course.grade("--due", "2027-03-01T12:00", "--late", "50")
    with gradebook.api.Gradebook(f"sqlite:///{course.course}/gradebook.db", sheets.COURSE) as book:
        book.grant_extension("small_set", "ann", days=2)
    rows, _ = course.grade()
    assert (rows["ann"]["penalty"], rows["ann"]["total"]) == ("0", "9")


def test_a_roster_knows_strangers_and_who_is_missing(course, small, capsys):
    sheet, students = small
    roster = course.root / "roster.csv"
    roster.write_text("ID,Last_name\nann,A\ncharlotte,C\n", encoding="utf-8-sig")
    course.hand_in("ann", students)
    course.hand_in("charlote", solved(sheet, students))
    rows, _ = course.grade("--roster", str(roster))
    assert set(rows) == {"ann", "charlotte"}
    assert rows["charlotte"]["report"] == "nothing handed in"
    assert "did charlotte hand this in?" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["=cmd()", "-x", "a" * 101, "ann\nbob", "; drop table student"])
def test_a_file_name_that_is_no_student_is_not_graded(course, small, name):
    course.hand_in("ann", small[1])
    course.hand_in(name, small[1])
    rows, _ = course.grade()
    assert set(rows) == {"ann"}


def test_feedback_has_marks_and_no_hidden_test_and_runs_nothing(course, small):
    """Nor does anything of the student's run in the browser of whoever marks it."""
    sheet, students = small
    notebook = solved(sheet, students, small_square="def square(x):\n    return [1.0, 4.0]")
    notebook.cells.append(nbformat.v4.new_markdown_cell("<script>alert('mine')</script><img src=x onerror=alert(1)>"))
    notebook.cells.append(
        nbformat.v4.new_code_cell("from IPython.display import HTML\nHTML('<script>alert(2)</script>')")
    )
    course.hand_in("ann", notebook)
    course.grade("--feedback")
    page = (course.course / "feedback/ann/small_set/small_set.html").read_text(encoding="utf-8")
    assert "6.0 / 12" in page
    assert "marked_hidden" not in page
    soup = BeautifulSoup(page, "html.parser")
    assert not [script for script in soup.find_all("script") if "alert" in script.text]
    assert not [tag for tag in soup.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
    graded = (course.course / "autograded/ann/small_set/small_set.ipynb").read_text(encoding="utf-8")
    assert "text/html" not in graded
    assert not re.search(r"(?<!HTML\(')<(script|img)", graded)


def test_the_formgrader_shows_formulas_and_asks_no_other_host(course, small, monkeypatch):
    """With the template that stands in the course folder, where its settings send Jupyter to look."""
    course.hand_in("ann", solved(*small))
    course.grade()
    monkeypatch.setenv("JUPYTER_PATH", "")
    config = Config()
    exec((course.course / "nbgrader_config.py").read_text(encoding="utf-8"), {"get_config": lambda: config})
    exporter = HTMLExporter(template_name="formgrade", extra_template_basedirs=[handlers.template_path])
    graded = course.course / "autograded/ann/small_set/small_set.ipynb"
    about = {"assignment_id": "small_set", "notebook_id": "small_set", "submission_id": "1", "base_url": ""}
    page, _ = exporter.from_filename(str(graded), resources=about | {"index": 0, "total": 1})
    sources = [tag["src"] for tag in BeautifulSoup(page, "html.parser").select("script[src]")]
    assert "../../../files/jupyter/formulas.js" in sources
    assert not [source for source in sources if re.match("https?:|//", source)]
    assert "MathJax.Hub" in (course.course / "jupyter/formulas.js").read_text(encoding="utf-8")
    assert config.Autograde.autograde_preprocessors == []


def test_a_set_with_other_cells_than_were_handed_in_is_refused(tmp_path, small):
    source = tmp_path / "small_set.md"
    source.write_text(SMALL.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "y").mkdir()
    course = Course(tmp_path / "y", source)
    course.hand_in("ann", small[1])
    course.grade()
    source.write_text(source.read_text(encoding="utf-8").replace("small-why", "small-because"), encoding="utf-8")
    with pytest.raises(SystemExit, match="nbgrader cannot use"):
        course.grade()


def test_a_seed_is_the_same_in_every_run_and_another_for_everyone(tmp_path):
    key, late = grade.settings(tmp_path, "a", None)
    assert grade.settings(tmp_path, "a", 5.0) == (key, 5.0)
    assert grade.settings(tmp_path, "b", None) == (key, 0.0)
    assert json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))["late"] == {"a": 5.0}
    seeds = {grade.seed(key, name, student) for name in "ab" for student in ("ann", "bob")}
    assert len(seeds) == 4
    assert late == 0


def test_words_for_a_folder_and_a_set_that_are_not_there(tmp_path):
    with pytest.raises(SystemExit, match="there is no folder"):
        grade.main(["project", str(tmp_path / "none")])
    with pytest.raises(SystemExit, match="there is no problem set nothing; there are:"):
        grade.main(["nothing", str(tmp_path)])


def test_answers_without_names_are_still_run(course, small):
    """An editor that loses metadata costs nobody the marks of their code."""
    notebook = solved(*small)
    for cell in notebook.cells:
        cell.metadata = {}
    course.hand_in("ann", notebook)
    rows, _ = course.grade()
    assert marks(rows["ann"]) == [5, 4, 0]
    assert "no cell of this problem set" in rows["ann"]["report"]


def test_times_are_kept_in_utc():
    noon = grade.submissions.moment("2027-03-01T12:00+02:00")
    assert noon == datetime.datetime(2027, 3, 1, 10)
