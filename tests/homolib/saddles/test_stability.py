"""Second order beside kinks, against a scan of all directions: inputs orthogonal to a neuron bend one side each."""

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


@pytest.mark.parametrize("slope", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("seed", range(8))
def test_a_dormant_direction_repels_where_the_pull_across_is_the_stronger(seed, slope):
    """N = max(u . w, 0)^2 along the direction, steeper for slope 2; across, each input pulls on one side more."""
    rng, u, inputs, plane = around(seed, 3)
    z = rng.uniform(-1, 2, 3)
    steep, flat = max(1.0, slope) ** 2, min(1.0, slope) ** 2
    both = np.vstack([inputs, -inputs]), np.concatenate([steep * z, flat * z])
    most = largest_pull(*both, plane)
    for ratio in (0.9, 1.1):
        own = abs(most) / ratio / steep  # of the input that the direction sees
        saddle = hl.Saddle(hl.SquaredReLU(1, 3, slope=slope), np.vstack([u, inputs]), np.append(own, z), np.zeros(3))
        assert is_repelling(saddle, u) is (most > own * steep)


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
