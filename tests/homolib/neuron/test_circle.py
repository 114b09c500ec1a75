"""N on the circle against its definition, blind scans and ground truths; its flow against forty-digit numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

import homolib as hl
from homolib.neuron.circle import Arcs
from tests.homolib.strategies import SEEDS

TURN = 2 * np.pi
SLOPES = st.sampled_from([0.0, 0.1, -0.5, 1.0, 1.7])


def direct(X, z, theta, slope, order):
    """N at an angle, from its definition."""
    s = np.stack([np.cos(theta), np.sin(theta)], axis=-1) @ X.T
    return np.maximum(s, slope * s) ** order @ z


def figure_4():
    X, y = hl.datasets.circle(50)
    return X, y - 5 * np.maximum(0, X[:, 0]) ** 2


def awkward(seed, n):
    """Random planar data with repeated, opposite and zero inputs, and zero labels."""
    rng = np.random.default_rng(seed)
    X, z = rng.standard_normal((n, 2)), rng.standard_normal(n)
    return np.concatenate([X, X[:1], -X[:1], 2 * X[-1:], [[0.0, 0.0]]]), np.concatenate([z, [1.0, -0.5, 0.0, 3.0]])


@given(SEEDS, st.integers(1, 9), SLOPES, st.sampled_from([1, 2]))
@settings(max_examples=40, deadline=None)
def test_values_and_derivatives_are_those_of_the_definition(seed, n, slope, order):
    X, z = awkward(seed, n)
    arcs = Arcs(X, z, slope, order=order)
    theta = np.random.default_rng(seed).uniform(0, TURN, 50)
    h = 1e-6
    clear = np.abs(np.mod(theta[:, None] - arcs.kinks + np.pi, TURN) - np.pi).min(axis=1) > 2 * h
    np.testing.assert_allclose(arcs.value(theta), direct(X, z, theta, slope, order), atol=1e-13 * arcs.scale)
    difference = (direct(X, z, theta + h, slope, order) - direct(X, z, theta - h, slope, order)) / (2 * h)
    np.testing.assert_allclose(arcs.derivative(theta)[clear], difference[clear], atol=1e-8 * arcs.scale)
    difference = (arcs.derivative(theta + h) - arcs.derivative(theta - h)) / (2 * h)
    np.testing.assert_allclose(arcs.second_derivative(theta)[clear], difference[clear], atol=1e-8 * arcs.scale)


@given(SEEDS, st.integers(1, 9), st.sampled_from([0.0, 0.1, -0.5, 1.7]), st.sampled_from([1, 2]))
@settings(max_examples=40, deadline=None)
def test_no_maximum_or_minimum_is_missed(seed, n, slope, order):
    """Every turn of a blind scan is in the list within one grid step, and every strict entry is a turn."""
    X, z = awkward(seed, n)
    theta = np.linspace(0, TURN, 20_000, endpoint=False) + 1e-4
    values = direct(X, z, theta, slope, order)
    points = Arcs(X, z, slope, order=order).critical_points()
    for kind, sign in (("max", 1), ("min", -1)):
        v = sign * values
        scanned = theta[(v > np.roll(v, 1)) & (v > np.roll(v, -1))]
        listed = np.array([p.angle for p in points if p.kind == kind])
        assert len(scanned) == len(listed)
        gaps = np.abs(np.mod(scanned[:, None] - listed + np.pi, TURN) - np.pi)
        assert gaps.min(axis=1, initial=TURN).max(initial=0) < 1e-3


def test_figure_1_has_four_critical_points():
    points = hl.Arcs(*hl.datasets.circle(50)).critical_points()
    assert [p.kind for p in points] == ["max", "min", "max", "min"]
    minimum = 1.64152640954960076
    np.testing.assert_allclose([p.angle for p in points], [0, minimum, np.pi, TURN - minimum], atol=2e-15)
    np.testing.assert_allclose([p.value for p in points], [46.875, 13.9216732026179623, 37.5, 13.9216732026179623])
    curvature = [float(hl.Arcs(*hl.datasets.circle(50)).second_derivative(p.angle)) for p in points]
    np.testing.assert_allclose(curvature, [-62.5, 54.821192488214, -50, 54.821192488214], rtol=1e-12)


def test_another_grid_of_inputs_has_another_minimum():
    """The check has teeth: angles without the half step move the minimum in its fourth digit."""
    angle = TURN * np.arange(50) / 50
    X = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    y = 5 * np.maximum(0, X[:, 0]) ** 2 + 4 * np.maximum(0, -X[:, 0]) ** 2
    assert hl.Arcs(X, y).critical_points()[1].angle == pytest.approx(1.6419473426037434, abs=1e-12)


def test_the_residual_of_figure_4_has_a_flat_arc():
    flat, top = Arcs(*figure_4()).critical_points()
    assert (flat.kind, flat.angle, flat.value) == ("flat", pytest.approx(0, abs=1e-14), 0)
    assert np.mod(flat.arc[1], TURN) == pytest.approx(TURN / 50)
    assert flat.arc[1] - flat.arc[0] == pytest.approx(2 * TURN / 50)
    assert (top.kind, top.angle, top.value) == ("max", pytest.approx(np.pi), pytest.approx(37.5))


@pytest.mark.parametrize("order", [1, 2])
def test_zero_labels_make_the_whole_circle_flat(order):
    (point,) = Arcs(np.eye(2), np.zeros(2), order=order).critical_points()
    assert (point.kind, point.arc, point.value) == ("flat", (0, TURN), 0)


def test_one_input_has_a_maximum_and_a_dead_half_circle():
    top, flat = Arcs([[1.0, 1.0]], [2.0]).critical_points()
    assert (top.kind, top.value) == ("max", pytest.approx(4))
    assert top.angle == pytest.approx(np.pi / 4)
    np.testing.assert_allclose(flat.arc, [3 * np.pi / 4, 7 * np.pi / 4])


def test_critical_points_on_kinks_are_listed_once():
    """N = max(cos, 0)^2 + 2 max(sin, 0)^2: every critical point is at the end of an arc."""
    saddle, top, flat = Arcs(np.eye(2), [1.0, 2.0]).critical_points()
    assert (saddle.kind, top.kind, flat.kind) == ("saddle", "max", "flat")
    np.testing.assert_allclose([saddle.angle, top.angle, *flat.arc], [0, np.pi / 2, np.pi, 3 * np.pi / 2])
    np.testing.assert_allclose([saddle.value, top.value, flat.value], [1, 2, 0], atol=1e-15)
    assert all(point.smooth for point in (saddle, top, flat))  # a square has no kink


@pytest.mark.parametrize(
    ("X", "z", "order", "kinds"),
    [
        ([[2, -3], [2, 0], [0, 1]], [-1, 3, -3], 1, ["max", "min", "flat", "min"]),
        ([[-2, 3], [3, -3], [-2, -2]], [-2, 1, -1], 2, ["min", "max", "min", "max"]),
        ([[-1, -2], [2, 3]], [3, 1], 2, ["max", "flat", "max", "min"]),
    ],
)
def test_rounding_makes_no_twin_of_a_critical_point_on_a_kink(X, z, order, kinds):
    """Here the zero of a smooth piece lies at the end of its arc, and rounding puts it just inside."""
    assert [p.kind for p in Arcs(X, z, order=order).critical_points()] == kinds


def test_zeros_inside_arcs_on_kinks_and_at_flat_ends():
    """Of sigma(x_2): leaky, it crosses zero on its kink; ReLU, it is zero on a whole arc; of a line, inside."""
    np.testing.assert_allclose(Arcs([[0.0, 1.0]], [1.0], slope=0.5, order=1).zeros(), [0, np.pi])
    assert not len(Arcs([[0.0, 1.0]], [1.0], order=1).zeros())
    np.testing.assert_allclose(Arcs([[1.0, 1.0]], [1.0], slope=1, order=1).zeros(), [3 * np.pi / 4, 7 * np.pi / 4])


@given(SEEDS, st.integers(2, 9), SLOPES)
@settings(max_examples=40, deadline=None)
def test_zeros_are_the_changes_of_sign(seed, n, slope):
    """Each between two angles of a fine grid at which G has different signs, and none besides."""
    rng = np.random.default_rng(seed)
    X, z = rng.standard_normal((n, 2)), rng.standard_normal(n)
    zeros = Arcs(X, z, slope=slope, order=1).zeros()
    grid = np.linspace(0, TURN, 20_001) + 1e-5
    values = direct(X, z, grid, slope, 1)
    size = 1e-12 * np.abs(z) @ np.linalg.norm(X, axis=1)
    sign = np.where(np.abs(values) <= size, 0, np.sign(values))
    changes = np.flatnonzero(sign[:-1] * sign[1:] < 0)
    cell = np.unique(np.floor(np.mod(zeros - 1e-5, TURN) / (TURN / 20_000)).astype(int), return_counts=True)
    odd = cell[0][cell[1] % 2 == 1]
    assert set(changes) <= set(cell[0])
    beside = (sign[odd] * sign[odd + 1]) == 0  # an arc on which G is zero begins or ends there
    assert set(odd[~beside]) == set(changes)
    assert np.all(np.abs(direct(X, z, zeros, slope, 1)) <= 1e-12 * np.abs(z) @ np.linalg.norm(X, axis=1))


@pytest.mark.parametrize("turn", np.linspace(0, TURN, 25))
@pytest.mark.parametrize("pull", [0.3, -0.7, 2.0])
def test_rounding_makes_no_twin_of_a_zero_on_a_kink(turn, pull):
    """At a right angle to the first input the other two, mirror images with opposite labels, cancel: G = 0 there."""
    angles = turn + np.array([0, np.pi / 3, 2 * np.pi / 3])
    X = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    zeros = Arcs(X, [1.0, pull, -pull], slope=0.5, order=1).zeros()
    gaps = np.diff(np.append(zeros, zeros[0] + TURN))
    assert gaps.min() > 1e-6
    for on_kink in (turn + np.pi / 2, turn - np.pi / 2):
        assert np.abs(np.mod(zeros - on_kink + np.pi, TURN) - np.pi).min() < 1e-12


@given(SEEDS, st.integers(1, 9), SLOPES, st.sampled_from([1, 2]))
@settings(max_examples=40, deadline=None)
def test_the_scale_is_a_bound_that_inputs_on_one_ray_attain(seed, n, slope, order):
    X, z = awkward(seed, n)
    arcs = Arcs(X, z, slope, order=order)
    assert np.abs(arcs.value(np.linspace(0, TURN, 500))).max() <= arcs.scale * (1 + 1e-14)
    lengths = np.linalg.norm(X, axis=1)
    ray = Arcs(lengths[:, None] * [[0.6, 0.8]], np.abs(z), slope, order=order)
    top = np.abs(ray.value(np.arctan2(0.8, 0.6) + np.array([0, np.pi]))).max()
    assert top == pytest.approx(ray.scale, rel=1e-14)


def test_a_circle_without_kinks_is_cut_at_two_opposite_angles():
    for arcs in (Arcs(np.eye(2), np.ones(2), slope=1.0), Arcs(np.zeros((1, 2)), [1.0], order=1)):
        assert (arcs.has_kinks, len(arcs.kinks), np.diff(arcs.kinks).tolist()) == (False, 2, [np.pi])


def test_kinks_that_cancel_are_no_kinks():
    """sigma(s) - sigma(-s) = s is linear for ReLU; sigma(s)^2 + sigma(-s)^2 = s^2 is smooth for squared ReLU."""
    assert not Arcs([[1.0, 2.0], [-1.0, -2.0]], [1.0, -1.0], order=1).has_kinks
    assert not Arcs([[1.0, 2.0], [-1.0, -2.0]], [1.0, 1.0], order=2).has_kinks
    assert Arcs([[1.0, 2.0], [-1.0, -2.0]], [1.0, 1.0], order=1).has_kinks
    points = Arcs([[1.0, 2.0], [-1.0, -2.0]], [1.0, -1.0], order=1).critical_points()
    assert [(p.kind, p.smooth) for p in points] == [("max", True), ("min", True)]


@pytest.mark.parametrize(
    ("start", "target", "times", "gains"),
    [
        (1.0, 0, (0.043631256603247, 0.080525542874142, 0.11736743237449), (3.4853656595572, 6.9392466426637)),
        (1.7, np.pi, (0.096686202583481, 0.1428040604221, 0.18885642229754), (4.8103763977218, None)),
    ],
)
def test_travel_times_of_figure_1_to_twelve_digits(start, target, times, gains):
    """Known to forty digits from the closed form, and to twelve by direct integration."""
    arcs = Arcs(*hl.datasets.circle(50))
    side = np.sign(start - target)
    time, gain = arcs.travel(start, target + side * np.array([0.1, 0.01, 0.001]))
    np.testing.assert_allclose(time, times, rtol=2e-13)
    np.testing.assert_allclose(gain[: 1 + (gains[1] is not None)], [g for g in gains if g is not None], rtol=1e-12)


def test_travel_on_figure_4_is_an_integral():
    arcs = Arcs(*figure_4())
    time, gain = arcs.travel([0.2, 0.5, 1.0, 2.0], np.pi - 0.1)
    np.testing.assert_allclose(time, [8.461430267035, 0.645796540645, 0.150440252548, 0.058848925540], atol=6e-13)
    breaks = [k for k in arcs.kinks if 1 < k < np.pi - 0.1]
    slow, _ = quad(lambda a: 1 / arcs.derivative(a), 1.0, np.pi - 0.1, points=breaks, limit=200, epsabs=1e-13)
    grown, _ = quad(lambda a: 2 * arcs.value(a) / arcs.derivative(a), 1.0, np.pi - 0.1, points=breaks, limit=200)
    assert (time[2], gain[2]) == (pytest.approx(slow, rel=1e-11), pytest.approx(grown, rel=1e-9))


@given(SEEDS, st.integers(1, 9), SLOPES, st.floats(0, 3), st.floats(0, 3))
@settings(max_examples=60, deadline=None)
def test_the_flow_can_be_stopped_and_taken_up_again(seed, n, slope, s, t):
    X, z = awkward(seed, n)
    arcs = Arcs(X, z, slope)
    start = np.random.default_rng(seed).uniform(0, TURN, 20)
    middle, first = arcs.flow(start, s)
    end, second = arcs.flow(middle, t)
    whole, gain = arcs.flow(start, s + t)
    np.testing.assert_allclose(np.mod(end - whole + np.pi, TURN) - np.pi, 0, atol=1e-9)
    np.testing.assert_allclose(first + second, gain, atol=1e-9 * (1 + arcs.scale * (s + t)))


@given(SEEDS, st.integers(2, 9))
@settings(max_examples=40, deadline=None)
def test_the_flow_climbs_and_travel_is_its_inverse(seed, n):
    arcs = Arcs(*awkward(seed, n))
    start = np.random.default_rng(seed).uniform(0, TURN, 20)
    end, _ = arcs.flow(start, 0.3 / arcs.scale)
    assert (arcs.value(end) >= arcs.value(start) - 1e-13 * arcs.scale).all()
    moved = np.abs(arcs.derivative(start)) > 1e-3 * arcs.scale
    time, _ = arcs.travel(start[moved], end[moved])
    np.testing.assert_allclose(time, 0.3 / arcs.scale, rtol=1e-9)


def test_a_start_on_a_critical_point_stays_there():
    arcs = Arcs(*hl.datasets.circle(50))
    angles = [p.angle for p in arcs.critical_points()]
    theta, gain = arcs.flow(angles, 1e3)
    np.testing.assert_array_equal(theta, angles)
    np.testing.assert_allclose(gain, 2e3 * arcs.value(angles))
    for side in (-np.inf, np.inf):  # and so does its neighbour among the floats
        beside, _ = arcs.flow(np.nextafter(angles, side), 1e3)
        np.testing.assert_allclose(np.mod(beside + 1, TURN), np.mod(np.array(angles) + 1, TURN), atol=2e-15)


def test_starts_at_rest_and_on_the_move_in_one_call():
    """Three inputs with one dormant cone: what rests, keeps angle and norm; the others move as they do alone."""
    arcs = Arcs([[1.0, 0.0], [0.0, 1.0], [-0.1, 1.0]], [1.0, 2.0, 3.0])
    start = np.array([4.0, 1.5, 4.5, 0.1])
    theta, gain = arcs.flow(start[:, None], [0.0, 0.1])
    np.testing.assert_array_equal(theta[[0, 2]], np.stack([start[[0, 2]]] * 2, axis=1))
    np.testing.assert_array_equal(gain[[0, 2]], 0)
    for row in (1, 3):
        alone, alone_gain = arcs.flow(start[row], [0.0, 0.1])
        np.testing.assert_array_equal(theta[row], alone)
        np.testing.assert_array_equal(gain[row], alone_gain)
        assert abs(theta[row, 1] - theta[row, 0]) > 1e-3


def test_no_flow_leads_past_a_critical_point():
    with pytest.raises(ValueError, match="theta1"):
        Arcs(*hl.datasets.circle(50)).travel(1.0, 2.0)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"X": np.ones((2, 3)), "z": np.ones(2)}, "X"),
        ({"X": np.eye(2), "z": np.ones(3)}, "z"),
        ({"X": np.eye(2), "z": np.ones(2), "order": 3}, "order"),
        ({"X": np.eye(2), "z": np.ones(2), "slope": np.nan}, "slope"),
    ],
)
def test_bad_input_is_named(arguments, name):
    with pytest.raises(ValueError, match=name):
        Arcs(**arguments)


def test_a_relu_neuron_has_no_flow_on_the_circle():
    with pytest.raises(ValueError, match="order"):
        Arcs(np.eye(2), np.ones(2), order=1).flow(0.1, 1.0)


def test_travel_is_refused_if_one_of_many_angles_is_not_reached():
    X, y = hl.datasets.circle(50)
    with pytest.raises(ValueError, match=r"^theta1: got"):
        Arcs(X, y).travel([1.0, 1.0], [0.5, 2.0])


def test_inputs_or_numbers_of_zero_are_a_flat_circle_without_scale():
    for X, z in ((np.zeros((3, 2)), np.ones(3)), (np.ones((3, 2)), np.zeros(3))):
        arcs = Arcs(X, z)
        assert (arcs.scale, float(arcs.value(1.0)), [p.kind for p in arcs.critical_points()]) == (0, 0, ["flat"])
        assert not arcs.has_kinks


def test_times_at_which_log_norms_leave_the_floats_are_refused():
    """N = 1/2 in the first quadrant: ln|u| grows like t."""
    arcs = Arcs(np.eye(2), [0.5, 0.5])
    latest = 2.0 ** (999 - arcs.power)
    assert arcs.flow(0.3, latest)[1] == pytest.approx(latest, rel=1e-12)
    with pytest.raises(ValueError, match=r"^t: got .*, want an earlier time"):
        arcs.flow(0.3, [0.0, 2 * latest])


@pytest.mark.parametrize("bend", [60, 80, 100])
def test_flat_arcs_beside_each_other_are_one(bend):
    """max(u_2, 0) beside multiples of |u_1| that rounding does not tell from zero, although it sees their kink."""
    small = bend * np.finfo(float).eps
    X, z = np.array([[1.0, 0], [1, 0], [-1, 0], [-1, 0], [0, 1]]), [1, small - 1, 1, small - 1, 1]
    arcs = Arcs(X, z, order=1)
    np.testing.assert_allclose(arcs.kinks, np.pi / 2 * np.arange(4), atol=1e-14)
    (flat,) = [point for point in arcs.critical_points() if point.kind == "flat"]
    np.testing.assert_allclose(flat.arc, (np.pi, TURN), rtol=1e-14)
    assert flat.angle == pytest.approx(1.5 * np.pi)
    assert flat.value == 0
