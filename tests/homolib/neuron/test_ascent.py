"""Steps instead of the flow: one step by hand, the limit of small steps, and what each choice selects."""

import numpy as np
import pytest

from homolib.neuron import ascent
from homolib.neuron.ascent import neuron_ascent
from homolib.neuron.relu_flow import neuron_flow
from homolib.problems.datasets import branching_start, mirrored

X = np.array([[1.0, 2.0], [-1.0, 1.0], [0.0, 1.0]])
Z = np.array([1.0, -2.0, 0.5])


@pytest.mark.parametrize("slope", [0.0, 0.3, 1.5])
def test_one_step_is_the_gradient_of_the_correlation(slope):
    v, u, h = 0.7, np.array([0.4, -0.3]), 0.1
    pre = X @ u
    values, slopes = np.where(pre > 0, pre, slope * pre), np.where(pre > 0, 1, slope)
    w = neuron_ascent(X, Z, v, u, h, h, slope=slope).w[-1]
    assert w == pytest.approx(np.r_[v + h * Z @ values, u + h * v * X.T @ (Z * slopes)], rel=1e-13)


def test_small_steps_tend_to_the_flow_at_first_order():
    start = {"X": X, "z": np.array([1.0, 2.0, 0.5]), "v0": 1.0, "u0": np.array([-0.2, 0.4])}
    exact = neuron_flow(**start, t_end=0.5).at(0.5)
    errors = [np.linalg.norm(neuron_ascent(**start, step=h, t_end=0.5).w[-1] - exact) for h in (1e-2, 5e-3)]
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(("at_zero", "sign"), [(0.0, -1), (0.5, 0), (1.0, 1)])
def test_derivative_at_zero_decides_on_a_repelling_kink(at_zero, sign):
    """Speeds -1/2 below and +1/2 above: the number taken for sigma'(0) adds to -1/2."""
    inputs = np.array([[0, 1.0], [1, -0.5]])
    end = neuron_ascent(inputs, np.ones(2), 1.0, [1.0, 0.0], 0.01, 1.0, at_zero=at_zero).w[-1, 2]
    assert np.sign(end) == sign
    off = neuron_ascent(inputs, np.ones(2), 1.0, [1.0, 1e-12], 0.01, 1.0, at_zero=at_zero).w[-1, 2]
    assert off > 0  # beside the kink it has no say


def test_a_smooth_neuron_turns_back_where_v_passes_zero():
    case, t0 = branching_start("turning"), 0.6791052880
    path = neuron_ascent(**case, step=1e-3, t_end=1.3, width=0.01)
    for r in (0.4, 0.5, 0.6):
        assert path.at(t0 + r) == pytest.approx(path.at(t0 - r) * [-1, 1, 1], abs=0.02)
    kinked = neuron_ascent(**case, step=1e-3, t_end=1.3)
    assert np.abs(kinked.at(t0 + 0.5) - kinked.at(t0 - 0.5) * [-1, 1, 1]).max() > 0.05  # the ReLU does not


def test_smoothing_is_softplus_and_vanishes_with_its_width():
    case = {"X": X, "z": Z, "v0": 1.0, "u0": np.array([0.4, -0.1]), "step": 0.01, "t_end": 0.3}
    sharp = neuron_ascent(**case).w[-1]
    gaps = [np.linalg.norm(neuron_ascent(**case, width=width).w[-1] - sharp) for width in (0.1, 1e-2, 1e-4)]
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 1e-4


def test_noise_is_reproducible_and_grows_like_the_root_of_time():
    data, many = mirrored(), np.zeros((4000, 1))
    one, again, other = (
        neuron_ascent(*data, np.zeros(4000), many, 0.01, 1.0, slope=1.0, noise=0.1, seed=seed).w[:, -1]
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    # with slope 1 and labels 1 the correlation is zero: pure Brownian motion
    assert one.std() == pytest.approx(0.1, rel=0.05)


def test_what_is_recorded():
    """Every third step, the start and the last; an end between two steps is the later one."""
    path = neuron_ascent(X, Z, 1.0, [0.4, -0.1], 0.1, 0.95, record_every=3)
    assert path.t == pytest.approx([0, 0.3, 0.6, 0.9, 1.0])
    every = neuron_ascent(X, Z, 1.0, [0.4, -0.1], 0.1, 1.0, record_every=1)
    assert every.t == pytest.approx(np.arange(11) / 10)
    assert path.w == pytest.approx(every.w[[0, 3, 6, 9, 10]], rel=1e-15)
    assert len(neuron_ascent(X, Z, 1.0, [0.4, -0.1], 0.1, 1.0).t) == 2  # every tenth


@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_one_step_of_a_smooth_neuron(slope):
    """sigma(s) = slope s + (1 - slope) w ln(1 + exp(s / w)), and its derivative by the logistic function."""
    v, u, h, width = 0.7, np.array([0.4, -0.3]), 0.1, 0.2
    pre = X @ u
    values = slope * pre + (1 - slope) * width * np.log1p(np.exp(pre / width))
    slopes = slope + (1 - slope) / (1 + np.exp(-pre / width))
    w = neuron_ascent(X, Z, v, u, h, h, slope=slope, width=width).w[-1]
    assert w == pytest.approx(np.r_[v + h * Z @ values, u + h * v * X.T @ (Z * slopes)], rel=1e-13)


def test_noise_has_the_scale_of_the_weights_and_is_added_to_all():
    """Where nothing pulls, weights are the start and normal numbers of the given spread, whatever their size."""
    ends = [
        neuron_ascent(X, np.zeros(3), np.full(2000, c), np.full((2000, 2), c), 0.25, 1.0, noise=0.1 * c).w[:, -1] / c
        for c in (1.0, 1e-30)
    ]
    assert ends[0] == pytest.approx(ends[1], rel=1e-12)
    assert ends[0].mean(axis=0) == pytest.approx([1, 1, 1], abs=0.01)
    assert ends[0].std(axis=0) == pytest.approx([0.1, 0.1, 0.1], rel=0.05)


def test_noise_is_what_the_generator_of_the_seed_gives():
    """With nothing to pull, weights are the start and the sum of all numbers so far, times noise sqrt(step)."""
    path = neuron_ascent(X, np.zeros(3), 1.0, [0.5, -0.5], 0.25, 1.0, noise=0.2, seed=3, record_every=1)
    walk = np.random.default_rng(3).standard_normal((4, 3)).cumsum(axis=0)
    assert path.w[1:] == pytest.approx(np.array([1.0, 0.5, -0.5]) + 0.2 * np.sqrt(0.25) * walk, rel=1e-13)


def test_too_many_steps_are_refused():
    with pytest.raises(ValueError, match=r"^step: got 1e-09, want at least 1e-08"):
        neuron_ascent(X, Z, 1.0, [1.0, 0.0], 1e-9, 1.0)


def test_as_many_steps_as_are_allowed_are_taken(monkeypatch):
    monkeypatch.setattr(ascent, "MOST_STEPS", 8)
    assert len(neuron_ascent(X, Z, 1.0, [1.0, 0.0], 0.125, 1.0, record_every=1).t) == 9
    with pytest.raises(ValueError, match=r"^step: got 0\.125, want at least 0\.127: no more than 8 steps"):
        neuron_ascent(X, Z, 1.0, [1.0, 0.0], 0.125, 1.015)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="step"):
        neuron_ascent(X, Z, 1.0, [1.0, 0.0], 0.0, 1.0)
    with pytest.raises(ValueError, match="width"):
        neuron_ascent(X, Z, 1.0, [1.0, 0.0], 0.1, 1.0, width=-1.0)
    with pytest.raises(ValueError, match="u0"):
        neuron_ascent(X, Z, 1.0, [1.0], 0.1, 1.0)
    with pytest.raises(ValueError, match="range of floating-point"):
        neuron_ascent(X, Z, 1.0, [1.0, 0.0], 1.0, 5000.0)
