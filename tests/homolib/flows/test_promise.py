"""A tolerance is a promise: at every time, direction and log-norm are that close to the true flow."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import homolib as hl
from homolib.flows.steps import Field, integrate
from tests.homolib.flows import promises
from tests.homolib.flows import reference as exact
from tests.homolib.strategies import SEEDS


@pytest.mark.parametrize("tolerance", [1e-4, 1e-6, 1e-8, 1e-10, 1e-11])
@pytest.mark.parametrize("name", promises.SMALL)
def test_a_flow_that_crosses_kinks_keeps_its_promise(name, tolerance):
    """Both losses, three kinds of networks, order two and three; at forty times that are not those of steps."""
    problem = promises.SMALL[name]
    path = problem.path(tolerance)
    off = problem.off(path)
    assert off <= tolerance
    assert off <= path.error <= tolerance


@pytest.mark.parametrize("tolerance", [1e-4, 1e-5, 1e-7, 1e-9, 1e-11])
def test_the_twenty_neurons_of_figure_1_keep_it(tolerance):
    """Through most of their alignment, where they cross two hundred kinks."""
    problem = promises.figure_1(1e-2, t_end=0.05)
    path = problem.path(tolerance)
    assert problem.off(path) <= path.error <= tolerance


def test_a_tiny_start_keeps_it():
    """From 1e-150 through alignment and escape, one neuron on an eigenvector: r^2 is logistic, the direction fixed."""
    X, y = hl.datasets.circle(50)
    delta, t = 1e-150, np.sort(np.random.default_rng(0).uniform(0, 3.8, 300))
    log_odds = 2 * np.log(delta) - np.log(5) + 187.5 * t
    for tolerance in (1e-4, 1e-8, 1e-11):
        path = hl.training_flow(hl.SquaredReLU(1, 2), X, y, [1.0, 0.0], 3.8, delta=delta, tolerance=tolerance)
        assert np.abs(path.interpolate(t)[1] - (np.log(5) - np.logaddexp(0, -log_odds)) / 2).max() <= tolerance


@pytest.mark.parametrize("tolerance", [1e-4, 1e-6, 1e-10])
def test_a_batch_and_its_single_runs_agree(tolerance):
    (X, y), net = hl.datasets.circle(50), hl.SquaredReLU(20, 2)
    starts, t = hl.datasets.random_start(40, seed=[0, 1, 2]), np.linspace(0, 0.1, 333)
    together = hl.training_flow(net, X, y, starts, 0.1, delta=1e-2, tolerance=tolerance)
    for run, start in enumerate(starts):
        alone = hl.training_flow(net, X, y, start, 0.1, delta=1e-2, tolerance=tolerance)
        for one, other in zip(together.interpolate(t), alone.interpolate(t), strict=True):
            assert np.abs(one[run] - other).max() <= tolerance


def test_an_unstable_flow_says_how_close_it_is():
    """A neuron 1e-13 from the axis where N is least, which it leaves: rounding alone moves it by more than 1e-12."""
    X, z = np.array([[1.0, 0], [-1.0, 0], [0, 1.0]]), np.array([1.0, 1.0, 0.25])
    start, t = np.array([1e-13, 1.0]), np.linspace(0, 20, 400)
    path = hl.frozen_flow(hl.SquaredReLU(1, 2), X, z, start, 20.0, tolerance=1e-12)
    exponents = np.array([2.0, 0.5]) * t[:, None]  # u' = 2 (u_1, u_2 / 4)
    true = np.exp(exponents - exponents.max(axis=1, keepdims=True)) * start
    true /= np.linalg.norm(true, axis=1)[:, None]
    off = np.linalg.norm(path.interpolate(t)[0] - true, axis=1).max()
    assert off <= path.error


@pytest.mark.parametrize("width", [0.1, 1e-2, 1e-3, 1e-4])
def test_a_step_meets_a_kink_that_is_crossed_there_and_back(width):
    """a' = 1, and b' = 3 while |a - 0.43| < width, else 1: steps grow tenfold, and must not miss it."""

    def rates(state, slopes, runs):
        return np.stack([np.ones_like(state[..., 0]), np.where(slopes > 0, 1.0, 3.0)], axis=-1)

    def kinks(state):
        return (state[..., 0] - 0.43) ** 2 - width**2

    field = Field(rates, kinks, lambda kinks: (kinks > 0) * 1.0, jumps=True)
    solution = integrate(field, np.zeros((1, 1, 2)), 1.0, np.array([1e-8]), meet=True)
    np.testing.assert_allclose(solution(0, np.array([1.0]))[0, 0], [1, 1 + 4 * width], rtol=1e-11)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from([1e-4, 1e-7, 1e-10]), st.sampled_from(["squared", "two-layer"]))
def test_random_neurons_keep_it(seed, tolerance, kind):
    """Against exact flows: matrix exponentials inside cones, straight lines between kinks."""
    (X, z), t = hl.datasets.circle(11, seed=seed), np.sort(np.random.default_rng(seed).uniform(0, 0.5, 50))
    if kind == "squared":
        u = hl.datasets.random_start(2, seed)
        net, start, truth = hl.SquaredReLU(1, 2), u, hl.squared_neuron_flow(X, z, u, 0.5)
    else:
        start = np.abs(hl.datasets.random_start(3, seed)) * [1, 1, -1]
        net, truth = hl.TwoLayerReLU(1, 2), hl.neuron_flow(X, z, start[0], start[1:], 0.5)
    path = hl.frozen_flow(net, X, z, start, 0.5, tolerance)
    (direction, log_norm), (true, true_log) = path.interpolate(t), truth.interpolate(t)
    assert np.linalg.norm(direction - true.reshape(direction.shape), axis=-1).max() <= tolerance
    assert np.abs(log_norm - true_log.reshape(log_norm.shape)).max() <= tolerance


def test_a_path_goes_through_a_process_pool():
    path = promises.SMALL["squared ReLU"].path(1e-6)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(path)).at(0.3), path.at(0.3))


def test_the_reference_agrees_with_closed_forms_and_with_shorter_steps():
    """One neuron at x = y = 1 is logistic; a two-layer neuron keeps v^2 - u^2; half the steps, the same path."""
    t = np.linspace(0.1, 3.0, 7)
    w, _ = exact.follow(exact.layer([[1.0]], exact.square([1.0]), [1]), [1e-2], t)
    odds = exact.REAL(1e-2) ** 2 / (1 - exact.REAL(1e-2) ** 2) * np.exp(4 * exact.REAL(t))
    assert np.abs(np.log(w[:, 0] ** 2) - np.log(odds / (1 + odds))).max() < 1e-16
    problem = promises.SMALL["two-layer ReLU"]
    w, kinks = exact.follow(problem.series, problem.start, t / 10, 3)
    finer, same = exact.follow(problem.series, problem.start, t / 10, 3, longest=2e-3)
    balance = (w.reshape(-1, 3, 3) ** 2 * [1, -1, -1]).sum(axis=2)
    assert np.abs(balance - (problem.start.reshape(3, 3) ** 2 * [1, -1, -1]).sum(axis=1)).max() < 1e-16
    assert len(kinks) == len(same) >= 3
    assert max(np.abs(w - finer).max(), np.abs(kinks - same).max()) < 1e-16
