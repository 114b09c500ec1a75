"""Whole sequences of saddles: squared ReLU on Figure 1's data, two-layer ReLU on orthogonal data, and where it ends."""

import numpy as np
import pytest

import homolib as hl

MEAN = hl.SquareLoss("mean")
TOY = np.array([[-0.5, 1], [2, 1]]), np.array([-1.0, 1])  # orthogonal, Boursier, Pillaud-Vivien and Flammarion 2022


def balanced(neurons, inputs, seed):
    """Unit start of a two-layer ReLU network with |v_k| = |u_k| and alternating signs of v."""
    u = np.random.default_rng(seed).standard_normal((neurons, inputs))
    v = np.linalg.norm(u, axis=1) * np.where(np.arange(neurons) % 2, 1, -1)
    w = np.concatenate([v[:, None], u], axis=1).ravel()
    return w / np.linalg.norm(w)


def shifts(net, X, y, w0, staircase, clocks, loss=None):
    """Measured minus predicted times of the jumps, for every ln(1/delta) in `clocks`."""
    found = []
    for clock in clocks:
        end = staircase.times[-1] * (clock + 12)
        path = hl.training_flow(net, X, y, w0, end, loss, np.exp(-clock), tolerance=1e-8)
        found.append(hl.jump_times(net, X, y, path, staircase) - staircase.times * clock)
    return np.array(found)


def test_the_two_steps_of_figure_4():
    """From the origin to the saddle of Figure 4 at the rate 2 * 46.875, on to the data at the rate 2 * 37.5."""
    X, y = hl.datasets.circle()
    found = hl.saddle_sequence(hl.SquaredReLU(20, 2), X, y, hl.datasets.ring())
    np.testing.assert_allclose(found.times, [1 / 93.75, 1 / 75], rtol=1e-6)
    np.testing.assert_allclose(found.losses, [192.1875, 75, 0], atol=1e-10)
    right = (0, 1, 2, 3, 4, 15, 16, 17, 18, 19)
    assert found.woken == [right, tuple(range(5, 15))]
    assert not found.ties
    first = found.points[1].reshape(20, 2)
    np.testing.assert_allclose((first**2).sum(axis=0), [5, 0], atol=1e-8)
    np.testing.assert_array_equal(first[5:15], 0)


def test_measured_jumps_on_figure_1s_data_tend_to_the_predicted_ones():
    X, y = hl.datasets.circle()
    net, start = hl.SquaredReLU(6, 2), hl.datasets.ring(6)
    found, clocks = hl.saddle_sequence(net, X, y, start), np.log(10) * np.array([10, 20, 40])
    late = shifts(net, X, y, start, found, clocks)
    np.testing.assert_allclose(late, np.broadcast_to(late[-1], late.shape), rtol=1e-3)
    slopes = np.polyfit(np.log(clocks), np.log(np.abs(late) / clocks[:, None]), 1)[0]
    np.testing.assert_allclose(slopes, -1, atol=1e-3)


def test_neurons_that_wake_together_in_different_directions_are_a_tie():
    net = hl.SquaredReLU(2, 2)
    found = hl.saddle_sequence(net, np.eye(2), np.array([1.0, 1]), np.array([1.0, 0, 0, 1]))
    (tie,) = found.ties
    assert (tie.kind, tie.units) == ("simultaneous", (0, 1))
    assert found.losses[-1] == pytest.approx(0, abs=1e-15)


def test_a_sequence_ends_where_nothing_grows():
    net = hl.SquaredReLU(2, 1, signs=[-1, 1])
    found = hl.saddle_sequence(net, np.array([[1.0], [-1.0]]), np.array([1.0, 1.0]), np.array([1.0, 0]))
    assert found.times.size == 0
    np.testing.assert_allclose(found.losses, [1.0])


def test_a_sequence_needs_a_lipschitz_gradient():
    with pytest.raises(ValueError, match=r"^net: got"):
        hl.saddle_sequence(hl.TwoLayerReLU(3, 2), *TOY, balanced(3, 2, 0))


def test_the_orthogonal_toy_has_three_plateaus():
    found = hl.orthogonal_staircase(*TOY, balanced(8, 2, 0), MEAN)
    np.testing.assert_allclose(found.times, [2 / np.sqrt(5), 2 / np.sqrt(1.25)], rtol=1e-12)
    np.testing.assert_allclose(found.losses, [0.5, 0.25, 0], atol=1e-15)
    np.testing.assert_allclose(found.points, [[0, 0], [0, 1], [-1, 1]])


def test_times_that_differ_by_rounding_are_one_jump_however_late():
    w0 = np.hstack([np.ones((3, 1)), np.eye(3)]).ravel()  # neuron k sees input k alone
    for late in (1.0, 1e4):
        found = hl.orthogonal_staircase(np.eye(3), np.array([2.0, 1 / late, (1 + 1e-12) / late]), w0)
        assert found.woken == [(0,), (1, 2)]
        np.testing.assert_allclose(found.times, [0.5, late], rtol=1e-11)


def test_the_flow_on_the_orthogonal_toy_is_that_staircase():
    """Measured times, the middle plateau, and the interpolator of least norm at the end."""
    net, w0 = hl.TwoLayerReLU(8, 2), balanced(8, 2, 0)
    found = hl.orthogonal_staircase(*TOY, w0, MEAN)
    late = shifts(net, *TOY, w0, found, np.log(10) * np.array([6, 12, 24]), MEAN)
    np.testing.assert_allclose(late, np.broadcast_to(late[-1], late.shape), rtol=1e-3)
    path = hl.training_flow(net, *TOY, w0, 50.0, MEAN, delta=1e-6)
    assert path.norm[-1] ** 2 / 2 == pytest.approx(1 / np.sqrt(5) + 1 / np.sqrt(1.25), rel=1e-6)
    assert np.interp(18.0, path.t, path.loss) == pytest.approx(0.25, abs=1e-3)


def test_few_neurons_fit_the_labels_piece_by_piece():
    """Each wakes with the positive, or negative, labels that it sees; more jumps than two."""
    rng = np.random.default_rng(3)
    X = np.diag(rng.uniform(0.5, 1.5, 5))
    y = rng.uniform(0.5, 2, 5) * np.array([1, 1, -1, 1, -1])
    u = rng.standard_normal((6, 5))
    v = np.linalg.norm(u, axis=1) * np.array([1, 1, 1, -1, -1, 1])
    w0 = np.concatenate([v[:, None], u], axis=1).ravel()
    w0 /= np.linalg.norm(w0)
    net, found = hl.TwoLayerReLU(6, 5), hl.orthogonal_staircase(X, y, w0)
    assert len(found.times) == 3
    late = shifts(net, X, y, w0, found, np.array([30.0, 60.0]))
    np.testing.assert_allclose(late[0], late[1], rtol=0.01)


def test_neurons_that_wake_together_fit_what_each_of_them_sees():
    """Two inputs of equal strength, each seen by one neuron."""
    w0 = np.array([[1.0, 0.8, -0.6], [1.0, -0.6, 0.8]]).ravel() / 2
    found = hl.orthogonal_staircase(np.eye(2), np.array([2.0, 2.0]), w0)
    assert found.woken == [(0, 1)]
    np.testing.assert_allclose(found.points, [[0, 0], [2, 2]])


def test_labels_that_no_neuron_sees_are_never_fitted():
    X, y = np.eye(2), np.array([1.0, 1.0])
    found = hl.orthogonal_staircase(X, y, np.array([1.0, 0.8, -0.6]) / np.sqrt(2))
    np.testing.assert_allclose(found.points[-1], [1, 0])
    assert found.losses[-1] == 0.5


@pytest.mark.parametrize(
    ("X", "w0", "named"),
    [
        (np.array([[1.0, 0], [1, 1]]), np.array([1.0, 0.5, 0]), "X"),
        (np.eye(2), np.array([0.1, 1, 0]), "w0"),
        (np.eye(2), np.ones(4), "w0"),
    ],
)
def test_what_orthogonal_staircases_do_not_cover_is_refused(X, w0, named):
    with pytest.raises(ValueError, match=f"^{named}: got"):
        hl.orthogonal_staircase(X, np.ones(2), w0)


def test_a_path_that_is_too_short_is_refused():
    X, y = np.eye(2), np.array([2.0, 1.0])
    found = hl.diagonal_staircase(X, y)
    path = hl.training_flow(hl.DiagonalLinear(2), X, y, np.array([1.0, 1, 0, 0]), 1.0, delta=1e-8)
    with pytest.raises(ValueError, match=r"^path: got"):
        hl.jump_times(hl.DiagonalLinear(2), X, y, path, found)


@pytest.mark.parametrize(
    ("x", "y", "loss", "seed"),
    [((-0.75, -0.5, 0.125), (1.1, 0.1, 0.8), 0.0875214, 0), ((-0.95, 0, 0.95), (1.05, 0.1, 1.05), 0.1002778, 1)],
)
def test_not_every_staircase_reaches_zero(x, y, loss, seed):
    """Three points that forty neurons from a small balanced start fit only by least squares (Boursier, Flammarion).

    From seed 0 a neuron of the second network slides along a kink at t = 14.83, which `training_flow` does not follow.
    """
    X, net, w0 = np.column_stack([x, np.ones(3)]), hl.TwoLayerReLU(40, 2), balanced(40, 2, seed)
    path = hl.training_flow(net, X, np.array(y), w0, 300.0, MEAN, delta=1e-3, tolerance=1e-7)
    np.testing.assert_allclose(net.outputs(X, path.w[-1]), np.polyval(np.polyfit(x, y, 1), x), atol=1e-6)
    assert path.loss[-1] == pytest.approx(loss, rel=1e-6)


@pytest.mark.parametrize("size", [1e-170, 1e-100, 1e50])
def test_inputs_are_orthogonal_or_not_at_every_scale(size):
    """The products of tiny inputs underflow; their cosines do not."""
    X, y = TOY
    found = hl.orthogonal_staircase(size * X, y, balanced(8, 2, 0), MEAN)
    np.testing.assert_allclose(found.times * size, [2 / np.sqrt(5), 2 / np.sqrt(1.25)], rtol=1e-12)
    with pytest.raises(ValueError, match=r"^X: got"):
        hl.orthogonal_staircase(size * np.array([[1.0, 0], [1, 1]]), np.ones(2), balanced(8, 2, 0))


def test_labels_of_zeros_are_not_those_of_a_staircase_with_jumps():
    X, y, net = np.eye(2), np.array([2.0, 1.0]), hl.DiagonalLinear(2)
    path = hl.training_flow(net, X, y, np.array([1.0, 1, 0, 0]), 1.0, delta=1e-8)
    with pytest.raises(ValueError, match=r"^y: got zeros, want the labels of the staircase"):
        hl.jump_times(net, X, 0 * y, path, hl.diagonal_staircase(X, y))
    assert hl.jump_times(net, X, 0 * y, path, hl.diagonal_staircase(X, 0 * y)).shape == (0,)


def test_a_short_input_counts_by_its_angle():
    with pytest.raises(ValueError, match=r"^X: got inputs that are not orthogonal"):
        hl.orthogonal_staircase(np.array([[1.0, 0.0], [1e-7, 1e-7]]), np.ones(2), balanced(2, 2, 0))
    short = hl.orthogonal_staircase(np.diag([1.0, 1e-7]), np.ones(2), np.array([1.0, 1.0, 0.0, 1.0, 0.0, 1.0]))
    assert short.times == pytest.approx([1.0, 1e7])
