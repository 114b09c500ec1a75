"""What the pictures of chapters 11 and 12 say, against the flow and closed forms."""

import re

import numpy as np
import pytest

import homolib as hl
from homolib.figures.saddle_escape import diagonal_data, two_plateaus


@pytest.mark.parametrize(("angle", "delta"), [(45.0, 1e-2), (80.0, 1e-3), (90.0, 1e-2), (0.0, 1e-2)])
def test_the_two_plateaus_are_the_training_flow(angle, delta):
    net, X, y = hl.SquaredReLU(2, 2), np.eye(2), np.array([4.0, 1.0])
    w0 = np.array([np.cos(np.radians(angle)), 0, 0, np.sin(np.radians(angle))])
    w0[np.abs(w0) < 1e-15] = 0
    path = hl.training_flow(net, X, y, w0, 3.0, delta=delta, tolerance=1e-11)
    exact = two_plateaus(angle, delta, path.t)
    np.testing.assert_allclose(path.w[:, [0, 3]], exact, rtol=1e-8, atol=1e-300)


def test_a_coordinate_that_starts_at_zero_stays_there():
    w = two_plateaus(90.0, 1e-100, np.linspace(0, 1000, 5))
    np.testing.assert_array_equal(w[:, 0], 0)
    assert w[-1, 1] == pytest.approx(1)


@pytest.mark.parametrize("name", ["orthogonal", "coupled", "one returns", "tie"])
def test_the_diagonal_examples_are_what_they_are_called(name):
    found = hl.diagonal_staircase(*diagonal_data(name))
    assert any(found.asleep) == (name == "one returns")
    assert any(tie.kind == "non-unique" for tie in found.ties) == (name == "tie")
    if name == "orthogonal":
        np.testing.assert_allclose(found.times, [0.5, 1, 2])


def test_the_sentence_of_a_staircase_has_measured_and_predicted_times():
    _, sentence = hl.figures.whole_staircase("coupled", 1e-100)
    pairs = np.array(re.findall(r"(\d+\.\d+) \((\d+\.\d+)\)", sentence), dtype=float)
    assert len(pairs) == 3
    assert np.abs(pairs[:, 0] - pairs[:, 1]).max() < 0.01


@pytest.mark.parametrize("delta", [1e-5, 1e-50])
def test_the_share_of_late_directions_is_that_of_a_fine_grid(delta):
    saddle = hl.figure_4_saddle()
    start = np.linspace(0, 2 * np.pi, 20_001)[:-1]
    end, _ = hl.Arcs(saddle.X, saddle.residual).flow(start, -np.log(delta) / 75)
    late = np.mean(np.abs(end - np.pi) > 0.1)
    _, sentence = hl.figures.who_aligns_in_time(30.0, delta)
    assert f"{late:.0%} are too late" in sentence


def test_verdicts_on_single_starts():
    assert "too late" in hl.figures.who_aligns_in_time(30.0, 1e-5)[1]
    assert "in time" in hl.figures.who_aligns_in_time(30.0, 1e-50)[1]
    assert "flat set: the neuron does not turn" in hl.figures.who_aligns_in_time(5.0, 1e-150)[1]


@pytest.mark.parametrize("delta", [1e-4, 1e-8])
def test_the_bad_point_is_left_at_once_and_the_good_one_is_not(delta):
    assert "at distance 0.182" in hl.figures.leaving_a_point("(1, 0)", delta)[1]
    assert "nearer than at the start" in hl.figures.leaving_a_point("(1, 1)", delta)[1]


def test_the_order_of_the_approach_is_three_quarters():
    assert "to the power 0.75" in hl.figures.approach_to_the_escape_path()[1]
