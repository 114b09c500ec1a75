"""Counterexamples to what Part I would say without its hypotheses: each fails for the stronger sentence.

Next to each stands the hypothesis with which the chapter says it. The computations use closed forms, brute force or
SciPy, not the library, except where the sentence is about the library.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import homolib as hl

# Homogeneous networks


@given(st.integers(1, 60))
def test_the_bound_on_outputs_grows_with_the_width_of_a_deep_network(m):
    """v.sigma(W2 sigma(W1 x)), v = (1, ..., 1) frozen: beta is at least sqrt(m) / 2; for one layer it is 1 / 2."""
    first, second = np.zeros((m, 1)), np.zeros((m, m))
    first[0], second[:, 0] = np.sqrt(1 / 2), np.sqrt(1 / (2 * m))
    assert np.isclose((first**2).sum() + (second**2).sum(), 1)
    assert np.isclose(np.ones(m) @ np.maximum(second @ np.maximum(first @ [1.0], 0), 0), np.sqrt(m) / 2)
    deep = hl.DeepReLU([(m, 1), (m, m), np.ones((1, m))], (1, 2))
    assert hl.bounds.constants(deep, [[1.0]], [1.0]).beta >= np.sqrt(m) / 2 * (1 - 1e-12)
    assert hl.bounds.constants(hl.TwoLayerReLU(m, 1), [[1.0]], [1.0]).beta == 0.5


def test_beta_is_an_upper_bound_in_three_dimensions_and_says_so():
    X, y = hl.datasets.gaussian(30, 3, seed=1)
    deep = hl.DeepReLU([(4, 3), (1, 4)], (1, 2))
    exact = {type(net): hl.bounds.constants(net, X, y).exact for net in
             (hl.TwoLayerReLU(2, 3), hl.SquaredReLU(2, 3), deep, hl.DiagonalLinear(3))}  # fmt: skip
    assert exact == {hl.TwoLayerReLU: False, hl.SquaredReLU: False, hl.DeepReLU: False, hl.DiagonalLinear: True}
    assert hl.bounds.constants(hl.TwoLayerReLU(2, 2), X[:, :2], y).exact


@pytest.mark.parametrize(("slope", "of_negative"), [(-1, -1), (0, 0), (0.3, 0.3), (1, 1), (2, 1)])
def test_alpha_is_the_slope_for_negative_inputs_up_to_one(slope, of_negative):
    s = np.array([-3.0, -1.0])
    assert (np.maximum(s, slope * s) == of_negative * s).all()


def test_terms_of_different_orders_have_no_order_unless_one_is_zero():
    c = np.array([1.0, 2.0, 4.0])
    assert len(set(np.diff(np.log2(3 * c**2 + 5 * c)))) == 2  # no constant exponent
    assert set(np.diff(np.log2(3 * c**2 + 0 * c))) == {2.0}


# Definability


def test_a_flow_from_far_below_zero_does_not_rest():
    """f = x^2 sin(1/x): near 0 the start decides where the flow rests; from -1 it runs off."""

    def down(t, x):
        return np.where(x == 0, 0.0, -2 * x * np.sin(1 / x) + np.cos(1 / x))

    end = solve_ivp(down, (0, 200), [-1.0], rtol=1e-8).y[0]
    assert (np.diff(end) < 0).all()
    assert end[-1] < -100
    rests = [solve_ivp(down, (0, 200), [x], rtol=1e-10, atol=1e-14, method="LSODA").y[0, -1] for x in (0.08, 0.04)]
    for start, rest in zip((0.08, 0.04), rests, strict=True):
        assert abs(down(0, rest)) < 1e-6
        assert abs(1 / start - 1 / rest) < np.pi
        height = 1 / (1 / rest * np.sqrt(4 + 1 / rest**2))  # |x^2 sin(1/x)| where tan(1/x) = 1/(2x)
        assert np.isclose(abs(rest**2 * np.sin(1 / rest)), height)  # decreases with |x|: all heights differ


def test_the_hat_turns_round_with_a_radial_speed_that_is_not_small():
    """theta' is smaller than tau' r' by a factor of tau'^2, and not smaller than r' by that factor."""
    r, phase = 0.99, np.pi
    angle = phase + 1 / (1 - r**2)
    tau_slope = 2 * r / (1 - r**2) ** 2
    step = hl.examples.mexican_hat_gradient(r * np.array([np.cos(angle), np.sin(angle)]))
    radial = -step @ [np.cos(angle), np.sin(angle)]
    turning = -step @ [-np.sin(angle), np.cos(angle)] / r
    assert np.isclose(turning / (tau_slope * radial) * tau_slope**2, -0.51, atol=0.01)
    assert abs(turning / radial * tau_slope**2) > 2500


@pytest.mark.parametrize("radius", [0.72, 0.8, 0.9])
@pytest.mark.parametrize("degrees", range(0, 360, 45))
def test_the_second_turn_of_the_hat_takes_more_than_500_times_the_first(radius, degrees):
    start = radius * np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    path = hl.examples.hat_descent(start, 30.0)
    turned = np.maximum.accumulate(path.angle - path.angle[0])
    first, second = np.interp([2 * np.pi, 4 * np.pi], turned, path.log_time)
    assert np.exp(second - first) > 500


def test_the_gradient_of_the_hat_tends_to_zero_along_a_flow():
    """So limit points are critical: |grad f|^2 is integrable and Lipschitz in time."""
    path = hl.examples.hat_descent(np.array([0.75, 0.0]), 20.0)
    size = np.linalg.norm(hl.examples.mexican_hat_gradient(path.points), axis=1)
    assert size[-1] < 1e-6 < 0.1 < size.max()
