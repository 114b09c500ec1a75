"""Second order beside kinks, against a scan of all directions: inputs orthogonal to a neuron bend one side each."""

from itertools import product

import numpy as np
import pytest

import homolib as hl
from homolib.saddles.stability import KINKS, awake_curvature, is_repelling


def around(seed, kinks):
    """A unit vector of R^3, and unit inputs orthogonal to it: a neuron there lies on their kinks."""
    rng = np.random.default_rng(seed)
    frame = np.linalg.qr(rng.standard_normal((3, 3)))[0].T
    angles = rng.uniform(0, 2 * np.pi, kinks)
    return rng, frame[0], np.stack([np.cos(angles), np.sin(angles)], axis=1) @ frame[1:], frame[1:]


def largest_pull(inputs, z, plane, sign=1):
    """Extremum of sum z_i max(x_i . v, 0)^2 over all unit v in a plane."""
    t = np.linspace(0, 2 * np.pi, 20_001)
    v = np.stack([np.cos(t), np.sin(t)], axis=1) @ plane
    return sign * (sign * np.maximum(v @ inputs.T, 0) ** 2 @ z).max()


@pytest.mark.parametrize("kinks", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(12))
def test_the_lowest_curvature_of_awake_weights_beside_kinks(seed, kinks):
    """One input is fitted, its curvature is 4 along the neuron; the others have residuals, and bend one side each."""
    rng, u, inputs, plane = around(seed, kinks)
    r = rng.uniform(-1, 3, kinks)
    saddle = hl.Saddle(hl.SquaredReLU(1, 3), np.vstack([u, inputs]), np.append(1, r), u)
    lowest = min(4, -2 * largest_pull(inputs, r, plane))
    scale = max(4, 2 * np.linalg.norm((inputs.T * r) @ inputs, 2))
    assert awake_curvature(saddle) == pytest.approx(lowest / scale, abs=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_opposite_inputs_bend_one_side_each_and_never_both(seed):
    rng, u, inputs, _ = around(seed, 1)
    r = rng.uniform(0.5, 3, 2)
    X = np.vstack([u, inputs, -inputs])
    saddle = hl.Saddle(hl.SquaredReLU(1, 3), X, np.append(1, r), u)
    assert awake_curvature(saddle) == pytest.approx(-2 * r.max() / max(4, 2 * r.sum()), rel=1e-9)


@pytest.mark.parametrize("pulls", [(-1.0, -3.0), (-0.5, -0.2), (-7.0, -9.0)])
def test_where_every_side_bends_up_none_is_flat(pulls):
    """Opposite inputs with negative residuals: one of them is awake on each side, and both are asleep on neither."""
    X, y = np.array([[1.0, 0], [0, 1], [0, -1]]), np.append(1.0, pulls)
    saddle = hl.Saddle(hl.SquaredReLU(1, 2), X, y, np.array([1.0, 0]))
    lowest, scale = min(4, 2 * np.abs(pulls).min()), max(4, 2 * np.abs(pulls).sum())
    assert awake_curvature(saddle) == pytest.approx(lowest / scale, rel=1e-12)


@pytest.mark.parametrize("slope", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("seed", range(8))
def test_a_dormant_direction_repels_where_the_pull_across_is_the_stronger(seed, slope):
    """N = max(u . w, 0)^2 along the direction, steeper for slope 2; across, each input pulls on one side more."""
    rng, u, inputs, plane = around(seed, 3)
    z = rng.uniform(-1, 2, 3)
    steep, flat = max(1.0, slope) ** 2, min(1.0, slope) ** 2
    both = np.vstack([inputs, -inputs]), np.concatenate([steep * z, flat * z])
    most = largest_pull(*both, plane)
    for ratio, size in product((0.9, 1.1), (1e-7, 1e-3, 1.0, 1e3, 1e7)):
        own = abs(most) / ratio / steep  # of the input that the direction sees
        X, y, net = size * np.vstack([u, inputs]), np.append(own, z), hl.SquaredReLU(1, 3, slope=slope)
        assert is_repelling(hl.Saddle(net, X, y, np.zeros(3)), u) is bool(most > own * steep)
        if not 1e-4 < size < 1e4:
            continue  # beside labels of the size of the inputs' squares, residuals of size one would be rounding
        # beside a neuron that is awake and fits an input of its own, with one coordinate more
        pair, apart = hl.SquaredReLU(2, 4, slope=slope), np.eye(4)[3]
        X = np.vstack([np.pad(X, ((0, 0), (0, 1))), size * apart])
        saddle = hl.Saddle(pair, X, np.append(y, size**2 * steep), np.append(apart, np.zeros(4)))
        assert is_repelling(saddle, np.concatenate([np.zeros(4), u, [0]])) is bool(most > own * steep)


def test_a_direction_that_still_turns_does_not_repel():
    """It is no KKT point: the flow takes it elsewhere, whatever the second derivatives."""
    saddle = hl.Saddle(hl.SquaredReLU(1, 2), np.eye(2), np.array([1.0, 4.0]), np.zeros(2))
    for angle, repels in ((0.0, True), (1e-8, True), (1e-2, False), (0.5, False), (np.pi / 2, False)):
        assert is_repelling(saddle, np.array([np.cos(angle), np.sin(angle)])) is repels


def test_nothing_moves_across_the_span_of_the_inputs():
    """N = -u_1^2 falls off to nothing on both sides of e_1; but no input ever turns a neuron that is there."""
    net, e1 = hl.SquaredReLU(1, 3), np.eye(3)[0]
    assert not is_repelling(hl.Saddle(net, e1[None], np.array([-1.0]), np.zeros(3)), e1)
    tilted = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    assert is_repelling(hl.Saddle(net, tilted, np.array([-1.0, 0.5]), np.zeros(3)), e1)
    assert not is_repelling(hl.Saddle(net, e1[None], np.zeros(1), np.zeros(3)), e1)


def test_many_inputs_on_kinks_are_refused_not_guessed():
    _, u, inputs, _ = around(0, KINKS + 1)
    saddle = hl.Saddle(hl.SquaredReLU(1, 3), np.vstack([u, inputs]), np.ones(KINKS + 2), u)
    with pytest.raises(ValueError, match=rf"^X: got {KINKS + 1} inputs on kinks .*, want at most {KINKS}"):
        awake_curvature(saddle)
    within = hl.Saddle(hl.SquaredReLU(1, 3), np.vstack([u, inputs[1:]]), np.ones(KINKS + 1), u)
    assert awake_curvature(within) < 0


def test_a_smooth_network_has_the_least_eigenvalue():
    """Of a diagonal network at a = b = 1 in one coordinate, asleep in the other: 2 and 0, and none below."""
    saddle = hl.Saddle(hl.DiagonalLinear(2), np.eye(2), np.array([1.0, 0.5]), np.array([1.0, 0, 1.0, 0]))
    assert awake_curvature(saddle) == pytest.approx(0, abs=1e-12)
    assert awake_curvature(hl.Saddle(hl.DiagonalLinear(2), np.eye(2), np.ones(2), np.zeros(4))) == 0
