"""The mutations that the test of the tests draws from: programs that differ from the library, and only in what runs."""

import ast

import mutants

MODULE = """
def f(x: int = 2) -> bool:
    \"\"\"Words - and signs.\"\"\"
    y = -x + 1
    return not y < 3 and max(y, 0) > 1.5
"""


def test_each_kind_of_mutation_is_made():
    made = {mutation.applied(MODULE).split("    ", 2)[2] for mutation in mutants.mutations("m.py", MODULE)}
    lines = "\n".join(sorted(made))
    for piece in ("x + 1", "-x - 1", "-x + 2", "pass", "y <= 3", "or max", "min(y", "3.0", "y < 4"):
        assert piece in lines, piece


def test_words_and_annotations_stay():
    for mutation in mutants.mutations("m.py", MODULE):
        broken = mutation.applied(MODULE)
        assert "Words - and signs." in broken
        assert "x: int" in broken
        assert "-> bool" in broken


def test_every_mutation_of_the_library_is_another_program():
    for module, source in mutants.sources().items():
        for mutation in list(mutants.mutations(module, source))[::61]:
            broken = mutation.applied(source)
            assert ast.dump(ast.parse(broken)) != ast.dump(ast.parse(source)), mutants.describe(mutation)


def test_a_sample_is_seeded_and_touches_every_module():
    sample = mutants.sample(150, seed=1)
    assert sample == mutants.sample(150, seed=1) != mutants.sample(150, seed=2)
    assert {mutation.module for mutation in sample} == set(mutants.sources())
