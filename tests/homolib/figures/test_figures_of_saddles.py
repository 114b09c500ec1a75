"""What the pictures of the chapters on saddles, escapes and staircases say, against the flow and closed forms."""

import re

import numpy as np
import pytest

import homolib as hl
from homolib.figures.saddle_escape import two_plateaus
from homolib.figures.staircases import diagonal_data


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


@pytest.mark.parametrize("name", ["turning back", "orthogonal", "coupled", "one returns", "tie"])
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


@pytest.mark.parametrize(("w1", "off"), [("sqrt 2", 0), ("sqrt 2 - delta", -1), ("sqrt 2 + delta", 1)])
def test_two_dormant_neurons_in_closed_form(w1, off):
    """The second is logistic; the third keeps its ratio to the first, and the square of both grows to two."""
    root, delta = np.sqrt(2), 1e-3
    second = -1 / np.sqrt(1 + (2 / delta**2 - 1) * np.exp(-4)) / delta
    square = (root + off * delta) ** 2 + delta**2 / 2
    third = np.sqrt(2 / (square + (2 - square) * np.exp(-8))) / root
    _, sentence = hl.figures.one_wakes(w1, delta)
    assert f"is $({second:.4f}, {third:.4f})$" in sentence
    gap = np.hypot(second + np.exp(2) / root, third - 1 / root)
    assert float(re.search(r"distance (\S+) from", sentence)[1]) == pytest.approx(gap, rel=0.05)


def test_the_opening_picture_says_when_half_of_the_loss_is_gone_and_nothing_of_the_frozen_flow():
    """There (1 - w_2^2)^2 = 1/2, and w_2^2 is logistic at the rate 4."""
    half = np.log((2e6 - 1) * (1 - 0.5**0.5) / 0.5**0.5) / 4
    _, sentence = hl.figures.one_wakes(frozen=False)
    assert f"at time {half:.2f}," in sentence
    assert "frozen" not in sentence
    assert "frozen" in hl.figures.one_wakes()[1]


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


def test_plateaus_of_one_neuron_end_as_forecast():
    _, sentence = hl.figures.longer_plateaus()
    forecast = np.array(re.findall(r"0\.\d{4}(?=[,:])", sentence), dtype=float)
    X, y = hl.datasets.circle()
    w0 = np.array([np.cos(1.0), np.sin(1.0)])
    for time, delta in zip(forecast, (1e-2, 1e-4, 1e-6, 1e-8), strict=True):
        path = hl.training_flow(hl.SquaredReLU(1, 2), X, y, w0, 0.25, delta=delta, tolerance=1e-9, points=4001)
        assert np.interp(-(192.1875 + 75) / 2, -path.loss, path.t) == pytest.approx(time, abs=1e-4)
    np.testing.assert_allclose(np.diff(forecast), np.log(100) / 93.75, atol=1e-4)
    assert "each 0.0491 later" in sentence


def test_one_path_at_every_scale():
    figure, sentence = hl.figures.one_escape_at_every_scale()
    left, right = figure.axes
    dots = [line for line in left.lines if line.get_marker() == "o"]
    for dot, delta in zip(dots, (1e-2, 1e-4, 1e-6), strict=True):
        (clock,), (height,) = dot.get_data()
        assert two_plateaus(45.0, delta, np.array([clock]))[0, 0] == pytest.approx(height, abs=1e-4)
        assert f"{height:.3f}" in sentence
    first, *others = (np.interp(np.linspace(-0.4, 0.4, 41), *line.get_data()) for line in right.lines)
    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-3)


def test_budgets_by_hand_are_those_of_the_staircases():
    found = hl.saddle_sequence(hl.SquaredReLU(2, 1), [[1.0], [-1.0]], [4.0, 1.0], np.array([1.0, -1.0]))
    first, second = (f"{time:g}" for time in found.times)
    _, sentence = hl.figures.two_budgets()
    assert f"to 1 at {first}, that of neuron 2 to {2 * found.times[0]:g} by then and to 1 at {second}" in sentence
    assert f"from {found.losses[0]:g} to {found.losses[1]:g} and to 0" in sentence


@pytest.mark.parametrize(
    ("label", "times", "first", "second"),
    [
        (-1.0, "0.5 and 2", "1 and 1", "0.5 and -1"),  # by hand in the chapter
        (-0.5, "0.5 and 4", "1 and 1", "0.75 and -1"),  # asked for in the chapter
        (-2.0, "0.5 and 1", "1 and 1", "0 and -1"),  # by hand: no pull on coordinate 2 at first
        (1.0, "0.3333 and 1", "0.6667 and 1", "1 and 1"),  # by hand in an exercise: coordinate 2 wakes first
    ],
)
def test_training_turns_back_where_the_circles_are(label, times, first, second):
    figure, sentence = hl.figures.budget_that_turns_back(label)
    assert (
        f"at the times {times}, the signed budget of coordinate 1 is {first}, that of coordinate 2 is {second}."
        in sentence
    )
    (axes,) = figure.axes
    lines, circles = axes.lines[0:4:2], axes.lines[1:4:2]
    for line, corners, said in zip(lines, circles, (first, second), strict=True):
        np.testing.assert_allclose(corners.get_xdata()[1:3], [float(one) for one in times.split(" and ")], rtol=1e-3)
        np.testing.assert_allclose(corners.get_ydata()[1:3], [float(one) for one in said.split(" and ")], rtol=1e-3)
        np.testing.assert_allclose(np.interp(corners.get_xdata(), *line.get_data()), corners.get_ydata(), atol=0.06)


def test_the_order_of_the_approach_is_three_quarters():
    assert "to the power 0.75" in hl.figures.approach_to_the_escape_path()[1]
