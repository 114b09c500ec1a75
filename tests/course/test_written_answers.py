"""What the written solutions of problem sets 1 to 3 claim, tried with numbers."""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

import homolib as hl

seeds = pytest.mark.parametrize("seed", range(10))


def flow(velocity, start, times):
    """A smooth flow at the given times."""
    path = solve_ivp(lambda t, x: velocity(x), (0, times[-1]), start, t_eval=times, rtol=1e-10, atol=1e-13)
    return path.y


def test_a_bias_of_order_two_takes_its_time_and_never_changes_its_sign():
    s, speed = 0.01, lambda b: 2 * abs(b) * (1 - b * abs(b))
    half = math.log(1 / s**2 - 1) / 4
    assert flow(speed, [s], [half])[0, -1] ** 2 == pytest.approx(0.5, rel=1e-7)
    fallen = np.log(-flow(speed, [-s], [1.0, 3.0])[0] / s)
    assert (-2 * (1 + s**2) * np.array([1, 3]) <= fallen).all()
    assert (fallen <= -2 * np.array([1, 3]) + 1e-8).all()


def pooled(terms, w):
    """Gradient of a sum of maxima of coordinates, the smallest index first among those that are tied."""
    return sum(sign * np.eye(len(w))[max(group, key=lambda i: (w[i], -i))] for sign, group in terms)


def pooled_set(terms, w):
    """Clarke set of such a sum where all coordinates are tied: from every order of them."""
    return hl.Polytope([pooled(terms, w + 1e-6 * np.array(order)) for order in itertools.permutations(range(len(w)))])


def test_pooling_loses_nothing_in_one_case_and_something_in_the_other():
    e, tied = np.eye(3), np.ones(3)
    f = pooled_set([(1, (0, 1)), (-1, (1, 2))], tied)
    g = pooled_set([(1, (0, 1)), (-1, (0, 1, 2))], tied)
    assert f == hl.Polytope(e[:2]) + hl.Polytope(-e[1:])
    assert g == hl.Polytope([0 * e[0], e[0] - e[2], e[1] - e[2]])
    assert not any(g.contains(lost) for lost in (e[0] - e[1], e[1] - e[0]))


@seeds
def test_one_order_for_all_ties_is_always_right(seed):
    rng = np.random.default_rng(seed)
    groups = [tuple(sorted(rng.choice(4, size=rng.integers(2, 5), replace=False).tolist())) for _ in range(4)]
    terms = [(rng.choice([-1, 1]), group) for group in groups]
    assert pooled_set(terms, np.ones(4)).contains(pooled(terms, np.ones(4)))


@seeds
def test_the_half_slope_is_right_for_one_hidden_layer(seed):
    rng = np.random.default_rng(seed)
    X, u = rng.integers(-2, 3, (5, 2)).astype(float), rng.integers(-1, 2, (3, 2)).astype(float)
    z, v, s = rng.standard_normal(5), rng.standard_normal(3), X @ u.T
    slopes = (s > 0) + 0.5 * (s == 0)
    program = np.column_stack([z @ np.maximum(s, 0), v[:, None] * ((slopes.T * z) @ X)]).ravel()
    at = np.column_stack([v, u]).ravel()
    assert hl.clarke_subdifferential(hl.TwoLayerReLU(3, 2), X, at, z).contains(program)


def test_no_slope_serves_two_hidden_layers():
    relu = lambda s: max(s, 0.0)  # noqa: E731
    assert all(relu(relu(s) - relu(-s)) - relu(relu(s)) == 0 for s in (-1.0, -0.1, 0.0, 0.1, 1.0))
    for c in (0.0, 0.25, 0.5, 1.0):
        first, second = c * (c * 1 - c * -1), c * c
        assert (first - second == 0) == (c == 0)


def test_three_planks():
    x, h, seen = np.array([3.0, 1.0, 0.0]), 1e-3, {}
    for k in range(6000):
        seen[k] = x.copy()
        level = np.eye(3)[x > x.max() - 2 * h]
        x = x - h * hl.Polytope(level).min_norm()
    assert np.allclose([seen[2000], seen[4000], x], [[1, 1, 0], [0, 0, 0], [-2 / 3] * 3], atol=0.01)


def test_the_price_in_time_is_the_time():
    for p in (1.2, 1.5, 1.8):
        integral = quad(lambda q, p=p: (q ** (1 / p - 1) / p) ** 2, 0, 1)[0]
        assert integral == pytest.approx(1 / (p * (2 - p)), rel=1e-6)
        late = 0.9 * integral
        assert flow(lambda x, p=p: -p * x ** (p - 1), [1.0], [late])[0, -1] ** (2 - p) == pytest.approx(0.1, rel=1e-5)


def test_a_quarter_is_reached_on_convex_hills():
    for t in (0.1, 1.0, 7.0):
        c = 1 / (2 * t)
        assert c * (1 - c * t) == pytest.approx(1 / (4 * t))


@pytest.mark.parametrize("wait", [0.3, 1.0])
def test_every_waiting_time_is_selected_by_some_start(wait):
    """With q = ln(x / epsilon), from epsilon exp(-wait / epsilon)."""
    times, errors = np.array([0.5 * wait, wait + 0.5, wait + 1]), []
    for epsilon in (0.02, 0.01, 0.005):
        q = flow(lambda q, e=epsilon: np.exp(-np.logaddexp(0, 2 * q) / 2) / e, [-wait / epsilon], times)[0]
        errors.append(np.abs(epsilon * np.exp(q) - np.maximum(times - wait, 0)).max() / epsilon)
    assert np.allclose(errors, 1 - math.log(2), atol=0.05)


def test_three_beacons():
    angle = np.radians([90, 210, 330])
    X = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    listed = [hl.Arcs(X, np.array(z)).critical_points() for z in ([1.0, 1, 1], [1.0, 1, -1])]
    found = [[(p.kind, round(math.degrees(p.angle)), round(p.value, 9)) for p in points] for points in listed]
    beacons = [entry for turn in (0, 120, 240) for entry in (("min", 30 + turn, 0.5), ("max", 90 + turn, 1))]
    assert found[0] == beacons
    assert found[1] == [("max", 90, 1), ("min", 150, 0.5), ("max", 210, 1), ("min", 330, -1)]
    ends, _ = hl.Arcs(X, np.array([1.0, 1, -1])).flow(np.radians([60.0]), 30.0)
    assert np.allclose(ends, np.pi / 2)


@seeds
def test_growth_is_convex_and_in_training_it_is_not(seed):
    X, z = hl.datasets.gaussian(5, 2, seed=seed)
    rng = np.random.default_rng(seed)
    path = hl.neuron_flow(X, z, rng.standard_normal(), rng.standard_normal(2), 2.0)
    lengths = np.log(np.linalg.norm(path.at(np.linspace(0, 2, 401)), axis=1))
    assert np.diff(lengths, 2).min() > -1e-9
    s = flow(lambda s: s * (1 - s**2), [0.1], np.linspace(0, 4, 101))[0]
    assert np.diff(np.log(s), 2).max() < 0


@seeds
def test_one_friend_makes_one_peak(seed):
    rng = np.random.default_rng(seed)
    X, z = rng.standard_normal((5, 2)), -rng.uniform(0.1, 1, 5)
    z[0] = 3.0
    above = [p.kind for p in hl.Arcs(X, z, order=1).critical_points() if p.value > 1e-9]
    assert above in ([], ["max"])
    two = hl.Arcs(np.array([[1.0, 0], [-1, 0]]), np.ones(2), order=1).critical_points()
    assert [round(math.degrees(p.angle)) for p in two if p.kind == "max"] == [0, 180]


@pytest.mark.parametrize(("d", "value"), [(2, 2), (3, 2), (4, 0)])
def test_parity_seen_along_the_diagonal(d, value):
    X, u = np.array(list(itertools.product([-1.0, 1.0], repeat=d))), np.ones(d) / np.sqrt(d)
    z = X.prod(axis=1)
    squared, two_layers = hl.SquaredReLU(1, d), hl.TwoLayerReLU(1, d)
    assert hl.correlation.value(squared, X, z, u) == pytest.approx(value, abs=1e-12)
    assert hl.kkt_residual(squared, X, z, u) < 1e-12
    gradient = hl.clarke_subdifferential(two_layers, X, np.append(1.0, u), z)  # on kinks if d is even
    assert gradient.contains(np.append(z @ np.maximum(X @ u, 0), (z @ np.maximum(X @ u, 0)) * u))


@seeds
def test_symmetric_data_hold_what_rests_in_their_plane(seed):
    """Data with the symmetry (u1, u2, u3) -> (u1, u2, -u3): KKT points of F on the plane u3 = 0 are KKT points."""
    rng = np.random.default_rng(seed)
    half, z = rng.integers(-2, 3, (4, 3)) + np.array([0.5, 0, 1]) * rng.choice([-1, 1], (4, 1)), rng.standard_normal(4)
    X, both = np.vstack([half, half * [1, 1, -1]]), np.append(z, z)
    flat = hl.Arcs(X[:, :2], both, order=1)
    for point in flat.critical_points():
        u = np.array([math.cos(point.angle), math.sin(point.angle), 0.0])
        value = both @ np.maximum(X @ u, 0)
        sets = hl.clarke_subdifferential(hl.TwoLayerReLU(1, 3), X, np.append(1.0, u), both)
        assert sets.contains(np.append(value, value * u), 1e-8)
