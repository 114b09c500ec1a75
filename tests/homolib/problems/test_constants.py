"""beta, beta_hat and beta_tilde against closed forms, scans and random weights."""

import numpy as np
import pytest
from hypothesis import given, settings

import homolib as hl
from homolib.problems.constants import constants, jacobian_bound, pullback_lipschitz
from tests.homolib.strategies import SEEDS, networks

D50, P5 = hl.datasets.circle(50), hl.datasets.five_points()


@given(networks(), SEEDS)
def test_no_weights_answer_louder_than_beta(net, seed):
    rng = np.random.default_rng(seed)
    X, w = rng.standard_normal((4, 2)), rng.standard_normal((500, net.size))
    found = np.linalg.norm(net.outputs(X, w / np.linalg.norm(w, axis=1, keepdims=True)), axis=-1)
    assert found.max() <= constants(net, X, np.ones(4)).beta * (1 + 1e-12)


@settings(max_examples=25)
@given(SEEDS)
def test_beta_in_the_plane_is_the_best_of_a_fine_scan(seed):
    rng = np.random.default_rng(seed)
    X, slope = rng.standard_normal((6, 2)), rng.choice([0, 0.3, -0.5, 1.7])
    angles = np.linspace(0, 2 * np.pi, 20001)
    s = np.stack([np.cos(angles), np.sin(angles)], axis=1) @ X.T
    s = np.maximum(s, slope * s)
    for net, scan in (
        (hl.SquaredReLU(3, 2, slope=slope), np.linalg.norm(s**2, axis=1).max()),
        (hl.PoweredReLU(1, 2, order=3, slope=slope), np.linalg.norm(s**3, axis=1).max()),
        (hl.TwoLayerReLU(2, 2, slope=slope), np.linalg.norm(s, axis=1).max() / 2),
    ):
        found = constants(net, X, np.ones(6))
        assert found.exact
        assert scan <= found.beta * (1 + 1e-12)
        assert found.beta == pytest.approx(scan, rel=1e-5)


@pytest.mark.parametrize("point", [(0, 1), (0, -1), (1, 0), (0.6, 0.8)])
def test_an_input_that_answers_alone_is_itself_the_best_direction(point):
    """Beside it the sum is a power of one cosine; (0, 1) and (0, -1) have no finite tangent."""
    loud, turned = np.array(point), np.array([-point[1], point[0]])
    X = np.array([loud, 0.1 * turned - 0.02 * loud])  # the second one does not see the first
    assert constants(hl.SquaredReLU(1, 2), X, np.ones(2)).beta == pytest.approx(1, rel=1e-14, abs=0)


def test_constants_of_figure_1():
    """beta^2 = 9.375, from the fourth moments of fifty equally spaced directions."""
    found = constants(hl.SquaredReLU(20, 2), *D50)
    assert found.beta == pytest.approx(np.sqrt(9.375), rel=1e-12)
    assert found.beta_hat == 1
    assert found.beta_tilde == pytest.approx(np.sqrt(9.375) + np.linalg.norm(D50[1]))
    assert found.rate == pytest.approx(277.6171589037, rel=1e-10)
    assert constants(hl.SquaredReLU(1, 2), *D50).beta == pytest.approx(found.beta)  # width does not matter


def test_logistic_constants_depend_on_the_labels():
    found = constants(hl.SquaredReLU(20, 2), *D50, hl.LogisticLoss())
    assert found.beta_hat == pytest.approx(np.max(D50[1]) ** 2 / 4)
    assert found.rate == pytest.approx(352.5891058108, rel=1e-10)


def test_two_layer_constants_of_the_five_points():
    assert constants(hl.TwoLayerReLU(1, 2), *P5).beta == pytest.approx(0.705886578757, rel=1e-11)
    assert constants(hl.TwoLayerReLU(1, 2, slope=0.1), *P5).beta == pytest.approx(0.707579996094, rel=1e-11)


def test_mean_loss_divides_both_constants():
    total, mean = (constants(hl.SquaredReLU(2, 2), *D50, hl.SquareLoss(kind)) for kind in ("sum", "mean"))
    assert mean.rate == pytest.approx(total.rate / 50)


def test_a_scan_of_the_sphere_is_too_small():
    """What a wrong implementation would return: sampled weights stay below the supremum."""
    w = hl.datasets.random_start(40, seed=range(1000))
    found = np.linalg.norm(hl.SquaredReLU(20, 2).outputs(D50[0], w), axis=-1).max()
    assert found < 0.9 * constants(hl.SquaredReLU(20, 2), *D50).beta


@pytest.mark.parametrize("slope", [0.0, 0.5, 2.0, -3.0])
def test_on_the_line_one_of_two_directions_is_the_best(slope):
    x = np.array([[2.0], [-1.0], [0.5]])
    found = constants(hl.SquaredReLU(1, 1, slope=slope), x, np.zeros(3))
    loudest = max(np.linalg.norm(np.maximum(u * x, slope * u * x) ** 2) for u in (1, -1))
    assert (found.beta, found.exact) == (pytest.approx(loudest, rel=1e-14), True)


def test_upper_bounds_say_so():
    X, y = hl.datasets.gaussian(7, 4, seed=0)
    assert not constants(hl.TwoLayerReLU(2, 4), X, y).exact
    assert not constants(hl.DeepReLU([(3, 4), None], (1, 2)), X, y).exact
    assert constants(hl.DiagonalLinear(4), X, y).exact


def test_unknown_networks_are_refused():
    other = type("Other", (hl.networks.Network,), {"inputs": 2, "degree": 1, "_describe": lambda self: ""})()
    with pytest.raises(ValueError, match=r"^net: got .*, want a network of this library.* outputs of others"):
        constants(other, *D50)
    with pytest.raises(ValueError, match=r"^net: got .*, want a network of this library.* gradients of others"):
        jacobian_bound(other, D50[0])


@pytest.mark.parametrize("slope", [-3.0, 0.0, 0.5, 2.0])
@pytest.mark.parametrize("size", [1e-2, 1.0, 5.0])
def test_bounds_are_attained_on_orthogonal_inputs_of_equal_length(size, slope):
    """For X = c I all the weight on one input is best: sigma(c u)^L is largest at u = 1 or -1, steepest there, too."""
    X, steep, d = size * np.eye(3), max(1.0, abs(slope)), 3
    for order in (2, 3):
        powered = hl.PoweredReLU(2, d, order=order, slope=slope)
        assert constants(powered, X, np.zeros(d)).beta == pytest.approx((steep * size) ** order, rel=1e-14)
        assert jacobian_bound(powered, X) == pytest.approx(order * (steep * size) ** order, rel=1e-14)
    two_layer = hl.TwoLayerReLU(2, d, slope=slope)
    assert constants(two_layer, X, np.zeros(d)).beta == pytest.approx(steep * size / 2, rel=1e-14)
    assert jacobian_bound(two_layer, X) == pytest.approx(steep * size, rel=1e-14)
    assert jacobian_bound(hl.DiagonalLinear(d), X) == pytest.approx(size, rel=1e-14)


@given(networks(), SEEDS)
def test_no_weights_of_norm_one_have_a_steeper_jacobian(net, seed):
    """Those of a diagonal network reach the bound, with all weight on one coordinate."""
    X = np.random.default_rng(seed).standard_normal((4, 2))
    w = np.concatenate([np.eye(net.size), hl.datasets.random_start(net.size, range(30))])
    steepest = max(np.linalg.norm(net.pullback(X, one, np.eye(4)), 2) for one in w)
    assert steepest <= jacobian_bound(net, X) * (1 + 1e-12)
    if isinstance(net, hl.DiagonalLinear):
        assert steepest == pytest.approx(jacobian_bound(net, X), rel=1e-12)


@pytest.mark.parametrize("z", [(0.5, -0.3, 0.2), (0.3, -0.5, 0.2), (-0.01, 0.02, -0.04)])
@pytest.mark.parametrize("slope", [-3.0, 0.0, 0.5, 2.0])
def test_the_steepest_hessian_on_orthogonal_inputs(slope, z):
    """N is a sum of z_i sigma(c u_i)^2, whose second derivatives are at most 2 |z_i| c^2 max(1, slope)^2."""
    X, steep, most = 0.3 * np.eye(3), max(1.0, abs(slope)), np.abs(z).max()
    found = pullback_lipschitz(hl.SquaredReLU(1, 3, slope=slope), X, np.array(z))
    assert found == pytest.approx(2 * most * 0.09 * steep**2, rel=1e-14)
    assert pullback_lipschitz(hl.DiagonalLinear(3), X, np.array(z)) == pytest.approx(0.3 * most, rel=1e-14)


def test_inputs_of_one_sign_add_up_in_the_hessian():
    """The same input twice: numbers of one sign add, of two signs only those of the larger sum count."""
    net, X = hl.SquaredReLU(1, 1), np.ones((3, 1))
    assert pullback_lipschitz(net, X, np.array([0.2, 0.3, -0.4])) == pytest.approx(1.0)
    assert pullback_lipschitz(net, X, np.array([-0.2, -0.3, 0.4])) == pytest.approx(1.0)


@pytest.mark.parametrize(("slope", "middle"), [(-2.0, -0.25), (0.3, 0.25), (1.7, 0.25)])
def test_beta_of_a_deep_network_is_attained_in_a_chain(slope, middle):
    """One input, one neuron in a layer: each layer stretches by its norm and its steepest slope, |W_1| |W_2| = 1/2.

    The frozen layer in the middle has the sign with which all kinks are passed on their steep side.
    """
    x, steep = np.array([[0.6, 0.8]]), max(1.0, abs(slope))
    net = hl.DeepReLU([3 * np.eye(2), (1, 2), [[middle]], (1, 1), [[5.0]]], (2, 4), slope=slope)
    h = np.maximum(3 * x, slope * 3 * x)[0]
    found = constants(net, x, np.zeros(1)).beta
    assert found == pytest.approx(np.linalg.norm(h) * 0.25 * 5 * steep**3 / 2, rel=1e-14)
    ends = np.array([(*a * h / np.linalg.norm(h), b) for a in (1, -1) for b in (1, -1)]) * np.sqrt(0.5)
    assert np.abs(net.outputs(x, ends)).max() == pytest.approx(found, rel=1e-14)
    steepest = np.linalg.norm(net.pullback(x, ends, np.ones(1)), axis=1).max()
    assert jacobian_bound(net, x) == pytest.approx(steepest, rel=1e-14)


@pytest.mark.parametrize("net", [hl.PoweredReLU(1, 2, order=3), hl.TwoLayerReLU(1, 2)])
def test_a_gradient_that_is_not_lipschitz_has_no_constant(net):
    with pytest.raises(ValueError, match=r"^net: got .*, want a network of order 2 with Lipschitz gradient"):
        pullback_lipschitz(net, *P5)


def test_the_gradient_of_a_linear_pair_of_layers():
    """v u . x with no kink: the Hessian of N is [[0, q], [q, 0]] with q = sum z_i x_i, and |q| <= |X| |z|."""
    net, X, z = hl.TwoLayerReLU(1, 2, slope=1.0), np.array([[3.0, 4.0]]), np.array([0.2])
    assert pullback_lipschitz(net, X, z) == pytest.approx(5 * 0.2, rel=1e-14)
