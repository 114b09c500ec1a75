"""Counterexamples to what Part I, the chapter on the correlation flow and the preface would say without hypotheses.

Each fails for the stronger sentence.
Next to each stands the hypothesis with which the chapter says it. The computations use closed forms, brute force or
SciPy, not the library, except where the sentence is about the library.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

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


# The Clarke subdifferential


def test_a_gradient_alone_does_not_make_the_set_a_point():
    """max(0, x^2 - |y|): gradient 0 at the origin, and gradients (2x, -+1) arbitrarily near."""
    ends = np.array([[0.0, -1.0], [0.0, 1.0]])
    for radius in (1e-2, 1e-4, 1e-6):
        x, h = radius, radius**2 / 4
        for sign, end in ((1, ends[0]), (-1, ends[1])):
            y = sign * radius**2 / 2
            slope = [np.maximum(0, x**2 - abs(y + step)) for step in (h, -h)]
            assert np.isclose((slope[0] - slope[1]) / (2 * h), end[1])
        around, _ = hl.datasets.circle(1000)
        heights = np.maximum(0, (radius * around[:, 0]) ** 2 - abs(radius * around[:, 1]))
        assert heights.max() <= radius**2  # quotients at most `radius`: the gradient at the origin is 0


def arrangement(z, angles):
    """Gradients of sum z_i relu(x_i . u) on the cells around u = 0, and all sums that the sets of the terms offer."""
    X = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    u, _ = hl.datasets.circle(7200)
    u = u @ [[np.cos(1e-4), -np.sin(1e-4)], [np.sin(1e-4), np.cos(1e-4)]]  # off the kinks at whole degrees
    cells = ((u @ X.T > 0) * z) @ X
    corners = (np.array(np.meshgrid(*3 * [[0, 1]])).reshape(3, -1).T * z) @ X
    return cells, corners


@pytest.mark.parametrize("third", range(0, 360, 15))
@pytest.mark.parametrize("z3", [-1.0, -0.3, 0.0, 0.3, 1.0])
def test_the_sum_of_sets_is_too_large_if_and_only_if_a_term_is_concave(z3, third):
    """With z = (1, 1, z3) a corner of the sum is missing for each z3 < 0, whatever the third input."""
    cells, corners = arrangement(np.array([1, 1, z3]), np.radians([0, 75, third]))
    probes, _ = hl.datasets.circle(720)
    lost = (corners @ probes.T).max(axis=0) - (cells @ probes.T).max(axis=0)
    assert lost.min() > -1e-12
    assert (lost.max() > 0.1) == (z3 < 0)


def test_some_sides_occur_nowhere_even_if_nothing_is_lost():
    """Three lines in the plane have six cells, not eight: that alone does not make the sum of sets too large."""
    cells, corners = arrangement(np.ones(3), np.radians([0, 75, 210]))
    assert len(np.unique(cells.round(9), axis=0)) == 6
    assert len(np.unique(corners.round(9), axis=0)) == 8


def test_a_smooth_term_only_moves_the_set():
    point, near = np.array([0.3, -0.2]), 1e-5 * np.random.default_rng(1).standard_normal((300, 2))
    step = 1e-11 * np.eye(2)
    kinked = (hl.examples.fan(near[:, None] + step) - hl.examples.fan(near[:, None] - step)) / 2e-11
    smooth = np.stack([np.cos(point[0] + near[:, 0]), 2 * (point[1] + near[:, 1])], axis=1)  # of sin x + y^2
    moved = hl.examples.fan_subdifferential((0, 0)).vertices + np.array([np.cos(0.3), -0.4])
    gaps = np.linalg.norm((kinked + smooth)[:, None] - moved, axis=-1)
    assert gaps.min(axis=1).max() < 1e-3  # every gradient is near a corner, and every corner is met
    assert gaps.min(axis=0).max() < 1e-3


# Gradient flow


@given(st.floats(0.01, 100), st.floats(0.001, 1), st.floats(-3, 3))
def test_chatter_is_as_wide_as_step_times_slope(K, h, start):
    x = start * K * h
    for _ in range(10):
        x -= h * K * np.sign(x)
    assert abs(x) <= K * h * (1 + 1e-9)


def test_a_steep_kink_chatters_beyond_the_step():
    x, h, K = 0.05, 0.01, 7.0
    far = []
    for _ in range(50):
        x -= h * K * np.sign(x)
        far.append(abs(x))
    assert h < max(far[-2:]) <= K * h


def test_a_loss_without_lower_bound_explodes():
    """l = -yhat^2 and H = max(0, w)^2 satisfy both assumptions; w' = 4 w^3 is infinite at 1/8."""
    flow = solve_ivp(lambda t, w: 4 * np.maximum(w, 0) ** 3, (0, 0.1249), [1.0], rtol=1e-10, atol=1e-12)
    assert np.isclose(flow.y[0, -1], (1 - 8 * 0.1249) ** -0.5, rtol=1e-5)
    assert flow.y[0, -1] > 30


@given(*3 * [st.floats(-3, 3)])
def test_a_step_multiplies_the_residual_of_the_hyperbola(a, b, h):
    r = 1 - a * b
    after = 1 - (a + h * r * b) * (b + h * r * a)
    assert np.isclose(after, r * (1 - h * (a**2 + b**2) - h**2 * r * a * b), rtol=1e-9, atol=1e-9)
    imbalance = (a + h * r * b) ** 2 - (b + h * r * a) ** 2
    assert np.isclose(imbalance, (a**2 - b**2) * (1 - h**2 * r**2), rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize(("h", "stays"), [(0.6, True), (0.66, True), (0.68, False), (0.75, False)])
def test_a_minimum_of_the_hyperbola_sharper_than_two_over_h_repels(h, stays):
    """At the minimum with sharpness 3, where 2 / 3 separates the steps."""
    a, b = np.sqrt((3 + 5**0.5) / 2), np.sqrt((3 - 5**0.5) / 2)
    assert np.allclose((a * b, a**2 + b**2), (1, 3))
    a += 1e-6
    far = abs(1 - a * b)
    for _ in range(3):
        r = 1 - a * b
        a, b = a + h * r * b, b + h * r * a
    assert (abs(1 - a * b) < far) == stays


def test_the_bound_on_the_way_to_go_holds_before_an_arrival():
    """|x|^1.5 arrives at 4/3; before that, Psi(f) = |x| is what is left."""
    start, arrival = 1.0, 4 / 3
    flow = solve_ivp(lambda t, x: -1.5 * np.sign(x) * abs(x) ** 0.5, (0, 2), [start], rtol=1e-9, max_step=1e-3)
    left = flow.y[0]
    assert abs(left[flow.t > arrival + 0.01]).max() < 1e-5
    before = flow.t < arrival - 0.01
    assert np.allclose(left[before], (1 - 0.75 * flow.t[before]) ** 2, atol=1e-6)


def test_a_flow_may_cross_a_kink():
    X, z = hl.datasets.five_points()
    kinds = [event.kind for angle in np.arange(0, 2 * np.pi, 0.1)
             for event in hl.neuron_flow(X, z, 1.0, np.array([np.cos(angle), np.sin(angle)]), 1.0).events]  # fmt: skip
    assert {"cross", "slide"} <= set(kinds)


def test_the_ruler_of_a_parabola_serves_the_first_picture_up_to_one_half_and_no_further():
    """For |x_1| + x_2^2 / 2 the slope after sqrt(2 s) is at least one below the height 1/2, and less just above it."""
    x1, x2 = np.meshgrid(np.linspace(-0.6, 0.6, 600), np.linspace(-1.1, 1.1, 601))  # 600: none on the kink
    height = abs(x1) + x2**2 / 2
    slope = np.sqrt((1 + x2**2) / (2 * height))
    assert slope[height < 0.5].min() > 1
    assert slope[(height > 0.5) & (height < 0.51)].min() < 1


def test_an_unbounded_flow_may_lose_little_height_and_have_infinite_length():
    """On exp(-x) from 0 the path is ln(1 + t): all heights lost add up to 1, the length does not stop growing."""
    flow = solve_ivp(lambda t, x: np.exp(-x), (0, 1e6), [0.0], rtol=1e-10, atol=1e-12)
    assert flow.y[0, -1] == pytest.approx(np.log1p(1e6))
    assert quad(lambda t: (1 + t) ** -2, 0, np.inf)[0] == pytest.approx(1)


# Non-uniqueness


def test_two_functions_with_the_same_two_speeds_differ():
    """x1 + x1 |x2| and x1 - x1 |x2| at 0, both normal speeds zero: a tiny push decides for the first only."""
    for sign in (1, -1):
        ends = []
        for push in (1e-12, -1e-12):
            x, h = np.array([0, push]), 1e-4
            for _ in range(10_000):  # Euler's method
                x = x + h * np.array([1 + sign * abs(x[1]), sign * x[0] * np.sign(x[1])])
            ends.append(x)
        leaves = [[np.sinh(1), np.cosh(1) - 1], [np.sinh(1), 1 - np.cosh(1)]]
        assert np.allclose(ends, leaves if sign == 1 else [1, 0], atol=1e-3)


@given(st.integers(-2, 2), st.integers(-2, 2))
def test_at_a_linear_kink_the_two_speeds_decide(low, high):
    """In one dimension, f = high x for x > 0 and low x for x < 0: from 0 each way out needs its own speed."""
    X, labels = np.array([[1.0], [-1.0]]), np.array([float(high), -float(low)])  # G(u) = high relu(u) - low relu(-u)
    branches = low <= 0 <= high and low < high
    assert bool(hl.is_non_branching(X, labels, 1.0, [0.0])) != branches


def test_no_solution_for_all_times_is_not_branching():
    """w' = w^2 from 1 has one solution, on [0, 1): neither exactly one for all t >= 0 nor two."""
    flow = solve_ivp(lambda t, w: w**2, (0, 0.999), [1.0], rtol=1e-11, atol=1e-12)
    assert np.isclose(flow.y[0, -1], 1000, rtol=1e-4)


# The correlation flow


def test_a_norm_has_a_positive_limit_though_no_power_desingularises():
    """N = -|u|^2 exp(-1/phi^2): the direction crawls like 1/sqrt(ln t), and yet ln|u| falls by phi^4/4 in all."""

    def gradient(_, u):
        phi = np.arctan2(u[1], u[0])
        value, turn = np.exp(-1 / phi**2), np.array([-u[1], u[0]])
        return -2 * value * u - 2 / phi**3 * value * turn  # since grad phi = turn / |u|^2

    start = 0.9
    flow = solve_ivp(gradient, (0, 1e9), [np.cos(start), np.sin(start)], method="LSODA", rtol=1e-10, atol=1e-12)
    phi, fallen = np.arctan2(flow.y[1], flow.y[0]), -np.log(np.hypot(*flow.y))
    assert np.allclose(fallen, (start**4 - phi**4) / 4, atol=1e-6)
    assert 0.1 < phi[-1] < 0.3
    assert (fallen < start**4 / 4 + 1e-6).all()
    late = 1 / phi[-1] ** 2  # q' = 4 q^3 e^-q, so q grows like ln t
    assert abs(late - 3 * np.log(late) - np.log(4e9)) < 0.3


@pytest.mark.parametrize("power", [1.05, 1.5, 2.0, 5.0, "flat"])
def test_the_lag_of_the_norm_is_finite_for_every_ruler(power):
    """int s Psi'(s)^2 ds <= Psi^2 / 2 where Psi' decreases; without an exponent, too."""
    if power == "flat":  # Psi = ln(1/s)^(-1/2), for exp(-1/x^2)
        ruler, slope = lambda s: np.log(1 / s) ** -0.5, lambda s: 0.5 * np.log(1 / s) ** -1.5 / s
    else:
        ruler, slope = lambda s: s ** (1 / power), lambda s: s ** (1 / power - 1) / power
    top = 1e-2
    lag, _ = quad(lambda x: np.exp(2 * x) * slope(np.exp(x)) ** 2, np.log(1e-100), np.log(top), limit=500)
    assert lag <= ruler(top) ** 2 / 2


def test_without_definability_a_direction_may_circle_and_the_value_fall():
    """N = r^2 g, g' = +-1 in teeth of width h, more + where cos > 0: within h of each point all slopes are offered."""
    h = 2 * np.pi / 4000
    angle = (np.arange(400_000) + 0.5) * h / 100
    slope = np.where((angle / h) % 1 < (1 + 0.9 * np.cos(angle)) / 2, 1.0, -1.0)
    g = np.cumsum(slope) * h / 100
    assert np.abs(g - 0.9 * np.sin(angle)).max() < 2 * h  # of period 2 pi
    teeth = slope.reshape(4000, 100)
    assert (teeth.min(axis=1) == -1).all()
    assert (teeth.max(axis=1) == 1).all()
    value = np.exp(2 * np.cumsum(2 * g) * h / 100) * g  # along theta = t: r' = 2 r g, tangential speed r
    falls = np.diff(value[::100])
    assert (falls < -1e-4).any()


def test_the_flow_of_unit_speed_is_not_defined_at_a_branching_start():
    X, z = hl.datasets.mirrored()
    shortest = hl.clarke_subdifferential(hl.TwoLayerReLU(1, 1), X, np.array([1.0, 0.0]), z).min_norm()
    assert not shortest.any()
    assert not hl.is_non_branching(X, z, 1.0, [0.0])


# The preface


@pytest.mark.parametrize(("delta", "settled"), [(1e-8, True), (1e-2, False), (1e-1, False)])
def test_angles_settle_before_learning_shows_only_from_a_small_start(delta, settled):
    net, (X, y) = hl.SquaredReLU(20, 2), hl.datasets.circle(50)
    path = hl.training_flow(net, X, y, hl.datasets.random_start(40, 0), 0.35, delta=delta, tolerance=1e-6, points=701)
    shows = np.argmax(path.loss < 0.99 * path.loss[0])
    assert shows > 0
    u = path.direction[shows].reshape(20, 2)
    off = np.abs((np.degrees(np.arctan2(u[:, 1], u[:, 0])) + 90) % 180 - 90)
    assert (off.max() < 3) == settled
    assert settled or (off > 3).sum() > 10


@pytest.mark.parametrize(("delta", "late"), [(0.1, 25.7), (1e-3, 29.6), (1e-12, 32.9)])
def test_descent_is_late_by_the_ratio_of_rates_only_in_the_limit(delta, late):
    """The answer in gradient-flow quotes these; the ratio of the rates alone would give 34.0 at every delta."""
    _, sentence = hl.figures.descent_near_the_origin(delta=delta, step=8e-3)
    assert f"{late} per cent later" in sentence
    ratio = 93.75 * 8e-3 / np.log1p(93.75 * 8e-3)
    assert round(100 * (ratio - 1), 1) == 34.0


def test_the_error_of_many_steps_is_below_its_bound_and_of_the_first_order():
    """The proposition "Many steps" of gradient-flow, with M and G of one squared ReLU neuron that climbs N."""
    (X, y), one, T = hl.datasets.circle(50), hl.SquaredReLU(1, 2), 0.02
    M = 2 * np.linalg.eigvalsh(X.T @ (y[:, None] * X))[-1]
    true, errors = hl.frozen_flow(one, X, y, np.eye(2), T, tolerance=1e-11).at(T), []
    for steps in (200, 400, 800, 1600):
        h, x = T / steps, np.eye(2)
        for _ in range(steps):
            x = x + h * one.pullback(X, x, y)
        errors.append(np.linalg.norm(x - true, axis=-1).max())
        assert errors[-1] <= h * M * np.exp(M * T) / 2 * (np.exp(M * T) - 1)
    assert np.allclose(np.divide(errors[:-1], errors[1:]), 2, atol=0.02)


@pytest.mark.parametrize("h", [0.01, 0.1, 0.2])
def test_on_the_hyperbola_residuals_of_small_steps_fall_as_the_proof_claims(h):
    """The bounds in the proof of "Steps lose imbalance", in the details of gradient-flow."""
    one, start = np.ones((1, 1)), np.array([2.0, 0.1])
    a, b = hl.gradient_descent(hl.DiagonalLinear(1), one, np.ones(1), start, h, round(3 / h), record_every=1).w.T
    r = 1 - a * b
    assert (r > 0).all()
    assert (r[1:] <= (1 - 4 * h) * r[:-1] + 1e-15).all()
    assert a.min() >= 2
    assert (a**2 + b**2).max() < 4.5
    imbalance = a**2 - b**2
    lost, sum_of_squares = 1 - imbalance[-1] / imbalance[0], (h * r[:-1]) @ (h * r[:-1])
    assert 0 <= sum_of_squares - lost <= sum_of_squares**2


def test_on_the_hyperbola_a_quarter_is_too_long_a_step():
    one, start = np.ones((1, 1)), np.array([2.0, 0.1])
    a, b = hl.gradient_descent(hl.DiagonalLinear(1), one, np.ones(1), start, 0.25, 20, record_every=1).w.T
    assert (a * b > 1).any()
