"""Whatever is handed in is scored and reported, and costs nobody else a mark.

All of it is handed in together, behind the fence, with small bounds: a hole in the fence would cost 20 processes, not
thousands. Without the fence nothing of this is run.
"""

import json
import os
import re

import nbformat
import psutil
import pytest

import marking
from tests.course.conftest import SMALL, Course, answered, solved

pytestmark = pytest.mark.usefixtures("fenced")
LIMITS = dict(cell=3, test=3, total=40, memory=1 << 30, file=1 << 20, processes=8, output=5000)
ALL, SQUARE, NONE = [5, 4], [0, 4], [0, 0]

CALLED = {  # bodies of `square`, in a notebook that is right otherwise: only this problem may suffer
    "endless loop": "while True: pass",
    "endless loop that catches": "while True:\n        try: exec('while True: 0')\n        except BaseException: 0",
    "sleep": "import time; time.sleep(1000)",
    "allocation": "return bytearray(2 << 30)",
    "large result": "return np.zeros(10**7)",
    "deep result": "x = []\n    for _ in range(10**5): x = [x]\n    return x",
    "sys.exit": "import sys; sys.exit()",
    "os._exit": "os._exit(0)",
    "kill itself": "os.kill(os.getpid(), 9)",
    "stop itself": "os.kill(os.getpid(), signal.SIGSTOP)",
    "recursion": "return square(x)",
    "crash": "import ctypes; ctypes.string_at(0)",
    "an object that lies": "return type('A', (float,), {'__eq__': lambda *_: True})(3)",
    "another object that lies": "return type('A', (np.ndarray,), {'__array_ufunc__': lambda *_: True})(3)",
    "raises what is not his": "raise AssertionError",
    "forged answer": "os.write(4, b'\\x00\\x00\\x00\\x02{}'); return 1",
}
AT_ONCE = {  # a cell that is run before the answers, in a notebook that is right otherwise
    "syntax error": ("def f(:", ALL),
    "fork bomb": ("for _ in range(20): os.fork() or __import__('time').sleep(1000)", ALL),
    "kill the parent": ("for p in (os.getppid(), 1): os.kill(p, 9)", ALL),
    "kill all": ("os.kill(-1, 9)", ALL),
    "much output": ("for _ in range(200): print('x' * 1000_000)", ALL),
    "output past Python": ("os.system('head -c 200000000 /dev/zero')", ALL),
    "large file": ("open('/tmp/large', 'wb').write(bytes(200_000_000))", ALL),
    "many files": ("for i in range(300): open(f'/tmp/{i}', 'w')", ALL),
    "patched numpy": ("np.testing.assert_allclose = np.allclose = np.isclose = lambda *_, **__: True", ALL),
    "patched builtins": ("import builtins; builtins.abs = builtins.AssertionError = None", ALL),
}
FORGERS = {  # wrong answers together with something that should make the judge believe them
    "patched numpy": "np.testing.assert_allclose = np.allclose = np.isclose = lambda *_, **__: True",
    "patched assert": "import builtins\nbuiltins.AssertionError = type('Quiet', (BaseException,), {})",
    "rewritten asserts": "import builtins\nreal = compile\nbuiltins.compile = lambda s, *a, **k: real('0', *a, **k)",
    "patched everywhere": "import gc, unittest\nfor f in gc.get_objects():\n    if callable(f) and 'assert' in str(f):"
    "\n        try: f.__code__ = (lambda *_, **__: None).__code__\n        except Exception: pass",
}
FILES = {
    "empty": b"",
    "no notebook": b"\x89PNG\r\n" * 100,
    "html": b"<!DOCTYPE html><title>Log in</title>",
    "half of one": b'{"cells": [{"cell_type": "code", "metadata": {}',
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "cells of nothing": b'{"cells": [null, 3, {}], "metadata": 3}',
    "other text": "{}".encode("utf-16"),
    "50 MB": b" " * 50_000_000 + b"{}",
    "too many cells": json.dumps({"cells": [{"cell_type": "code", "metadata": {}, "source": ""}] * 3000}).encode(),
}


def deleted_cells(notebook):
    """Every test, and an answer."""
    notebook.cells = [
        c for c in notebook.cells if not c.metadata.nbgrader.grade and c.metadata.nbgrader.grade_id != "small-square"
    ]


def duplicated_cells(notebook):
    """Everything twice, and the first answer wrong."""
    copies = [nbformat.from_dict(cell) for cell in notebook.cells]
    for cell in copies:
        if cell.metadata.nbgrader.grade_id == "small-square":
            cell.source = "def square(x): return x"
    notebook.cells = copies + notebook.cells


def changed_ids(notebook):
    """Tests and answers go by other names."""
    for cell in notebook.cells:
        cell.metadata.nbgrader.grade_id = f"my-{cell.metadata.nbgrader.grade_id}"


def points_for_all(notebook):
    """Points, and what is a test, as the student would have it."""
    for cell in notebook.cells:
        cell.metadata.nbgrader |= {"points": 1000.0, "grade": True, "locked": False, "schema_version": 99}


def rewritten_tests(notebook):
    """An answer that is wrong, and tests that do not mind."""
    for cell in notebook.cells:
        if "-test-" in cell.metadata.nbgrader.grade_id:
            cell.source = "pass"
        if cell.metadata.nbgrader.grade_id == "small-square":
            cell.source = "def square(x): return x"


def swapped_tests(notebook):
    """The name of a test that is hard on the cell of one that is easy."""
    for cell in notebook.cells:
        if "-test-" in cell.metadata.nbgrader.grade_id:
            cell.metadata.nbgrader.grade_id, cell.cell_type = "small-order-test-1", "markdown"
            cell.pop("outputs", None), cell.pop("execution_count", None)


def odd_metadata(notebook):
    """Of a kind that nobody expects."""
    for cell, odd in zip(notebook.cells, [None, 3, [], {"grade_id": 3}, {"grade_id": None}, "x"] * 9, strict=False):
        if not cell.metadata.nbgrader.solution:
            cell.metadata["nbgrader"] = odd


CELLS = {
    deleted_cells: SQUARE,
    duplicated_cells: ALL,
    changed_ids: ALL,
    points_for_all: ALL,
    rewritten_tests: SQUARE,
    swapped_tests: ALL,
    odd_metadata: ALL,
}


@pytest.fixture(scope="module")
def graded(small, tmp_path_factory):
    """All bad submissions, between two good ones, graded in one run."""
    sheet, students = small
    course = Course(tmp_path_factory.mktemp("bad"), SMALL)
    for good in ("aaa", "zzz"):
        course.hand_in(good, solved(sheet, students))
    for name, body in CALLED.items():
        answer = f"import os, signal\ndef square(x):\n    {body}"
        course.hand_in(f"called {name}", solved(sheet, students, small_square=answer))
    for name, (source, _) in AT_ONCE.items():
        notebook = solved(sheet, students)
        notebook.cells.insert(3, nbformat.v4.new_code_cell(f"import os\n{source}"))
        course.hand_in(f"cell {name}", notebook)
    for name, source in FORGERS.items():
        notebook = answered(
            sheet, students, {"small-square": "def square(x): return 1", "small-order": "def order(*_): return 7"}
        )
        notebook.cells.insert(3, nbformat.v4.new_code_cell(source))
        course.hand_in(f"forger {name}", notebook)
    for name, content in FILES.items():
        course.hand_in(f"file {name}", content)
    for change in CELLS:
        notebook = solved(sheet, students)
        change(notebook)
        course.hand_in(change.__name__, json.dumps(notebook))
    os.symlink("/etc/hostname", course.folder / "link.ipynb")
    os.mkfifo(course.folder / "pipe.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        mark = marking.mark
        patch.setattr(marking, "mark", lambda content, master, seed, _, __: mark(content, master, seed, LIMITS))
        rows, code = course.grade()
    assert code == 0
    return rows


def marks(row):
    """Marks of the two problems with tests."""
    return [float(row[name]) for name in ("small-square", "small-order")]


def test_everyone_else_has_the_right_score(graded):
    assert marks(graded["aaa"]) == marks(graded["zzz"]) == ALL
    assert graded["aaa"]["report"] == graded["zzz"]["report"] == ""


@pytest.mark.parametrize("name", CALLED)
def test_a_function_that_misbehaves_costs_its_own_problem(graded, name):
    assert marks(graded[f"called {name}"]) == SQUARE


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_cell_that_misbehaves_costs_nothing(graded, name):
    assert marks(graded[f"cell {name}"]) == AT_ONCE[name][1]


@pytest.mark.parametrize("name", FORGERS)
def test_nothing_makes_the_judge_believe_a_wrong_answer(graded, name):
    assert marks(graded[f"forger {name}"]) == NONE


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_notebook_is_reported(graded, name):
    assert marks(graded[f"file {name}"]) == NONE
    assert graded[f"file {name}"]["report"].startswith(
        ("the file is", "the file has more", "the notebook has 3000 cells")
    )


@pytest.mark.parametrize("change", CELLS, ids=lambda change: change.__name__)
def test_cells_are_put_right(graded, change):
    assert marks(graded[change.__name__]) == CELLS[change]


def test_what_is_no_file_is_not_read(graded):
    assert "link" not in graded
    assert marks(graded["pipe"]) == NONE


def test_nothing_is_left_behind(graded):
    """No process of a submission outlives its grading."""
    words = [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]
    assert [line for line in words if re.search(r"judge\.py|inside\.py|bwrap", line)] == []
