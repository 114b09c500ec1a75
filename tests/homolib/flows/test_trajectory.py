"""Paths as directions and log-norms: polar coordinates, interpolation, distances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import homolib as hl
from homolib.flows.trajectory import cartesian, distance, linear_path, polar
from tests.homolib.strategies import SEEDS, networks


@given(SEEDS, st.integers(2, 5), st.sampled_from([(), (2,), (2, 3)]))
def test_a_linear_path_has_its_rows_and_goes_straight_between_them(seed, rows, batch):
    rng = np.random.default_rng(seed)
    t, w = np.cumsum(rng.uniform(0.1, 1, rows)), rng.standard_normal((*batch, rows, 3))
    path = linear_path(t, w)
    np.testing.assert_allclose(path.w, w, rtol=1e-12)
    np.testing.assert_allclose(path.at(t), w, rtol=1e-12, atol=1e-14)
    for part in (0.25, 0.5):
        between = (1 - part) * t[:-1] + part * t[1:]
        straight = (1 - part) * w[..., :-1, :] + part * w[..., 1:, :]
        np.testing.assert_allclose(path.at(between), straight, rtol=1e-11, atol=1e-13)


@given(SEEDS, st.sampled_from([1e-300, 1e-150, 1.0, 1e150, 1e300]))
def test_polar_coordinates_are_length_and_direction(seed, scale):
    vectors = np.random.default_rng(seed).standard_normal((4, 3))
    vectors[1] = 0
    direction, log_norm = polar(scale * vectors)
    length = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(direction * length[:, None], vectors, rtol=1e-13)
    moving = length > 0
    np.testing.assert_allclose(log_norm[moving], np.log(length[moving]) + np.log(scale), rtol=1e-13)
    assert not direction[1].any()
    assert log_norm[1] == 0


@given(networks(), SEEDS, st.sampled_from([-800.0, 0.0, 800.0]))
def test_neurons_far_below_the_range_of_floats_have_a_common_direction(net, seed, log_size):
    w = np.random.default_rng(seed).standard_normal((2, net.size))
    theta, rho = polar(net.neurons(w))
    direction, log_norm = cartesian(net, theta, rho + log_size)
    np.testing.assert_allclose(direction, w / np.linalg.norm(w, axis=1, keepdims=True), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(log_norm, np.log(np.linalg.norm(w, axis=1)) + log_size, rtol=1e-12, atol=1e-12)


def test_weights_of_zero_have_no_direction_and_a_log_norm_of_minus_infinity():
    net = hl.SquaredReLU(2, 2)
    theta, rho = polar(net.neurons(np.array([[0, 0, 0, 0], [0, 0, 3.0, 4]])))
    direction, log_norm = cartesian(net, theta, rho)
    np.testing.assert_allclose(direction, [[0, 0, 0, 0], [0, 0, 0.6, 0.8]])
    assert log_norm.tolist() == [-np.inf, pytest.approx(np.log(5))]


def test_the_distance_of_two_paths_is_the_largest_of_their_gaps():
    def path(angle, log_norm):
        return lambda t: (np.stack([np.cos(angle * t), np.sin(angle * t)], axis=-1), log_norm * t)

    t = np.array([0.0, 0.5, 1.0])
    assert distance(path(0, 0), path(0, 0), t) == 0
    assert distance(path(0, 0), path(0.1, 0), t) == pytest.approx(2 * np.sin(0.05))
    assert distance(path(0, 2), path(0, -1), t) == pytest.approx(3)
    assert distance(path(0, 0.01), path(0.1, 0), t) == pytest.approx(2 * np.sin(0.05))
    gone = lambda t: (np.zeros((3, 2)), np.full(3, -np.inf))  # noqa: E731
    assert distance(gone, gone, t) == 0
    assert distance(gone, path(0, 0), t) == np.inf


@pytest.mark.parametrize("gap", [1.0, 700.0, 1e5])
def test_neurons_of_any_sizes_are_joined(gap):
    """The larger one has the direction, and the smaller one a share that may be too small for a float."""
    net, theta = hl.SquaredReLU(2, 2), np.array([[[0.6, 0.8], [1.0, 0.0]]] * 2)
    direction, log_norm = cartesian(net, theta, np.array([[3.0, 3 - gap], [3 - gap, 3.0]]))
    share = np.exp(-gap)
    expected = np.array([[0.6, 0.8, share, 0], [0.6 * share, 0.8 * share, 1, 0]]) / np.hypot(1, share)
    np.testing.assert_allclose(direction, expected, rtol=1e-14)
    np.testing.assert_allclose(log_norm, 3 + np.log1p(share**2) / 2, rtol=1e-14)


@pytest.mark.parametrize("size", [0.0, -1e5])
def test_a_neuron_that_is_zero_says_nothing_of_the_sizes_of_others(size):
    net, theta = hl.SquaredReLU(2, 2), np.array([[[0.0, 0.0], [0.6, 0.8]]])
    direction, log_norm = cartesian(net, theta, np.array([[0.0, size]]))
    np.testing.assert_allclose(direction, [[0, 0, 0.6, 0.8]], rtol=1e-14)
    assert log_norm == pytest.approx(size, abs=1e-14)
