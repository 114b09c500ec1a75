"""The plan of the house: nine wings in a line, imports that run down it only, and rooms of a readable size."""

import ast
from pathlib import Path

import pytest

import homolib

SOURCE = Path(homolib.__file__).parent
WINGS = ["problems", "clarke", "flows", "neuron", "correlation", "saddles", "bounds", "figures", "explore"]
FOUNDATIONS, CORNER = ("_checks", "_records", "_settings"), "examples"  # below all wings; beside the first two
LONGEST_MODULE, LONGEST_FUNCTION = 350, 50


def modules(folder):
    """Dotted name -> syntax tree of every module."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf8"))
    return found


def imports(tree, known):
    """Modules of the library that a module imports, wherever in it the statement stands."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "homolib":
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in known else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "homolib"}
        elif isinstance(node, ast.ImportFrom) and node.level:
            found.add("." * node.level + (node.module or ""))
    return found


def floor(name):
    """How far down the line a module stands: what it imports must not stand further down."""
    room = name.split(".")[1] if "." in name else ""
    if room in FOUNDATIONS:
        return -1
    if room == CORNER:
        return WINGS.index("clarke") + 0.5
    return WINGS.index(room) if room in WINGS else len(WINGS)


def upward(trees):
    """Imports against the line: pairs of modules."""
    return [
        (name, other) for name, tree in trees.items() for other in imports(tree, trees) if floor(other) > floor(name)
    ]


def circles(trees):
    """Modules that import each other, directly or along a chain, the package itself and its wings left out."""
    arrows = {name: {o for o in imports(tree, trees) if o in trees and o != "homolib"} for name, tree in trees.items()}
    inner = {name for name in trees if name.count(".") == 2}
    arrows = {name: arrows[name] & inner for name in inner}
    reach = {name: set(others) for name, others in arrows.items()}
    for middle in inner:
        for name in inner:
            if middle in reach[name]:
                reach[name] |= reach[middle]
    return sorted(name for name in inner if name in reach[name])


def borrowed(trees):
    """Private names taken from another wing, by import or as an attribute of something that is not `self`."""
    found = []
    for name, tree in trees.items():
        own = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        own |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("homolib."):
                found += [(name, a.name) for a in node.names if a.name.startswith("_") and a.name not in FOUNDATIONS]
            elif isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
                receiver = node.value.id if isinstance(node.value, ast.Name) else ""
                if receiver not in {"self", "cls"} and node.attr not in own:
                    found.append((name, node.attr))
    return found


TREES = modules(SOURCE)


def test_imports_run_down_the_line_only():
    assert upward(TREES) == []


def test_no_module_is_part_of_a_circle():
    assert circles(TREES) == []


def test_no_wing_takes_a_private_name_of_another():
    assert borrowed(TREES) == []


def test_every_module_stands_in_a_wing():
    outside = {name for name in TREES if name.count(".") == 1 and name.split(".")[1] not in WINGS}
    assert outside == {f"homolib.{name}" for name in (*FOUNDATIONS, CORNER)}


@pytest.mark.parametrize(
    ("module", "line", "fault"),
    [
        ("homolib.problems.losses", "from homolib.flows.training import training_flow", upward),
        ("homolib.flows.trajectory", "def later():\n    from homolib.neuron.relu_flow import neuron_flow", upward),
        ("homolib.flows.trajectory", "from homolib.flows.training import training_flow", circles),
        ("homolib.correlation.kkt_point", "from homolib.correlation.kkt_planar import kkt_points", circles),
        ("homolib.saddles.saddle", "from homolib.problems.networks import _sigma", borrowed),
        ("homolib.saddles.saddle", "def peek(net):\n    return net._secret", borrowed),
    ],
)
def test_a_planted_fault_is_found(module, line, fault):
    planted = TREES | {module: ast.parse(line, mode="exec")}
    planted[module].body += TREES[module].body
    assert fault(planted) != fault(TREES)


def test_rooms_can_be_read_in_one_sitting():
    long = {
        p.name: n
        for p in SOURCE.rglob("*.py")
        if (n := len(p.read_text(encoding="utf8").splitlines())) > LONGEST_MODULE
    }
    assert long == {}


def length(function):
    """Lines of a function without its docstring."""
    first = function.body[0]
    docstring = ast.get_docstring(function) is not None
    return function.end_lineno - function.lineno + 1 - (first.end_lineno - first.lineno + 1 if docstring else 0)


def test_functions_are_short():
    functions = ((name, n) for name, tree in TREES.items() for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))
    assert {f"{name}.{f.name}": length(f) for name, f in functions if length(f) > LONGEST_FUNCTION} == {}
