"""Hypothesis strategies shared by the tests of the library."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import homolib as hl

SLOPES = st.sampled_from([0.0, 0.1, 1.0, -0.5, 1.7])
SEEDS = st.integers(0, 2**32 - 1)


def numbers(*shape):
    """Arrays of moderate numbers, zeros and repeats among them."""
    return arrays(float, shape, elements=st.integers(-40, 40).map(lambda k: k / 8))


@st.composite
def networks(draw, inputs=2):
    """Any network of the library on inputs of the given length."""
    neurons, slope, rng = draw(st.integers(1, 4)), draw(SLOPES), np.random.default_rng(draw(SEEDS))
    kind = draw(st.sampled_from(["squared", "two-layer", "diagonal", "deep", "deep-apart", "cubed"]))
    if kind == "squared":
        return hl.SquaredReLU(neurons, inputs, signs=rng.choice([-1, 1], neurons), slope=slope)
    if kind == "two-layer":
        return hl.TwoLayerReLU(neurons, inputs, slope=slope)
    if kind == "diagonal":
        return hl.DiagonalLinear(inputs)
    if kind == "cubed":
        return hl.PoweredReLU(neurons, inputs, order=3, slope=slope)
    if kind == "deep":
        return hl.DeepReLU([(3, inputs), (2, 3), rng.standard_normal((1, 2))], (1, 2), slope=slope)
    return hl.DeepReLU([(3, inputs), rng.standard_normal((2, 3)), None], (1, 3), slope=slope)


@st.composite
def runs(draw, inputs=2, batch=()):
    """A network, inputs, weights and a vector z that fit together."""
    net = draw(networks(inputs))
    n = draw(st.integers(1, 5))
    return net, draw(numbers(n, inputs)), draw(numbers(*batch, net.size)), draw(numbers(n))
