"""Lemma 5.2, Theorem 5.1 and Corollary 5.4.1 as inequalities: both outcomes, both sides, and ways to fail."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import homolib as hl
from homolib import bounds
from tests.homolib.strategies import SEEDS

FIGURE_1 = (hl.SquaredReLU(20, 2), *hl.datasets.circle(50), hl.datasets.ring(20))
SHRINKING = (hl.SquaredReLU(1, 1, signs=[-1]), np.ones((1, 1)), np.ones(1), np.ones(1))  # N = -u^2: u = exp(-2 t)


def test_theorem_5_1_on_figure_1():
    """T and the norm there, from an independent integration in Cartesian weights."""
    report = bounds.theorem_5_1(*FIGURE_1, delta=2e-4, epsilon=0.05)
    assert report.applies
    assert report.holds
    assert report.values["outcome"] == "aligns"
    assert report.values["eta"] == pytest.approx(0.5)
    assert report.values["T"] == pytest.approx(0.0592428894, abs=2e-10)
    assert report.values["log_C"] == pytest.approx(16.446843, abs=1e-6)
    assert report.values["norm"] == pytest.approx(136.28, rel=1e-3)


def test_joint_direction_leaves_the_slower_neurons_out():
    """All weights together point along the fastest neurons; those that head for pi vanish from the direction."""
    direction = bounds.theorem_5_1(*FIGURE_1, delta=1e-6, epsilon=0.05).values["direction"]
    radii = np.linalg.norm(direction.reshape(20, 2), axis=1)
    expected = [0.443606908613, 0.407502260840, 0.331742152145, 0.224746568699, 0.100502411196]
    np.testing.assert_allclose(radii[:5], expected, atol=1e-8)
    np.testing.assert_allclose(radii[5:15], 0, atol=1e-8)


def test_corollary_on_figure_1():
    report = bounds.corollary_5_4_1(*FIGURE_1, delta=2e-6, epsilon=0.05)
    assert report.applies
    assert report.holds
    assert report.values["T"] == pytest.approx(0.0828586615, abs=1e-9)
    angles = np.degrees(np.arctan2(*report.values["direction"].T[::-1])) % 360
    assert set(np.round(angles, 5)) <= {0.0, 180.0, 360.0}


def test_the_other_outcome():
    """A neuron of the wrong sign only shrinks: u = exp(-2 t) reaches epsilon at T = ln(1/epsilon) / 2."""
    report = bounds.theorem_5_1(*SHRINKING, delta=1e-5, epsilon=0.01)
    assert report.values["outcome"] == "vanishes"
    assert report.values["T"] == pytest.approx(np.log(100) / 2, rel=1e-6)
    assert report.applies
    assert report.holds


def test_both_outcomes_in_one_network():
    net, X, y = hl.SquaredReLU(2, 1, signs=[1, -1]), np.ones((1, 1)), np.ones(1)
    report = bounds.corollary_5_4_1(net, X, y, np.array([0.6, 0.8]), delta=1e-12, epsilon=0.1)
    assert report.values["outcome"].tolist() == ["aligns", "vanishes"]
    assert report.applies
    assert report.holds


@settings(max_examples=10)
@given(SEEDS, st.sampled_from([1e-4, 1e-8, 1e-150]))
def test_the_weights_stay_small_as_lemma_5_2_says(seed, delta):
    net, (X, y) = hl.SquaredReLU(3, 2, signs=[1, -1, 1]), hl.datasets.circle(6, seed=seed)
    t_end = 8 / bounds.constants(net, X, y).rate
    report = bounds.lemma_5_2(net, X, y, hl.datasets.random_start(6, seed), delta, t_end, epsilon=1e-3)
    assert report.applies
    assert report.holds


@settings(max_examples=10)
@given(SEEDS)
def test_growth_never_beats_its_rate_in_any_network(seed):
    X, y = hl.datasets.gaussian(4, 2, seed=seed)
    net = hl.DeepReLU([(3, 2), (1, 3)], (1, 2), slope=1.0)
    t_end = 10 / bounds.constants(net, X, y).rate
    report = bounds.lemma_5_2(net, X, y, hl.datasets.random_start(9, seed), 1e-4, t_end, epsilon=1e-2)
    assert report.applies
    assert report.holds


def test_growth_bound_is_nearly_sharp_for_one_point():
    """One input, one label: |w(T)| / (sqrt(C) delta) = C^(-1 / (2 (1 + Y))) as delta tends to zero."""
    Y, t_end = 1000.0, 0.002
    net, X, y = hl.SquaredReLU(1, 1), np.ones((1, 1)), np.array([Y])
    report = bounds.lemma_5_2(net, X, y, np.ones(1), 1e-9, t_end, epsilon=0.01)
    log_C = report.values["log_C"]
    assert np.log(report.values["growth"]) - log_C / 2 == pytest.approx(-log_C / (2 * (1 + Y)), rel=1e-4)
    assert report.holds


def test_a_rate_half_as_large_would_be_false():
    """The teeth of the check above: with 2 beta beta_tilde in place of 4, the same run breaks the bound."""
    report = bounds.lemma_5_2(hl.SquaredReLU(1, 1), [[1.0]], [1000.0], [1.0], 1e-9, 0.002, epsilon=0.01)
    assert np.log(report.values["growth"]) > report.values["log_C"] / 4


def test_too_large_a_start_fails_and_is_reported():
    report = bounds.theorem_5_1(*FIGURE_1, delta=0.5, epsilon=0.05)
    assert not report.applies
    assert not report.holds
    assert any(not row.holds for row in report.rows if not row.hypothesis)


def test_start_of_size_1e_150():
    report = bounds.theorem_5_1(*FIGURE_1, delta=1e-150, epsilon=0.01)
    assert report.values["T"] == pytest.approx(0.1036023093, abs=1e-8)
    assert report.applies
    assert report.holds


def test_two_layer_relu_with_exact_frozen_flow():
    """One data point: every neuron that sees it aligns with it."""
    net, X, y = hl.TwoLayerReLU(1, 2), np.array([[0.6, 0.8]]), np.ones(1)
    w0 = np.array([0.8, 0.6, 0.0])
    report = bounds.theorem_5_1(net, X, y, w0, delta=1e-6, epsilon=0.01)
    assert report.holds
    np.testing.assert_allclose(report.values["direction"], np.array([1, 0.6, 0.8]) / np.sqrt(2), atol=1e-7)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"delta": 0}, "delta"),
        ({"epsilon": 0}, "epsilon"),
        ({"epsilon": 0.6}, "epsilon"),
        ({"w0": 2 * hl.datasets.ring(20)}, "w0"),
        ({"w0": np.ones(3)}, "w0"),
        ({"y": np.ones(3)}, "y"),
    ],
)
def test_bad_input_names_the_argument(changes, name):
    net, X, y, w0 = FIGURE_1
    arguments = {"net": net, "X": X, "y": y, "w0": w0, "delta": 1e-4, "epsilon": 0.05} | changes
    with pytest.raises(ValueError, match=rf"^{name}: got .*, want "):
        bounds.theorem_5_1(**arguments)


def sides(report):
    return [(row.left, row.right) for row in report.rows]


def test_both_sides_of_every_row_where_one_weight_shrinks():
    """H = -u^2, one label 1: beta = beta_hat = 1, beta_tilde = 2, rate 8; u = exp(-2 t) and the training is as fast."""
    delta, epsilon, T = 1e-5, 0.01, np.log(100) / 2
    report = bounds.theorem_5_1(*SHRINKING, delta=delta, epsilon=epsilon)
    expected = [(np.log(delta), -8 * T / 2), (0, epsilon), (0, 8 * T / 2), (epsilon, 2 * epsilon)]
    np.testing.assert_allclose(sides(report), expected, rtol=1e-6, atol=1e-9)
    assert [row.hypothesis for row in report.rows] == [True, True, False, False]
    lemma = bounds.lemma_5_2(*SHRINKING, delta=delta, t_end=0.5, epsilon=epsilon)
    np.testing.assert_allclose(sides(lemma), [(np.log(delta), -2), (0, 2), (0, epsilon)], rtol=1e-12, atol=1e-9)
    assert [row.hypothesis for row in lemma.rows] == [True, False, False]


@pytest.mark.parametrize("check", [bounds.theorem_5_1, bounds.corollary_5_4_1])
def test_both_sides_of_every_row_where_a_weight_turns(check):
    """H = u_2^2, label 1: u = (sin a, exp(2 t) cos a), within epsilon of (0, 1) in cosine from T on."""
    angle, epsilon, delta = 0.4, 0.05, 1e-9
    T = np.log(np.tan(angle) / np.tan(np.arccos(1 - epsilon))) / 2
    norm = np.hypot(np.sin(angle), np.exp(2 * T) * np.cos(angle))
    start = np.array([np.sin(angle), np.cos(angle)])
    report = check(hl.SquaredReLU(1, 2), np.array([[0.0, 1.0]]), np.ones(1), start, delta, epsilon)
    expected = [
        (np.log(delta), -8 * T / 2),
        (0, epsilon),
        (np.log(norm), 8 * T / 2),
        (0.5, norm),
        (1 - (1 + 1.5 / 0.5) * epsilon, 1 - epsilon),
    ]
    np.testing.assert_allclose(sides(report), expected, rtol=1e-9, atol=1e-9)
    assert report.values["T"] == pytest.approx(T, rel=1e-9)


def test_the_distance_from_the_frozen_flow_in_closed_form():
    """H = u^2, label 1, weight w: w' = 2 w (1 - w^2), so w^2 = d^2 e^(4t) / (1 + d^2 (e^(4t) - 1)); u = e^(2t)."""
    delta, t = 0.05, 0.4
    report = bounds.lemma_5_2(hl.SquaredReLU(1, 1), [[1.0]], [1.0], [1.0], delta, t, epsilon=0.1)
    trained = np.exp(2 * t) / np.sqrt(1 + delta**2 * np.expm1(4 * t))
    assert report.values["gap"] == report.rows[2].left == pytest.approx(np.exp(2 * t) - trained, rel=1e-7)
    assert report.values["growth"] == pytest.approx(trained, rel=1e-9)


@pytest.mark.parametrize(("epsilon", "vacuous"), [(0.4, False), (0.49, False), (0.51, True)])
def test_a_cosine_of_at_least_minus_one_says_nothing(epsilon, vacuous):
    """With eta = 1/2 the bound is 1 - 4 epsilon, which is -1 at epsilon = 1/2; there eta forbids more."""
    start = np.array([np.sin(0.4), np.cos(0.4)])
    data = hl.SquaredReLU(1, 2), np.array([[0.0, 1.0]]), np.ones(1), start
    if vacuous:
        with pytest.raises(ValueError, match=r"^epsilon: got .*, want a number below eta = 0.5"):
            bounds.theorem_5_1(*data, 1e-9, epsilon)
    else:
        assert not bounds.theorem_5_1(*data, 1e-9, epsilon).values["vacuous"]


def test_a_flow_that_starts_at_its_limit_is_near_it_from_the_first():
    """T is above zero, so that there is something to train, and far below the time 1/8 in which weights could move."""
    report = bounds.theorem_5_1(hl.SquaredReLU(1, 1), [[1.0]], [1.0], [1.0], 1e-6, 0.1)
    assert 0 < report.values["T"] < 0.01
    assert report.applies
    assert report.holds


def test_rows_of_the_corollary_are_about_the_worst_neuron():
    """Two neurons of each sign, at different angles and lengths: the bounds from below hold the least, and so on."""
    start = np.array([0.3, 0.5, 0.1, 0.6, 0.2, 0.3, 0.1, 0.4])
    start /= np.linalg.norm(start)
    net, X = hl.SquaredReLU(4, 2, signs=[1, 1, -1, -1]), np.eye(2)
    report = bounds.corollary_5_4_1(net, X, np.array([1.0, 2.0]), start, 1e-40, epsilon=0.01)
    assert report.values["outcome"].tolist() == ["aligns", "aligns", "vanishes", "vanishes"]
    norm, cosine = report.values["norm"], report.values["cosine"]
    assert (norm[0] != norm[1], norm[2] != norm[3]) == (True, True)
    eta, aligned, vanished = report.rows[3:]
    assert (eta.right, aligned.right, vanished.left) == (norm[:2].min(), cosine[:2].min(), norm[2:].max())
    assert cosine[:2].min() < cosine[:2].max()
