"""What a change of scale, or terms that cancel, once did to answers; the laws are in `test_scales`."""

import time

import numpy as np
import pytest

import homolib as hl
from homolib.neuron.ways_on import Undecided

CANCEL = np.array([[1.0, 1.0], [3.0, 3.0]])


@pytest.mark.parametrize(
    "net", [hl.SquaredReLU(1, 2), hl.SquaredReLU(1, 2, slope=0.3), hl.TwoLayerReLU(1, 2)], ids=repr
)
@pytest.mark.parametrize("size", [1.0, 1e-150, 1e150, 0.1, 7.0])
def test_parallel_inputs_that_cancel_are_no_inputs(net, size):
    """N is zero, and what rounding leaves of it (4e-16) is no maximum."""
    z = np.array([3.0**net.degree, -1.0])
    points, nothing = hl.kkt_points(net, size * CANCEL, z), hl.kkt_points(net, CANCEL, 0 * z)
    assert [(p.kind, p.value, p.arc) for p in points] == [(p.kind, 0.0, p.arc) for p in nothing]
    arcs = hl.Arcs(size * CANCEL, z, net.slope, order=net.degree)
    assert not arcs.has_kinks
    assert arcs.is_zero(arcs.value(1.0))


def test_inputs_on_a_line_that_cancel_leave_one_flat_value():
    x, z = np.array([[0.1], [0.3]]), np.array([9.0, -1.0])  # 9 * .1^2 - .3^2 is 1.4e-17
    assert [p.kind for p in hl.kkt_points(hl.SquaredReLU(1, 1), x, z)] == ["flat", "flat"]
    assert {p.kind for p in hl.kkt_points(hl.TwoLayerReLU(1, 1), x, z / [3, 1])} == {"flat"}


@pytest.mark.parametrize("decades", [2, 6, 100])
def test_points_of_very_different_sizes_have_a_point_of_least_norm(decades):
    """With the default number of iterations nnls gives up on one of 200 at two decades and on a fifth at six."""
    for seed in [197, *range(200)]:
        rng = np.random.default_rng(seed)
        points = rng.standard_normal((30, 15)) * 10 ** rng.uniform(-decades, decades, (30, 1))
        nearest, size = hl.Polytope(points).min_norm(), np.abs(points).max()
        assert (points / size @ (nearest / size) >= (nearest / size) @ (nearest / size) - 1e-14).all()


@pytest.mark.parametrize("size", [1e-170, 1e-150, 1e150])
def test_the_dying_start_branches_at_every_size_of_its_inputs(size):
    start = hl.datasets.branching_start("dying")
    tiny, (X, z) = start | {"X": start["X"] * size}, (start["X"], start["z"])
    there, here = hl.is_non_branching(**tiny), hl.is_non_branching(**start)
    assert not there
    assert there.kink == here.kink
    assert there.time * size == pytest.approx(here.time, rel=1e-12)
    net, w = hl.TwoLayerReLU(1, 2), np.array([1.0, 0.0, 0.0])
    unscaled, scaled = (hl.clarke_subdifferential(net, a, w, z) for a in (X, X * size))
    np.testing.assert_allclose(scaled.vertices / size, unscaled.vertices, atol=1e-12)
    assert [p.kind for p in hl.kkt_points(net, X * size, z)] == [p.kind for p in hl.kkt_points(net, X, z)]


def test_too_small_for_an_answer_is_refused_and_not_called_flat():
    start = hl.datasets.branching_start("dying")
    with pytest.raises(ValueError, match=r"^z: got numbers that make multipliers about 1e-33\d, want"):
        hl.kkt_points(hl.SquaredReLU(1, 2), start["X"] * 1e-170, start["z"])
    with pytest.raises(ValueError, match=r"^w: got numbers that make the set about 1e-3"):
        hl.clarke_subdifferential(hl.TwoLayerReLU(1, 2), start["X"] * 1e-200, [1e-150, 0, 0], start["z"])


@pytest.mark.parametrize("size", [1e-150, 1e-100, 1e60, 1e150])
@pytest.mark.parametrize("net", [hl.SquaredReLU(1, 3), hl.TwoLayerReLU(1, 3)], ids=repr)
def test_a_search_finds_the_same_points_at_every_size(net, size):
    X, z = hl.datasets.gaussian(8, 3, 0)
    begin = time.process_time()
    found, again = hl.kkt_search(net, X, z, starts=10), hl.kkt_search(net, X * size, z, starts=10)
    assert len(found) == len(again) > 0
    np.testing.assert_allclose([p.direction for p in again], [p.direction for p in found], atol=1e-9)
    values = np.array([p.value for p in again]) / size**net.degree
    np.testing.assert_allclose(values, [p.value for p in found], rtol=1e-9)
    assert time.process_time() - begin < 20


@pytest.mark.parametrize("size", [1e-100, 1e-6, 1e-4, 1.0, 1e100])
def test_the_greatest_value_comes_first_at_every_size(size):
    X, y = hl.datasets.circle(7)
    values = np.array([p.value for p in hl.kkt_points(hl.SquaredReLU(1, 2), size * X, y)])
    assert (np.diff(values) <= 1e-12 * values.max()).all()
    assert len(values) > 3


def test_a_squared_neuron_with_large_inputs_answers_soon():
    X, z = hl.datasets.gaussian(8, 3, 0)
    begin = time.process_time()
    far = hl.squared_neuron_flow(1e52 * X, z, [1.0, 2.0, 3.0], 1e-103)
    near = hl.squared_neuron_flow(X, z, [1.0, 2.0, 3.0], 10.0)
    assert time.process_time() - begin < 5
    np.testing.assert_allclose(far.direction, near.direction, atol=1e-12)
    np.testing.assert_allclose(far.log_norm, near.log_norm, rtol=1e-12)


def test_what_takes_too_long_is_refused(monkeypatch):
    X, z = hl.datasets.gaussian(8, 3, 0)
    with pytest.raises(ValueError, match=r"^t_end: got 1.0, want at most .*: beyond, log-norms leave"):
        hl.squared_neuron_flow(1e152 * X, z, [1.0, 2.0, 3.0], 1.0)
    with pytest.raises(ValueError, match=r"^step: got 1e-300, want at least 1e-08: no more than 100000000 steps"):
        hl.neuron_ascent(X, z, 1.0, [1.0, 2.0, 3.0], step=1e-300, t_end=1.0)
    monkeypatch.setattr("homolib.neuron.squared_flow.MOST_CONES", 1)
    with pytest.raises(Undecided, match="more than 1 kinks"):
        hl.squared_neuron_flow(X, -z, [1.0, 2.0, 3.0], 100.0)


def test_the_last_step_is_not_one_too_many():
    """t_end / step is a whole number up to rounding, of a hundred as of ten million."""
    for steps in (100, 3_000, 12_345):
        path = hl.neuron_ascent([[1.0]], [0.0], 1.0, [1.0], step=0.1, t_end=0.1 * steps, record_every=10**6)
        assert path.t[-1] == pytest.approx(0.1 * steps, rel=1e-12)


@pytest.mark.parametrize("size", [1e-150, 1e-10, 1e150])
def test_a_point_of_the_fan_is_on_the_plane_it_is_on(size):
    """A point at 1e-10 is not the origin: sides are zero relative to how far the point is out."""
    x = np.array([3.0, -1.0])
    np.testing.assert_array_equal(
        hl.examples.fan_subdifferential(size * x).vertices, hl.examples.fan_subdifferential(x).vertices
    )
    assert hl.examples.fan_subdifferential(0 * x).vertex_count == 3


@pytest.mark.parametrize("angle", np.linspace(-1, 1, 15))
def test_a_value_that_is_zero_by_rounding_does_not_fall(angle):
    """N = 0 by cancellation; where rounding left -1e-17 of it, the flow was to vanish, and "has not settled"."""
    u0 = np.array([np.cos(angle), np.sin(angle)])
    found = hl.correlation.flow_limit(hl.SquaredReLU(1, 2), [[0.3, 0.1], [0.9, 0.3]], [9.0, -1.0], u0, epsilon=0.1)
    assert not found.vanishes
    np.testing.assert_allclose(found.direction, u0, atol=1e-12)


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
def test_the_rounding_of_lemma_5_6_has_the_size_of_the_terms(size):
    """A point with a gradient of a percent of its terms is no saddle, however small the data are."""
    w = np.array([1.01, 0, 0, 0])
    off = hl.Saddle(hl.SquaredReLU(2, 2), size * np.eye(2), size**2 * np.array([1.0, 0.5]), w)
    on = hl.Saddle(hl.SquaredReLU(2, 2), size * np.eye(2), size**2 * np.array([1.0, 0.5]), w / 1.01)
    assert not hl.bounds.lemma_5_6(off).holds
    assert hl.bounds.lemma_5_6(on).holds


def test_outputs_and_losses_that_are_no_numbers_are_refused():
    X, w = np.array([[1e150, 0.0]]), np.array([1e10, 0.0])
    with pytest.raises(ValueError, match=r"^w: got numbers that make outputs about 1e\+320, want"):
        hl.SquaredReLU(1, 2).outputs(X, w)
    with pytest.raises(ValueError, match=r"^z: got numbers that make gradients about 1e\+3\d\d, want"):
        hl.SquaredReLU(1, 2).pullback(X, w, [1e10])
    with pytest.raises(ValueError, match=r"^h: got numbers with which a loss is above 1e308"):
        hl.SquareLoss().value([1e200], [0.0])
    assert hl.correlation.value(hl.SquaredReLU(1, 2), X, [1e-150], w) == pytest.approx(1e170, rel=1e-12)


@pytest.mark.parametrize("ratio", [1e-100, 1e-200, 1e-320])
def test_a_small_u_beside_a_large_v_is_no_zero(ratio):
    """Squares of a u of 1e-200 underflow, and what is lost with them was taken for a flow straight into u = 0."""
    X, z = hl.datasets.gaussian(6, 2, 1)
    near, far = (hl.neuron_flow(X, z, 1.0, u * np.array([0.3, 0.4]), 1.0) for u in (1e-14, ratio))
    np.testing.assert_allclose(far.direction[-1], near.direction[-1], atol=1e-12)
    assert [event.kind for event in far.events] == [event.kind for event in near.events]
    many = hl.neuron.neuron_flows(X, z, np.ones(1), ratio * np.array([[0.3, 0.4]]), 1.0)
    np.testing.assert_allclose(many.direction[0], far.direction[-1], atol=1e-12)


@pytest.mark.parametrize("power", [-200, -30, 30, 200])
def test_logistic_bounds_do_not_see_the_unit_of_the_outputs(power):
    """H -> c^2 H and y -> y / c^2 change neither the loss nor the time."""
    X, y = np.array([[1.0, 0.3], [-0.5, 1.0], [0.2, -1.0]]), np.array([1.0, 0.5, -0.3])
    net, w0, loss = hl.SquaredReLU(2, 2), [0.6, 0.0, 0.0, 0.8], hl.LogisticLoss()
    here = hl.bounds.theorem_5_1(net, X, y, w0, 1e-4, 0.1, loss)
    there = hl.bounds.theorem_5_1(net, X * 2.0**power, y * 4.0**-power, w0, 1e-4, 0.1, loss)
    assert [row.holds for row in there.rows] == [row.holds for row in here.rows]
    assert there.values["T"] == pytest.approx(here.values["T"], rel=1e-9)
    assert there.values["log_C"] == pytest.approx(here.values["log_C"], rel=1e-9)
