"""The sentences under the figures of the chapters on small initialization, separable networks and Figure 1."""

import re

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from homolib.correlation.ncf import ncf_flow
from homolib.figures.a_figure_reproduced import correlation_on_arrival, draws_that_show_it, four_clocks, late_arcs
from homolib.figures.separable_networks import (
    balancing,
    correlation_and_paths,
    lengths_and_shares,
    predicted_limits,
    two_neurons,
    two_neurons_trained,
)
from homolib.figures.small_initialization import align_then_learn, early_training, frozen_and_trained, two_outcomes
from homolib.flows.training import training_flow
from homolib.neuron.circle import Arcs
from homolib.problems import datasets
from homolib.problems.networks import SquaredReLU


def gap_in(sentence):
    return float(re.search(r"the gap is (\S+) and", sentence)[1])


def test_a_tenth_of_delta_is_a_hundredth_of_the_gap():
    gaps = [gap_in(frozen_and_trained(delta, 0)[1]) for delta in (1e-3, 1e-4, 1e-5)]
    np.testing.assert_allclose(np.diff(np.log10(gaps)), -2, atol=0.05)  # the sentences have two digits
    assert "the gap is less than" in frozen_and_trained(1e-12, 0)[1]  # no claim below the integration error


@pytest.mark.parametrize("delta", [1e-3, 0.5])
@pytest.mark.parametrize(
    ("start", "fate"), [(45, "tends to zero"), (30, "tends to a finite length"), (50, "keeps growing")]
)
def test_the_outcome_is_decided_by_the_conserved_balance(start, fate, delta):
    """v^2 - u^2 is conserved until u reaches zero: a finite length sqrt(cos^2 - sin^2), zero, or a change of sign."""
    sentence = two_outcomes(start, delta)[1]
    assert fate in sentence
    if start == 30:
        assert f"norm is {np.sqrt(np.cos(2 * np.radians(start))):.3g}" in sentence


def test_the_clocks_differ_by_their_factors():
    sentence = four_clocks(1e-5, 1)[1]
    total, half, mean = (float(n) for n in re.findall(r": (\d+);", sentence))
    assert abs(half - 2 * total) <= 1
    assert abs(mean - 25 * half) <= 25
    assert sentence.endswith("half the mean: not within 50000.")


@pytest.mark.parametrize("within", [0.05, 0.2])
def test_the_ends_of_a_late_arc_need_the_time_of_the_run(within):
    """Against times of travel; the picture samples starts, a hundredth of a degree apart."""
    found = re.findall(r"\(time ([\d.]+)\) from ([\d.]+) to ([\d.]+)", late_arcs(within)[1])
    assert [time for time, *_ in found] == ["0.05", "0.1"]
    for time, *ends in found:
        for end, goal, outside in zip(
            np.radians([float(end) for end in ends]), (within, np.pi - within), (-1, 1), strict=True
        ):
            there = [Arcs(*datasets.circle(50)).travel(end + k * 1.1e-3 * outside, goal)[0] for k in (-1, 1)]
            assert there[1] < float(time) < there[0]


@pytest.mark.parametrize("delta", [1e-150, 1e-8, 1e-4])
def test_training_goes_where_the_slope_says_from_a_small_start_only(delta):
    sentence = correlation_and_paths(delta, 0)[1]
    assert "7 neurons at 0 and 13 at 180 degrees" in sentence
    assert (" 20 of 20 are within" in sentence) == (delta < 1e-5)
    assert " 20 of 20 are within" not in correlation_and_paths(0.1, 0)[1]


def test_limits_are_the_critical_points_uphill():
    arcs = Arcs(*datasets.circle(50, seed=3))
    theta = np.random.default_rng(0).uniform(-np.pi, np.pi, 200)
    apart = np.angle(np.exp(1j * (predicted_limits(arcs, theta) - arcs.flow(theta, 3.0)[0])))
    np.testing.assert_allclose(apart, 0, atol=1e-6)
    top = arcs.critical_points()[0].angle
    assert predicted_limits(arcs, np.array([top])) == pytest.approx(np.angle(np.exp(1j * top)))


def test_the_slow_group_fades_at_the_difference_of_the_rates():
    """Neurons are aligned well before t = 0.2: from then on the ratio of the groups falls as exp(-18.75 t)."""
    sentence = lengths_and_shares(0)[1]
    share = float(re.search(r"makes up (\S+) of", sentence)[1])
    arcs, w = Arcs(*datasets.circle()), datasets.random_start(40, 0).reshape(20, 2)
    theta, gain = arcs.flow(np.arctan2(w[:, 1], w[:, 0]), 0.4)
    length = np.linalg.norm(w, axis=1) * np.exp(gain - gain.max())
    expected = np.linalg.norm(length[np.cos(theta) < 0]) / np.linalg.norm(length)
    assert share == pytest.approx(expected, rel=0.06)


def test_two_neurons_learn_as_the_solver_says():
    """Closed form against the solver, in the early phase, while neuron 1 learns and when all is learned."""
    X, y, w0, delta = np.array([[1.0, 0], [-1, 0]]), np.array([4.0, 1.0]), np.array([1.0, 1, -1, 1]) / 2, 1e-3
    t = np.array([0.0, 0.3, 1.0, 2.0, 4.5])
    a1, b1, a2, b2 = training_flow(SquaredReLU(2, 2), X, y, w0, t[-1], delta=delta, tolerance=1e-11).at(t).T
    expected = np.arctan2(b1, a1), np.arctan2(b2, -a2), np.arctan2(np.sqrt(b1**2 + a2**2 + b2**2), a1)
    np.testing.assert_allclose(two_neurons_trained(delta, t), np.degrees(expected), rtol=1e-5)


@pytest.mark.parametrize("delta", [1e-2, 1e-4, 1e-8])
def test_the_slow_neuron_lags_by_a_fourth_root(delta):
    lag = float(re.search(r"neuron 2 is (\S+) degrees from its own", two_neurons(delta)[1])[1])
    assert lag == pytest.approx(np.degrees(np.arctan((delta / 4) ** 0.25)), rel=0.04)


@pytest.mark.parametrize(("start", "outgoing"), [(5.7, -0.5), (280.0, 1.0), (150.0, -1.5)])
def test_balance_is_conserved_and_reached(start, outgoing):
    sentence = balancing(start, outgoing)[1]
    assert float(re.search(r"stayed at (\S+)\. Events", sentence)[1]) == pytest.approx(outgoing**2 - 1)
    assert abs(float(re.search(r"v/\|u\|\$ is (\S+) and", sentence)[1])) == pytest.approx(1, abs=0.01)


def test_no_loss_is_gone_too_early():
    """At one per cent N(w) is one per cent of |y|^2 / 2, and N <= 46.875 |w|^2: the norm is at least 0.2."""
    assert float(re.search(r"the norm is (\S+),", early_training(1e-50, 3)[1])[1]) >= 0.2


def test_the_smallest_angle_is_the_root_of_the_start():
    """The neuron with the labels 2 and 1 turns back when w_1^2 = 1 + w_2^2; there tan^2 of its angle is about delta."""
    found = [float(n) for n in re.search(r"angles are (\S+), (\S+) and (\S+) degrees", align_then_learn()[1]).groups()]
    np.testing.assert_allclose(np.tan(np.radians(found[1:])), np.sqrt([0.01, 0.001]), rtol=0.02)
    assert "rises to 35.3 degrees" in align_then_learn()[1]  # (sqrt(2), 1)


def test_the_share_of_draws_agrees_with_an_integrator():
    """Six draws, followed on a fine grid of times until the last neuron has arrived."""
    net, (X, y), within = SquaredReLU(20, 2), datasets.circle(50), 0.2
    start = np.random.default_rng(3).standard_normal((6, 20, 2))
    for w, value in zip(start.reshape(6, 40), correlation_on_arrival(Arcs(X, y), start, within), strict=True):
        path = ncf_flow(net, X, y, w / np.linalg.norm(w), 0.3, points=3001)
        angle = np.abs(np.arctan2(path.w[:, 1::2], path.w[:, ::2]))
        arrived = np.argmax(np.minimum(angle, np.pi - angle).max(axis=1) < within)
        assert arrived > 0
        height = y @ net.outputs(X, path.direction[arrived])
        assert (w @ w) * np.exp(2 * path.log_norm[arrived]) * height == pytest.approx(value, rel=0.03)


def test_fewer_draws_show_it_the_larger_they_are_and_the_closer_one_looks():
    parts = re.search(r"it is (.*) per cent, with .*? ([\d.]+, [\d.]+ and [\d.]+)\.$", draws_that_show_it()[1]).groups()
    early, late = ([float(n) for n in re.findall(r"\d+(?:\.\d)?", words)] for words in parts)
    assert early == sorted(early, reverse=True)
    assert late == sorted(late, reverse=True)
    assert all(a < b < 100 for a, b in zip(early, late, strict=True))


@pytest.mark.parametrize("delta", [1e-2, 1e-3])
def test_time_and_angle_are_those_at_which_one_per_cent_is_lost(delta):
    """Against SciPy, which stops at the very moment."""
    X, y = datasets.circle(50)

    def residual(w):
        return y - (np.maximum(0, X @ w.reshape(6, 2).T) ** 2).sum(axis=1)

    def velocity(_, w):
        return (
            2
            * (residual(w)[:, None, None] * np.maximum(0, X @ w.reshape(6, 2).T)[:, :, None] * X[:, None])
            .sum(0)
            .ravel()
        )

    def lost(_, w):
        return np.sum(residual(w) ** 2) - 0.99 * np.sum(y**2)

    lost.terminal = True
    start = delta * datasets.random_start(12, 0)
    path = solve_ivp(velocity, (0, 0.12), start, method="DOP853", rtol=1e-10, atol=1e-13, events=lost)
    neurons = path.y_events[0][0].reshape(6, 2)
    degrees = np.degrees(np.arctan2(np.abs(neurons[:, 1]), np.abs(neurons[:, 0]))).max()
    sentence = frozen_and_trained(delta, 0)[1]
    assert f"At time {path.t_events[0][0]:.3f}, the dotted line" in sentence
    assert f"farthest from its limit is {degrees:.1f} degrees off" in sentence
