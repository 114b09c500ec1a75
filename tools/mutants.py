"""A test of the tests: break the library on purpose, one random place at a time, and see whether a test notices.

    python tools/mutants.py --seed 1 --count 150

A mutation changes an operator, a sign, a constant or a comparison, or drops a statement, in a copy of the checkout; one
that leaves the byte code as it is does not count. First all tests run as they are, and coverage.py writes down which of
them come to which statement: a test that never comes to the broken one cannot notice. All that do run then, those of
the module and its wing first, and the quick ones first; the first failure ends the run. Survivors are printed with
their line before and after: each is either shown to change nothing, or a test is missing. Drawings are left out: what
is wrong in a picture is for the eye. What is found is written down at once, and `--go-on` does not try again what was
noticed.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType

from coverage import Coverage, CoverageData

ROOT = Path(__file__).parents[1]
LOG = ROOT / "_build/mutants"
CPU_SECONDS = 90  # for one test, and many times what the longest takes: a broken loop may not end
LEFT_OUT = {"figures", "explore"}
SWAPS = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.Pow: "*", ast.MatMult: "*", ast.Mod: "*",
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.And: "or", ast.Or: "and", ast.BitAnd: "|", ast.BitOr: "&",
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all", "all": "any",
         "sin": "cos", "cos": "sin", "argmin": "argmax", "argmax": "argmin", "floor": "ceil", "sum": "max"}  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """Text from `start` to `end` of a module (offsets) becomes `text`, in the statement in lines `first` to `last`."""

    module: str
    line: int
    start: int
    end: int
    text: str
    first: int
    last: int

    def applied(self, source: str) -> str:
        """The broken module."""
        return source[: self.start] + self.text + source[self.end :]


def mutations(module: str, source: str) -> Iterator[Mutation]:
    """Every mutation of a module."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    lines = source.splitlines()

    def offset(line: int, column: int) -> int:  # columns of ast count bytes
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    def span(node: ast.AST) -> tuple[int, int]:
        return offset(node.lineno, node.col_offset), offset(node.end_lineno, node.end_col_offset)

    for node, (first, last) in living(ast.parse(source)):
        for start, end, text in changes(node, span, source):
            yield Mutation(module, node.lineno, start, end, text, first, last)


def lines_of(statement: ast.stmt) -> tuple[int, int]:
    """Lines that are come to whenever the statement runs: of one with a body, its head."""
    if isinstance(statement, ast.If | ast.For | ast.While | ast.With):
        return statement.lineno, max(statement.lineno, statement.body[0].lineno - 1)
    return statement.lineno, statement.end_lineno


def living(tree: ast.AST, lines: tuple[int, int] = (0, 0)) -> Iterator[tuple[ast.AST, tuple[int, int]]]:
    """Nodes that do something, with their statement's lines: no annotations, imports, docstrings, words of messages."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Import | ast.ImportFrom):
            continue
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(tree, ast.AnnAssign | ast.arg) and child is tree.annotation:
            continue
        if isinstance(tree, ast.FunctionDef) and child is tree.returns:
            continue
        if isinstance(child, ast.JoinedStr):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        if isinstance(child, ast.Assign) and ast.dump(child.targets[0]).count("__all__"):
            continue
        within = lines_of(child) if isinstance(child, ast.stmt) else lines
        if hasattr(child, "lineno"):
            yield child, within
        yield from living(child, within)


def changes(node: ast.AST, span, source: str) -> Iterator[tuple[int, int, str]]:
    """What can be done to one node."""
    if isinstance(node, ast.BinOp | ast.Compare | ast.BoolOp):
        left, right = (node.left, node.comparators[0]) if isinstance(node, ast.Compare) else (
            node.values[:2] if isinstance(node, ast.BoolOp) else (node.left, node.right)
        )  # fmt: skip
        op = node.ops[0] if isinstance(node, ast.Compare) else node.op
        between = span(left)[1], span(right)[0]
        sign = source[slice(*between)].strip("() \n")
        if type(op) in SWAPS and sign and "#" not in sign:
            place = source.index(sign, between[0])
            yield place, place + len(sign), SWAPS[type(op)]
    elif isinstance(node, ast.UnaryOp):
        start = span(node)[0]
        yield start, start + (3 if isinstance(node.op, ast.Not) else 1), ""
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield (*span(node), str(not node.value))
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield (*span(node), str(node.value + 1))
    elif isinstance(node, ast.Constant) and isinstance(node.value, float):
        yield (*span(node), repr(node.value * 2 if node.value else 1.0))
    elif isinstance(node, ast.Attribute | ast.Name):
        name = node.attr if isinstance(node, ast.Attribute) else node.id
        if name in NAMES and isinstance(node.ctx, ast.Load):
            yield span(node)[1] - len(name), span(node)[1], NAMES[name]
    elif isinstance(node, ast.Assign | ast.AugAssign) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield (*span(node), "pass")


def sources() -> dict[str, str]:
    """The modules that may be broken."""
    found = {}
    for path in sorted((ROOT / "homolib").rglob("*.py")):
        inner = path.relative_to(ROOT / "homolib")
        if inner.parts[0] not in LEFT_OUT and path.name != "__init__.py":
            found[inner.as_posix()] = path.read_text(encoding="utf8")
    return found


def byte_code(code: CodeType) -> tuple:
    """What a module does, without the places where it is written."""
    constants = [byte_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return code.co_code, code.co_names, code.co_varnames, code.co_exceptiontable, constants


def is_another_program(mutation: Mutation, source: str) -> bool:
    """Whether the mutation changes the byte code."""
    before, after = (compile(text, "", "exec", optimize=2) for text in (source, mutation.applied(source)))
    return byte_code(before) != byte_code(after)


def sample(count: int, seed: int) -> list[Mutation]:
    """`count` mutations: of each module in proportion to what can be broken in it, and of every module one."""
    rng, chosen, rest, texts = random.Random(seed), [], [], sources()
    for module, source in texts.items():
        found = list(mutations(module, source))
        rng.shuffle(found)
        one = next(k for k, mutation in enumerate(found) if is_another_program(mutation, source))
        chosen.append(found.pop(one))
        rest += found
    rng.shuffle(rest)
    others = (mutation for mutation in rest if is_another_program(mutation, texts[mutation.module]))
    while len(chosen) < count and (other := next(others, None)):
        chosen.append(other)
    return chosen if count >= len(texts) else rng.sample(chosen, count)


class Plugin:
    """What pytest does with `-p mutants`: measure all tests, or run those of a plan in its order."""

    def __init__(self, plan: str, times: str) -> None:
        self.plan: dict[str, int] = json.loads(Path(plan).read_text(encoding="utf8")) if plan else {}
        self.times, self.seconds = times, defaultdict(float)

    def pytest_collection_modifyitems(self, items: list) -> None:
        """Keep what is planned; names that are new come last."""
        if self.plan:
            rank = {item.nodeid: self.plan.get(item.nodeid, len(self.plan)) for item in items}
            items[:] = sorted((item for item in items if rank[item.nodeid] >= 0), key=lambda item: rank[item.nodeid])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tell coverage whose lines these are, and where there is a clock end the run if a test takes far too long."""
        if coverage := Coverage.current():
            coverage.switch_context(nodeid)
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)

    def pytest_runtest_logreport(self, report) -> None:
        """Add up setup, call and teardown."""
        self.seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Write down how long each test took."""
        if self.times:
            Path(self.times).write_text(json.dumps(self.seconds), encoding="utf8")


def pytest_configure(config) -> None:
    """Take part in a run of pytest."""
    if coverage := Coverage.current():
        coverage.switch_context(config.args[0])  # what is imported runs for all tests of a file
    config.pluginmanager.register(Plugin(os.environ.get("MUTANTS_PLAN", ""), os.environ.get("MUTANTS_TIMES", "")))


class Copy:
    """A checkout of its own, for one worker."""

    def __init__(self, folder: Path) -> None:
        for name in ("homolib", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "tools", "chapters"):
            (folder / name).symlink_to(ROOT / name)
        (folder / "coveragerc").write_text("[run]\nrelative_files = True\nsource = homolib\n", encoding="utf8")
        path = os.pathsep.join(str(folder / name) for name in (".", "tools"))
        alone = {"PYTHONPATH": path, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.folder, self.environment = folder, os.environ | alone

    def pytest(self, paths: list[str], *before: str, timeout: float | None = None, **settings: str):
        """Tests in the given files, up to the first failure."""
        command = [*before, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "mutants", "--no-header"]
        return subprocess.run(
            [sys.executable, *command, *paths], cwd=self.folder, env=self.environment | settings, timeout=timeout,
            capture_output=True, encoding="utf8", errors="replace", check=False,
        )  # fmt: skip

    def measured(self, path: str) -> tuple[Path, dict[str, float]]:
        """Run a file of tests on the library as it is: what coverage found, and how long each test took."""
        found = self.folder / path.replace("/", "-")
        settings = {"MUTANTS_TIMES": str(self.folder / "times")}
        done = self.pytest([path], "-m", "coverage", "run", "--rcfile=coveragerc", f"--data-file={found}", **settings)
        if done.returncode:
            raise SystemExit(f"{path} fails on the library as it is:\n{done.stdout}{done.stderr}")
        return found, json.loads((self.folder / "times").read_text(encoding="utf8"))

    def noticed(self, mutation: Mutation, tests: Tests, timeout: float) -> str:
        """The test that fails on the mutation, or ""; a run that does not end in time counts as noticed."""
        path, source = self.folder / "homolib" / mutation.module, sources()[mutation.module]
        chosen = tests.coming_to(mutation)
        if not chosen:
            return ""
        files = {name.split("::")[0]: None for name in chosen}
        plan = {name: -1 for name in tests.seconds} | {name: rank for rank, name in enumerate(chosen)}
        (self.folder / "plan").write_text(json.dumps(plan), encoding="utf8")
        path.write_text(mutation.applied(source), encoding="utf8")
        try:
            done = self.pytest(list(files), timeout=timeout, MUTANTS_PLAN=str(self.folder / "plan"))
        except subprocess.TimeoutExpired:
            return "out of time"
        finally:
            path.write_text(source, encoding="utf8")
        failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
        return (failed or [f"exit code {done.returncode}"])[0] if done.returncode else ""


class Tests:
    """All tests, how long each takes, and to which lines of the library it comes."""

    __test__ = False

    def __init__(self, folder: Path, measure: Callable[[list[str]], Iterable[tuple[Path, dict[str, float]]]]) -> None:
        self.lines, known = CoverageData(str(folder / "coverage")), folder / "tests.json"
        now = state()
        found = json.loads(known.read_text(encoding="utf8")) if known.exists() else {}
        if found.get("state") != now:
            self.lines.erase()
            found = {"state": now, "seconds": {}}
            for data, seconds in measure(
                sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "tests/homolib").rglob("test_*.py"))
            ):
                one = CoverageData(str(data))
                one.read()
                self.lines.update(one)
                found["seconds"] |= seconds
            known.write_text(json.dumps(found), encoding="utf8")
        self.lines.read()
        self.seconds: dict[str, float] = found["seconds"]

    def coming_to(self, mutation: Mutation) -> list[str]:
        """Tests that come to the mutation: its module's first, then its wing's, then others, the quick ones first."""
        contexts = self.lines.contexts_by_lineno(f"homolib/{mutation.module}")
        found = {name for line in range(mutation.first, mutation.last + 1) for name in contexts.get(line, ())}
        *wing, module = Path(mutation.module).with_suffix("").parts
        home = "/".join(["tests/homolib", *wing])

        def distance(name: str) -> tuple[bool, bool, float]:
            path = Path(name.split("::")[0])
            return path.name != f"test_{module}.py", path.parent.as_posix() != home, self.seconds[name]

        return sorted((n for n in self.seconds if n in found or n.split("::")[0] in found), key=distance)


def state() -> str:
    """Hash of the library and its tests."""
    found = hashlib.sha256()
    for path in sorted(p for name in ("homolib", "tests") for p in (ROOT / name).rglob("*.py")):
        found.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def describe(mutation: Mutation) -> str:
    """The line before and after."""
    source = sources()[mutation.module]
    before, after = source.splitlines(), mutation.applied(source).splitlines()
    line = mutation.line - 1
    shown = after[line].strip() if line < len(after) else ""
    return f"{mutation.module}:{mutation.line}\n    - {before[line].strip()}\n    + {shown}"


class Record:
    """What was found, written down as it comes."""

    def __init__(self, path: Path, go_on: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not go_on:
            path.write_text("", encoding="utf8")
        self.path, self.texts = path, sources()
        rows = [json.loads(row) for row in path.read_text(encoding="utf8").splitlines()] if path.exists() else []
        self.noticed = {row["key"] for row in rows if row["by"]}

    def key(self, mutation: Mutation) -> str:
        """A mutation of a module as it stands now."""
        return hashlib.sha256(repr((asdict(mutation), self.texts[mutation.module])).encode()).hexdigest()

    def add(self, mutation: Mutation, by: str) -> None:
        """Write down which test noticed."""
        row = {"key": self.key(mutation), "by": by, "what": describe(mutation)}
        with self.path.open("a", encoding="utf8") as file:
            file.write(json.dumps(row) + "\n")


def main() -> None:
    """Run a sample, print survivors as they come, and count."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--only", default="", help="modules whose path begins so")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds for all tests on one mutation")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--go-on", action="store_true", help="do not try again what was noticed before")
    options = parser.parse_args()
    chosen = [m for m in sample(options.count, options.seed) if m.module.startswith(options.only)]
    record = Record(LOG / f"seed-{options.seed}.jsonl", options.go_on)
    left = [mutation for mutation in chosen if record.key(mutation) not in record.noticed]
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(options.workers) as pool:
        free = [Copy(Path(temporary, str(k))) for k in range(options.workers)]

        def with_a_copy(work, *arguments):
            copy = free.pop()
            try:
                return work(copy, *arguments)
            finally:
                free.append(copy)

        tests = Tests(LOG, lambda paths: pool.map(lambda path: with_a_copy(Copy.measured, path), paths))
        print(f"{len(left)} mutations to try; all tests take {sum(tests.seconds.values()):.0f} s", flush=True)
        runs = {pool.submit(with_a_copy, Copy.noticed, m, tests, options.timeout): m for m in left}
        survivors = 0
        for number, run in enumerate(as_completed(runs), 1):
            record.add(runs[run], run.result())
            if not run.result():
                survivors += 1
                print(f"survives ({number} of {len(left)} tried): {describe(runs[run])}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutations were noticed (seed {options.seed})")


if __name__ == "__main__":
    main()
