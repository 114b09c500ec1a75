"""The exact flow of one neuron against closed forms, laws and independent integrators."""

import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homolib.clarke.polytopes import Polytope, sign_patterns
from homolib.neuron import relu_flow
from homolib.neuron.relu_flow import neuron_flow, neuron_flows
from homolib.neuron.ways_on import Undecided
from homolib.problems.datasets import five_points, gaussian, mirrored

seeds = st.integers(0, 10**6)


def correlation(X, z, w, slope=0.0):
    s = w[..., 1:] @ X.T
    return w[..., 0] * (np.maximum(s, slope * s) @ z)


def random_neuron(seed, slope=0.0):
    """Random data with d <= 5, n <= 30, some repeated, opposite and zero inputs, some zero labels; a random start."""
    rng = np.random.default_rng(seed)
    d, n = rng.integers(1, 6), rng.integers(1, 31)
    X, z = rng.standard_normal((n, d)), rng.standard_normal(n)
    again = rng.random(n) < 0.1
    X[again] = rng.choice([-1.0, 0.0, 2.0], again.sum())[:, None] * X[0]
    z[rng.random(n) < 0.1] = 0
    v0, u0 = rng.standard_normal(), rng.standard_normal(d)
    if rng.random() < 0.3:
        v0 = math.copysign(np.linalg.norm(u0), v0)
    return X, z, v0, u0


def clarke_distance(X, z, w, velocity, slope):
    """Distance of a velocity from the Clarke set of N at w, relative to its size, from raw data."""
    v, s = w[0], X @ w[1:]
    on = np.flatnonzero(np.abs(s) <= 1e-10 * np.linalg.norm(X, axis=1) * np.linalg.norm(w[1:]))
    cells = sign_patterns(X[on][X[on].any(axis=1)]) > 0 if X[on].any() else np.zeros((1, 0), dtype=bool)
    patterns = np.repeat((s > 0)[None], len(cells), axis=0)
    patterns[:, on[X[on].any(axis=1)]] = cells
    gradients = v * (np.where(patterns, 1.0, slope) * z) @ X
    value = correlation(X, z, np.append(1.0, w[1:]), slope)
    size = np.abs(gradients).max() + abs(value) + 1e-300
    points = np.column_stack([np.full(len(gradients), value), gradients]) / size
    return Polytope(points).distance(velocity / size)


def test_v_abs_u_is_cosh_and_sinh():
    X, z = mirrored()
    assert neuron_flow(X, z, 1, [0.5], 0.4).at(0.4) == pytest.approx([1.2864485347, 0.9512885117], abs=1e-10)
    assert neuron_flow(X, z, 1, [0.5], 1).at(1) == pytest.approx([2.13068123163714, 1.94674151105142], rel=1e-14)
    assert neuron_flow(X, z, 0.5, [-1], 2).at(2) == pytest.approx([5.50795825338883, -5.57562589500714], rel=1e-13)
    assert neuron_flow(X, z, -0.5, [1], 1).at(1) == pytest.approx([0.40366087623618, 0.955480037993343], rel=1e-13)
    assert neuron_flow(X, z, -1, [1], 3).at(3) == pytest.approx([-math.exp(-3), math.exp(-3)], rel=1e-14)


def test_v_abs_u_sticks():
    X, z = mirrored()
    path = neuron_flow(X, z, -1, [0.5], 3)
    (event,) = path.events
    assert (event.kind, event.kink) == ("slide", 0)
    assert event.time == pytest.approx(0.549306144334, abs=1e-12)
    assert path.at(3) == pytest.approx([-0.866025403784, 0], abs=1e-12)
    assert neuron_flow(X, z, -1, [-0.9], 3).events[0].time == pytest.approx(1.47221948958322, abs=1e-13)
    path = neuron_flow(X, z, -2, [1], 3)
    assert path.at(3) == pytest.approx([-math.sqrt(3), 0], abs=1e-14)


def test_it_stops_at_a_branching_and_says_where_to_look():
    X, z = mirrored()
    path = neuron_flow(X, z, 1, [0], 3)
    assert path.t[-1] == 0
    assert path.events[-1].kind == "branch"
    assert path.at(0) == pytest.approx([1, 0])
    for beyond in (1, [0, 1]):
        with pytest.raises(ValueError, match="several solutions part; `branches`"):
            path.at(beyond)
    regular = neuron_flow(X, z, 1, [1e-15 * 10**4], 3)  # off the kink by more than rounding
    assert regular.t[-1] == 3
    with pytest.raises(ValueError, match="where the path ends"):
        regular.at(4)


def test_trichotomy_in_one_dimension():
    """N = -v max(0, u): dies in finite time, decays for ever, or turns v over."""
    dies = neuron_flow([[1.0]], [-1.0], 2, [1.0], 3)
    assert dies.events[0].time == pytest.approx(math.atanh(0.5), rel=1e-14)
    assert dies.at(3) == pytest.approx([math.sqrt(3), 0], abs=1e-15)
    decays = neuron_flow([[1.0]], [-1.0], 1, [1.0], 1e4)
    assert decays.events == []
    assert decays.log_norm[-1] == pytest.approx(0.5 * math.log(2) - 1e4, rel=1e-12)
    assert decays.direction[-1] == pytest.approx(np.sqrt([0.5, 0.5]), rel=1e-14)
    turns = neuron_flow([[1.0]], [-1.0], 1, [2.0], 3)
    assert turns.events[0].kind == "flip"
    assert turns.events[0].time == pytest.approx(math.atanh(0.5), rel=1e-14)
    assert turns.at(3) == pytest.approx([-9.96808786, 10.11744906], abs=1e-8)


def test_where_v_and_the_way_to_the_kink_vanish_together_the_rest_stays():
    """v = u_1 = 4 e^-t beside u_2 = 1: numbers for which floats keep v^2 - u_1^2 = 0."""
    fates = neuron_flows([[1.0, 0.0]], [-1.0], [4.0, 4.0], [[4.0, 1.0], [4.0, 0.0]])
    np.testing.assert_allclose(fates.direction, [[0, 0, 1], [np.sqrt(0.5), np.sqrt(0.5), 0]], atol=1e-15)
    assert fates.log_norm.tolist() == [0, -np.inf]
    assert not (fates.flipped | fates.died | fates.slid).any()


def test_where_v_passes_zero_just_on_a_kink_the_way_back_is_open_too():
    """u goes from (1, 2) by (-1, -1), and v is zero at (0, 1): not every solution crosses the kink there."""
    X, z, v, u = np.eye(2), np.ones(2), [-2.0, -1.9], [[1.0, 2.0]] * 2
    path = neuron_flow(X, z, v[0], u[0], 9.0, slope=-0.5)
    assert [event.kind for event in path.events] == ["flip", "branch"]
    np.testing.assert_allclose(path.at(path.t[-1]), [0, 0, 1], atol=1e-12)
    fates = neuron_flows(X, z, v, u, 9.0, slope=-0.5)
    assert fates.branched.tolist() == [True, False]
    np.testing.assert_allclose(fates.time, [path.t[-1], 9.0])


def test_a_start_within_1e_12_of_a_kink_or_of_balance_is_on_it():
    """Relative to the input and to u; on both sides of what is promised."""
    for size in (1e-100, 1.0, 1e100):
        for gap, on in ((0.9e-12, True), (1.1e-12, False)):
            path = neuron_flow([[2.0, 0.0]], [-1.0], size, size * np.array([gap, 1.0]), 1.0)
            assert [event.kind for event in path.events] == ["slide"]
            assert (path.events[0].time == 0) is on
    for gap, on in ((0.45e-12, True), (0.55e-12, False)):
        path = neuron_flow([[1.0]], [-1.0], 1 - gap, [1.0], 100.0)
        assert ([event.kind for event in path.events] == []) is on  # balanced, it takes for ever; else v passes zero


@pytest.mark.parametrize(("angle", "time", "norm"), [(0.1, 0.141848221642, 24.075755570), (0.7, 0.120029647344, None)])
def test_five_points_slide_along_the_kink_maximum(angle, time, norm):
    path = neuron_flow(*five_points(), 1, [0.5 * math.cos(angle), 0.5 * math.sin(angle)], 1)
    (event,) = path.events
    assert (event.kind, event.kink) == ("slide", 1)
    assert event.time == pytest.approx(time, abs=1e-12)
    v, *u = path.at(1)
    assert v == pytest.approx(24.091326370 if norm else 24.050478834, abs=3e-8)
    assert math.atan2(u[1], u[0]) == pytest.approx(0.39479111969976, abs=1e-13)
    assert v * v - math.hypot(*u) ** 2 == pytest.approx(0.75, rel=1e-10)
    if norm:
        v, *u = path.at(event.time)
        assert (v, math.hypot(*u)) == pytest.approx((1.36139907369, 1.05043202438), abs=1e-10)
        assert math.hypot(*path.at(1)[1:]) == pytest.approx(norm, abs=3e-8)


def test_five_points_without_a_kink():
    path = neuron_flow(*five_points(), 1, [0.5 * math.cos(5.8), 0.5 * math.sin(5.8)], 1)
    assert path.events == []
    assert path.at(1) == pytest.approx([14.977359117109, 14.32616331307, -4.2816271264651], rel=1e-12)


def test_a_balanced_start_dies_out_but_never_dies():
    """Exactly balanced: along the negative kink maximum v and |u| fall together, as far as one looks."""
    u0 = math.sqrt(0.5) * np.array([math.cos(3.8), math.sin(3.8)])
    path = neuron_flow(*five_points(), math.sqrt(0.5), u0, 1e5)
    (event,) = path.events
    assert event.time == pytest.approx(0.424290323725, abs=1e-12)
    assert path.at(event.time)[0] == pytest.approx(0.396149537918, abs=1e-12)
    assert path.at([1, 2, 3])[:, 0] == pytest.approx([0.1911811178307, 0.05393092161206, 0.01521355424076], rel=1e-11)
    assert path.log_norm[-1] == pytest.approx(-1.2655172413793 * 1e5, rel=1e-5)
    assert np.all(np.abs(path.direction[:, 0] ** 2 - 0.5) < 1e-14)
    assert correlation(*five_points(), path.direction[-1]) == pytest.approx(-0.63275862069, abs=1e-11)


def test_nothing_overflows():
    path = neuron_flow(*five_points(), 1e-150, [0.5e-150 * math.cos(0.1), 0.5e-150 * math.sin(0.1)], 1e4)
    assert path.events[0].time == pytest.approx(0.141848221642, abs=1e-12)
    assert path.log_norm[-1] == pytest.approx(3.4892307692308 * 1e4, rel=1e-2)
    assert np.isfinite(path.direction).all()


@pytest.mark.parametrize("slope", [0.0, 0.1])
@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_velocity_is_in_the_clarke_set_and_its_square_is_the_gain_of_n(slope, seed):
    X, z, v0, u0 = random_neuron(seed)
    path = neuron_flow(X, z, v0, u0, 2.0, slope)
    size = np.abs(z) @ np.linalg.norm(X, axis=1) + 1e-9
    h = 2e-3 / size
    stops = np.array([path.t[0], *[event.time for event in path.events], path.t[-1]])
    for t in np.random.default_rng(seed).uniform(path.t[0], path.t[-1], 5):
        if np.abs(stops - t).min() <= 2.5 * h:
            continue
        before2, before, after, after2 = path.at(np.array([t - 2 * h, t - h, t + h, t + 2 * h]))
        velocity = (8 * (after - before) - (after2 - before2)) / (12 * h)
        assert clarke_distance(X, z, path.at(t), velocity, slope) < 1e-8
        values = correlation(X, z, np.array([before2, before, after, after2]), slope)
        gain = (values @ [1, -8, 8, -1]) / (12 * h)
        assert gain == pytest.approx(velocity @ velocity, rel=1e-6, abs=1e-8 * size**2 * path.norm.max() ** 2)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, slope=st.sampled_from([0.0, 0.3, -1.0, 2.0]))
def test_conservation_and_energy(seed, slope):
    """v^2 - |u|^2 is constant, |w|^2 grows at the rate 4 N (Euler's identity), and N never falls."""
    X, z, v0, u0 = random_neuron(seed)
    path = neuron_flow(X, z, v0, u0, 1.0 / (np.abs(z) @ np.linalg.norm(X, axis=1) + 1e-3), slope)
    w = path.w
    balance = w[:, 0] ** 2 - np.sum(w[:, 1:] ** 2, axis=1)
    assert np.abs(balance - balance[0]).max() <= 1e-11 * path.norm.max() ** 2
    stops = np.unique([path.t[0], *[event.time for event in path.events], path.t[-1]])
    nodes, weights = np.polynomial.legendre.leggauss(20)
    for a, b in pairwise(stops):
        t = (a + b) / 2 + (b - a) / 2 * nodes
        value, w = correlation(X, z, path.at(t), slope), path.at(np.array([a, b]))
        assert np.sum(w[1] ** 2) - np.sum(w[0] ** 2) == pytest.approx(
            4 * (b - a) / 2 * weights @ value, abs=1e-10 * path.norm.max() ** 2
        )
        first, last = correlation(X, z, w, slope)
        assert last >= first - 1e-11 * (abs(first) + abs(last))


def test_energy_identity_through_a_sliding_phase():
    """N(end) - N(start) is the integral of the squared velocity, the velocity on a kink being the sliding one."""
    X, z = five_points()
    path = neuron_flow(X, z, 1, [0.5 * math.cos(0.1), 0.5 * math.sin(0.1)], 1)
    stops, total = [0, path.events[0].time, 1], 0.0
    nodes, _ = np.polynomial.legendre.leggauss(30)
    for a, b in pairwise(stops):
        t, h = (a + b) / 2 + (b - a) / 2 * nodes * 0.999, 1e-4
        velocity = (8 * (path.at(t + h) - path.at(t - h)) - path.at(t + 2 * h) + path.at(t - 2 * h)) / (12 * h)
        smooth = np.polynomial.Polynomial.fit(t, np.sum(velocity**2, axis=1), 20)
        total += smooth.integ()(b) - smooth.integ()(a)
    assert total == pytest.approx(np.subtract(*correlation(X, z, path.at(np.array([1.0, 0.0])))), rel=1e-7)


def crossing_reference(X, z, v0, u0, t_end, slope):
    """DOP853 from crossing to crossing, active inputs toggled by hand; None where the flow would slide."""
    from scipy.integrate import solve_ivp

    active, t, w = X @ u0 > 0, 0.0, np.append(v0, u0)
    while t < t_end:
        gain = np.where(active, 1.0, slope) * z
        events = [lambda t, w, x=x: x @ w[1:] for x in X]
        for event, on in zip(events, active, strict=True):
            event.terminal, event.direction = True, -1 if on else 1
        step = solve_ivp(
            lambda t, w, g=gain: np.append(g @ (X @ w[1:]), w[0] * (g @ X)), (t, t_end), w,
            method="DOP853", rtol=1e-13, atol=1e-15, events=events,
        )  # fmt: skip
        t, w = step.t[-1], step.y[:, -1]
        hit = [i for i, times in enumerate(step.t_events) if len(times)]
        if hit:
            (i,) = hit
            active[i] = not active[i]
            toward = X[i] @ (w[0] * ((np.where(active, 1.0, slope) * z) @ X))
            if (toward > 0) != active[i]:
                return None
    return w


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_against_an_independent_integrator(slope):
    compared = crossings = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        X, z = gaussian(int(rng.integers(2, 12)), int(rng.integers(2, 5)), seed)[0], None
        z = rng.standard_normal(len(X)) if seed % 2 else rng.random(len(X))
        v0, u0 = rng.standard_normal(), rng.standard_normal(X.shape[1])
        expected = crossing_reference(X, z, v0, u0, 1.0, slope)
        if expected is not None:
            path = neuron_flow(X, z, v0, u0, 1.0, slope)
            assert path.at(1.0) == pytest.approx(expected, rel=1e-9, abs=1e-9 * np.linalg.norm(expected))
            compared, crossings = compared + 1, crossings + sum(event.kind == "cross" for event in path.events)
    assert compared > 20
    assert crossings > 20


def test_sliding_on_two_kinks_against_a_smoothed_neuron():
    """A stiff integrator with max(0, s) rounded off over 1/beta: the flows differ by O(1/beta)."""
    from scipy.integrate import solve_ivp
    from scipy.special import expit

    X = np.array([[1.0, 0.2, 0.1], [-0.1, 1.0, 0.3], [0.2, 0.1, 1.0], [0.5, 0.5, -1.0]])
    z, u0, beta = np.array([-2.0, -3.0, 2.0, 0.5]), np.array([0.1, 0.15, 0.5]), 1e6
    path = neuron_flow(X, z, 1.0, u0, 0.6)
    assert [(event.kind, event.kink) for event in path.events] == [("slide", 0), ("slide", 1)]

    def smoothed(t, w):
        s = X @ w[1:]
        return np.append(z @ (s * expit(beta * s)), w[0] * (z * expit(beta * s)) @ X)

    end = solve_ivp(smoothed, (0, 0.6), np.append(1.0, u0), method="Radau", rtol=1e-8, atol=1e-10).y[:, -1]
    assert path.at(0.6) == pytest.approx(end, abs=2e-5)
    assert np.abs(X[:2] @ path.at(0.6)[1:]).max() < 1e-14


def test_a_kink_can_be_left_again():
    X = np.array([[-2, 3, 1], [0, 1, 0], [1, -1, 0], [-1, 1, -0.5], [-2, -3, -0.5]])
    path = neuron_flow(X, [1, -2.5, 1, 10.1, 10], math.sqrt(0.1 + 25), [0.3, -0.1, 5], 0.2)
    assert [(event.kind, event.kink) for event in path.events] == [("slide", 1), ("leave", 1), ("cross", 2)]
    assert path.events[1].time == path.events[2].time


def test_sides_are_kept_through_many_crossings():
    """Positive labels: crossings only, at increasing times, each input at most once before v changes sign."""
    X, _ = gaussian(200, 10, seed=3)
    rng = np.random.default_rng(4)
    path = neuron_flow(X, rng.random(200), 1.0, rng.standard_normal(10), 5.0)
    assert {event.kind for event in path.events} == {"cross"}
    assert np.all(np.diff([event.time for event in path.events]) > 0)
    end = path.direction[-1]
    started = neuron_flow(X, rng.random(200), end[0], end[1:], 0.1)
    assert started.t[-1] == 0.1


@pytest.mark.parametrize(
    ("X", "z", "v0", "u0", "end"),
    [
        ([[1.0, 2.0]], [0.0], 1.0, [2.0, 1.0], [1.0, 2.0, 1.0]),  # zero label: nothing moves
        ([[0.0, 0.0]], [1.0], 1.0, [2.0, 1.0], [1.0, 2.0, 1.0]),  # zero input
        ([[1.0, 2.0]], [1.0], 1.0, [-2.0, 0.0], [1.0, -2.0, 0.0]),  # dead
        ([[1.0, 2.0]], [1.0], 0.0, [-2.0, 1.0], [0.0, -2.0, 1.0]),  # v = G(u) = 0
        ([[1.0], [-1.0]], [1.0, -1.0], 1.0, [-0.5], [math.cosh(1) - math.sinh(1) / 2, math.sinh(1) - math.cosh(1) / 2]),
    ],
)  # fmt: skip
def test_degenerate_neurons(X, z, v0, u0, end):
    assert neuron_flow(X, z, v0, u0, 1.0).at(1.0) == pytest.approx(end, abs=1e-14)


def test_repeated_inputs_are_one_kink():
    X, z = five_points()
    once = neuron_flow(X, z, 1, [0.5, 0.1], 1)
    twice = neuron_flow(np.vstack([X, X / 3, X]), np.concatenate([z / 4, 1.5 * z, z / 4]), 1, [0.5, 0.1], 1)
    assert twice.at(1) == pytest.approx(once.at(1), rel=1e-12)
    assert [event.kink for event in twice.events] == [event.kink for event in once.events]


@settings(max_examples=30, deadline=None)
@given(seed=seeds, scale=st.floats(-200, 200))
def test_scaling_the_start_scales_the_solution(seed, scale):
    X, z, v0, u0 = random_neuron(seed)
    small = neuron_flow(X, z, v0, u0, 0.5)
    large = neuron_flow(X, z, v0 * 10**scale, u0 * 10**scale, 0.5)
    assert large.t[-1] == pytest.approx(small.t[-1], rel=1e-9)
    assert [e.kind for e in large.events] == [e.kind for e in small.events]
    assert large.direction[-1] == pytest.approx(small.direction[-1], abs=1e-9)
    assert large.log_norm[-1] - small.log_norm[-1] == pytest.approx(scale * math.log(10), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_stopping_and_going_on_is_the_same_flow(seed):
    X, z, v0, u0 = random_neuron(seed)
    whole = neuron_flow(X, z, v0, u0, 0.4)
    half = whole.t[-1] / 2
    if half == 0 or any(abs(event.time - half) < 1e-6 for event in whole.events):
        return
    v1, *u1 = whole.at(half)
    rest = neuron_flow(X, z, v1, u1, half)
    if rest.t[-1] == half:  # a start that slides on several kinks is put back on them to rounding
        assert rest.at(half) == pytest.approx(whole.w[-1], rel=1e-8, abs=1e-8 * whole.norm[-1])


@pytest.mark.parametrize(("inputs", "n"), [(1, 3), (2, 20), (3, 12), (6, 40)])
def test_many_starts_together_are_the_single_paths(inputs, n):
    rng = np.random.default_rng(inputs)
    X, z = rng.standard_normal((n, inputs)), rng.standard_normal(n)
    w = rng.standard_normal((25, inputs + 1))
    w[0, 0] = 0
    fates = neuron_flows(X, z, w[:, 0], w[:, 1:], 1.5)
    for i, start in enumerate(w):
        path = neuron_flow(X, z, start[0], start[1:], 1.5)
        kinds = [event.kind for event in path.events]
        assert fates.time[i] == pytest.approx(path.t[-1], rel=1e-12)
        assert fates.direction[i] == pytest.approx(path.direction[-1], abs=1e-11)
        assert fates.log_norm[i] == pytest.approx(path.log_norm[-1], abs=1e-11)
        assert fates.branched[i] == ("branch" in kinds)
        assert fates.slid[i] == ("slide" in kinds)
        assert fates.flipped[i] == ("flip" in kinds)


def test_of_many_starts_each_ends_where_it_branches():
    branched = 0
    for seed in range(4):
        X, z = gaussian(20, 2, seed)
        u = np.random.default_rng(seed).standard_normal((40, 2))
        v = 0.5 * np.linalg.norm(u, axis=1) * np.where(np.arange(40) % 2, 1, -1)
        fates = neuron_flows(X, z, v, u, 20.0)
        for i in np.flatnonzero(fates.branched):
            path = neuron_flow(X, z, v[i], u[i], 20.0)
            assert fates.time[i] == pytest.approx(path.t[-1], rel=1e-9)
            np.testing.assert_allclose(fates.direction[i], path.direction[-1], atol=1e-9)
        branched += fates.branched.sum()
    assert branched > 4


def test_a_dead_neuron_rests_for_ever_and_keeps_its_size():
    X, z = np.array([[1.0, 0.0]]), np.array([1.0])
    dead, awake = neuron_flows(X, z, np.array([1.0, 1.0]), np.array([[-1, 0.5], [1, 0.5]])).log_norm
    assert dead == pytest.approx(np.log(1.5), rel=1e-14)
    assert awake == np.inf


def test_one_undecided_start_does_not_stop_the_others():
    """At u = 0 all 40 kinks meet: too many to list the ways on."""
    X, z = gaussian(40, 4, seed=0)
    u0 = np.array([[0.0, 0, 0, 0], [1.0, 2, 3, 4]])
    fates = neuron_flows(X, z, [1.0, 1.0], u0, 0.5)
    assert fates.undecided.tolist() == [True, False]
    assert fates.time.tolist() == [0.0, 0.5]
    np.testing.assert_array_equal(fates.direction[0], [1, 0, 0, 0, 0])
    np.testing.assert_allclose(fates.direction[1], neuron_flow(X, z, 1.0, u0[1], 0.5).direction[-1], atol=1e-13)
    with pytest.raises(Undecided):
        neuron_flow(X, z, 1.0, u0[0], 0.5)


def test_limits_of_many_starts_are_kkt_points():
    """Six dimensions, all slide: every start that does not branch ends in the direction of its own Clarke set."""
    rng = np.random.default_rng(6)
    X, z = rng.standard_normal((60, 6)), rng.standard_normal(60)
    w = rng.standard_normal((40, 7))
    fates = neuron_flows(X, z, w[:, 0], w[:, 1:])
    regular = ~fates.branched
    assert fates.slid.all()
    assert regular.sum() > 30
    assert np.all(fates.time[regular] == np.inf)
    assert np.all(fates.log_norm[regular] == np.inf)
    for end in fates.direction[regular]:
        multiplier = 2 * correlation(X, z, end)
        assert multiplier > 0
        assert clarke_distance(X, z, end, multiplier * end, 0.0) < 1e-9


@pytest.mark.parametrize(
    ("argument", "bad", "message"),
    [
        ("u0", [1.0], "u0: got shape"),
        ("u0", [np.nan, 0.0], "u0: got non-finite"),
        ("v0", np.inf, "v0: got inf"),
        ("t_end", 0.0, "t_end: got 0.0"),
        ("z", [1.0], "z: got shape"),
        ("points", 0, "points: got 0"),
    ],
)
def test_bad_arguments_are_named(argument, bad, message):
    good = {"X": np.eye(2), "z": np.ones(2), "v0": 1.0, "u0": [1.0, 2.0], "t_end": 1.0}
    with pytest.raises(ValueError, match=message):
        neuron_flow(**good | {argument: bad})
    with pytest.raises(ValueError, match=r"\(v0, u0\): got a zero vector"):
        neuron_flow(**good | {"v0": 0.0, "u0": [0.0, 0.0]})


def test_the_clarke_check_has_teeth():
    """The velocity of the wrong side of a kink is far from the set."""
    X, z = five_points()
    path = neuron_flow(X, z, 1, [0.5 * math.cos(5.8), 0.5 * math.sin(5.8)], 1)
    w = path.at(0.5)
    for side in product((0.0, 1.0), repeat=5):
        velocity = np.append(correlation(X, z, np.append(1.0, w[1:])), w[0] * (np.array(side) * z) @ X)
        assert (clarke_distance(X, z, w, velocity, 0.0) < 1e-8) == (np.array_equal(side, X @ w[1:] > 0))


def test_a_kink_on_the_way_is_met_though_v_would_take_for_ever_to_vanish():
    """u_1 = v = exp(-t), u_2 = u_3 = 1, until the second input, which sees u_1 < u_2 / 2, wakes at t = ln 2."""
    X, z = np.array([[1.0, 0, 0], [-1, 0.5, 0]]), np.array([-1.0, 0.5])
    path = neuron_flow(X, z, 1.0, [1.0, 1, 1], t_end=1.0)
    assert [(event.kind, event.kink) for event in path.events] == [("cross", 1)]
    assert path.events[0].time == pytest.approx(np.log(2), rel=1e-12)
    assert path.at(0.5) == pytest.approx([np.exp(-0.5), np.exp(-0.5), 1, 1], rel=1e-12)
    assert path.at(1.0)[2] > 1


def test_a_flow_with_too_many_events_is_given_up_and_not_cut_short(monkeypatch):
    """Over two kinks, one after the other; a start beyond them meets nothing."""
    flow = {"X": np.eye(2), "z": [-1.0, -0.5], "slope": 0.5}
    whole = neuron_flow(**flow, v0=-3.0, u0=[-1.0, -2.0], t_end=9.0)
    monkeypatch.setattr(relu_flow, "MOST_EVENTS", len(whole.events) + 1)  # a segment before each, and one after
    assert neuron_flow(**flow, v0=-3.0, u0=[-1.0, -2.0], t_end=9.0).events == whole.events
    assert neuron_flows(**flow, v0=[-3.0], u0=[[-1.0, -2.0]], t_end=9.0).events == [len(whole.events)]
    monkeypatch.setattr(relu_flow, "MOST_EVENTS", len(whole.events))
    with pytest.raises(Undecided, match=f"more than {len(whole.events)} events before t = "):
        neuron_flow(**flow, v0=-3.0, u0=[-1.0, -2.0], t_end=9.0)
    with pytest.raises(Undecided, match=f"more than {len(whole.events)} events in 1 of 2 flows"):
        neuron_flows(**flow, v0=[-3.0, -3.0], u0=[[-1.0, -2.0], [1.0, 1.0]], t_end=9.0)


def test_inputs_that_are_neither_parallel_nor_apart_are_undecided():
    """1e-11 apart they share a kink, and their gradients, taken one by one, fit no velocity on it."""
    X, z = [[2.0, 1.0], [-1.0, 6e-12], [1.0, 3e-12]], [-3.0, -3.0, -1.0]
    with pytest.raises(Undecided, match=r"^no velocity found at t = 0: kinks \[0 1\] tie"):
        neuron_flow(X, z, 1.0, [0.0, 0.0], 2.0)
    fates = neuron_flows(X, z, [1.0], [[0.0, 0.0]], 2.0)
    assert (fates.undecided.tolist(), fates.time.tolist()) == ([True], [0.0])
