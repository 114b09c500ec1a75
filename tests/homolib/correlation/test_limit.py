"""Where a frozen flow goes and by when, on neurons whose flow is an exponential."""

import numpy as np
import pytest

import homolib as hl
from homolib.correlation.limit import FrozenStart, settled_flow


@pytest.mark.parametrize("epsilon", [1e-2, 1e-9, 1e-100])
def test_a_neuron_that_dies_beside_one_that_grows_is_waited_for(epsilon):
    """One input x = e_1 with z = 1: (v, u) = (-1, 1, 0) shrinks like e^-t beside (1, 1, 0), which grows like e^t."""
    net = hl.TwoLayerReLU(2, 2)
    u0 = net.join(np.array([[1.0, 1, 0], [-1, 1, 0]])) / 2
    found = FrozenStart(net, [[1.0, 0.0]], [1.0], u0).limit(epsilon, whole=False)
    assert found.vanishes.tolist() == [False, True]
    assert found.eta == pytest.approx(np.sqrt(0.5) / 2, rel=1e-12)  # half of the least norm of the one that grows
    np.testing.assert_allclose(found.T, np.log(np.sqrt(0.5) / epsilon), rtol=1e-9)


def test_a_neuron_of_weight_zero_stays_and_vanishes():
    net = hl.TwoLayerReLU(2, 2)
    found = FrozenStart(net, [[1.0, 0.0]], [1.0], net.join(np.array([[1.0, 1, 0], [0, 0, 0]])) * np.sqrt(0.5)).limit(
        1e-3, whole=False
    )
    assert found.vanishes.tolist() == [False, True]
    assert np.array_equal(found.direction[1], np.zeros(3))
    np.testing.assert_allclose(found.direction[0], [np.sqrt(0.5), np.sqrt(0.5), 0], rtol=1e-12)


def test_a_start_that_turns_too_slowly_to_settle_is_named():
    """N = z_1 u_1^2 + z_2 u_2^2 in the quadrant u > 0: the angle turns like tan = tan_0 exp(2 (z_2 - z_1) t)."""
    net, u0 = hl.SquaredReLU(1, 2), np.array([0.6, 0.8])
    path = settled_flow(net, np.eye(2), [1.0, 1.001], u0)
    np.testing.assert_allclose(path.direction[-1], [0, 1], atol=1e-6)
    with pytest.raises(
        ValueError, match=r"^u0: got a start whose flow has not settled at t = .*, want one that settles"
    ):
        settled_flow(net, np.eye(2), [1.0, 1 + 1e-8], u0)


def test_only_flows_of_order_two_have_a_limit_here():
    with pytest.raises(ValueError, match=r"^net: got a network of order 3, want a network of order 2"):
        settled_flow(hl.PoweredReLU(1, 2, order=3), np.eye(2), [1.0, 2.0], [0.6, 0.8])


def test_the_last_neuron_to_settle_is_waited_for():
    """N = u_1^2 + 2 u_2^2: one neuron is at its maximum e_2, the other has yet to turn there."""
    net, u0 = hl.SquaredReLU(2, 2), np.array([0.0, 1.0, 0.6, 0.8]) * np.sqrt(0.5)
    found = FrozenStart(net, np.eye(2), [1.0, 2.0], u0).limit(1e-3, whole=False)
    np.testing.assert_allclose(found.direction, [[0, 1], [0, 1]], atol=1e-8)
