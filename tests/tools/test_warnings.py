"""A warning in a cell, or anything else on standard error, turns the build and the tests red."""

import re
import shutil
import subprocess
import sys

import nbformat

import keep

LOUD = {
    "warning": "import warnings\nwarnings.warn('look out')",
    "printed": "import sys\nprint('look out', file=sys.stderr)",
    "native": "import os\n_ = os.write(2, b'look out')",
    "logged": "import logging\nlogging.warning('look out')",
}
QUIET = {"quiet": "print('all is well')"}


def test_a_cell_that_warns_turns_the_build_red(small_book):
    code, said = small_book(QUIET | LOUD)
    assert code != 0
    found = [name for name in LOUD for line in said if f"{name}.md" in line and "stderr was found" in line]
    assert (found, len(said)) == (list(LOUD), len(LOUD))


def test_a_quiet_book_is_green(small_book):
    assert small_book(QUIET | {"other": "1 + 1"}) == (0, [])


def test_a_cell_that_warns_turns_the_tests_red(tmp_path):
    expected = {name: "FAILED" for name in LOUD if name != "native"} | dict.fromkeys(QUIET, "PASSED")
    cells = [nbformat.v4.new_code_cell((LOUD | QUIET)[name]) for name in expected]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "chapter.ipynb")
    shutil.copy(keep.ROOT / "conftest.py", tmp_path)
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-v", "-p", "no:cacheprovider", "chapter.ipynb"]
    done = subprocess.run(command, cwd=tmp_path, encoding="utf-8", capture_output=True)
    assert re.findall(r"::Cell \d+ (PASSED|FAILED)", done.stdout) == list(expected.values())
