"""What CONTRIBUTING.md shows as real is real: its examples stand in the sources, its paths exist."""

import re

import pytest

import book

TEXT = (book.ROOT / "CONTRIBUTING.md").read_text(encoding="utf8")
SOURCES = "\n".join(
    path.read_text(encoding="utf8")
    for folder, pattern in (("homolib", "*.py"), ("chapters", "*.md"))
    for path in (book.ROOT / folder).rglob(pattern)
)
EXAMPLES = [
    block for kind, block in re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL) if kind == "python" or "{" in block
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda block: block.split("\n")[0][:40])
def test_examples_stand_in_the_sources(example):
    assert example in SOURCES


def test_there_is_an_example_of_each_kind():
    assert len(EXAMPLES) == 5


def test_paths_exist():
    paths = {name for name in re.findall(r"`((?:chapters|homolib|tests|tools|benchmarks)/[\w./-]*)`", TEXT)}
    assert len(paths) >= 10
    assert {name for name in paths if not (book.ROOT / name).exists()} == set()


def test_the_plan_names_the_wings_in_order():
    wings = re.search(r"```text\n (.*)\n", TEXT)[1].split()
    assert wings == ["problems", "clarke", "flows", "neuron", "correlation", "saddles", "bounds", "figures", "explore"]
