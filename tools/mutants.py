"""A test of the tests: break the library on purpose, one random place at a time, and see whether a test notices.

    python tools/mutants.py --seed 1 --count 150

What is broken, `mutations` says. First all tests run with a mark before each statement of the library: a test that
never comes to the broken statement cannot notice. Those that do run then, those of the module first, then those of its
wing, then those of others that take less than a second, the quick ones first, in a process of their own that imports
the broken module; the first failure ends it. Survivors are printed with their line before and after: each is either
shown to change nothing, or a test is missing. What is found is written down at once, and `--go-on` does not try again
what was noticed. Processes are forked, so this runs on Linux and macOS.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import hashlib
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder, SourceFileLoader
from itertools import groupby
from pathlib import Path
from types import CodeType

import pytest

from mutations import ROOT, Mutation, describe, sample, sources

LOG = ROOT / "_build/mutants"
FACTOR, ROOM = 5, 10  # a test may take so many times as long as before, and ten seconds: a broken loop may not end
QUICK = 1.0  # seconds that a test of another wing may take: slower ones alone notice one mutation in four hundred
LIBRARIES = ["numpy", "scipy.integrate", "scipy.optimize", "matplotlib.pyplot", "hypothesis.extra.numpy", "ipywidgets"]


class Loader(SourceFileLoader):
    """Compiles a module from what `change` makes of its source."""

    def __init__(self, name: str, path: str, change: Callable[[str], str | ast.Module]) -> None:
        super().__init__(name, path)
        self.change = change

    def get_code(self, fullname: str) -> CodeType:
        """No byte code is read or kept."""
        source = self.get_data(self.path).decode("utf8")
        return compile(self.change(source), self.path, "exec", dont_inherit=True)


class Finder(MetaPathFinder):
    """Finds modules of the library that are to be changed: path in the library -> change of its source."""

    def __init__(self, library: Path, changes: dict[str, Callable[[str], str | ast.Module]]) -> None:
        self.library, self.changes = library, changes

    def find_spec(self, fullname: str, path: object = None, target: object = None):
        """As Python does, with another loader."""
        if fullname.split(".")[0] != "homolib" or not (spec := PathFinder.find_spec(fullname, path, target)):
            return None
        change = self.changes.get(Path(spec.origin).relative_to(self.library).as_posix())
        if change:
            spec.loader = Loader(fullname, spec.origin, change)
        return spec


def marked(module: str, source: str) -> ast.Module:
    """The module with a call of `__mark__` before each statement."""
    tree = ast.parse(source)
    for node in list(ast.walk(tree)):
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if isinstance(block, list):
                block[:] = [part for statement in block for part in (*_mark(module, statement), statement)]
    return ast.fix_missing_locations(tree)


def _mark(module: str, statement: ast.stmt) -> Iterator[ast.stmt]:
    docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    if not docstring and not isinstance(statement, ast.ImportFrom):
        call = ast.Call(ast.Name("__mark__", ast.Load()), [ast.Constant(f"{module}:{statement.lineno}")], [])
        yield ast.copy_location(ast.Expr(call), statement)


class Plugin:
    """What pytest does besides: run the tests of a plan in its order, and note times, marks and the first failure."""

    def __init__(self, plan: dict[str, float] | None = None, seen: set[str] | None = None) -> None:
        """The plan says how long each test has taken."""
        self.plan, self.rank = plan or {}, plan and {name: rank for rank, name in enumerate(plan)}
        self.seen, self.marks, self.seconds, self.failure = seen, {}, {}, ""

    def pytest_collection_modifyitems(self, items: list) -> None:
        """Keep what is planned."""
        if self.rank:
            items[:] = sorted((item for item in items if item.nodeid in self.rank), key=lambda i: self.rank[i.nodeid])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """End the process where one test takes far too long."""
        self.take("")  # the first marks are those of what is imported
        signal.setitimer(signal.ITIMER_PROF, ROOM + FACTOR * self.plan[nodeid] if self.plan else 0)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Note to which marks the test came."""
        self.take(nodeid)

    def take(self, name: str) -> None:
        """The marks since the last time are those of `name`."""
        if self.seen:
            self.marks.setdefault(name, []).extend(self.seen)
            self.seen.clear()

    def pytest_runtest_logreport(self, report) -> None:
        """Add up setup, call and teardown."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + report.duration
        self.failure = self.failure or (report.nodeid if report.failed else "")

    def pytest_collectreport(self, report) -> None:
        """A file that cannot be imported fails, too."""
        self.failure = self.failure or (f"{report.nodeid}, when imported" if report.failed else "")


class Checkout:
    """A copy of the library and its tests, and processes in which tests run on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("homolib", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "tools", "chapters"):
            (folder / name).symlink_to(ROOT / name)
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        os.environ["PYTHONPATH"] = str(folder)  # for processes that tests start
        for name in LIBRARIES:
            importlib.import_module(name)

    def pytest(self, paths: list[str], plugin: Plugin) -> None:
        """Tests in the given files, up to the first failure."""
        options = ["-x", "-q", "-p", "no:cacheprovider", "--assert=plain", "--no-header"]
        code = pytest.main([*options, *paths], plugins=[plugin])
        plugin.failure = plugin.failure or ("" if code in (0, 5) else f"exit code {code}")  # 5: nothing was planned

    def measured(self, path: str) -> dict:
        """Run a file of tests on the library as it is: name -> seconds, name -> marks, those of imports under ""."""
        seen: set[str] = set()
        builtins.__mark__ = seen.add
        changes = {module: lambda source, m=module: marked(m, source) for module in sources()}
        sys.meta_path.insert(0, Finder(self.folder / "homolib", changes))
        self.pytest([path], plugin := Plugin(seen=seen))
        return {"file": path, "seconds": plugin.seconds, "marks": plugin.marks, "failure": plugin.failure}

    def tried(self, mutation: Mutation, rounds: list[dict[str, float]]) -> str:
        """The test that fails on the mutation, or ""."""
        sys.meta_path.insert(0, Finder(self.folder / "homolib", {mutation.module: mutation.applied}))
        for plan in rounds:
            self.pytest(list({name.split("::")[0]: None for name in plan}), plugin := Plugin(plan))
            if plugin.failure:
                return plugin.failure
        return ""

    def apart(self, jobs: Iterable, work: Callable, workers: int) -> Iterator[tuple[object, object]]:
        """`work` on each job in a process of its own: pairs of the job and what it gave, or what ended it."""
        jobs, running = iter(jobs), {}
        while True:
            while len(running) < workers and (job := next(jobs, None)) is not None:
                answer = self.folder / f"answer-{id(job)}"
                if not (pid := os.fork()):
                    self._answer(answer, work, job)
                running[pid] = job, answer
            if not running:
                return
            pid, status = os.wait()
            job, answer = running.pop(pid)
            yield job, json.loads(answer.read_text(encoding="utf-8")) if status == 0 else f"ended by signal {status}"

    def _answer(self, answer: Path, work: Callable, job: object) -> None:
        with open(os.devnull, "w", encoding="utf-8") as nothing:
            for stream in (1, 2):
                os.dup2(nothing.fileno(), stream)
        try:
            answer.write_text(json.dumps(work(job)), encoding="utf-8")
            os._exit(0)
        finally:
            os._exit(1)


class Tests:
    """All tests, how long each takes, and to which statements of the library it comes."""

    __test__ = False

    def __init__(self, path: Path, measure: Callable[[list[str]], Iterable[dict]]) -> None:
        """Measured anew if the library or a test has changed since `path` was written."""
        found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if found.get("state") != (now := state()):
            files = sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "tests/homolib").rglob("test_*.py"))
            found = {"state": now, "files": list(measure(files))}
            path.write_text(json.dumps(found), encoding="utf-8")
        self.seconds, self.reaching = {}, {}
        for file in found["files"]:
            self.seconds |= file["seconds"]
            for name, marks in file["marks"].items():
                for mark in marks:
                    self.reaching.setdefault(mark, set()).update([name] if name else file["seconds"])

    def coming_to(self, mutation: Mutation) -> list[dict[str, float]]:
        """Tests that come to the mutation, with their times: its module's, its wing's, others; the quick ones first."""
        *wing, module = Path(mutation.module).with_suffix("").parts
        home = "/".join(["tests/homolib", *wing])

        def distance(name: str) -> tuple[bool, bool]:
            path = Path(name.split("::")[0])
            return path.name != f"test_{module}.py", path.parent.as_posix() != home

        found = self.reaching.get(f"{mutation.module}:{mutation.statement}", ())
        found = (name for name in found if distance(name) < (True, True) or self.seconds[name] < QUICK)
        near = sorted(found, key=lambda name: (distance(name), self.seconds[name]))
        return [{name: self.seconds[name] for name in group} for _, group in groupby(near, distance)]


def state() -> str:
    """Hash of the library and its tests."""
    found = hashlib.sha256()
    for path in sorted(p for name in ("homolib", "tests") for p in (ROOT / name).rglob("*.py")):
        found.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


class Record:
    """What was found, written down as it comes."""

    def __init__(self, path: Path, go_on: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not go_on:
            path.write_text("", encoding="utf-8")
        self.path, self.texts = path, sources()
        rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
        self.noticed = {row["key"] for row in rows if row["by"]}

    def key(self, mutation: Mutation) -> str:
        """A mutation of a module as it stands now."""
        return hashlib.sha256(repr((asdict(mutation), self.texts[mutation.module])).encode()).hexdigest()

    def add(self, mutation: Mutation, by: str) -> None:
        """Write down which test noticed."""
        row = {"key": self.key(mutation), "by": by, "what": self.described(mutation)}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def described(self, mutation: Mutation) -> str:
        """In the library as it was when we began: it may be edited meanwhile."""
        return describe(mutation, self.texts[mutation.module])


def main() -> None:
    """Run a sample, print survivors as they come, and count."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--only", default="", help="modules whose path begins so")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--go-on", action="store_true", help="do not try again what was noticed before")
    options = parser.parse_args()
    chosen = [m for m in sample(options.count, options.seed) if m.module.startswith(options.only)]
    record = Record(LOG / f"seed-{options.seed}.jsonl", options.go_on)
    left = [mutation for mutation in chosen if record.key(mutation) not in record.noticed]
    with tempfile.TemporaryDirectory() as temporary:
        checkout = Checkout(Path(temporary).resolve())

        def measured(paths: list[str]) -> Iterator[dict]:
            for path, found in checkout.apart(paths, checkout.measured, options.workers):
                if isinstance(found, str) or found["failure"]:
                    raise SystemExit(f"{path} fails on the library as it is: {found}")
                yield found

        tests, survivors = Tests(LOG / "tests.json", measured), 0
        print(f"{len(left)} mutations to try; all tests take {sum(tests.seconds.values()):.0f} s", flush=True)
        found = checkout.apart(left, lambda m: checkout.tried(m, tests.coming_to(m)), options.workers)
        for number, (mutation, by) in enumerate(found, 1):
            record.add(mutation, by)
            if not by:
                survivors += 1
                print(f"survives ({number} of {len(left)} tried): {record.described(mutation)}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutations were noticed (seed {options.seed})")


if __name__ == "__main__":
    alone = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    if os.environ | alone != dict(os.environ):  # they count from the start of Python on
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | alone)
    main()
