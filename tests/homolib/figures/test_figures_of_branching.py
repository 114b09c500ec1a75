"""What the pictures of non-uniqueness and branching say, against closed forms."""

import numpy as np
import pytest

from homolib import figures
from homolib.figures.non_branching import turning_set
from homolib.neuron.branching import branching_fractions, is_non_branching
from homolib.problems.datasets import branching_start


@pytest.mark.parametrize("name", ["turning", "dying", "five points", "dependent", "aligned"])
def test_every_branching_start_branches(name):
    assert not is_non_branching(**branching_start(name))


def test_an_unknown_start_is_named():
    with pytest.raises(ValueError, match="turning"):
        branching_start("nothing")


def test_shaded_set_is_where_the_flow_turns_on_the_kink():
    case = branching_start("turning")
    for u1, u2 in ((1, 0.1), (0.5, 0.5), (0.2, 0.8), (0.7, 0.3), (1.2, 0.5), (0.55, 0.1)):
        verdict = is_non_branching(case["X"], case["z"], -0.6, [u1, u2])
        assert bool(turning_set(u1, u2, -0.6)) == (not verdict and verdict.kink == 1)


def test_ways_on_are_counted_on_the_kink_where_v_passes_zero():
    """From (-0.6, 0.2, 0.6) it sticks to u1 = 0 and turns where u2^2 = 0.2^2 + 0.6^2 - 0.6^2; one side is dead."""
    assert "on the kink u1 = 0, at u2 = 0.200; 2 ways on" in figures.branching_set(0.2, 0.6)[1]
    assert "on the kink u2 = 0, at u1 = 0.806; 3 ways on" in figures.branching_set(1, 0.1)[1]


def test_no_balanced_start_branches_on_gaussian_data_and_others_do():
    assert branching_fractions(8, 3, 1.0, starts=40, sets=2) == (0, 0)
    below = branching_fractions(8, 3, 0.5, starts=100, sets=2)
    assert below[0] > 0
    assert below[1] == 0


def test_waiting_solution_says_where_it_is():
    _, sentence = figures.waiting_solution(1, 0, 1)
    assert f"({np.cosh(1):.3f}, {np.sinh(1):.3f})" in sentence
    _, sentence = figures.waiting_solution(-1, 0.5, 1)
    assert "0.549" in sentence
    assert "(-0.866, 0.000)" in sentence


@pytest.mark.parametrize(
    ("below", "above", "word"),
    [
        (1, 0.5, "cross"),
        (-1, -0.5, "cross"),
        (1, -0.5, "stay"),
        (-1, 0.5, "branch"),
        (0, 0.5, "branch"),
        (0, -1, "stay"),
    ],
)
def test_two_speeds_decide(below, above, word):
    assert word in figures.one_kink(below, above)[1]
