"""The data sets have the properties the book uses, and no randomness that is not asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import homolib as hl


@given(st.integers(1, 80))
def test_circle_inputs_have_norm_one_and_labels_by_formula(n):
    X, y = hl.datasets.circle(n)
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1, rtol=1e-15)
    np.testing.assert_allclose(y, np.where(X[:, 0] > 0, 5, 4) * X[:, 0] ** 2)


def test_figure_1_data():
    X, y = hl.datasets.circle()
    assert y.sum() == pytest.approx(112.5)
    assert np.linalg.norm(y) == pytest.approx(19.6054839266977)
    assert hl.SquareLoss().value(np.zeros(50), y) == pytest.approx(192.1875)
    assert X[12].tolist() == [0, 1]
    assert X[37].tolist() == [0, -1]
    assert y[12] == y[37] == 0


@pytest.mark.parametrize("n", range(1, 31))
def test_quarter_turns_are_exact(n):
    """Input i is at (2 i + 1) / (2 n) of a turn: a quarter where 2 (2 i + 1) is an odd multiple of n, and so on."""
    X, i = hl.datasets.circle(n)[0], np.arange(n)
    quarters, rest = np.divmod(2 * (2 * i + 1), n)
    exact = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], dtype=float)[quarters % 4]
    np.testing.assert_array_equal(X[rest == 0], exact[rest == 0])
    assert (X[rest != 0] != 0).all()


def test_inputs_of_a_circle_are_spread_evenly():
    """Their mean is zero and their second moments are those of the circle, half the identity."""
    for n in (3, 4, 7, 50):
        X, _ = hl.datasets.circle(n)
        np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-15)
        np.testing.assert_allclose(X.T @ X / n, np.eye(2) / 2, atol=1e-15)
        turns = np.sort(np.mod(np.arctan2(X[:, 1], X[:, 0]) / (2 * np.pi), 1))
        np.testing.assert_allclose(turns, (np.arange(n) + 0.5) / n, atol=1e-15)


def test_neurons_of_a_ring_are_a_third_of_a_step_ahead():
    turns = np.mod(np.arctan2(*hl.datasets.ring(7).reshape(7, 2).T[::-1]) / (2 * np.pi), 1)
    np.testing.assert_allclose(turns, (np.arange(7) + 1 / 3) / 7, atol=1e-15)


@pytest.mark.parametrize("name", ["dependent", "aligned"])
def test_two_of_the_branching_starts_are_balanced(name):
    start = hl.datasets.branching_start(name)
    assert start["v0"] == pytest.approx(np.linalg.norm(start["u0"]), rel=1e-15)


def test_seed_decides_everything():
    np.testing.assert_array_equal(hl.datasets.circle(9, seed=3)[0], hl.datasets.circle(9, seed=3)[0])
    assert not np.allclose(hl.datasets.circle(9, seed=3)[0], hl.datasets.circle(9, seed=4)[0])
    rows = hl.datasets.random_start(6, seed=[5, 2])
    np.testing.assert_array_equal(rows[1], hl.datasets.random_start(6, seed=2))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1)


def test_five_points_are_unit_vectors():
    X, y = hl.datasets.five_points()
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1, rtol=1e-15)
    assert y.tolist() == [0.5, -2, -2, 3, 3]


def test_mirrored_points_make_the_neuron_v_abs_u():
    X, z = hl.datasets.mirrored()
    v, u = 0.7, -1.3
    assert hl.TwoLayerReLU(1, 1).outputs(X, np.array([v, u])) @ z == pytest.approx(v * abs(u))


def test_ring_has_norm_one_and_equal_neurons():
    w = hl.datasets.ring(20)
    assert np.linalg.norm(w) == pytest.approx(1)
    np.testing.assert_allclose(np.linalg.norm(w.reshape(20, 2), axis=1), 20**-0.5)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: hl.datasets.circle(0), "n"),
        (lambda: hl.datasets.circle(2.5), "n"),
        (lambda: hl.datasets.ring(-1), "neurons"),
        (lambda: hl.datasets.gaussian(3, 2, seed=-1), "seed"),
        (lambda: hl.datasets.random_start(0, seed=1), "size"),
    ],
)
def test_bad_input_names_the_argument(call, name):
    with pytest.raises(ValueError, match=rf"^{name}: got .*, want "):
        call()
