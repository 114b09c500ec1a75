"""Saddles: what they are, who leaves, when, and along which path."""

import numpy as np
import pytest

import homolib as hl
from homolib.saddles.escapes import SMALL, first_crossing, jump


def figure_4_seeds():
    """Unit perturbations of the ten dormant and of the ten active neurons of Figure 4's saddle."""
    zeta_z, zeta_n = np.zeros((20, 2)), np.zeros((20, 2))
    zeta_z[10:] = ring(2 * np.pi * (np.arange(10) + 1 / 3) / 10)
    zeta_n[:10] = ring(0.3 + 0.2 * np.arange(10))
    return zeta_z.ravel(), zeta_n.ravel()


def ring(angles):
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) / np.sqrt(len(angles))


def two_plateaus():
    """(w_1^2 - 4)^2 + (w_2^2 - 1)^2 is twice the loss of two squared-ReLU neurons that see one input each.

    So its flow at time t is ours at time 2 t (Kumar and Haupt 2025, Example 1).
    """
    return hl.Saddle(hl.SquaredReLU(2, 2), np.eye(2), np.array([4.0, 1.0]), np.zeros(4))


def two_plateaus_exactly(t, delta):
    w1 = 2 * delta / np.sqrt(delta**2 + (8 - delta**2) * np.exp(-32 * t))
    return w1, delta / np.sqrt(delta**2 + (2 - delta**2) * np.exp(-8 * t))


BOTH = np.array([1.0, 0, 0, 1]) / np.sqrt(2)
FIRST = np.array([1.0, 0, 0, 0])


def test_figure_4_is_a_saddle_with_the_stated_residual():
    saddle = hl.figure_4_saddle()
    X, net = saddle.X, saddle.net
    np.testing.assert_array_equal(saddle.dormant, np.arange(20) >= 10)
    np.testing.assert_allclose(net.outputs(X, saddle.w), 5 * np.maximum(X[:, 0], 0) ** 2, atol=1e-14)
    np.testing.assert_allclose(saddle.residual, 4 * np.maximum(-X[:, 0], 0) ** 2, atol=1e-14)
    assert np.linalg.norm(net.pullback(X, saddle.w, saddle.residual)) < 1e-13
    assert saddle.loss == pytest.approx(75, rel=1e-13)
    assert np.linalg.norm(saddle.residual) == pytest.approx(12.247448713916, rel=1e-12)


@pytest.mark.parametrize(
    ("angle", "value"), [(np.pi, 37.5), (0.5, 0.031547013843), (1.0, 0.87514108241), (0.1256, 0.0), (-0.1256, 0.0)]
)
def test_correlation_with_the_residual_of_figure_4(angle, value):
    """Its arc of |angle| <= 2 pi / 50 around the fitted direction is flat."""
    w = np.zeros((20, 2))
    w[12] = np.cos(angle), np.sin(angle)
    assert hl.figure_4_saddle().correlation(w.ravel()) == pytest.approx(value, rel=1e-10, abs=1e-13)


def test_split_and_start_put_every_weight_where_it_belongs():
    saddle, (zeta_z, zeta_n) = hl.figure_4_saddle(), figure_4_seeds()
    start = saddle.start(1e-3, zeta_z, zeta_n)
    w_n, w_z = saddle.split(start)
    np.testing.assert_array_equal(w_n + w_z, start)
    np.testing.assert_allclose(w_z, 1e-3 * zeta_z)
    np.testing.assert_allclose(w_n - saddle.w, 1e-3 * zeta_n, atol=1e-16)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((1e-3, figure_4_seeds()[1]), "zeta_z"),
        ((1e-3, 2 * figure_4_seeds()[0]), "zeta_z"),
        ((1e-3, figure_4_seeds()[0], figure_4_seeds()[0]), "zeta_n"),
        ((0.0, figure_4_seeds()[0]), "delta"),
    ],
)
def test_wrong_seeds_are_named(arguments, named):
    with pytest.raises(ValueError, match=f"^{named}: got"):
        hl.figure_4_saddle().start(*arguments)


def test_a_batch_is_no_saddle():
    with pytest.raises(ValueError, match=r"^w: got"):
        hl.Saddle(hl.SquaredReLU(1, 1), [[1.0]], [1.0], np.zeros((2, 1)))


def test_training_from_two_plateaus_matches_its_closed_form():
    saddle, t = two_plateaus(), np.linspace(0, 1.2, 13)
    path = hl.training_flow(saddle.net, saddle.X, saddle.y, BOTH, 2.4, delta=0.01, tolerance=1e-12)
    w = path.at(2 * t)
    np.testing.assert_allclose(np.stack([w[:, 0], w[:, 3]]), two_plateaus_exactly(t, 0.01), rtol=1e-10)
    np.testing.assert_allclose(two_plateaus_exactly(0.3, 0.01), (0.7894458, 0.0234709), atol=1e-7)


def test_escape_is_forecast_by_the_neural_correlation_flow():
    """From (1, 1)/sqrt(2) the flow of N = 4 w_1^2 + w_2^2 is (e^8t, e^2t)/sqrt(2): rate 8, factor 1/sqrt(2)."""
    forecast = hl.escape(two_plateaus(), BOTH)
    np.testing.assert_allclose(forecast.direction, FIRST, atol=1e-8)
    assert forecast.rate == pytest.approx(8, rel=1e-12)
    assert forecast.log_factor == pytest.approx(-np.log(2) / 2, abs=1e-9)
    assert forecast.time(1e-3) == pytest.approx(np.log(np.sqrt(2) * 1e3) / 8, rel=1e-9)


def test_escape_path_matches_its_closed_form():
    path = hl.escape_path(two_plateaus(), FIRST, 1.0)
    t = np.append(np.linspace(np.log(SMALL) / 8, -1, 8), np.linspace(-0.4, 1.0, 8))
    np.testing.assert_allclose(path.at(t)[:, 0], 2 / np.sqrt(1 + 4 * np.exp(-16 * t)), rtol=1e-8)
    p0 = path.at(0.0)
    assert p0[0] == pytest.approx(2 / np.sqrt(5), rel=1e-9)
    loss = 2 * hl.SquareLoss().value(two_plateaus().net.outputs(np.eye(2), p0), np.array([4.0, 1.0]))
    assert loss == pytest.approx(11.24, rel=1e-9)  # it has left the level 17 of the origin
    assert path.t[0] == pytest.approx(np.log(SMALL) / 8)


@pytest.mark.parametrize(("delta", "gap"), [(1e-2, 9.54e-6), (1e-4, 9.54e-10)])
def test_the_flow_from_a_kkt_point_follows_the_escape_path_to_second_order(delta, gap):
    saddle, clock = two_plateaus(), -np.log(delta) / 16
    path = hl.training_flow(saddle.net, saddle.X, saddle.y, FIRST, 2 * (clock + 0.5), delta=delta, tolerance=1e-13)
    t = np.linspace(-0.2, 0.5, 701)
    found = np.abs(path.at(2 * (t + clock))[:, 0] - 2 / np.sqrt(1 + 4 * np.exp(-32 * t))).max()
    assert found == pytest.approx(gap, rel=0.01)


def test_the_distance_to_the_escape_path_has_the_order_of_the_gap_over_the_rate():
    """delta^(3/4) = delta^(Gap / 2 N*), gap 12 and N* 8: better than the proved delta^(Gap / (Gap + 8 N*))."""
    saddle, deltas = two_plateaus(), np.array([1e-6, 1e-9, 1e-12])
    forecast, limit = hl.escape(saddle, BOTH), hl.escape_path(saddle, FIRST, 0.2)
    gaps = []
    for delta in deltas:
        end = forecast.time(delta) + 0.2
        path = hl.training_flow(saddle.net, saddle.X, saddle.y, BOTH, end, delta=delta, tolerance=1e-12)
        t = np.linspace(-0.2, 0.19, 40)
        gaps.append(np.linalg.norm(path.at(t + forecast.time(delta)) - limit.at(t), axis=1).max())
    slope = np.polyfit(np.log(deltas), np.log(gaps), 1)[0]
    assert slope == pytest.approx(0.75, abs=0.01)


def test_the_second_coordinate_grows_while_the_first_plateau_lasts():
    """The saddle (2, 0) is left at ln(1/delta)/4 in all, not after a further ln(1/delta)/4."""
    delta = 1e-6
    assert two_plateaus_exactly(-np.log(delta) / 16, delta)[1] == pytest.approx(delta**0.75 / np.sqrt(2), rel=1e-3)
    saddle = two_plateaus()
    path = hl.training_flow(saddle.net, saddle.X, saddle.y, BOTH, -np.log(delta), delta=delta, tolerance=1e-11)
    assert path.at(-np.log(delta) / 2)[3] == pytest.approx(1 / np.sqrt(3), rel=1e-6)
    staircase = hl.saddle_sequence(saddle.net, saddle.X, saddle.y, BOTH)
    np.testing.assert_allclose(staircase.times, [1 / 8, 1 / 2], rtol=1e-9)
    assert 2 - two_plateaus_exactly(-np.log(0.05) * 5 / 16, 0.05)[0] == pytest.approx(8 * 0.05**8, rel=0.01)


@pytest.mark.parametrize(
    ("order", "delta", "time"),
    [(2, 1e-3, np.log(1e6 - 1) / 4), (3, 1e-3, 333.0499), (4, 1e-3, 124999.933)],
)
def test_escape_from_the_origin_by_order_of_homogeneity(order, delta, time):
    """Loss (w^L - 1)^2 / 2, time to w^L = 1/2: the clock is ln(1/delta) for L = 2, delta^(2 - L) above."""
    net, X, y = hl.PoweredReLU(1, 1, order=order), np.ones((1, 1)), np.ones(1)
    saddle = hl.Saddle(net, X, y, np.zeros(1))
    path = hl.training_flow(net, X, y, np.ones(1), time + 5, delta=delta, tolerance=1e-11)
    assert hl.escape_time(saddle, path, 0.5 ** (1 / order)) == pytest.approx(time, rel=1e-7)


@pytest.mark.parametrize("delta", [1e-2, 1e-4, 1e-8, 1e-100])
def test_one_neuron_on_figure_1s_data_escapes_on_time(delta):
    X, y = hl.datasets.circle()
    net = hl.SquaredReLU(1, 2)
    saddle, end = hl.Saddle(net, X, y, np.zeros(2)), -np.log(delta) / 90 + 0.05
    path = hl.training_flow(net, X, y, np.array([1.0, 0]), end, delta=delta, tolerance=1e-12)
    exact = (np.log(5 - delta**2) - 2 * np.log(delta)) / 187.5
    assert hl.escape_time(saddle, path, np.sqrt(2.5)) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("delta", [1e-4, 1e-6])
def test_dormant_weights_at_a_saddle_grow_at_twice_the_correlation_and_leave_on_time(delta):
    saddle, (zeta_z, zeta_n) = hl.figure_4_saddle(), figure_4_seeds()
    forecast = hl.escape(saddle, zeta_z)
    assert forecast.rate == pytest.approx(75, rel=1e-9)
    start, clock = saddle.start(delta, zeta_z, zeta_n), forecast.time(delta)
    path = hl.training_flow(saddle.net, saddle.X, saddle.y, start, clock + 0.01)
    measured = hl.escape_time(saddle, path, 0.1)
    predicted = clock + hl.escape_time(saddle, hl.escape_path(saddle, forecast.direction, 0.01), 0.1)
    assert abs(measured - predicted) < 0.01 * delta
    w_z = saddle.split(path.at(measured))[1]
    assert w_z @ forecast.direction / np.linalg.norm(w_z) > 1 - delta


def test_a_dormant_neuron_that_no_active_input_moves_never_leaves():
    """The zero KKT point: a squared ReLU neuron that no input activates."""
    net, X, y = hl.SquaredReLU(1, 1), np.array([[1.0], [2.0]]), np.ones(2)
    saddle, dead = hl.Saddle(net, X, y, np.zeros(1)), np.array([-1.0])
    with pytest.raises(ValueError, match=r"^zeta_z: got"):
        hl.escape(saddle, dead)
    path = hl.training_flow(net, X, y, dead, 100.0, delta=1e-3)
    np.testing.assert_allclose(path.at(100.0), [-1e-3], rtol=1e-15)
    with pytest.raises(ValueError, match=r"^path: got"):
        hl.escape_time(saddle, path, 0.1)


def test_repelled_neurons_are_not_forecast_to_escape():
    saddle = hl.Saddle(hl.SquaredReLU(1, 1, signs=[-1]), np.ones((1, 1)), np.ones(1), np.zeros(1))
    with pytest.raises(ValueError, match="2 N"):
        hl.escape(saddle, np.ones(1))
    with pytest.raises(ValueError, match=r"^direction: got"):
        hl.escape_path(saddle, np.ones(1), 1.0)
    with pytest.raises(ValueError, match=r"^direction: got"):
        hl.next_saddle(saddle, np.ones(1))


def test_next_saddle_leaves_the_others_asleep():
    saddle = two_plateaus()
    second = hl.next_saddle(saddle, FIRST)
    np.testing.assert_allclose(second.w, [2, 0, 0, 0], atol=1e-10)
    np.testing.assert_array_equal(second.dormant, [False, True])
    assert second.loss == pytest.approx(0.5, rel=1e-10)
    np.testing.assert_allclose(hl.next_saddle(second, np.array([0, 0, 0, 1.0])).w, [2, 0, 0, 1], atol=1e-10)


def test_the_flow_to_the_next_saddle_is_told_in_pieces_that_join_and_end_there():
    saddle = two_plateaus()
    end, ((first, early), (last, late)) = jump(saddle, FIRST)
    np.testing.assert_allclose(early(first), late(0), rtol=1e-10)
    np.testing.assert_allclose(late(last), end.w, rtol=1e-12)
    assert last == pytest.approx(-np.log(1e-10) / 16, rel=0.5)  # near rest the distance falls like exp(-16 t)


def test_next_saddle_says_when_the_flow_does_not_come_to_rest():
    with pytest.raises(ValueError, match=r"^longest: got"):
        hl.next_saddle(two_plateaus(), FIRST, longest=30.0)


def test_first_crossing_at_the_start_and_in_between():
    path = hl.training_flow(hl.SquaredReLU(1, 1), np.ones((1, 1)), np.ones(1), np.ones(1), 1.0, delta=0.1)
    assert first_crossing(path, lambda direction, log_norm: log_norm - np.log(0.05)) == 0
    t = first_crossing(path, lambda direction, log_norm: log_norm - np.log(0.3))
    assert path.at(t)[0] == pytest.approx(0.3, rel=1e-12)


@pytest.mark.parametrize("points", [2, 3, 4, 1001])
def test_a_crossing_does_not_depend_on_the_times_that_are_recorded(points):
    """w = exp(2 t) / 10 on the way up; it passes 0.3 in the first interval, the second or a later one."""
    net, X = hl.SquaredReLU(1, 1), np.ones((1, 1))
    path = hl.training_flow(net, X, np.ones(1), np.ones(1), 1.5, delta=0.1, tolerance=1e-12, points=points)
    odds = (0.3**2 / (1 - 0.3**2)) / (0.1**2 / (1 - 0.1**2))  # w^2 / (1 - w^2) grows like exp(4 t)
    t = first_crossing(path, lambda direction, log_norm: log_norm - np.log(0.3))
    assert t == pytest.approx(np.log(odds) / 4, rel=1e-9)


def test_a_direction_that_is_pushed_back_leads_to_no_saddle():
    net = hl.SquaredReLU(2, 2, signs=[1, -1])
    saddle = hl.Saddle(net, np.eye(2), np.array([1.0, 0.5]), np.array([1.0, 0, 0, 0]))
    for leave in (hl.next_saddle, lambda saddle, way: hl.saddles.escapes.escape_path(saddle, way, 1.0)):
        with pytest.raises(ValueError, match=r"^direction: got 2 N = -1, want a direction with 2 N > 0"):
            leave(saddle, np.array([0, 0, 0, 1.0]))


def test_a_direction_without_pull_and_a_path_that_ends_before_it_begins_are_refused():
    saddle = hl.Saddle(hl.SquaredReLU(2, 2), np.eye(2), np.array([1.0, 0]), np.array([1.0, 0, 0, 0]))
    for leave in (hl.next_saddle, lambda saddle, way: hl.escape_path(saddle, way, 1.0)):
        with pytest.raises(ValueError, match=r"^direction: got 2 N = 0, want a direction with 2 N > 0"):
            leave(saddle, np.array([0, 0, 0, 1.0]))
    for label in (1.0, 16.0):
        origin = hl.Saddle(hl.SquaredReLU(1, 1), np.ones((1, 1)), np.array([label]), np.zeros(1))
        begin = np.log(1e-8) / (2 * label)
        assert hl.escape_path(origin, [1.0], begin * 0.999).t[0] == pytest.approx(begin, rel=1e-12)
        with pytest.raises(ValueError, match=rf"^t_end: got .*, want a time above {begin:.6g}, where the path begins"):
            hl.escape_path(origin, [1.0], begin * 1.001)


def test_a_share_that_is_faint_stays_asleep_and_another_wakes():
    """Two neurons of two inputs: one leads, the other has a share of 1e-7 or of 1e-4 in both coordinates."""
    net, labels = hl.SquaredReLU(2, 2), np.array([4.0, 1.0])
    origin = hl.Saddle(net, np.eye(2), labels, np.zeros(4))
    for share, asleep in ((1e-7, True), (1e-4, False)):
        way = np.array([1.0, share, share, share])
        found = hl.next_saddle(origin, way / np.linalg.norm(way))
        assert found.dormant.tolist() == [False, asleep]


def test_a_slow_escape_may_take_its_time():
    """`longest` is counted in 1 / (2 N): with 2 N = 1/4 of a label 1/4, a hundred of them are four hundred of time."""
    origin = hl.Saddle(hl.SquaredReLU(1, 1), np.ones((1, 1)), np.array([0.25]), np.zeros(1))
    assert hl.next_saddle(origin, np.ones(1), longest=100.0).w == pytest.approx([0.5], rel=1e-8)
    with pytest.raises(ValueError, match=r"^longest: got 15"):
        hl.next_saddle(origin, np.ones(1), longest=15.0)
