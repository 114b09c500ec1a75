"""What can be broken in the library: one operator, sign, constant, comparison or statement at a time.

A mutation that leaves the byte code as it is does not count. Drawings are left out: what is wrong in a picture is for
the eye.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

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
    """Text from `start` to `end` of a module (offsets) becomes `text`; the statement it is in begins at a line."""

    module: str
    line: int
    start: int
    end: int
    text: str
    statement: int

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

    for node, statement in living(ast.parse(source)):
        for start, end, text in changes(node, span, source):
            yield Mutation(module, node.lineno, start, end, text, statement)


def living(tree: ast.AST, statement: int = 0) -> Iterator[tuple[ast.AST, int]]:
    """Nodes that do something, with their statement's line: no annotations, imports, docstrings, words of messages."""
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
        if isinstance(child, ast.Assign) and (
            any(name in ast.dump(child) for name in ("'__all__'", "'TypeVar'"))
            or (isinstance(child.value, ast.Subscript) and ast.unparse(child.value.value) in ("Callable", "tuple"))
        ):
            continue
        within = child.lineno if isinstance(child, ast.stmt) else statement
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
            found[inner.as_posix()] = path.read_text(encoding="utf-8")
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
        one = next((k for k, mutation in enumerate(found) if is_another_program(mutation, source)), None)
        chosen += [] if one is None else [found.pop(one)]
        rest += found
    rng.shuffle(rest)
    others = (mutation for mutation in rest if is_another_program(mutation, texts[mutation.module]))
    while len(chosen) < count and (other := next(others, None)):
        chosen.append(other)
    return chosen if count >= len(texts) else rng.sample(chosen, count)


def describe(mutation: Mutation, source: str) -> str:
    """The line before and after."""
    before, after = source.splitlines(), mutation.applied(source).splitlines()
    line = mutation.line - 1
    shown = after[line].strip() if line < len(after) else ""
    return f"{mutation.module}:{mutation.line}\n    - {before[line].strip()}\n    + {shown}"
