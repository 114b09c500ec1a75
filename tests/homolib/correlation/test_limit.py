"""Where a frozen flow goes and by when, on neurons whose flow is an exponential."""

import numpy as np
import pytest

import homolib as hl
from homolib.correlation.limit import FrozenStart


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
