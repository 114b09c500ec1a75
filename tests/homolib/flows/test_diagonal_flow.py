"""Diagonal networks in their dual variable against closed forms, direct integration, and what directions forget."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import homolib as hl
from homolib.flows import training as flows
from homolib.flows.diagonal_flow import MirrorFlow
from homolib.flows.steps import Stuck


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["square", "mean", "logistic"]))
def test_it_is_the_training_flow(seed, kind):
    """Against an integration of the weights themselves."""
    rng = np.random.default_rng(seed)
    X, y, w0 = rng.standard_normal((4, 3)), rng.standard_normal(4), rng.standard_normal(6)
    net = hl.DiagonalLinear(3)
    loss = {"square": hl.SquareLoss(), "mean": hl.SquareLoss("mean"), "logistic": hl.LogisticLoss()}[kind]
    path = hl.training_flow(net, X, y, w0, 2.0, loss, delta=0.3)

    def rate(_, w):
        return net.pullback(X, w, -loss.derivative(net.outputs(X, w), y))

    direct = solve_ivp(rate, (0, 2), 0.3 * w0, method="DOP853", rtol=1e-11, atol=1e-12, t_eval=[0.5, 2])
    np.testing.assert_allclose(path.at(np.array([0.5, 2.0])), direct.y.T, rtol=1e-7, atol=1e-8)


def test_balanced_start_follows_the_logistic_curve_of_saxe():
    """u = ab = s e^2st / (e^2st - 1 + s/u0) for a = b; here b - a is zero for ever."""
    path = hl.training_flow(hl.DiagonalLinear(1), [[1.0]], [3.0], np.ones(2), 2.0, delta=np.sqrt(1e-3), tolerance=1e-11)
    u = np.prod(path.at(np.array([0.5, 1.0, 1.5])), axis=1)
    np.testing.assert_allclose(u, [0.0199585636, 0.3557124789, 2.1896116], rtol=1e-7)
    half = np.log(3 / 1e-3 - 1) / 6
    assert np.prod(path.at(half)) == pytest.approx(1.5, rel=1e-9)
    assert half == pytest.approx(1.33433903)


def test_frozen_flow_is_a_hyperbola():
    X, z = np.array([[1.0, -2.0], [0.5, 1.0]]), np.array([1.0, 3.0])
    path = hl.frozen_flow(hl.DiagonalLinear(2), X, z, np.array([1.0, 1, 0, 0]), 300.0)
    c = z @ X  # (2.5, 1)
    expected = np.concatenate([np.cosh(c * 2), np.sinh(c * 2)])
    np.testing.assert_allclose(path.at(2.0), expected, rtol=1e-9)
    assert path.log_norm[-1] == pytest.approx(750 - np.log(2) / 2, rel=1e-9)  # far beyond the range of floats


def test_runs_of_a_batch_are_those_of_each_alone():
    X, y = hl.datasets.gaussian(4, 3, seed=1)
    net, starts = hl.DiagonalLinear(3), hl.datasets.random_start(6, [1, 2])
    together = hl.training_flow(net, X, y, starts, 1.0, delta=np.array([[0.1], [0.01]]))
    assert together.w.shape == (2, 2, 201, 6)
    alone = hl.training_flow(net, X, y, starts[1], 1.0, delta=0.01)
    np.testing.assert_allclose(together.at(0.7)[1, 1], alone.at(0.7), rtol=1e-8)
    np.testing.assert_allclose(together.loss[1, 1], alone.loss, rtol=1e-8)


def test_a_zero_coordinate_stays_zero():
    path = hl.training_flow(hl.DiagonalLinear(2), np.eye(2), [1.0, 2.0], np.array([1.0, 0, 1, 0]), 5.0, delta=0.1)
    np.testing.assert_array_equal(path.w[:, [1, 3]], 0)
    zero = hl.training_flow(hl.DiagonalLinear(2), np.eye(2), [1.0, 2.0], np.zeros(4), 5.0)
    np.testing.assert_array_equal(zero.w, 0)


def test_directions_forget_how_far_a_sleeping_coordinate_is_from_waking(monkeypatch):
    """Why the dual variable: the coordinate dies at 5/3 ln(1/delta) and turns negative at 145/3.

    As a direction it is (1, 1) to the last digit long before, and for ever.
    """
    gram, target = np.array([[1, 0.8, 0.8], [0.8, 1, 0.4], [0.8, 0.4, 1]]), np.array([-0.5, 1, 1.2])
    X = np.linalg.cholesky(gram).T
    delta, start = 1e-30, np.array([1.0, 1, 1, 0, 0, 0])
    t = -52 * np.log(delta)

    def first_coordinate():
        w = hl.training_flow(hl.DiagonalLinear(3), X, X @ target, start, t, delta=delta).at(t)
        return w[0] * w[3]

    assert first_coordinate() == pytest.approx(-0.5, rel=1e-6)
    monkeypatch.setattr(flows, "DiagonalLinear", hl.SquaredReLU)  # no network here is one: all go by their directions
    assert 0 <= first_coordinate() < 1e-60


def test_what_is_promised_holds_beside_closed_forms():
    """One coordinate, a = b: u = ab is logistic, so that ln |w| = ln(2 u) / 2 at every time; frozen, a hyperbola."""
    t = np.sort(np.random.default_rng(0).uniform(0, 4.0, 200))
    net, delta = hl.DiagonalLinear(1), 1e-3
    odds = delta**2 / (3 - delta**2) * np.exp(6 * t)
    for tolerance in (1e-4, 1e-6, 1e-8, 1e-10, 1.5e-11):
        path = hl.training_flow(net, [[1.0]], [3.0], np.ones(2), 4.0, delta=delta, tolerance=tolerance)
        off = np.abs(path.interpolate(t)[1] - np.log(2 * 3 * odds / (1 + odds)) / 2).max()
        assert off <= path.error <= tolerance
        direction, log_norm = hl.frozen_flow(net, [[1.0]], [3.0], np.array([1.0, 0]), 4.0, tolerance).interpolate(t)
        exact = np.stack([np.cosh(3 * t), np.sinh(3 * t)], axis=1)
        assert np.abs(log_norm - np.log(np.linalg.norm(exact, axis=1))).max() <= tolerance
        assert np.abs(direction - exact / np.linalg.norm(exact, axis=1)[:, None]).max() <= tolerance


@pytest.mark.parametrize("t_end", [1e-300, 1e-160, 1e100])
def test_no_time_is_too_short_or_too_long(t_end):
    X, y, w0 = np.array([[1.0, 0.3], [-0.5, 1.0]]), np.array([1.0, 0.5]), np.array([1.0, 0.5, 0.1, 0.0])
    end = hl.training_flow(hl.DiagonalLinear(2), X, y, w0, t_end, points=3).w[-1]
    expected = w0 if t_end < 1 else hl.training_flow(hl.DiagonalLinear(2), X, y, w0, 1e3, points=3).w[-1]
    np.testing.assert_allclose(end, expected, atol=1e-9)


def test_a_blow_up_is_stopped_at_its_time():
    """Climbing h^2 / 2 in place of descending: with p = a + b and q = 0, p' = p^3 / 4 leaves at t = 2 / p(0)^2."""
    climb = MirrorFlow(hl.DiagonalLinear(1), np.ones((1, 1)), lambda h: h, np.array([[0.5, 0.5]]), np.zeros(1), 5.0)
    with pytest.warns(UserWarning, match="lsoda"), pytest.raises(Stuck, match="cannot be followed") as stuck:
        climb.follow(np.array([0]), np.array([1e-8]))
    assert stuck.value.time == pytest.approx(2, rel=1e-6)


@pytest.mark.parametrize("loss", [hl.SquareLoss(), hl.LogisticLoss()])
def test_the_integrator_is_given_the_jacobian_of_the_rates(loss, monkeypatch):
    """With another one it would come to the same path, by many more steps."""
    given = {}
    monkeypatch.setattr("scipy.integrate.solve_ivp", lambda rates, *_, jac, **more: given.update(rates=rates, jac=jac))
    (X, y), w0 = hl.datasets.gaussian(4, 3, seed=2), hl.datasets.random_start(6, [3])
    flow = MirrorFlow(hl.DiagonalLinear(3), X, lambda h: -loss.slopes(h, y), w0, np.zeros(1), 2.0)
    with pytest.raises(AttributeError):  # nothing was integrated
        flow.follow(np.array([0]), np.array([1e-8]))
    s, step = np.array([0.3, -0.2, 0.5]), 1e-5 * np.eye(3)
    slopes = [(given["rates"](0, s + h) - given["rates"](0, s - h)) / 2e-5 for h in step]
    np.testing.assert_allclose(given["jac"](0, s), np.stack(slopes, axis=1), rtol=1e-5, atol=1e-5)


def test_paths_are_compared_at_several_times_in_each_step_and_at_the_end():
    (X, y), w0 = hl.datasets.gaussian(4, 3, seed=2), hl.datasets.random_start(6, [3])
    flow = MirrorFlow(hl.DiagonalLinear(3), X, lambda h: y - h, w0, np.log([1e-8]), 50.0)
    ((_, times),) = flow.follow(np.array([0]), np.array([1e-8]))
    assert (times[0], times[-1]) == (0, 50)
    assert (np.diff(times) > 0).all()
    steps = times[:-1:4]  # a quarter of the way, half, three quarters
    np.testing.assert_allclose(times[1:-1:4], steps + np.diff(steps, append=50) / 4, rtol=1e-12)
    np.testing.assert_allclose(times[3:-1:4], steps + np.diff(steps, append=50) * 3 / 4, rtol=1e-12)
