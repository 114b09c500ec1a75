"""The mutations that the test of the tests draws from: programs that differ from the library, and only in what runs."""

import ast
import builtins
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import mutants
import mutations

MODULE = """
def f(x: int = 2) -> bool:
    \"\"\"Words - and signs.\"\"\"
    y = -x + 1
    return not y < 3 and max(y, 0) > 1.5
"""


def test_each_kind_of_mutation_is_made():
    made = {mutation.applied(MODULE).split("    ", 2)[2] for mutation in mutations.mutations("m.py", MODULE)}
    lines = "\n".join(sorted(made))
    for piece in ("x + 1", "-x - 1", "-x + 2", "pass", "y <= 3", "or max", "min(y", "3.0", "y < 4"):
        assert piece in lines, piece


def test_words_and_annotations_stay():
    for mutation in mutations.mutations("m.py", MODULE):
        broken = mutation.applied(MODULE)
        assert "Words - and signs." in broken
        assert "x: int" in broken
        assert "-> bool" in broken


def test_every_mutation_of_the_library_is_another_program():
    for module, source in mutations.sources().items():
        for mutation in list(mutations.mutations(module, source))[::61]:
            broken = mutation.applied(source)
            assert ast.dump(ast.parse(broken)) != ast.dump(ast.parse(source)), mutations.describe(mutation, source)


def test_a_sample_is_seeded_and_touches_every_module():
    sample = mutations.sample(150, seed=1)
    assert sample == mutations.sample(150, seed=1) != mutations.sample(150, seed=2)
    breakable = {module for module, source in mutations.sources().items() if any(mutations.mutations(module, source))}
    assert {mutation.module for mutation in sample} == breakable == set(mutations.sources()) - {"_settings.py"}


def test_marks_say_which_statements_run(monkeypatch):
    seen, names = [], {}
    monkeypatch.setattr(builtins, "__mark__", seen.append, raising=False)
    exec(compile(mutants.marked("m.py", MODULE), "m.py", "exec"), names)
    assert seen == ["m.py:2"]  # the definition, not the body
    assert (names["f"](-5), names["f"].__doc__) == (True, "Words - and signs.")
    assert seen == ["m.py:2", "m.py:4", "m.py:5"]
    assert {f"m.py:{m.statement}" for m in mutations.mutations("m.py", MODULE)} <= set(seen)


def test_tests_that_do_not_come_to_a_statement_are_left_out_and_near_ones_run_first(tmp_path):
    def measure(paths):
        near, wing, far = (f"tests/homolib/{path}.py" for path in ("flows/test_steps", "flows/test_other", "test_far"))
        times = {
            f"{near}::slow": 9.0,
            f"{near}::quick": 1.0,
            f"{wing}::a": 1.0,
            f"{far}::a": 0.1,
            f"{far}::b": 0.1,
            f"{far}::c": 1.1,
        }
        here = {f"{near}::slow": ["flows/steps.py:3"], f"{near}::quick": ["flows/steps.py:3", "flows/steps.py:4"]}
        there = (wing, {"": ["flows/steps.py:3"]}), (far, {f"{far}::{k}": ["flows/steps.py:3"] for k in "bc"})
        for path, marks in ((near, here), *there):
            yield {"seconds": {k: t for k, t in times.items() if k.startswith(path)}, "marks": marks, "failure": ""}

    tests = mutants.Tests(tmp_path / "tests.json", measure)
    rounds = tests.coming_to(mutants.Mutation("flows/steps.py", 3, 0, 0, "", 3))
    names = [[name.split("/")[-1] for name in names] for names in rounds]
    assert names == [["test_steps.py::quick", "test_steps.py::slow"], ["test_other.py::a"], ["test_far.py::b"]]
    assert tests.coming_to(mutants.Mutation("flows/steps.py", 9, 0, 0, "", 9)) == []
    again = mutants.Tests(tmp_path / "tests.json", lambda paths: pytest.fail("measured again, though nothing changed"))
    assert again.seconds == tests.seconds


def test_a_process_imports_the_broken_module():
    code = (
        "import sys, mutants; from pathlib import Path\n"
        "change = lambda source: source.replace('4 * self.beta', '3 * self.beta')\n"
        "sys.meta_path.insert(0, mutants.Finder(mutants.ROOT / 'homolib', {'problems/constants.py': change}))\n"
        "from homolib.problems.constants import Constants\n"
        "print(Constants(1.0, 1.0, 2.0, True).rate)"
    )
    path = os.pathsep.join([str(mutants.ROOT), str(mutants.ROOT / "tools")])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert float(done.stdout) == 6  # 8 in the library


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_each_job_has_a_process_of_its_own_and_one_that_is_killed_is_told():
    def work(job):
        if job == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return [job, os.getpid()]

    with tempfile.TemporaryDirectory() as folder:
        checkout = mutants.Checkout.__new__(mutants.Checkout)
        checkout.folder = Path(folder)
        found = dict(checkout.apart([1, 2, 3, 4], work, 2))
    assert found.pop(3) == f"ended by signal {signal.SIGKILL:d}"
    assert [job for job, _ in found.values()] == list(found)
    assert len({pid for _, pid in found.values()} | {os.getpid()}) == 4


def test_what_was_noticed_is_not_tried_again(tmp_path):
    one, two = mutations.sample(150, seed=1)[:2]
    record = mutants.Record(tmp_path / "log", go_on=False)
    record.add(one, "a test")
    record.add(two, "")
    assert mutants.Record(tmp_path / "log", go_on=True).noticed == {record.key(one)}
    assert mutants.Record(tmp_path / "log", go_on=False).noticed == set()


def test_a_mutation_that_leaves_the_byte_code_does_not_count():
    source = "x = 1 + 2\n"
    for text, another in (("2 + 1", False), ("1 + 3", True), ("1 - 2", True)):
        assert mutations.is_another_program(mutations.Mutation("m.py", 1, 4, 9, text, 1), source) is another
