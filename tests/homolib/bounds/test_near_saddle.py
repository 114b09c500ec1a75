"""Section 5.2 as inequalities: they hold where they should, and fail where they should."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import homolib as hl
from homolib.bounds.near_saddle import kappa, saddle_constants
from homolib.problems.constants import jacobian_bound, pullback_lipschitz
from tests.homolib.saddles.test_saddle import figure_4_seeds


def fast_growth():
    """H = (0.01 w_n^2, 0.1 w_z^2) with labels (0.01, 100) at w_n = 1: the dormant weight grows at the rate 40."""
    X = np.diag([0.1, np.sqrt(0.1)])
    saddle = hl.Saddle(hl.SquaredReLU(2, 2), X, np.array([0.01, 100]), np.array([1.0, 0, 0, 0]))
    return saddle, np.array([0, 0, 0, 1.0]), np.array([1.0, 0, 0, 0])


def repelled():
    """An active neuron that fits its label, and a dormant one of the other sign that the residual pushes to zero."""
    net = hl.SquaredReLU(2, 2, signs=[1, -1])
    saddle = hl.Saddle(net, np.eye(2), np.array([1.0, 0.5]), np.array([1.0, 0, 0, 0]))
    return saddle, np.array([0, 0, 0, 1.0]), np.array([0, 1.0, 0, 0])


def row(report, start):
    (found,) = [row for row in report.rows if row.name.startswith(start)]
    return found


def test_lemma_5_6_holds_at_saddles_with_and_without_a_kink():
    for saddle in (hl.figure_4_saddle(), hl.absolute_value_saddle(), hl.absolute_value_saddle((1.0, 1.0))):
        assert hl.bounds.lemma_5_6(saddle).holds


def test_lemma_5_6_at_the_origin_of_a_relu_network_needs_no_list_of_cells():
    X, y = hl.datasets.circle()
    assert hl.bounds.lemma_5_6(hl.Saddle(hl.TwoLayerReLU(20, 2), X, y, np.zeros(60))).holds


def test_lemma_5_6_fails_where_the_point_is_not_critical():
    report = hl.bounds.lemma_5_6(hl.absolute_value_saddle((1.0, 0.5)))
    assert not report.holds
    assert report.rows[0].left == pytest.approx(np.hypot(0.25, 0.5))


@pytest.mark.parametrize(("delta", "expected"), [(0.1, 10.68), (0.01, 100.9698), (0.001, 1000.996998)])
def test_the_smallest_kappa_of_the_absolute_value_grows_without_bound(delta, expected):
    """(1 - d - d^2)(1 + 2d)/d for (u_1|u_2| - 1)^2, which is twice our loss."""
    found = 2 * kappa(hl.absolute_value_saddle(), np.array([1 + delta, delta]))
    assert found == pytest.approx((1 - delta - delta**2) * (1 + 2 * delta) / delta, rel=1e-9)
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("delta", "norm"), [(0.001, 1.9999970), (0.01, 1.99969600749914), (0.1, 1.96607426105933)])
def test_near_the_bad_saddle_the_gradient_is_large(delta, norm):
    """Lemma I.1: at least one, at points as near as you like."""
    saddle, w = hl.absolute_value_saddle(), np.array([1 + delta, delta])
    gradient = 2 * saddle.net.pullback(saddle.X, w, saddle.y - saddle.net.outputs(saddle.X, w))
    assert np.linalg.norm(gradient) == pytest.approx(norm, rel=1e-7)


def leave_in_closed_form(t, delta):
    """Flow of (u_1|u_2| - 1)^2 from (1 + d, d): u = sqrt(c)(cosh p, sinh p) with a Riccati equation for e^(2p)."""
    c = 1 + 2 * delta
    high, low = (2 + np.sqrt(4 + c**2)) / c, (2 - np.sqrt(4 + c**2)) / c
    decay = (c - high) / (c - low) * np.exp(-c * (high - low) * t)
    w = (high - low * decay) / (1 - decay)
    return np.sqrt(c) * np.array([np.sqrt(w) + 1 / np.sqrt(w), np.sqrt(w) - 1 / np.sqrt(w)]) / 2


@pytest.mark.parametrize(
    ("delta", "end", "distance"),
    [
        (1e-1, (1.12946446302568, 0.275118107797136), 0.30405759392655),
        (1e-2, (1.02799393301516, 0.191759031901971), 0.193791606117599),
        (1e-4, (1.016553207343, 0.182154943274538), 0.182905527616556),
        (1e-6, (1.01643853129562, 0.182058473854959), 0.182799106161802),
    ],
)
def test_the_flow_leaves_the_bad_saddle_in_constant_time(delta, end, distance):
    """Lemma I.2: distance 0.09 at time 0.1, however small the start; so no bound C delta^2 can hold there."""
    saddle = hl.absolute_value_saddle()
    path = hl.training_flow(saddle.net, saddle.X, saddle.y, np.array([1 + delta, delta]), 0.2, tolerance=1e-12)
    found = path.at(0.2)  # the loss is half of (u_1|u_2| - 1)^2, so time counts double
    np.testing.assert_allclose(found, end, rtol=1e-10)
    np.testing.assert_allclose(leave_in_closed_form(0.1, delta), end, rtol=1e-12)
    assert np.linalg.norm(found - saddle.w) == pytest.approx(distance, rel=1e-9)
    assert distance >= 0.09


def test_assumption_3_fails_at_the_bad_saddle_for_every_kappa():
    report = hl.bounds.assumption_3(hl.absolute_value_saddle(), gamma=0.1, bound=1e3)
    assert not report.holds
    np.testing.assert_allclose(report.values["radius"], 0.1 * np.logspace(0, -5, 6), rtol=1e-12)
    needed = report.values["kappa"] * report.values["radius"]
    np.testing.assert_allclose(needed, 1, atol=0.1)  # the velocity does not go to zero with the distance


@pytest.mark.parametrize("saddle", [hl.figure_4_saddle(), hl.absolute_value_saddle((1.0, 1.0))])
def test_assumption_3_holds_at_good_saddles(saddle):
    assert hl.bounds.assumption_3(saddle, gamma=0.1, bound=1.0).holds


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_a_large_kappa_is_the_rate_that_counts_at_every_size_of_labels(size):
    """Weights grow with the root of the labels; a rate that is given is in the time of the data."""
    one = hl.absolute_value_saddle((1.0, 1.0))
    saddle = hl.Saddle(one.net, one.X, size * one.y, np.sqrt(size) * one.w)
    found = saddle_constants(saddle, gamma=0.1, kappa=1e9)
    assert (found.kappa, found.M2) == (pytest.approx(1e9, rel=1e-15), pytest.approx(1e9, rel=1e-15))


@pytest.mark.parametrize("delta", [1e-6, 1e-13, 1e-20])
def test_rounding_of_the_active_weights_is_not_taken_for_a_displacement(delta):
    """Beside a start of size delta it would be anything; Z stays what it is for larger starts, up to that order."""
    saddle = hl.figure_4_saddle()
    zeta_z, zeta_n = figure_4_seeds()
    report = hl.bounds.lemma_d_1(saddle, zeta_z, zeta_n, delta, C=1.2)
    assert report.rows[1].holds
    assert report.values["Z"] / delta**2 <= 2.5


def test_kappa_wants_points_near_but_not_at_the_saddle():
    saddle = hl.figure_4_saddle()
    with pytest.raises(ValueError, match=r"^w_n: got"):
        kappa(saddle, saddle.w)
    with pytest.raises(ValueError, match=r"^w_n: got"):
        kappa(saddle, saddle.start(0.1, figure_4_seeds()[0]))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["squared", "leaky", "relu", "diagonal", "cubed", "deep"]))
def test_the_bounds_on_gradients_are_bounds(seed, kind):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 4))
    nets = {
        "squared": hl.SquaredReLU(3, d, signs=[1, -1, 1]),
        "leaky": hl.SquaredReLU(3, d, slope=-1.5),
        "relu": hl.TwoLayerReLU(3, d, slope=0.3),
        "diagonal": hl.DiagonalLinear(d),
        "cubed": hl.PoweredReLU(3, d, order=3, slope=-0.5),
        "deep": hl.DeepReLU([(2, d), np.array([[1.0, -2.0], [0.5, 1.0]]), None], (1, 3), slope=0.3),
    }
    net, X, z = nets[kind], rng.standard_normal((4, d)), rng.standard_normal(4)
    w, v = rng.standard_normal((2, net.size))
    pull, power = np.linalg.norm(net.pullback(X, w, z)), net.order - 1
    assert pull <= jacobian_bound(net, X) * np.linalg.norm(w) ** power * np.linalg.norm(z) * (1 + 1e-9)
    if net.smooth and net.order == 2:
        change = np.linalg.norm(net.pullback(X, w, z) - net.pullback(X, v, z))
        assert change <= pullback_lipschitz(net, X, z) * np.linalg.norm(w - v) * (1 + 1e-9)


def test_the_bounds_on_gradients_are_attained_for_one_input():
    net, X = hl.SquaredReLU(1, 1), np.array([[1.5]])
    assert jacobian_bound(net, X) == pytest.approx(2 * 1.5**2)
    assert pullback_lipschitz(net, X, np.array([2.0])) == pytest.approx(2 * 2 * 1.5**2)


@pytest.mark.parametrize("C", [10, 1e3, 1e4])
def test_lemma_d_1_holds_with_the_factor_two_and_fails_without(C):
    saddle, zeta_z, zeta_n = fast_growth()
    assert 20 < saddle_constants(saddle).M2 < 20.4
    right = hl.bounds.lemma_d_1(saddle, zeta_z, zeta_n, 1e-6, C)
    assert right.applies
    assert right.holds
    wrong = hl.bounds.lemma_d_1(saddle, zeta_z, zeta_n, 1e-6, C, clock=1.0)
    assert wrong.applies
    assert not row(wrong, "max ln(Z").holds


def test_the_growth_behind_the_factor_two():
    """|w_z|^2 = delta^2 exp(40 t) while the printed M2 = 20.032 allows exp(20.032 t)."""
    saddle, zeta_z, zeta_n = fast_growth()
    path = hl.training_flow(saddle.net, saddle.X, saddle.y, saddle.start(1e-6, zeta_z, zeta_n), 0.4, tolerance=1e-12)
    Z = ((path.at(np.log(1e3) / np.array([20.032, 40.064])) - saddle.w) ** 2).sum(axis=-1) / 1e-12
    np.testing.assert_allclose(Z, [978173.2, 990.03], rtol=1e-4)


@pytest.mark.parametrize("delta", [1e-4, 1e-5])
def test_lemma_d_1_at_figure_4s_saddle(delta):
    zeta_z, zeta_n = figure_4_seeds()
    report = hl.bounds.lemma_d_1(hl.figure_4_saddle(), zeta_z, zeta_n, delta, C=50.0)
    assert report.applies
    assert report.holds
    assert report.values["gap"] > 0


def test_closeness_near_a_saddle_is_of_first_order():
    """At the origin it is of second order; here the active weights move the residual by order delta."""
    saddle, (zeta_z, zeta_n), deltas = hl.figure_4_saddle(), figure_4_seeds(), np.array([1e-4, 1e-5])
    C = np.exp(2 * saddle_constants(saddle).M2 * 0.05)  # so that T = 0.05
    gaps = [hl.bounds.lemma_d_1(saddle, zeta_z, zeta_n, delta, C).values["gap"] for delta in deltas]
    assert gaps[1] == pytest.approx(7.6672e-6, rel=1e-4)
    assert np.polyfit(np.log(deltas), np.log(gaps), 1)[0] == pytest.approx(1, abs=0.01)


def test_threshold_with_a_small_gamma():
    """With gamma < 1 the start must satisfy 2 delta^2 <= gamma^2 / C."""
    saddle, zeta_z, zeta_n = fast_growth()
    assert hl.bounds.lemma_d_1(saddle, zeta_z, zeta_n, 7.07e-3, C=1e4).applies
    assert not hl.bounds.lemma_d_1(saddle, zeta_z, zeta_n, 7.07e-3, C=1e4, gamma=0.1).applies


def test_theorem_5_5_first_outcome_with_every_hypothesis():
    saddle, zeta_z, zeta_n = fast_growth()
    tilted = np.array([0, 0, np.sin(0.4), np.cos(0.4)])
    report = hl.bounds.theorem_5_5(saddle, tilted, zeta_n, 1e-8, 0.05)
    assert report.applies
    assert report.holds
    assert report.values["outcome"] == "aligns"
    np.testing.assert_allclose(report.values["direction"], zeta_z, atol=1e-6)
    assert report.values["value"] == pytest.approx(10, rel=1e-9)


def test_theorem_5_5_second_outcome_with_every_hypothesis():
    saddle, zeta_z, zeta_n = repelled()
    report = hl.bounds.theorem_5_5(saddle, zeta_z, zeta_n, 1e-40, 0.1)
    assert report.applies
    assert report.holds
    assert report.values["outcome"] == "vanishes"
    assert report.values["T"] == pytest.approx(np.log(10), rel=1e-6)  # |u| = exp(-t)


def test_theorem_5_5_at_figure_4s_saddle_holds_far_beyond_its_hypothesis():
    zeta_z, zeta_n = figure_4_seeds()
    report = hl.bounds.theorem_5_5(hl.figure_4_saddle(), zeta_z, zeta_n, 1e-6, 0.05)
    assert not report.applies  # C = exp(45) asks for a far smaller start
    assert report.holds
    assert report.values["outcome"] == "aligns"
    assert report.values["value"] == pytest.approx(37.5, rel=1e-9)


def test_theorem_5_5_fails_for_a_start_that_is_not_small():
    """The check has teeth."""
    saddle, _, zeta_n = fast_growth()
    tilted = np.array([0, 0, np.sin(1.5), np.cos(1.5)])
    report = hl.bounds.theorem_5_5(saddle, tilted, zeta_n, 1e3, 0.05)
    assert not report.applies
    assert not report.holds


def test_a_network_without_lipschitz_gradient_needs_a_kappa():
    saddle = hl.Saddle(hl.TwoLayerReLU(2, 1), np.ones((1, 1)), np.ones(1), np.array([0.5, 0.5, 0, 0]))
    with pytest.raises(ValueError, match=r"^kappa: got"):
        saddle_constants(saddle)
    M = saddle_constants(saddle, gamma=0.5, kappa=3.0)
    assert M.mu2 is None
    np.testing.assert_allclose(M.M2, max(3.0, M.beta * (2 * M.M1 + M.mu3)))


def test_only_order_two():
    saddle = hl.Saddle(hl.PoweredReLU(1, 1, order=3), np.ones((1, 1)), np.ones(1), np.zeros(1))
    with pytest.raises(ValueError, match="order 3"):
        saddle_constants(saddle)


def test_c_is_above_one():
    saddle, zeta_z, zeta_n = fast_growth()
    with pytest.raises(ValueError, match=r"^C: got"):
        hl.bounds.lemma_d_1(saddle, zeta_z, zeta_n, 1e-6, 1.0)


def sides(report):
    return [(row.left, row.right) for row in report.rows]


def test_the_constants_of_fast_growth_in_closed_form():
    """H = (0.01 u_1^2, 0.1 u_2^2), weights of norm 1, residual (0, 100): see the proof of Lemma D.1."""
    M = saddle_constants(fast_growth()[0])
    mu = 0.2 * (1 + 1)
    error = 100 + mu + 0.1
    assert (M.beta, M.mu1, M.mu3, M.mu2) == pytest.approx((0.1, mu, mu, 2 * 100 * 0.1))
    assert pytest.approx(error) == M.M1
    assert pytest.approx(max(20 + mu**2, 0.1 * (2 * error + mu))) == M.M2
    nearer = saddle_constants(fast_growth()[0], gamma=0.5)
    assert (nearer.mu1, nearer.gamma) == pytest.approx((0.2 * 1.5, 0.5))


@pytest.mark.parametrize("label", [0.1, 1.0, 100.0])
@pytest.mark.parametrize("length", [0.5, 1.0, 2.0])
def test_of_the_two_parts_of_the_growth_rate_the_larger_counts(label, length):
    """H = (0.01 u_1^2, 0.1 u_2^2), the first label fitted: for short active weights the part of the error is larger."""
    saddle = hl.Saddle(hl.SquaredReLU(2, 2), np.diag([0.1, np.sqrt(0.1)]), [0.01 * length**2, label], [length, 0, 0, 0])
    M, mu = saddle_constants(saddle), 0.2 * (length + 1)
    own, error = 2 * label * 0.1 + mu**2, 0.1 * (2 * (label + mu + 0.1) + mu)
    assert (error > own) == (length < 1)
    assert pytest.approx(max(own, error)) == M.M2


@pytest.mark.parametrize(("delta", "C"), [(1e-2, 30.0), (1e-6, 1e4)])
def test_both_sides_of_lemma_d_1(delta, C):
    """With the constants in closed form; to first order in delta, w_z = delta exp(20 t) and w_n decays."""
    saddle, zeta_z, zeta_n = fast_growth()
    T, xi = np.log(C) / (2 * 20.16), 0.4 * np.sqrt(2 * C) * delta + 2 * 0.1 * C * delta**2
    bound = 0.2 * np.sqrt(2 * C) * xi * np.expm1(20 * T) / 20
    report = hl.bounds.lemma_d_1(saddle, zeta_z, zeta_n, delta, C)
    assert report.values["T"] == pytest.approx(T)
    assert [row.right for row in report.rows] == pytest.approx([-np.log(C), np.log(C), bound], rel=1e-9)
    assert report.rows[0].left == pytest.approx(np.log(2 * delta**2))
    if delta < 1e-4:
        left = np.log((np.exp(-0.0008 * T) + np.exp(40 * T)) / 2)
        assert report.rows[1].left == pytest.approx(left, rel=1e-6)
        assert report.values["Z"] == pytest.approx(2 * delta**2 * np.exp(left), rel=1e-5, abs=0)


def test_the_bound_of_lemma_d_1_where_weights_are_pushed_back():
    """Residual (0, 1/2): beta = 1, |J| <= 2, so mu = 4, mu2 = 1 and M2 = 17."""
    saddle, zeta_z, zeta_n = repelled()
    delta, C = 1e-3, 20.0
    T, xi = np.log(C) / 34, 4 * np.sqrt(2 * C) * delta + 2 * C * delta**2
    report = hl.bounds.lemma_d_1(saddle, zeta_z, zeta_n, delta, C)
    assert report.rows[2].right == pytest.approx(2 * np.sqrt(2 * C) * xi * np.expm1(T), rel=1e-9)
    assert report.holds


def test_lemma_d_1_where_everything_fits():
    """No residual: mu2 = 0, the frozen flow rests, and (exp(mu2 T) - 1) / mu2 is T. Here beta = 1/4 and mu = M2 = 1."""
    X, w = np.diag([0.5, 0.25]), np.array([1.0, 0, 0, 0])
    saddle = hl.Saddle(hl.SquaredReLU(2, 2), X, np.array([0.25, 0]), w)
    assert (saddle_constants(saddle).mu2, saddle_constants(saddle).M2) == (0, 1)
    delta, C = 1e-3, 50.0
    T, xi = np.log(C) / 2, np.sqrt(2 * C) * delta + 2 * 0.25 * C * delta**2
    report = hl.bounds.lemma_d_1(saddle, np.array([0, 0, 0, 1.0]), w, delta, C)
    assert report.rows[2].right == pytest.approx(0.5 * np.sqrt(2 * C) * xi * T, rel=1e-9)
    assert report.holds


def test_both_sides_of_theorem_5_5_where_weights_turn():
    """u = (sin a, exp(20 t) cos a): within epsilon of (0, 1) in cosine from T on, and eta = 1/2."""
    saddle, _, zeta_n = fast_growth()
    angle, epsilon, delta = 0.4, 0.05, 1e-8
    T = np.log(np.tan(angle) / np.tan(np.arccos(1 - epsilon))) / 20
    norm, log_C = np.hypot(np.sin(angle), np.exp(20 * T) * np.cos(angle)), 2 * 20.16 * T
    tilted = np.array([0, 0, np.sin(angle), np.cos(angle)])
    report = hl.bounds.theorem_5_5(saddle, tilted, zeta_n, delta, epsilon)
    expected = [
        (np.log(2 * delta**2), -log_C),
        (0, epsilon),
        (np.log((np.exp(-0.0008 * T) + norm**2) / 2), log_C),
        (0.5, norm),
        (1 - (1 + 1.5 / 0.5) * epsilon, 1 - epsilon),
    ]
    np.testing.assert_allclose(sides(report), expected, rtol=1e-6, atol=1e-6)
    assert [row.hypothesis for row in report.rows] == [True, True, False, False, False]
    assert (report.values["T"], report.values["log_C"]) == pytest.approx((T, log_C), rel=1e-9)


def test_both_sides_of_theorem_5_5_where_weights_vanish():
    """|u| = exp(-t) reaches epsilon at T = ln(1 / epsilon); C from M2 = mu2 + mu^2 or beta (2 M1 + mu)."""
    saddle, zeta_z, zeta_n = repelled()
    epsilon, delta, mu = 0.1, 1e-40, 2 * (1 + 1.0)
    M2 = max(1 + mu**2, 1 * (2 * (0.5 + mu + 1) + mu))
    report = hl.bounds.theorem_5_5(saddle, zeta_z, zeta_n, delta, epsilon)
    log_C = 2 * M2 * np.log(1 / epsilon)
    assert [row.right for row in report.rows] == pytest.approx([-log_C, epsilon, log_C, 2 * epsilon], rel=1e-6)
    assert report.rows[3].left == pytest.approx(epsilon, rel=1e-6)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_lemma_5_6_tells_rounding_from_a_gradient_at_every_scale(scale):
    """Inputs of size c, weights of size 1 / c: off by a part in 1e8 is no saddle, off by one in 1e12 is rounding."""
    X, y, w = scale * np.eye(2), np.array([0.01, 100]), np.array([0.1, 0, 0, 0]) / scale
    for off, critical in ((1e-8, False), (1e-12, True)):
        saddle = hl.Saddle(hl.SquaredReLU(2, 2), X, np.array([0.01 * (1 + off), 0.0]), w)
        (one,) = hl.bounds.lemma_5_6(saddle).rows
        assert one.holds is critical
        assert one.left == pytest.approx(2 * 0.1 * scale * 0.01 * off, rel=1e-3, abs=0)
    assert hl.bounds.lemma_5_6(hl.Saddle(hl.SquaredReLU(2, 2), X, y, w)).holds


def test_the_size_that_rounding_is_measured_against():
    """Of v |u| at (1, 1/2), label 1: |J| <= |w|, and the terms that could cancel have the sizes 1 and 1/2."""
    (one,) = hl.bounds.lemma_5_6(hl.absolute_value_saddle((1.0, 0.5))).rows
    assert one.right == pytest.approx(1e-10 * np.sqrt(1.25) * (1 + 0.5), rel=1e-12, abs=0)


def test_the_size_that_rounding_is_measured_against_at_order_three():
    """H = u^3 of one weight u = 1/2, label 3: |J| <= 3 u^2, and the terms that could cancel are 3 and 1/8."""
    saddle = hl.Saddle(hl.PoweredReLU(1, 1, order=3), np.ones((1, 1)), np.array([3.0]), np.array([0.5]))
    (one,) = hl.bounds.lemma_5_6(saddle).rows
    assert one.left == pytest.approx(3 * 0.5**2 * (3 - 0.125), rel=1e-12)
    assert one.right == pytest.approx(1e-10 * 3 * 0.5**2 * (3 + 0.125), rel=1e-12, abs=0)


@pytest.mark.parametrize("check", ["lemma", "theorem"])
def test_a_network_with_lipschitz_gradient_has_gamma_one(check):
    saddle, zeta_z, zeta_n = fast_growth()
    if check == "lemma":
        report = hl.bounds.lemma_d_1(saddle, zeta_z, zeta_n, 1e-6, 10.0)
    else:
        report = hl.bounds.theorem_5_5(saddle, np.array([0, 0, 0.6, 0.8]), zeta_n, 1e-8, 0.05)
    assert report.values["constants"] == saddle_constants(saddle)
    assert saddle_constants(saddle).gamma == 1
