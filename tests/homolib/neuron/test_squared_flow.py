"""The squared ReLU flow: two exact methods against each other, against integration, and against its laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import homolib as hl
from homolib.neuron import squared_flow
from homolib.neuron.squared_flow import cones, squared_neuron_flow
from homolib.neuron.ways_on import Undecided
from tests.homolib.strategies import SEEDS, SLOPES

UNIT_TIME = st.floats(0.05, 2)


def random_flow(seed, d, n):
    rng = np.random.default_rng(seed)
    X, z = rng.standard_normal((n, d)), rng.standard_normal(n)
    return X, z, rng.standard_normal(d), float(np.abs(z) @ (X**2).sum(axis=1))


def lifted(X, u):
    """The same plane, seen in three dimensions: the general method has to do the work of the planar one."""
    return np.column_stack([X, np.zeros(len(X))]), np.append(u, 0.0)


@given(SEEDS, st.integers(1, 20), SLOPES, UNIT_TIME)
@settings(max_examples=60, deadline=None)
def test_two_exact_methods_agree_in_the_plane(seed, n, slope, time):
    """Arcs with closed-form travel times, and matrix exponentials with a search for kinks, share no code."""
    X, z, u0, scale = random_flow(seed, 2, n)
    planar = squared_neuron_flow(X, z, u0, 5 * time / scale, slope=slope)
    X3, u3 = lifted(X, u0)
    general = squared_neuron_flow(X3, z, u3, 5 * time / scale, slope=slope)
    np.testing.assert_allclose(general.direction[:, :2], planar.direction, atol=1e-12)
    np.testing.assert_allclose(general.log_norm, planar.log_norm, atol=1e-12)


@pytest.mark.parametrize(("d", "n", "slope", "sign"), [(1, 4, 0.1, 1), (2, 9, 0, 1), (3, 20, 0.3, -1), (6, 30, 0, 1)])
def test_integration_agrees(d, n, slope, sign):
    X, z, u0, scale = random_flow(d, d, n)
    net = hl.SquaredReLU(1, d, signs=[sign], slope=slope)
    path = squared_neuron_flow(X, z, u0, 8 / scale, slope=slope, sign=sign)
    solution = solve_ivp(
        lambda _, u: net.pullback(X, u, z), (0, 8 / scale), u0, "DOP853", rtol=1e-12, atol=1e-14, max_step=0.05 / scale
    )
    np.testing.assert_allclose(path.w[-1], solution.y[:, -1], atol=1e-9 * path.norm[-1])


@given(SEEDS, st.integers(1, 5), st.integers(1, 15), SLOPES)
@settings(max_examples=30, deadline=None)
def test_energy_identity_and_growth(seed, d, n, slope):
    """dN/dt = |grad N|^2, d ln|u|/dt = 2 N(direction), and N never falls."""
    X, z, u0, scale = random_flow(seed, d, n)
    net = hl.SquaredReLU(1, d, slope=slope)
    path = squared_neuron_flow(X, z, u0, 4 / scale, slope=slope, points=81)
    values = hl.correlation.value(net, X, z, path.direction)
    assert (np.diff(values) >= -1e-12 * scale).all()
    h = 1e-5 / scale
    ends = path.interpolate(np.array([1 / scale - h, 1 / scale, 1 / scale + h]))
    rate = (ends[1][2] - ends[1][0]) / (2 * h)
    assert rate == pytest.approx(2 * hl.correlation.value(net, X, z, ends[0][1]), abs=1e-6 * scale)
    before, now, after = path.at(np.array([1 / scale - h, 1 / scale, 1 / scale + h]))
    gained = (hl.correlation.value(net, X, z, after) - hl.correlation.value(net, X, z, before)) / (2 * h)
    spent = float((net.pullback(X, now, z) ** 2).sum())
    assert gained == pytest.approx(spent, rel=1e-6, abs=1e-4 * scale**2 * float(now @ now))


def test_energy_identity_to_ten_digits():
    """Lemma A.3 on the data of Figure 1: Gauss quadrature from one kink to the next."""
    X, y = hl.datasets.circle(50)
    net, arcs = hl.SquaredReLU(1, 2), hl.Arcs(X, y)
    path = squared_neuron_flow(X, y, [np.cos(1.7), np.sin(1.7)], 0.05)
    end = np.arctan2(*path.at(0.05)[::-1])
    stops = np.concatenate([[0], arcs.travel(1.7, arcs.kinks[(arcs.kinks > 1.7) & (arcs.kinks < end)])[0], [0.05]])
    assert len(stops) > 5
    nodes, weights = np.polynomial.legendre.leggauss(12)
    times = stops[:-1, None] + np.diff(stops)[:, None] * (nodes + 1) / 2
    squares = (net.pullback(X, path.at(times.ravel()), y) ** 2).sum(axis=-1).reshape(times.shape)
    spent = (squares @ weights) @ np.diff(stops) / 2
    gained = hl.correlation.value(net, X, y, path.at(0.05)) - hl.correlation.value(net, X, y, path.at(0.0))
    assert gained == pytest.approx(spent, rel=1e-11)


@given(SEEDS, st.integers(1, 4), st.floats(-300, 300))
@settings(max_examples=30, deadline=None)
def test_only_the_direction_of_the_start_counts(seed, d, log_scale):
    X, z, u0, scale = random_flow(seed, d, 8)
    one = squared_neuron_flow(X, z, u0, 3 / scale)
    other = squared_neuron_flow(X, z, np.exp(log_scale) * u0, 3 / scale)
    np.testing.assert_allclose(other.direction, one.direction, atol=1e-12)
    np.testing.assert_allclose(other.log_norm - one.log_norm, log_scale, atol=1e-11)


def test_figure_1_at_times_known_to_ten_digits():
    X, y = hl.datasets.circle(50)
    path = squared_neuron_flow(X, y, [np.cos(1), np.sin(1)], 0.5)
    np.testing.assert_allclose(path.at(0.05), [58.9934840148, 3.9754445373], atol=6e-11)
    np.testing.assert_allclose(path.at(0.1), [6405.594303, 18.9657851672], rtol=2e-10)
    assert path.log_norm[-1] == pytest.approx(46.264927, abs=5e-7)


@pytest.mark.parametrize("d", [2, 3])
def test_no_time_is_too_long(d):
    """The weights would overflow a thousand times over; direction and log-norm do not."""
    X, z, u0, scale = random_flow(3, d, 12)
    path = squared_neuron_flow(X, z, u0, 1e6 / scale)
    net = hl.SquaredReLU(1, d)
    assert hl.kkt_residual(net, X, z, path.direction[-1]) < 1e-12 * scale
    rate = 2 * hl.correlation.value(net, X, z, path.direction[-1])
    assert path.log_norm[-1] == pytest.approx(rate * path.t[-1], rel=1e-4)
    assert np.isfinite(path.direction).all()


def test_a_dormant_neuron_rests_for_ever():
    """x . u < 0 for all inputs: N = 0 around it, and nothing pulls."""
    for d in (1, 2, 3):
        path = squared_neuron_flow(np.eye(d), np.ones(d), -np.arange(1.0, d + 1), 100.0)
        np.testing.assert_allclose(path.w, np.broadcast_to(-np.arange(1.0, d + 1), path.w.shape), rtol=1e-14)


def test_a_start_on_a_kink_leaves_to_the_side_to_which_it_is_pulled():
    """u0 = e1 lies on the kink of e2; the input (1, 1) pulls it to the positive side, where e2 adds its own pull."""
    X, z = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]), np.array([1.0, 5.0])
    path = squared_neuron_flow(X, z, [1.0, 0.0, 0.0], 0.5)
    eigen, vectors = np.linalg.eigh(2 * (X.T * z) @ X)
    exact = vectors @ (np.exp(0.5 * eigen) * vectors[0])
    np.testing.assert_allclose(path.w[-1], exact, rtol=1e-13, atol=1e-14)


def grazing(depth, first=0.05):
    """Times at which the flow changes cone although an input x, of negligible weight, is passed only briefly.

    With M = diag(6, 1, -3), x . u(t) = first exp(12 t) - exp(2 t) + 2 s exp(-6 t) has a double zero at
    t = ln(4 / (9 first)) / 10 for one s; here s makes x . u = -depth there.
    """
    touch = np.log(4 / 9 / first) / 10
    s = (12 * 4 / 9 - 2) * np.exp(8 * touch) / 12 - depth * np.exp(6 * touch) / 2
    X = np.vstack([np.eye(3), -np.eye(3), [1.0, -1.0, s]])  # opposite inputs: |x_1|^2 has no kink
    z = np.array([6.0, 1.0, -3.0, 6.0, 1.0, -3.0, 1e-17 / s**2])
    start = np.array([first, 1.0, 2.0])
    times = np.array([cone.time for cone in cones(X, z, 0 * z, start / np.linalg.norm(start), 2 * touch)])

    def height(t):
        return first * np.exp(12 * t) - np.exp(2 * t) + 2 * s * np.exp(-6 * t)

    ends = ((0, touch), (touch, 2 * touch)) if depth > 0 else ()
    return times, [brentq(height, *end, xtol=1e-15) for end in ends], touch


@pytest.mark.parametrize("depth", [1e-2, 1e-4, 1e-6, 1e-8])
def test_kinks_crossed_twice_in_a_moment_are_not_jumped_over(depth):
    times, roots, _ = grazing(depth)
    for root in roots:
        assert np.abs(times - root).min() < 1e-6 * np.sqrt(depth)


def test_not_even_after_a_long_stay_near_a_saddle():
    """The growing direction starts at 1e-12: all else has shrunk as much by the time it counts."""
    times, roots, _ = grazing(0.5, first=1e-12)
    for root in roots:
        assert np.abs(times - root).min() < 1e-6  # rounding of |x| |u| = 1e11, over the slope 1e2 of x . u


@pytest.mark.parametrize("depth", [-1e-2, -1e-4, -1e-6, -1e-8])
def test_kinks_that_are_not_reached_change_nothing(depth):
    times, _, touch = grazing(depth)
    assert np.abs(times - touch).min() > 1e-2


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"u0": [0.0, 0.0]}, "u0"),
        ({"u0": [1.0, 0.0, 0.0]}, "u0"),
        ({"u0": [np.inf, 0.0]}, "u0"),
        ({"z": [1.0]}, "z"),
        ({"t_end": 0.0}, "t_end"),
        ({"t_end": -1.0}, "t_end"),
        ({"slope": np.nan}, "slope"),
        ({"sign": 2}, "sign"),
        ({"points": 1}, "points"),
    ],
)
def test_bad_input_is_named(arguments, name):
    good = {"X": np.eye(2), "z": np.ones(2), "u0": [1.0, 0.5], "t_end": 1.0}
    with pytest.raises(ValueError, match=name):
        squared_neuron_flow(**{**good, **arguments})


def test_times_outside_the_path_are_refused():
    path = squared_neuron_flow(np.eye(3), np.ones(3), [1.0, 0.5, -2.0], 1.0)
    with pytest.raises(ValueError, match="t:"):
        path.at(1.1)


@pytest.mark.parametrize(
    ("limit", "message"), [("MOST_CONES", "more than 1 kinks"), ("MOST_STEPS", "1 steps and no kink")]
)
def test_what_takes_too_long_is_given_up_and_not_cut_short(limit, message, monkeypatch):
    X, z, u0, scale = random_flow(2, 3, 12)
    assert len(cones(X, np.abs(z), np.zeros(12), u0 / np.linalg.norm(u0), 40 / scale)) > 2
    monkeypatch.setattr(squared_flow, limit, 1)
    with pytest.raises(Undecided, match=message):
        squared_neuron_flow(X, np.abs(z), u0, 40 / scale)
