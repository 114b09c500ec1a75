"""The search for KKT points against closed forms, where all of them are known in three dimensions."""

import inspect

import numpy as np
import pytest

import homolib as hl
from homolib.neuron.relu_flow import neuron_flow
from homolib.neuron.ways_on import Undecided

HALF = np.sqrt(0.5)


@pytest.mark.parametrize("scale", [1e-100, 0.01, 1.0, 100.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_one_input_an_axis_has_an_eigenvector_on_each_half_axis(scale, sign):
    """N = sum of z_i sigma(c u_i)^2: c^2 z_i at e_i and slope^2 as much at -e_i; no two neighbours share a value."""
    net, z = hl.SquaredReLU(1, 3, signs=[sign], slope=0.5), np.array([1.0, 2.0, 3.0])
    points = hl.kkt_search(net, scale * np.eye(3), z, starts=5)
    ends = np.concatenate([np.eye(3), -np.eye(3)])
    expected = sorted(zip(sign * scale**2 * np.concatenate([z, z / 4]), ends.tolist(), strict=True), reverse=True)
    assert [p.value for p in points] == pytest.approx([value for value, _ in expected], rel=1e-12, abs=0)
    np.testing.assert_allclose([p.direction for p in points], [end for _, end in expected], atol=1e-12)
    assert [p.kind for p in points] == ["max", "saddle", "saddle", "saddle", "saddle", "min"]
    assert all(p.smooth and p.multiplier == 2 * p.value for p in points)


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_as_many_points_of_random_data_at_every_scale(scale):
    X, z = hl.datasets.gaussian(8, 3, seed=3)
    for net in (hl.SquaredReLU(1, 3, slope=0.3), hl.TwoLayerReLU(1, 3)):
        one, other = (hl.kkt_search(net, c * X, z, starts=20) for c in (1.0, scale))
        power = net.degree
        assert [p.kind for p in one] == [p.kind for p in other]
        np.testing.assert_allclose([p.value for p in other], [scale**power * p.value for p in one], rtol=1e-9)


def test_a_search_finds_each_point_once():
    """Many starts end at the same points; the list has six, however often they are reached."""
    for starts in (1, 3, 30):
        assert len(hl.kkt_search(hl.SquaredReLU(1, 3, slope=0.5), np.eye(3), [1.0, 2, 3], starts=starts)) == 6


@pytest.mark.parametrize("slope", [0.0, 1e3, -1e3])
@pytest.mark.parametrize("n", [2, 16, 60])
def test_scalar_inputs_that_cancel_leave_a_value_of_zero(n, slope):
    """Sums whose terms are tenths: rounding would leave 1e-17 of them, and a maximum or minimum where N is flat."""
    x, z = np.full((n, 1), 0.1), np.append(np.full(n - 1, 0.1), -0.1 * (n - 1))
    for net in (hl.SquaredReLU(1, 1, slope=slope), hl.TwoLayerReLU(1, 1, slope=slope)):
        assert {(p.value, p.kind) for p in hl.kkt_points(net, x, z)} == {(0.0, "flat")}
        apart = hl.kkt_points(net, x, z * (1 + 1e-9 * np.eye(n)[0]))  # and what is no rounding is seen
        assert max(p.value for p in apart) > 0


def test_numbers_of_zero_make_everything_flat():
    """N = 0: every direction is a KKT point; of a two-layer neuron the search looks for extrema of G, and has none."""
    points = hl.kkt_search(hl.SquaredReLU(1, 3, slope=0.5), np.eye(3), np.zeros(3), starts=2)
    assert points
    assert {(p.value, p.kind) for p in points} == {(0.0, "flat")}
    assert hl.kkt_search(hl.TwoLayerReLU(1, 3), np.eye(3), np.zeros(3), starts=2) == []


@pytest.mark.parametrize("inputs", [1, 2])
@pytest.mark.parametrize("kind", [hl.SquaredReLU, hl.TwoLayerReLU])
def test_lists_of_scalar_and_planar_inputs_are_complete_and_searches_are_not(kind, inputs):
    net, X = kind(1, inputs), np.ones((1, inputs))
    assert hl.kkt_points(net, X, [1.0]).complete is True
    assert hl.kkt_search(net, X, [1.0], starts=1).complete is False


def test_the_fan_of_a_two_layer_neuron_has_its_maximum_inside():
    """G = sum of z_i max(u_i, 0): the steepest direction is z / |z|, where all inputs are seen; N = v G is |z| / 2."""
    z = np.array([1.0, 2.0, 3.0])
    points = hl.kkt_search(hl.TwoLayerReLU(1, 3), np.eye(3), z, starts=40)
    assert points[0].value == pytest.approx(np.linalg.norm(z) / 2, rel=1e-14)
    np.testing.assert_allclose(points[0].direction, HALF * np.array([1, *z / np.linalg.norm(z)]), atol=1e-14)
    assert (points[0].kind, points[0].smooth) == ("max", True)
    assert points[-1].value == pytest.approx(-np.linalg.norm(z) / 2, rel=1e-14)


@pytest.mark.parametrize("z", [[1.0, 2.0], [2.0, 1.0], [-1.0, 3.0], [0.0, 0.0], [1.0, 1.0]])
def test_on_the_line_the_search_finds_the_list(z):
    """The sphere is {1, -1}, and both are KKT points: the greater is the maximum."""
    net, X = hl.SquaredReLU(1, 1), np.array([[1.0], [-1.0]])
    found, whole = hl.kkt_search(net, X, z, starts=3), hl.kkt_points(net, X, z)
    rows = [sorted((p.value, p.direction[0], p.kind) for p in points) for points in (found, whole)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("d", [2, 3, 5])
def test_where_all_directions_are_alike_the_list_spans_them(d):
    """Inputs e_k and -e_k with z = 1: N = |u|^2. The eigenspace is everything, and must not be given by one vector."""
    X = np.vstack([np.eye(d), -np.eye(d)])
    points = hl.kkt_search(hl.SquaredReLU(1, d), X, np.ones(2 * d), starts=3)
    assert all(p.value == pytest.approx(1, abs=1e-14) for p in points)
    assert np.linalg.matrix_rank(np.stack([p.direction for p in points])) == d


def test_the_residual_of_a_point_is_its_distance_from_the_set():
    """Of both points that a direction u gives, v = 1 and v = -1."""
    X, z = hl.datasets.gaussian(9, 3, seed=4)
    points = hl.kkt_search(hl.TwoLayerReLU(1, 3), X, z, starts=10)
    residuals = [hl.kkt_residual(hl.TwoLayerReLU(1, 3), X, z, p.direction) for p in points]
    np.testing.assert_allclose([p.residual for p in points], residuals, rtol=0.1)  # of some of their rounding
    assert min(residuals) > 0


@pytest.mark.parametrize("net", [hl.SquaredReLU(2, 3, signs=[1, -1]), hl.TwoLayerReLU(1, 3)])
def test_in_space_the_list_is_that_of_the_search(net):
    """With what is not given, too: few starts do not find all points of these data, nor do all seeds."""
    X, z = hl.datasets.gaussian(12, 3, seed=0)
    assert hl.kkt_points(net, X, z) == hl.kkt_search(net, X, z)
    given = [dict(inspect.signature(call).parameters) for call in (hl.kkt_points, hl.kkt_search)]
    assert given[0] == given[1]
    some = [hl.kkt_points(net, X, z, starts=2, seed=seed) for seed in range(3)]
    assert some == [hl.kkt_search(net, X, z, 2, seed) for seed in range(3)]
    assert len({len(points) for points in some}) > 1


@pytest.mark.parametrize("seed", range(12))
def test_the_ends_of_the_flow_and_of_its_reverse_are_found_from_one_start(seed):
    """Up to z and down to -z: N has at least these two, and one start is enough for them."""
    X, z = hl.datasets.gaussian(40, 4, seed)
    found = np.stack([p.direction for p in hl.kkt_search(hl.SquaredReLU(1, 4), X, z, starts=1, seed=seed)])
    start = np.random.default_rng(seed).standard_normal(4)
    for sign in (1, -1):
        end = hl.squared_neuron_flow(X, z, start, 100.0, sign=sign).direction[-1]
        assert np.linalg.norm(found - end, axis=1).min() < 1e-5


def test_a_flow_that_cannot_be_decided_ends_no_search():
    """Up, all starts slide to the axis e_4, where twenty kinks repel in three dimensions; down, they reach minima."""
    rng, axes = np.random.default_rng(0), np.eye(4)
    X = np.vstack([np.column_stack([rng.standard_normal((20, 3)), np.zeros(20)]), axes, -axes[:3]])
    z = np.concatenate([np.full(20, 0.01), [-1, -1, -1, 1, -1, -1, -1]])
    with pytest.raises(Undecided):
        neuron_flow(X, z, 1.0, [0.1, 0.2, 0.3, 1.0], 30.0)
    points = hl.kkt_search(hl.TwoLayerReLU(1, 4), X, z, starts=3)
    assert points
    assert {(p.kind, p.value * p.direction[0] > 0) for p in points} == {("max", False), ("min", False)}
    assert max(p.residual for p in points) < 1e-10
