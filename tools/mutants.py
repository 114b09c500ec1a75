"""A test of the tests: break the library on purpose, one random place at a time, and see whether a test notices.

    python tools/mutants.py --seed 1 --count 150

A mutation changes an operator, a sign, a constant or a comparison, or drops a statement, in a copy of the checkout. The
tests of the wing it stands in run first, then all others of the library; the first failure ends the run. Survivors are
printed with their line before and after: each is either shown to change nothing, or a test is missing. Drawings are
left out: what is wrong in a picture is for the eye.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
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
    """Text from `start` to `end` of a module (offsets) becomes `text`."""

    module: str
    line: int
    start: int
    end: int
    text: str

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

    for node in living(ast.parse(source)):
        for start, end, text in changes(node, span, source):
            yield Mutation(module, node.lineno, start, end, text)


def living(tree: ast.AST) -> Iterator[ast.AST]:
    """Nodes that do something: no annotations, imports, defaults of no use, docstrings or words of messages."""
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
        if hasattr(child, "lineno"):
            yield child
        yield from living(child)


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


def sample(count: int, seed: int) -> list[Mutation]:
    """`count` mutations: of each module in proportion to what can be broken in it, and of every module one."""
    rng, chosen, rest = random.Random(seed), [], []
    for module, source in sources().items():
        found = list(mutations(module, source))
        rng.shuffle(found)
        chosen += found[:1]
        rest += found[1:]
    rng.shuffle(rest)
    return (chosen + rest)[:count] if count >= len(chosen) else rng.sample(chosen, count)


def noticed(mutation: Mutation, folder: Path, timeout: float) -> bool:
    """Whether a test of the library fails on the mutation; a run that does not end in time counts as noticed."""
    path, source = folder / "homolib" / mutation.module, sources()[mutation.module]
    path.write_text(mutation.applied(source), encoding="utf8")
    wing = folder / "tests/homolib" / mutation.module.split("/")[0]
    first = [str(wing)] if wing.is_dir() else []
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header"]
    environment = os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        for tests in (first, ["tests/homolib"]):
            if tests:
                done = subprocess.run(
                    [*command, *tests], cwd=folder, env=environment, timeout=timeout, capture_output=True, check=False
                )
                if done.returncode:
                    return True
        return False
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(source, encoding="utf8")


def describe(mutation: Mutation) -> str:
    """The line before and after."""
    source = sources()[mutation.module]
    before, after = source.splitlines(), mutation.applied(source).splitlines()
    line = mutation.line - 1
    shown = after[line].strip() if line < len(after) else ""
    return f"{mutation.module}:{mutation.line}\n    - {before[line].strip()}\n    + {shown}"


def main() -> None:
    """Run a sample and print the survivors; the exit code says whether there are more than allowed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--only", default="", help="modules whose path begins so")
    parser.add_argument("--timeout", type=float, default=600)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    chosen = [m for m in sample(options.count, options.seed) if m.module.startswith(options.only)]
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(options.workers) as pool:
        folders = [Path(temporary, str(k)) for k in range(options.workers)]
        for folder in folders:
            for name in ("homolib", "tests"):
                shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            for name in ("pyproject.toml", "tools", "chapters"):
                (folder / name).symlink_to(ROOT / name)
        free = list(folders)

        def run(mutation: Mutation) -> tuple[Mutation, bool]:
            folder = free.pop()
            try:
                return mutation, noticed(mutation, folder, options.timeout)
            finally:
                free.append(folder)

        survivors = []
        for number, (mutation, seen) in enumerate(pool.map(run, chosen), 1):
            if not seen:
                survivors.append(mutation)
                print(f"survives ({number} of {len(chosen)} tried): {describe(mutation)}", flush=True)
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} mutations were noticed (seed {options.seed})")


if __name__ == "__main__":
    main()
