"""Small starts, separable networks, saddles: what happens when a hypothesis of the text is left out.

Each test holds the counterexample to a sentence that would be shorter than the one in the chapter, and false; where the
chapter shows it in a cell of its own, it is not here.
"""

import re
from itertools import combinations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import homolib as hl

FIGURE_1 = hl.datasets.circle(50)
FAN = np.array([[1.0, 0], [0.6, 0.8]])  # two inputs: a neuron that looks away sees neither
TIGHT = {"rtol": 1e-12, "atol": 1e-14, "method": "DOP853"}


def unit(angle):
    return np.array([np.cos(angle), np.sin(angle)])


# Small initialization


def test_the_opening_figure_says_what_the_text_says():
    """By the dotted line no angle can be told from its frozen one, and all six are within five degrees of the end."""
    sentence = hl.figures.frozen_and_trained(1e-3, 0)[1]
    apart, off = (float(x) for x in re.findall(r"(?:differ by|limit is) (\S+) degrees", sentence))
    assert apart < 0.01
    assert off < 5


def test_with_several_frozen_flows_there_is_no_direction_to_be_close_to():
    """w_1 relu(x w_2), inputs 1 and -1, labels 1: from (delta, 0) training may wait, then leave, up to 37 degrees."""
    X, y, delta, angles = np.array([[1.0], [-1.0]]), np.ones(2), 1e-3, []
    at_rest = hl.clarke_subdifferential(hl.TwoLayerReLU(1, 1), X, np.array([delta, 0.0]), y)
    assert not at_rest.min_norm().any()
    for since in (0.25, 0.5, 1.0):  # the rest of the unit of time it has waited
        w = solve_ivp(lambda t, w: (1 - w.prod()) * w[::-1], (0, since), [delta, 0.0], **TIGHT).y[:, -1]
        velocity = hl.TwoLayerReLU(1, 1).pullback(X, w, y - hl.TwoLayerReLU(1, 1).outputs(X, w))
        np.testing.assert_allclose(velocity, (1 - w.prod()) * w[::-1])
        angles.append(np.degrees(np.arctan2(w[1], w[0])))
    np.testing.assert_allclose(np.tan(np.radians(angles)), np.tanh([0.25, 0.5, 1.0]), rtol=1e-5)


def test_alignment_is_early_only():
    """The neuron with labels 2 and 1 follows its frozen flow to less than 3 degrees, and ends at 35."""
    net, X, y, w0 = hl.SquaredReLU(1, 2), np.eye(2), np.array([2.0, 1.0]), np.ones(2) / np.sqrt(2)
    path = hl.training_flow(net, X, y, w0, 12.0, delta=1e-4)
    angles = np.degrees(np.arctan2(path.w[:, 1], path.w[:, 0]))
    assert angles.min() < 1
    assert angles[-1] == pytest.approx(np.degrees(np.arctan(np.sqrt(0.5))))


@pytest.mark.parametrize("eta", [0.5, 1.0, 20.0])
def test_where_the_flow_grows_every_eta_serves_if_one_waits(eta):
    """There is no largest eta: with T so late that the frozen flow is 2 eta long, both claims of Theorem 5.1 hold."""
    net, (X, y), w0, epsilon, delta = hl.SquaredReLU(20, 2), FIGURE_1, hl.datasets.ring(20), 0.05, 1e-7
    limit = hl.correlation.flow_limit(net, X, y, w0, epsilon)
    T = max(limit.T, np.log(2 * eta) / (2 * hl.correlation.value(net, X, y, w0)))
    w = hl.training_flow(net, X, y, w0, T, delta=delta, points=2)
    assert w.norm[-1] >= eta * delta
    assert w.direction[-1] @ limit.direction >= 1 - (1 + 1.5 / eta) * epsilon


def test_a_kink_that_is_crossed_leaves_the_rate_as_it_is():
    """Two kinks on the way, and the gap is still of order delta^2: the proof by compactness gives no rate, data may."""
    (P, z), net, t = hl.datasets.five_points(), hl.TwoLayerReLU(1, 2), 0.4
    path = hl.neuron_flow(P, z, 1.5, unit(np.radians(160)), t)
    assert [event.kind for event in path.events] == ["cross", "cross"]
    w0, size = path.w[0] / path.norm[0], path.norm[0]
    gaps = []
    for delta in (1e-1, 1e-2):
        w = hl.training_flow(net, P, z, w0, t, delta=delta, tolerance=1e-11).at(t)
        gaps.append(np.linalg.norm(w / delta - path.at(t) / size))
    assert gaps[0] > 1e-3
    assert np.log10(gaps[0] / gaps[1]) == pytest.approx(2, abs=0.02)


def test_inputs_in_a_half_plane_make_no_strict_maximum_of_the_origin():
    net, (X, y) = hl.SquaredReLU(1, 2), FIGURE_1
    right = X[:, 0] > 0
    away, step = np.array([-1.0, 0]), 0.1
    assert not net.outputs(X[right], step * away).any()  # so the loss is that of the origin
    assert net.outputs(X, step * away) @ y > 0.3  # all around, some input is seen


@pytest.mark.parametrize(("start", "fate"), [(44.9, "tends to a finite length"), (45.1, "keeps growing")])
def test_the_sentence_under_two_outcomes_knows_the_end_before_it_is_seen(start, fate):
    """At the end of the picture both are still close to the diagonal, along which the flow vanishes."""
    assert f"the frozen flow {fate};" in hl.figures.two_outcomes(start)[1]


def test_the_value_zero_is_neither_growth_nor_vanishing():
    """v relu(u), input 1, label -1, from 30 degrees: u dies, v stays, N at the limit is 0 and the norm positive."""
    net, X, z = hl.TwoLayerReLU(1, 1), np.array([[1.0]]), np.array([-1.0])
    path = hl.ncf_flow(net, X, z, unit(np.pi / 6), 50.0)
    assert hl.correlation.value(net, X, z, path.direction[-1]) == pytest.approx(0, abs=1e-12)
    assert path.norm[-1] == pytest.approx(np.sqrt(0.5))


def test_the_flattest_height_costs_no_more_than_a_finite_length():
    """N = -|u|^2 exp(-1/phi^2) in the plane: ln|u| ends phi_0^4 / 4 lower, though N < 0 for ever."""

    def flow(t, u):
        phi = np.arctan2(u[1], u[0])
        height, slope = -np.exp(-(phi**-2.0)), -2 * phi**-3.0 * np.exp(-(phi**-2.0))
        return 2 * height * u + slope * np.array([-u[1], u[0]])

    u = solve_ivp(flow, (0, 1e4), [np.cos(1.0), np.sin(1.0)], **TIGHT).y[:, -1]
    phi = np.arctan2(u[1], u[0])
    assert 0 < phi < 0.4
    assert np.log(np.hypot(*u)) == pytest.approx((phi**4 - 1) / 4, abs=1e-7)


def test_a_neuron_that_settles_may_move_for_ever():
    """N = -|u|^2 theta^4 in the plane: theta = (theta_0^-2 + 8 t)^(-1/2), and ln|u| ends theta_0^2 / 4 lower."""

    def flow(t, u):
        theta = np.arctan2(u[1], u[0])
        return -2 * theta**4 * u - 4 * theta**3 * np.array([-u[1], u[0]])

    u = solve_ivp(flow, (0, 1e4), [np.cos(0.9), np.sin(0.9)], **TIGHT).y[:, -1]
    theta = np.arctan2(u[1], u[0])
    assert theta == pytest.approx((0.9**-2 + 8e4) ** -0.5, rel=1e-6)
    assert np.log(np.hypot(*u)) == pytest.approx((theta**2 - 0.9**2) / 4, abs=1e-7)


# Separable networks


def test_parts_that_are_not_homogeneous_break_the_corollary():
    """w_1^2 + w_2^2 = (w_1^2 - 5) + (w_2^2 + 5): block 1 grows, and its limit is no non-negative KKT point of N_1."""

    def value(w):
        return w**2 - 5

    flow = solve_ivp(lambda t, w: 2 * w, (0, 1), [np.sqrt(0.5)], **TIGHT)  # gradient of N_1 for the label 1
    assert flow.y[0, -1] > 2 * flow.y[0, 0]
    assert value(1.0) < 0 != value(0.0)


@pytest.mark.parametrize(("signs", "eta"), [(-1, 1), (1, 0.25)])
def test_eta_is_one_if_all_blocks_vanish_whatever_the_width(signs, eta):
    """Four neurons of equal length: 1 / (2 sqrt 4) is a bound only if one of them does not vanish."""
    net = hl.SquaredReLU(4, 2, signs=[signs] * 4)
    report = hl.bounds.corollary_5_4_1(net, *FIGURE_1, hl.datasets.ring(4), delta=1e-8, epsilon=0.05)
    assert report.holds
    assert report.values["eta"] == pytest.approx(eta)
    assert set(report.values["outcome"]) == {"vanishes" if signs < 0 else "aligns"}


def test_without_a_positive_entry_a_row_of_b_never_acts():
    rng, B = np.random.default_rng(0), np.array([[1.0, -1, 2], [-1, -2, -1]])
    net = hl.DeepReLU([(3, 2), B, None], trainable=(1, 3))
    weights, X = rng.standard_normal((100, net.size)), rng.standard_normal((5, 2))
    moved = weights.copy()
    moved[:, -1] += 1
    np.testing.assert_array_equal(net.outputs(X, moved), net.outputs(X, weights))
    moved[:, -2] += 1
    assert not np.array_equal(net.outputs(X, moved), net.outputs(X, weights))


def test_balance_and_general_position_alone_do_not_exclude_branching():
    """Any three of the inputs are independent, the start is balanced, and so are the branching ones near it."""
    start = hl.datasets.branching_start("aligned")
    assert all(abs(np.linalg.det(start["X"][list(three)])) > 0.1 for three in combinations(range(5), 3))
    for shift in np.random.default_rng(0).uniform(-1e-3, 1e-3, (10, 3)):
        u0 = start["u0"] + shift
        assert not hl.is_non_branching(start["X"], start["z"], np.linalg.norm(u0), u0)


def test_a_neuron_that_comes_to_rest_does_not_change_the_sign_of_v():
    """G > 0 at the start and nowhere negative; still v stays negative, because u looks away before v is zero."""
    path = hl.neuron_flow(FAN, np.ones(2), -0.5, unit(2.3), 20.0)
    assert np.maximum(FAN @ path.w[0, 1:], 0).sum() > 0
    assert path.w[-1, 0] < -0.1
    assert np.maximum(FAN @ path.w[-1, 1:], 0).max() <= 1e-12


# Saddles


@pytest.mark.parametrize(("angle", "order"), [(1.0, 1), (np.pi, 2)])
def test_the_order_of_the_gap_at_a_saddle_depends_on_the_dormant_start(angle, order):
    """Figure 4's saddle with one active and one dormant neuron, both flows by an integrator of its own."""
    X, y = FIGURE_1
    rest, dormant = y - 5 * np.maximum(X[:, 0], 0) ** 2, unit(angle)

    def train(t, w):
        active = np.maximum(w.reshape(2, 2) @ X.T, 0)
        return (2 * (active * (y - (active**2).sum(axis=0))) @ X).ravel()

    frozen = solve_ivp(lambda t, u: 2 * (np.maximum(X @ u, 0) * rest) @ X, (0, 0.05), dormant, **TIGHT).y[:, -1]
    gaps = []
    for delta in (1e-3, 1e-4):
        start = np.r_[np.array([np.sqrt(5), 0]) + delta * unit(0.3), delta * dormant]
        w = solve_ivp(train, (0, 0.05), start, **TIGHT | {"atol": 1e-17}).y[2:, -1]
        gaps.append(np.linalg.norm(w / delta - frozen))
    assert np.log10(gaps[0] / gaps[1]) == pytest.approx(order, abs=0.02)


def test_a_dormant_neuron_that_is_aligned_at_once_still_needs_a_positive_time():
    """T = 0 would mean C = 1, and the theorem claims C > 1."""
    saddle = hl.Saddle(hl.SquaredReLU(2, 2), *FIGURE_1, np.array([np.sqrt(5), 0, 0, 0]))
    push, aligned = np.array([1.0, 0, 0, 0]), np.array([0, 0, -1.0, 0])
    report = hl.bounds.theorem_5_5(saddle, aligned, push, delta=1e-6, epsilon=0.05)
    assert report.values["T"] > 0 < report.values["log_C"]


# Escapes


def test_two_squared_relu_neurons_have_no_second_derivatives_where_one_has_won():
    """N(u_1, u_2) at (e_1, 0): along u_2 = +-e_1 the difference quotients tend to two numbers."""
    X, y = FIGURE_1
    net, up = hl.SquaredReLU(2, 2), np.array([1.0, 0, 0, 0])
    across, h = np.array([0, 0, 1.0, 0]), 1e-3
    values = [y @ net.outputs(X, up + side * h * across) - y @ net.outputs(X, up) for side in (1, -1)]
    np.testing.assert_allclose(np.array(values) / h**2, [46.875, 37.5], rtol=1e-6)


@pytest.mark.parametrize("p", [2, 3, 4])
def test_a_flat_maximum_costs_a_finite_factor(p):
    """Height 1 - epsilon^p / p and the direction's own law, to a time at which the rest of the loss is below 1e-4."""
    start, end = 0.8, 3e4

    def flow(t, state):
        return [-(state[0] ** (p - 1)), 2 * state[0] ** p / p]

    angle, lost = solve_ivp(flow, (0, end), [start, 0], rtol=1e-9, atol=1e-14, method="LSODA").y[:, -1]
    assert lost == pytest.approx(start**2 / p, abs=1e-4)
    if p > 2:
        assert angle == pytest.approx((start ** (2 - p) + (p - 2) * end) ** (-1 / (p - 2)), rel=1e-4)
