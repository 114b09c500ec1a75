"""Every problem set of the course: its solutions, its tests, and wrong answers of the kind that students give.

Most of it runs here and not behind the fence, because the code is ours; then every set goes once through the fence.
"""

import runpy
from functools import cache

import numpy as np
import pytest
import scipy

import homolib as hl
import judge
import restore
import sheets
from tests.course.conftest import HERE, SMALL, Course, answered

SETS = sheets.all_sources()
SEEDS = (0, 12345)  # their authors tried hundreds
pytestmark = pytest.mark.parametrize("source", [SMALL, *SETS], ids=lambda source: source.stem)


@cache
def read(source):
    """The set, read once."""
    return sheets.read(source)


def cells(sheet, *marks):
    """Code cells with one of these marks."""
    return [cell for cell in restore.code(sheet.notebook) if any(cell.metadata.nbgrader[mark] for mark in marks)]


def problem_of(cell):
    """Problem that a cell belongs to."""
    return cell.metadata.nbgrader.grade_id.partition("-test-")[0]


@cache
def solve(source):
    """All names of the notebook when it has run with its solutions, and which each problem defined."""
    space, defined = {"__name__": "notebook"}, {}
    for cell in restore.code(read(source).notebook)[1:]:
        if not cell.metadata.nbgrader.grade:
            before = dict(space)
            exec(cell.source, space)
            defined[problem_of(cell)] = {name for name in space if space[name] is not before.get(name)} - {
                "__builtins__"
            }
    return space, defined


def run_test(cell, space, seed):
    """Run a test cell as the judge does, with no names but those that it is given."""
    given = {"np": np, "scipy": scipy, "hl": hl, "math": __import__("math"), "seed": seed}
    exec(cell.source, given | {name: space[name] for name in judge.wanted(cell.source) if name in space})


def wrong_answers(sheet):
    """The wrong answers to each code problem."""
    return runpy.run_path(str(HERE / f"wrong/{sheet.name}.py"))["WRONG"]


def test_metadata_are_complete(source):
    sheet = read(source)
    known = sheets.outcomes() if source != SMALL else {}
    assert {outcome for problem in sheet.problems for outcome in problem.outcomes} <= set(known)
    for problem in sheet.problems:
        assert problem.points > 0
        assert problem.minutes > 0
        assert problem.outcomes or source == SMALL
        written = [cell for cell in sheet.notebook.cells if cell.metadata.nbgrader.grade_id == f"{problem.name}-text"]
        assert bool(problem.rubric) == bool(written), f"{problem.name}: a rubric goes with a written answer"
        tests = [cell.source for cell in cells(sheet, "grade") if problem_of(cell) == problem.name]
        assert bool(tests) == (problem.kind != "written")
        assert not tests or any(sheets.HIDDEN in test for test in tests), f"{problem.name} has no hidden tests"


@pytest.mark.parametrize("seed", SEEDS)
def test_solutions_pass_all_tests(source, seed):
    sheet = read(source)
    space, _ = solve(source)
    for cell in cells(sheet, "grade"):
        run_test(cell, space, seed)


def test_visible_checks_run_where_there_is_no_seed(source):
    sheet = read(source)
    space, _ = solve(source)
    for cell in cells(sheet, "grade"):
        visible = cell.source.partition(sheets.HIDDEN)[0]
        assert "seed" not in judge.names_read(visible)
        exec(visible, dict(space))


def test_wrong_answers_lose_marks_on_their_problem(source):
    sheet = read(source)
    wrong = wrong_answers(sheet)
    assert set(wrong) == {problem.name for problem in sheet.problems if problem.kind != "written"}
    for problem, answers in wrong.items():
        assert len(answers) >= 3, problem
        for name, answer in answers.items():
            exec(answer, space := dict(solve(source)[0]))
            tests = [cell for cell in cells(sheet, "grade") if problem_of(cell) == problem]
            for seed in range(5):  # or someone may be lucky
                assert not all(passes(cell, space, seed) for cell in tests), f"{problem}: {name} passes, seed {seed}"


def passes(cell, space, seed=1):
    """Whether a test cell passes."""
    try:
        run_test(cell, space, seed)
    except Exception:
        return False
    return True


@pytest.mark.filterwarnings("ignore")  # of NumPy, about what is compared here
@pytest.mark.parametrize(
    "nothing", [np.zeros(0), np.zeros((0, 0)), np.nan, True, None, [], {}, "", np.ma.masked_all(3)]
)
def test_nothing_in_particular_loses_marks(source, nothing):
    """Such as an empty array, which agrees with any number: `np.allclose(np.zeros(0), 3)` is true."""
    sheet = read(source)
    space, defined = solve(source)
    for problem in {problem_of(cell) for cell in cells(sheet, "grade") if cell.cell_type == "code"}:
        answers = {name: lambda *_, **__: nothing for name in defined[problem] if callable(space[name])}
        hidden = [cell for cell in cells(sheet, "grade") if problem_of(cell) == problem]
        assert not any(passes(cell, space | answers) for cell in hidden), problem


def test_wrong_answers_change_nothing_that_another_problem_uses(source):
    """So they can lose no marks there; the whole way through the fence is for a few of them, below."""
    sheet = read(source)
    space, defined = solve(source)
    for problem, answers in wrong_answers(sheet).items():
        for name, answer in answers.items():
            after = dict(space)
            exec(answer, after)
            changed = {key for key in after if after[key] is not space.get(key)} - {"__builtins__"}
            others = set().union(*(names for other, names in defined.items() if other != problem))
            assert not changed & others, f"{problem}: {name}"


def test_through_the_fence(source, tmp_path, fenced):
    """The solution has full marks, the untouched notebook none, and wrong answers lose marks where they should."""
    sheet = read(source)
    course = Course(tmp_path, source)
    students = sheets.release(sheet, tmp_path, f"sqlite:///{tmp_path}/gradebook.db")
    names = [cell.metadata.nbgrader.grade_id for cell in cells(sheet, "solution")]
    right = dict.fromkeys(names, True)
    course.hand_in("right", answered(sheet, students, right))
    course.hand_in("untouched", students)
    wrong, spoiled = wrong_answers(sheet), {}
    for start in (0, 1):
        spoiled[f"wrong{start}"] = names[start::2]
        some = {name: list(wrong[name].values())[start] for name in names[start::2]}
        course.hand_in(f"wrong{start}", answered(sheet, students, right | some))
    rows, code = course.grade()
    assert code == 0
    full = dict.fromkeys(names, 0.0)
    for cell in cells(sheet, "grade"):
        full[problem_of(cell)] += cell.metadata.nbgrader.points
    assert {name: float(rows["right"][name]) for name in names} == full
    assert float(rows["untouched"]["total"]) == 0
    for student, spoilt in spoiled.items():
        lost = {name for name in names if float(rows[student][name]) < full[name]}
        assert lost == set(spoilt), student
