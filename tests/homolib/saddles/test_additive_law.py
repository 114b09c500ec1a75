"""The additive law: where it holds, training follows it; where it does not, the sequence is refused."""

import numpy as np
import pytest

import homolib as hl
from homolib.saddles.stability import awake_curvature, is_repelling

CROSS = np.array([[1, 0.2], [1, -0.2], [0.1, 1], [0.1, -1]]), np.array([4.0, 4, 1, 1])  # symmetric in u_2
LEANING = np.array([[0.5, 1], [1, -2]]), np.array([1.0, 0.25])  # N = u_1^2 / 2 + 2 u_2^2 near the first axis


def separate(net, blocks, w0):
    """The neurons as the groups of inputs see them: one neuron of its own for each group, with exact zeros."""
    d = net.inputs
    mask = np.zeros((len(blocks), d))
    for g, block in enumerate(blocks):
        mask[g, block] = 1
    neurons = (net.neurons(w0)[:, None] * mask).reshape(-1)
    return hl.SquaredReLU(len(net.signs) * len(blocks), d, signs=np.repeat(net.signs, len(blocks))), neurons


def test_one_neuron_on_two_orthogonal_inputs_jumps_twice():
    """Its second coordinate grows like exp(2 t) all the time; the first jump has nothing to do with it."""
    found = hl.saddle_sequence(hl.SquaredReLU(1, 2), np.eye(2), np.array([4.0, 1]), np.array([0.6, 0.8]))
    np.testing.assert_allclose(found.times, [1 / 8, 1 / 2], rtol=1e-9)
    np.testing.assert_allclose(found.losses, [8.5, 0.5, 0], atol=1e-15)
    np.testing.assert_allclose(found.points, [[0, 0], [2, 0], [2, 1]], atol=1e-9)
    assert found.woken == [(0,), (0,)]
    assert not found.ties


@pytest.mark.parametrize("delta", [1e-3, 1e-30])
def test_training_jumps_there_twice(delta):
    """In logarithms of the coordinates, so that delta^(3/4) beside 2 is no rounding."""
    labels, clock, step = np.array([4.0, 1]), -np.log(delta), 1e-3
    logs, half = np.log(delta * np.array([0.6, 0.8])), [None, None]
    for k in range(int(0.6 * clock / step)):
        for j in (0, 1):
            if half[j] is None and np.exp(2 * logs[j]) > labels[j] / 2:
                half[j] = k * step / clock
        logs = logs + step * 2 * (labels - np.exp(2 * logs))
    np.testing.assert_allclose(half, [1 / 8, 1 / 2], atol=1 / clock)


@pytest.mark.parametrize("seed", range(8))
def test_groups_of_orthogonal_inputs_have_staircases_of_their_own(seed):
    """Whatever the basis; and training of the separate neurons, which is the same flow, jumps when it is said."""
    rng = np.random.default_rng(seed)
    X, y = np.zeros((4, 4)), rng.uniform(0.5, 2, 4)
    X[:2, :2], X[2:, 2:] = rng.uniform(0.2, 1, (2, 2)), rng.uniform(0.2, 1, (2, 2))
    turn, w0 = np.linalg.qr(rng.standard_normal((4, 4)))[0], rng.uniform(0.1, 1, 8)
    net = hl.SquaredReLU(2, 4)
    found = hl.saddle_sequence(net, X, y, w0)
    turned = hl.saddle_sequence(net, X @ turn, y, (w0.reshape(2, 4) @ turn).ravel())
    np.testing.assert_allclose(turned.times, found.times, rtol=1e-6)
    np.testing.assert_allclose(turned.losses, found.losses, atol=1e-7)
    apart, v0 = separate(net, [slice(0, 2), slice(2, 4)], w0)
    np.testing.assert_allclose(apart.outputs(X, v0), net.outputs(X, w0), rtol=1e-13)
    norm, late = np.linalg.norm(v0), []
    for clock in (150, 300):
        path = hl.training_flow(
            apart, X, y, v0 / norm, 1.3 * found.times[-1] * clock + 60, delta=np.exp(-clock), tolerance=1e-7
        )
        late.append(hl.jump_times(apart, X, y, path, found) - found.times * clock)
    assert np.abs(np.array(late) / np.array([[150], [300]])).max() < 0.1 * found.times.max()
    np.testing.assert_allclose(late[0], late[1], rtol=0.05, atol=0.05)


def test_a_dormant_neuron_turns_with_the_residual_of_a_jump():
    """The third neuron's direction is carried to another basin while the others jump; it wakes in the end.

    Taken straight to the next plateau it would never wake. Five Gaussian points, two of three signs negative.
    """
    rng = np.random.default_rng(22)
    rng.integers(2, 6, 3)
    X, y, signs = rng.standard_normal((5, 2)), rng.standard_normal(5), np.array([-1.0, 1, -1])
    rng.choice([-1, 1], 3)
    net, w0 = hl.SquaredReLU(3, 2, signs=signs), rng.standard_normal(6)
    found = hl.saddle_sequence(net, X, y, w0)
    assert found.woken == [(1,), (0,), (2,)]
    assert found.times[2] == pytest.approx(5.15483, rel=1e-4)
    path = hl.training_flow(net, X, y, w0 / np.linalg.norm(w0), 60.0, delta=np.exp(-60), tolerance=1e-8)
    third = net.neurons(path.at(60.0))[2]
    np.testing.assert_allclose(third / np.linalg.norm(third), [0.403784, -0.914854], atol=1e-4)


def test_neurons_that_wake_together_are_a_tie_if_they_have_turned_apart():
    """Two inputs at an obtuse angle, each a maximum of N, with one neuron at each of them, or both at one."""
    X = np.array([[0.6, 0.8], [0.6, -0.8]])
    for second, ties in ((X[1], [(0, 1)]), (X[0], [])):
        found = hl.saddle_sequence(hl.SquaredReLU(2, 2), X, np.ones(2), np.concatenate([X[0], second]))
        assert found.woken[0] == (0, 1)
        assert [tie.units for tie in found.ties] == ties
        np.testing.assert_allclose(found.times[0], 1 / 2, rtol=1e-9)  # N = 1 at both


def test_a_saddle_among_the_awake_weights_is_refused_and_training_leaves_it():
    X, y = CROSS
    net, w0 = hl.SquaredReLU(1, 2), np.array([1.0, 0.05])
    saddle = hl.next_saddle(hl.Saddle(net, X, y, np.zeros(2)), np.array([1.0, 0]))
    assert awake_curvature(saddle) < -0.01
    with pytest.raises(ValueError, match=r"^w0: got a start whose jump at .* direction of descent"):
        hl.saddle_sequence(net, X, y, w0)
    path = hl.training_flow(net, X, y, w0 / np.linalg.norm(w0), 60.0, delta=1e-4, tolerance=1e-10)
    assert path.loss[-1] < saddle.loss - 0.1


def test_a_start_on_an_unstable_direction_is_refused_and_training_jumps_before_its_clock():
    """2 N = 1 along the axis would mean tau = 1, but the neuron's own output turns it long before."""
    X, y = LEANING
    net, w0 = hl.SquaredReLU(1, 2), np.array([1.0, 0])
    origin = hl.Saddle(net, X, y, np.zeros(2))
    assert is_repelling(origin, w0)
    assert hl.escape(origin, w0).rate == pytest.approx(1, rel=1e-9)
    with pytest.raises(ValueError, match=r"^w0: got a start that leads neuron 0 to an unstable KKT point"):
        hl.saddle_sequence(net, X, y, w0)
    path = hl.training_flow(net, X, y, w0, 16.0, delta=1e-6, tolerance=1e-12)
    assert hl.escape_time(origin, path, 0.5) / np.log(1e6) < 0.9


def test_a_start_that_is_led_to_an_unstable_direction_is_refused():
    """N is a quadratic form, symmetric in u_2, which grows a little faster than what a start with u_2 = 0 tends to."""
    X, net = np.array([[0.5, 0.62, 0.2], [0.5, -0.62, 0.2], [0, 0, 0.7]]), hl.SquaredReLU(1, 3, slope=1.0)
    start = np.array([0.6, 0.0, 0.8])
    assert not is_repelling(hl.Saddle(net, X, np.ones(3), np.zeros(3)), start)
    with pytest.raises(ValueError, match=r"^w0: got a start that leads neuron 0 to an unstable KKT point"):
        hl.saddle_sequence(net, X, np.ones(3), start)


def test_two_linear_layers_jump_once_at_the_time_of_the_largest_correlation():
    """v W x: the largest N of unit weights is |X' y| / 2, and one neuron fits what a linear map can."""
    X, y = np.array([[1.0, 0.2], [0.1, 1.0]]), np.array([2.0, 1.0])
    net = hl.DeepReLU([(2, 2), None], (1, 2), slope=1.0)
    found = hl.saddle_sequence(net, X, y, hl.datasets.random_start(net.size, 0))
    np.testing.assert_allclose(found.times, [1 / np.linalg.norm(X.T @ y)], rtol=1e-9)
    np.testing.assert_allclose(found.losses, [2.5, 0], atol=1e-15)


def test_a_pull_that_changes_sign_is_refused_in_a_diagonal_network():
    gram = np.array([[1, 0.8, 0.8], [0.8, 1, 0.4], [0.8, 0.4, 1]])
    X = np.linalg.cholesky(gram).T
    y, start = X @ np.array([-0.5, 1, 1.2]), np.r_[np.ones(3), np.zeros(3)]
    for label in (1, 16, 1 / 64):  # times are those of the data, in messages, too
        third = hl.diagonal_staircase(X, label * y).times[2]
        with pytest.raises(ValueError, match=rf"^w0: got .* jump at {third:.6g} .* direction of descent"):
            hl.saddle_sequence(hl.DiagonalLinear(3), X, label * y, start)
    X, y = np.array([[1, 0.5, 0], [0, 1, 0.5], [0.5, 0, 1]]), np.array([1.5, -0.75, 1.5])
    law, theorem = hl.saddle_sequence(hl.DiagonalLinear(3), X, y, start), hl.diagonal_staircase(X, y)
    if len(law.times) == len(theorem.times):
        np.testing.assert_allclose(law.times, theorem.times, rtol=1e-6)


@pytest.mark.parametrize("size", [1e-100, 1e-6, 1e6, 1e20])
@pytest.mark.parametrize("label", [1e-100, 1e-6, 1e6])
def test_a_staircase_is_the_same_at_every_scale(size, label):
    X, y = hl.datasets.circle(12)
    net, w0 = hl.SquaredReLU(4, 2), hl.datasets.ring(4)
    found, scaled = hl.saddle_sequence(net, X, y, w0), hl.saddle_sequence(net, size * X, label * y, w0)
    np.testing.assert_allclose(scaled.times * size**2 * label, found.times, rtol=1e-7)
    np.testing.assert_allclose(scaled.losses / label / label, found.losses, atol=1e-12)
    np.testing.assert_allclose(scaled.points / np.sqrt(label) * size, found.points, atol=1e-6)


def brute_force(form, dimension, rng):
    """Least value of a form on the sphere among many random directions."""
    b = rng.standard_normal((20_000, dimension))
    b /= np.linalg.norm(b, axis=1, keepdims=True)
    return min(form(one) for one in b[:2000])


@pytest.mark.parametrize("seed", range(10))
def test_the_lowest_curvature_is_that_of_the_loss(seed):
    """Against second differences of the loss at critical points with inputs on kinks."""
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1], 2)
    net = hl.SquaredReLU(2, 2, signs=signs, slope=rng.choice([0.0, 0.5]))
    X = np.array([[1.0, 0], [0, 1], [0, -1], [-1, 0.5]])
    w = np.array([1.0, 0, -0.5, 0]) * rng.uniform(0.5, 2)
    y = net.outputs(X, w) + rng.standard_normal(4)
    residual = y - net.outputs(X, w)
    saddle, eps = hl.Saddle(net, X, y, w), 1e-4

    def form(b):
        slope = -net.pullback(X, w, residual) @ b
        change = hl.SquareLoss().value(net.outputs(X, w + eps * b), y) - saddle.loss
        return 2 * (change - eps * slope) / eps**2

    seen, lowest = brute_force(form, 4, rng), awake_curvature(saddle)
    jacobian = net.pullback(X, w, np.eye(4))
    assert np.sign(lowest) == np.sign(seen) or abs(seen) < 0.05
    assert lowest * np.linalg.norm(jacobian.T @ jacobian, 2) <= max(seen, 0) + 1e-3


def test_a_jump_that_does_not_come_to_rest_is_refused():
    """Inputs a part in ten thousand apart: the difference of their labels takes 1e8 times longer to fit than they."""
    X = np.array([[1, 0], [1, 1e-4]])
    with pytest.raises(ValueError, match=r"^y: got labels for which the jump at 0\.238\d* does not come to rest"):
        hl.saddle_sequence(hl.SquaredReLU(1, 2), X, np.array([1, 1.1]), np.array([0.6, 0.8]))
