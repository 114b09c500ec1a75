"""Homogeneity, Euler's identity and the gradient, for every network; and networks that must fail."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import homolib as hl
from tests.homolib.strategies import SEEDS, networks, numbers, runs


def close(a, b, scale=1.0):
    np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-10 * scale)


@given(runs(), st.floats(0, 8))
def test_outputs_are_homogeneous(run, c):
    net, X, w, _ = run
    close(net.outputs(X, c * w), c**net.order * net.outputs(X, w), 1e3)


@given(runs(), st.floats(0.01, 8))
def test_pullback_has_one_order_less(run, c):
    net, X, w, z = run
    close(net.pullback(X, c * w, z), c ** (net.order - 1) * net.pullback(X, w, z), 1e3)


@given(runs())
def test_euler_identity_holds_also_on_kinks(run):
    net, X, w, z = run
    close(w @ net.pullback(X, w, z), net.order * (net.outputs(X, w) @ z), 1e3)


@given(networks(), SEEDS)
def test_pullback_is_the_gradient_where_there_is_one(net, seed):
    rng = np.random.default_rng(seed)
    X, w, z, v = rng.standard_normal((4, 2)), rng.standard_normal(net.size), rng.standard_normal(4), None
    v = rng.standard_normal(net.size)
    outputs = [net.outputs(X, w + step * v) @ z for step in (-2e-6, -1e-6, 0, 1e-6, 2e-6)]
    slopes = np.diff(outputs) / 1e-6
    assume(np.ptp(slopes) < 1e-3 * (1 + abs(slopes).max()))  # no kink within reach
    np.testing.assert_allclose(net.pullback(X, w, z) @ v, slopes.mean(), rtol=1e-4, atol=1e-4)


@given(networks(), st.data())
def test_batches_are_independent_runs(net, data):
    X, z, w = data.draw(numbers(3, 2)), data.draw(numbers(3)), data.draw(numbers(2, 2, net.size))
    outputs, pulled = net.outputs(X, w), net.pullback(X, w, z)
    for i in np.ndindex(2, 2):
        close(outputs[i], net.outputs(X, w[i]), 1e2)
        close(pulled[i], net.pullback(X, w[i], z), 1e2)


@given(networks(), st.data())
def test_many_numbers_pull_at_one_point_as_they_do_one_by_one(net, data):
    """The Jacobian is the pullback of the unit vectors: `z` may have leading axes that `w` has not."""
    X, z, w = data.draw(numbers(3, 2)), data.draw(numbers(4, 3)), data.draw(numbers(net.size))
    pulled = net.pullback(X, w, z)
    assert pulled.shape == (4, net.size)
    for one, row in zip(z, pulled, strict=True):
        close(row, net.pullback(X, w, one), 1e2)


@given(networks(), st.data())
def test_kinks_of_a_batch_are_those_of_its_runs(net, data):
    X, w = data.draw(numbers(3, 2)), data.draw(numbers(2, 2, net.size))
    kinks = net.kinks(X, w)
    assert kinks.shape[:-1] == (2, 2)
    for i in np.ndindex(2, 2):
        close(kinks[i], net.kinks(X, w[i]), 1e2)


@given(runs(batch=(3,)))
def test_join_undoes_neurons(run):
    net, _, w, _ = run
    np.testing.assert_array_equal(net.join(net.neurons(w)), w)


@given(runs())
def test_network_is_the_sum_of_its_neurons(run):
    net, X, w, _ = run
    neurons = net.neurons(w)
    alone = [net.join(np.where(np.arange(len(neurons))[:, None] == k, neurons, 0)) for k in range(len(neurons))]
    close(sum(net.outputs(X, one) for one in alone), net.outputs(X, w), 1e2)


def test_each_network_computes_what_it_says():
    x, rng = np.array([[2.0, -3.0]]), np.random.default_rng(0)
    squared = hl.SquaredReLU(2, 2, signs=[1, -1], slope=0.5)
    close(squared.outputs(x, np.array([1, 0, 0, 1.0])), [2.0**2 - 1.5**2])  # -3 gives -1.5, squared
    two = hl.TwoLayerReLU(2, 2)
    close(two.outputs(x, np.array([5, 1, 0, 7, 0, 1.0])), [10.0])
    close(hl.DiagonalLinear(2).outputs(x, np.array([1, 2, 3, 4.0])), [2 * 3 - 3 * 8])
    W1, W2, W3 = rng.standard_normal((3, 2)), rng.standard_normal((4, 3)), rng.standard_normal((1, 4))
    deep = hl.DeepReLU([(3, 2), W2, None], trainable=(1, 3))
    expected = W3 @ np.maximum(W2 @ np.maximum(W1 @ x[0], 0), 0)
    close(deep.outputs(x, np.concatenate([W1.ravel(), W3.ravel()])), expected)


def test_slope_above_one_swaps_the_sides():
    net = hl.TwoLayerReLU(1, 1, slope=2.0)
    close(net.outputs([[1.0], [-1.0]], np.array([1.0, 1.0])), [2.0, -1.0])
    close(net.pullback([[1.0]], np.array([1.0, -1.0]), [1.0]), [-1.0, 1.0])


def test_on_a_kink_the_inactive_side_is_taken():
    net = hl.TwoLayerReLU(1, 2)
    close(net.pullback([[1.0, 0.0]], np.array([1.0, 0.0, 1.0]), [1.0]), [0, 0, 0])


def test_a_network_with_a_bias_is_not_homogeneous():
    """The check has teeth: the same property fails where it must."""
    net = hl.TwoLayerReLU(1, 2)
    w, biased = np.array([1.0, 1.0, 1.0]), np.array([[1.0, 1.0]])
    outputs = [net.outputs(biased, np.r_[c * w[:2], 1.0 * w[2]]) for c in (1, 2)]  # the bias does not scale
    assert abs(outputs[1] - 4 * outputs[0]) > 1


def test_a_third_trainable_layer_makes_the_order_three():
    rng = np.random.default_rng(0)
    W1, W2, W3, x = rng.random((3, 2)), rng.random((2, 3)), rng.random((1, 2)), np.ones(2)
    cube = hl.DeepReLU([2 * W1, (2, 3), None], (2, 3)).outputs(x[None], 2 * np.r_[W2.ravel(), W3.ravel()])
    close(cube, 8 * hl.DeepReLU([W1, (2, 3), None], (2, 3)).outputs(x[None], np.r_[W2.ravel(), W3.ravel()]))


@pytest.mark.parametrize("scale", [1e-150, 1e-30, 1e30])
def test_scales_far_from_one_lose_nothing(scale):
    X, _ = hl.datasets.circle(5)
    for net in (hl.SquaredReLU(2, 2), hl.TwoLayerReLU(2, 2), hl.DiagonalLinear(2)):
        w = hl.datasets.random_start(net.size, seed=1)
        np.testing.assert_allclose(net.outputs(X, scale * w), scale**2 * net.outputs(X, w), rtol=1e-13)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: hl.SquaredReLU(0, 2), "neurons"),
        (lambda: hl.SquaredReLU(2.0, 2), "neurons"),
        (lambda: hl.SquaredReLU(2, -1), "inputs"),
        (lambda: hl.SquaredReLU(2, 2, signs=[1]), "signs"),
        (lambda: hl.SquaredReLU(2, 2, signs=[1, 0.5]), "signs"),
        (lambda: hl.TwoLayerReLU(2, 2, slope=np.nan), "slope"),
        (lambda: hl.PoweredReLU(2, 2, order=1), "order"),
        (lambda: hl.DeepReLU([(2, 2), (1, 2)], trainable=(1, 1)), "trainable"),
        (lambda: hl.DeepReLU([(2, 2), (1, 2)], trainable=(0, 1)), "trainable"),
        (lambda: hl.DeepReLU([(2, 2), np.ones((3, 3)), (1, 3)], trainable=(1, 3)), "frozen"),
        (lambda: hl.DeepReLU([None, None], trainable=(1, 2)), "frozen"),
        (lambda: hl.DeepReLU([(2, 2, 2), None], trainable=(1, 2)), r"frozen\[0\]"),
        (lambda: hl.DeepReLU([(2, 2), (2, 2)], trainable=(1, 2)), "frozen"),
        (lambda: hl.SquaredReLU(1, 2).outputs(np.ones(2), np.ones(2)), "X"),
        (lambda: hl.SquaredReLU(1, 2).outputs(np.ones((3, 3)), np.ones(2)), "X"),
        (lambda: hl.SquaredReLU(1, 2).outputs(np.full((3, 2), np.inf), np.ones(2)), "X"),
        (lambda: hl.SquaredReLU(1, 2).outputs(np.ones((3, 2)), np.ones(3)), "w"),
        (lambda: hl.SquaredReLU(1, 2).outputs(np.ones((3, 2)), [np.nan, 1]), "w"),
        (lambda: hl.SquaredReLU(1, 2).pullback(np.ones((3, 2)), np.ones(2), np.ones(2)), "z"),
        (lambda: hl.SquaredReLU(1, 2).pullback(np.ones((3, 2)), np.ones(2), "word"), "z"),
    ],
)
def test_bad_input_names_the_argument(call, name):
    with pytest.raises(ValueError, match=rf"^{name}.*: got .*, want "):
        call()


@given(runs(), st.integers(1, 3))
def test_weights_of_any_other_length_are_refused(run, more):
    net, X, w, _ = run
    with pytest.raises(ValueError, match=r"^w: got shape"):
        net.outputs(X, np.append(w, np.zeros(more)))
