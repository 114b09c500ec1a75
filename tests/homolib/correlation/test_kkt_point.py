"""KKT points: complete lists against other routes, ground truths, degenerate data, and wrong methods that must fail."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import homolib as hl
from homolib.correlation.kkt_point import size_of_terms
from tests.homolib.strategies import SEEDS, numbers

TURN = 2 * np.pi
HALF = np.sqrt(0.5)
SLOPES = st.sampled_from([0.0, 0.1, -0.5, 1.7])


def unit(angle):
    return np.array([np.cos(angle), np.sin(angle)])


def size(X, z):
    """What residuals of order-two networks are measured against."""
    return float(np.abs(z) @ (1 + np.linalg.norm(X, axis=1)) ** 2)


def values(points):
    return [p.value for p in points]


def doubled(X, y, even):
    """The data with their mirror images, labels repeated (even) or negated (odd)."""
    return np.concatenate([X, -X]), np.concatenate([y, y if even else -y])


# Squared ReLU


def test_figure_1_has_exactly_four():
    X, y = hl.datasets.circle(50)
    points = hl.kkt_points(hl.SquaredReLU(20, 2), X, y)
    assert points.complete
    assert [p.kind for p in points] == ["max", "max", "min", "min"]
    np.testing.assert_allclose(values(points), [46.875, 37.5, 13.9216732026179623, 13.9216732026179623], rtol=1e-14)
    np.testing.assert_allclose([p.multiplier for p in points], 2 * np.array(values(points)))
    np.testing.assert_allclose([p.angle for p in points][2:], [1.64152640954960076, 4.64165889762998571], atol=1e-14)


def test_a_search_for_maximisers_only_misses_half_of_them():
    """The check has teeth: climbing from anywhere finds two of the four."""
    X, y = hl.datasets.circle(50)
    arcs = hl.Arcs(X, y)
    ends, _ = arcs.flow(np.random.default_rng(0).uniform(0, TURN, 100), 10.0)
    assert len({round(float(np.cos(end)), 6) for end in ends}) == 2


@given(SEEDS, st.integers(1, 6), SLOPES)
@settings(max_examples=30, deadline=None)
def test_even_data_have_the_eigenvectors(seed, n, slope):
    """Appendix G.1 with repeated labels: N = (1 + slope^2) u . (sum y x x') u."""
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((n, 2)), rng.standard_normal(n)
    eigenvalues, vectors = np.linalg.eigh((1 + slope**2) * (X.T * y) @ X)
    points = hl.kkt_points(hl.SquaredReLU(1, 2, slope=slope), *doubled(X, y, even=True))
    np.testing.assert_allclose(values(points), np.repeat(eigenvalues[::-1], 2), atol=1e-12 * size(X, y))
    for p, vector in zip(points, np.repeat(vectors.T[::-1], 2, axis=0), strict=True):
        assert abs(p.direction @ vector) == pytest.approx(1, abs=1e-6)
    assert [p.kind for p in points] == ["max", "max", "min", "min"]


def test_odd_data_do_not():
    """With labels negated only two KKT points are left, and the second eigenvector is none."""
    X, y = np.array([[1.0, 0.0], [0.6, 0.8]]), np.array([1.0, 2.0])
    net = hl.SquaredReLU(1, 2, slope=0.1)
    points = hl.kkt_points(net, *doubled(X, y, even=False))
    np.testing.assert_allclose(values(points), [2.46003692, -2.46003692], atol=1e-8)
    np.testing.assert_allclose(np.degrees(points[0].angle), 38.54629566, atol=1e-8)
    second = unit(np.radians(-51.45370434))
    assert hl.kkt_residual(net, *doubled(X, y, even=False), second) == pytest.approx(1.92996999, abs=1e-7)
    assert hl.kkt_residual(net, *doubled(X, y, even=True), second) < 1e-7
    even = hl.kkt_points(net, *doubled(X, y, even=True))
    np.testing.assert_allclose(values(even), [2.50973464] * 2 + [0.52026536] * 2, atol=1e-8)


def test_a_sign_turns_the_list_upside_down():
    X, y = hl.datasets.circle(20, seed=1)
    net = hl.SquaredReLU(2, 2, signs=[1, -1])
    up, down = hl.kkt_points(net, X, y), hl.kkt_points(net, X, y, neuron=1)
    np.testing.assert_allclose(values(up), [-v for v in values(down)][::-1])
    assert sorted(p.kind for p in up) == ["max", "max", "min", "min"]


def test_a_dormant_cone_is_one_flat_entry():
    points = hl.kkt_points(hl.SquaredReLU(1, 2), np.eye(2), np.ones(2))
    assert [p.kind for p in points][-1] == "flat"
    np.testing.assert_allclose(points[-1].arc, [np.pi, 3 * np.pi / 2])
    assert points[-1].value == 0
    assert hl.kkt_residual(hl.SquaredReLU(1, 2), np.eye(2), np.ones(2), unit(3.5)) == 0


# Two-layer ReLU

FIVE_POINTS = {  # angle, value of G, kind of G, on a kink
    0.0: [
        (0.0, 2.88, "min", True),
        (0.39479111969976, 3.4892307692308, "max", True),
        (3.1415926535898, -1.6244031830239, "min", True),
        (3.5363837732896, -1.2655172413793, "max", True),
        (4.1078589562344, -1.5045906763796, "min", False),
        (5.9993911979713, 3.0, "max", False),
    ],
    0.1: [
        (0.0, 3.0424403183024, "min", True),
        (0.39479111969976, 3.6157824933687, "max", True),
        (3.1415926535898, -1.9124031830239, "min", True),
        (3.5363837732896, -1.6144403183023, "max", True),
        (3.9467600491827, -1.7606235331451, "min", False),
        (6.0882136251226, 3.1011982368076, "max", False),
    ],
}
ZEROS = {0.0: (2.5449895343514, 4.8185248317482), 0.1: (2.3779730716419, 4.8462383350004)}


@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_five_points_have_every_kind(slope):
    """Lemma H.1 and the points of value zero: six directions with both signs of v, and two with v = 0."""
    X, y = hl.datasets.five_points()
    net = hl.TwoLayerReLU(1, 2, slope=slope)
    points = hl.kkt_points(net, X, y)
    assert len(points) == 14
    for angle, g, kind, kink in FIVE_POINTS[slope]:
        for s in (1, -1):
            (p,) = [p for p in points if np.linalg.norm(p.direction - HALF * np.array([s, *unit(angle)])) < 1e-12]
            assert (p.value, p.multiplier) == (pytest.approx(s * g / 2, abs=1e-12), pytest.approx(s * g, abs=1e-12))
            along_v = "max" if s * g > 0 else "min"
            along_u = kind if s > 0 else {"max": "min", "min": "max"}[kind]
            assert p.kind == (along_v if along_u == along_v else "saddle")
            assert p.smooth is not kink
    zero = sorted((p for p in points if p.value == 0), key=lambda p: p.angle)
    np.testing.assert_allclose([p.angle for p in zero], ZEROS[slope], atol=1e-12)
    assert all(p.kind == "saddle" and p.direction[0] == 0 for p in zero)
    assert values(points) == sorted(values(points), reverse=True)


def test_one_gradient_is_not_enough_on_a_kink():
    """The global maximum of the five points is on a kink: with the pullback alone its residual is of order one."""
    X, y = hl.datasets.five_points()
    net = hl.TwoLayerReLU(1, 2)
    best = hl.kkt_points(net, X, y)[0]
    assert best.kind == "max"
    assert not best.smooth
    assert np.linalg.norm(net.pullback(X, best.direction, y) - best.multiplier * best.direction) > 0.5
    assert hl.kkt_residual(net, X, y, best.direction) < 1e-14


def test_maxima_and_minima_of_the_five_points_by_a_blind_scan_of_the_joint_sphere():
    X, y = hl.datasets.five_points()
    net = hl.TwoLayerReLU(1, 2)
    theta, phi = np.meshgrid(np.linspace(0, TURN, 721)[:-1] + 1e-3, np.linspace(-1.5, 1.5, 361), indexing="ij")
    w = np.stack([np.sin(phi), np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta)], axis=-1)
    n = hl.correlation.value(net, X, y, w)
    for kind, sign in (("max", 1), ("min", -1)):
        v = sign * n
        around = [np.roll(v, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
        top = np.all([v > other for other in around], axis=0)[:, 1:-1]
        listed = [p for p in hl.kkt_points(net, X, y) if p.kind == kind]
        assert top.sum() == len(listed)
        for p in listed:
            assert np.linalg.norm(w[:, 1:-1][top] - p.direction, axis=-1).min() < 0.02


def candidates(X, slope):
    """Angles that can be KKT points of G at all: its kinks, and the directions of its gradients (found by patterns)."""
    X = X[X.any(axis=1)]
    kinks = np.mod(np.concatenate([np.arctan2(X[:, 1], X[:, 0]) + s * np.pi / 2 for s in (1, -1)]), TURN)
    stops = np.sort(np.append(kinks, kinks.min() + TURN))
    return kinks, (stops[1:] + stops[:-1]) / 2


@given(numbers(5, 2), numbers(5), SLOPES)
@settings(max_examples=40, deadline=None)
def test_the_list_is_complete_also_for_degenerate_data(X, z, slope):
    """Independently: every kink and every gradient direction is tried with the Clarke polytope, none is missing."""
    if not X.any():
        return
    net, tiny = hl.TwoLayerReLU(1, 2, slope=slope), 1e-11 * size(X, z)
    points = hl.kkt_points(net, X, z)
    kinks, middles = candidates(X, slope)
    gradients = np.array([net.pullback(X, np.array([1.0, *unit(a)]), z)[1:] for a in middles])
    along = [np.arctan2(g[1], g[0]) + turn for g in gradients if np.linalg.norm(g) > tiny for turn in (0, np.pi)]
    for angle in np.mod([*kinks, *along], TURN):
        for s in (1, -1):
            w = HALF * np.array([s, *unit(angle)])
            if hl.kkt_residual(net, X, z, w) <= tiny:
                near = any(np.linalg.norm(p.direction - w) < 1e-7 for p in points)
                arcs = (np.mod(angle - p.arc[0] + 1e-7, TURN) <= p.arc[1] - p.arc[0] + 2e-7 for p in points if p.arc)
                assert near or any(arcs)
    for v in (1.0, -1.0):
        pole = np.array([v, 0.0, 0.0])
        assert (hl.kkt_residual(net, X, z, pole) <= tiny) == any(np.array_equal(p.direction, pole) for p in points)


@given(numbers(4, 2), numbers(4), SLOPES, st.booleans())
@example(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]), np.ones(4), 0.0, False)  # with poles (+-1, 0)
@settings(max_examples=40, deadline=None)
def test_every_entry_is_a_kkt_point(X, z, slope, squared):
    """Euler: the multiplier is 2 N, whatever the data; the residual is zero by the Clarke polytope too."""
    net = hl.SquaredReLU(1, 2, slope=slope) if squared else hl.TwoLayerReLU(1, 2, slope=slope)
    points = hl.kkt_points(net, X, z)
    assert len(points) >= 1
    gaps = [np.linalg.norm(p.direction - q.direction) for i, p in enumerate(points) for q in points[:i]]
    assert min(gaps, default=1) > 1e-9
    for p in points:
        assert np.linalg.norm(p.direction) == pytest.approx(1, abs=1e-14)
        assert p.multiplier == 2 * p.value
        assert p.value == pytest.approx(float(hl.correlation.value(net, X, z, p.direction)), abs=1e-13 * size(X, z))
        assert p.residual <= 1e-13 * size(X, z)
        assert hl.kkt_residual(net, X, z, 3 * p.direction) <= 1e-12 * size(X, z)


def test_mirrored_leaky_data_have_the_mean_direction():
    """Appendix G.2 corrected: q = sum y x, value (1 + slope) |q| / 2, |v| = |u| = 1 / sqrt 2 (not v^2 = 1 / sqrt 2)."""
    X, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([3.0, 4.0])
    for slope in (0.0, 0.3):
        points = hl.kkt_points(hl.TwoLayerReLU(1, 2, slope=slope), *doubled(X, y, even=False))
        expected = 2.5 * (1 + slope)
        np.testing.assert_allclose(values(points), [expected, expected, 0, 0, -expected, -expected], atol=1e-14)
        np.testing.assert_allclose(
            np.abs([p.direction for p in points[:2]]), np.tile([HALF, 0.6 * HALF, 0.8 * HALF], (2, 1))
        )
        for p in points[2:4]:
            assert abs(p.direction @ [0, 3, 4]) < 1e-14


def test_the_sum_of_the_clarke_sets_has_spurious_points():
    """The check has teeth: with the sum rule four more directions would pass, though N is differentiable there."""
    X, y = doubled(np.array([[1.0, 0.0], [0.6, 0.8]]), np.array([1.0, -2.0]), even=False)
    net = hl.TwoLayerReLU(1, 2)
    points = hl.kkt_points(net, X, y)
    np.testing.assert_allclose(sorted(values(points)), np.array([-1, -1, 0, 0, 1, 1]) * 1.612451549660 / 2, atol=1e-12)
    for u in ([0, 1.0], [0, -1.0], [0.8, -0.6], [-0.8, 0.6]):
        w = HALF * np.array([1.0, *u])
        multiplier = 2 * float(hl.correlation.value(net, X, y, w))
        assert hl.termwise_sum(net, X, w, y).distance(multiplier * w) < 1e-12
        assert hl.kkt_residual(net, X, y, w) > 0.1


def test_exclusive_or():
    """G = |u1 - u2| - |u1 + u2|: maxima sqrt 2 at 135 and 315 degrees, minima at 45 and 225."""
    X = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    points = hl.kkt_points(hl.TwoLayerReLU(1, 2), X, -X[:, 0] * X[:, 1])
    top = [p for p in points if p.kind == "max"]
    np.testing.assert_allclose(values(top), [HALF] * 4)
    np.testing.assert_allclose(np.degrees([p.angle for p in top if p.direction[0] > 0]), [135, 315])
    np.testing.assert_allclose(np.degrees([p.angle for p in top if p.direction[0] < 0]), [45, 225])
    assert [p.kind for p in points if p.angle is None] == ["saddle", "saddle"]


def test_scalar_inputs_have_the_list_of_the_absolute_value():
    """N = v |u|: (1, +-1) / sqrt 2, their negatives with value -1/2, and (+-1, 0); (0, +-1) is none."""
    points = hl.kkt_points(hl.TwoLayerReLU(1, 1), *hl.datasets.mirrored())
    np.testing.assert_allclose(values(points), [0.5, 0.5, 0, 0, -0.5, -0.5], atol=1e-15)
    assert [p.kind for p in points] == ["max", "max", "min", "max", "min", "min"]
    np.testing.assert_array_equal([p.direction for p in points[2:4]], [[1, 0], [-1, 0]])
    net = hl.TwoLayerReLU(1, 1)
    assert hl.kkt_residual(net, *hl.datasets.mirrored(), [0.0, 1.0]) == pytest.approx(1)
    assert max(hl.kkt_residual(net, *hl.datasets.mirrored(), p.direction) for p in points) < 1e-15


@pytest.mark.parametrize("q", [(1.0, 0.0), (0.6, 0.8)])
def test_where_the_correlation_touches_zero_on_two_kinks_each_is_listed_once(q):
    """G = |q . u|: its two zeros, across q, are its minima, too, where only v varies."""
    points = hl.kkt_points(hl.TwoLayerReLU(1, 2), np.array([q, np.negative(q)]), np.ones(2))
    touching = np.array([p.direction for p in points if p.value == 0 and p.direction[0] == 0])
    assert {p.kind for p in points if p.value == 0 and p.direction[0] == 0} == {"flat"}
    across = np.array([0, q[1], -q[0]])
    np.testing.assert_allclose(sorted(touching @ across), [-1, 1], rtol=1e-12)


def test_one_data_point_has_a_dead_half():
    net = hl.TwoLayerReLU(1, 2)
    points = hl.kkt_points(net, [[0.0, 2.0]], [1.0])
    assert [(p.kind, p.value) for p in points] == [
        ("max", pytest.approx(1.0)), ("flat", 0), ("flat", 0), ("flat", 0), ("min", pytest.approx(-1.0))
    ]  # fmt: skip
    (dead,) = [p for p in points if p.arc]
    np.testing.assert_allclose(dead.arc, [np.pi, TURN])


def test_zero_labels_make_everything_flat():
    assert {p.kind for p in hl.kkt_points(hl.TwoLayerReLU(1, 2), np.eye(2), np.zeros(2))} == {"flat"}
    assert {p.kind for p in hl.kkt_points(hl.SquaredReLU(1, 1), [[1.0]], [0.0])} == {"flat"}


# The search


def test_the_search_finds_all_eigenvectors_of_even_data():
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((6, 4)), rng.standard_normal(6)
    points = hl.kkt_points(hl.SquaredReLU(1, 4, slope=0.2), *doubled(X, y, even=True), starts=20)
    assert not points.complete
    assert "may be more" in repr(points)
    np.testing.assert_allclose(values(points), np.repeat(np.linalg.eigvalsh(1.04 * (X.T * y) @ X)[::-1], 2), atol=1e-12)
    assert [p.kind for p in points] == ["max"] * 2 + ["saddle"] * 4 + ["min"] * 2


def test_the_search_finds_what_the_list_has():
    """The planar five points in three dimensions: their maxima and minima of G, on kinks and not."""
    X, y = hl.datasets.five_points()
    flat = hl.kkt_points(hl.TwoLayerReLU(1, 2), X, y)
    found = hl.kkt_search(hl.TwoLayerReLU(1, 3), np.column_stack([X, np.zeros(5)]), y, starts=15)
    extremes = [p.value for p in flat if p.kind == "max"]
    np.testing.assert_allclose([p.value for p in found if p.kind == "max"], extremes, atol=1e-12)
    assert any(not p.smooth for p in found)


@pytest.mark.parametrize("net", [hl.SquaredReLU(1, 3, slope=0.1), hl.TwoLayerReLU(1, 3)])
def test_what_the_search_finds_are_kkt_points(net):
    X, z = hl.datasets.gaussian(9, 3, seed=4)
    points = hl.kkt_search(net, X, z, starts=10, seed=1)
    assert {"max", "min"} <= {p.kind for p in points}
    for p in points:
        assert hl.kkt_residual(net, X, z, p.direction) < 1e-12 * size(X, z)
        nearby = p.direction + 1e-4 * np.random.default_rng(0).standard_normal((200, net.size))
        nearby /= np.linalg.norm(nearby, axis=1, keepdims=True)
        change = hl.correlation.value(net, X, z, nearby) - p.value
        if p.kind == "max":
            assert change.max() < 0
        if p.kind == "min":
            assert change.min() > 0
    again = hl.kkt_search(net, X, z, starts=10, seed=1)
    assert values(again) == values(points)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"net": hl.DiagonalLinear(2)}, "net"),
        ({"net": hl.PoweredReLU(1, 2, order=3)}, "net"),
        ({"X": np.ones((2, 3))}, "X"),
        ({"z": np.ones(3)}, "z"),
        ({"z": [np.nan, 1]}, "z"),
        ({"neuron": 1}, "neuron"),
        ({"neuron": -1}, "neuron"),
    ],
)
def test_bad_input_is_named(arguments, name):
    good = {"net": hl.SquaredReLU(1, 2), "X": np.eye(2), "z": np.ones(2)}
    with pytest.raises(ValueError, match=f"^{name}"):
        hl.kkt_points(**{**good, **arguments})


def test_zero_has_no_residual():
    with pytest.raises(ValueError, match="u:"):
        hl.kkt_residual(hl.SquaredReLU(1, 2), np.eye(2), np.ones(2), [0.0, 0.0])


@pytest.mark.parametrize("squared", [True, False])
@pytest.mark.parametrize("slope", [0.0, 0.3, -1.0])
@pytest.mark.parametrize("z", [(2.0, -1.0, 0.5), (-2.0, 1.0, -3.0), (1.0, 1.0, 1.0), (0.0, -1.0, 0.0)])
def test_on_a_line_what_is_listed_is_critical_and_has_its_value(squared, slope, z):
    """With inputs that are numbers, both signs of a neuron are listed, each with its own value."""
    net = hl.SquaredReLU(1, 1, slope=slope) if squared else hl.TwoLayerReLU(1, 1, slope=slope)
    X, z = np.array([[1.0], [-2.0], [0.5]]), np.array(z)
    points = hl.kkt_points(net, X, z)
    assert {np.sign(p.direction[-1]) for p in points} >= {-1.0, 1.0}
    for point in points:
        assert hl.kkt_residual(net, X, z, point.direction) < 1e-12
        np.testing.assert_allclose(net.outputs(X, point.direction) @ z, point.value, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(("degree", "expected"), [(1, 2 * 5 + 3 * 13), (2, 2 * 25 + 3 * 169)])
def test_size_of_terms_in_numbers(degree, expected):
    assert size_of_terms(np.array([[3.0, 4.0], [5.0, -12.0]]), np.array([-2.0, 3.0]), degree) == expected


@pytest.mark.parametrize(("z", "smooth"), [([0.0, 0.0], True), ([-1.0, 0.0], False), ([1.0, 0.0], False)])
def test_n_is_smooth_where_u_vanishes_only_if_it_is_zero(z, smooth):
    """N = v (z_1 max(u, 0) + z_2 max(-u, 0)) near (1, 0) and (-1, 0)."""
    points = hl.kkt_points(hl.TwoLayerReLU(1, 1), np.array([[1.0], [-1.0]]), z)
    assert [point.smooth for point in points if point.direction[1] == 0] == [smooth, smooth]
